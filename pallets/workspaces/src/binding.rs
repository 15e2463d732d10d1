//! Binding: from a proposal to a lease.

use frame_support::{
	storage::with_storage_layer,
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use sp_runtime::{DispatchError, DispatchResult};
use usufruct_primitives::{
	traits::{Marketplace, NodeInspect, ResourceInspect},
	RequestId,
};

use crate::{
	Candidate, Candidates, Config, Error, Event, HoldReason, LeaseOfUid, LeaseRecord, LeaseState,
	Leases, LeasesOfNode, NextLeaseId, Pallet, Placed, RequestRecord,
};

impl<T: Config> Pallet<T> {
	/// Binds the first candidate that can be bought; gives the first one's error where none can.
	pub(crate) fn bind_best(
		request: RequestId,
		record: &mut RequestRecord<T::AccountId>,
		replica: u8,
		candidates: &[Candidate<T::AccountId>],
	) -> DispatchResult {
		let mut outcome: DispatchResult = Err(Error::<T>::NothingToSettle.into());
		for (index, candidate) in candidates.iter().enumerate() {
			match with_storage_layer(|| Self::bind(request, record.clone(), replica, candidate)) {
				Ok(bound) => {
					*record = bound;
					return Ok(());
				}
				Err(error) if index == 0 => outcome = Err(error),
				Err(_) => {}
			}
		}
		outcome
	}

	/// Buys the use right with the replica's budget and opens the lease. Gives the changed record.
	fn bind(
		request: RequestId,
		mut record: RequestRecord<T::AccountId>,
		replica: u8,
		candidate: &Candidate<T::AccountId>,
	) -> Result<RequestRecord<T::AccountId>, DispatchError> {
		let (uid, node) = (candidate.rank.uid, candidate.node);
		let vid = T::Resources::vid_of(uid).ok_or(Error::<T>::NotListed)?;
		let owner = T::Resources::resource(vid)
			.ok_or(Error::<T>::NotListed)?
			.owner;
		let term = record.term_of(replica).ok_or(Error::<T>::StaleProposal)?;
		let budget = record.price_of(replica).ok_or(Error::<T>::Overflow)?;
		let lease = NextLeaseId::<T>::get();
		NextLeaseId::<T>::put(lease.checked_add(1).ok_or(Error::<T>::Overflow)?);
		LeasesOfNode::<T>::try_append(node, lease).map_err(|_| Error::<T>::TooManyLeases)?;
		T::Currency::release(
			&HoldReason::Budget.into(),
			&record.tenant,
			budget,
			Precision::Exact,
		)?;
		let ends_at = T::Market::buy(uid, &record.tenant, term, candidate.matcher.as_ref())?;

		let now = Self::now();
		LeaseOfUid::<T>::insert(uid, lease);
		Leases::<T>::insert(
			lease,
			LeaseRecord {
				request,
				replica,
				uid,
				vid,
				node,
				tenant: record.tenant.clone(),
				provider: owner.clone(),
				state: LeaseState::Bound,
				endpoint: Default::default(),
				generation: record.attempt,
				opened_at: now,
				deadline: now.saturating_add(T::StartTimeout::get()).min(ends_at),
				ends_at,
				keeps_right: false,
			},
		);
		Candidates::<T>::remove(request, replica);
		record.budget = record.budget.saturating_sub(budget);
		record.set_missing(replica, false);
		let region = T::Nodes::region(node);
		record
			.placed
			.try_push(Placed {
				replica,
				node,
				owner,
				region,
			})
			.map_err(|_| Error::<T>::BadReplicas)?;
		Self::deposit_event(Event::LeaseOpened {
			lease,
			request,
			replica,
			uid,
			node,
		});
		Ok(record)
	}
}
