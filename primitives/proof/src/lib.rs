//! How is compute proved: bytes, arithmetic and checks of the protocol?
//!
//! A prover multiplies chained pairs of pseudo-random int8 matrices for as many rounds as it can in
//! a window, commits to all results, and opens elements at positions that nobody could know before.
//! What makes each step necessary:
//!
//! * round *r+1* depends on the root of round *r*: rounds cannot be spread over machines;
//! * data cover the full range of int8 and come from ChaCha8: no shortcut by structure;
//! * only hashes are committed: a linear digest of a tile can be had without the multiplication;
//! * positions come from randomness that is younger than the commitment.
//!
//! A class may ask for a memory phase after that: the prover keeps the results of the last rounds and
//! multiplies all of them by fresh vectors, as often as it can in a second window.
//!
//! Everything is little-endian. The formats are frozen by the vectors in `tests/protocol.rs`.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
	not(test),
	deny(
		clippy::arithmetic_side_effects,
		clippy::indexing_slicing,
		clippy::expect_used
	)
)]

extern crate alloc;

mod chain;
mod commitment;
mod matrix;
mod memory;
mod params;
mod reveal;
mod tile;
mod timeline;
mod verify;

pub use chain::{
	begins_epoch, is_drawn, mix, next_seed, sample_positions, sample_seed, seed, Occasion,
	Position, SeedContext,
};
pub use commitment::{commit_digest, memory_digest, Commitment, MemoryCommitment, Speed};
pub use matrix::{element, fill_column, fill_row, RoundKeys};
pub use memory::{
	kept_row, memory_positions, memory_seed, next_pass_seed, pass_vectors, row_sums,
	MemoryPosition, RowTiles, ROW_BYTES, ROW_SUMS_BYTES, ROW_TILES, SUMS_BYTES, SUMS_ROWS, VECTORS,
};
pub use params::{
	ClassParams, MemoryParams, ParamsError, MAX_DEPTH, MAX_K, MAX_MEMORY_SAMPLES, MAX_PASSES,
	MAX_ROUNDS, MAX_SAMPLES, MAX_SCORE_PPM, MAX_SIDE, MAX_SUMS_DEPTH,
};
pub use reveal::{MemoryOpening, MemoryReveal, Opening, Reveal};
pub use tile::{
	above, parent, path_root, subtree_chaining_value, tile_chaining_value, tree_path, tree_root,
	TILE, TILE_BYTES,
};
pub use timeline::{AuditTimeline, Timeline, RANDOMNESS_KEPT, SAMPLE_BLOCKS, SEED_BLOCKS};
pub use verify::{verify, Seeds, VerifyError};

/// A 32-byte hash or seed.
pub type Hash = [u8; 32];
