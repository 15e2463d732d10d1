//! Work that a test can do.

use usufruct_proof::{ClassParams, Hash, MemoryParams};

pub(crate) const PARAMS: ClassParams = ClassParams {
	m: 64,
	n: 32,
	k: 192,
	samples: 8,
	window: 10,
	first_root: 3,
	reveal: 5,
	min_rounds: 1,
	max_rounds: 6,
	reference_ops: 1,
	memory: None,
	version: 1,
};

/// The same with a memory phase of three leaves of sums.
pub(crate) const WITH_MEMORY: ClassParams = ClassParams {
	min_rounds: 96,
	max_rounds: 100,
	memory: Some(MemoryParams {
		kept_rounds: 96,
		samples: 8,
		window: 5,
		max_passes: 5,
		reference_bytes: 1,
	}),
	..PARAMS
};

pub(crate) const SEED: Hash = [3; 32];
pub(crate) const MEMORY: Hash = [6; 32];
pub(crate) const SAMPLES: Hash = [4; 32];
