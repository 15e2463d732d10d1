//! The life of a lease after it was opened.
//!
//! ```text
//!            report             report
//!   Bound ───────────▶ Dispensing ─────▶ Running ──▶ ended: term, terminated, finished
//!     │                    │                │
//!     └── deadline over ───┴── failed ──────┴── machine offline ──▶ ended, asked for again
//! ```
//!
//! Every end closes the purchase, whose hook then removes the lease: there is one way out.

use frame_support::{
	ensure,
	traits::fungible::MutateHold,
};
use sp_runtime::{DispatchError, DispatchResult};
use usufruct_primitives::{
	traits::{Marketplace, NodeInspect, NodeUsage, OnPurchaseEnd, ResourceInspect},
	LeaseId, RequestId, Uid,
};

use crate::{
	Config, EndReason, Error, Event, HoldReason, LeaseOfUid, LeaseRecord, LeaseState, Leases,
	LeasesOfNode, Pallet, Progress, RequestRecord, Requests,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_report_progress(
		provider: T::AccountId,
		lease: LeaseId,
		generation: u32,
		progress: Progress,
	) -> DispatchResult {
		let mut record = Leases::<T>::get(lease).ok_or(Error::<T>::UnknownLease)?;
		ensure!(
			T::Nodes::owner(record.node).as_ref() == Some(&provider),
			Error::<T>::NotProvider
		);
		ensure!(record.generation == generation, Error::<T>::WrongGeneration);
		match &progress {
			Progress::Dispensing { percent } => {
				ensure!(*percent <= 100, Error::<T>::BadProgress);
				ensure!(record.state != LeaseState::Running, Error::<T>::AlreadyRunning);
				record.state = LeaseState::Dispensing { percent: *percent };
				Leases::<T>::insert(lease, record);
			},
			Progress::Running { endpoint } => {
				record.state = LeaseState::Running;
				record.endpoint = endpoint.clone();
				Leases::<T>::insert(lease, record);
			},
			Progress::Finished => Self::end(lease, &record, EndReason::Finished)?,
			Progress::Failed { reason } => {
				Self::end(lease, &record, EndReason::Failed(*reason))?;
				if reason.is_the_tenants() {
					Self::stop_asking(record.request)?;
				} else {
					Self::reopen(record.request, record.replica)?;
				}
			},
		}
		Self::deposit_event(Event::ProgressReported { lease, progress });
		Ok(())
	}

	pub(crate) fn do_terminate(who: T::AccountId, lease: LeaseId) -> DispatchResult {
		let record = Leases::<T>::get(lease).ok_or(Error::<T>::UnknownLease)?;
		ensure!(
			T::Resources::holder(record.uid).as_ref() == Some(&who),
			Error::<T>::NotTenant
		);
		Self::end(lease, &record, EndReason::Terminated)
	}

	pub(crate) fn do_expire(lease: LeaseId) -> DispatchResult {
		let record = Leases::<T>::get(lease).ok_or(Error::<T>::UnknownLease)?;
		let now = Self::now();
		if now >= record.ends_at {
			return Self::end(lease, &record, EndReason::Term);
		}
		let reason = if !T::Nodes::is_online(record.node) {
			EndReason::NodeOffline
		} else if record.state != LeaseState::Running && now >= record.deadline {
			EndReason::NotStarted
		} else {
			return Err(Error::<T>::NotExpired.into());
		};
		Self::end(lease, &record, reason)?;
		T::Nodes::note_fault(record.node);
		Self::reopen(record.request, record.replica)
	}

	/// Closes the purchase and forgets the lease.
	fn end(
		lease: LeaseId,
		record: &LeaseRecord<T::AccountId>,
		reason: EndReason,
	) -> DispatchResult {
		// First the lease, so that the purchase's hook finds none and reports no second end.
		Self::forget(lease, record, reason, matches!(reason, EndReason::Term | EndReason::Terminated | EndReason::Finished))?;
		T::Market::close(record.uid)
	}

	/// Removes the lease; the request too where that was its last.
	fn forget(
		lease: LeaseId,
		record: &LeaseRecord<T::AccountId>,
		reason: EndReason,
		complete: bool,
	) -> DispatchResult {
		Leases::<T>::remove(lease);
		LeaseOfUid::<T>::remove(record.uid);
		LeasesOfNode::<T>::mutate_exists(record.node, |leases| {
			if let Some(list) = leases {
				list.retain(|other| *other != lease);
				if list.is_empty() {
					*leases = None;
				}
			}
		});
		Self::deposit_event(Event::LeaseEnded { lease, reason });
		if let Some(mut request) = Requests::<T>::get(record.request) {
			request.live = request.live.saturating_sub(1);
			if complete {
				Self::store_request(record.request, request)?;
			} else {
				// The caller decides what becomes of the replica.
				Requests::<T>::insert(record.request, request);
			}
		}
		Ok(())
	}

	/// Asks for the replica again, with the money that came back. Where the tenant has spent that,
	/// the replica is given up.
	fn reopen(request: RequestId, replica: u8) -> DispatchResult {
		let Some(mut record) = Requests::<T>::get(request) else { return Ok(()) };
		let price = record.price_of_replica().ok_or(Error::<T>::Overflow)?;
		let now = Self::now();
		if now < record.expires_at && Self::hold_again(&record, price).is_ok() {
			record.budget = record.budget.saturating_add(price);
			record.attempt = record.attempt.saturating_add(1);
			record.opened_at = now;
			record.set_missing(replica, true);
			let attempt = record.attempt;
			Self::store_request(request, record)?;
			Self::deposit_event(Event::RequestReopened { request, attempt });
			return Ok(());
		}
		Self::store_request(request, record)
	}

	fn hold_again(
		record: &RequestRecord<T::AccountId>,
		price: usufruct_primitives::Balance,
	) -> Result<(), DispatchError> {
		T::Currency::hold(&HoldReason::Budget.into(), &record.tenant, price)
	}

	/// Gives up what is missing: no machine could run it.
	fn stop_asking(request: RequestId) -> DispatchResult {
		match Requests::<T>::get(request) {
			Some(record) => Self::give_up(request, record).map(|_| ()),
			None => Ok(()),
		}
	}
}

impl<T: Config> OnPurchaseEnd for Pallet<T> {
	fn on_purchase_end(uid: Uid) {
		let Some(lease) = LeaseOfUid::<T>::get(uid) else { return };
		let Some(record) = Leases::<T>::get(lease) else { return };
		if let Err(error) = Self::forget(lease, &record, EndReason::Term, true) {
			// The hook cannot fail; what it leaves behind is an end that anybody can call again.
			log::error!(target: "runtime::workspaces", "ending lease {lease} of use right {uid}: {error:?}");
		}
	}
}
