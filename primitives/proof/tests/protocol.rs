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
	memory: None,
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
	results: Vec<Vec<[u8; TILE_BYTES]>>,
}

impl Proof {
	fn commitment(&self) -> Commitment {
		Commitment {
			first_root: self.reveal.roots.first().copied().unwrap_or_default(),
			rounds: self.reveal.roots.len() as u32,
			digest: self.digest,
			memory: None,
		}
	}

	fn seeds(&self, sample_seed: &Hash) -> Seeds {
		Seeds {
			work: self.seed,
			memory: None,
			samples: *sample_seed,
		}
	}
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
			let leaves: Vec<Hash> = (0u32..)
				.zip(&results[round])
				.map(|(index, tile)| tile_chaining_value(&seeds[round], index, tile))
				.collect();
			let path = tree_path(&seeds[round], &leaves, position.tile(params)).unwrap();
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
			memory: None,
		},
		results,
	}
}

fn check(proof: &Proof, sample_seed: &Hash) -> Result<(), VerifyError> {
	verify(
		&PARAMS,
		&proof.seeds(sample_seed),
		&proof.commitment(),
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
	let root = tree_root(&[3; 32], values.collect()).unwrap();
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
		let result = verify(
			&params,
			&proof.seeds(&SAMPLES),
			&proof.commitment(),
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
	let commitment = Commitment {
		first_root: [0; 32],
		..proof.commitment()
	};
	let result = verify(&PARAMS, &proof.seeds(&SAMPLES), &commitment, &proof.reveal);
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
	let speed = |ops_per_second| Speed {
		ops_per_second,
		bytes_per_second: 0,
	};
	assert_eq!(PARAMS.score_ppm(&speed(500_000)), 500_000);
	assert_eq!(PARAMS.score_ppm(&speed(2_000_000)), MAX_SCORE_PPM);
	assert_eq!(PARAMS.score_ppm(&speed(u64::MAX)), MAX_SCORE_PPM);
	// 2·32·64·128 operations in 8 blocks of 3 s.
	let commitment = Commitment {
		first_root: [0; 32],
		rounds: 1,
		digest: [0; 32],
		memory: None,
	};
	assert_eq!(
		PARAMS.speed(&commitment, 3_000),
		speed(524_288 * 1_000 / 24_000)
	);
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

/// As [`PARAMS`], with a memory phase of three leaves of sums: an odd tree.
const MEMORY: ClassParams = ClassParams {
	m: 64,
	n: 64,
	min_rounds: 48,
	max_rounds: 50,
	memory: Some(MemoryParams {
		kept_rounds: 48,
		samples: 6,
		window: 5,
		max_passes: 4,
		reference_bytes: 1_000,
	}),
	..PARAMS
};
const MEMORY_SEED: Hash = [5; 32];

/// Rounds and passes of the protocol, and their reveal.
fn prove_memory(passes: u32) -> (Seeds, Commitment, Reveal) {
	let rounds = 50;
	let proof = prove(&MEMORY, [7; 32], rounds, &SAMPLES);
	let kept = &proof.results[2..].concat();
	let rows: Vec<RowTiles> = kept
		.chunks(ROW_TILES as usize)
		.map(|tiles| tiles.try_into().unwrap())
		.collect();
	assert_eq!(rows.len(), MEMORY.kept_rows() as usize);
	let (mut current, mut seeds, mut sums, mut roots) = (MEMORY_SEED, vec![], vec![], vec![]);
	for pass in 0..passes {
		let vectors = pass_vectors(&current);
		let made = rows.iter().map(|row| row_sums(&kept_row(row), &vectors));
		let made = made.collect::<Vec<_>>().concat();
		// The root is BLAKE3's own keyed hash of all sums in order.
		let root: Hash = blake3::keyed_hash(&current, &made).into();
		seeds.push(current);
		sums.push(made);
		roots.push(root);
		current = next_pass_seed(&current, &root, pass);
	}
	let leaves = |key: &Hash, bytes: &[u8]| -> Vec<Hash> {
		let chunks = bytes.as_chunks::<SUMS_BYTES>().0;
		let value = |(index, chunk)| tile_chaining_value(key, index, chunk);
		(0u32..).zip(chunks).map(value).collect()
	};
	let mut round_seeds = vec![proof.seed];
	for (round, root) in (0u32..).zip(proof.reveal.roots.iter()) {
		round_seeds.push(next_seed(&round_seeds[round as usize], root, round));
	}
	let openings: Vec<MemoryOpening> = memory_positions(&MEMORY, passes, &SAMPLES)
		.iter()
		.map(|position| {
			let (round, row) = position.in_round(&MEMORY, rounds).unwrap();
			let (key, tiles) = (&round_seeds[round as usize], &proof.results[round as usize]);
			let path = tree_path(key, &leaves(key, &tiles.concat()), row * ROW_TILES).unwrap();
			let (pass, (leaf, _)) = (position.pass as usize, position.in_sums());
			let of_sums = leaves(&seeds[pass], &sums[pass]);
			MemoryOpening {
				tiles: rows[position.row as usize],
				tiles_path: path[2..].to_vec().try_into().unwrap(),
				sums: sums[pass].as_chunks().0[leaf as usize],
				sums_path: tree_path(&seeds[pass], &of_sums, leaf)
					.unwrap()
					.try_into()
					.unwrap(),
			}
		})
		.collect();
	let commitment = Commitment {
		memory: Some(MemoryCommitment {
			passes,
			digest: memory_digest(&roots),
		}),
		..proof.commitment()
	};
	let seeds = Seeds {
		memory: Some(MEMORY_SEED),
		..proof.seeds(&SAMPLES)
	};
	let memory = Some(MemoryReveal {
		roots: roots.try_into().unwrap(),
		openings: openings.try_into().unwrap(),
	});
	(
		seeds,
		commitment,
		Reveal {
			memory,
			..proof.reveal
		},
	)
}

#[test]
fn an_honest_proof_of_memory_is_accepted() {
	for passes in [1, 4] {
		let (seeds, commitment, reveal) = prove_memory(passes);
		assert_eq!(verify(&MEMORY, &seeds, &commitment, &reveal), Ok(()));
	}
}

#[test]
fn a_proof_of_memory_that_was_changed_anywhere_is_refused() {
	let (seeds, commitment, reveal) = prove_memory(3);
	type Change = fn(&mut Seeds, &mut Commitment, &mut MemoryReveal);
	let digest_of = |reveal: &MemoryReveal| memory_digest(&reveal.roots);
	let changes: [(VerifyError, Change); 13] = [
		(VerifyError::Passes, |_, _, r| {
			r.roots.pop();
		}),
		(VerifyError::Passes, |_, c, _| {
			c.memory.as_mut().unwrap().passes = 5;
		}),
		(VerifyError::MemoryDigest, |_, _, r| r.roots[0][0] ^= 1),
		(VerifyError::MemorySamples, |_, _, r| {
			r.openings.pop();
		}),
		(VerifyError::MemoryRow, |_, _, r| {
			r.openings[0].tiles[0][0] ^= 1;
		}),
		(VerifyError::MemoryRow, |_, _, r| {
			r.openings[0].tiles_path[0][0] ^= 1;
		}),
		(VerifyError::MemoryRow, |_, _, r| {
			r.openings[0].tiles_path.pop();
		}),
		(VerifyError::SumsRoot, |_, _, r| r.openings[0].sums[0] ^= 1),
		(VerifyError::SumsRoot, |_, _, r| {
			r.openings[0].sums_path.pop();
		}),
		(VerifyError::SumsRoot, |_, _, r| {
			r.openings[0].sums_path.try_push([0; 32]).unwrap();
		}),
		(VerifyError::SumsRoot, |s, _, _| s.memory = Some([6; 32])),
		(VerifyError::Memory, |s, _, _| s.memory = None),
		(VerifyError::Memory, |_, c, _| c.memory = None),
	];
	for (index, (error, change)) in changes.into_iter().enumerate() {
		let (mut seeds, mut commitment, mut changed) = (seeds, commitment, reveal.clone());
		change(
			&mut seeds,
			&mut commitment,
			changed.memory.as_mut().unwrap(),
		);
		let found = verify(&MEMORY, &seeds, &commitment, &changed);
		assert_eq!(found, Err(error), "change {index}");
	}
	let without = Reveal {
		memory: None,
		..reveal.clone()
	};
	assert_eq!(
		verify(&MEMORY, &seeds, &commitment, &without),
		Err(VerifyError::Memory)
	);
	// Sums that were not computed, and are committed.
	let mut forged = reveal;
	let memory = forged.memory.as_mut().unwrap();
	let zeros = vec![0; MEMORY.sums_leaves() as usize * SUMS_BYTES];
	let mut current = MEMORY_SEED;
	for (pass, root) in (0u32..).zip(memory.roots.iter_mut()) {
		*root = blake3::keyed_hash(&current, &zeros).into();
		let values: Vec<Hash> = (0..MEMORY.sums_leaves())
			.map(|leaf| tile_chaining_value(&current, leaf, &[0; SUMS_BYTES]))
			.collect();
		for (position, opening) in memory_positions(&MEMORY, 3, &SAMPLES)
			.iter()
			.zip(memory.openings.iter_mut())
			.filter(|(position, _)| position.pass == pass)
		{
			let (leaf, _) = position.in_sums();
			opening.sums = [0; SUMS_BYTES];
			opening.sums_path = tree_path(&current, &values, leaf)
				.unwrap()
				.try_into()
				.unwrap();
		}
		current = next_pass_seed(&current, root, pass);
	}
	let commitment = Commitment {
		memory: Some(MemoryCommitment {
			passes: 3,
			digest: digest_of(memory),
		}),
		..commitment
	};
	assert_eq!(
		verify(&MEMORY, &seeds, &commitment, &forged),
		Err(VerifyError::Sums)
	);
}

#[test]
fn a_memory_phase_out_of_bounds_is_refused() {
	let memory = MEMORY.memory.unwrap();
	let others = [
		MemoryParams {
			kept_rounds: 49,
			..memory
		},
		MemoryParams {
			kept_rounds: 40,
			..memory
		},
		MemoryParams {
			kept_rounds: 16,
			..memory
		},
		MemoryParams {
			samples: 0,
			..memory
		},
		MemoryParams {
			samples: MAX_MEMORY_SAMPLES + 1,
			..memory
		},
		MemoryParams {
			window: 2,
			..memory
		},
		MemoryParams {
			max_passes: 0,
			..memory
		},
		MemoryParams {
			max_passes: MAX_PASSES + 1,
			..memory
		},
		MemoryParams {
			reference_bytes: 0,
			..memory
		},
	];
	assert_eq!(MEMORY.validate(), Ok(()));
	for memory in others {
		let params = ClassParams {
			memory: Some(memory),
			..MEMORY
		};
		assert_eq!(params.validate(), Err(ParamsError::Memory), "{memory:?}");
	}
}

#[test]
fn the_deepest_trees_fit_into_their_paths() {
	let largest = ClassParams {
		m: MAX_SIDE,
		n: MAX_SIDE,
		min_rounds: MAX_ROUNDS,
		max_rounds: MAX_ROUNDS,
		memory: Some(MemoryParams {
			kept_rounds: MAX_ROUNDS,
			..MEMORY.memory.unwrap()
		}),
		..PARAMS
	};
	assert_eq!(largest.validate(), Ok(()));
	assert_eq!(largest.depth(), MAX_DEPTH);
	assert_eq!(largest.sums_leaves(), 1 << MAX_SUMS_DEPTH);
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	#[test]
	fn a_tree_of_any_number_of_chunks_is_blake3s(count in 2usize..70, at in 0usize..70) {
		let key = [3; 32];
		let bytes: Vec<u8> = (0..count * TILE_BYTES).map(|x| ((x * 7) >> 3) as u8).collect();
		let leaves: Vec<Hash> = (0u32..)
			.zip(bytes.as_chunks::<TILE_BYTES>().0)
			.map(|(index, chunk)| tile_chaining_value(&key, index, chunk))
			.collect();
		let root = <Hash>::from(blake3::keyed_hash(&key, &bytes));
		prop_assert_eq!(tree_root(&key, leaves.clone()), Some(root));
		let index = (at % count) as u32;
		let path = tree_path(&key, &leaves, index).unwrap();
		let leads_to = |count, index, path: &[Hash]| {
			path_root(&key, count, index, leaves[at % leaves.len()], path)
		};
		prop_assert_eq!(leads_to(count as u32, index, &path), Some(root));
		prop_assert_eq!(leads_to(count as u32, index, &path[1..]), None);
		prop_assert_eq!(leads_to(count as u32, index, &[path.clone(), vec![key]].concat()), None);
		prop_assert_eq!(leads_to(count as u32, count as u32, &path), None);
	}
}

#[test]
fn what_is_kept_of_a_tile_is_the_lower_half_of_each_element() {
	let mut tiles: RowTiles = [[0; TILE_BYTES]; ROW_TILES as usize];
	for (index, word) in (0u32..).zip(tiles.as_flattened_mut().as_chunks_mut::<4>().0) {
		*word = index.wrapping_mul(0x0101_0001).to_le_bytes();
	}
	let kept = kept_row(&tiles);
	for (index, word) in (0u32..).zip(kept.as_chunks::<2>().0) {
		assert_eq!(*word, (index as u16).to_le_bytes());
	}
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
	let (_, commitment, reveal) = prove_memory(2);
	let memory = reveal.memory.unwrap();
	let mut row = [0u8; 64];
	fill_row(&RoundKeys::new(&[7; 32]), 1, &mut row);
	let vectors = [
		hex(&row[..32]),
		hex(&proof.reveal.roots[0]),
		hex(&next_seed(&[7; 32], &proof.reveal.roots[0], 0)),
		hex(&proof.digest),
		hex(&seed(&context, &mix(&[[5; 32], [6; 32]]))),
		hex(&sample_seed(&[7; 32], &SAMPLES)),
		hex(&memory_seed(&[7; 32], &proof.digest, &SAMPLES)),
		hex(&pass_vectors(&MEMORY_SEED)[1][..32]),
		hex(&memory.roots[0]),
		hex(&next_pass_seed(&MEMORY_SEED, &memory.roots[0], 0)),
		hex(&commitment.memory.unwrap().digest),
		format!("{:?}", &memory_positions(&MEMORY, 4, &SAMPLES)[..2]),
	];
	assert_eq!(vectors, VECTORS, "a format changed: {vectors:#?}");
}

fn hex(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Row 1 of A, the first root, the second seed, the commitment, a challenge's seed, the positions' seed;
/// the memory phase's seed, its second vector, the first root of a pass, the second seed of passes, their
/// commitment, and two positions.
const VECTORS: [&str; 12] = [
	"7f05b3f379cc9f38c170c1858cb3c2e9304dd9a6dd1aecc4627f8d3cbbbfd2a2",
	"85450bf9fe784dd07d2b44106bac9a8f00407631221eacd4601d331386af364b",
	"d79443efd58ece22336b7eeb41af75434d339704057c206e74fe589bf5dd6a6a",
	"0228175714e0ebefa9d6556d532db83f928e4518e3a81aac5276aaf5dc8fe51b",
	"e227da269c1fb0005f812f88bdcc26fbc6b4d40c9b606ca0afe6a89f85cd777e",
	"4b51d7ef6a71201a6003e4fa2cdb405307ec18612470206620134e9fa5da7deb",
	"d5a35cd446440719d2090c732cddc1a3f8f4b9ffc8ba1321fe634c5a625388e6",
	"cd3db6911a7d5bb7b6dc8f8cb41b151ea9a83ab51acad9acb73f33536bf47b0a",
	"2b06cdf35a423b2efbbe2ba374b8b98b7c648697d76fb0ae898849b6181336d8",
	"a7bde646a90d017eb0bf9c9ab87a6556b360fa94b90314eb40c8df98fe3056cb",
	"961ffe45796711bec0fd4b9dffe28d1506f6166d432df484d1b2dffc46cbf657",
	"[MemoryPosition { pass: 1, row: 78 }, MemoryPosition { pass: 3, row: 128 }]",
];

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	#[test]
	fn one_wrong_byte_anywhere_is_refused(at in 0usize..8_000, flip in 1u8..) {
		use codec::{Decode, Encode};
		let proof = prove(&PARAMS, [7; 32], 3, &SAMPLES);
		let mut bytes = proof.reveal.encode();
		let at = at % bytes.len();
		bytes[at] ^= flip;
		// Either it does not decode, or it is not accepted. Only the unsampled elements of a tile
		// are checked by their hash alone; the hash covers them all.
		if let Ok(reveal) = Reveal::decode(&mut bytes.as_slice()) {
			let result = verify(&PARAMS, &proof.seeds(&SAMPLES), &proof.commitment(), &reveal);
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
