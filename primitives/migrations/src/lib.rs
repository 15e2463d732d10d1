//! How does what is stored get a new layout while the chain goes on?
//!
//! A pallet says by a [`Layout`] what the values of one of its maps were and what they become. A
//! [`Relayout`] of it is a stepped migration for `pallet-migrations`: it walks the map key by key, as far
//! as a block's share of weight lets it, and goes on in the next block where it was. Nothing else runs
//! meanwhile but inherents, so that no call sees half of it.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
	not(test),
	deny(
		clippy::arithmetic_side_effects,
		clippy::indexing_slicing,
		clippy::expect_used
	)
)]

extern crate alloc;

use alloc::vec::Vec;
use core::marker::PhantomData;

use codec::{DecodeAll, Encode};
use frame_support::{
	migrations::{MigrationId, SteppedMigration, SteppedMigrationError},
	storage::unhashed,
	traits::{ConstU32, Get, GetStorageVersion, PalletInfoAccess, StorageVersion},
	weights::{RuntimeDbWeight, Weight, WeightMeter},
	BoundedVec,
};

/// Longest key of a map that gets a new layout, in bytes.
const MAX_KEY: u32 = 256;

/// Decoding and encoding a value, in picoseconds: generous, for a block has room for some thousands.
const PER_VALUE: u64 = 20_000_000;

/// What the values of a storage map were, and what they become.
pub trait Layout {
	/// The map's pallet.
	type Pallet: PalletInfoAccess + GetStorageVersion<InCodeStorageVersion = StorageVersion>;
	/// What a value was.
	type Old: DecodeAll;
	/// What it becomes.
	type New: Encode;
	/// What the database costs.
	type DbWeight: Get<RuntimeDbWeight>;
	/// The pallet's storage version before. Where it is another, there is nothing to do: so a chain that
	/// began later, or a migration that is run again, changes nothing.
	const FROM: u16;
	/// The version when this map is done: the next one for the last map of a pallet, `FROM` for all before it.
	const TO: u16;
	/// Tells the maps of a pallet apart, as its name does the pallets.
	const MAP: u8;

	/// What all keys of the map begin with.
	fn prefix() -> Vec<u8>;
	/// The new value for an old one.
	fn translate(old: Self::Old) -> Self::New;
	/// What one value costs: its key and itself are read, itself is written, and it is decoded and encoded.
	fn weight() -> Weight {
		Self::DbWeight::get()
			.reads_writes(2, 1)
			.saturating_add(Weight::from_parts(PER_VALUE, 0))
	}
}

/// The migration of one map, see [`Layout`].
#[derive(Debug)]
pub struct Relayout<L>(PhantomData<L>);

/// The key up to which all is done.
pub type Cursor = BoundedVec<u8, ConstU32<MAX_KEY>>;

impl<L: Layout> SteppedMigration for Relayout<L> {
	type Cursor = Cursor;
	type Identifier = MigrationId<32>;

	fn id() -> Self::Identifier {
		let mut pallet_id = [0; 32];
		let name = L::Pallet::name().as_bytes().iter().chain([&b'/', &L::MAP]);
		for (to, from) in pallet_id.iter_mut().zip(name) {
			*to = *from;
		}
		let version = |number: u16| u8::try_from(number).unwrap_or(u8::MAX);
		MigrationId {
			pallet_id,
			version_from: version(L::FROM),
			version_to: version(L::TO),
		}
	}

	fn migrating_prefixes() -> Option<impl IntoIterator<Item = Vec<u8>>> {
		Some([L::prefix()])
	}

	fn step(
		cursor: Option<Cursor>,
		meter: &mut WeightMeter,
	) -> Result<Option<Cursor>, SteppedMigrationError> {
		if L::Pallet::on_chain_storage_version() != StorageVersion::new(L::FROM) {
			return Ok(None);
		}
		let (prefix, weight) = (L::prefix(), L::weight());
		if !meter.can_consume(weight) {
			return Err(SteppedMigrationError::InsufficientWeight { required: weight });
		}
		let mut last = cursor.map_or_else(|| prefix.clone(), BoundedVec::into_inner);
		while meter.try_consume(weight).is_ok() {
			let next = sp_io::storage::next_key(&last).filter(|key| key.starts_with(&prefix));
			let Some(key) = next else {
				StorageVersion::new(L::TO).put::<L::Pallet>();
				return Ok(None);
			};
			relayout::<L>(&key)?;
			last = key;
		}
		let cursor = last.try_into().map_err(|_| SteppedMigrationError::Failed)?;
		Ok(Some(cursor))
	}
}

/// Replaces one value. What is not as it was expected to be stops the migration, rather than being lost.
fn relayout<L: Layout>(key: &[u8]) -> Result<(), SteppedMigrationError> {
	let failed = |why: &str| {
		log::error!(
			target: "runtime::migrations",
			"a value of {} that {why}, at {key:?}",
			L::Pallet::name()
		);
		SteppedMigrationError::Failed
	};
	let bytes = unhashed::get_raw(key).ok_or_else(|| failed("is gone"))?;
	let old = L::Old::decode_all(&mut bytes.as_slice())
		.map_err(|_| failed("does not have the old layout"))?;
	unhashed::put(key, &L::translate(old));
	Ok(())
}

#[cfg(test)]
mod tests;
