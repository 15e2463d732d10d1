//! What the DAO may set without an upgrade of the runtime.

use frame_support::{
	dynamic_params::{dynamic_pallet_params, dynamic_params},
	traits::{EnsureOrigin, EnsureOriginWithArg},
};
use sp_runtime::Permill;

use super::dao::RootOr;
use crate::{constants::time::MINUTES, BlockNumber, Runtime, RuntimeEvent, RuntimeOrigin};

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

		/// Whether anybody may provide who is not barred, or only who was admitted.
		#[codec(index = 1)]
		pub static OpenAdmission: bool = true;
	}

	/// Of `market`.
	#[dynamic_pallet_params]
	#[codec(index = 1)]
	pub mod market {
		use super::*;

		/// The fee, a part of all income: of what is settled from now on, also for blocks
		/// that are over. Who does not want that settles before a vote is enacted.
		#[codec(index = 0)]
		pub static FeeShare: Permill = Permill::from_percent(2);

		/// Part of the fee which the matcher gets whose signed proposal was bound.
		#[codec(index = 1)]
		pub static MatcherShare: Permill = Permill::from_percent(10);

		/// Part of the fee which is burned.
		#[codec(index = 2)]
		pub static BurnShare: Permill = Permill::from_percent(20);
	}
}

/// Which power sets which parameter.
#[derive(Debug)]
pub struct ParameterAdmin;

impl EnsureOriginWithArg<RuntimeOrigin, RuntimeParametersKey> for ParameterAdmin {
	type Success = ();

	fn try_origin(origin: RuntimeOrigin, key: &RuntimeParametersKey) -> Result<(), RuntimeOrigin> {
		use dynamic::{market, node_registry};
		use RuntimeParametersKey::{Market, NodeRegistry};
		let admin = match key {
			NodeRegistry(node_registry::ParametersKey::HeartbeatPeriod(_))
			| Market(
				market::ParametersKey::FeeShare(_)
				| market::ParametersKey::MatcherShare(_)
				| market::ParametersKey::BurnShare(_),
			) => RootOr::<pallet_dao::MarketAdmin>::try_origin,
			NodeRegistry(node_registry::ParametersKey::OpenAdmission(_)) => {
				RootOr::<pallet_dao::Membership>::try_origin
			}
		};
		admin(origin).map(|_| ())
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin(_: &RuntimeParametersKey) -> Result<RuntimeOrigin, ()> {
		Ok(RuntimeOrigin::root())
	}
}

impl pallet_parameters::Config for Runtime {
	type AdminOrigin = ParameterAdmin;
	type RuntimeEvent = RuntimeEvent;
	type RuntimeParameters = RuntimeParameters;
	type WeightInfo = ();
}
