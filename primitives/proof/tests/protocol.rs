//! The protocol against a reference prover that is written for clarity: what is accepted, what is
//! refused, and the frozen vectors.
#![allow(clippy::unwrap_used, reason = "a failed assumption fails the test")]

use proptest::prelude::*;
use usufruct_proof::*;

const PARAMS: ClassParams = ClassParams {
	m: 32,
	n: 64,
	k: 128,
	samples: 4,
	window: 10,
	first_root: 3,
	reveal: 5,
	min_rounds: 1,
	max_rounds: 8,
	reference_ops: 1_000_000,
	version: 1,
};

/// All tiles of one round, row by row.
fn multiply(params: &ClassParams, round_seed: &Hash) -> Vec<[u8; TILE_BYTES]> {
	let keys = RoundKeys::new(round_seed);
	let vectors = |count: u32, fill: &dyn Fn(u32, &mut [u8])| -> Vec<Vec<u8>> {
		(0..count)
			.map(|index| {
				let mut vector = vec![0; params.k as usize];
				fill(index, &mut vector);
				vector
			})
			.collect()
	};
	let rows = vectors(params.m, &|i, v| fill_row(&keys, i, v));
	let columns = vectors(params.n, &|j, v| fill_column(&keys, j, v));
	let mut tiles = vec![];
	for block_row in rows.chunks(TILE) {
		for block_column in columns.chunks(TILE) {
			let mut tile = [0u8; TILE_BYTES];
			for (i, row) in block_row.iter().enumerate() {
				for (j, column) in block_column.iter().enumerate() {
					let at = (i * TILE + j) * 4;
					tile[at..at + 4].copy_from_slice(&element(row, column).to_le_bytes());
				}
			}
			tiles.push(tile);
		}
	}
	tiles
}

struct Proof {
	seed: Hash,
	digest: Hash,
	reveal: Reveal,
}

fn prove(params: &ClassParams, seed: Hash, rounds: u32, sample_seed: &Hash) -> Proof {
	let (mut current, mut seeds, mut results, mut roots) = (seed, vec![], vec![], vec![]);
	for round in 0..rounds {
		let tiles = multiply(params, &current);
		// The root is BLAKE3's own keyed hash of all tiles in order.
		let root: Hash = blake3::keyed_hash(&current, &tiles.concat()).into();
		seeds.push(current);
		results.push(tiles);
		roots.push(root);
		current = next_seed(&current, &root, round);
	}
	let openings = sample_positions(params, rounds, sample_seed)
		.iter()
		.map(|position| {
			let round = position.round as usize;
			let mut level: Vec<Hash> = (0u32..)
				.zip(&results[round])
				.map(|(index, tile)| tile_chaining_value(&seeds[round], index, tile))
				.collect();
			let mut index = position.tile(params) as usize;
			let mut path = vec![];
			while level.len() > 1 {
				path.push(level[index ^ 1]);
				level = level
					.chunks(2)
					.map(|p| parent(&seeds[round], &p[0], &p[1]))
					.collect();
				index /= 2;
			}
			Opening {
				tile: results[round][position.tile(params) as usize],
				path: path.try_into().unwrap(),
			}
		})
		.collect::<Vec<_>>();
	Proof {
		seed,
		digest: commit_digest(&roots),
		reveal: Reveal {
			roots: roots.try_into().unwrap(),
			openings: openings.try_into().unwrap(),
		},
	}
}

fn check(proof: &Proof, sample_seed: &Hash) -> Result<(), VerifyError> {
	let rounds = proof.reveal.roots.len() as u32;
	let first = proof.reveal.roots.first().copied().unwrap_or_default();
	verify(
		&PARAMS,
		&proof.seed,
		rounds,
		&proof.digest,
		&first,
		sample_seed,
		&proof.reveal,
	)
}

const SAMPLES: Hash = [9; 32];

#[test]
fn an_honest_proof_is_accepted() {
	for rounds in [1, 2, 8] {
		assert_eq!(
			check(&prove(&PARAMS, [7; 32], rounds, &SAMPLES), &SAMPLES),
			Ok(())
		);
	}
}

#[test]
fn a_root_is_the_keyed_blake3_of_the_tiles_in_order() {
	let tiles = multiply(&PARAMS, &[3; 32]);
	let values = (0u32..)
		.zip(&tiles)
		.map(|(t, tile)| tile_chaining_value(&[3; 32], t, tile));
	let root = tile_root(&[3; 32], values.collect()).unwrap();
	assert_eq!(
		root,
		<Hash>::from(blake3::keyed_hash(&[3; 32], &tiles.concat()))
	);
}

#[test]
fn a_subtree_is_what_merging_its_tiles_gives() {
	let (key, tiles) = ([3; 32], multiply(&PARAMS, &[3; 32]));
	let values: Vec<Hash> = (0u32..)
		.zip(&tiles)
		.map(|(t, tile)| tile_chaining_value(&key, t, tile))
		.collect();
	for index in [0, 4] {
		let (at, end) = (index as usize, index as usize + 4);
		let merged = |a: usize| parent(&key, &values[a], &values[a + 1]);
		assert_eq!(
			subtree_chaining_value(&key, index, &tiles[at..end].concat()),
			parent(&key, &merged(at), &merged(at + 2))
		);
	}
}

#[test]
fn positions_of_other_randomness_are_not_opened() {
	let proof = prove(&PARAMS, [7; 32], 4, &SAMPLES);
	assert!(check(&proof, &[10; 32]).is_err());
}

#[test]
fn work_for_another_seed_is_refused() {
	let mut proof = prove(&PARAMS, [7; 32], 4, &SAMPLES);
	proof.seed = [8; 32];
	assert_eq!(check(&proof, &SAMPLES), Err(VerifyError::Root));
}

#[test]
fn more_or_fewer_rounds_than_the_class_allows_are_refused() {
	let proof = prove(&PARAMS, [7; 32], 4, &SAMPLES);
	let strict = ClassParams {
		min_rounds: 5,
		..PARAMS
	};
	let lax = ClassParams {
		max_rounds: 3,
		..PARAMS
	};
	for params in [strict, lax] {
		let first = proof.reveal.roots[0];
		let result = verify(
			&params,
			&proof.seed,
			4,
			&proof.digest,
			&first,
			&SAMPLES,
			&proof.reveal,
		);
		assert_eq!(result, Err(VerifyError::Rounds));
	}
}

#[test]
fn a_missing_opening_is_refused() {
	let mut proof = prove(&PARAMS, [7; 32], 4, &SAMPLES);
	proof.reveal.openings.pop();
	assert_eq!(check(&proof, &SAMPLES), Err(VerifyError::Samples));
}

#[test]
fn a_path_of_another_length_is_refused() {
	let mut proof = prove(&PARAMS, [7; 32], 4, &SAMPLES);
	proof.reveal.openings[0].path.pop();
	assert_eq!(check(&proof, &SAMPLES), Err(VerifyError::Path));
}

#[test]
fn another_first_root_than_the_one_sent_early_is_refused() {
	let proof = prove(&PARAMS, [7; 32], 2, &SAMPLES);
	let result = verify(
		&PARAMS,
		&proof.seed,
		2,
		&proof.digest,
		&[0; 32],
		&SAMPLES,
		&proof.reveal,
	);
	assert_eq!(result, Err(VerifyError::FirstRoot));
}

#[test]
fn an_element_that_was_not_computed_is_found_although_it_is_committed() {
	// A cheater that commits to zeros: every hash is right, no element is.
	let params = PARAMS;
	let seed = [7; 32];
	let tiles = vec![[0u8; TILE_BYTES]; params.tiles() as usize];
	let root: Hash = blake3::keyed_hash(&seed, &tiles.concat()).into();
	let mut proof = prove(&params, seed, 1, &SAMPLES);
	proof.digest = commit_digest(&[root]);
	proof.reveal.roots[0] = root;
	let level: Vec<Hash> = (0u32..)
		.zip(&tiles)
		.map(|(t, tile)| tile_chaining_value(&seed, t, tile))
		.collect();
	let positions = sample_positions(&params, 1, &SAMPLES);
	for (position, opening) in positions.iter().zip(proof.reveal.openings.iter_mut()) {
		let (mut level, mut index) = (level.clone(), position.tile(&params) as usize);
		opening.tile = [0; TILE_BYTES];
		for sibling in opening.path.iter_mut() {
			*sibling = level[index ^ 1];
			level = level
				.chunks(2)
				.map(|p| parent(&seed, &p[0], &p[1]))
				.collect();
			index /= 2;
		}
	}
	assert_eq!(check(&proof, &SAMPLES), Err(VerifyError::Element));
}

#[test]
fn parameters_out_of_bounds_are_refused() {
	let cases = [
		(ClassParams { m: 48, ..PARAMS }, ParamsError::Side),
		(
			ClassParams {
				n: 65_536,
				..PARAMS
			},
			ParamsError::Side,
		),
		(ClassParams { k: 100, ..PARAMS }, ParamsError::Inner),
		(
			ClassParams {
				k: 131_072,
				..PARAMS
			},
			ParamsError::Inner,
		),
		(
			ClassParams {
				samples: 0,
				..PARAMS
			},
			ParamsError::Samples,
		),
		(
			ClassParams {
				samples: 65,
				..PARAMS
			},
			ParamsError::Samples,
		),
		(
			ClassParams {
				first_root: 10,
				..PARAMS
			},
			ParamsError::Times,
		),
		(
			ClassParams {
				max_rounds: 513,
				..PARAMS
			},
			ParamsError::Rounds,
		),
		(
			ClassParams {
				reference_ops: 0,
				..PARAMS
			},
			ParamsError::Reference,
		),
	];
	assert_eq!(PARAMS.validate(), Ok(()));
	for (params, error) in cases {
		assert_eq!(params.validate(), Err(error));
	}
}

#[test]
fn a_score_is_clamped_and_rounds_down() {
	assert_eq!(PARAMS.score_ppm(500_000), 500_000);
	assert_eq!(PARAMS.score_ppm(2_000_000), 1_050_000);
	// 2·32·64·128 operations in 8 blocks of 3 s.
	assert_eq!(PARAMS.ops_per_second(1, 3_000), 524_288 * 1_000 / 24_000);
}

#[test]
fn a_seed_is_bound_to_everything_that_asks_for_it() {
	let context = SeedContext {
		genesis: [1; 32],
		occasion: Occasion::Challenge(2),
		node: 3,
		hid: 4,
		class: 5,
		params: PARAMS,
	};
	let other_params = ClassParams {
		version: 2,
		..PARAMS
	};
	let others = [
		SeedContext {
			genesis: [2; 32],
			..context
		},
		SeedContext {
			occasion: Occasion::Challenge(3),
			..context
		},
		SeedContext {
			occasion: Occasion::Epoch(2),
			..context
		},
		SeedContext { node: 4, ..context },
		SeedContext { hid: 5, ..context },
		SeedContext {
			class: 6,
			..context
		},
		SeedContext {
			params: other_params,
			..context
		},
	];
	let own = seed(&context, &[9; 32]);
	for other in others {
		assert_ne!(seed(&other, &[9; 32]), own, "{other:?}");
	}
	assert_ne!(seed(&context, &[8; 32]), own);
}

#[test]
fn positions_of_two_proofs_that_the_same_blocks_sample_differ() {
	let positions = |seed: u8| sample_positions(&PARAMS, 8, &sample_seed(&[seed; 32], &SAMPLES));
	assert_ne!(positions(1), positions(2));
}

#[test]
fn the_lottery_draws_as_many_as_are_wanted_and_all_where_they_are_few() {
	let drawn = |wanted, all| {
		(0..10_000u32)
			.filter(|index| {
				let mut seed = [0; 32];
				seed[..4].copy_from_slice(&index.to_le_bytes());
				is_drawn(&seed, &SAMPLES, wanted, all)
			})
			.count()
	};
	// 500 expected, with a standard deviation of 22: five of those are 110.
	assert!((390..=610).contains(&drawn(500, 10_000)));
	assert_eq!(drawn(10_000, 10_000), 10_000);
	assert_eq!(drawn(50, 20), 10_000);
	assert_eq!(drawn(0, 10_000), 0);
}

#[test]
fn the_formats_are_frozen() {
	let proof = prove(&PARAMS, [7; 32], 2, &SAMPLES);
	let context = SeedContext {
		genesis: [1; 32],
		occasion: Occasion::Challenge(2),
		node: 3,
		hid: 4,
		class: 5,
		params: PARAMS,
	};
	let mut row = [0u8; 64];
	fill_row(&RoundKeys::new(&[7; 32]), 1, &mut row);
	let vectors = [
		hex(&row[..32]),
		hex(&proof.reveal.roots[0]),
		hex(&next_seed(&[7; 32], &proof.reveal.roots[0], 0)),
		hex(&proof.digest),
		hex(&seed(&context, &mix(&[[5; 32], [6; 32]]))),
		hex(&sample_seed(&[7; 32], &SAMPLES)),
	];
	assert_eq!(vectors, VECTORS, "a format changed: {vectors:#?}");
}

fn hex(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Row 1 of A, the first root, the second seed, the commitment, a challenge's seed, the positions' seed.
const VECTORS: [&str; 6] = [
	"7f05b3f379cc9f38c170c1858cb3c2e9304dd9a6dd1aecc4627f8d3cbbbfd2a2",
	"85450bf9fe784dd07d2b44106bac9a8f00407631221eacd4601d331386af364b",
	"d79443efd58ece22336b7eeb41af75434d339704057c206e74fe589bf5dd6a6a",
	"0228175714e0ebefa9d6556d532db83f928e4518e3a81aac5276aaf5dc8fe51b",
	"3fb6833fb875468d0d38628c14c63f67b17f6b5615e7c0dc90c087cf2fa559cd",
	"4b51d7ef6a71201a6003e4fa2cdb405307ec18612470206620134e9fa5da7deb",
];

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	#[test]
	fn one_wrong_byte_anywhere_is_refused(at in 0usize..8_000, flip in 1u8..) {
		use codec::{Decode, Encode};
		let mut proof = prove(&PARAMS, [7; 32], 3, &SAMPLES);
		let mut bytes = proof.reveal.encode();
		let at = at % bytes.len();
		bytes[at] ^= flip;
		// Either it does not decode, or it is not accepted. Only the unsampled elements of a tile
		// are checked by their hash alone; the hash covers them all.
		if let Ok(reveal) = Reveal::decode(&mut bytes.as_slice()) {
			let first = prove(&PARAMS, [7; 32], 3, &SAMPLES).reveal.roots[0];
			proof.reveal = reveal;
			let result =
				verify(&PARAMS, &proof.seed, 3, &proof.digest, &first, &SAMPLES, &proof.reveal);
			prop_assert!(result.is_err());
		}
	}

	#[test]
	fn a_truncated_reveal_does_not_decode(cut in 1usize..4_000) {
		use codec::{Decode, Encode};
		let bytes = prove(&PARAMS, [7; 32], 3, &SAMPLES).reveal.encode();
		let end = bytes.len() - cut.min(bytes.len());
		prop_assert!(Reveal::decode(&mut &bytes[..end]).is_err());
	}
}
