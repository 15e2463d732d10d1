//! When the steps of a proof are due. Times are block numbers; a deadline's block is in time.

use crate::ClassParams;

/// Blocks whose VRF outputs make a seed, from the one after the proof was asked for, or after the
/// commitment's deadline for the memory phase.
pub const SEED_BLOCKS: u32 = 2;
/// Blocks whose VRF outputs make positions, from the one after the last commitment's deadline.
pub const SAMPLE_BLOCKS: u32 = 4;
/// Blocks whose VRF outputs the chain keeps: no proof may last longer.
pub const RANDOMNESS_KEPT: u32 = 1_024;

/// The steps of one proof. All saturate: a chain that has used up its block numbers has no deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeline {
	/// The block in which the proof was asked for, or its epoch began.
	pub issued_at: u32,
	/// Its class's parameters.
	pub params: ClassParams,
}

impl Timeline {
	/// The first of the blocks whose VRF outputs make the seed.
	pub fn seeded_from(&self) -> u32 {
		self.issued_at.saturating_add(1)
	}

	/// The first block in which the seed is known.
	pub fn opens_at(&self) -> u32 {
		self.seeded_from().saturating_add(SEED_BLOCKS)
	}

	/// The last block for the root of round 0.
	pub fn first_root_until(&self) -> u32 {
		self.opens_at().saturating_add(self.params.first_root)
	}

	/// The last block for the commitment.
	pub fn commit_until(&self) -> u32 {
		self.opens_at().saturating_add(self.params.window)
	}

	/// The first of the blocks whose VRF outputs make the seed of the memory phase.
	pub fn memory_seeded_from(&self) -> u32 {
		self.commit_until().saturating_add(1)
	}

	/// The first block in which the seed of the memory phase is known.
	pub fn memory_opens_at(&self) -> u32 {
		self.memory_seeded_from().saturating_add(SEED_BLOCKS)
	}

	/// The last block for the commitment of the memory phase; that of the rounds in a class without one.
	pub fn memory_until(&self) -> u32 {
		match self.params.memory {
			Some(memory) => self.memory_opens_at().saturating_add(memory.window),
			None => self.commit_until(),
		}
	}

	/// The first of the blocks whose VRF outputs make the positions, and the lottery of audits.
	pub fn sampled_from(&self) -> u32 {
		self.memory_until().saturating_add(1)
	}

	/// The first block in which the positions are known.
	pub fn sampled_at(&self) -> u32 {
		self.sampled_from().saturating_add(SAMPLE_BLOCKS)
	}

	/// The last block for the reveal.
	pub fn reveal_until(&self) -> u32 {
		self.sampled_at().saturating_add(self.params.reveal)
	}

	/// Blocks from the beginning to the end.
	pub fn span(&self) -> u32 {
		self.reveal_until().saturating_sub(self.issued_at)
	}
}

/// The steps of an audit that somebody forced: positions of its own, from blocks that are younger than
/// the demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditTimeline {
	/// The block in which it was demanded.
	pub forced_at: u32,
	/// The blocks that its reveal may take.
	pub reveal: u32,
}

impl AuditTimeline {
	/// The first of the blocks whose VRF outputs make the positions.
	pub fn sampled_from(&self) -> u32 {
		self.forced_at.saturating_add(1)
	}

	/// The first block in which the positions are known.
	pub fn sampled_at(&self) -> u32 {
		self.sampled_from().saturating_add(SAMPLE_BLOCKS)
	}

	/// The last block for the reveal.
	pub fn reveal_until(&self) -> u32 {
		self.sampled_at().saturating_add(self.reveal)
	}
}
