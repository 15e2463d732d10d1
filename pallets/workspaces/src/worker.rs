//! The off-chain worker: reads a bounded snapshot, lets the engine decide, submits.
//!
//! It decides nothing that the chain does not check again, so a worker that is wrong, late or absent
//! costs nobody money.

use alloc::vec::Vec;

use frame_support::{storage::generator::StorageMap as _, traits::Get};
use frame_system::{
	offchain::{CreateAuthorizedTransaction, SubmitTransaction},
	pallet_prelude::BlockNumberFor,
};
use sp_runtime::offchain::{
	storage_lock::{BlockAndTime, StorageLock},
	Duration,
};
use usufruct_offchain_worker::{explain, Demand, Explanation, Offer, Work};
use usufruct_primitives::{traits::Marketplace, BlockNumber, LeaseId, RequestId, Uid};

use crate::{catalogue::Catalogue, Call, Config, Leases, OpenRequests, Pallet, Proposal, Requests};

/// Transactions per block of one validator: what a block can take with room for everybody else.
const MAX_CALLS: usize = 16;
/// Leases that one run looks at.
const MAX_LEASES: usize = 256;
/// Listings that are read at a time.
const PAGE: usize = 100;
/// Steps of matching in a run, shared out fairly among the replicas that wait.
const MAX_STEPS: u64 = 1_000_000;
/// How often a run matches anew because what it remembered had changed.
const MAX_ROUNDS: usize = 8;
/// A worker that takes longer than this lets the next block's worker begin.
const LOCK_MILLIS: u64 = 2_000;
const LOCK: &[u8] = b"usufruct::workspaces::match";

impl<T: Config> Pallet<T> {
	/// One run, after each block that the node imports.
	pub(crate) fn run_worker() {
		// What is not propagated can be included by a block's author only.
		if !sp_io::offchain::is_validator() {
			return;
		}
		let mut lock =
			StorageLock::<BlockAndTime<frame_system::Pallet<T>>>::with_block_and_time_deadline(
				LOCK,
				1,
				Duration::from_millis(LOCK_MILLIS),
			);
		let Ok(_guard) = lock.try_lock() else { return };
		for call in Self::decide() {
			log::info!(target: "runtime::workspaces", "submitting {call:?}");
			let transaction =
				<T as CreateAuthorizedTransaction<Call<T>>>::create_authorized_transaction(
					call.into(),
				);
			if SubmitTransaction::<T, Call<T>>::submit_transaction(transaction).is_err() {
				// It is in the pool already, or another validator was faster: the next run sees.
				log::debug!(target: "runtime::workspaces", "the pool did not take it");
			}
		}
	}

	/// What should be submitted now: first what ended, then what was decided, then proposals.
	pub(crate) fn decide() -> Vec<Call<T>> {
		let mut calls: Vec<Call<T>> = Self::expirable_leases().take(MAX_CALLS).collect();
		let mut demands = Vec::new();
		for request in Self::open_requests() {
			if Self::expired_request(request).is_ok() {
				calls.push(Call::expire_request { request });
			} else if Self::settleable(request).is_ok() {
				calls.push(Call::settle { request });
			} else if let Some(record) = Requests::<T>::get(request) {
				demands.extend(record.demands(request));
			}
		}
		calls.truncate(MAX_CALLS);
		let left = MAX_CALLS.saturating_sub(calls.len());
		calls.extend(Self::proposals(&demands, left));
		calls
	}

	/// Proposals for the demands, from all listings that are known; reads the next part of them first.
	fn proposals(demands: &[Demand<T::AccountId>], limit: usize) -> Vec<Call<T>> {
		let computed_at = Self::now();
		let mut catalogue = Self::catalogue();
		Self::read_on(&mut catalogue);
		let mut found = Vec::new();
		let mut work = Work::of(MAX_STEPS);
		for _ in 0..MAX_ROUNDS {
			let most = T::WorkerListings::get() as usize;
			found = catalogue.index().assign(demands, most, &mut work);
			let stale = found
				.iter()
				.map(|found| (found.uid, Self::offer_at(found.uid)))
				.filter(|(uid, now)| catalogue.get(*uid) != now.as_ref())
				.collect::<Vec<_>>();
			if stale.is_empty() {
				break;
			}
			for (uid, now) in stale {
				catalogue.set(uid, now);
			}
		}
		catalogue.save();
		found
			.into_iter()
			.map(|found| Proposal {
				request: found.request,
				attempt: found.attempt,
				replica: found.replica,
				uid: found.uid,
				computed_at,
			})
			// Within a window the best is proposed once; later runs find it known.
			.filter(|proposal| Self::evaluate(proposal, None).is_ok())
			.map(|proposal| Call::propose { proposal })
			.take(limit)
			.collect()
	}

	/// What this node remembers of the listings.
	pub(crate) fn catalogue() -> Catalogue<T::AccountId, T::Hash> {
		let hash_of = |number: BlockNumber| {
			frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::from(number))
		};
		// The block itself has no hash on chain yet.
		let parent = Self::now().saturating_sub(1);
		Catalogue::load((parent, hash_of(parent)), hash_of)
	}

	/// Reads the next listings: all where they fit, else the next part, and what is new besides.
	fn read_on(catalogue: &mut Catalogue<T::AccountId, T::Hash>) {
		let limit = T::WorkerListings::get() as usize;
		let from = catalogue.cursor();
		let (offers, next) = Self::offers(from, limit);
		let read = offers.len();
		catalogue.set_all(from, next, offers);
		match next {
			// Use rights are numbered as they are minted: the newest are at the end.
			Some(_) => {
				let end = catalogue.end();
				let (offers, next) = Self::offers(end, PAGE);
				catalogue.set_all(end, next, offers);
			}
			None => {
				let (offers, next) = Self::offers(0, limit.saturating_sub(read));
				let end = next.map_or(from, |next| next.min(from));
				let offers = offers.into_iter().filter(|offer| offer.uid < from);
				catalogue.set_all(0, Some(end), offers.collect());
				catalogue.set_cursor(end);
				return;
			}
		}
		catalogue.set_cursor(next.unwrap_or(0));
	}

	fn offer_at(uid: Uid) -> Option<Offer<T::AccountId>> {
		Self::offer_of(&T::Market::listing(uid)?)
	}

	/// Open requests from a start that moves with each block, so that all get their turn.
	fn open_requests() -> impl Iterator<Item = RequestId> {
		let start = Self::turn(OpenRequests::<T>::prefix_hash());
		let first = OpenRequests::<T>::iter_keys_from(start.clone());
		let before =
			move |request: &RequestId| OpenRequests::<T>::storage_map_final_key(*request) <= start;
		let limit = T::WorkerRequests::get() as usize;
		first
			.chain(OpenRequests::<T>::iter_keys().take_while(before))
			.take(limit)
	}

	/// Leases that anyone may end, looked for in the same way.
	fn expirable_leases() -> impl Iterator<Item = Call<T>> {
		let start = Self::turn(Leases::<T>::prefix_hash());
		let first = Leases::<T>::iter_keys_from(start.clone());
		let before = move |lease: &LeaseId| Leases::<T>::storage_map_final_key(*lease) <= start;
		first
			.chain(Leases::<T>::iter_keys().take_while(before))
			.take(MAX_LEASES)
			.filter(|lease| Self::expirable(*lease).is_ok())
			.map(|lease| Call::expire { lease })
	}

	/// The key of a map after which this block's turn starts.
	fn turn(prefix: impl AsRef<[u8]>) -> Vec<u8> {
		let mut key = prefix.as_ref().to_vec();
		key.extend(sp_io::hashing::twox_64(&Self::now().to_le_bytes()));
		key
	}

	/// Offers of up to `limit` listings from a use right on, and where to go on.
	fn offers(mut from: Uid, limit: usize) -> (Vec<Offer<T::AccountId>>, Option<Uid>) {
		let (mut offers, mut read) = (Vec::new(), 0usize);
		while read < limit {
			let ask = PAGE.min(limit.saturating_sub(read));
			let page = T::Market::listings_from(from, u32::try_from(ask).unwrap_or(u32::MAX));
			let Some(last) = page.last() else {
				return (offers, None);
			};
			from = last.uid.saturating_add(1);
			read = read.saturating_add(page.len());
			offers.extend(page.iter().filter_map(Self::offer_of));
		}
		(offers, Some(from))
	}

	pub(crate) fn explain_request(request: RequestId) -> Option<Explanation> {
		let demand = Requests::<T>::get(request)?.demands(request).pop()?;
		Some(Self::explain_demand(&demand))
	}

	fn explain_demand(demand: &Demand<T::AccountId>) -> Explanation {
		explain(
			demand,
			&Self::offers(0, T::WorkerListings::get() as usize).0,
		)
	}
}
