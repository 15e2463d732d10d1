//! What does an upgrade of a big chain take? A state of the last release with 100,000 machines, 10,000 leases and as
//! many listings gets today's layout block by block: what each step weighs and takes, against 30 % of a block.
//! Afterwards every invariant is checked, and every key and value decoded by the runtime's metadata.
//!
//! `cargo bench -p usufruct-runtime --bench upgrade`; other numbers as arguments: `-- MACHINES LISTINGS LEASES`.
#![allow(
	clippy::print_stdout,
	clippy::unwrap_used,
	reason = "it prints, and ends where it cannot"
)]

#[path = "../tests/chain/mod.rs"]
mod chain;
#[path = "../tests/chain/rent.rs"]
mod rent;
#[path = "../tests/upgrade/run.rs"]
mod run;
#[path = "../tests/upgrade/state.rs"]
mod state;

use std::time::{Duration, Instant};

use usufruct_runtime::presets;

/// A third of a slot of three seconds is a block's time, of which a step may take 30 %.
const STEP: Duration = Duration::from_millis(300);

fn main() {
	let numbers: Vec<u32> = std::env::args()
		.filter_map(|word| word.parse().ok())
		.collect();
	let (machines, listings, leases) = match numbers[..] {
		[machines, listings, leases] => (machines, listings, leases),
		_ => (100_000, 10_000, 10_000),
	};
	chain::within(presets::DEVELOPMENT, || {
		let begun = Instant::now();
		state::build(machines, listings, leases);
		let before = run::decode_all_state();
		let keys: u32 = before.values().sum();
		println!(
			"{machines} machines, {listings} listings, {leases} leases: {keys} keys, built in {:.0?}",
			begun.elapsed()
		);
		state::age();
		let steps = run::run();
		let longest = steps.iter().map(|step| step.took).max().unwrap();
		let heaviest = steps
			.iter()
			.map(|step| step.weight.ref_time())
			.max()
			.unwrap();
		let limit = run::limit().ref_time();
		println!("{} blocks", steps.len());
		println!(
			"heaviest step: {} ms of weight, {:.2} of its limit",
			heaviest / 1_000_000_000,
			heaviest as f64 / limit as f64
		);
		println!(
			"longest step: {longest:.1?}, {:.2} of 30 % of a block",
			longest.as_secs_f64() / STEP.as_secs_f64()
		);
		assert!(heaviest <= limit, "a step is too heavy");
		let begun = Instant::now();
		run::try_state();
		let mut after = run::decode_all_state();
		after.remove("Migrations.Historic");
		assert_eq!(after, before, "something was lost");
		println!(
			"every invariant holds and all {keys} keys decode: checked in {:.0?}",
			begun.elapsed()
		);
	});
}
