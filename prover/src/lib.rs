//! How does this machine prove what it can compute?
//!
//! By all cores, with the vector instructions that they have. A crate of its own, since it alone is
//! built with all optimisations in every profile.

use rayon::prelude::*;
use usufruct_proof::{
	fill_column, fill_row, next_seed, parent, sample_positions, tile_chaining_value, tile_root,
	ClassParams, Hash, Opening, Reveal, RoundKeys, TILE, TILE_BYTES,
};

/// One round's result: the chaining values of its tiles, and tiles that were asked for.
struct Round {
	values: Vec<Hash>,
	kept: Vec<(u32, [u8; TILE_BYTES])>,
}

/// Computes a round; keeps the tiles named in `keep`.
fn compute(params: &ClassParams, round_seed: &Hash, keep: &[u32]) -> Round {
	let keys = RoundKeys::new(round_seed);
	let k = params.k as usize;
	let vectors = |count: u32, fill: fn(&RoundKeys, u32, &mut [u8])| -> Vec<u8> {
		let mut bytes = vec![0u8; count as usize * k];
		bytes
			.par_chunks_mut(k)
			.enumerate()
			.for_each(|(index, vector)| {
				fill(&keys, index as u32, vector);
			});
		bytes
	};
	let (rows, columns) = (vectors(params.m, fill_row), vectors(params.n, fill_column));
	let across = params.n as usize / TILE;
	let results: Vec<(Hash, Option<(u32, [u8; TILE_BYTES])>)> = (0..params.tiles())
		.into_par_iter()
		.map(|index| {
			let (block_row, block_column) = (index as usize / across, index as usize % across);
			let row = &rows[block_row * TILE * k..(block_row + 1) * TILE * k];
			let column = &columns[block_column * TILE * k..(block_column + 1) * TILE * k];
			let tile = multiply_tile(row, column, k);
			let value = tile_chaining_value(round_seed, index, &tile);
			(value, keep.contains(&index).then_some((index, tile)))
		})
		.collect();
	let (values, kept): (Vec<_>, Vec<_>) = results.into_iter().unzip();
	Round {
		values,
		kept: kept.into_iter().flatten().collect(),
	}
}

/// Sixteen rows times sixteen columns, each of k bytes.
fn multiply_tile(rows: &[u8], columns: &[u8], k: usize) -> [u8; TILE_BYTES] {
	let mut tile = [0u8; TILE_BYTES];
	for (i, row) in rows.chunks_exact(k).enumerate() {
		for (j, four) in columns.chunks_exact(4 * k).enumerate() {
			let (a, rest) = four.split_at(k);
			let (b, rest) = rest.split_at(k);
			let (c, d) = rest.split_at(k);
			for (offset, sum) in dot4(row, [a, b, c, d]).into_iter().enumerate() {
				let at = (i * TILE + j * 4 + offset) * 4;
				tile[at..at + 4].copy_from_slice(&sum.to_le_bytes());
			}
		}
	}
	tile
}

/// Four sums of products of int8 with one row. Written so that the compiler vectorises it for
/// whatever the surrounding function may use.
#[inline(always)]
fn dot4_plain(row: &[u8], columns: [&[u8]; 4]) -> [i32; 4] {
	let mut sums = [0i32; 4];
	for (sum, column) in sums.iter_mut().zip(columns) {
		*sum = row
			.iter()
			.zip(column)
			.map(|(a, b)| i32::from(i16::from(*a as i8) * i16::from(*b as i8)))
			.sum();
	}
	sums
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn dot4_avx2(row: &[u8], columns: [&[u8]; 4]) -> [i32; 4] {
	dot4_plain(row, columns)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn dot4_avx512(row: &[u8], columns: [&[u8]; 4]) -> [i32; 4] {
	dot4_plain(row, columns)
}

#[cfg(target_arch = "x86_64")]
#[expect(
	unsafe_code,
	reason = "a function for certain processors is called after asking for them"
)]
fn dot4(row: &[u8], columns: [&[u8]; 4]) -> [i32; 4] {
	if is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vl") {
		// SAFETY: the processor has what the function was compiled for.
		unsafe { dot4_avx512(row, columns) }
	} else if is_x86_feature_detected!("avx2") {
		// SAFETY: as above.
		unsafe { dot4_avx2(row, columns) }
	} else {
		dot4_plain(row, columns)
	}
}

#[cfg(not(target_arch = "x86_64"))]
fn dot4(row: &[u8], columns: [&[u8]; 4]) -> [i32; 4] {
	dot4_plain(row, columns)
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
	for round in 0..params.max_rounds {
		if !go_on(round) {
			break;
		}
		let Some(root) = tile_root(&current, compute(params, &current, &[]).values) else {
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
	for round in rounds {
		let round_seed = seeds.get(round as usize)?;
		let here: Vec<_> = positions
			.iter()
			.enumerate()
			.filter(|(_, position)| position.round == round)
			.collect();
		let tiles: Vec<u32> = here
			.iter()
			.map(|(_, position)| position.tile(params))
			.collect();
		let computed = compute(params, round_seed, &tiles);
		for ((at, _), index) in here.iter().zip(&tiles) {
			let (_, tile) = computed.kept.iter().find(|(kept, _)| kept == index)?;
			let path = path_of(round_seed, &computed.values, *index)?;
			openings[*at] = Some(Opening {
				tile: *tile,
				path: path.try_into().ok()?,
			});
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
	fn proving_stops_when_told() {
		assert_eq!(
			prove(&PARAMS, [3; 32], |round| round < 2, |_, _| {}).len(),
			2
		);
	}

	#[test]
	fn every_kind_of_instructions_gives_the_same_sums() {
		let row: Vec<u8> = (0..192u32).map(|x| (x * 37) as u8).collect();
		let column: Vec<u8> = (0..192u32).map(|x| (x * 91 + 128) as u8).collect();
		let columns = [&column[..], &row[..], &column[..], &row[..]];
		let expected = columns.map(|column| usufruct_proof::element(&row, column));
		assert_eq!(dot4(&row, columns), expected);
		assert_eq!(dot4_plain(&row, columns), expected);
	}
}
