//! The corpus, and mutations of it that are the same on every machine.
#![allow(clippy::unwrap_used, reason = "a failed assumption fails the test")]

use std::{
	fs,
	path::{Path, PathBuf},
};

use codec::Encode;
use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};
use usufruct_fuzz::TARGETS;
use usufruct_proof::{
	commit_digest, memory_digest, verify, ClassParams, Commitment, Hash, MemoryCommitment,
	MemoryParams, Reveal, Seeds,
};
use usufruct_prover::{open, pass_over, prove, Cpu, Passes};

/// Mutations of each case.
const MUTATIONS: u32 = 50_000;

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
const WITH_MEMORY: ClassParams = ClassParams {
	m: 64,
	n: 64,
	k: 64,
	min_rounds: 32,
	max_rounds: 33,
	memory: Some(MemoryParams {
		kept_rounds: 32,
		samples: 2,
		window: 5,
		max_passes: 2,
		reference_bytes: 1_000,
	}),
	..PARAMS
};
const SEED: Hash = [7; 32];
const MEMORY: Hash = [8; 32];
const SAMPLES: Hash = [9; 32];

fn folder(target: &str) -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR"))
		.join("corpus")
		.join(target)
}

fn cases(target: &str) -> Vec<Vec<u8>> {
	let mut paths: Vec<PathBuf> = fs::read_dir(folder(target))
		.unwrap()
		.map(|entry| entry.unwrap().path())
		.collect();
	paths.sort();
	paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// What is needed to check what an honest prover sends, and that.
fn proof(params: ClassParams) -> (Seeds, Commitment, Reveal) {
	let rounds = params.min_rounds.max(3);
	let device = &mut Cpu::new(&params);
	let roots = prove(device, &params, SEED, |round| round < rounds, |_, _| {}).unwrap();
	let passed = pass_over(device, &params, rounds, MEMORY, |_| true, |_, _| {}).unwrap();
	let passes = params.memory.map(|_| Passes {
		seed: MEMORY,
		roots: &passed,
	});
	let reveal = open(device, &params, SEED, &roots, passes, &SAMPLES);
	let reveal = reveal.unwrap().unwrap();
	let commitment = Commitment {
		first_root: roots[0],
		rounds,
		digest: commit_digest(&roots),
		memory: params.memory.map(|_| MemoryCommitment {
			passes: passed.len() as u32,
			digest: memory_digest(&passed),
		}),
	};
	let seeds = Seeds {
		work: SEED,
		memory: params.memory.map(|_| MEMORY),
		samples: SAMPLES,
	};
	assert_eq!(verify(&params, &seeds, &commitment, &reveal), Ok(()));
	(seeds, commitment, reveal)
}

/// The bytes of what an honest prover sends, by target and name.
fn honest() -> Vec<(&'static str, &'static str, Vec<u8>)> {
	let mut cases = Vec::new();
	for (name, params) in [("honest", PARAMS), ("honest-memory", WITH_MEMORY)] {
		let (seeds, commitment, reveal) = proof(params);
		let seeds = (seeds.work, seeds.memory, seeds.samples);
		cases.extend([
			("reveal", name, reveal.encode()),
			("opening", name, reveal.openings[0].encode()),
			("class", name, (params, 33u32, 3_000u64, SAMPLES).encode()),
			(
				"verdict",
				name,
				(params, seeds, commitment, reveal).encode(),
			),
		]);
	}
	cases
}

/// One change of the kinds that hit decoders: a bit, a byte, a cut, a repetition, a length, a join.
fn mutate(bytes: &mut Vec<u8>, random: &mut ChaCha8Rng) {
	let mut below = |limit: usize| random.next_u32() as usize % limit.max(1);
	let at = below(bytes.len());
	match below(6) {
		0 if !bytes.is_empty() => bytes[at] ^= 1 << below(8),
		1 if !bytes.is_empty() => bytes[at] = [0, 1, 0x7f, 0x80, 0xfe, 0xff][below(6)],
		2 => bytes.truncate(at),
		3 => {
			let end = (at + below(64)).min(bytes.len());
			let part = bytes[at..end].to_vec();
			bytes.splice(at..at, part);
		}
		4 => {
			// A compact length of four bytes that says more than there is.
			let end = (at + 4).min(bytes.len());
			bytes.splice(at..end, [0xfe, 0xff, 0xff, 0xff]);
		}
		_ => {
			let end = (at + below(200)).min(bytes.len());
			bytes.drain(at..end);
		}
	}
}

#[test]
fn the_corpus_has_what_an_honest_prover_sends() {
	for (target, name, bytes) in honest() {
		let path = folder(target).join(name);
		if std::env::var_os("UPDATE_CORPUS").is_some() {
			fs::create_dir_all(folder(target)).unwrap();
			fs::write(&path, &bytes).unwrap();
		}
		assert!(
			fs::read(&path).unwrap_or_default() == bytes,
			"{target}/{name} is stale: run this test with UPDATE_CORPUS=1"
		);
	}
}

#[test]
fn neither_the_corpus_nor_its_mutations_do_harm() {
	for (name, target) in TARGETS {
		for (index, case) in (0u64..).zip(cases(name)) {
			target(&case);
			let mut random = ChaCha8Rng::seed_from_u64(index);
			for _ in 0..MUTATIONS {
				let mut bytes = case.clone();
				for _ in 0..=random.next_u32() % 4 {
					mutate(&mut bytes, &mut random);
				}
				target(&bytes);
			}
		}
	}
}

#[test]
fn nothing_at_all_and_the_largest_numbers_do_no_harm() {
	for (_, target) in TARGETS {
		target(&[]);
		for length in [1, 31, 32, 63, 64, 200, 4_096, 100_000] {
			target(&vec![0xff; length]);
			target(&vec![0x00; length]);
		}
	}
}
