//! The chain's words for proofs, as the protocol's own types.

use usufruct_proof::{ClassParams, Commitment, MemoryCommitment, MemoryParams};

use crate::api::runtime_types::usufruct_proof::{commitment, params as chain};

impl From<&chain::ClassParams> for ClassParams {
	fn from(params: &chain::ClassParams) -> Self {
		Self {
			m: params.m,
			n: params.n,
			k: params.k,
			samples: params.samples,
			window: params.window,
			first_root: params.first_root,
			reveal: params.reveal,
			min_rounds: params.min_rounds,
			max_rounds: params.max_rounds,
			reference_ops: params.reference_ops,
			memory: params.memory.as_ref().map(Into::into),
			version: params.version,
		}
	}
}

impl From<&chain::MemoryParams> for MemoryParams {
	fn from(memory: &chain::MemoryParams) -> Self {
		Self {
			kept_rounds: memory.kept_rounds,
			samples: memory.samples,
			window: memory.window,
			max_passes: memory.max_passes,
			reference_bytes: memory.reference_bytes,
		}
	}
}

impl From<&commitment::Commitment> for Commitment {
	fn from(commitment: &commitment::Commitment) -> Self {
		Self {
			first_root: commitment.first_root,
			rounds: commitment.rounds,
			digest: commitment.digest,
			memory: commitment.memory.as_ref().map(|memory| MemoryCommitment {
				passes: memory.passes,
				digest: memory.digest,
			}),
		}
	}
}
