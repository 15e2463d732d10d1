//! A market to measure on: the same for the same numbers, on every machine.

use usufruct_offchain_worker::{Demand, Features, Kind, Offer, Quality};
use usufruct_primitives::{Capacity, Filter, IsolationClass, Requirement, Weights};

/// SplitMix64: even enough for prices and sizes.
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
	/// 0 to `sides` − 1.
	pub(crate) fn roll(&mut self, sides: u64) -> u64 {
		self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
		let mut x = self.0;
		x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
		(x ^ (x >> 31)) % sides
	}

	fn of<T: Copy>(&mut self, choices: &[T]) -> T {
		choices[self.roll(choices.len() as u64) as usize]
	}
}

/// Classes of hardware: GPUs per resource, memory of each in MiB, price per block.
const KINDS: [(u16, u8, u32, u64); 16] = [
	(1, 0, 0, 10),
	(2, 0, 0, 14),
	(3, 1, 8_192, 60),
	(3, 2, 8_192, 115),
	(4, 1, 12_288, 80),
	(5, 1, 24_576, 160),
	(5, 2, 24_576, 310),
	(5, 4, 24_576, 600),
	(6, 1, 24_576, 240),
	(6, 8, 24_576, 1_800),
	(7, 1, 49_152, 420),
	(7, 4, 49_152, 1_600),
	(8, 1, 81_920, 900),
	(8, 8, 81_920, 7_000),
	(9, 1, 143_360, 1_500),
	(9, 8, 143_360, 11_600),
];
const REGIONS: [u16; 12] = [40, 56, 124, 156, 250, 276, 392, 528, 616, 702, 756, 840];

/// So many listings: five on each machine, ten machines of each provider, which are of one kind and
/// in one region as racks are; each machine has its own score and availability.
pub(crate) fn listings(count: u64, seed: u64) -> Vec<Offer<u64>> {
	let mut dice = Dice(seed);
	let (mut rack, mut kind) = (u64::MAX, None);
	let mut quality = Quality {
		online: true,
		score_percent: 0,
		availability_percent: 0,
	};
	let mut machine = u64::MAX;
	let mut offers = Vec::new();
	let mut base = 0;
	for uid in 0..count {
		if uid / 50 != rack {
			rack = uid / 50;
			let (class, gpus, gpu_memory_mib, price) = dice.of(&KINDS);
			base = price * 1_000;
			kind = Some(Kind {
				class,
				gpus,
				gpu_memory_mib,
				cpu_millis: dice.of(&[4_000, 8_000, 16_000]),
				memory_mib: dice.of(&[16_384, 32_768, 65_536]),
				disk_mib: dice.of(&[100_000, 400_000]),
				isolation: dice.of(&[
					IsolationClass::Container,
					IsolationClass::Container,
					IsolationClass::Gvisor,
					IsolationClass::Wasm,
				]),
				region: dice.of(&REGIONS),
				min_term: 20,
				max_term: dice.of(&[28_800, 201_600]),
			});
		}
		let Some(kind) = kind else {
			continue;
		};
		if uid / 5 != machine {
			machine = uid / 5;
			quality = Quality {
				online: dice.roll(50) != 0,
				score_percent: 92 + dice.roll(8) as u8,
				availability_percent: 95 + dice.roll(6) as u8,
			};
		}
		offers.push(Offer {
			uid,
			vid: uid,
			node: machine as u32,
			owner: 1_000_000 + rack / 10,
			seller: 1_000_000 + rack / 10,
			price: u128::from(base * (80 + dice.roll(40)) / 100),
			listed_at: dice.roll(1_000) as u32,
			features: Features { kind, quality },
		});
	}
	offers
}

/// So many open requests of one to three replicas.
pub(crate) fn requests(count: u64, seed: u64) -> Vec<Demand<u64>> {
	let mut dice = Dice(seed);
	(0..count)
		.map(|request| {
			let (class, gpus, gpu_memory_mib, price) = dice.of(&KINDS);
			let by_class = dice.roll(10) < 7;
			let replicas = dice.of(&[1, 1, 1, 1, 2, 3]);
			let mut requirement = Requirement {
				gpus,
				gpu_memory_mib,
				capacity: Capacity {
					cpu_millis: dice.of(&[1_000, 4_000, 8_000]),
					memory_mib: dice.of(&[8_192, 16_384, 32_768]),
					disk_mib: dice.of(&[20_000, 100_000]),
				},
				min_score_percent: dice.of(&[0, 0, 90, 95]),
				min_availability_percent: dice.of(&[0, 0, 97]),
				max_price: u128::from(price * 1_000 * (90 + dice.roll(50)) / 100),
				weights: dice.of(&[
					Weights::CHEAPEST,
					Weights::BALANCED,
					Weights::BALANCED,
					Weights::FASTEST,
					Weights::STEADY,
				]),
				..Default::default()
			};
			if by_class {
				requirement.classes = vec![class].try_into().unwrap_or_default();
			}
			if dice.roll(4) == 0 {
				let region = dice.of(&REGIONS);
				requirement.regions = Filter::Only(vec![region].try_into().unwrap_or_default());
			}
			requirement.apart.node = replicas > 1 && dice.roll(2) == 0;
			let wasm = gpus == 0 && dice.roll(2) == 0;
			Demand {
				request,
				attempt: 0,
				tenant: request % 500,
				requirement,
				wasm,
				term: 1_200,
				opened_at: 500,
				avoid: vec![],
				placed: vec![],
				missing: (0..replicas).collect(),
			}
		})
		.collect()
}
