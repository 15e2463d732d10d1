//! What does each call cost? Estimated.
//!
//! Not measured yet: by the reads and writes of each, and the time of like calls of the other pallets, a fifth more.
//! `cargo xtask weights` replaces this.

use core::marker::PhantomData;

use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// The weight of each call, and of what leases pay.
#[allow(missing_docs)]
pub trait WeightInfo {
	fn register() -> Weight;
	fn publish_release() -> Weight;
	fn retract_release() -> Weight;
	fn transfer_application() -> Weight;
	fn accept_application() -> Weight;
	fn remove() -> Weight;
	fn become_curator() -> Weight;
	fn leave() -> Weight;
	fn attest() -> Weight;
	fn flag() -> Weight;
	fn withdraw_verdict() -> Weight;
	fn clear_verdict() -> Weight;
	fn set_barred() -> Weight;
	fn open_royalty() -> Weight;
	fn extend_royalty() -> Weight;
	fn close_royalty() -> Weight;
}

/// Weights with the runtime's own database.
#[derive(Debug)]
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register() -> Weight {
		Weight::from_parts(75_000_000, 6000).saturating_add(T::DbWeight::get().reads_writes(5, 5))
	}
	fn publish_release() -> Weight {
		Weight::from_parts(85_000_000, 9000).saturating_add(T::DbWeight::get().reads_writes(6, 4))
	}
	fn retract_release() -> Weight {
		Weight::from_parts(70_000_000, 12_000).saturating_add(T::DbWeight::get().reads_writes(5, 5))
	}
	fn transfer_application() -> Weight {
		Weight::from_parts(20_000_000, 4000).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
	fn accept_application() -> Weight {
		Weight::from_parts(90_000_000, 6000).saturating_add(T::DbWeight::get().reads_writes(5, 5))
	}
	fn remove() -> Weight {
		Weight::from_parts(60_000_000, 6000).saturating_add(T::DbWeight::get().reads_writes(4, 5))
	}
	fn become_curator() -> Weight {
		Weight::from_parts(55_000_000, 4000).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	fn leave() -> Weight {
		Weight::from_parts(55_000_000, 4000).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	fn attest() -> Weight {
		Weight::from_parts(95_000_000, 12_000).saturating_add(T::DbWeight::get().reads_writes(6, 6))
	}
	fn flag() -> Weight {
		Weight::from_parts(95_000_000, 12_000).saturating_add(T::DbWeight::get().reads_writes(6, 6))
	}
	fn withdraw_verdict() -> Weight {
		Weight::from_parts(100_000_000, 14_000)
			.saturating_add(T::DbWeight::get().reads_writes(9, 9))
	}
	fn clear_verdict() -> Weight {
		Weight::from_parts(100_000_000, 14_000)
			.saturating_add(T::DbWeight::get().reads_writes(9, 9))
	}
	fn set_barred() -> Weight {
		Weight::from_parts(80_000_000, 6000).saturating_add(T::DbWeight::get().reads_writes(5, 5))
	}
	fn open_royalty() -> Weight {
		Weight::from_parts(70_000_000, 12_000).saturating_add(T::DbWeight::get().reads_writes(6, 4))
	}
	fn extend_royalty() -> Weight {
		Weight::from_parts(160_000_000, 12_000)
			.saturating_add(T::DbWeight::get().reads_writes(8, 7))
	}
	fn close_royalty() -> Weight {
		Weight::from_parts(120_000_000, 12_000)
			.saturating_add(T::DbWeight::get().reads_writes(8, 8))
	}
}

impl WeightInfo for () {
	fn register() -> Weight {
		Weight::from_parts(75_000_000, 6000)
			.saturating_add(ParityDbWeight::get().reads_writes(5, 5))
	}
	fn publish_release() -> Weight {
		Weight::from_parts(85_000_000, 9000)
			.saturating_add(ParityDbWeight::get().reads_writes(6, 4))
	}
	fn retract_release() -> Weight {
		Weight::from_parts(70_000_000, 12_000)
			.saturating_add(ParityDbWeight::get().reads_writes(5, 5))
	}
	fn transfer_application() -> Weight {
		Weight::from_parts(20_000_000, 4000)
			.saturating_add(ParityDbWeight::get().reads_writes(1, 1))
	}
	fn accept_application() -> Weight {
		Weight::from_parts(90_000_000, 6000)
			.saturating_add(ParityDbWeight::get().reads_writes(5, 5))
	}
	fn remove() -> Weight {
		Weight::from_parts(60_000_000, 6000)
			.saturating_add(ParityDbWeight::get().reads_writes(4, 5))
	}
	fn become_curator() -> Weight {
		Weight::from_parts(55_000_000, 4000)
			.saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}
	fn leave() -> Weight {
		Weight::from_parts(55_000_000, 4000)
			.saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}
	fn attest() -> Weight {
		Weight::from_parts(95_000_000, 12_000)
			.saturating_add(ParityDbWeight::get().reads_writes(6, 6))
	}
	fn flag() -> Weight {
		Weight::from_parts(95_000_000, 12_000)
			.saturating_add(ParityDbWeight::get().reads_writes(6, 6))
	}
	fn withdraw_verdict() -> Weight {
		Weight::from_parts(100_000_000, 14_000)
			.saturating_add(ParityDbWeight::get().reads_writes(9, 9))
	}
	fn clear_verdict() -> Weight {
		Weight::from_parts(100_000_000, 14_000)
			.saturating_add(ParityDbWeight::get().reads_writes(9, 9))
	}
	fn set_barred() -> Weight {
		Weight::from_parts(80_000_000, 6000)
			.saturating_add(ParityDbWeight::get().reads_writes(5, 5))
	}
	fn open_royalty() -> Weight {
		Weight::from_parts(70_000_000, 12_000)
			.saturating_add(ParityDbWeight::get().reads_writes(6, 4))
	}
	fn extend_royalty() -> Weight {
		Weight::from_parts(160_000_000, 12_000)
			.saturating_add(ParityDbWeight::get().reads_writes(8, 7))
	}
	fn close_royalty() -> Weight {
		Weight::from_parts(120_000_000, 12_000)
			.saturating_add(ParityDbWeight::get().reads_writes(8, 8))
	}
}
