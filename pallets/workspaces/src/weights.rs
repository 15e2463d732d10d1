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
	fn publish_image() -> Weight;
	fn retract_image() -> Weight;
	fn request() -> Weight;
	fn cancel_request() -> Weight;
	fn propose() -> Weight;
	fn authorize_propose() -> Weight;
	fn settle() -> Weight;
	fn report_progress() -> Weight;
	fn end_lease() -> Weight;
}

/// Weights with the runtime's own database.
#[derive(Debug)]
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn publish_image() -> Weight {
		Weight::from_parts(60_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}

	fn retract_image() -> Weight {
		Weight::from_parts(60_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}

	fn request() -> Weight {
		Weight::from_parts(100_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(6, 7))
	}

	fn cancel_request() -> Weight {
		Weight::from_parts(100_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(6, 12))
	}

	fn propose() -> Weight {
		Weight::from_parts(300_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(30, 28))
	}

	fn authorize_propose() -> Weight {
		Weight::from_parts(80_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(8, 0))
	}

	fn settle() -> Weight {
		Weight::from_parts(2000_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(160, 200))
	}

	fn report_progress() -> Weight {
		Weight::from_parts(300_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(30, 30))
	}

	fn end_lease() -> Weight {
		Weight::from_parts(300_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(32, 32))
	}
}

impl WeightInfo for () {
	fn publish_image() -> Weight {
		Weight::from_parts(60_000_000, 4_096).saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}

	fn retract_image() -> Weight {
		Weight::from_parts(60_000_000, 4_096).saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}

	fn request() -> Weight {
		Weight::from_parts(100_000_000, 4_096).saturating_add(ParityDbWeight::get().reads_writes(6, 7))
	}

	fn cancel_request() -> Weight {
		Weight::from_parts(100_000_000, 4_096).saturating_add(ParityDbWeight::get().reads_writes(6, 12))
	}

	fn propose() -> Weight {
		Weight::from_parts(300_000_000, 4_096).saturating_add(ParityDbWeight::get().reads_writes(30, 28))
	}

	fn authorize_propose() -> Weight {
		Weight::from_parts(80_000_000, 4_096).saturating_add(ParityDbWeight::get().reads_writes(8, 0))
	}

	fn settle() -> Weight {
		Weight::from_parts(2000_000_000, 4_096).saturating_add(ParityDbWeight::get().reads_writes(160, 200))
	}

	fn report_progress() -> Weight {
		Weight::from_parts(300_000_000, 4_096).saturating_add(ParityDbWeight::get().reads_writes(30, 30))
	}

	fn end_lease() -> Weight {
		Weight::from_parts(300_000_000, 4_096).saturating_add(ParityDbWeight::get().reads_writes(32, 32))
	}
}
