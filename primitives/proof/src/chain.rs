//! Seeds and positions: how one follows from the other.

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};
use scale_info::TypeInfo;
use sp_crypto_hashing::blake2_256;

use crate::{ClassParams, Hash};

/// What asks for a proof.
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
pub enum Occasion {
	/// A challenge that somebody addressed to this hardware alone.
	#[codec(index = 0)]
	Challenge(u64),
	/// An epoch, in which all hardware proves at once.
	#[codec(index = 1)]
	Epoch(u32),
}

/// What a seed is bound to: none of it can be used anywhere else.
#[derive(Clone, Copy, Debug, Encode)]
pub struct SeedContext {
	/// The chain.
	pub genesis: Hash,
	/// What asks for the proof.
	pub occasion: Occasion,
	/// The machine.
	pub node: u32,
	/// The hardware in it.
	pub hid: u64,
	/// Its class.
	pub class: u16,
	/// All dimensions and the version.
	pub params: ClassParams,
}

/// One value from the VRF outputs of several blocks, in their order: whoever authored some of them
/// can only re-roll, by giving up a block.
pub fn mix(randomness: &[Hash]) -> Hash {
	(b"poc1/mix", randomness).using_encoded(blake2_256)
}

/// The seed of round 0.
pub fn seed(context: &SeedContext, randomness: &Hash) -> Hash {
	(b"poc1/seed", context, randomness).using_encoded(blake2_256)
}

/// The seed of the positions to open, from the seed of the work and randomness that is younger than its
/// commitment. Bound to the work: two proofs that are sampled by the same blocks open other positions.
pub fn sample_seed(seed: &Hash, randomness: &Hash) -> Hash {
	(b"poc1/sample", seed, randomness).using_encoded(blake2_256)
}

/// Whether the audit lottery draws this work: of `all` proofs `wanted` on average. Each is drawn by
/// itself, so that nobody has to look at the others: BLAKE2b-256 of the seed and of randomness that is
/// younger than the commitment, its first eight bytes scaled to `all` by multiply-high.
pub fn is_drawn(seed: &Hash, randomness: &Hash, wanted: u32, all: u32) -> bool {
	let hash = (b"poc1/lottery", seed, randomness).using_encoded(blake2_256);
	scaled(&hash, all) < u128::from(wanted)
}

/// Whether a block begins an epoch, by its parent's VRF output: with probability 1/`pause`; never where
/// `pause` is 0. BLAKE2b-256 of the output, its first eight bytes scaled to `pause` by multiply-high.
pub fn begins_epoch(randomness: &Hash, pause: u32) -> bool {
	let hash = (b"poc1/epoch", randomness).using_encoded(blake2_256);
	pause > 0 && scaled(&hash, pause) == 0
}

/// The first eight bytes of a hash, little-endian, scaled to 0 .. `to` by multiply-high.
fn scaled(hash: &Hash, to: u32) -> u128 {
	let mut first = [0u8; 8];
	first
		.iter_mut()
		.zip(hash)
		.for_each(|(to, from)| *to = *from);
	u128::from(u64::from_le_bytes(first)).saturating_mul(to.into()) >> 64
}

/// The seed of the round after `round`: keyed BLAKE3 of its root.
pub fn next_seed(round_seed: &Hash, root: &Hash, round: u32) -> Hash {
	let mut hasher = blake3::Hasher::new_keyed(round_seed);
	hasher
		.update(b"poc1/next")
		.update(root)
		.update(&round.to_le_bytes());
	hasher.finalize().into()
}

/// One element of one round's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
	/// The round.
	pub round: u32,
	/// The row.
	pub i: u32,
	/// The column.
	pub j: u32,
}

impl Position {
	/// The tile that it is in.
	pub fn tile(&self, params: &ClassParams) -> u32 {
		let across = params.n >> 4;
		(self.i >> 4)
			.saturating_mul(across)
			.saturating_add(self.j >> 4)
	}

	/// Where its int32 begins in the tile's bytes.
	pub fn offset(&self) -> usize {
		let (row, column) = ((self.i & 15) as usize, (self.j & 15) as usize);
		row.saturating_mul(16)
			.saturating_add(column)
			.saturating_mul(4)
	}
}

/// The positions to open: ChaCha8 of the sampling seed; the round by multiply-high, row and column
/// by mask.
pub fn sample_positions(params: &ClassParams, rounds: u32, sample_seed: &Hash) -> Vec<Position> {
	let mut stream = ChaCha8Rng::from_seed(*sample_seed);
	(0..params.samples)
		.map(|_| {
			let scaled = u64::from(stream.next_u32()).saturating_mul(rounds.into());
			Position {
				round: (scaled >> 32) as u32,
				i: stream.next_u32() & params.m.saturating_sub(1),
				j: stream.next_u32() & params.n.saturating_sub(1),
			}
		})
		.collect()
}
