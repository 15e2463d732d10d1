//! Proposals: which are valid, which are better, and which transactions of workers are accepted.

use alloc::vec::Vec;

use frame_support::{
	ensure,
	pallet_prelude::{
		InvalidTransaction, TransactionSource, TransactionValidityWithRefund, ValidTransaction,
	},
	traits::Get,
	weights::Weight,
};
use sp_runtime::DispatchResult;
use usufruct_offchain_worker::{
	check, percent, rank, Demand, Features, Kind, Mismatch, Offer, Quality,
};
use usufruct_primitives::{
	traits::{ListingInfo, Marketplace, NodeInspect, ResourceInspect, ScoreInspect},
	LeaseId, RequestId, Uid,
};

use crate::{
	Candidate, CandidateList, Candidates, Config, Error, Event, LeasesOfNode, Pallet, Proposal,
	Request, Requests,
};

/// Above every fee: what a worker sends is bounded by what the chain needs, and comes from the
/// author's own node.
const PRIORITY: u64 = u64::MAX / 2;
/// Blocks that a worker's transaction stays in its node's pool; the worker looks again each block.
const LONGEVITY: u64 = 3;

impl<T> From<Mismatch> for Error<T> {
	fn from(mismatch: Mismatch) -> Self {
		match mismatch {
			Mismatch::Offline => Self::NodeOffline,
			_ => Self::Unsuitable,
		}
	}
}

/// A proposal that passed all checks, and what it leads to.
pub(crate) struct Accepted<T: Config> {
	pub(crate) record: Request<T>,
	pub(crate) candidate: Candidate<T::AccountId>,
	/// Those that were known before and still hold.
	pub(crate) standing: CandidateList<T::AccountId>,
	/// Those to keep where the window is open; `None` where it is over.
	pub(crate) kept: Option<CandidateList<T::AccountId>>,
}

impl<T: Config> Pallet<T> {
	/// The listing with all that a match depends on; `None` where its resource is gone.
	pub(crate) fn offer_of(listing: &ListingInfo<T::AccountId>) -> Option<Offer<T::AccountId>> {
		let resource = T::Resources::resource(listing.vid)?;
		Some(Offer {
			uid: listing.uid,
			vid: listing.vid,
			node: resource.node,
			owner: resource.owner,
			seller: listing.seller.clone(),
			price: listing.price,
			listed_at: listing.listed_at,
			features: Features {
				kind: Kind {
					class: resource.class,
					gpus: resource.gpus,
					gpu_memory_mib: resource.gpu_memory_mib,
					cpu_millis: resource.capacity.cpu_millis,
					memory_mib: resource.capacity.memory_mib,
					disk_mib: resource.capacity.disk_mib,
					isolation: resource.isolation,
					region: T::Nodes::region(resource.node),
					min_term: listing.min_term,
					max_term: listing.max_term,
				},
				quality: Quality {
					online: T::Nodes::is_online(resource.node),
					score_percent: percent(T::Scores::score_ppm(resource.lead)),
					availability_percent: percent(T::Nodes::availability_ppm(resource.node)),
				},
			},
		})
	}

	/// Checks a listing against a demand and ranks it.
	pub(crate) fn candidate(
		demand: &Demand<T::AccountId>,
		uid: Uid,
		matcher: Option<T::AccountId>,
	) -> Result<Candidate<T::AccountId>, Error<T>> {
		let listing = T::Market::listing(uid).ok_or(Error::NotListed)?;
		let offer = Self::offer_of(&listing).ok_or(Error::NotListed)?;
		check(demand, &offer)?;
		let leases = LeasesOfNode::<T>::decode_len(offer.node).unwrap_or(0);
		ensure!(
			leases < T::MaxLeasesPerNode::get() as usize,
			Error::TooManyLeases
		);
		Ok(Candidate {
			rank: rank(demand, &offer),
			node: offer.node,
			matcher,
		})
	}

	/// The candidates of a replica that still hold, best first.
	pub(crate) fn standing(
		demand: &Demand<T::AccountId>,
		replica: u8,
	) -> CandidateList<T::AccountId> {
		let known = Candidates::<T>::get(demand.request, replica);
		let mut standing: Vec<Candidate<_>> = known
			.into_iter()
			.filter_map(|c| Self::candidate(demand, c.rank.uid, c.matcher).ok())
			.collect();
		standing.sort_unstable_by_key(|c| core::cmp::Reverse(c.rank));
		CandidateList::truncate_from(standing)
	}

	/// Checks a matcher's proposal completely, without writing.
	pub(crate) fn evaluate(
		proposal: &Proposal,
		matcher: Option<T::AccountId>,
	) -> Result<Accepted<T>, Error<T>> {
		let Proposal {
			request,
			attempt,
			replica,
			uid,
			computed_at,
		} = *proposal;
		let now = Self::now();
		let age = now.checked_sub(computed_at).ok_or(Error::StaleProposal)?;
		ensure!(age <= T::ProposalLife::get(), Error::StaleProposal);
		let record = Requests::<T>::get(request).ok_or(Error::UnknownRequest)?;
		ensure!(attempt == record.attempt, Error::StaleProposal);
		let demand = record
			.demand_of(request, replica)
			.ok_or(Error::StaleProposal)?;
		ensure!(now < record.expires_at, Error::LifetimeOver);
		let candidate = Self::candidate(&demand, uid, matcher)?;
		let standing = Self::standing(&demand, replica);
		let kept = if now < record.window_ends() {
			Some(admit(&standing, &candidate).ok_or(Error::NotBetter)?)
		} else {
			None
		};
		Ok(Accepted {
			record,
			candidate,
			standing,
			kept,
		})
	}

	pub(crate) fn do_propose(proposal: Proposal, matcher: Option<T::AccountId>) -> DispatchResult {
		let Accepted {
			mut record,
			candidate,
			standing,
			kept,
		} = Self::evaluate(&proposal, matcher)?;
		let Proposal {
			request,
			replica,
			uid,
			..
		} = proposal;
		let score = candidate.rank.score;
		Self::deposit_event(Event::Proposed {
			request,
			replica,
			uid,
			score,
		});
		if let Some(kept) = kept {
			Candidates::<T>::insert(request, replica, kept);
			return Ok(());
		}
		let mut candidates: Vec<Candidate<_>> = standing.into_inner();
		candidates.retain(|known| known.rank.uid != uid);
		candidates.push(candidate);
		candidates.sort_unstable_by_key(|c| core::cmp::Reverse(c.rank));
		Self::bind_best(request, &mut record, replica, &candidates)?;
		Self::store_request(request, record)
	}

	/// The request, if its window is over and proposals wait.
	pub(crate) fn settleable(request: RequestId) -> Result<Request<T>, Error<T>> {
		let record = Requests::<T>::get(request).ok_or(Error::UnknownRequest)?;
		ensure!(Self::now() >= record.window_ends(), Error::WindowOpen);
		ensure!(Self::now() < record.expires_at, Error::LifetimeOver);
		let mut missing = record.missing_replicas().into_iter();
		let waits = |replica| Candidates::<T>::contains_key(request, replica);
		ensure!(missing.any(waits), Error::NothingToSettle);
		Ok(record)
	}

	/// Binds what can be bound; proposals that hold no longer are dropped.
	pub(crate) fn do_settle(request: RequestId) -> DispatchResult {
		let mut record = Self::settleable(request)?;
		for replica in record.missing_replicas() {
			let Some(demand) = record.demand_of(request, replica) else {
				continue;
			};
			let standing = Self::standing(&demand, replica);
			Candidates::<T>::remove(request, replica);
			// What cannot be bound is proposed again by whoever finds something better.
			let _: DispatchResult = Self::bind_best(request, &mut record, replica, &standing);
		}
		Self::store_request(request, record)
	}

	pub(crate) fn authorize_propose(
		source: TransactionSource,
		proposal: &Proposal,
	) -> TransactionValidityWithRefund {
		ensure_local(source)?;
		let accepted = Self::evaluate(proposal, None).map_err(|_| InvalidTransaction::Stale)?;
		let Proposal {
			request,
			attempt,
			replica,
			..
		} = *proposal;
		valid(
			accepted.candidate.rank.score,
			("propose", request, attempt, replica),
		)
	}

	pub(crate) fn authorize_settle(
		source: TransactionSource,
		request: &RequestId,
	) -> TransactionValidityWithRefund {
		ensure_local(source)?;
		let record = Self::settleable(*request).map_err(|_| InvalidTransaction::Stale)?;
		valid(0, ("settle", *request, record.attempt))
	}

	pub(crate) fn authorize_expire(
		source: TransactionSource,
		lease: &LeaseId,
	) -> TransactionValidityWithRefund {
		ensure_local(source)?;
		Self::expirable(*lease).map_err(|_| InvalidTransaction::Stale)?;
		valid(0, ("expire", *lease))
	}

	pub(crate) fn authorize_expire_request(
		source: TransactionSource,
		request: &RequestId,
	) -> TransactionValidityWithRefund {
		ensure_local(source)?;
		Self::expired_request(*request).map_err(|_| InvalidTransaction::Stale)?;
		valid(0, ("expire_request", *request))
	}
}

/// What to keep when a proposal arrives: the best, and the best on another machine. `None` where
/// nothing changes, so that sending a known proposal again is useless.
fn admit<AccountId: Clone + PartialEq>(
	standing: &CandidateList<AccountId>,
	new: &Candidate<AccountId>,
) -> Option<CandidateList<AccountId>> {
	let mut all: Vec<Candidate<AccountId>> = standing.to_vec();
	if all.iter().any(|known| known.rank.uid == new.rank.uid) {
		return None;
	}
	all.push(new.clone());
	all.sort_unstable_by_key(|c| core::cmp::Reverse(c.rank));
	let best = all.first()?.clone();
	let runner_up = all.into_iter().find(|c| c.node != best.node);
	let kept =
		CandidateList::truncate_from([Some(best), runner_up].into_iter().flatten().collect());
	kept.contains(new).then_some(kept)
}

/// Refuses what comes from the network: there, one valid call could be wrapped into any number of
/// transactions for free (polkadot-sdk issue 9693).
fn ensure_local(source: TransactionSource) -> Result<(), InvalidTransaction> {
	match source {
		TransactionSource::Local | TransactionSource::InBlock => Ok(()),
		TransactionSource::External => Err(InvalidTransaction::Call),
	}
}

/// A transaction that depends on the call alone: every wrapping provides the same tag with the same
/// priority, so a pool keeps one.
fn valid(score: u32, tag: impl codec::Encode) -> TransactionValidityWithRefund {
	ValidTransaction::with_tag_prefix("usufruct/workspaces")
		.priority(PRIORITY.saturating_add(score.into()))
		.and_provides(tag)
		.longevity(LONGEVITY)
		.propagate(false)
		.build()
		.map(|validity| (validity, Weight::zero()))
}
