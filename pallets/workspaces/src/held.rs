//! Running something on a use right that the tenant has already: bought on the market, handed on, sublet.
//!
//! There is nothing to match and nothing to pay but the author of what is run, so the request is placed when it is made.
//! The right outlives the workspace: its holder may run another on it.

use alloc::vec;

use frame_support::{ensure, BoundedVec};
use sp_runtime::DispatchResult;
use usufruct_primitives::{
	traits::{ApplicationUse, NodeInspect, ResourceInspect},
	IsolationClass, Requirement, Uid,
};

use crate::{
	binding::Opening, Config, Error, Event, ImageKind, Images, LeaseOfUid, NextRequestId, Pallet,
	Request, Requests, Workload, WorkspaceSpec,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_run(tenant: T::AccountId, uid: Uid, workload: Workload) -> DispatchResult {
		workload.validate().map_err(Error::<T>::from)?;
		let (image, release) = (workload.image, workload.release);
		ensure!(
			T::Resources::holder(uid).as_ref() == Some(&tenant),
			Error::<T>::NotTenant
		);
		let ends_at = T::Resources::in_force_until(uid).ok_or(Error::<T>::NotInForce)?;
		ensure!(!LeaseOfUid::<T>::contains_key(uid), Error::<T>::RightInUse);
		let vid = T::Resources::vid_of(uid).ok_or(Error::<T>::NotInForce)?;
		let resource = T::Resources::resource(vid).ok_or(Error::<T>::NotInForce)?;
		ensure!(T::Nodes::is_online(resource.node), Error::<T>::NodeOffline);
		let published = Images::<T>::get(image).ok_or(Error::<T>::UnknownImage)?;
		let wasm = published.kind == ImageKind::Wasm;
		ensure!(
			wasm == (resource.isolation == IsolationClass::Wasm),
			Error::<T>::IsolationMismatch
		);
		let royalty = Self::royalty(release, image)?;
		let request = NextRequestId::<T>::get();
		NextRequestId::<T>::put(request.checked_add(1).ok_or(Error::<T>::Overflow)?);
		let lease = Self::next_lease(resource.node)?;
		let deposit = Self::take_request_deposit(&tenant)?;
		if let Some(release) = release {
			T::Applications::acquire(release)?;
		}
		Self::count_use(image, published)?;
		let now = Self::now();
		let term = ends_at.saturating_sub(now);
		Self::deposit_event(Event::WorkspaceRequested {
			request,
			tenant: tenant.clone(),
		});
		let placed = Self::open_lease(
			lease,
			Opening {
				request,
				release,
				replica: 0,
				uid,
				vid,
				node: resource.node,
				tenant: tenant.clone(),
				provider: resource.owner,
				generation: 0,
				ends_at,
				keeps_right: true,
				revision: 0,
			},
		)?;
		Requests::<T>::insert(
			request,
			Request::<T> {
				tenant,
				spec: WorkspaceSpec {
					workload,
					requirement: Requirement::default(),
					replicas: 1,
					term,
				},
				revision: 0,
				wasm,
				budget: 0,
				royalty,
				deposit,
				opened_at: now,
				window: 0,
				lifetime: 0,
				expires_at: now,
				attempt: 0,
				missing: 0,
				placed: BoundedVec::truncate_from(vec![placed]),
				terms: BoundedVec::truncate_from(vec![term]),
				avoid: Default::default(),
			},
		);
		Ok(())
	}
}
