//! What the DAO sets per resource class.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::{Commitment, Speed, ROW_TILES, SUMS_ROWS, TILE};

/// Most rounds of one proof: the list of roots must fit into a reveal.
pub const MAX_ROUNDS: u32 = 512;
/// Most samples of one proof.
pub const MAX_SAMPLES: u32 = 64;
/// Longest side of a result.
pub const MAX_SIDE: u32 = 32_768;
/// Longest inner dimension: K·2¹⁴ must stay below 2³¹, so that no sum wraps and all hardware agrees.
pub const MAX_K: u32 = 131_008;
/// Deepest tree of tiles: log₂((32,768 / 16)²).
pub const MAX_DEPTH: u32 = 22;

/// Most passes of one proof: the list of their roots must fit into a reveal.
pub const MAX_PASSES: u32 = 512;
/// Most samples of one proof's passes.
pub const MAX_MEMORY_SAMPLES: u32 = 16;
/// Deepest tree of a pass's sums: [`MAX_ROUNDS`] results of the longest sides, 2²³ leaves.
pub const MAX_SUMS_DEPTH: u32 = 23;
/// Blocks of a window that are not counted: seed and commitment take that long to travel.
const TRAVEL: u32 = 2;
/// The highest score, in parts per million of the reference: a stronger machine that poses as this class
/// gains nothing.
pub const MAX_SCORE_PPM: u32 = 1_050_000;

/// What the memory phase of a class is, which follows the rounds. Times are blocks.
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
	Serialize,
	Deserialize,
)]
pub struct MemoryParams {
	/// Rounds whose results are kept, the last ones: 1 to the class's fewest rounds, so many that a pass
	/// has two leaves of sums at least, and only whole ones.
	pub kept_rounds: u32,
	/// Samples opened per proof, 1 to [`MAX_MEMORY_SAMPLES`].
	pub samples: u32,
	/// Blocks from the seed of the passes to their commitment, at least 3.
	pub window: u32,
	/// Most passes that count, 1 to [`MAX_PASSES`].
	pub max_passes: u32,
	/// Bytes per second of the class's reference.
	pub reference_bytes: u64,
}

/// The work of a class and how its proofs are timed. Times are blocks.
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
	Serialize,
	Deserialize,
)]
pub struct ClassParams {
	/// Rows of A: a power of two from 32 to [`MAX_SIDE`].
	pub m: u32,
	/// Columns of B: as `m`.
	pub n: u32,
	/// Columns of A = rows of B: a multiple of 64, at most [`MAX_K`].
	pub k: u32,
	/// Samples opened per proof, 1 to [`MAX_SAMPLES`].
	pub samples: u32,
	/// Blocks from the seed to the commitment, at least 3.
	pub window: u32,
	/// Blocks from the seed to the first root, below `window`.
	pub first_root: u32,
	/// Blocks from the sampling randomness to the reveal, at least 1.
	pub reveal: u32,
	/// Fewest rounds that count.
	pub min_rounds: u32,
	/// Most rounds that count, at most [`MAX_ROUNDS`].
	pub max_rounds: u32,
	/// Operations per second of the class's reference: a multiplication and an addition are two.
	pub reference_ops: u64,
	/// The memory phase; a class without one proves no memory.
	pub memory: Option<MemoryParams>,
	/// Grows with each change, so that no work can be used under other parameters.
	pub version: u32,
}

/// Which parameter is out of its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamsError {
	/// `m` or `n`.
	Side,
	/// `k`.
	Inner,
	/// `samples`.
	Samples,
	/// `window`, `first_root` or `reveal`.
	Times,
	/// `min_rounds` or `max_rounds`.
	Rounds,
	/// `reference_ops`.
	Reference,
	/// `memory`.
	Memory,
}

impl ClassParams {
	/// Checks all bounds.
	///
	/// # Errors
	///
	/// The first parameter that is out of its bounds.
	pub fn validate(&self) -> Result<(), ParamsError> {
		let side = |side: u32| side.is_power_of_two() && (32..=MAX_SIDE).contains(&side);
		if !side(self.m) || !side(self.n) {
			return Err(ParamsError::Side);
		}
		if self.k == 0 || !self.k.is_multiple_of(64) || self.k > MAX_K {
			return Err(ParamsError::Inner);
		}
		if self.samples == 0 || self.samples > MAX_SAMPLES {
			return Err(ParamsError::Samples);
		}
		if self.window < 3
			|| self.first_root == 0
			|| self.first_root >= self.window
			|| self.reveal == 0
		{
			return Err(ParamsError::Times);
		}
		if self.min_rounds == 0 || self.max_rounds < self.min_rounds || self.max_rounds > MAX_ROUNDS
		{
			return Err(ParamsError::Rounds);
		}
		if self.reference_ops == 0 {
			return Err(ParamsError::Reference);
		}
		match self.memory {
			Some(memory) if !self.has_sound(&memory) => Err(ParamsError::Memory),
			_ => Ok(()),
		}
	}

	fn has_sound(&self, memory: &MemoryParams) -> bool {
		let rows = self.kept_rows();
		// Above the tiles of a row there is a tree, and above the leaves of sums, too.
		(1..=self.min_rounds).contains(&memory.kept_rounds)
			&& self.tiles() > ROW_TILES
			&& rows.is_multiple_of(SUMS_ROWS)
			&& self.sums_leaves() > 1
			&& (1..=MAX_MEMORY_SAMPLES).contains(&memory.samples)
			&& memory.window > TRAVEL
			&& (1..=MAX_PASSES).contains(&memory.max_passes)
			&& memory.reference_bytes > 0
	}

	/// Tiles of one result.
	pub fn tiles(&self) -> u32 {
		let side = TILE as u32;
		let across = |length: u32| length.checked_div(side).unwrap_or(0);
		across(self.m).saturating_mul(across(self.n))
	}

	/// Levels of the tree above the tiles.
	pub fn depth(&self) -> u32 {
		self.tiles().checked_ilog2().unwrap_or(0)
	}

	/// Operations of one round: 2·m·n·k.
	pub fn ops_per_round(&self) -> u64 {
		2u64.saturating_mul(self.m.into())
			.saturating_mul(self.n.into())
			.saturating_mul(self.k.into())
	}

	/// Rows of what is kept for the memory phase; 0 without one.
	pub fn kept_rows(&self) -> u32 {
		let kept = self.memory.map_or(0, |memory| memory.kept_rounds);
		let rows = self.tiles().checked_div(ROW_TILES).unwrap_or(0);
		rows.saturating_mul(kept)
	}

	/// Leaves of sums of one pass; 0 without a memory phase.
	pub fn sums_leaves(&self) -> u32 {
		self.kept_rows().checked_div(SUMS_ROWS).unwrap_or(0)
	}

	/// Bytes that are kept for the memory phase, 2 of each element; 0 without one.
	pub fn kept_bytes(&self) -> u64 {
		u64::from(self.kept_rows()).saturating_mul(crate::ROW_BYTES as u64)
	}

	/// Whether a commitment has all that the class asks for.
	pub fn is_met_by(&self, commitment: &Commitment) -> bool {
		self.memory.is_some() == commitment.memory.is_some()
	}

	/// What a commitment proves, with slots of `slot_millis`. Two blocks of each window are not counted:
	/// seed and commitment take that long to travel. Rounds down.
	pub fn speed(&self, commitment: &Commitment, slot_millis: u64) -> Speed {
		let passes = commitment.memory.map_or(0, |memory| memory.passes);
		let window = self.memory.map_or(0, |memory| memory.window);
		Speed {
			ops_per_second: per_second(
				self.ops_per_round(),
				commitment.rounds,
				self.window,
				slot_millis,
			),
			bytes_per_second: per_second(self.kept_bytes(), passes, window, slot_millis),
		}
	}

	/// The score in parts per million of the reference, at most [`MAX_SCORE_PPM`]. Of arithmetic and memory
	/// the weaker one counts: what lacks one of them is not of the class.
	pub fn score_ppm(&self, speed: &Speed) -> u32 {
		let arithmetic = ppm(speed.ops_per_second, self.reference_ops);
		match self.memory {
			Some(memory) => arithmetic.min(ppm(speed.bytes_per_second, memory.reference_bytes)),
			None => arithmetic,
		}
	}
}

/// `times` of `each` in a window of so many blocks, per second.
fn per_second(each: u64, times: u32, window: u32, slot_millis: u64) -> u64 {
	let millis = u64::from(window.saturating_sub(TRAVEL)).saturating_mul(slot_millis);
	u128::from(each)
		.saturating_mul(times.into())
		.saturating_mul(1_000)
		.checked_div(millis.into())
		.unwrap_or(0)
		.try_into()
		.unwrap_or(u64::MAX)
}

fn ppm(part: u64, of: u64) -> u32 {
	let ppm = u128::from(part)
		.saturating_mul(1_000_000)
		.checked_div(of.into())
		.unwrap_or(0);
	ppm.try_into().unwrap_or(u32::MAX).min(MAX_SCORE_PPM)
}
