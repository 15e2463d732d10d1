//! What a prover shows on chain. Bounded before anything is read.

use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{
	Hash, RowTiles, MAX_DEPTH, MAX_MEMORY_SAMPLES, MAX_PASSES, MAX_ROUNDS, MAX_SAMPLES,
	MAX_SUMS_DEPTH, SUMS_BYTES, TILE_BYTES,
};

/// A tile and its path to the root.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Opening {
	/// The tile's int32, row by row.
	pub tile: [u8; TILE_BYTES],
	/// The siblings above it, lowest first.
	pub path: BoundedVec<Hash, ConstU32<MAX_DEPTH>>,
}

/// A row of what was kept, as the tiles it was made of, and the sums that a pass made of it.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct MemoryOpening {
	/// The row's tiles, in their order. Wallets know no arrays of more than 2,048 elements.
	pub tiles: RowTiles,
	/// The siblings above them to the root of their round, lowest first.
	pub tiles_path: BoundedVec<Hash, ConstU32<MAX_DEPTH>>,
	/// The leaf of sums that the row's are in.
	pub sums: [u8; SUMS_BYTES],
	/// The siblings above it to the root of its pass, lowest first.
	pub sums_path: BoundedVec<Hash, ConstU32<MAX_SUMS_DEPTH>>,
}

/// All roots of the memory phase and the openings of its samples, in their order.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct MemoryReveal {
	/// The root of each pass.
	pub roots: BoundedVec<Hash, ConstU32<MAX_PASSES>>,
	/// One opening per sample.
	pub openings: BoundedVec<MemoryOpening, ConstU32<MAX_MEMORY_SAMPLES>>,
}

/// All roots and the openings of the sampled positions, in their order.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Reveal {
	/// The root of each round.
	pub roots: BoundedVec<Hash, ConstU32<MAX_ROUNDS>>,
	/// One opening per position.
	pub openings: BoundedVec<Opening, ConstU32<MAX_SAMPLES>>,
	/// The same of the memory phase, where the class has one.
	pub memory: Option<MemoryReveal>,
}

impl Reveal {
	/// How many roots and samples it has of the rounds and of the passes.
	pub fn sizes(&self) -> [u32; 4] {
		let memory = self.memory.as_ref();
		[
			self.roots.len(),
			self.openings.len(),
			memory.map_or(0, |memory| memory.roots.len()),
			memory.map_or(0, |memory| memory.openings.len()),
		]
		.map(|length| length as u32)
	}
}
