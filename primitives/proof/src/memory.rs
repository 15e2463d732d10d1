//! The memory phase: what is kept of the rounds, and the passes over it.
//!
//! Of each element of the last rounds the two lower bytes are kept: the upper ones hold few bits, and a buffer
//! that can be compressed would prove less memory than it says. Four tiles that follow each other make a
//! row of 2,048 bytes. A pass multiplies all rows by four vectors that nobody knew before the pass began, so
//! that it reads every byte, and its root gives the vectors of the next.
//!
//! A byte is a nonlinear function of what it came from: passes cannot be computed from the matrices.

use alloc::{vec, vec::Vec};

use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};
use sp_crypto_hashing::blake2_256;

use codec::Encode;

use crate::{
	element, memory_digest, path_root, subtree_chaining_value, tile_chaining_value, ClassParams,
	Hash, MemoryCommitment, MemoryReveal, VerifyError, TILE_BYTES,
};

/// Tiles of a row.
pub const ROW_TILES: u32 = 4;
/// The tiles of a row.
pub type RowTiles = [[u8; TILE_BYTES]; ROW_TILES as usize];
/// Bytes that are kept of a row.
pub const ROW_BYTES: usize = ROW_TILES as usize * TILE_BYTES / 2;
/// Vectors of a pass, each as long as a row.
pub const VECTORS: usize = 4;
/// Bytes of a row's sums: an int32 per vector.
pub const ROW_SUMS_BYTES: usize = VECTORS * 4;
/// Rows whose sums make a leaf.
pub const SUMS_ROWS: u32 = 64;
/// Bytes of a leaf of sums: one BLAKE3 chunk.
pub const SUMS_BYTES: usize = SUMS_ROWS as usize * ROW_SUMS_BYTES;

/// The seed of the first pass, from the seed of the work, what was committed of it, and randomness that is
/// younger than that.
pub fn memory_seed(seed: &Hash, digest: &Hash, randomness: &Hash) -> Hash {
	(b"poc1/memory", seed, digest, randomness).using_encoded(blake2_256)
}

/// The seed of the pass after `pass`: keyed BLAKE3 of its root.
pub fn next_pass_seed(pass_seed: &Hash, root: &Hash, pass: u32) -> Hash {
	let mut hasher = blake3::Hasher::new_keyed(pass_seed);
	hasher
		.update(b"poc1/pass")
		.update(root)
		.update(&pass.to_le_bytes());
	hasher.finalize().into()
}

/// What is kept of the tiles of a row: of each int32 the lower two bytes.
pub fn kept_row(tiles: &RowTiles) -> [u8; ROW_BYTES] {
	let mut row = [0; ROW_BYTES];
	for (to, from) in row
		.chunks_exact_mut(2)
		.zip(tiles.as_flattened().chunks_exact(4))
	{
		to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
	}
	row
}

/// The vectors of a pass, one after the other: int8 over the full range, the ChaCha8 stream of the key
/// `BLAKE3 derive_key("poc1/X", seed of the pass)` from its beginning.
pub fn pass_vectors(pass_seed: &Hash) -> [[u8; ROW_BYTES]; VECTORS] {
	let mut vectors = [[0; ROW_BYTES]; VECTORS];
	let mut stream = ChaCha8Rng::from_seed(blake3::derive_key("poc1/X", pass_seed));
	vectors
		.iter_mut()
		.for_each(|vector| stream.fill_bytes(vector));
	vectors
}

/// The sums that a pass makes of a row: its product with each vector, little-endian.
pub fn row_sums(
	row: &[u8; ROW_BYTES],
	vectors: &[[u8; ROW_BYTES]; VECTORS],
) -> [u8; ROW_SUMS_BYTES] {
	let mut sums = [0; ROW_SUMS_BYTES];
	for (sum, vector) in sums.chunks_exact_mut(4).zip(vectors) {
		sum.copy_from_slice(&element(row, vector).to_le_bytes());
	}
	sums
}

/// A row in one pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryPosition {
	/// The pass.
	pub pass: u32,
	/// The row, counted over all rounds that are kept.
	pub row: u32,
}

impl MemoryPosition {
	/// The round of the row, where so many were computed, and which of the rows of that round it is.
	pub fn in_round(&self, params: &ClassParams, rounds: u32) -> Option<(u32, u32)> {
		let kept = params.memory?.kept_rounds;
		let rows = params.tiles().checked_div(ROW_TILES)?;
		let first = rounds.checked_sub(kept)?;
		let round = first.checked_add(self.row.checked_div(rows)?)?;
		Some((round, self.row.checked_rem(rows)?))
	}

	/// The leaf that the row's sums are in, and where they begin there.
	pub fn in_sums(&self) -> (u32, usize) {
		let leaf = self.row.checked_div(SUMS_ROWS).unwrap_or(0);
		let at = self.row.checked_rem(SUMS_ROWS).unwrap_or(0) as usize;
		(leaf, at.saturating_mul(ROW_SUMS_BYTES))
	}
}

/// The rows to open: ChaCha8 of the key `BLAKE3 derive_key("poc1/memory-sample", seed of the positions)`;
/// pass and row by multiply-high.
pub fn memory_positions(
	params: &ClassParams,
	passes: u32,
	sample_seed: &Hash,
) -> Vec<MemoryPosition> {
	let samples = params.memory.map_or(0, |memory| memory.samples);
	let key = blake3::derive_key("poc1/memory-sample", sample_seed);
	let mut stream = ChaCha8Rng::from_seed(key);
	let mut below = |limit: u32| {
		let scaled = u64::from(stream.next_u32()).saturating_mul(limit.into());
		(scaled >> 32) as u32
	};
	(0..samples)
		.map(|_| MemoryPosition {
			pass: below(passes),
			row: below(params.kept_rows()),
		})
		.collect()
}

/// Checks that `reveal` opens the passes at the rows of `sample_seed`, over rounds that have these seeds and
/// roots, one each.
///
/// # Errors
///
/// The first check that fails.
pub(crate) fn verify_memory(
	params: &ClassParams,
	rounds: &[(Hash, Hash)],
	commitment: &MemoryCommitment,
	memory_seed: &Hash,
	sample_seed: &Hash,
	reveal: &MemoryReveal,
) -> Result<(), VerifyError> {
	let memory = params.memory.ok_or(VerifyError::Memory)?;
	let passes = commitment.passes;
	let is_bounded = (1..=memory.max_passes).contains(&passes);
	if !is_bounded || reveal.roots.len() != passes as usize {
		return Err(VerifyError::Passes);
	}
	if memory_digest(&reveal.roots) != commitment.digest {
		return Err(VerifyError::MemoryDigest);
	}
	if reveal.openings.len() != memory.samples as usize {
		return Err(VerifyError::MemorySamples);
	}
	let mut seeds = vec![*memory_seed];
	let mut current = *memory_seed;
	for (pass, root) in (0u32..).zip(reveal.roots.iter()) {
		current = next_pass_seed(&current, root, pass);
		seeds.push(current);
	}
	let positions = memory_positions(params, passes, sample_seed);
	for (position, opening) in positions.iter().zip(reveal.openings.iter()) {
		let (round, row) = position
			.in_round(params, rounds.len() as u32)
			.ok_or(VerifyError::Rounds)?;
		let (round_seed, round_root) = rounds.get(round as usize).ok_or(VerifyError::Rounds)?;
		let first = row.saturating_mul(ROW_TILES);
		let value = subtree_chaining_value(round_seed, first, opening.tiles.as_flattened());
		let count = params.tiles().checked_div(ROW_TILES).unwrap_or(0);
		let found = path_root(round_seed, count, row, value, &opening.tiles_path);
		if found.as_ref() != Some(round_root) {
			return Err(VerifyError::MemoryRow);
		}
		let pass = position.pass as usize;
		let (Some(pass_seed), Some(root)) = (seeds.get(pass), reveal.roots.get(pass)) else {
			return Err(VerifyError::Passes);
		};
		let (leaf, start) = position.in_sums();
		let value = tile_chaining_value(pass_seed, leaf, &opening.sums);
		let found = path_root(
			pass_seed,
			params.sums_leaves(),
			leaf,
			value,
			&opening.sums_path,
		);
		if found.as_ref() != Some(root) {
			return Err(VerifyError::SumsRoot);
		}
		let sums = row_sums(&kept_row(&opening.tiles), &pass_vectors(pass_seed));
		let claimed = opening
			.sums
			.get(start..start.saturating_add(ROW_SUMS_BYTES));
		if claimed != Some(sums.as_slice()) {
			return Err(VerifyError::Sums);
		}
	}
	Ok(())
}
