//! Checking a reveal: the whole chain of roots, and every sample.

use alloc::vec;

use crate::{
	commit_digest, element, fill_column, fill_row, next_seed, opening_root, sample_positions,
	ClassParams, Hash, Reveal, RoundKeys,
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
}

/// Checks that `reveal` opens the commitment at the positions of `sample_seed`.
///
/// Costs O(rounds) hashes and O(samples · k) multiplications; all sizes are bounded by the types.
///
/// # Errors
///
/// The first check that fails.
pub fn verify(
	params: &ClassParams,
	seed: &Hash,
	rounds: u32,
	digest: &Hash,
	first_root: &Hash,
	sample_seed: &Hash,
	reveal: &Reveal,
) -> Result<(), VerifyError> {
	if reveal.roots.len() != rounds as usize
		|| rounds < params.min_rounds
		|| rounds > params.max_rounds
	{
		return Err(VerifyError::Rounds);
	}
	if commit_digest(&reveal.roots) != *digest {
		return Err(VerifyError::Digest);
	}
	if reveal.roots.first() != Some(first_root) {
		return Err(VerifyError::FirstRoot);
	}
	if reveal.openings.len() != params.samples as usize {
		return Err(VerifyError::Samples);
	}
	let mut seeds = vec![*seed];
	let mut current = *seed;
	for (round, root) in (0u32..).zip(reveal.roots.iter()) {
		current = next_seed(&current, root, round);
		seeds.push(current);
	}
	let mut row = vec![0u8; params.k as usize];
	let mut column = vec![0u8; params.k as usize];
	let positions = sample_positions(params, rounds, sample_seed);
	for (position, opening) in positions.iter().zip(reveal.openings.iter()) {
		let round = position.round as usize;
		let (Some(round_seed), Some(root)) = (seeds.get(round), reveal.roots.get(round)) else {
			return Err(VerifyError::Rounds);
		};
		if opening.path.len() != params.depth() as usize {
			return Err(VerifyError::Path);
		}
		let found = opening_root(
			round_seed,
			position.tile(params),
			&opening.tile,
			&opening.path,
		);
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
