//! The life of a lease after it was opened.
//!
//! ```text
//!            report             report
//!   Bound ───────────▶ Dispensing ─────▶ Running ──▶ ended: term, terminated, finished
//!     │                    │                │
//!     └── deadline over ───┴── failed ──────┴── machine offline ──▶ ended, asked for again
//! ```
//!
//! Every end removes the lease first and closes the purchase after it, so that the purchase's hook,
//! which ends the lease of a purchase that ended on the market, finds none.

use frame_support::{
	ensure,
	traits::{fungible::MutateHold, Get},
	weights::Weight,
};
use sp_runtime::{DispatchError, DispatchResult};
use usufruct_primitives::{
	traits::{
		ApplicationUse, LeaseInspect, Marketplace, NodeInspect, NodeUsage, OnPurchaseEnd,
		OnPurchaseRenewal, ResourceInspect,
	},
	BlockNumber, LeaseId, NodeId, Uid,
};

use crate::{
	Config, EndReason, Error, Event, HoldReason, LeaseOfUid, LeaseRecord, LeaseState, Leases,
	LeasesOfNode, Pallet, Request, Requests, WeightInfo,
};

/// A lease of this chain's accounts.
type Lease<T> = LeaseRecord<<T as frame_system::Config>::AccountId>;

/// What becomes of a replica whose lease ended.
enum Next {
	/// It had what it needed.
	Nothing,
	/// It needs another machine.
	Reopen,
	/// No machine can run it, so that the request asks for none any more.
	GiveUp,
}

impl EndReason {
	fn next(self) -> Next {
		match self {
			Self::Term | Self::Terminated | Self::Finished => Next::Nothing,
			Self::Failed(reason) if reason.is_the_tenants() => Next::GiveUp,
			Self::Failed(_) | Self::NotStarted | Self::NodeOffline => Next::Reopen,
		}
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_terminate(who: T::AccountId, lease: LeaseId) -> DispatchResult {
		let record = Leases::<T>::get(lease).ok_or(Error::<T>::UnknownLease)?;
		ensure!(
			T::Resources::holder(record.uid) == Some(who),
			Error::<T>::NotTenant
		);
		// The term would end with the lease, and it is not the subtenant's.
		ensure!(
			record.keeps_right || !T::Market::is_let(record.uid),
			Error::<T>::Sublet
		);
		Self::end(lease, record, EndReason::Terminated)
	}

	/// The lease and why anyone may end it.
	pub(crate) fn expirable(lease: LeaseId) -> Result<(Lease<T>, EndReason), Error<T>> {
		let record = Leases::<T>::get(lease).ok_or(Error::UnknownLease)?;
		let now = Self::now();
		let reason = if now >= record.ends_at {
			EndReason::Term
		} else if !T::Nodes::is_online(record.node) {
			EndReason::NodeOffline
		} else if record.state != LeaseState::Running && now >= record.deadline {
			EndReason::NotStarted
		} else {
			return Err(Error::NotExpired);
		};
		Ok((record, reason))
	}

	pub(crate) fn do_expire(lease: LeaseId) -> DispatchResult {
		let (record, reason) = Self::expirable(lease)?;
		Self::end(lease, record, reason)
	}

	/// Ends a lease, with its purchase if that was made for it.
	pub(crate) fn end(lease: LeaseId, record: Lease<T>, reason: EndReason) -> DispatchResult {
		// A right that was handed on refunds its holder: the tenant has nothing to ask again with.
		let kept = T::Resources::holder(record.uid).as_ref() == Some(&record.tenant);
		Self::forget(lease, &record, reason);
		if record.keeps_right {
			return Self::conclude(lease, record, reason, Next::Nothing);
		}
		T::Market::close(record.uid)?;
		let next = match reason.next() {
			Next::Reopen if !kept => Next::Nothing,
			next => next,
		};
		Self::conclude(lease, record, reason, next)
	}

	/// Removes the lease and all that names it, and pays the author of what ran.
	fn forget(lease: LeaseId, record: &Lease<T>, reason: EndReason) {
		T::Applications::close(lease, reason == EndReason::Finished);
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
	}

	/// Judges the machine and decides about the replica.
	fn conclude(lease: LeaseId, record: Lease<T>, reason: EndReason, next: Next) -> DispatchResult {
		// Whichever way a lease ends, a machine that had not started it in time failed.
		let late = record.state != LeaseState::Running && Self::now() >= record.deadline;
		if late || reason == EndReason::NodeOffline {
			T::Nodes::note_fault(record.node);
		}
		Self::deposit_event(Event::LeaseEnded { lease, reason });
		let id = record.request;
		let mut request = Requests::<T>::get(id).ok_or(Error::<T>::UnknownRequest)?;
		request
			.placed
			.retain(|placed| placed.replica != record.replica);
		match next {
			Next::Nothing => Self::store_request(id, request),
			Next::Reopen => {
				Self::reopen(&mut request, &record);
				Self::store_request(id, request)
			}
			Next::GiveUp => Self::give_up(id, request).map(|_| ()),
		}
	}

	/// Asks for the replica again, for the rest of its term.
	///
	/// The highest price of the rest and what the failed lease cost are together no more than the
	/// tenant's budget was. Where the tenant has spent that money, or the request failed too often,
	/// the replica is given up.
	fn reopen(request: &mut Request<T>, record: &Lease<T>) {
		let now = Self::now();
		let (id, replica) = (record.request, usize::from(record.replica));
		let price = request.highest_price();
		let Some(term) = request.terms.get_mut(replica) else {
			return;
		};
		// Not what the holder of the right added by renewing it: that may be somebody else's money.
		let agreed = record.opened_at.saturating_add(*term);
		let rest = record.ends_at.min(agreed).saturating_sub(now);
		let Some(price) = price.and_then(|price| price.checked_mul(rest.into())) else {
			return;
		};
		let known = request.avoid.contains(&record.node);
		if rest == 0 || !(known || request.avoid.try_push(record.node).is_ok()) {
			return;
		}
		if T::Currency::hold(&HoldReason::Budget.into(), &request.tenant, price).is_err() {
			return;
		}
		*term = rest;
		request.budget = request.budget.saturating_add(price);
		request.attempt = request.attempt.saturating_add(1);
		request.expires_at = now.saturating_add(request.lifetime);
		request.set_missing(record.replica, true);
		Self::deposit_event(Event::RequestReopened {
			request: id,
			attempt: request.attempt,
		});
	}

	/// Ends the lease of a purchase that ended on the market.
	fn end_with_purchase(lease: LeaseId) -> Result<(), DispatchError> {
		let record = Leases::<T>::get(lease).ok_or(Error::<T>::UnknownLease)?;
		Self::forget(lease, &record, EndReason::Term);
		Self::conclude(lease, record, EndReason::Term, Next::Nothing)
	}
}

impl<T: Config> LeaseInspect for Pallet<T> {
	fn is_busy(node: NodeId) -> bool {
		LeasesOfNode::<T>::contains_key(node)
	}
}

impl<T: Config> OnPurchaseRenewal<T::AccountId> for Pallet<T> {
	fn on_purchase_renewal(uid: Uid, by: &T::AccountId, until: BlockNumber) -> DispatchResult {
		let Some(lease) = LeaseOfUid::<T>::get(uid) else {
			return Ok(());
		};
		let mut record = Leases::<T>::get(lease).ok_or(Error::<T>::UnknownLease)?;
		// Whoever renews the right does not pay for what somebody else chose to run on it, and need not: the
		// workspace ends when it was to end, and the right goes on.
		let request = Requests::<T>::get(record.request).ok_or(Error::<T>::UnknownRequest)?;
		if record.keeps_right && request.royalty > 0 && record.tenant != *by {
			return Ok(());
		}
		T::Applications::extend(lease, by, until)?;
		record.ends_at = until;
		Leases::<T>::insert(lease, record);
		Ok(())
	}

	fn weight() -> Weight {
		T::DbWeight::get()
			.reads_writes(3, 1)
			.saturating_add(T::Applications::weight())
	}
}

impl<T: Config> OnPurchaseEnd for Pallet<T> {
	fn on_purchase_end(uid: Uid) -> Weight {
		let Some(lease) = LeaseOfUid::<T>::get(uid) else {
			return T::DbWeight::get().reads(1);
		};
		if let Err(error) = Self::end_with_purchase(lease) {
			// The hook cannot fail; the purchase is over whatever became of its lease.
			log::error!(target: "runtime::workspaces", "ending lease {lease} of use right {uid}: {error:?}");
		}
		<Self as OnPurchaseEnd>::weight()
	}

	fn weight() -> Weight {
		// Of all that ends a lease this does most: it closes a purchase besides.
		T::WeightInfo::terminate().saturating_add(T::Applications::weight())
	}
}
