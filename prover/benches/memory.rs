//! How near to the processor's memory does a pass come? Beside it, in one run and in turns, a plain sum of all
//! words of the same buffer by all cores; ratios of medians.
//!
//! `cargo bench -p usufruct-prover --bench memory`
#![allow(clippy::print_stdout, reason = "it prints")]

use std::{
	hint::black_box,
	time::{Duration, Instant},
};

use rayon::prelude::*;
use usufruct_proof::{ClassParams, MemoryParams};
use usufruct_prover::{pass_over, Cpu};

/// As the processors' classes have it.
const MEMORY: MemoryParams = MemoryParams {
	kept_rounds: 64,
	samples: 8,
	window: 5,
	max_passes: 1,
	reference_bytes: 1,
};
const PARAMS: ClassParams = ClassParams {
	m: 1_024,
	n: 1_024,
	k: 4_096,
	samples: 32,
	window: 12,
	first_root: 4,
	reveal: 10,
	min_rounds: 64,
	max_rounds: 512,
	reference_ops: 1,
	memory: Some(MEMORY),
	version: 1,
};
const TURNS: usize = 25;

fn median(mut times: Vec<Duration>) -> Duration {
	times.sort_unstable();
	times[times.len() / 2]
}

fn main() {
	let bytes = PARAMS.kept_bytes();
	let mut cpu = Cpu::new(&PARAMS);
	let plain: Vec<u64> = (0..bytes / 8).collect();
	let (mut passes, mut reads) = (Vec::new(), Vec::new());
	for turn in 0..TURNS {
		let begun = Instant::now();
		let roots = pass_over(&mut cpu, &PARAMS, 64, [turn as u8; 32], |_| true, |_, _| {});
		black_box(roots.is_ok());
		passes.push(begun.elapsed());
		let begun = Instant::now();
		let sum: u64 = plain
			.par_chunks(1 << 16)
			.map(|words| {
				// Eight sums that do not wait for each other.
				let mut sums = [0u64; 8];
				for words in words.as_chunks::<8>().0 {
					for (sum, word) in sums.iter_mut().zip(words) {
						*sum = sum.wrapping_add(*word);
					}
				}
				sums.iter().fold(0, |all: u64, sum| all.wrapping_add(*sum))
			})
			.reduce(|| 0, u64::wrapping_add);
		black_box(sum);
		reads.push(begun.elapsed());
	}
	let rate = |time: Duration| bytes as f64 / time.as_secs_f64() / 1e9;
	let (pass, read) = (rate(median(passes)), rate(median(reads)));
	println!(
		"{} MiB on {} threads",
		bytes >> 20,
		rayon::current_num_threads()
	);
	println!("reading alone {read:8.1} GB/s");
	println!("a pass        {pass:8.1} GB/s");
	println!("pass / reading {:.2}", pass / read);
}
