//! An upgrade as validators run it: block by block, until nothing is left to do; and what must be true after it.

use std::{
	collections::BTreeMap,
	time::{Duration, Instant},
};

use codec::Decode;
use frame_decode::storage::{decode_storage_key, decode_storage_value, StorageEntryInfo};
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use frame_support::{migrations::MultiStepMigrator, traits::OnRuntimeUpgrade, weights::Weight};
use scale_decode::visitor::IgnoreVisitor;
use sp_io::hashing::twox_128;
use usufruct_runtime::{AllPalletsWithSystem, Migrations, Runtime, System};

/// What a block spent on the upgrade.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
	/// As it was counted on chain.
	pub(crate) weight: Weight,
	/// As it was here.
	#[allow(dead_code, reason = "only the benchmark reads it")]
	pub(crate) took: Duration,
}

/// What a step may weigh.
pub(crate) fn limit() -> Weight {
	<Runtime as pallet_migrations::Config>::MaxServiceWeight::get()
}

/// Runs the upgrade; gives the first block's step, in which the runtime is new, and all after it.
pub(crate) fn run() -> Vec<Step> {
	let begun = Instant::now();
	let weight = AllPalletsWithSystem::on_runtime_upgrade();
	let took = begun.elapsed();
	let mut steps = vec![Step { weight, took }];
	while Migrations::ongoing() {
		System::set_block_number(System::block_number() + 1);
		let begun = Instant::now();
		let weight = Migrations::step();
		let took = begun.elapsed();
		steps.push(Step { weight, took });
		for record in System::events() {
			let event = format!("{:?}", record.event);
			assert!(!event.contains("UpgradeFailed"), "{event}");
		}
		System::reset_events();
	}
	steps
}

/// Decodes each key and value of the state by the runtime's own metadata, to the last byte; gives how many there
/// are of each entry.
///
/// # Panics
///
/// If a key belongs to no entry, or it or its value does not decode.
pub(crate) fn decode_all_state() -> BTreeMap<String, u32> {
	let bytes = Runtime::metadata_at_version(16).expect("the runtime has it");
	let metadata = RuntimeMetadataPrefixed::decode(&mut &bytes[..]).expect("it is metadata");
	let RuntimeMetadata::V16(metadata) = metadata.1 else {
		panic!("another version than was asked for")
	};
	let mut entries = BTreeMap::new();
	for (pallet, entry) in metadata.storage_tuples() {
		let prefix = [twox_128(pallet.as_bytes()), twox_128(entry.as_bytes())].concat();
		entries.insert(prefix, (pallet.to_string(), entry.to_string()));
	}
	let versions: Vec<_> = metadata
		.pallets
		.iter()
		.map(|pallet| storage_version_key(&pallet.name))
		.collect();
	let mut count = BTreeMap::new();
	let mut key = Vec::new();
	while let Some(next) = sp_io::storage::next_key(&key) {
		key = next;
		// Keys that are no pallet's: `:code`, `:extrinsic_index` and the like.
		if key.starts_with(b":") || versions.contains(&key) {
			continue;
		}
		let (pallet, entry) = key
			.get(..32)
			.and_then(|prefix| entries.get(prefix))
			.unwrap_or_else(|| panic!("a key of nothing: {key:?}"));
		let name = format!("{pallet}.{entry}");
		let mut rest = &key[..];
		decode_storage_key(pallet, entry, &mut rest, &metadata, &metadata.types)
			.unwrap_or_else(|error| panic!("a key of {name}: {error}"));
		assert!(rest.is_empty(), "a key of {name} is too long");
		let value = sp_io::storage::get(&key).expect("the key is there");
		let mut rest = &value[..];
		decode_storage_value(
			pallet,
			entry,
			&mut rest,
			&metadata,
			&metadata.types,
			IgnoreVisitor::new(),
		)
		.unwrap_or_else(|error| panic!("a value of {name}: {error}"));
		assert!(rest.is_empty(), "a value of {name} is too long");
		*count.entry(name).or_default() += 1;
	}
	count
}

fn storage_version_key(pallet: &str) -> Vec<u8> {
	[
		twox_128(pallet.as_bytes()),
		twox_128(b":__STORAGE_VERSION__:"),
	]
	.concat()
}

/// Every invariant of our pallets.
pub(crate) fn try_state() {
	use usufruct_runtime as runtime;
	runtime::NodeRegistry::do_try_state().expect("of machines");
	runtime::UseRights::do_try_state().expect("of use rights");
	runtime::RevenueRights::do_try_state().expect("of revenue rights");
	runtime::Market::do_try_state().expect("of the market");
	runtime::Workspaces::do_try_state().expect("of workspaces");
	runtime::Applications::do_try_state().expect("of applications");
}
