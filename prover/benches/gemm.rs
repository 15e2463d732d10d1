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
use usufruct_proof::{subtree_chaining_value, ClassParams, RoundKeys, TILE, TILE_BYTES};
use usufruct_prover::{keystream, multiply_tile, prove, Cpu, Instructions, Panels};

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
	max_rounds: 4,
	reference_ops: 20_000_000_000,
	memory: None,
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

/// The bytes of both matrices, as a library takes them.
fn matrices() -> [Vec<u8>; 2] {
	let keys = RoundKeys::new(&[7; 32]);
	let bytes = |key, side: u32| {
		let mut bytes = vec![0; (side * PARAMS.k) as usize];
		keystream(key, 0, &mut bytes);
		bytes
	};
	[bytes(keys.of_a(), PARAMS.m), bytes(keys.of_b(), PARAMS.n)]
}

/// Fills both, as the prover does.
fn fill(panels: &mut [Panels; 2]) {
	let keys = RoundKeys::new(&[7; 32]);
	for (panels, key) in panels.iter_mut().zip([keys.of_a(), keys.of_b()]) {
		panels.fill(|index, into| keystream(key, index as u64 * into.len() as u64, into));
	}
}

/// The matrices' product by the prover's own instructions, without hashing.
fn product(with: Instructions, rows: &Panels, columns: &Panels) -> Vec<[u8; TILE_BYTES]> {
	let across = PARAMS.n as usize / TILE;
	(0..PARAMS.tiles() as usize)
		.into_par_iter()
		.map(|index| multiply_tile(with, (rows, index / across), (columns, index % across)))
		.collect()
}

fn main() {
	let (m, n, k) = (PARAMS.m as usize, PARAMS.n as usize, PARAMS.k as usize);
	let [rows, columns] = matrices();
	let mut panels = [m, n].map(|side| Panels::new(side, k));
	fill(&mut panels);
	let best = Instructions::best();
	let tiles = product(best, &panels[0], &panels[1]);

	// The library multiplies unsigned with signed bytes: the same work, and it may lay its inputs out
	// beforehand, which is not counted against it.
	let library = GemmExecutor::<u8, i8, i32>::default();
	let signed: Vec<i8> = columns.iter().map(|byte| *byte as i8).collect();
	let a = NdTensorView::from_data([m, k], &rows[..]);
	let b = NdTensorView::from_data([n, k], &signed[..]).transposed();
	let (packed_a, packed_b) = (library.prepack_a(a), library.prepack_b(b));
	let mut out = vec![0i32; m * n];

	let mut cpu = Cpu::new(&PARAMS);
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
		times[1].push(time(|| product(best, &panels[0], &panels[1])));
		times[2].push(time(|| fill(&mut panels)));
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
		times[4].push(time(|| {
			prove(&mut cpu, &PARAMS, [7; 32], |_| true, |_, _| {})
		}));
	}
	let [theirs, ours, filling, hashing, rounds] = times.map(median);
	let round = rounds / PARAMS.max_rounds;

	let rate = |time: Duration| PARAMS.ops_per_round() as f64 / time.as_secs_f64() / 1e9;
	let share = |part: Duration| 100.0 * part.as_secs_f64() / round.as_secs_f64();
	println!(
		"{} × {} × {} on {} threads, {:?}; library: rten-gemm, {}",
		m,
		k,
		n,
		rayon::current_num_threads(),
		best,
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
		let time = time(|| product(with, &panels[0], &panels[1]));
		println!("{with:?}: {:.1} Gop/s", rate(time));
	}
}
