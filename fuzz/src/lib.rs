//! What do bytes from nowhere do to the decoders of proofs?
//!
//! Nothing: no panic, no allocation beyond what the types bound, and no acceptance. Each target is a
//! function of bytes. `cargo test` runs the corpus and a fixed number of mutations of it; `fuzz/guided`
//! runs the same functions under libFuzzer for as long as one likes.

use codec::{Decode, DecodeAll, Encode};
use usufruct_proof::{
	commit_digest, sample_positions, verify, ClassParams, Hash, Opening, Reveal, MAX_ROUNDS,
	MAX_SAMPLES,
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
	let Ok((params, rounds, slot, seed)) = <(ClassParams, u32, u64, Hash)>::decode(&mut &bytes[..])
	else {
		return;
	};
	let score = params.score_ppm(params.ops_per_second(rounds, slot));
	assert!(score <= 1_050_000);
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
}

/// A check of anything ends, and accepts nothing that was not committed.
pub fn verdict(bytes: &[u8]) {
	type Case = (ClassParams, Hash, u32, Hash, Hash, Hash, Reveal);
	let Ok((params, seed, rounds, digest, first_root, sample_seed, reveal)) =
		Case::decode(&mut &bytes[..])
	else {
		return;
	};
	// The DAO can vote no others.
	if params.validate().is_err() {
		return;
	}
	let verdict = verify(
		&params,
		&seed,
		rounds,
		&digest,
		&first_root,
		&sample_seed,
		&reveal,
	);
	if verdict.is_ok() {
		assert_eq!(commit_digest(&reveal.roots), digest);
		assert_eq!(reveal.roots.len(), rounds as usize);
		assert_eq!(reveal.openings.len(), params.samples as usize);
	}
}
