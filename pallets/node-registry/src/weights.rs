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
	fn register() -> Weight;
	fn add_hardware() -> Weight;
	fn heartbeat() -> Weight;
	fn go_offline() -> Weight;
	fn retire() -> Weight;
	fn withdraw_bond() -> Weight;
	fn remove_hardware() -> Weight;
	fn set_endpoint() -> Weight;
	fn force_suspend() -> Weight;
	fn force_reinstate() -> Weight;
	fn top_up_bond() -> Weight;
}

/// Weights with the runtime's own database.
#[derive(Debug)]
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register() -> Weight {
		Weight::from_parts(60_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(4, 4))
	}

	fn add_hardware() -> Weight {
		Weight::from_parts(60_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(6, 5))
	}

	fn heartbeat() -> Weight {
		Weight::from_parts(30_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}

	fn go_offline() -> Weight {
		Weight::from_parts(30_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}

	fn retire() -> Weight {
		Weight::from_parts(30_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}

	fn withdraw_bond() -> Weight {
		Weight::from_parts(60_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}

	fn remove_hardware() -> Weight {
		Weight::from_parts(60_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(4, 4))
	}

	fn set_endpoint() -> Weight {
		Weight::from_parts(25_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}

	fn force_suspend() -> Weight {
		Weight::from_parts(25_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}

	fn force_reinstate() -> Weight {
		Weight::from_parts(25_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}

	fn top_up_bond() -> Weight {
		Weight::from_parts(50_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
}

impl WeightInfo for () {
	fn register() -> Weight {
		Weight::from_parts(60_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(4, 4))
	}

	fn add_hardware() -> Weight {
		Weight::from_parts(60_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(6, 5))
	}

	fn heartbeat() -> Weight {
		Weight::from_parts(30_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}

	fn go_offline() -> Weight {
		Weight::from_parts(30_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}

	fn retire() -> Weight {
		Weight::from_parts(30_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}

	fn withdraw_bond() -> Weight {
		Weight::from_parts(60_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}

	fn remove_hardware() -> Weight {
		Weight::from_parts(60_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(4, 4))
	}

	fn set_endpoint() -> Weight {
		Weight::from_parts(25_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(1, 1))
	}

	fn force_suspend() -> Weight {
		Weight::from_parts(25_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}

	fn force_reinstate() -> Weight {
		Weight::from_parts(25_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(1, 1))
	}

	fn top_up_bond() -> Weight {
		Weight::from_parts(50_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
}
