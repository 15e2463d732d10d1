//! What does the first GPU make of the work of its class? Products alone, whole rounds, the shares of random numbers
//! and of hashing, and passes over its memory; beside the data sheet's figures of an H200.
//!
//! `cargo bench -p usufruct-prover --bench gpu`
#![allow(clippy::print_stdout, reason = "it prints")]

use std::time::{Duration, Instant};

use usufruct_proof::{ClassParams, MemoryParams};
use usufruct_prover::{pass_over, prove, Cuda, Device, Failure};

/// The work of the H200's class.
const PARAMS: ClassParams = ClassParams {
	m: 32_768,
	n: 32_768,
	k: 65_536,
	samples: 32,
	window: 20,
	first_root: 6,
	reveal: 20,
	min_rounds: 56,
	max_rounds: 64,
	reference_ops: 1,
	memory: Some(MemoryParams {
		kept_rounds: 56,
		samples: 8,
		window: 5,
		max_passes: 100,
		reference_bytes: 1,
	}),
	version: 1,
};
/// Dense int8 operations per second, and bytes per second, of the H200's data sheet.
const DATA_SHEET: [f64; 2] = [1_979e12, 4.8e12];

fn main() -> Result<(), Failure> {
	let first = match Cuda::uuids() {
		Ok(uuids) => uuids.into_iter().next(),
		Err(why) => {
			println!("not measured: {why}");
			return Ok(());
		}
	};
	let Some(uuid) = first else {
		println!("not measured: the driver shows no GPU");
		return Ok(());
	};
	let mut gpu = Cuda::open(&uuid, &PARAMS)?;
	println!("{}", gpu.name());
	let seed = [7; 32];
	gpu.parts(&seed)?;
	let [filling, multiplying, hashing] = gpu.parts(&seed)?;

	let begun = Instant::now();
	let rounds = prove(&mut gpu, &PARAMS, seed, |_| true, |_, _| {})?.len() as u32;
	let round = begun.elapsed() / rounds;
	let begun = Instant::now();
	let passes = pass_over(&mut gpu, &PARAMS, rounds, seed, |_| true, |_, _| {})?.len() as u32;
	let pass = begun.elapsed() / passes;

	let ops = |time: Duration| PARAMS.ops_per_round() as f64 / time.as_secs_f64();
	let share = |time: Duration| 100.0 * time.as_secs_f64() / round.as_secs_f64();
	let line = |what: &str, rate: f64, of: f64| {
		println!(
			"{what:<24}{:10.1} T/s   {:5.1} % of the data sheet",
			rate / 1e12,
			100.0 * rate / of
		);
	};
	line("products alone, ops", ops(multiplying), DATA_SHEET[0]);
	line("a whole round, ops", ops(round), DATA_SHEET[0]);
	let bytes = PARAMS.kept_bytes() as f64 / pass.as_secs_f64();
	line("a pass, bytes", bytes, DATA_SHEET[1]);
	println!(
		"shares of a round: random numbers {:.1} %, hashing {:.1} %",
		share(filling),
		share(hashing)
	);
	Ok(())
}
