//! Records of images, requests, proposals and leases.

use alloc::{collections::BTreeMap, vec::Vec};

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use sp_core::H256;
use usufruct_offchain_worker::{Demand, Rank};
use usufruct_primitives::{
	Balance, BlockNumber, LeaseId, NodeId, RequestId, Requirement, Uid, Vid,
};

/// Replicas that one request may ask for.
pub const MAX_REPLICAS: u32 = 8;
/// Machines that one request may fail on before it gives a replica up.
pub const MAX_FAILURES: u32 = 16;

/// Where to fetch an image: a name to pull, a URL or a file's name.
pub type Reference = BoundedVec<u8, ConstU32<256>>;
/// What a workspace runs: the program's arguments; empty = what the image says.
pub type Command = BoundedVec<BoundedVec<u8, ConstU32<256>>, ConstU32<16>>;
/// Where a running workspace is reached, as a URL.
pub type Endpoint = BoundedVec<u8, ConstU32<128>>;
/// The best proposal and a runner-up on another machine, in this order.
pub type CandidateList = BoundedVec<Candidate, ConstU32<2>>;

/// What an image is.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen,
	TypeInfo,
)]
pub enum ImageKind {
	/// An OCI image; its digest is a SHA-256.
	Oci,
	/// A WebAssembly module; its digest is a BLAKE3.
	Wasm,
}

/// An image that requests may name.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ImageRecord<AccountId> {
	/// Who published it.
	pub author: AccountId,
	/// What it is.
	pub kind: ImageKind,
	/// Where to fetch it.
	pub reference: Reference,
	/// Its size in bytes, as its author says.
	pub size_bytes: u64,
	/// Requests that name it.
	pub users: u32,
	/// What is held of the author's money for the record.
	pub deposit: Balance,
}

/// What a tenant wants to run.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct WorkspaceSpec {
	/// The image's digest.
	pub image: H256,
	/// The program's arguments.
	pub command: Command,
	/// The port that the workspace listens on, if it is to be reached.
	pub port: Option<u16>,
	/// What each replica's resource must offer.
	pub requirement: Requirement,
	/// How many, 1 to [`MAX_REPLICAS`].
	pub replicas: u8,
	/// For how many blocks.
	pub term: BlockNumber,
}

/// Where one replica of a request stands.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen,
	TypeInfo,
)]
pub enum ReplicaState {
	/// It has no machine.
	Missing {
		/// For how many blocks it needs one.
		term: BlockNumber,
	},
	/// It has one.
	Placed {
		/// Its lease.
		lease: LeaseId,
	},
	/// It will not have one any more.
	Over,
}

/// A tenant's request for a workspace.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct RequestRecord<AccountId> {
	/// Who asks and pays.
	pub tenant: AccountId,
	/// What to run.
	pub spec: WorkspaceSpec,
	/// Whether the image is a WebAssembly module.
	pub wasm: bool,
	/// What is held for the missing replicas. Zero where none is missing.
	pub budget: Balance,
	/// When it was opened.
	pub opened_at: BlockNumber,
	/// For how many blocks from then on proposals compete.
	pub window: BlockNumber,
	/// How many blocks it waits for machines, each time that one is missing.
	pub lifetime: BlockNumber,
	/// When it stops waiting; the first block in which anyone may expire it.
	pub expires_at: BlockNumber,
	/// How often a replica lost its machine. Voids the proposals computed before.
	pub attempt: u32,
	/// The replicas, by index.
	pub replicas: BoundedVec<ReplicaState, ConstU32<MAX_REPLICAS>>,
	/// Machines that it failed on.
	pub avoid: BoundedVec<NodeId, ConstU32<MAX_FAILURES>>,
	/// What is held of the tenant's money for the record, beside the budget.
	pub deposit: Balance,
}

impl<AccountId: Clone> RequestRecord<AccountId> {
	/// The first block in which proposals are bound.
	pub fn window_ends(&self) -> BlockNumber {
		self.opened_at.saturating_add(self.window)
	}

	/// Whether a replica is missing.
	pub fn is_open(&self) -> bool {
		self.missing().next().is_some()
	}

	/// Whether all replicas are over.
	pub fn is_over(&self) -> bool {
		self.replicas.iter().all(|replica| *replica == ReplicaState::Over)
	}

	/// Replicas without a machine and the blocks for which they need one.
	pub fn missing(&self) -> impl Iterator<Item = (u8, BlockNumber)> + '_ {
		(0u8..).zip(&self.replicas).filter_map(|(index, replica)| match replica {
			ReplicaState::Missing { term } => Some((index, *term)),
			_ => None,
		})
	}

	/// Sets a replica's state; nothing where the index is unknown.
	pub fn set(&mut self, replica: u8, state: ReplicaState) {
		if let Some(slot) = self.replicas.get_mut(usize::from(replica)) {
			*slot = state;
		}
	}

	/// The highest price per block: what the tenant accepts, and no more than leaves each missing
	/// block its equal part of the budget. Rounds down.
	pub fn price_cap(&self) -> Balance {
		let blocks: Balance =
			self.missing().fold(0, |sum, (_, term)| sum.saturating_add(term.into()));
		let affordable = self.budget.checked_div(blocks).unwrap_or(0);
		self.spec.requirement.max_price.min(affordable)
	}

	/// What the matching engine needs to know: one demand for each length of term.
	pub fn demands(&self, request: RequestId) -> Vec<Demand<AccountId>> {
		let mut terms = BTreeMap::<BlockNumber, Vec<u8>>::new();
		for (replica, term) in self.missing() {
			terms.entry(term).or_default().push(replica);
		}
		terms.into_iter().map(|(term, missing)| self.demand(request, term, missing)).collect()
	}

	/// The demand of one replica; `None` where it is not missing.
	pub fn demand_of(&self, request: RequestId, replica: u8) -> Option<Demand<AccountId>> {
		let (_, term) = self.missing().find(|(index, _)| *index == replica)?;
		Some(self.demand(request, term, alloc::vec![replica]))
	}

	fn demand(
		&self,
		request: RequestId,
		term: BlockNumber,
		missing: Vec<u8>,
	) -> Demand<AccountId> {
		let mut requirement = self.spec.requirement.clone();
		requirement.max_price = self.price_cap();
		Demand {
			request,
			attempt: self.attempt,
			tenant: self.tenant.clone(),
			requirement,
			wasm: self.wasm,
			term,
			opened_at: self.opened_at,
			avoid: self.avoid.to_vec(),
			missing,
		}
	}
}

/// A listing proposed for a replica.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen,
	TypeInfo,
)]
pub struct Proposal {
	/// The request.
	pub request: RequestId,
	/// The request's attempt that it was computed for.
	pub attempt: u32,
	/// The replica's index.
	pub replica: u8,
	/// The use right to buy.
	pub uid: Uid,
	/// The block whose state it was computed from.
	pub computed_at: BlockNumber,
}

/// A proposal that waits for the end of its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Candidate {
	/// Where it stands; names the use right.
	pub rank: Rank,
	/// The machine.
	pub node: NodeId,
}

/// Where a lease stands. It only moves forward; its end removes it.
///
/// ```text
/// Bound ──► Dispensing ──► Running
///   │           │             │
///   └───────────┴─────────────┴──► ended: an event, no record
/// ```
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen,
	TypeInfo,
)]
pub enum LeaseState {
	/// The machine was bought and has not answered.
	Bound,
	/// The image is on its way.
	Dispensing {
		/// How much of it arrived, 0 to 100.
		percent: u8,
	},
	/// The workspace runs.
	Running,
}

/// One replica on one use right.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct LeaseRecord<AccountId> {
	/// The request.
	pub request: RequestId,
	/// The replica's index.
	pub replica: u8,
	/// The use right that was bought for it.
	pub uid: Uid,
	/// The resource.
	pub vid: Vid,
	/// The machine.
	pub node: NodeId,
	/// Who asked for it. Whoever holds the use right decides over the lease.
	pub tenant: AccountId,
	/// Who sold.
	pub provider: AccountId,
	/// How far it is.
	pub state: LeaseState,
	/// Where the workspace is reached; empty until it runs, or where it has no port.
	pub endpoint: Endpoint,
	/// The request's attempt when it was opened; reports must name it.
	pub generation: u32,
	/// Price per block.
	pub price: Balance,
	/// When it was opened.
	pub opened_at: BlockNumber,
	/// The first block in which anyone may expire it unless it moved on.
	pub deadline: BlockNumber,
	/// When the term is over.
	pub ends_at: BlockNumber,
}

/// What the owner of a machine says about a lease.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Progress {
	/// The image is on its way. More than the last time.
	Dispensing {
		/// How much of it arrived, 0 to 100.
		percent: u8,
	},
	/// The workspace runs.
	Running {
		/// Where it is reached; may be empty. May be reported again when it changes.
		endpoint: Endpoint,
	},
	/// It cannot run here.
	Failed {
		/// Why.
		reason: FailureReason,
	},
}

/// Why a machine could not run a workspace.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen,
	TypeInfo,
)]
pub enum FailureReason {
	/// The image was not found where its reference says.
	ImageUnavailable,
	/// What was found has another digest.
	ImageMismatch,
	/// The machine has not the room or the device that it sold.
	NoCapacity,
	/// A device failed.
	DeviceLost,
	/// The workspace did not start.
	StartFailed,
	/// The workspace stopped by itself.
	Exited,
	/// Anything else.
	Other,
}

/// Why a lease ended.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen,
	TypeInfo,
)]
pub enum EndReason {
	/// The term is over.
	TermOver,
	/// The holder ended it.
	Terminated,
	/// The purchase was ended on the market before its term.
	PurchaseEnded,
	/// The machine did not acknowledge or start it in time.
	DeadlineMissed,
	/// The machine went offline while it ran.
	NodeLost,
	/// The machine's owner reported that it failed.
	Failed(FailureReason),
}
