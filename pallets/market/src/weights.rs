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
	fn list(h: u32) -> Weight;
	fn delist() -> Weight;
	fn buy() -> Weight;
	fn accrue() -> Weight;
	fn close() -> Weight;
}

/// Weights with the runtime's own database.
#[derive(Debug)]
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn list(h: u32) -> Weight {
		Weight::from_parts(100_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(12, 9))
			.saturating_add(Weight::from_parts(20_000_000, 0).saturating_mul(h.into()))
			.saturating_add(
				T::DbWeight::get()
					.reads_writes(3, 3)
					.saturating_mul(h.into()),
			)
	}

	fn delist() -> Weight {
		Weight::from_parts(70_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(6, 5))
	}

	fn buy() -> Weight {
		Weight::from_parts(150_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(14, 14))
	}

	fn accrue() -> Weight {
		Weight::from_parts(100_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(9, 7))
	}

	fn close() -> Weight {
		Weight::from_parts(180_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(16, 16))
	}
}

impl WeightInfo for () {
	fn list(h: u32) -> Weight {
		Weight::from_parts(100_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(12, 9))
			.saturating_add(Weight::from_parts(20_000_000, 0).saturating_mul(h.into()))
			.saturating_add(
				ParityDbWeight::get()
					.reads_writes(3, 3)
					.saturating_mul(h.into()),
			)
	}

	fn delist() -> Weight {
		Weight::from_parts(70_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(6, 5))
	}

	fn buy() -> Weight {
		Weight::from_parts(150_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(14, 14))
	}

	fn accrue() -> Weight {
		Weight::from_parts(100_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(9, 7))
	}

	fn close() -> Weight {
		Weight::from_parts(180_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(16, 16))
	}
}
