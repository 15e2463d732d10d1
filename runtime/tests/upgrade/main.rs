//! Does a chain of the last release become one of this, with all that is on it?
//!
//! With as much state as a chain may come to have: `cargo bench -p usufruct-runtime --bench upgrade`.
#![allow(clippy::unwrap_used, reason = "a failed assumption fails the test")]

#[path = "../chain/mod.rs"]
mod chain;
#[path = "../chain/rent.rs"]
mod rent;
mod run;
mod state;

use frame_support::{
	migrations::MultiStepMigrator,
	traits::{GetStorageVersion, StorageVersion},
	StoragePrefixedMap,
};
use pallet_use_rights::UseRights as UseRightsMap;
use usufruct_runtime::{presets, Market, Migrations, Runtime, UseRights, Workspaces};

/// All keys and values.
fn whole_state() -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
	let next = |key: &Vec<u8>| sp_io::storage::next_key(key);
	std::iter::successors(next(&Vec::new()), next)
		.map(|key| {
			let value = sp_io::storage::get(&key).map(|value| value.to_vec());
			(key, value)
		})
		.collect()
}

#[test]
fn a_state_of_the_last_release_gets_todays_layout_and_keeps_all_that_is_on_it() {
	chain::within(presets::DEVELOPMENT, || {
		state::build(60, 20, 30);
		run::try_state();
		let before = run::decode_all_state();
		let records = whole_state();
		state::age();
		assert_ne!(
			whole_state(),
			records,
			"the last release's layout is another"
		);
		let steps = run::run();
		for step in &steps {
			assert!(step.weight.all_lte(run::limit()), "{step:?}");
		}
		for (version, today) in [
			(Market::on_chain_storage_version(), 2),
			(UseRights::on_chain_storage_version(), 2),
			(Workspaces::on_chain_storage_version(), 4),
		] {
			assert_eq!(version, StorageVersion::new(today));
		}
		run::try_state();
		let mut after = run::decode_all_state();
		// What migrations have been run is noted for ever.
		let noted = after.remove("Migrations.Historic");
		assert!(noted.is_some_and(|number| number > 0));
		assert_eq!(after, before);
		// Of the records themselves only a begin was not known before.
		let rights = UseRightsMap::<Runtime>::final_prefix();
		let known = |mut state: Vec<(Vec<u8>, _)>| {
			let noted =
				["Migrations", "System"].map(|name| sp_io::hashing::twox_128(name.as_bytes()));
			state.retain(|(key, _)| {
				!noted.iter().any(|name| key.starts_with(name)) && !key.starts_with(&rights)
			});
			state
		};
		assert_eq!(known(whole_state()), known(records));
	});
}

#[test]
fn a_chain_that_begins_today_has_nothing_to_migrate() {
	chain::within(presets::DEVELOPMENT, || {
		state::build(4, 2, 2);
		let before = whole_state();
		run::run();
		let historic = sp_io::hashing::twox_128(b"Migrations");
		let ours = |(key, _): &(Vec<u8>, _)| {
			!key.starts_with(&historic) && !key.starts_with(&sp_io::hashing::twox_128(b"System"))
		};
		let (mut before, mut after) = (before, whole_state());
		before.retain(ours);
		after.retain(ours);
		assert_eq!(before, after);
		assert!(!Migrations::ongoing());
	});
}
