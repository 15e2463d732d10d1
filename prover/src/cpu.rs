//! A processor: all cores, with the vector instructions that they have.

use chacha20::{
	cipher::{KeyIvInit, StreamCipher, StreamCipherSeek},
	ChaCha8,
};
use rayon::prelude::*;
use usufruct_proof::{
	pass_vectors, subtree_chaining_value, tile_chaining_value, tree_root, ClassParams, Hash,
	RoundKeys, ROW_BYTES, ROW_SUMS_BYTES, TILE, TILE_BYTES,
};

use crate::{multiply_tile, sums::Multiplier, Device, Failure, Instructions, Panels};

/// Tiles that one thread multiplies and hashes at once: as many chunks as BLAKE3 does side by side.
const GROUP: usize = 16;
/// Rows whose sums one thread makes at once.
const ROWS: usize = 256;

/// A part of a key's ChaCha8 stream, from the byte `begin` on, a multiple of 64. The counter of this
/// library's variant has 32 bits, which is enough for 256 GiB.
pub fn keystream(key: &Hash, begin: u64, into: &mut [u8]) {
	let mut stream = ChaCha8::new(key.into(), &[0; 12].into());
	stream.seek(begin);
	into.fill(0);
	stream.apply_keystream(into);
}

/// All cores of this machine.
#[derive(Debug)]
pub struct Cpu {
	params: ClassParams,
	rows: Panels,
	columns: Panels,
	with: Instructions,
	/// What the memory phase keeps of the last rounds, one place each.
	kept: Vec<u8>,
}

impl Cpu {
	/// With room for the work of a class.
	pub fn new(params: &ClassParams) -> Self {
		let panels = |side: u32| Panels::new(side as usize, params.k as usize);
		Self {
			params: *params,
			rows: panels(params.m),
			columns: panels(params.n),
			with: Instructions::best(),
			kept: vec![0; params.kept_bytes() as usize],
		}
	}

	/// Makes the matrices those of a round.
	fn fill(&mut self, seed: &Hash) {
		let keys = RoundKeys::new(seed);
		for (panels, key) in [
			(&mut self.rows, keys.of_a()),
			(&mut self.columns, keys.of_b()),
		] {
			panels.fill(|index, into| keystream(key, index as u64 * into.len() as u64, into));
		}
	}

	/// Bytes that are kept of a round.
	fn place_bytes(&self) -> usize {
		self.params.tiles() as usize * TILE_BYTES / 2
	}
}

fn tile(of: (&Panels, &Panels), n: u32, with: Instructions, index: u32) -> [u8; TILE_BYTES] {
	let across = n as usize / TILE;
	let (row, column) = (index as usize / across, index as usize % across);
	multiply_tile(with, (of.0, row), (of.1, column))
}

/// Keeps of tiles the lower half of each element.
fn keep(tiles: &[u8], place: &mut [u8]) {
	let words = tiles.as_chunks::<4>().0;
	for (to, from) in place.as_chunks_mut::<2>().0.iter_mut().zip(words) {
		*to = [from[0], from[1]];
	}
}

impl Device for Cpu {
	fn name(&self) -> String {
		format!("{} threads, {:?}", rayon::current_num_threads(), self.with)
	}

	fn round(&mut self, seed: &Hash, round: u32) -> Result<Hash, Failure> {
		self.fill(seed);
		// Both are powers of two; above the groups there must be a root.
		let group = GROUP.min(self.params.tiles() as usize / 2).max(1);
		let groups = self.params.tiles() as usize / group;
		let bytes = self.place_bytes();
		let mut places: Vec<Option<&mut [u8]>> = match self.params.memory {
			Some(memory) => {
				let at = (round % memory.kept_rounds) as usize * bytes;
				let place = &mut self.kept[at..][..bytes];
				place.chunks_exact_mut(bytes / groups).map(Some).collect()
			}
			None => (0..groups).map(|_| None).collect(),
		};
		let (of, n, with) = ((&self.rows, &self.columns), self.params.n, self.with);
		let values = places
			.par_iter_mut()
			.enumerate()
			.map(|(index, place)| {
				let first = (index * group) as u32;
				let mut tiles = [0u8; GROUP * TILE_BYTES];
				let tiles = &mut tiles[..group * TILE_BYTES];
				for (index, to) in (first..).zip(tiles.chunks_exact_mut(TILE_BYTES)) {
					to.copy_from_slice(&tile(of, n, with, index));
				}
				if let Some(place) = place {
					keep(tiles, place);
				}
				subtree_chaining_value(seed, first, tiles)
			})
			.collect();
		// A class has four tiles at least.
		Ok(tree_root(seed, values).unwrap_or_default())
	}

	fn tile_values(&mut self, seed: &Hash) -> Result<Vec<Hash>, Failure> {
		self.fill(seed);
		let (of, n, with) = ((&self.rows, &self.columns), self.params.n, self.with);
		Ok((0..self.params.tiles())
			.into_par_iter()
			.map(|index| tile_chaining_value(seed, index, &tile(of, n, with, index)))
			.collect())
	}

	fn pass(&mut self, seed: &Hash, rounds: u32) -> Result<Hash, Failure> {
		let sums = self.sums(seed, rounds)?;
		Ok(blake3::keyed_hash(seed, &sums).into())
	}

	fn sums(&mut self, seed: &Hash, rounds: u32) -> Result<Vec<u8>, Failure> {
		let multiplier = Multiplier::new(pass_vectors(seed));
		let mut sums = vec![0; self.kept.len() / ROW_BYTES * ROW_SUMS_BYTES];
		// The oldest round comes first.
		let oldest = rounds % self.params.memory.map_or(1, |memory| memory.kept_rounds);
		let (newer, older) = self.kept.split_at(oldest as usize * self.place_bytes());
		let (first, second) = sums.split_at_mut(older.len() / ROW_BYTES * ROW_SUMS_BYTES);
		for (rows, sums) in [(older, first), (newer, second)] {
			rows.par_chunks(ROWS * ROW_BYTES)
				.zip(sums.par_chunks_mut(ROWS * ROW_SUMS_BYTES))
				.for_each(|(rows, sums)| {
					let rows = rows.as_chunks::<ROW_BYTES>().0;
					multiplier.multiply(rows, sums.as_chunks_mut().0);
				});
		}
		Ok(sums)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

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
}
