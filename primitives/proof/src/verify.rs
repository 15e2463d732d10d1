//! Checking a reveal: the whole chain of roots, and every sample.

use alloc::{vec, vec::Vec};

use crate::{
	commit_digest, element, fill_column, fill_row, memory::verify_memory, next_seed, path_root,
	sample_positions, tile_chaining_value, ClassParams, Commitment, Hash, Reveal, RoundKeys,
};

/// Why a reveal is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyError {
	/// The number of roots is not the committed one, or out of the class's bounds.
	Rounds,
	/// The roots are not the committed ones.
	Digest,
	/// The number of openings is not the class's.
	Samples,
	/// The root of round 0 is not the one that was sent first.
	FirstRoot,
	/// A path is longer or shorter than the tree is deep.
	Path,
	/// A tile does not belong to its root.
	Root,
	/// An element is not the product of its row and column.
	Element,
	/// There is a memory phase where the class has none, or none where it has one.
	Memory,
	/// The number of passes is not the committed one, or out of the class's bounds.
	Passes,
	/// The roots of the passes are not the committed ones.
	MemoryDigest,
	/// The number of openings of the memory phase is not the class's.
	MemorySamples,
	/// The tiles of a row do not belong to the root of their round.
	MemoryRow,
	/// A leaf of sums does not belong to the root of its pass.
	SumsRoot,
	/// A row's sums are not its products with the vectors of the pass.
	Sums,
}

/// What a proof began with, and what chose its samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
	/// The seed of round 0.
	pub work: Hash,
	/// The seed of the first pass, where the class has a memory phase.
	pub memory: Option<Hash>,
	/// The seed of the positions.
	pub samples: Hash,
}

/// Checks that `reveal` opens the commitment at the positions of the seeds.
///
/// Costs O(rounds + passes) hashes and O(samples · k) multiplications; all sizes are bounded by the types.
///
/// # Errors
///
/// The first check that fails.
pub fn verify(
	params: &ClassParams,
	seeds: &Seeds,
	commitment: &Commitment,
	reveal: &Reveal,
) -> Result<(), VerifyError> {
	if reveal.roots.len() != commitment.rounds as usize
		|| !(params.min_rounds..=params.max_rounds).contains(&commitment.rounds)
	{
		return Err(VerifyError::Rounds);
	}
	if commit_digest(&reveal.roots) != commitment.digest {
		return Err(VerifyError::Digest);
	}
	if reveal.roots.first() != Some(&commitment.first_root) {
		return Err(VerifyError::FirstRoot);
	}
	if reveal.openings.len() != params.samples as usize {
		return Err(VerifyError::Samples);
	}
	let mut rounds = Vec::with_capacity(reveal.roots.len());
	let mut current = seeds.work;
	for (round, root) in (0u32..).zip(reveal.roots.iter()) {
		rounds.push((current, *root));
		current = next_seed(&current, root, round);
	}
	verify_rounds(params, &rounds, &seeds.samples, reveal)?;
	match (
		params.memory,
		commitment.memory,
		seeds.memory,
		&reveal.memory,
	) {
		(None, None, _, None) => Ok(()),
		(Some(_), Some(commitment), Some(seed), Some(memory)) => {
			verify_memory(params, &rounds, &commitment, &seed, &seeds.samples, memory)
		}
		_ => Err(VerifyError::Memory),
	}
}

/// Checks the samples of rounds that have these seeds and roots, one each.
fn verify_rounds(
	params: &ClassParams,
	rounds: &[(Hash, Hash)],
	sample_seed: &Hash,
	reveal: &Reveal,
) -> Result<(), VerifyError> {
	let mut row = vec![0u8; params.k as usize];
	let mut column = vec![0u8; params.k as usize];
	let positions = sample_positions(params, rounds.len() as u32, sample_seed);
	for (position, opening) in positions.iter().zip(reveal.openings.iter()) {
		let (round_seed, root) = rounds
			.get(position.round as usize)
			.ok_or(VerifyError::Rounds)?;
		if opening.path.len() != params.depth() as usize {
			return Err(VerifyError::Path);
		}
		let tile = position.tile(params);
		let value = tile_chaining_value(round_seed, tile, &opening.tile);
		let found = path_root(round_seed, params.tiles(), tile, value, &opening.path);
		if found.as_ref() != Some(root) {
			return Err(VerifyError::Root);
		}
		let keys = RoundKeys::new(round_seed);
		fill_row(&keys, position.i, &mut row);
		fill_column(&keys, position.j, &mut column);
		let start = position.offset();
		let claimed = opening.tile.get(start..start.saturating_add(4));
		if claimed != Some(element(&row, &column).to_le_bytes().as_slice()) {
			return Err(VerifyError::Element);
		}
	}
	Ok(())
}
