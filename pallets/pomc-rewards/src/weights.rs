//! What does each call cost? Estimated, until it is measured.

use core::marker::PhantomData;

use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// The weight of each call.
#[allow(missing_docs)]
pub trait WeightInfo {
	fn set_rules() -> Weight;
	fn claim() -> Weight;
	fn set_payee() -> Weight;
	fn earn() -> Weight;
	fn on_initialize() -> Weight;
}

/// Weights with the runtime's own database.
#[derive(Debug)]
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn set_rules() -> Weight {
		Weight::from_parts(10_000_000, 1_000).saturating_add(T::DbWeight::get().reads_writes(0, 1))
	}
	fn claim() -> Weight {
		Weight::from_parts(500_000_000, 100_000)
			.saturating_add(T::DbWeight::get().reads_writes(40, 37))
	}
	fn set_payee() -> Weight {
		Weight::from_parts(100_000_000, 4_000).saturating_add(T::DbWeight::get().reads_writes(2, 2))
	}
	fn earn() -> Weight {
		Weight::from_parts(30_000_000, 6_000).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(150_000_000, 8_000).saturating_add(T::DbWeight::get().reads_writes(8, 8))
	}
}

impl WeightInfo for () {
	fn set_rules() -> Weight {
		Weight::from_parts(10_000_000, 1_000)
			.saturating_add(ParityDbWeight::get().reads_writes(0, 1))
	}
	fn claim() -> Weight {
		Weight::from_parts(500_000_000, 100_000)
			.saturating_add(ParityDbWeight::get().reads_writes(40, 37))
	}
	fn set_payee() -> Weight {
		Weight::from_parts(100_000_000, 4_000)
			.saturating_add(ParityDbWeight::get().reads_writes(2, 2))
	}
	fn earn() -> Weight {
		Weight::from_parts(30_000_000, 6_000)
			.saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(150_000_000, 8_000)
			.saturating_add(ParityDbWeight::get().reads_writes(8, 8))
	}
}
