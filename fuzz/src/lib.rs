//! What do bytes from nowhere do to the decoders of proofs?
//!
//! Nothing: no panic, no allocation beyond what the types bound, and no acceptance. Each target is a
//! function of bytes. `cargo test` runs the corpus and a fixed number of mutations of it; `fuzz/guided`
//! runs the same functions under libFuzzer for as long as one likes.

use codec::{Decode, DecodeAll, Encode};
use usufruct_proof::{
	commit_digest, memory_digest, memory_positions, sample_positions, verify, ClassParams,
	Commitment, Hash, MemoryCommitment, Opening, Reveal, Seeds, MAX_MEMORY_SAMPLES, MAX_PASSES,
	MAX_ROUNDS, MAX_SAMPLES, MAX_SCORE_PPM, SUMS_BYTES,
};

/// A target: its name, which is its folder in the corpus, and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 4] = [
	("reveal", reveal),
	("opening", opening),
	("class", class),
	("verdict", verdict),
];

/// What was decoded is within its bounds, and is what its bytes say.
pub fn reveal(bytes: &[u8]) {
	if let Ok(reveal) = Reveal::decode_all(&mut &bytes[..]) {
		assert!(reveal.roots.len() <= MAX_ROUNDS as usize);
		assert!(reveal.openings.len() <= MAX_SAMPLES as usize);
		if let Some(memory) = &reveal.memory {
			assert!(memory.roots.len() <= MAX_PASSES as usize);
			assert!(memory.openings.len() <= MAX_MEMORY_SAMPLES as usize);
		}
		assert_eq!(reveal.encode(), bytes);
	}
}

/// The same of a single opening.
pub fn opening(bytes: &[u8]) {
	if let Ok(opening) = Opening::decode_all(&mut &bytes[..]) {
		assert_eq!(opening.encode(), bytes);
	}
}

/// Whatever parameters the DAO votes: those that are refused are only refused, those that are accepted
/// have positions within the matrices and scores within their bounds.
pub fn class(bytes: &[u8]) {
	type Case = (ClassParams, u32, u64, Hash);
	let Ok((params, rounds, slot, seed)) = Case::decode(&mut &bytes[..]) else {
		return;
	};
	let commitment = Commitment {
		first_root: seed,
		rounds,
		digest: seed,
		memory: params.memory.map(|_| MemoryCommitment {
			passes: rounds,
			digest: seed,
		}),
	};
	assert!(params.score_ppm(&params.speed(&commitment, slot)) <= MAX_SCORE_PPM);
	if params.validate().is_err() {
		return;
	}
	let rounds = rounds.clamp(params.min_rounds, params.max_rounds);
	for position in sample_positions(&params, rounds, &seed) {
		assert!(position.round < rounds);
		assert!(position.i < params.m && position.j < params.n);
		assert!(position.tile(&params) < params.tiles());
		assert!(position.offset() + 4 <= usufruct_proof::TILE_BYTES);
	}
	let passes = params.memory.map_or(0, |memory| memory.max_passes);
	for position in memory_positions(&params, passes, &seed) {
		assert!(position.pass < passes && position.row < params.kept_rows());
		let (round, _) = position.in_round(&params, rounds).unwrap_or((rounds, 0));
		assert!(round < rounds);
		let (leaf, at) = position.in_sums();
		assert!(leaf < params.sums_leaves() && at < SUMS_BYTES);
	}
}

/// A check of anything ends, and accepts nothing that was not committed.
pub fn verdict(bytes: &[u8]) {
	type Case = (ClassParams, (Hash, Option<Hash>, Hash), Commitment, Reveal);
	let Ok((params, (work, memory, samples), commitment, reveal)) = Case::decode(&mut &bytes[..])
	else {
		return;
	};
	// The DAO can vote no others.
	if params.validate().is_err() {
		return;
	}
	let seeds = Seeds {
		work,
		memory,
		samples,
	};
	if verify(&params, &seeds, &commitment, &reveal).is_ok() {
		assert_eq!(commit_digest(&reveal.roots), commitment.digest);
		assert_eq!(reveal.roots.len(), commitment.rounds as usize);
		assert_eq!(reveal.openings.len(), params.samples as usize);
		assert_eq!(reveal.memory.is_some(), params.memory.is_some());
		if let Some((reveal, committed)) = reveal.memory.zip(commitment.memory) {
			assert_eq!(memory_digest(&reveal.roots), committed.digest);
			assert_eq!(reveal.roots.len(), committed.passes as usize);
		}
	}
}
