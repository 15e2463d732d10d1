//! The rules of matching, as examples and as properties.

mod index;
mod placement;
mod properties;
mod rules;

use usufruct_primitives::{IsolationClass, Requirement, Weights};

use crate::{Demand, Features, Kind, Offer, Quality};

/// A provider, who is never a tenant here.
const PROVIDER: u64 = 1;
/// A tenant.
const TENANT: u64 = 2;

fn offer(uid: u64, price: u128, score_percent: u8) -> Offer<u64> {
	Offer {
		uid,
		vid: uid,
		node: uid as u32,
		owner: PROVIDER,
		seller: PROVIDER,
		price,
		listed_at: 5,
		features: Features {
			kind: Kind {
				class: 1,
				gpus: 0,
				gpu_memory_mib: 0,
				cpu_millis: 1_000,
				memory_mib: 1_024,
				disk_mib: 1_024,
				isolation: IsolationClass::Wasm,
				region: 276,
				min_term: 10,
				max_term: 100,
			},
			quality: Quality {
				online: true,
				score_percent,
				availability_percent: 100,
			},
		},
	}
}

fn demand(request: u64, max_price: u128, replicas: u8) -> Demand<u64> {
	Demand {
		request,
		attempt: 0,
		tenant: TENANT,
		requirement: Requirement {
			max_price,
			weights: Weights::CHEAPEST,
			..Default::default()
		},
		wasm: true,
		term: 20,
		opened_at: 5,
		avoid: vec![],
		placed: vec![],
		missing: (0..replicas).collect(),
	}
}
