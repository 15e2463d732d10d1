//! From version 1, in which requests knew fewer requirements and not where their replicas are, and every lease had
//! bought its right.
#![allow(missing_docs)]

use alloc::vec::Vec;
use core::{cmp::Reverse, marker::PhantomData};

use codec::{Decode, Encode};
use frame_support::{traits::Get, weights::Weight, BoundedVec, StoragePrefixedMap};
use usufruct_migrations::Layout;
use usufruct_offchain_worker::Rank;
use usufruct_primitives::{
	traits::{Marketplace, NodeInspect},
	Balance, BlockNumber, Capacity, ClassId, Hash, IsolationClass, NodeId, RequestId, Requirement,
	Uid, Vid, Weights,
};

use super::{v3, v4};
use crate::{
	Candidate, CandidateList, Candidates, Command, Config, Endpoint, LeaseState, Pallet,
	MAX_REPLICAS,
};

/// A preset of weights as it was.
#[derive(Clone, Copy, Debug, Encode, Decode)]
pub enum OldPreference {
	Cheapest,
	Balanced,
	Fastest,
	Steady,
}

/// A requirement as it was.
#[derive(Clone, Debug, Encode, Decode)]
pub struct OldRequirement {
	pub classes: Vec<ClassId>,
	pub gpus: u8,
	pub gpu_memory_mib: u32,
	pub capacity: Capacity,
	pub isolation: Option<IsolationClass>,
	pub min_score_ppm: u32,
	pub max_price: Balance,
	pub preference: OldPreference,
}

/// A specification as it was.
#[derive(Clone, Debug, Encode, Decode)]
pub struct OldSpec {
	pub image: Hash,
	pub command: Command,
	pub port: Option<u16>,
	pub requirement: OldRequirement,
	pub replicas: u8,
	pub term: BlockNumber,
}

/// A request as it was.
#[derive(Clone, Debug, Encode, Decode)]
pub struct OldRequest<AccountId, Ticket> {
	pub tenant: AccountId,
	pub spec: OldSpec,
	pub wasm: bool,
	pub budget: Balance,
	pub deposit: Ticket,
	pub opened_at: BlockNumber,
	pub window: BlockNumber,
	pub lifetime: BlockNumber,
	pub expires_at: BlockNumber,
	pub attempt: u32,
	pub missing: u8,
	pub live: u8,
	pub terms: Vec<BlockNumber>,
	pub avoid: Vec<NodeId>,
}

/// A rank as it was.
#[derive(Clone, Copy, Debug, Encode, Decode)]
pub struct OldRank {
	pub score: u32,
	pub established: bool,
	pub tie: u64,
	pub uid: Uid,
}

/// A candidate as it was.
#[derive(Clone, Debug, Encode, Decode)]
pub struct OldCandidate<AccountId> {
	pub rank: OldRank,
	pub node: NodeId,
	pub matcher: Option<AccountId>,
}

fn requirement<AccountId>(old: OldRequirement) -> Requirement<AccountId> {
	let mut classes = old.classes;
	classes.sort_unstable();
	classes.dedup();
	// Up, so that no machine is taken that the tenant would not have had.
	let percent = old.min_score_ppm.div_ceil(10_000);
	Requirement {
		classes: BoundedVec::truncate_from(classes),
		gpus: old.gpus,
		gpu_memory_mib: old.gpu_memory_mib,
		capacity: old.capacity,
		isolation: BoundedVec::truncate_from(old.isolation.into_iter().collect()),
		min_score_percent: percent.try_into().unwrap_or(u8::MAX),
		max_price: old.max_price,
		weights: match old.preference {
			OldPreference::Cheapest => Weights::CHEAPEST,
			OldPreference::Balanced => Weights::BALANCED,
			OldPreference::Fastest => Weights::FASTEST,
			OldPreference::Steady => Weights::STEADY,
		},
		..Requirement::default()
	}
}

/// Requests ask in the normal form. Where their replicas are, their leases say after them.
#[derive(Debug)]
pub struct OfRequests<T>(PhantomData<T>);

impl<T: Config> Layout for OfRequests<T> {
	type DbWeight = T::DbWeight;
	type New = v3::OldRequest<T::AccountId, T::RequestDeposit>;
	type Old = OldRequest<T::AccountId, T::RequestDeposit>;
	type Pallet = Pallet<T>;

	const FROM: u16 = 1;
	const MAP: u8 = 0;
	const TO: u16 = 1;

	fn prefix() -> Vec<u8> {
		v3::Requests::<T>::final_prefix().to_vec()
	}

	fn translate(old: Self::Old) -> Self::New {
		let spec = old.spec;
		v3::OldRequest {
			tenant: old.tenant,
			spec: v3::OldSpec {
				image: spec.image,
				command: spec.command,
				port: spec.port,
				requirement: requirement(spec.requirement),
				replicas: spec.replicas,
				term: spec.term,
			},
			wasm: old.wasm,
			budget: old.budget,
			deposit: old.deposit,
			opened_at: old.opened_at,
			window: old.window,
			lifetime: old.lifetime,
			expires_at: old.expires_at,
			attempt: old.attempt,
			missing: old.missing,
			placed: Default::default(),
			terms: BoundedVec::truncate_from(old.terms),
			avoid: BoundedVec::truncate_from(old.avoid),
		}
	}
}

/// Proposals that wait say their price, by which equal scores are told apart.
#[derive(Debug)]
pub struct OfCandidates<T>(PhantomData<T>);

impl<T: Config> Layout for OfCandidates<T> {
	type DbWeight = T::DbWeight;
	type New = CandidateList<T::AccountId>;
	type Old = Vec<OldCandidate<T::AccountId>>;
	type Pallet = Pallet<T>;

	const FROM: u16 = 1;
	const MAP: u8 = 1;
	const TO: u16 = 1;

	fn prefix() -> Vec<u8> {
		Candidates::<T>::final_prefix().to_vec()
	}

	fn translate(old: Self::Old) -> Self::New {
		let mut list: Vec<_> = old
			.into_iter()
			.map(|old| Candidate {
				rank: Rank {
					score: old.rank.score,
					// What is not for sale any more loses every tie, and cannot be bound.
					price: T::Market::listing(old.rank.uid)
						.map_or(Balance::MAX, |listing| listing.price),
					established: old.rank.established,
					tie: old.rank.tie,
					uid: old.rank.uid,
				},
				node: old.node,
				matcher: old.matcher,
			})
			.collect();
		list.sort_by_key(|candidate| Reverse(candidate.rank));
		BoundedVec::truncate_from(list)
	}

	// A listing for each of the two.
	fn weight() -> Weight {
		OfRequests::<T>::weight().saturating_add(T::DbWeight::get().reads(2))
	}
}

/// A lease as it was.
#[derive(Clone, Debug, Encode, Decode)]
pub struct OldLease<AccountId> {
	pub request: RequestId,
	pub replica: u8,
	pub uid: Uid,
	pub vid: Vid,
	pub node: NodeId,
	pub tenant: AccountId,
	pub provider: AccountId,
	pub state: LeaseState,
	pub endpoint: Endpoint,
	pub generation: u32,
	pub opened_at: BlockNumber,
	pub deadline: BlockNumber,
	pub ends_at: BlockNumber,
}

/// Leases say whether their right stays when they end; of those there are, none does. Their requests get to know
/// where they are, so that this comes after [`OfRequests`].
#[derive(Debug)]
pub struct OfLeases<T>(PhantomData<T>);

impl<T: Config> Layout for OfLeases<T> {
	type DbWeight = T::DbWeight;
	type New = v4::OldLease<T::AccountId>;
	type Old = OldLease<T::AccountId>;
	type Pallet = Pallet<T>;

	const FROM: u16 = 1;
	const MAP: u8 = 2;
	const TO: u16 = 2;

	fn prefix() -> Vec<u8> {
		v4::Leases::<T>::final_prefix().to_vec()
	}

	fn translate(old: Self::Old) -> Self::New {
		let placed = v4::OldPlaced {
			replica: old.replica,
			node: old.node,
			owner: old.provider.clone(),
			region: T::Nodes::region(old.node),
		};
		v3::Requests::<T>::mutate_extant(old.request, |request| {
			if request.placed.try_push(placed).is_err() {
				log::error!(
					target: "runtime::workspaces",
					"request {} has more than {MAX_REPLICAS} leases",
					old.request
				);
			}
		});
		v4::OldLease {
			request: old.request,
			replica: old.replica,
			uid: old.uid,
			vid: old.vid,
			node: old.node,
			tenant: old.tenant,
			provider: old.provider,
			state: old.state,
			endpoint: old.endpoint,
			generation: old.generation,
			opened_at: old.opened_at,
			deadline: old.deadline,
			ends_at: old.ends_at,
			keeps_right: false,
		}
	}

	// Its request, and its machine's region.
	fn weight() -> Weight {
		OfRequests::<T>::weight().saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
}
