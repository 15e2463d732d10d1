//! Records of epochs: what the DAO sets of them, the entries of hardware, and what is kept of those.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use usufruct_primitives::{Balance, BlockNumber, ClassId, EpochId, Hid, NodeId};
use usufruct_proof::{
	AuditTimeline, ClassParams, Commitment, Hash, Occasion, Speed, Timeline, RANDOMNESS_KEPT,
};

use crate::{timeline_of, Task};

/// Epochs that the median is taken of.
pub const EPOCHS_KEPT: u32 = 8;
/// A score below this counts as none, in parts per million of the class's reference: several
/// identities of one device share its speed, and so have none of it.
pub const PASSING_PPM: u32 = 700_000;

/// How epochs follow each other. The DAO sets it; holds from the next epoch on.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
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
pub struct EpochRules {
	/// Blocks that pass on average after an epoch until the next begins; each block begins it with the
	/// same probability. 0 = no epoch begins.
	pub pause: u32,
	/// Blocks from the beginning of an epoch in which hardware enters it. An epoch whose entries have all
	/// ended is over then.
	pub entry: BlockNumber,
	/// Blocks from the beginning of an epoch in which all of it is over, at most [`RANDOMNESS_KEPT`].
	pub span: BlockNumber,
	/// Blocks after the reveals in which anybody may force an audit.
	pub disputes: BlockNumber,
	/// Entries of each class that the lottery draws on average, at least 1.
	pub audits: u32,
}

impl EpochRules {
	/// Whether they are in their bounds.
	pub fn is_sound(&self) -> bool {
		self.audits > 0 && self.disputes > 0 && self.span <= RANDOMNESS_KEPT
	}

	/// Whether entries of a class with these parameters begin and end in time: the first roots; and the
	/// reveals, the time for disputes, and the audit that was forced last.
	pub fn fit(&self, params: &ClassParams) -> bool {
		let timeline = timeline_of(params);
		let forced = AuditTimeline {
			forced_at: timeline.reveal_until().saturating_add(self.disputes),
			reveal: params.reveal,
		};
		timeline.first_root_until() <= self.entry && forced.reveal_until() < self.span
	}
}

/// An epoch: all hardware that is online proves at once.
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
pub struct Epoch {
	/// Its number, from 1.
	pub id: EpochId,
	/// The block in which it began.
	pub began_at: BlockNumber,
	/// The rules it began with.
	pub rules: EpochRules,
}

impl Epoch {
	/// The last block in which hardware enters it.
	pub fn entry_until(&self) -> BlockNumber {
		self.began_at.saturating_add(self.rules.entry)
	}

	/// When the proofs of a class with these parameters are due in it.
	pub fn timeline(&self, params: ClassParams) -> Timeline {
		Timeline {
			issued_at: self.began_at,
			params,
		}
	}

	/// The first block in which all of it is over.
	pub fn over_at(&self) -> BlockNumber {
		self.began_at.saturating_add(self.rules.span)
	}
}

/// How far an entry is.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum EntryState<AccountId> {
	/// The root of round 0 is here.
	Started {
		/// It.
		first_root: Hash,
	},
	/// The commitment is here, maybe without that of the memory phase.
	Committed {
		/// It.
		commitment: Commitment,
		/// Whether its samples were opened and right.
		audited: bool,
	},
	/// Somebody forced an audit.
	Disputed {
		/// What has to be opened.
		commitment: Commitment,
		/// Who forced it.
		by: AccountId,
		/// What is held of their money.
		bond: Balance,
		/// When.
		at: BlockNumber,
	},
}

impl<AccountId> EntryState<AccountId> {
	/// What was committed.
	pub fn commitment(&self) -> Option<&Commitment> {
		match self {
			Self::Started { .. } => None,
			Self::Committed { commitment, .. } | Self::Disputed { commitment, .. } => {
				Some(commitment)
			}
		}
	}
}

/// The entry of hardware in an epoch.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Entry<AccountId> {
	/// The epoch, with its rules.
	pub epoch: Epoch,
	/// The machine.
	pub node: NodeId,
	/// The class.
	pub class: ClassId,
	/// The class's parameters when the epoch began.
	pub params: ClassParams,
	/// When the work was committed.
	pub committed_at: Option<BlockNumber>,
	/// When its samples were opened last.
	pub opened_at: Option<BlockNumber>,
	/// How far it is.
	pub state: EntryState<AccountId>,
}

impl<AccountId> Entry<AccountId> {
	/// When its steps are due.
	pub fn timeline(&self) -> Timeline {
		self.epoch.timeline(self.params)
	}

	/// The last block in which an audit can be forced.
	pub fn disputes_until(&self) -> BlockNumber {
		self.timeline()
			.reveal_until()
			.saturating_add(self.epoch.rules.disputes)
	}

	/// When the steps of an audit are due that was forced in this block.
	pub fn forced(&self, at: BlockNumber) -> AuditTimeline {
		AuditTimeline {
			forced_at: at,
			reveal: self.params.reveal,
		}
	}

	/// What its seed is bound to.
	pub(crate) fn task(&self, hid: Hid) -> Task {
		Task {
			occasion: Occasion::Epoch(self.epoch.id),
			node: self.node,
			hid,
			class: self.class,
			timeline: self.timeline(),
		}
	}
}

/// The score of hardware in an epoch.
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
pub struct EpochScore {
	/// The epoch.
	pub epoch: EpochId,
	/// How manieth it was of those in which the hardware was due, from 0.
	pub due: u32,
	/// Parts per million of the class's reference; 0 where it did not pass.
	pub ppm: u32,
}

/// What is kept of the entries of hardware.
///
/// Epochs are counted as the hardware was due in them: those in which it was excused do not exist for it.
#[derive(
	Clone,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct History {
	/// The first epoch that it has a score of.
	pub since: EpochId,
	/// The last epoch that it has a score of or was excused in.
	pub last: EpochId,
	/// Epochs since the first in which it was excused.
	pub excused: u32,
	/// The last scores, oldest first.
	pub scores: BoundedVec<EpochScore, ConstU32<EPOCHS_KEPT>>,
	/// The highest speed that an audit has seen. More is not believed without.
	pub audited: Speed,
	/// The entry of the last score.
	pub shown: Option<Shown>,
}

/// An entry that ended with a score, for whoever asks what it rests on.
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
pub struct Shown {
	/// The epoch.
	pub epoch: EpochId,
	/// How fast it was.
	pub speed: Speed,
	/// Rounds of the proof.
	pub rounds: u32,
	/// Bytes of memory that its passes read; 0 in a class without a memory phase.
	pub memory_bytes: u64,
	/// When the epoch began.
	pub issued_at: BlockNumber,
	/// When the work was committed.
	pub committed_at: BlockNumber,
	/// When its samples were opened last; `None` where nobody asked for them.
	pub opened_at: Option<BlockNumber>,
	/// When it was scored.
	pub scored_at: BlockNumber,
}

impl History {
	/// How manieth due epoch this one is.
	fn due(&self, epoch: EpochId) -> u32 {
		epoch
			.saturating_sub(self.since)
			.saturating_sub(self.excused)
	}

	/// Notes the score of an epoch that is later than any noted before.
	pub(crate) fn note_score(&mut self, epoch: EpochId, ppm: u32) {
		if self.scores.is_empty() {
			self.since = epoch;
			self.excused = 0;
		}
		let due = self.due(epoch);
		if self.scores.is_full() {
			self.scores.remove(0);
		}
		// There is room.
		let _: Result<(), EpochScore> = self.scores.try_push(EpochScore { epoch, due, ppm });
		self.last = epoch;
	}

	/// Notes an epoch that does not exist for the hardware. Where it had other work, what was audited
	/// before counts no more: the next score is audited.
	pub(crate) fn note_excuse(&mut self, epoch: EpochId, had_other_work: bool) {
		self.excused = self.excused.saturating_add(1);
		self.last = epoch;
		if had_other_work {
			self.audited = Speed::default();
		}
	}

	/// The median of the last [`EPOCHS_KEPT`] epochs in which the hardware was due, as of epoch `until`.
	/// Of two in the middle the lower. An epoch without a score counts as 0; one of them is forgiven:
	/// a reorganisation of blocks takes away a seed without anybody's fault.
	pub fn median_ppm(&self, until: EpochId) -> u32 {
		let last = self.due(until.max(self.last));
		let first = last.saturating_sub(EPOCHS_KEPT.saturating_sub(1));
		let mut scores: alloc::vec::Vec<u32> = self
			.scores
			.iter()
			.filter(|score| score.due >= first)
			.map(|score| score.ppm)
			.collect();
		let due = last.saturating_sub(first).saturating_add(1);
		let missed = due.saturating_sub(scores.len() as u32).saturating_sub(1);
		scores.extend(core::iter::repeat_n(0, missed as usize));
		scores.sort_unstable();
		let middle = scores.len().saturating_sub(1) >> 1;
		scores.get(middle).copied().unwrap_or(0)
	}

	/// Whether a speed must be seen by an audit before it counts: it is faster than any that was, by more
	/// than a twentieth.
	pub(crate) fn is_unproven(&self, speed: &Speed) -> bool {
		speed.exceeds(&self.audited)
	}
}

/// A place in a class's ranking.
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
pub struct Ranked {
	/// The hardware.
	pub hid: Hid,
	/// Its score: the median times availability, in parts per million.
	pub score_ppm: u32,
	/// The last epoch that it has a score of or was excused in.
	pub epoch: EpochId,
}

/// Why an entry ended without a score.
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
pub enum EntryFailure {
	/// No commitment in time, of the rounds or of the memory phase.
	NotCommitted,
	/// It had to be opened and was not.
	NotRevealed,
	/// What was opened was wrong.
	WrongReveal,
	/// Too few blocks carried randomness: nobody's fault.
	NoRandomness,
	/// It was ended so late that the chain no longer knows whether it had to be opened.
	Outlived,
}
