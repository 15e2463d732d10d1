//! How much of what the best library makes of this processor does the prover reach? Both in one run, in
//! turns, all cores; ratios of medians.
//!
//! `cargo bench -p usufruct-prover`
#![allow(clippy::print_stdout, reason = "it prints")]

use std::{
	hint::black_box,
	time::{Duration, Instant},
};

use rayon::prelude::*;
use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB};
use rten_tensor::NdTensorView;
use usufruct_proof::{
	fill_column, fill_row, subtree_chaining_value, ClassParams, RoundKeys, TILE, TILE_BYTES,
};
use usufruct_prover::{instructions, multiply_tile, prove, Instructions};

/// The work of the processors' classes.
const PARAMS: ClassParams = ClassParams {
	m: 1_024,
	n: 1_024,
	k: 4_096,
	samples: 32,
	window: 12,
	first_root: 4,
	reveal: 10,
	min_rounds: 1,
	max_rounds: 1,
	reference_ops: 20_000_000_000,
	version: 1,
};
/// So often each is measured; the median counts.
const TURNS: usize = 15;

fn time<R>(work: impl FnOnce() -> R) -> Duration {
	let begun = Instant::now();
	black_box(work());
	begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
	times.sort_unstable();
	times[times.len() / 2]
}

fn vectors(count: u32, fill: fn(&RoundKeys, u32, &mut [u8])) -> Vec<u8> {
	let keys = RoundKeys::new(&[7; 32]);
	let mut bytes = vec![0u8; (count * PARAMS.k) as usize];
	bytes
		.par_chunks_mut(PARAMS.k as usize)
		.enumerate()
		.for_each(|(index, vector)| fill(&keys, index as u32, vector));
	bytes
}

/// The matrices' product by the prover's own instructions, without hashing.
fn product(with: Instructions, rows: &[u8], columns: &[u8]) -> Vec<[u8; TILE_BYTES]> {
	let k = PARAMS.k as usize;
	let across = PARAMS.n as usize / TILE;
	(0..PARAMS.tiles() as usize)
		.into_par_iter()
		.map(|index| {
			let (i, j) = (index / across * TILE * k, index % across * TILE * k);
			multiply_tile(with, &rows[i..i + TILE * k], &columns[j..j + TILE * k], k)
		})
		.collect()
}

fn main() {
	let (m, n, k) = (PARAMS.m as usize, PARAMS.n as usize, PARAMS.k as usize);
	let (rows, columns) = (vectors(PARAMS.m, fill_row), vectors(PARAMS.n, fill_column));
	let tiles = product(instructions(), &rows, &columns);

	// The library multiplies unsigned with signed bytes: the same work, and it may lay its inputs out
	// beforehand, which is not counted against it.
	let library = GemmExecutor::<u8, i8, i32>::default();
	let signed: Vec<i8> = columns.iter().map(|byte| *byte as i8).collect();
	let a = NdTensorView::from_data([m, k], &rows[..]);
	let b = NdTensorView::from_data([n, k], &signed[..]).transposed();
	let (packed_a, packed_b) = (library.prepack_a(a), library.prepack_b(b));
	let mut out = vec![0i32; m * n];

	let mut times: [Vec<Duration>; 5] = Default::default();
	for _ in 0..TURNS {
		times[0].push(time(|| {
			library
				.gemm(
					&mut out,
					GemmInputA::Packed(&packed_a),
					GemmInputB::Packed(&packed_b),
					Default::default(),
				)
				.is_ok()
		}));
		times[1].push(time(|| product(instructions(), &rows, &columns)));
		times[2].push(time(|| {
			(vectors(PARAMS.m, fill_row), vectors(PARAMS.n, fill_column))
		}));
		times[3].push(time(|| {
			let hash = |(group, tiles): (usize, &[[u8; TILE_BYTES]])| {
				subtree_chaining_value(&[7; 32], group as u32 * 16, tiles.as_flattened())
			};
			tiles
				.par_chunks(16)
				.enumerate()
				.map(hash)
				.collect::<Vec<_>>()
		}));
		times[4].push(time(|| prove(&PARAMS, [7; 32], |_| true, |_, _| {})));
	}
	let [theirs, ours, filling, hashing, round] = times.map(median);

	let rate = |time: Duration| PARAMS.ops_per_round() as f64 / time.as_secs_f64() / 1e9;
	let share = |part: Duration| 100.0 * part.as_secs_f64() / round.as_secs_f64();
	println!(
		"{} × {} × {} on {} threads, {:?}; library: rten-gemm, {}",
		m,
		k,
		n,
		rayon::current_num_threads(),
		instructions(),
		library.kernel_name()
	);
	println!(
		"library, multiplication alone    {:8.1} Gop/s",
		rate(theirs)
	);
	println!("prover, multiplication alone     {:8.1} Gop/s", rate(ours));
	println!("prover, a whole round            {:8.1} Gop/s", rate(round));
	println!(
		"share of random numbers {:.1} %, of hashing {:.1} %",
		share(filling),
		share(hashing)
	);
	println!(
		"multiplication / library {:.2}, round / library {:.2}",
		rate(ours) / rate(theirs),
		rate(round) / rate(theirs)
	);
	for with in Instructions::found() {
		let time = time(|| product(with, &rows, &columns));
		println!("{with:?}: {:.1} Gop/s", rate(time));
	}
}
