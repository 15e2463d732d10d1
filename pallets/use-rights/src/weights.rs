//! What each call costs.
//!
//! NOTE: estimates, not measurements: database accesses are counted from the code, computation is
//! rounded up. `cargo xtask weights` replaces this file.

use core::marker::PhantomData;

use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// The weight of each call.
#[allow(missing_docs)]
pub trait WeightInfo {
	fn create_resource() -> Weight;
	fn remove_resource() -> Weight;
	fn mint() -> Weight;
	fn burn() -> Weight;
	fn transfer() -> Weight;
}

/// Weights with the runtime's own database.
#[derive(Debug)]
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn create_resource() -> Weight {
		Weight::from_parts(120_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(20, 13))
	}

	fn remove_resource() -> Weight {
		Weight::from_parts(100_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(13, 13))
	}

	fn mint() -> Weight {
		Weight::from_parts(90_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(11, 13))
	}

	fn burn() -> Weight {
		Weight::from_parts(80_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(12, 12))
	}

	fn transfer() -> Weight {
		Weight::from_parts(100_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(8, 8))
	}
}

impl WeightInfo for () {
	fn create_resource() -> Weight {
		Weight::from_parts(120_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(20, 13))
	}

	fn remove_resource() -> Weight {
		Weight::from_parts(100_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(13, 13))
	}

	fn mint() -> Weight {
		Weight::from_parts(90_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(11, 13))
	}

	fn burn() -> Weight {
		Weight::from_parts(80_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(12, 12))
	}

	fn transfer() -> Weight {
		Weight::from_parts(100_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(8, 8))
	}
}
