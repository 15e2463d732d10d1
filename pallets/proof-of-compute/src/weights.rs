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
	fn set_class() -> Weight;
	fn request_proof() -> Weight;
	fn commit_first() -> Weight;
	fn commit() -> Weight;
	/// `r` roots, `s` samples.
	fn reveal(r: u32, s: u32) -> Weight;
	fn expire() -> Weight;
	fn on_initialize() -> Weight;
}

/// Weights with the runtime's own database.
#[derive(Debug)]
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn set_class() -> Weight {
		Weight::from_parts(40_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}

	fn request_proof() -> Weight {
		Weight::from_parts(80_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(6, 4))
	}

	fn commit_first() -> Weight {
		Weight::from_parts(50_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(5, 1))
	}

	fn commit() -> Weight {
		Weight::from_parts(40_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}

	fn reveal(r: u32, s: u32) -> Weight {
		// Each of a hundred ranked is looked up.
		Weight::from_parts(300_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(116, 8))
			// A root is two hashes; a sample at the largest k is 256 KiB of ChaCha8 and a tree of hashes.
			.saturating_add(Weight::from_parts(3_000_000, 0).saturating_mul(r.into()))
			.saturating_add(Weight::from_parts(1_500_000_000, 0).saturating_mul(s.into()))
	}

	fn expire() -> Weight {
		// Each of a hundred ranked is looked up.
		Weight::from_parts(120_000_000, 4_096)
			.saturating_add(T::DbWeight::get().reads_writes(112, 8))
	}

	fn on_initialize() -> Weight {
		Weight::from_parts(10_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
}

impl WeightInfo for () {
	fn set_class() -> Weight {
		Weight::from_parts(40_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(1, 1))
	}

	fn request_proof() -> Weight {
		Weight::from_parts(80_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(6, 4))
	}

	fn commit_first() -> Weight {
		Weight::from_parts(50_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(5, 1))
	}

	fn commit() -> Weight {
		Weight::from_parts(40_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}

	fn reveal(r: u32, s: u32) -> Weight {
		// Each of a hundred ranked is looked up.
		Weight::from_parts(300_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(116, 8))
			// A root is two hashes; a sample at the largest k is 256 KiB of ChaCha8 and a tree of hashes.
			.saturating_add(Weight::from_parts(3_000_000, 0).saturating_mul(r.into()))
			.saturating_add(Weight::from_parts(1_500_000_000, 0).saturating_mul(s.into()))
	}

	fn expire() -> Weight {
		// Each of a hundred ranked is looked up.
		Weight::from_parts(120_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(112, 8))
	}

	fn on_initialize() -> Weight {
		Weight::from_parts(10_000_000, 4_096)
			.saturating_add(ParityDbWeight::get().reads_writes(1, 1))
	}
}
