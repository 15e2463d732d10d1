//! What the DAO may set without an upgrade of the runtime.

use frame_support::dynamic_params::{dynamic_pallet_params, dynamic_params};
use frame_system::EnsureRoot;

use crate::{constants::time::MINUTES, AccountId, BlockNumber, Runtime, RuntimeEvent};

/// The parameters, by pallet.
#[dynamic_params(RuntimeParameters, pallet_parameters::Parameters::<crate::Runtime>)]
#[allow(missing_docs, unreachable_pub)]
pub mod dynamic {
	use super::*;

	/// Of `node-registry`.
	#[dynamic_pallet_params]
	#[codec(index = 0)]
	pub mod node_registry {
		use super::*;

		/// Blocks between two heartbeats of a machine. Longer = cheaper for providers, later
		/// detection for tenants.
		#[codec(index = 0)]
		pub static HeartbeatPeriod: BlockNumber = 2 * MINUTES;
	}
}

impl pallet_parameters::Config for Runtime {
	type AdminOrigin = frame_support::traits::AsEnsureOriginWithArg<EnsureRoot<AccountId>>;
	type RuntimeEvent = RuntimeEvent;
	type RuntimeParameters = RuntimeParameters;
	type WeightInfo = ();
}
