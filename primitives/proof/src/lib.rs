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
mod matrix;
mod params;
mod reveal;
mod tile;
mod timeline;
mod verify;

pub use chain::{
	begins_epoch, commit_digest, is_drawn, mix, next_seed, sample_positions, sample_seed, seed,
	Occasion, Position, SeedContext,
};
pub use matrix::{element, fill_column, fill_row, RoundKeys};
pub use params::{ClassParams, ParamsError, MAX_DEPTH, MAX_K, MAX_ROUNDS, MAX_SAMPLES, MAX_SIDE};
pub use reveal::{Opening, Reveal};
pub use tile::{
	opening_root, parent, subtree_chaining_value, tile_chaining_value, tile_root, TILE, TILE_BYTES,
};
pub use timeline::{AuditTimeline, Timeline, RANDOMNESS_KEPT, SAMPLE_BLOCKS, SEED_BLOCKS};
pub use verify::{verify, VerifyError};

/// A 32-byte hash or seed.
pub type Hash = [u8; 32];
