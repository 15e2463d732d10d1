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
use usufruct_proof::{commit_digest, verify, ClassParams, Hash};

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
	version: 1,
};
const SEED: Hash = [7; 32];
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

/// The bytes of what an honest prover sends, by target.
fn honest() -> [(&'static str, Vec<u8>); 4] {
	let roots = usufruct_prover::prove(&PARAMS, SEED, |round| round < 3, |_, _| {});
	let reveal = usufruct_prover::open(&PARAMS, SEED, &roots, &SAMPLES).unwrap();
	let digest = commit_digest(&roots);
	assert_eq!(
		verify(&PARAMS, &SEED, 3, &digest, &roots[0], &SAMPLES, &reveal),
		Ok(())
	);
	[
		("reveal", reveal.encode()),
		("opening", reveal.openings[0].encode()),
		("class", (PARAMS, 3u32, 3_000u64, SAMPLES).encode()),
		(
			"verdict",
			(PARAMS, SEED, 3u32, digest, roots[0], SAMPLES, reveal).encode(),
		),
	]
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
	for (target, bytes) in honest() {
		let path = folder(target).join("honest");
		if std::env::var_os("UPDATE_CORPUS").is_some() {
			fs::create_dir_all(folder(target)).unwrap();
			fs::write(&path, &bytes).unwrap();
		}
		assert!(
			fs::read(&path).unwrap_or_default() == bytes,
			"{target} is stale: run this test with UPDATE_CORPUS=1"
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
