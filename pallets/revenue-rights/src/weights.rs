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
	fn transfer() -> Weight;
	fn settle() -> Weight;
	fn settle_for() -> Weight;
}

/// Weights with the runtime's own database.
#[derive(Debug)]
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn transfer() -> Weight {
		Weight::from_parts(80_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(6, 6))
	}

	fn settle() -> Weight {
		Weight::from_parts(70_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(5, 5))
	}

	fn settle_for() -> Weight {
		Weight::from_parts(70_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(5, 5))
	}
}

impl WeightInfo for () {
	fn transfer() -> Weight {
		Weight::from_parts(80_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(6, 6))
	}

	fn settle() -> Weight {
		Weight::from_parts(70_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(5, 5))
	}

	fn settle_for() -> Weight {
		Weight::from_parts(70_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(5, 5))
	}
}
