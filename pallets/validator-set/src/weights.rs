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
	fn join() -> Weight;
	fn bond_more() -> Weight;
	fn leave() -> Weight;
	fn withdraw() -> Weight;
	fn force_add() -> Weight;
	fn force_remove() -> Weight;
	fn slash() -> Weight;
}

/// Weights with the runtime's own database.
#[derive(Debug)]
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn join() -> Weight {
		Weight::from_parts(60_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(5, 3))
	}

	fn bond_more() -> Weight {
		Weight::from_parts(50_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}

	// Reads each of at most a hundred candidates and its session keys.
	fn leave() -> Weight {
		Weight::from_parts(200_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(205, 1))
	}

	fn withdraw() -> Weight {
		Weight::from_parts(50_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}

	fn force_add() -> Weight {
		Weight::from_parts(30_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}

	fn force_remove() -> Weight {
		Weight::from_parts(200_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(205, 1))
	}

	fn slash() -> Weight {
		Weight::from_parts(80_000_000, 8_192).saturating_add(T::DbWeight::get().reads_writes(6, 5))
	}
}

impl WeightInfo for () {
	fn join() -> Weight {
		Weight::from_parts(60_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(5, 3))
	}

	fn bond_more() -> Weight {
		Weight::from_parts(50_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}

	// Reads each of at most a hundred candidates and its session keys.
	fn leave() -> Weight {
		Weight::from_parts(200_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(205, 1))
	}

	fn withdraw() -> Weight {
		Weight::from_parts(50_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}

	fn force_add() -> Weight {
		Weight::from_parts(30_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(1, 1))
	}

	fn force_remove() -> Weight {
		Weight::from_parts(200_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(205, 1))
	}

	fn slash() -> Weight {
		Weight::from_parts(80_000_000, 8_192)
			.saturating_add(ParityDbWeight::get().reads_writes(6, 5))
	}
}
