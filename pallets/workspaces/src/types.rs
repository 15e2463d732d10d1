//! Records of images, requests and leases.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use usufruct_primitives::{
	Balance, BlockNumber, Hash, NodeId, Requirement, RequestId, Uid, Vid,
};

/// Most replicas of one request: they are bits of a byte.
pub const MAX_REPLICAS: u8 = 8;

/// Text of at most 256 bytes.
pub type Text = BoundedVec<u8, ConstU32<256>>;
/// Where a running workspace answers: at most 128 bytes.
pub type Endpoint = BoundedVec<u8, ConstU32<128>>;

/// What an image is.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
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
pub struct ImageRecord<AccountId> {
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
	/// What is held of the author's money for the record.
	pub deposit: Balance,
}

/// What to run.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct WorkspaceSpec {
	/// Digest of a published image.
	pub image: Hash,
	/// The command with its arguments; empty = the image's own.
	pub command: BoundedVec<Text, ConstU32<16>>,
	/// The port that it listens on; `None` = a batch job.
	pub port: Option<u16>,
	/// What it needs.
	pub requirement: Requirement,
	/// How often it runs at once, 1 to 8.
	pub replicas: u8,
	/// For how many blocks.
	pub term: BlockNumber,
}

/// A tenant's request.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct RequestRecord<AccountId> {
	/// Who asks and pays.
	pub tenant: AccountId,
	/// What to run.
	pub spec: WorkspaceSpec,
	/// What is held for the replicas that are missing.
	pub budget: Balance,
	/// What is held for the record.
	pub deposit: Balance,
	/// Blocks in which better proposals are waited for; 0 = the first valid one wins at once.
	pub window: BlockNumber,
	/// When it was opened, or opened again.
	pub opened_at: BlockNumber,
	/// When anyone may end it for what is missing.
	pub expires_at: BlockNumber,
	/// Counts leases that failed: proposals name it, so that old ones are void.
	pub attempt: u32,
	/// The replicas that are missing, as bits.
	pub missing: u8,
	/// Number of leases.
	pub live: u8,
}

impl<AccountId> RequestRecord<AccountId> {
	/// What is held for one replica; `None` where it overflows.
	pub fn price_of_replica(&self) -> Option<Balance> {
		self.spec.requirement.max_price.checked_mul(self.spec.term.into())
	}

	/// Whether the replica is missing.
	pub fn is_missing(&self, replica: u8) -> bool {
		1u8.checked_shl(replica.into()).is_some_and(|bit| self.missing & bit != 0)
	}

	/// Notes that the replica is placed, or missing.
	pub fn set_missing(&mut self, replica: u8, missing: bool) {
		let Some(bit) = 1u8.checked_shl(replica.into()) else { return };
		self.missing = if missing { self.missing | bit } else { self.missing & !bit };
	}

	/// The missing replicas by index.
	pub fn missing_replicas(&self) -> alloc::vec::Vec<u8> {
		(0..MAX_REPLICAS).filter(|replica| self.is_missing(*replica)).collect()
	}
}

/// A use right for a replica of a request, proposed by a matcher.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
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
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
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
		/// How much of it has arrived, 0 to 100.
		percent: u8,
	},
	/// It runs.
	Running {
		/// Where it answers; empty for a batch job.
		endpoint: Endpoint,
	},
	/// A batch job came to its end.
	Finished,
	/// It cannot be run here.
	Failed {
		/// Why.
		reason: FailureReason,
	},
}

/// Why a workspace failed on its machine.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
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
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
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
	/// When it must run.
	pub deadline: BlockNumber,
	/// When its term ends.
	pub ends_at: BlockNumber,
}

/// The best proposal so far for a replica whose request waits for better ones.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Candidate {
	/// The attempt that it is for.
	pub attempt: u32,
	/// The use right.
	pub uid: Uid,
	/// Its score.
	pub score: u32,
}

