//! Records of classes, challenges and scores, and a challenge's timeline.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use usufruct_primitives::{Balance, BlockNumber, ClassId, HardwareKind, Hid, NodeId};
use usufruct_proof::{ClassParams, Hash};

/// Blocks whose VRF outputs make the seed, from the one after the request.
pub const SEED_BLOCKS: u32 = 2;
/// Blocks whose VRF outputs make the positions, from the one after the commitment's deadline.
pub const SAMPLE_BLOCKS: u32 = 4;
/// Blocks whose VRF outputs are kept: no challenge may last longer.
pub const RANDOMNESS_KEPT: u32 = 1_024;

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
		let longest = [
			SEED_BLOCKS,
			1,
			self.params.window,
			SAMPLE_BLOCKS,
			1,
			self.params.reveal,
		]
		.into_iter()
		.fold(0, BlockNumber::saturating_add);
		self.params.validate().is_ok() && longest <= RANDOMNESS_KEPT
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
	/// The commitment is here.
	Committed {
		/// The root of round 0.
		first_root: Hash,
		/// How many rounds.
		rounds: u32,
		/// The hash of all roots.
		digest: Hash,
	},
}

/// A challenge.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ChallengeRecord<AccountId> {
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
	/// What is held of the requester's money.
	pub deposit: Balance,
	/// When.
	pub issued_at: BlockNumber,
	/// How far it is.
	pub state: ChallengeState,
}

impl<AccountId> ChallengeRecord<AccountId> {
	/// The first block in which the seed is known.
	pub fn opens_at(&self) -> BlockNumber {
		self.issued_at.saturating_add(SEED_BLOCKS).saturating_add(1)
	}

	/// The last block for the root of round 0.
	pub fn first_root_until(&self) -> BlockNumber {
		self.opens_at().saturating_add(self.params.first_root)
	}

	/// The last block for the commitment.
	pub fn commit_until(&self) -> BlockNumber {
		self.opens_at().saturating_add(self.params.window)
	}

	/// The first block in which the positions are known.
	pub fn sampled_at(&self) -> BlockNumber {
		self.commit_until()
			.saturating_add(SAMPLE_BLOCKS)
			.saturating_add(1)
	}

	/// The last block for the reveal.
	pub fn reveal_until(&self) -> BlockNumber {
		self.sampled_at().saturating_add(self.params.reveal)
	}

	/// The last block of the step that is due.
	pub fn due_until(&self) -> BlockNumber {
		match self.state {
			ChallengeState::Issued => self.first_root_until(),
			ChallengeState::Started { .. } => self.commit_until(),
			ChallengeState::Committed { .. } => self.reveal_until(),
		}
	}
}

/// What hardware has proved.
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
	/// Operations per second.
	pub ops_per_second: u64,
	/// Parts per million of the class's reference, at most 1,050,000.
	pub score_ppm: u32,
	/// Rounds of the proof.
	pub rounds: u32,
	/// When.
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
	/// No commitment in time.
	NotCommitted,
	/// No reveal in time.
	NotRevealed,
	/// The reveal was wrong.
	WrongReveal,
	/// Too few blocks carried randomness: nobody's fault.
	NoRandomness,
}
