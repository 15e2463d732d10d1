//! From version 3, in which what runs was part of a specification and never changed, and requests did not name the
//! leases of their replicas.
#![allow(missing_docs)]

use alloc::vec::Vec;
use core::marker::PhantomData;

use codec::{Decode, Encode};
use frame_support::{
	traits::{ConstU32, Get},
	weights::Weight,
	BoundedVec, StoragePrefixedMap, Twox64Concat,
};
use usufruct_migrations::Layout;
use usufruct_primitives::{
	traits::NodeInspect, Balance, BlockNumber, Hash, LeaseId, NodeId, ReleaseId, RequestId,
	Requirement, Uid, Vid,
};

use crate::{
	Command, Config, Endpoint, LeaseOfUid, LeaseRecord, LeaseState, Pallet, Placed, Request,
	Restart, Workload, WorkspaceSpec, MAX_FAILURES, MAX_REPLICAS,
};

/// A specification as it was.
#[derive(Clone, Debug, Encode, Decode)]
pub struct OldSpec<AccountId> {
	pub image: Hash,
	pub release: Option<ReleaseId>,
	pub command: Command,
	pub port: Option<u16>,
	pub requirement: Requirement<AccountId>,
	pub replicas: u8,
	pub term: BlockNumber,
}

/// Where a replica was, as it was.
#[derive(Clone, Debug, Encode, Decode)]
pub struct OldPlaced<AccountId> {
	pub replica: u8,
	pub node: NodeId,
	pub owner: AccountId,
	pub region: u16,
}

/// A request as it was.
#[derive(Clone, Debug, Encode, Decode)]
pub struct OldRequest<AccountId, Ticket> {
	pub tenant: AccountId,
	pub spec: OldSpec<AccountId>,
	pub wasm: bool,
	pub budget: Balance,
	pub royalty: Balance,
	pub deposit: Ticket,
	pub opened_at: BlockNumber,
	pub window: BlockNumber,
	pub lifetime: BlockNumber,
	pub expires_at: BlockNumber,
	pub attempt: u32,
	pub missing: u8,
	pub placed: BoundedVec<OldPlaced<AccountId>, ConstU32<{ MAX_REPLICAS as u32 }>>,
	pub terms: BoundedVec<BlockNumber, ConstU32<{ MAX_REPLICAS as u32 }>>,
	pub avoid: BoundedVec<NodeId, ConstU32<MAX_FAILURES>>,
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
	pub keeps_right: bool,
}

/// Requests as they were.
#[frame_support::storage_alias]
pub type Requests<T: Config> = StorageMap<
	Pallet<T>,
	Twox64Concat,
	RequestId,
	OldRequest<<T as frame_system::Config>::AccountId, <T as Config>::RequestDeposit>,
>;

/// Leases as they were.
#[frame_support::storage_alias]
pub type Leases<T: Config> =
	StorageMap<Pallet<T>, Twox64Concat, LeaseId, OldLease<<T as frame_system::Config>::AccountId>>;

/// What runs is a workload, at its first revision; services are started again as agents did until now. Which leases
/// a request has, they say after it.
#[derive(Debug)]
pub struct OfRequests<T>(PhantomData<T>);

impl<T: Config> Layout for OfRequests<T> {
	type DbWeight = T::DbWeight;
	type New = Request<T>;
	type Old = OldRequest<T::AccountId, T::RequestDeposit>;
	type Pallet = Pallet<T>;

	const FROM: u16 = 3;
	const MAP: u8 = 0;
	const TO: u16 = 3;

	fn prefix() -> Vec<u8> {
		crate::Requests::<T>::final_prefix().to_vec()
	}

	fn translate(old: Self::Old) -> Self::New {
		let spec = old.spec;
		let restart = match spec.port {
			Some(_) => Restart::OF_SERVICES,
			None => Restart::Never,
		};
		Request::<T> {
			tenant: old.tenant,
			spec: WorkspaceSpec {
				workload: Workload {
					image: spec.image,
					release: spec.release,
					command: spec.command,
					port: spec.port,
					health: None,
					restart,
				},
				requirement: spec.requirement,
				replicas: spec.replicas,
				term: spec.term,
			},
			revision: 0,
			wasm: old.wasm,
			budget: old.budget,
			royalty: old.royalty,
			deposit: old.deposit,
			opened_at: old.opened_at,
			window: old.window,
			lifetime: old.lifetime,
			expires_at: old.expires_at,
			attempt: old.attempt,
			missing: old.missing,
			placed: Default::default(),
			terms: old.terms,
			avoid: old.avoid,
		}
	}
}

/// Leases say which revision they run, and their requests get to know them: so this comes after [`OfRequests`].
#[derive(Debug)]
pub struct OfLeases<T>(PhantomData<T>);

impl<T: Config> Layout for OfLeases<T> {
	type DbWeight = T::DbWeight;
	type New = LeaseRecord<T::AccountId>;
	type Old = OldLease<T::AccountId>;
	type Pallet = Pallet<T>;

	const FROM: u16 = 3;
	const MAP: u8 = 1;
	const TO: u16 = 4;

	fn prefix() -> Vec<u8> {
		crate::Leases::<T>::final_prefix().to_vec()
	}

	fn translate(old: Self::Old) -> Self::New {
		let place = |request: &mut Request<T>| {
			let placed = Placed {
				replica: old.replica,
				lease: LeaseOfUid::<T>::get(old.uid)?,
				node: old.node,
				owner: old.provider.clone(),
				region: T::Nodes::region(old.node),
			};
			request.placed.try_push(placed).ok()
		};
		let is_placed =
			crate::Requests::<T>::mutate(old.request, |request| request.as_mut().and_then(place));
		if is_placed.is_none() {
			log::error!(
				target: "runtime::workspaces",
				"request {} cannot know its lease on use right {}",
				old.request,
				old.uid
			);
		}
		LeaseRecord {
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
			keeps_right: old.keeps_right,
			revision: 0,
			refused: None,
		}
	}

	// Its request, which use right it is on, and its machine's region.
	fn weight() -> Weight {
		OfRequests::<T>::weight().saturating_add(T::DbWeight::get().reads_writes(3, 1))
	}
}
