//! The chain's words for proofs, as the protocol's own types.

use usufruct_proof::ClassParams;

use crate::api::runtime_types::usufruct_proof::params as chain;

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
			version: params.version,
		}
	}
}
