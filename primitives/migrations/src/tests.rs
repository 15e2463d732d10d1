//! A map gets its new layout in as many steps as it takes, once, and wholly or not at all.

use super::*;

/// Stands in for a pallet; its version lies below its name.
struct Shop;

impl PalletInfoAccess for Shop {
	fn index() -> usize {
		0
	}
	fn name() -> &'static str {
		"Shop"
	}
	fn name_hash() -> [u8; 16] {
		sp_io::hashing::twox_128(b"Shop")
	}
	fn module_name() -> &'static str {
		"shop"
	}
	fn crate_version() -> frame_support::traits::CrateVersion {
		Default::default()
	}
}

impl GetStorageVersion for Shop {
	type InCodeStorageVersion = StorageVersion;

	fn in_code_storage_version() -> StorageVersion {
		StorageVersion::new(2)
	}
	fn on_chain_storage_version() -> StorageVersion {
		StorageVersion::get::<Self>()
	}
}

/// Prices of one byte become such of four, with a currency.
struct Prices;

impl Layout for Prices {
	type DbWeight = ();
	type New = (u32, [u8; 3]);
	type Old = u8;
	type Pallet = Shop;

	const FROM: u16 = 1;
	const MAP: u8 = 0;
	const TO: u16 = 2;

	fn prefix() -> Vec<u8> {
		b"prices/".to_vec()
	}
	fn translate(old: u8) -> Self::New {
		(old.into(), *b"USU")
	}
	fn weight() -> Weight {
		Weight::from_parts(10, 0)
	}
}

fn key(number: u8) -> Vec<u8> {
	[&b"prices/"[..], &[number]].concat()
}

/// Neighbours in the state, and so many prices; the version before.
fn shop(prices: u8) -> sp_io::TestExternalities {
	let mut ext = sp_io::TestExternalities::default();
	ext.execute_with(|| {
		unhashed::put(b"price", &9u8);
		unhashed::put(b"pricez", &9u8);
		for number in 0..prices {
			unhashed::put(&key(number), &number);
		}
		StorageVersion::new(1).put::<Shop>();
	});
	ext
}

/// Steps of so much weight, until it is done; gives how many there were.
fn run(weight: u64) -> Result<u32, SteppedMigrationError> {
	let mut cursor = None;
	for steps in 1.. {
		let mut meter = WeightMeter::with_limit(Weight::from_parts(weight, 0));
		cursor = Relayout::<Prices>::step(cursor, &mut meter)?;
		assert!(meter.consumed().ref_time() <= weight);
		if cursor.is_none() {
			return Ok(steps);
		}
	}
	unreachable!("it ends")
}

fn price(number: u8) -> Option<(u32, [u8; 3])> {
	unhashed::get(&key(number))
}

#[test]
fn every_value_gets_the_new_layout_in_as_many_steps_as_the_weight_allows() {
	for (weight, steps) in [(10, 6), (29, 3), (50, 2), (60, 1), (u64::MAX, 1)] {
		shop(5).execute_with(|| {
			assert_eq!(run(weight), Ok(steps), "{weight} a step");
			for number in 0..5 {
				assert_eq!(price(number), Some((number.into(), *b"USU")));
			}
			assert_eq!(StorageVersion::get::<Shop>(), 2);
		});
	}
}

#[test]
fn neighbours_in_the_state_stay_as_they_are() {
	shop(5).execute_with(|| {
		run(10).unwrap();
		assert_eq!(unhashed::get(b"price"), Some(9u8));
		assert_eq!(unhashed::get(b"pricez"), Some(9u8));
	});
}

#[test]
fn what_has_the_new_version_is_not_touched_again() {
	shop(5).execute_with(|| {
		run(10).unwrap();
		assert_eq!(run(10), Ok(1));
		assert_eq!(price(3), Some((3, *b"USU")));
	});
}

#[test]
fn an_empty_map_only_gets_its_version() {
	shop(0).execute_with(|| {
		assert_eq!(run(10), Ok(1));
		assert_eq!(StorageVersion::get::<Shop>(), 2);
	});
}

#[test]
fn a_value_that_is_not_as_expected_stops_the_migration_and_is_kept() {
	shop(5).execute_with(|| {
		unhashed::put(&key(2), &(1u64, 2u64));
		assert_eq!(run(u64::MAX), Err(SteppedMigrationError::Failed));
		assert_eq!(unhashed::get(&key(2)), Some((1u64, 2u64)));
		assert_eq!(StorageVersion::get::<Shop>(), 1);
	});
}

#[test]
fn a_step_that_cannot_do_one_value_says_what_it_needs() {
	shop(5).execute_with(|| {
		let required = Prices::weight();
		assert_eq!(
			run(9),
			Err(SteppedMigrationError::InsufficientWeight { required })
		);
	});
}
