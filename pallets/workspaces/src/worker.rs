//! The off-chain worker: reads the snapshot, lets the engine decide, submits what it proposes.

use alloc::vec::Vec;

use frame_support::traits::Get;
use frame_system::offchain::SubmitTransaction;
use sp_runtime::offchain::{
	storage_lock::{BlockAndTime, StorageLock},
	Duration,
};
use usufruct_offchain_worker::{assign, Demand, Offer};
use usufruct_primitives::traits::Marketplace;

use crate::{Call, Candidates, Config, OpenRequests, Pallet, Proposal, Requests};

/// Proposals per block of one validator: what a block can take with room for everybody else.
const MAX_PROPOSALS: usize = 16;
/// A worker that takes longer than this lets the next block's worker begin.
const LOCK_MILLIS: u64 = 2_000;

impl<T: Config> Pallet<T> {
	/// Proposes use rights for open requests.
	pub(crate) fn match_requests() {
		let mut lock = StorageLock::<BlockAndTime<frame_system::Pallet<T>>>::with_block_and_time_deadline(
			b"usufruct::workspaces::match",
			1,
			Duration::from_millis(LOCK_MILLIS),
		);
		let Ok(_guard) = lock.try_lock() else { return };
		let demands = Self::demands();
		if demands.is_empty() {
			return;
		}
		let offers = Self::offers();
		let computed_at = Self::now();
		for found in assign(&demands, &offers, MAX_PROPOSALS) {
			let known = Candidates::<T>::get(found.request, found.replica)
				.is_some_and(|best| best.attempt == found.attempt && best.score >= found.score);
			if known {
				continue;
			}
			let proposal = Proposal {
				request: found.request,
				attempt: found.attempt,
				replica: found.replica,
				uid: found.uid,
				computed_at,
			};
			let call = Call::<T>::propose { proposal };
			let transaction =
				<T as frame_system::offchain::CreateAuthorizedTransaction<Call<T>>>::create_authorized_transaction(call.into());
			match SubmitTransaction::<T, Call<T>>::submit_transaction(transaction) {
				Ok(()) => log::info!(
					target: "runtime::workspaces",
					"proposed use right {} for request {} with score {}",
					found.uid, found.request, found.score,
				),
				// The same proposal is in the pool already, or another validator was faster.
				Err(()) => log::debug!(
					target: "runtime::workspaces",
					"the pool did not take the proposal for request {}", found.request,
				),
			}
		}
	}

	/// Requests that wait for proposals, oldest first.
	fn demands() -> Vec<Demand<T::AccountId>> {
		let mut requests: Vec<_> =
			OpenRequests::<T>::iter_keys().take(T::WorkerRequests::get() as usize).collect();
		requests.sort_unstable();
		let now = Self::now();
		requests
			.into_iter()
			.filter_map(|request| {
				let record = Requests::<T>::get(request)?;
				(now < record.expires_at).then(|| Self::demand_of(request, &record))
			})
			.collect()
	}

	fn offers() -> Vec<Offer<T::AccountId>> {
		T::Market::listings_from(0, T::WorkerListings::get())
			.iter()
			.filter_map(Self::offer_of)
			.collect()
	}
}
