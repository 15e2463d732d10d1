//! Records of classes, challenges and scores, and a challenge's timeline.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use usufruct_primitives::{BlockNumber, ChallengeId, ClassId, HardwareKind, Hid, NodeId};
use usufruct_proof::{ClassParams, Commitment, Hash, Occasion, Speed, Timeline, RANDOMNESS_KEPT};

/// A kind of hardware.
#[derive(
	Clone,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct ResourceClass {
	/// Its name, such as `CPU_X86_64`.
	pub name: BoundedVec<u8, ConstU32<32>>,
	/// Processor or GPU.
	pub kind: HardwareKind,
	/// The work of its proofs.
	pub params: ClassParams,
	/// Weight of its income in rewards, parts per million.
	pub revenue_weight_ppm: u32,
}

impl ResourceClass {
	/// Whether its parameters are in their bounds, and its challenges end before the randomness of
	/// their first block is overwritten: without it no reveal can be checked.
	pub fn is_sound(&self) -> bool {
		self.params.validate().is_ok() && timeline_of(&self.params).span() <= RANDOMNESS_KEPT
	}
}

/// The timeline of a class's proofs, counted from block 0.
pub(crate) fn timeline_of(params: &ClassParams) -> Timeline {
	Timeline {
		issued_at: 0,
		params: *params,
	}
}

/// How far a challenge is.
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
pub enum ChallengeState {
	/// Asked for.
	Issued,
	/// The root of round 0 is here.
	Started {
		/// It.
		first_root: Hash,
	},
	/// The commitment is here, maybe without that of the memory phase.
	Committed {
		/// It.
		commitment: Commitment,
	},
}

/// A challenge.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ChallengeRecord<AccountId, Ticket> {
	/// The hardware.
	pub hid: Hid,
	/// Its machine.
	pub node: NodeId,
	/// Its class.
	pub class: ClassId,
	/// The class's parameters when it was asked for: a later change does not touch it.
	pub params: ClassParams,
	/// Who asked.
	pub requester: AccountId,
	/// For what is held of the requester's money.
	pub deposit: Ticket,
	/// When.
	pub issued_at: BlockNumber,
	/// When the work was committed.
	pub committed_at: Option<BlockNumber>,
	/// How far it is.
	pub state: ChallengeState,
}

impl<AccountId, Ticket> ChallengeRecord<AccountId, Ticket> {
	/// When its steps are due.
	pub fn timeline(&self) -> Timeline {
		Timeline {
			issued_at: self.issued_at,
			params: self.params,
		}
	}

	/// What its seed is bound to.
	pub(crate) fn task(&self, id: ChallengeId) -> Task {
		Task {
			occasion: Occasion::Challenge(id),
			node: self.node,
			hid: self.hid,
			class: self.class,
			timeline: self.timeline(),
		}
	}

	/// The last block of the step that is due.
	pub fn due_until(&self) -> BlockNumber {
		match self.state {
			ChallengeState::Issued => self.timeline().first_root_until(),
			ChallengeState::Started { .. } => self.timeline().commit_until(),
			ChallengeState::Committed { commitment } if !self.params.is_met_by(&commitment) => {
				self.timeline().memory_until()
			}
			ChallengeState::Committed { .. } => self.timeline().reveal_until(),
		}
	}
}

/// A proof that somebody has to make: what its seed is bound to, and when its steps are due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
	pub(crate) occasion: Occasion,
	pub(crate) node: NodeId,
	pub(crate) hid: Hid,
	pub(crate) class: ClassId,
	pub(crate) timeline: Timeline,
}

/// What hardware proved last when it was challenged.
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
pub struct ScoreRecord {
	/// How fast it was.
	pub speed: Speed,
	/// Parts per million of the class's reference, at most 1,050,000.
	pub score_ppm: u32,
	/// Rounds of the proof.
	pub rounds: u32,
	/// Bytes of memory that its passes read; 0 in a class without a memory phase.
	pub memory_bytes: u64,
	/// When it was asked for.
	pub issued_at: BlockNumber,
	/// When the work was committed.
	pub committed_at: BlockNumber,
	/// When it was opened.
	pub proved_at: BlockNumber,
}

/// Why a challenge ended without a proof.
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
	/// No root of round 0 in time.
	NotStarted,
	/// No commitment in time, of the rounds or of the memory phase.
	NotCommitted,
	/// No reveal in time.
	NotRevealed,
	/// The reveal was wrong.
	WrongReveal,
	/// Too few blocks carried randomness: nobody's fault.
	NoRandomness,
}
