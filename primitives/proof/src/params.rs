//! What the DAO sets per resource class.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::TILE;

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
		Ok(())
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

	/// Operations per second that so many rounds prove, with slots of `slot_millis`. Two blocks of
	/// the window are not counted: seed and commitment take that long to travel. Rounds down.
	pub fn ops_per_second(&self, rounds: u32, slot_millis: u64) -> u64 {
		let millis = u64::from(self.window.saturating_sub(2)).saturating_mul(slot_millis);
		let ops = u128::from(self.ops_per_round())
			.saturating_mul(rounds.into())
			.saturating_mul(1_000);
		ops.checked_div(millis.into())
			.unwrap_or(0)
			.try_into()
			.unwrap_or(u64::MAX)
	}

	/// The score in parts per million of the reference, clamped at 1.05: a stronger machine that
	/// poses as this class gains nothing.
	pub fn score_ppm(&self, ops_per_second: u64) -> u32 {
		let ppm = u128::from(ops_per_second)
			.saturating_mul(1_000_000)
			.checked_div(self.reference_ops.into())
			.unwrap_or(0);
		ppm.min(1_050_000).try_into().unwrap_or(1_050_000)
	}
}
