//! How the chain goes from one runtime to the next.

use frame_support::{
	migrations::FreezeChainOnFailedMigration, parameter_types, traits::ConstU32, weights::Weight,
};
use sp_runtime::Perbill;
#[cfg(not(feature = "runtime-benchmarks"))]
use usufruct_migrations::Relayout;

use super::BlockWeights;
use crate::Runtime;

/// The part of a block that a step of a migration may take: the rest is for those who import it on slower machines
/// than this was measured on.
const STEP: Perbill = Perbill::from_percent(30);

parameter_types! {
	pub MaxStepWeight: Weight = STEP * BlockWeights::get().max_block;
}

/// What has to be done to a state that an older runtime left, in this order. Each looks at its pallet's storage
/// version first and does nothing where that is new already, so that a release can keep those of the last one.
#[cfg(not(feature = "runtime-benchmarks"))]
pub(crate) type Pending = (
	Relayout<pallet_market::migrations::v2::OfListings<Runtime>>,
	Relayout<pallet_market::migrations::v2::OfPurchases<Runtime>>,
	Relayout<pallet_use_rights::migrations::v2::OfRights<Runtime>>,
	Relayout<pallet_workspaces::migrations::v2::OfRequests<Runtime>>,
	Relayout<pallet_workspaces::migrations::v2::OfCandidates<Runtime>>,
	Relayout<pallet_workspaces::migrations::v2::OfLeases<Runtime>>,
	Relayout<pallet_workspaces::migrations::v3::OfRequests<Runtime>>,
	Relayout<pallet_workspaces::migrations::v4::OfRequests<Runtime>>,
	Relayout<pallet_workspaces::migrations::v4::OfLeases<Runtime>>,
);

impl pallet_migrations::Config for Runtime {
	type RuntimeEvent = crate::RuntimeEvent;
	// A key of our maps has at most some dozens of bytes.
	type CursorMaxLen = ConstU32<512>;
	// A half-migrated state is worse than a chain that stands still until its validators substitute the code.
	type FailedMigrationHandler = FreezeChainOnFailedMigration;
	type IdentifierMaxLen = ConstU32<64>;
	type MaxServiceWeight = MaxStepWeight;
	type MigrationStatusHandler = ();
	#[cfg(not(feature = "runtime-benchmarks"))]
	type Migrations = Pending;
	#[cfg(feature = "runtime-benchmarks")]
	type Migrations = pallet_migrations::mock_helpers::MockedMigrations;
	type WeightInfo = pallet_migrations::weights::SubstrateWeight<Self>;
}
