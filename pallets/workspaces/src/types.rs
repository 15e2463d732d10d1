//! Records of images, requests and leases.

use alloc::{collections::BTreeMap, vec::Vec};

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use usufruct_offchain_worker::{Demand, Place, Rank};
use usufruct_primitives::{
	Balance, BlockNumber, LeaseId, NodeId, RequestId, Requirement, Uid, Vid,
};

use crate::{Text, Workload};

/// Most replicas of one request: they are bits of a byte.
pub const MAX_REPLICAS: u8 = 8;
/// Machines that one request may fail on; at the next one its replica is given up.
pub const MAX_FAILURES: u32 = 16;

/// Where a running workspace answers: at most 128 bytes.
pub type Endpoint = BoundedVec<u8, ConstU32<128>>;
/// The best proposal for a replica and a runner-up on another machine, in this order.
pub type CandidateList<AccountId> = BoundedVec<Candidate<AccountId>, ConstU32<2>>;

/// What an image is.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum ImageKind {
	/// A container image; its digest is the SHA-256 that registries name it by.
	Oci,
	/// A WebAssembly module; its digest is the BLAKE3 of its bytes.
	Wasm,
}

/// A published image.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ImageRecord<AccountId, Ticket> {
	/// Who published it.
	pub author: AccountId,
	/// Container or module.
	pub kind: ImageKind,
	/// Where to get it: a name to pull, or a URL.
	pub reference: Text,
	/// Its size in bytes, as told by the author.
	pub size_bytes: u64,
	/// Requests that use it.
	pub uses: u32,
	/// For what is held of the author's money for the record.
	pub deposit: Ticket,
}

/// What to run, and on what.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct WorkspaceSpec<AccountId> {
	/// What runs.
	pub workload: Workload,
	/// What it needs.
	pub requirement: Requirement<AccountId>,
	/// How often it runs at once, 1 to 8.
	pub replicas: u8,
	/// For how many blocks.
	pub term: BlockNumber,
}

/// A tenant's request.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct RequestRecord<AccountId, Ticket> {
	/// Who asks and pays.
	pub tenant: AccountId,
	/// What to run.
	pub spec: WorkspaceSpec<AccountId>,
	/// How often the tenant gave it another workload.
	pub revision: u32,
	/// Whether the image is a WebAssembly module.
	pub wasm: bool,
	/// What is held for the replicas that are missing: the highest price, and the author's, for the
	/// blocks that each needs.
	pub budget: Balance,
	/// What the author of the release asks per block and replica; 0 where there is none.
	pub royalty: Balance,
	/// For what is held for the record.
	pub deposit: Ticket,
	/// When it was opened.
	pub opened_at: BlockNumber,
	/// Blocks from then on in which better proposals are waited for; 0 = the first valid one wins.
	pub window: BlockNumber,
	/// For how many blocks a missing replica is waited for.
	pub lifetime: BlockNumber,
	/// When anyone may end it for what is missing.
	pub expires_at: BlockNumber,
	/// Counts leases that failed: proposals name it, so that old ones are void.
	pub attempt: u32,
	/// The replicas that are missing, as bits.
	pub missing: u8,
	/// Where the replicas are that have a lease.
	pub placed: BoundedVec<Placed<AccountId>, ConstU32<{ MAX_REPLICAS as u32 }>>,
	/// Blocks that each replica needs a machine for: the term, or what a failed lease left of it.
	pub terms: BoundedVec<BlockNumber, ConstU32<{ MAX_REPLICAS as u32 }>>,
	/// Machines that it failed on.
	pub avoid: BoundedVec<NodeId, ConstU32<MAX_FAILURES>>,
}

/// Where a replica was when its lease was opened.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Placed<AccountId> {
	/// The replica's index.
	pub replica: u8,
	/// Its lease.
	pub lease: LeaseId,
	/// Its machine.
	pub node: NodeId,
	/// The machine's owner.
	pub owner: AccountId,
	/// The machine's region by ISO 3166 number; 0 where its owner does not say.
	pub region: u16,
}

impl<AccountId, Ticket> RequestRecord<AccountId, Ticket> {
	/// Whether a replica has a lease.
	pub fn is_live(&self) -> bool {
		!self.placed.is_empty()
	}

	/// The first block in which proposals are bound.
	pub fn window_ends(&self) -> BlockNumber {
		self.opened_at.saturating_add(self.window)
	}

	/// Blocks for which the replica needs a machine; `None` where it is not missing.
	pub fn term_of(&self, replica: u8) -> Option<BlockNumber> {
		self.is_missing(replica)
			.then(|| self.terms.get(usize::from(replica)).copied())?
	}

	/// What is held for one missing replica; `None` where it is not missing or overflows.
	pub fn price_of(&self, replica: u8) -> Option<Balance> {
		self.highest_price()?
			.checked_mul(self.term_of(replica)?.into())
	}

	/// What one replica costs per block at most, machine and author; `None` where it overflows.
	pub fn highest_price(&self) -> Option<Balance> {
		self.spec.requirement.max_price.checked_add(self.royalty)
	}

	/// Whether the replica is missing.
	pub fn is_missing(&self, replica: u8) -> bool {
		1u8.checked_shl(replica.into())
			.is_some_and(|bit| self.missing & bit != 0)
	}

	/// Notes that the replica is placed, or missing.
	pub fn set_missing(&mut self, replica: u8, missing: bool) {
		let Some(bit) = 1u8.checked_shl(replica.into()) else {
			return;
		};
		self.missing = if missing {
			self.missing | bit
		} else {
			self.missing & !bit
		};
	}

	/// The missing replicas by index.
	pub fn missing_replicas(&self) -> Vec<u8> {
		(0..MAX_REPLICAS)
			.filter(|replica| self.is_missing(*replica))
			.collect()
	}
}

impl<AccountId: Clone, Ticket> RequestRecord<AccountId, Ticket> {
	/// What the matching engine needs to know: a demand for each length of term, shortest first.
	pub fn demands(&self, request: RequestId) -> Vec<Demand<AccountId>> {
		let mut terms = BTreeMap::<BlockNumber, Vec<u8>>::new();
		for replica in self.missing_replicas() {
			terms
				.entry(self.term_of(replica).unwrap_or(0))
				.or_default()
				.push(replica);
		}
		terms
			.into_iter()
			.map(|(term, missing)| self.demand(request, term, missing))
			.collect()
	}

	/// The demand of one replica; `None` where it is not missing.
	pub fn demand_of(&self, request: RequestId, replica: u8) -> Option<Demand<AccountId>> {
		Some(self.demand(request, self.term_of(replica)?, alloc::vec![replica]))
	}

	fn demand(&self, request: RequestId, term: BlockNumber, missing: Vec<u8>) -> Demand<AccountId> {
		Demand {
			request,
			attempt: self.attempt,
			tenant: self.tenant.clone(),
			requirement: self.spec.requirement.clone(),
			wasm: self.wasm,
			term,
			opened_at: self.opened_at,
			avoid: self.avoid.to_vec(),
			placed: self
				.placed
				.iter()
				.map(|placed| Place {
					node: placed.node,
					owner: placed.owner.clone(),
					region: placed.region,
				})
				.collect(),
			missing,
		}
	}
}

/// A use right for a replica of a request, proposed by a matcher.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Proposal {
	/// The request.
	pub request: RequestId,
	/// The attempt that it is for.
	pub attempt: u32,
	/// The replica.
	pub replica: u8,
	/// The use right to buy.
	pub uid: Uid,
	/// The block whose state the matcher saw: a proposal lapses soon after it.
	pub computed_at: BlockNumber,
}

/// Where a lease is.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum LeaseState {
	/// The machine has not answered yet.
	Bound,
	/// The image is on its way.
	Dispensing {
		/// How much of it has arrived.
		percent: u8,
	},
	/// It runs.
	Running,
}

/// What an agent reports.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Progress {
	/// The image is on its way.
	Dispensing {
		/// How much of it has arrived, 0 to 100. Never less than the last time.
		percent: u8,
	},
	/// It runs.
	Running {
		/// Where it answers; empty for a batch job.
		endpoint: Endpoint,
		/// The request's revision that it is of. Never less than the last time.
		revision: u32,
	},
	/// A batch job came to its end.
	Finished,
	/// It cannot be run here.
	Failed {
		/// Why.
		reason: FailureReason,
	},
	/// It runs on as it was: the request's newest revision cannot be run here.
	NotUpdated {
		/// The request's revision.
		revision: u32,
		/// Why.
		reason: FailureReason,
	},
}

/// Why a workspace failed on its machine.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum FailureReason {
	/// The image is not where its reference says: no machine can run it.
	ImageNotFound,
	/// The image is not what its digest says: no machine may run it.
	WrongDigest,
	/// The machine has no room for it.
	NoSpace,
	/// It does not start, or ended with an error.
	Crashed,
	/// It used more than it may: fuel, memory, time.
	LimitExceeded,
	/// The machine has no engine for this kind of image.
	NoEngine,
	/// The machine's owner does not run this image, application or author.
	Refused,
	/// It runs, but its health check fails.
	Unhealthy,
}

impl FailureReason {
	/// Whether another machine would fail in the same way, so that the tenant's request ends.
	pub fn is_the_tenants(self) -> bool {
		matches!(
			self,
			Self::ImageNotFound | Self::WrongDigest | Self::Crashed | Self::LimitExceeded
		)
	}
}

/// Why a lease ended.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum EndReason {
	/// The term is over, or the right was cancelled on the market.
	Term,
	/// The tenant ended it.
	Terminated,
	/// The job is done.
	Finished,
	/// The machine reported a failure.
	Failed(FailureReason),
	/// The machine did not start it in time.
	NotStarted,
	/// The machine went offline.
	NodeOffline,
}

/// One replica of a request on one use right.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct LeaseRecord<AccountId> {
	/// The request.
	pub request: RequestId,
	/// The replica of it.
	pub replica: u8,
	/// The use right that it runs on.
	pub uid: Uid,
	/// The resource.
	pub vid: Vid,
	/// The machine.
	pub node: NodeId,
	/// Who asked for it.
	pub tenant: AccountId,
	/// Who owns the machine.
	pub provider: AccountId,
	/// Where it is.
	pub state: LeaseState,
	/// Where it answers.
	pub endpoint: Endpoint,
	/// Fences a machine that comes back: reports of another generation are refused.
	pub generation: u32,
	/// When it was opened.
	pub opened_at: BlockNumber,
	/// When it must run: from then on anyone may expire it unless it does.
	pub deadline: BlockNumber,
	/// When its term ends.
	pub ends_at: BlockNumber,
	/// Whether the right was the tenant's before, and stays when the lease ends.
	pub keeps_right: bool,
	/// The request's revision that it runs, or shall begin with.
	pub revision: u32,
	/// A later revision that its machine could not run, and why.
	pub refused: Option<(u32, FailureReason)>,
}

/// A proposal that waits for the end of its request's window.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Candidate<AccountId> {
	/// Where it stands; names the use right.
	pub rank: Rank,
	/// The machine.
	pub node: NodeId,
	/// Who proposed it and earns by it; `None` = a validator's own worker.
	pub matcher: Option<AccountId>,
}
