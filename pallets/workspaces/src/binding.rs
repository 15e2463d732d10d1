//! Binding: from a proposal to a lease.

use frame_support::{
	ensure,
	storage::with_storage_layer,
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use sp_runtime::{DispatchError, DispatchResult};
use usufruct_primitives::{traits::Marketplace, Balance, RequestId};

use crate::{
	Candidate, Candidates, Config, Error, Event, HoldReason, LeaseCount, LeaseOfUid, LeaseRecord,
	LeaseState, Leases, LeasesOfNode, NextLeaseId, Pallet, ReplicaState, RequestRecord,
};

impl<T: Config> Pallet<T> {
	/// Binds the first candidate that can be bought; gives the first one's error where none can.
	pub(crate) fn bind_best(
		request: RequestId,
		record: &mut RequestRecord<T::AccountId>,
		replica: u8,
		candidates: &[Candidate],
	) -> DispatchResult {
		let mut first: DispatchResult = Err(Error::<T>::NothingToSettle.into());
		for (index, candidate) in candidates.iter().enumerate() {
			let bound = with_storage_layer(|| Self::bind(request, record, replica, *candidate));
			match bound {
				Ok(bound) => {
					*record = bound;
					return Ok(());
				},
				Err(error) if index == 0 => first = Err(error),
				Err(_) => {},
			}
		}
		first
	}

	/// Buys the use right in the tenant's name and opens the lease. Gives the changed record.
	fn bind(
		request: RequestId,
		record: &RequestRecord<T::AccountId>,
		replica: u8,
		candidate: Candidate,
	) -> Result<RequestRecord<T::AccountId>, DispatchError> {
		let mut record = record.clone();
		let (uid, node) = (candidate.rank.uid, candidate.node);
		let listing = T::Market::listing(uid).ok_or(Error::<T>::NotListed)?;
		let (_, term) = record
			.missing()
			.find(|(index, _)| *index == replica)
			.ok_or(Error::<T>::ReplicaNotMissing)?;
		let price = listing.price.checked_mul(Balance::from(term)).ok_or(Error::<T>::Overflow)?;
		record.budget = record.budget.checked_sub(price).ok_or(Error::<T>::TooDear)?;
		let lease = NextLeaseId::<T>::get();
		NextLeaseId::<T>::put(lease.checked_add(1).ok_or(Error::<T>::Overflow)?);
		LeaseCount::<T>::try_mutate(node, |count| {
			*count = count.saturating_add(1);
			ensure!(*count <= T::MaxLeasesPerNode::get(), Error::<T>::NodeFull);
			Ok::<_, DispatchError>(())
		})?;

		let reason = HoldReason::Budget.into();
		T::Currency::release(&reason, &record.tenant, price, Precision::Exact)?;
		let ends_at = T::Market::buy(uid, &record.tenant, term)?;

		let now = Self::now();
		record.set(replica, ReplicaState::Placed { lease });
		Candidates::<T>::remove(request, replica);
		LeaseOfUid::<T>::insert(uid, lease);
		LeasesOfNode::<T>::insert(node, lease, ());
		Leases::<T>::insert(
			lease,
			LeaseRecord {
				request,
				replica,
				uid,
				vid: listing.vid,
				node,
				tenant: record.tenant.clone(),
				provider: listing.seller,
				state: LeaseState::Bound,
				endpoint: Default::default(),
				generation: record.attempt,
				price: listing.price,
				opened_at: now,
				deadline: now.saturating_add(T::AcknowledgeTimeout::get()).min(ends_at),
				ends_at,
			},
		);
		Self::deposit_event(Event::LeaseOpened { lease, request, replica, uid, node });
		Ok(record)
	}

	/// Stores the record; where nothing is missing any more, returns the rest of the budget.
	pub(crate) fn after_binding(
		request: RequestId,
		mut record: RequestRecord<T::AccountId>,
	) -> DispatchResult {
		if !record.is_open() {
			let refund = Self::return_budget(request, &mut record)?;
			Self::deposit_event(Event::RequestCompleted { request, refund });
		}
		Self::store_or_close(request, record)
	}
}
