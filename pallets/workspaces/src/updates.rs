//! Giving the replicas of a request another workload while they run.
//!
//! The request gets a new revision. Each machine replaces what runs on it in its turn: a replica's when all of lower
//! number that have a lease run the new revision (agents judge that, by this pallet's state alone). One that cannot get the new workload keeps the old one and says why, and those after
//! it wait: so a bad update stops at its first replica.

use frame_support::ensure;
use sp_runtime::DispatchResult;
use usufruct_primitives::{
	traits::{ApplicationUse, ResourceInspect},
	RequestId,
};

use crate::{
	Config, Error, Event, FailureReason, Images, LeaseRecord, LeaseState, Leases, Pallet, Requests,
	Workload,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_update(
		tenant: T::AccountId,
		request: RequestId,
		workload: Workload,
	) -> DispatchResult {
		let mut record = Requests::<T>::get(request).ok_or(Error::<T>::UnknownRequest)?;
		ensure!(record.tenant == tenant, Error::<T>::NotTenant);
		workload.validate().map_err(Error::<T>::from)?;
		let old = record.spec.workload.clone();
		// What a job did already it would do again.
		ensure!(
			workload.port.is_some() && old.port.is_some(),
			Error::<T>::NotAService
		);
		let image = Images::<T>::get(workload.image).ok_or(Error::<T>::UnknownImage)?;
		let old_kind = Images::<T>::get(old.image).map(|image| image.kind);
		ensure!(old_kind == Some(image.kind), Error::<T>::AnotherKind);
		// What runs on a right that was handed on is its holder's.
		let mut is_refused = false;
		for placed in &record.placed {
			let lease = Leases::<T>::get(placed.lease).ok_or(Error::<T>::UnknownLease)?;
			ensure!(
				T::Resources::holder(lease.uid).as_ref() == Some(&tenant),
				Error::<T>::HandedOn
			);
			is_refused |= lease.refused.is_some();
		}
		// Said again, it is tried again where a machine could not follow.
		ensure!(workload != old || is_refused, Error::<T>::SameWorkload);
		let application = |workload: &Workload| workload.release.map(|release| release.application);
		ensure!(
			application(&workload) == application(&old),
			Error::<T>::AnotherApplication
		);
		// What is held for the author was agreed to at one price.
		let royalty = Self::royalty(workload.release, workload.image)?;
		ensure!(royalty == record.royalty, Error::<T>::AnotherPrice);

		if workload.release != old.release {
			if let Some(release) = workload.release {
				T::Applications::acquire(release)?;
				for placed in &record.placed {
					T::Applications::update(placed.lease, release);
				}
			}
			if let Some(release) = old.release {
				T::Applications::release(release);
			}
		}
		if workload.image != old.image {
			Self::count_use(workload.image, image)?;
			Self::uncount_use(old.image);
		}
		record.revision = record.revision.checked_add(1).ok_or(Error::<T>::Overflow)?;
		record.spec.workload = workload;
		let revision = record.revision;
		Requests::<T>::insert(request, record);
		Self::deposit_event(Event::WorkspaceUpdated { request, revision });
		Ok(())
	}

	/// Notes which revision a machine says that it runs.
	pub(crate) fn note_revision(
		record: &mut LeaseRecord<T::AccountId>,
		revision: u32,
	) -> Result<(), Error<T>> {
		let request = Requests::<T>::get(record.request).ok_or(Error::UnknownRequest)?;
		ensure!(
			(record.revision..=request.revision).contains(&revision),
			Error::WrongRevision
		);
		if record.revision != revision {
			record.refused = None;
		}
		record.revision = revision;
		Ok(())
	}

	/// Notes that a machine keeps what runs, and why.
	pub(crate) fn note_refusal(
		record: &mut LeaseRecord<T::AccountId>,
		revision: u32,
		reason: FailureReason,
	) -> Result<(), Error<T>> {
		let request = Requests::<T>::get(record.request).ok_or(Error::UnknownRequest)?;
		ensure!(
			record.state == LeaseState::Running
				&& revision == request.revision
				&& revision > record.revision,
			Error::WrongRevision
		);
		record.refused = Some((revision, reason));
		Ok(())
	}
}
