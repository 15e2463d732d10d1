//! What a prover shows on chain. Bounded before anything is read.

use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{Hash, MAX_DEPTH, MAX_ROUNDS, MAX_SAMPLES, TILE_BYTES};

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

/// All roots and the openings of the sampled positions, in their order.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Reveal {
	/// The root of each round.
	pub roots: BoundedVec<Hash, ConstU32<MAX_ROUNDS>>,
	/// One opening per position.
	pub openings: BoundedVec<Opening, ConstU32<MAX_SAMPLES>>,
}
