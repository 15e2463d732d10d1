//! What must be true of requests and leases at any time.

use alloc::collections::BTreeMap;

use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;
use usufruct_primitives::{deposit, Balance, Hash, LeaseId, NodeId, RequestId};

use crate::{
	Candidates, Config, HoldReason, Images, LeaseOfUid, Leases, LeasesOfNode, OpenRequests, Pallet,
	Requests,
};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::leases_are_found_from_everywhere()?;
		Self::requests_count_their_leases()?;
		Self::replicas_are_apart_and_together()?;
		Self::candidates_are_of_missing_replicas()?;
		Self::budgets_are_held()
	}

	/// Each lease is the one of its use right and in its machine's list, and nothing else is.
	fn leases_are_found_from_everywhere() -> Result<(), TryRuntimeError> {
		let mut count = 0usize;
		for (lease, record) in Leases::<T>::iter() {
			count = count.saturating_add(1);
			ensure!(
				LeaseOfUid::<T>::get(record.uid) == Some(lease),
				"a use right has another lease"
			);
			ensure!(
				LeasesOfNode::<T>::get(record.node).contains(&lease),
				"a machine misses a lease"
			);
			let request = Requests::<T>::get(record.request).ok_or("a lease of no request")?;
			ensure!(
				record.revision <= request.revision,
				"a lease runs what nobody asked for yet"
			);
			ensure!(
				record
					.refused
					.is_none_or(|(refused, _)| refused > record.revision),
				"a lease runs what its machine refused"
			);
		}
		ensure!(
			LeaseOfUid::<T>::iter().count() == count,
			"a use right of a lease that is gone"
		);
		let listed: usize = LeasesOfNode::<T>::iter().map(|(_, list)| list.len()).sum();
		ensure!(listed == count, "a machine lists a lease that is gone");
		Ok(())
	}

	/// Requests know where their leases are, whether they are open, and images their uses.
	fn requests_count_their_leases() -> Result<(), TryRuntimeError> {
		let mut live = BTreeMap::<RequestId, BTreeMap<u8, (LeaseId, NodeId)>>::new();
		for (lease, record) in Leases::<T>::iter() {
			let others = live
				.entry(record.request)
				.or_default()
				.insert(record.replica, (lease, record.node));
			ensure!(others.is_none(), "a replica has two leases");
		}
		let mut uses = BTreeMap::<Hash, u32>::new();
		for (request, record) in Requests::<T>::iter() {
			ensure!(
				record.missing != 0 || record.is_live(),
				"a request that is over"
			);
			ensure!(
				record.spec.workload.validate().is_ok(),
				"a workload out of bounds"
			);
			ensure!(
				record.terms.len() == usize::from(record.spec.replicas),
				"terms are missing"
			);
			ensure!(
				record
					.placed
					.iter()
					.all(|placed| placed.replica < record.spec.replicas
						&& !record.is_missing(placed.replica)),
				"a replica that is placed is missing, or was not asked for"
			);
			let places: BTreeMap<u8, (LeaseId, NodeId)> = record
				.placed
				.iter()
				.map(|placed| (placed.replica, (placed.lease, placed.node)))
				.collect();
			ensure!(
				places.len() == record.placed.len()
					&& live.remove(&request).unwrap_or_default() == places,
				"a request does not know where its leases are"
			);
			ensure!(
				OpenRequests::<T>::contains_key(request) == (record.missing != 0),
				"an open request is not listed, or the other way round"
			);
			let count = uses.entry(record.spec.workload.image).or_default();
			*count = count.saturating_add(1);
		}
		ensure!(live.is_empty(), "a lease of a request that is gone");
		for (digest, image) in Images::<T>::iter() {
			ensure!(
				uses.remove(&digest).unwrap_or(0) == image.uses,
				"an image's uses are wrong"
			);
		}
		ensure!(uses.is_empty(), "a request of an image that is gone");
		Ok(())
	}

	/// Replicas that run share what they must, and nothing that they may not.
	fn replicas_are_apart_and_together() -> Result<(), TryRuntimeError> {
		for (_, record) in Requests::<T>::iter() {
			let asked = &record.spec.requirement;
			for (index, one) in record.placed.iter().enumerate() {
				for other in record.placed.iter().skip(index.saturating_add(1)) {
					let (node, owner, region) = (
						one.node == other.node,
						one.owner == other.owner,
						one.region == other.region,
					);
					let (apart, together) = (asked.apart, asked.together);
					ensure!(
						!(node && apart.node || owner && apart.owner || region && apart.region),
						"two replicas share what they may not"
					);
					ensure!(
						(node || !together.node)
							&& (owner || !together.owner)
							&& (region || !together.region),
						"two replicas do not share what they must"
					);
				}
			}
		}
		Ok(())
	}

	/// Proposals wait for missing replicas only, the better first and on another machine.
	fn candidates_are_of_missing_replicas() -> Result<(), TryRuntimeError> {
		for (request, replica, list) in Candidates::<T>::iter() {
			let record = Requests::<T>::get(request).ok_or("a proposal for nothing")?;
			ensure!(
				record.is_missing(replica),
				"a proposal for a replica that has its machine"
			);
			if let [best, second] = list.as_slice() {
				ensure!(best.rank > second.rank, "the runner-up is better");
				ensure!(
					best.node != second.node,
					"the runner-up is on the same machine"
				);
			}
		}
		Ok(())
	}

	/// What is held of each tenant is the budget of what is missing, and the deposits.
	fn budgets_are_held() -> Result<(), TryRuntimeError> {
		let mut owed = BTreeMap::<T::AccountId, (Balance, Balance)>::new();
		for (_, record) in Requests::<T>::iter() {
			let mut price: Balance = 0;
			for replica in record.missing_replicas() {
				let part = record.price_of(replica).ok_or("a price overflows")?;
				price = price.saturating_add(part);
			}
			ensure!(record.budget == price, "a budget is not exact");
			let entry = owed.entry(record.tenant).or_default();
			entry.0 = entry.0.saturating_add(record.budget);
			entry.1 = entry.1.saturating_add(deposit::amount(&record.deposit));
		}
		for (tenant, (budget, deposit)) in owed {
			let held = |reason: HoldReason| T::Currency::balance_on_hold(&reason.into(), &tenant);
			ensure!(
				held(HoldReason::Budget) == budget,
				"held budgets differ from recorded ones"
			);
			ensure!(
				held(HoldReason::Request) == deposit,
				"held deposits differ from recorded ones"
			);
		}
		Ok(())
	}
}
