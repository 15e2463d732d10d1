//! The rules of matching, as examples and as properties.

mod properties;
mod rules;

use usufruct_primitives::{Capacity, IsolationClass, Preference, Requirement};

use crate::{Demand, Offer};

/// A provider, who is never a tenant here.
const PROVIDER: u64 = 1;
/// A tenant.
const TENANT: u64 = 2;

fn offer(uid: u64, price: u128, score_ppm: u32) -> Offer<u64> {
	Offer {
		uid,
		vid: uid,
		node: uid as u32,
		seller: PROVIDER,
		online: true,
		class: 1,
		gpus: 0,
		gpu_memory_mib: 0,
		capacity: Capacity {
			cpu_millis: 1_000,
			memory_mib: 1_024,
			disk_mib: 1_024,
		},
		isolation: IsolationClass::Wasm,
		price,
		min_term: 10,
		max_term: 100,
		listed_at: 5,
		score_ppm,
		availability_ppm: 1_000_000,
	}
}

fn demand(request: u64, max_price: u128, replicas: u8) -> Demand<u64> {
	Demand {
		request,
		attempt: 0,
		tenant: TENANT,
		requirement: Requirement {
			classes: Default::default(),
			gpus: 0,
			gpu_memory_mib: 0,
			capacity: Capacity::default(),
			isolation: None,
			min_score_ppm: 0,
			max_price,
			preference: Preference::Cheapest,
		},
		wasm: true,
		term: 20,
		opened_at: 5,
		avoid: vec![],
		missing: (0..replicas).collect(),
	}
}
