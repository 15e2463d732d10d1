//! The smallest runtime with powers.
#![allow(missing_docs, missing_debug_implementations, unreachable_pub)]

use frame_support::derive_impl;
use sp_runtime::BuildStorage;

use crate::{self as pallet_dao, GenesisConfig, Pallet};

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Dao: pallet_dao,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Self>;
}

impl pallet_dao::Config for Test {}

/// Runs a test on a chain of that pace, then checks every invariant.
pub(crate) fn with_pace(pace: u32, test: impl FnOnce()) {
	let config = GenesisConfig::<Test> {
		pace,
		..Default::default()
	};
	let storage = config.build_storage().unwrap();
	sp_io::TestExternalities::from(storage).execute_with(|| {
		test();
		Pallet::<Test>::do_try_state().expect("the invariants hold after the test");
	});
}
