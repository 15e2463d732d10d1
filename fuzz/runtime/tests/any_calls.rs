//! Random bytes, and those of the corpus. `CASES=10000 cargo test --release -p usufruct-fuzz-runtime` tries longer.
#![allow(clippy::unwrap_used, reason = "a failed assumption fails the test")]

use std::{fs, path::Path};

use proptest::prelude::*;
use usufruct_fuzz_runtime::calls;

#[test]
fn the_corpus_leaves_the_books_of_all_pallets_in_order() {
	let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/calls");
	for case in fs::read_dir(folder).unwrap() {
		calls(&fs::read(case.unwrap().path()).unwrap());
	}
}

fn cases() -> ProptestConfig {
	let cases = std::env::var("CASES").map_or(64, |n| n.parse().expect("a number"));
	ProptestConfig {
		max_shrink_iters: 2_000,
		..ProptestConfig::with_cases(cases)
	}
}

proptest! {
	#![proptest_config(cases())]

	#[test]
	fn whatever_anybody_calls_the_books_of_all_pallets_stay_in_order(
		bytes in prop::collection::vec(any::<u8>(), 1..2_000)
	) {
		calls(&bytes);
	}
}
