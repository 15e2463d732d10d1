//! Committing to what was not computed.

use sp_io::hashing::blake2_256;
use usufruct_proof::{
	sample_positions, verify, ClassParams, Hash, RoundKeys, VerifyError, TILE, TILE_BYTES,
};

use super::Attack;
use crate::{mock::*, tests::prover::*};

/// 1,024 tiles in four rounds, audited like a real class.
const MANY: ClassParams = ClassParams {
	m: 256,
	n: 256,
	k: 64,
	samples: 32,
	..PARAMS
};
const ROUNDS: u32 = 4;
const SEED: Hash = [7; 32];

fn sampling(trial: u32) -> Hash {
	blake2_256(&trial.to_le_bytes())
}

/// Skips a part of the tiles and is audited again and again. Gives the part of audits that found it.
fn detection(per_cent: u32) -> f64 {
	const TRIALS: u32 = 4_000;
	// Not every hundredth: the part is spread without a pattern, and exact.
	let mut tiles: Vec<(Hash, u32, u32)> = (0..ROUNDS)
		.flat_map(|round| (0..MANY.tiles()).map(move |tile| (round, tile)))
		.map(|(round, tile)| {
			(
				blake2_256(&(round * 4_096 + tile).to_le_bytes()),
				round,
				tile,
			)
		})
		.collect();
	tiles.sort_unstable();
	tiles.truncate(tiles.len() * per_cent as usize / 100);
	let skipped = |round, tile| tiles.iter().any(|(_, r, t)| (*r, *t) == (round, tile));
	let work = Work::skipping(MANY, SEED, ROUNDS, skipped);
	let is_hit = |trial| {
		sample_positions(&MANY, ROUNDS, &sampling(trial))
			.iter()
			.any(|position| skipped(position.round, position.tile(&MANY)))
	};
	// The chain's own check finds what the positions hit, and nothing else.
	for trial in 0..12 {
		let sample_seed = sampling(trial);
		let verdict = verify(
			&MANY,
			&SEED,
			ROUNDS,
			&work.digest(),
			&work.roots[0],
			&sample_seed,
			&work.open(&sample_seed),
		);
		let expected = match is_hit(trial) {
			true => Err(VerifyError::Element),
			false => Ok(()),
		};
		assert_eq!(verdict, expected, "trial {trial} of {per_cent} %");
	}
	f64::from((0..TRIALS).filter(|trial| is_hit(*trial)).count() as u32) / f64::from(TRIALS)
}

pub(super) fn skipping_tiles() -> Attack {
	let mut seen = Vec::new();
	for per_cent in [1, 5, 10, 20] {
		let found = detection(per_cent);
		let tiles = f64::from(ROUNDS * MANY.tiles());
		let part = (tiles * f64::from(per_cent) / 100.0).floor() / tiles;
		let expected = 1.0 - (1.0 - part).powi(MANY.samples as i32);
		// Four standard deviations of a share of 4,000.
		let error = 4.0 * (expected * (1.0 - expected) / 4_000.0).sqrt();
		assert!(
			(found - expected).abs() <= error,
			"{per_cent} %: {found} is not {expected} ± {error}"
		);
		seen.push(format!(
			"{per_cent} %: {:.1} % found, {:.1} % expected",
			found * 100.0,
			expected * 100.0
		));
	}
	Attack {
		name: "Skip a part *f* of the tiles",
		gain: "*f* of the work",
		cost: "the score and a fault's part of the bond, each time it is found",
		why: "An audit of *k* samples finds it with 1 − (1 − *f*)^*k*, here *k* = 32; positions are younger than the commitment",
		seen: seen.join("; "),
	}
}

/// The sum of all elements of a tile, from sums of rows and columns alone: no product of matrices.
fn cheap_sum(params: &ClassParams, seed: &Hash, block_row: u32, block_column: u32) -> i64 {
	use usufruct_proof::{fill_column, fill_row};
	let keys = RoundKeys::new(seed);
	let sums = |first: u32, fill: fn(&RoundKeys, u32, &mut [u8])| {
		let mut sums = vec![0i64; params.k as usize];
		for index in first..first + TILE as u32 {
			let mut vector = vec![0u8; params.k as usize];
			fill(&keys, index, &mut vector);
			for (sum, value) in sums.iter_mut().zip(&vector) {
				*sum += i64::from(*value as i8);
			}
		}
		sums
	};
	let (rows, columns) = (
		sums(block_row * TILE as u32, fill_row),
		sums(block_column * TILE as u32, fill_column),
	);
	rows.iter().zip(columns).map(|(a, b)| a * b).sum()
}

fn sum(tile: &[u8; TILE_BYTES]) -> i64 {
	tile.chunks_exact(4)
		.map(|bytes| i64::from(i32::from_le_bytes(bytes.try_into().expect("four bytes"))))
		.sum()
}

pub(super) fn forging_a_linear_digest() -> Attack {
	let tiles = multiply(&PARAMS, &SEED);
	let across = PARAMS.n / TILE as u32;
	for (index, tile) in (0..).zip(&tiles) {
		let cheap = cheap_sum(&PARAMS, &SEED, index / across, index % across);
		assert_eq!(cheap, sum(tile), "the sum of tile {index} is nearly free");
	}
	// Another tile with the same sum.
	let honest = Work::new(PARAMS, SEED, 2);
	let sample_seed = sampling(0);
	let mut reveal = honest.open(&sample_seed);
	let tile = &mut reveal.openings[0].tile;
	let before = sum(tile);
	let moved = |bytes: &mut [u8], by: i32| {
		let value = i32::from_le_bytes((&*bytes).try_into().expect("four bytes"));
		bytes.copy_from_slice(&(value + by).to_le_bytes());
	};
	moved(&mut tile[0..4], 1);
	moved(&mut tile[4..8], -1);
	assert_eq!(sum(tile), before);
	let verdict = verify(
		&PARAMS,
		&SEED,
		2,
		&honest.digest(),
		&honest.roots[0],
		&sample_seed,
		&reveal,
	);
	assert_eq!(verdict, Err(VerifyError::Root));
	Attack {
		name: "Forge a tile whose linear digest is right",
		gain: "all of the work, if sums were committed",
		cost: "2·16·*k* additions a tile instead of 16·16·*k* multiplications",
		why: "Only keyed BLAKE3 hashes of tiles are committed; none follows from sums of rows and columns",
		seen: format!(
			"the sums of {} tiles computed without a product, all right; a tile with the same sum: `Root`",
			tiles.len()
		),
	}
}
