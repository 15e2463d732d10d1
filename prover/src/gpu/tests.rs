//! What the kernels compute is what the processor computes, to the last bit.

use usufruct_proof::{ClassParams, MemoryParams};

use super::{emulation::Emulation, needs, GpuDevice};
use crate::{keep_again, open, pass_over, prove, testing::*, Cpu, Device, Failure, Passes};

/// Of sides that tensor cores multiply, with more than one block and warp, and an odd number of leaves of sums.
const LARGE: ClassParams = ClassParams {
	m: 128,
	n: 256,
	k: 320,
	min_rounds: 6,
	max_rounds: 8,
	memory: Some(MemoryParams {
		kept_rounds: 6,
		samples: 4,
		window: 5,
		max_passes: 2,
		reference_bytes: 1,
	}),
	..PARAMS
};

fn gpu(params: &ClassParams) -> GpuDevice<Emulation> {
	GpuDevice::new(Emulation { free: 1 << 40 }, params).unwrap()
}

#[test]
fn rounds_of_a_gpu_are_those_of_a_processor() {
	// By the kernel for small sides, and by the one for tensor cores.
	for (params, rounds) in [(PARAMS, 3), (LARGE, 2)] {
		let devices: [&mut dyn Device; 2] = [&mut Cpu::new(&params), &mut gpu(&params)];
		let [cpu, gpu] = devices.map(|device| {
			let roots = prove(device, &params, SEED, |round| round < rounds, |_, _| {}).unwrap();
			(roots, device.tile_values(&SEED).unwrap())
		});
		assert_eq!(cpu, gpu);
	}
}

#[test]
fn a_product_in_bands_is_the_product() {
	let mut whole = gpu(&LARGE);
	let mut banded = gpu(&LARGE);
	banded.params.n = 128;
	whole.params.n = 128;
	banded.band_rows = 64;
	assert_eq!(banded.round(&SEED, 0), whole.round(&SEED, 0));
	let params = ClassParams { n: 128, ..LARGE };
	assert_eq!(banded.round(&SEED, 0), Cpu::new(&params).round(&SEED, 0));
}

#[test]
fn passes_of_a_gpu_are_those_of_a_processor() {
	for (params, rounds) in [(WITH_MEMORY, 99), (LARGE, 8)] {
		let devices: [&mut dyn Device; 2] = [&mut Cpu::new(&params), &mut gpu(&params)];
		let [cpu, gpu] = devices.map(|device| {
			let roots = prove(device, &params, SEED, |round| round < rounds, |_, _| {}).unwrap();
			let passed =
				pass_over(device, &params, rounds, MEMORY, |pass| pass < 2, |_, _| {}).unwrap();
			keep_again(device, &params, SEED, &roots).unwrap();
			(roots, passed, device.sums(&MEMORY, rounds).unwrap())
		});
		assert_eq!(cpu, gpu);
	}
}

#[test]
fn a_gpu_opens_what_a_processor_opens() {
	let roots = prove(&mut Cpu::new(&LARGE), &LARGE, SEED, |r| r < 7, |_, _| {}).unwrap();
	let mut cpu = Cpu::new(&LARGE);
	keep_again(&mut cpu, &LARGE, SEED, &roots).unwrap();
	let passed = pass_over(&mut cpu, &LARGE, 7, MEMORY, |_| true, |_, _| {}).unwrap();
	let passes = Passes {
		seed: MEMORY,
		roots: &passed,
	};
	let devices: [&mut dyn Device; 2] = [&mut cpu, &mut gpu(&LARGE)];
	let [by_cpu, by_gpu] =
		devices.map(|device| open(device, &LARGE, SEED, &roots, Some(passes), &SAMPLES).unwrap());
	assert!(by_cpu.is_some());
	assert_eq!(by_cpu, by_gpu);
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_taken() {
	let needed: u64 = needs(&LARGE).iter().sum();
	let refused = GpuDevice::new(Emulation { free: needed - 1 }, &LARGE);
	assert!(matches!(refused, Err(Failure::TooSmall { .. })));
	assert!(GpuDevice::new(Emulation { free: needed }, &LARGE).is_ok());
}

#[test]
fn the_largest_class_fits_into_its_gpu() {
	// As the presets have it, and 139 GiB.
	let h200 = ClassParams {
		m: 32_768,
		n: 32_768,
		k: 65_536,
		memory: Some(MemoryParams {
			kept_rounds: 56,
			..LARGE.memory.unwrap()
		}),
		..LARGE
	};
	let needed: u64 = needs(&h200).iter().sum();
	assert!(needed < 120 << 30, "{} GiB", needed >> 30);
}
