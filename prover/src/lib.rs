//! How does this machine prove what it can compute?
//!
//! By all cores, with the vector instructions that they have. A crate of its own, since it alone is
//! built with all optimisations in every profile.

mod multiply;

pub use multiply::{multiply_tile, Instructions, Panels};

use chacha20::{
	cipher::{KeyIvInit, StreamCipher, StreamCipherSeek},
	ChaCha8,
};
use rayon::prelude::*;
use usufruct_proof::{
	next_seed, parent, sample_positions, subtree_chaining_value, tile_chaining_value, tile_root,
	ClassParams, Hash, Opening, Reveal, RoundKeys, TILE, TILE_BYTES,
};

/// A part of a key's ChaCha8 stream, from the byte `begin` on, a multiple of 64. The counter of this
/// library's variant has 32 bits, which is enough for 256 GiB.
pub fn keystream(key: &Hash, begin: u64, into: &mut [u8]) {
	let mut stream = ChaCha8::new(key.into(), &[0; 12].into());
	stream.seek(begin);
	into.fill(0);
	stream.apply_keystream(into);
}

/// Tiles that one thread multiplies and hashes at once: as many chunks as BLAKE3 does side by side.
const GROUP: usize = 16;

/// Room for the matrices of one round, and what multiplies them.
struct Matrices<'a> {
	params: &'a ClassParams,
	rows: Panels,
	columns: Panels,
	with: Instructions,
}

impl<'a> Matrices<'a> {
	fn new(params: &'a ClassParams) -> Self {
		let panels = |side: u32| Panels::new(side as usize, params.k as usize);
		Self {
			params,
			rows: panels(params.m),
			columns: panels(params.n),
			with: Instructions::best(),
		}
	}

	/// Makes them those of a round.
	fn of_round(&mut self, seed: &Hash) {
		let keys = RoundKeys::new(seed);
		for (panels, key) in [
			(&mut self.rows, keys.of_a()),
			(&mut self.columns, keys.of_b()),
		] {
			panels.fill(|index, into| keystream(key, index as u64 * into.len() as u64, into));
		}
	}

	fn tile(&self, index: u32) -> [u8; TILE_BYTES] {
		let across = self.params.n as usize / TILE;
		let (row, column) = (index as usize / across, index as usize % across);
		multiply_tile(self.with, (&self.rows, row), (&self.columns, column))
	}

	fn root(&self, seed: &Hash) -> Option<Hash> {
		// Both are powers of two; above the groups there must be a root.
		let group = GROUP.min(self.params.tiles() as usize / 2).max(1);
		let values = (0..self.params.tiles())
			.into_par_iter()
			.step_by(group)
			.map(|first| {
				let mut tiles = [0u8; GROUP * TILE_BYTES];
				let tiles = &mut tiles[..group * TILE_BYTES];
				for (index, tile) in (first..).zip(tiles.chunks_exact_mut(TILE_BYTES)) {
					tile.copy_from_slice(&self.tile(index));
				}
				subtree_chaining_value(seed, first, tiles)
			})
			.collect();
		tile_root(seed, values)
	}

	/// The chaining values of all tiles.
	fn values(&self, seed: &Hash) -> Vec<Hash> {
		(0..self.params.tiles())
			.into_par_iter()
			.map(|index| tile_chaining_value(seed, index, &self.tile(index)))
			.collect()
	}
}

/// Computes rounds until `go_on` says no, at most the class's limit; tells each root to `done`.
/// A round is never left half done: whoever stops waits for the one that runs.
pub fn prove(
	params: &ClassParams,
	seed: Hash,
	mut go_on: impl FnMut(u32) -> bool,
	mut done: impl FnMut(u32, &Hash),
) -> Vec<Hash> {
	let (mut roots, mut current) = (Vec::new(), seed);
	let mut matrices = Matrices::new(params);
	for round in 0..params.max_rounds {
		if !go_on(round) {
			break;
		}
		matrices.of_round(&current);
		let Some(root) = matrices.root(&current) else {
			break;
		};
		done(round, &root);
		current = next_seed(&current, &root, round);
		roots.push(root);
	}
	roots
}

/// Opens the positions of `sample_seed`, computing the rounds again that they are in. `None` where
/// there are more roots than a reveal holds.
pub fn open(
	params: &ClassParams,
	seed: Hash,
	roots: &[Hash],
	sample_seed: &Hash,
) -> Option<Reveal> {
	let mut seeds = vec![seed];
	for (round, root) in (0u32..).zip(roots) {
		seeds.push(next_seed(seeds.last()?, root, round));
	}
	let positions = sample_positions(params, roots.len() as u32, sample_seed);
	let mut openings: Vec<Option<Opening>> = vec![None; positions.len()];
	let mut rounds: Vec<u32> = positions.iter().map(|position| position.round).collect();
	rounds.sort_unstable();
	rounds.dedup();
	let mut matrices = Matrices::new(params);
	for round in rounds {
		let round_seed = seeds.get(round as usize)?;
		matrices.of_round(round_seed);
		let values = matrices.values(round_seed);
		for (position, opening) in positions.iter().zip(&mut openings) {
			if position.round == round {
				let index = position.tile(params);
				*opening = Some(Opening {
					tile: matrices.tile(index),
					path: path_of(round_seed, &values, index)?.try_into().ok()?,
				});
			}
		}
	}
	Some(Reveal {
		roots: roots.to_vec().try_into().ok()?,
		openings: openings
			.into_iter()
			.collect::<Option<Vec<_>>>()?
			.try_into()
			.ok()?,
	})
}

/// The siblings above a tile, lowest first.
fn path_of(key: &Hash, values: &[Hash], index: u32) -> Option<Vec<Hash>> {
	let (mut level, mut at, mut path) = (values.to_vec(), index as usize, Vec::new());
	while level.len() > 1 {
		path.push(*level.get(at ^ 1)?);
		level = level
			.chunks_exact(2)
			.map(|pair| parent(key, &pair[0], &pair[1]))
			.collect();
		at >>= 1;
	}
	Some(path)
}

#[cfg(test)]
mod tests {
	use usufruct_proof::{commit_digest, verify};

	use super::*;

	const PARAMS: ClassParams = ClassParams {
		m: 64,
		n: 32,
		k: 192,
		samples: 8,
		window: 10,
		first_root: 3,
		reveal: 5,
		min_rounds: 1,
		max_rounds: 6,
		reference_ops: 1,
		version: 1,
	};

	#[test]
	fn what_is_proved_and_opened_is_accepted_by_the_chain() {
		let (seed, samples) = ([3; 32], [4; 32]);
		let roots = prove(&PARAMS, seed, |_| true, |_, _| {});
		assert_eq!(roots.len(), 6);
		let reveal = open(&PARAMS, seed, &roots, &samples).unwrap();
		let digest = commit_digest(&roots);
		assert_eq!(
			verify(&PARAMS, &seed, 6, &digest, &roots[0], &samples, &reveal),
			Ok(())
		);
	}

	#[test]
	fn the_keystream_is_the_rows_and_columns_of_the_protocol() {
		let (k, count) = (4_160usize, 40);
		let keys = RoundKeys::new(&[5; 32]);
		type Fill = fn(&RoundKeys, u32, &mut [u8]);
		for (key, fill) in [
			(keys.of_a(), usufruct_proof::fill_row as Fill),
			(keys.of_b(), usufruct_proof::fill_column),
		] {
			let mut matrix = vec![7; k * count];
			let (first, rest) = matrix.split_at_mut(k * 16);
			keystream(key, 0, first);
			keystream(key, first.len() as u64, rest);
			for (index, vector) in matrix.chunks_exact(k).enumerate() {
				let mut expected = vec![0; k];
				fill(&keys, index as u32, &mut expected[..]);
				assert_eq!(vector, expected, "vector {index}");
			}
		}
	}

	#[test]
	fn proving_stops_when_told() {
		assert_eq!(
			prove(&PARAMS, [3; 32], |round| round < 2, |_, _| {}).len(),
			2
		);
	}
}
