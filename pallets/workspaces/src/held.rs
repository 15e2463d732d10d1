//! Running something on a use right that the tenant has already: bought on the market, handed on, sublet.
//!
//! There is nothing to match and nothing to pay, so the request is placed when it is made. The right outlives
//! the workspace: its holder may run another on it.

use alloc::vec;

use frame_support::{
	ensure,
	traits::{fungible::MutateHold, Get},
	BoundedVec,
};
use sp_runtime::DispatchResult;
use usufruct_primitives::{
	traits::{NodeInspect, ResourceInspect},
	Hash, IsolationClass, Requirement, Uid,
};

use crate::{
	Command, Config, Error, Event, HoldReason, ImageKind, Images, LeaseOfUid, LeaseRecord,
	LeaseState, Leases, LeasesOfNode, NextLeaseId, NextRequestId, Pallet, Placed, RequestRecord,
	Requests, WorkspaceSpec,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_run(
		tenant: T::AccountId,
		uid: Uid,
		image: Hash,
		command: Command,
		port: Option<u16>,
	) -> DispatchResult {
		ensure!(
			T::Resources::holder(uid).as_ref() == Some(&tenant),
			Error::<T>::NotTenant
		);
		let ends_at = T::Resources::in_force_until(uid).ok_or(Error::<T>::NotInForce)?;
		ensure!(!LeaseOfUid::<T>::contains_key(uid), Error::<T>::RightInUse);
		let vid = T::Resources::vid_of(uid).ok_or(Error::<T>::NotInForce)?;
		let resource = T::Resources::resource(vid).ok_or(Error::<T>::NotInForce)?;
		ensure!(T::Nodes::is_online(resource.node), Error::<T>::NodeOffline);
		let mut published = Images::<T>::get(image).ok_or(Error::<T>::UnknownImage)?;
		let wasm = published.kind == ImageKind::Wasm;
		ensure!(
			wasm == (resource.isolation == IsolationClass::Wasm),
			Error::<T>::IsolationMismatch
		);
		published.uses = published.uses.checked_add(1).ok_or(Error::<T>::Overflow)?;
		let (request, lease) = (NextRequestId::<T>::get(), NextLeaseId::<T>::get());
		NextRequestId::<T>::put(request.checked_add(1).ok_or(Error::<T>::Overflow)?);
		NextLeaseId::<T>::put(lease.checked_add(1).ok_or(Error::<T>::Overflow)?);
		let node = resource.node;
		LeasesOfNode::<T>::try_append(node, lease).map_err(|_| Error::<T>::TooManyLeases)?;
		let deposit = T::RequestDeposit::get();
		T::Currency::hold(&HoldReason::Request.into(), &tenant, deposit)?;
		Images::<T>::insert(image, published);
		let now = Self::now();
		let term = ends_at.saturating_sub(now);
		Requests::<T>::insert(
			request,
			RequestRecord {
				tenant: tenant.clone(),
				spec: WorkspaceSpec {
					image,
					command,
					port,
					requirement: Requirement::default(),
					replicas: 1,
					term,
				},
				wasm,
				budget: 0,
				deposit,
				opened_at: now,
				window: 0,
				lifetime: 0,
				expires_at: now,
				attempt: 0,
				missing: 0,
				placed: BoundedVec::truncate_from(vec![Placed {
					replica: 0,
					node,
					owner: resource.owner.clone(),
					region: T::Nodes::region(node),
				}]),
				terms: BoundedVec::truncate_from(vec![term]),
				avoid: Default::default(),
			},
		);
		LeaseOfUid::<T>::insert(uid, lease);
		Leases::<T>::insert(
			lease,
			LeaseRecord {
				request,
				replica: 0,
				uid,
				vid,
				node,
				tenant: tenant.clone(),
				provider: resource.owner,
				state: LeaseState::Bound,
				endpoint: Default::default(),
				generation: 0,
				opened_at: now,
				deadline: now.saturating_add(T::StartTimeout::get()).min(ends_at),
				ends_at,
				keeps_right: true,
			},
		);
		Self::deposit_event(Event::WorkspaceRequested { request, tenant });
		Self::deposit_event(Event::LeaseOpened {
			lease,
			request,
			replica: 0,
			uid,
			node,
		});
		Ok(())
	}
}
