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
	fn authorize_settle() -> Weight;
	fn report_progress() -> Weight;
	fn terminate() -> Weight;
	fn expire() -> Weight;
	fn authorize_expire() -> Weight;
	fn expire_request() -> Weight;
	fn authorize_expire_request() -> Weight;
}

/// Weights with the runtime's own database.
#[derive(Debug)]
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn publish_image() -> Weight {
		Weight::from_parts(60_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}

	fn retract_image() -> Weight {
		Weight::from_parts(60_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}

	fn request() -> Weight {
		Weight::from_parts(100_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(14, 7))
	}

	fn cancel_request() -> Weight {
		Weight::from_parts(120_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(6, 14))
	}

	fn propose() -> Weight {
		Weight::from_parts(400_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(50, 32))
	}

	fn authorize_propose() -> Weight {
		Weight::from_parts(150_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(30, 0))
	}

	fn settle() -> Weight {
		Weight::from_parts(2_500_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(280, 220))
	}

	fn authorize_settle() -> Weight {
		Weight::from_parts(80_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(10, 0))
	}

	fn report_progress() -> Weight {
		Weight::from_parts(300_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(24, 24))
	}

	fn terminate() -> Weight {
		Weight::from_parts(300_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(24, 24))
	}

	fn expire() -> Weight {
		Weight::from_parts(320_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(26, 26))
	}

	fn authorize_expire() -> Weight {
		Weight::from_parts(40_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(4, 0))
	}

	fn expire_request() -> Weight {
		Weight::from_parts(120_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(6, 14))
	}

	fn authorize_expire_request() -> Weight {
		Weight::from_parts(30_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(2, 0))
	}
}

impl WeightInfo for () {
	fn publish_image() -> Weight {
		Weight::from_parts(60_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}

	fn retract_image() -> Weight {
		Weight::from_parts(60_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}

	fn request() -> Weight {
		Weight::from_parts(100_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(14, 7))
	}

	fn cancel_request() -> Weight {
		Weight::from_parts(120_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(6, 14))
	}

	fn propose() -> Weight {
		Weight::from_parts(400_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(50, 32))
	}

	fn authorize_propose() -> Weight {
		Weight::from_parts(150_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(30, 0))
	}

	fn settle() -> Weight {
		Weight::from_parts(2_500_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(280, 220))
	}

	fn authorize_settle() -> Weight {
		Weight::from_parts(80_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(10, 0))
	}

	fn report_progress() -> Weight {
		Weight::from_parts(300_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(24, 24))
	}

	fn terminate() -> Weight {
		Weight::from_parts(300_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(24, 24))
	}

	fn expire() -> Weight {
		Weight::from_parts(320_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(26, 26))
	}

	fn authorize_expire() -> Weight {
		Weight::from_parts(40_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(4, 0))
	}

	fn expire_request() -> Weight {
		Weight::from_parts(120_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(6, 14))
	}

	fn authorize_expire_request() -> Weight {
		Weight::from_parts(30_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(2, 0))
	}
}
