#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
	not(test),
	deny(
		clippy::arithmetic_side_effects,
		clippy::indexing_slicing,
		clippy::expect_used
	)
)]
// FRAME generates storage types without it.
#![allow(missing_debug_implementations)]

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;

pub use pallet::*;
pub use types::{
	Canceller, EnsurePower, MarketAdmin, Membership, Power, ProofParameters, TrackId, Treasury,
	Upgrade,
};

#[frame_support::pallet]
// The macros that serve try-runtime expect what they have just written.
#[allow(missing_docs, clippy::expect_used)]
pub mod pallet {
	use frame_support::{pallet_prelude::*, traits::StorageVersion};
	use frame_system::pallet_prelude::*;
	use usufruct_primitives::BlockNumber;

	use super::Power;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {}

	/// A power that the DAO voted to use.
	#[pallet::origin]
	pub type Origin = Power;

	/// What the periods of voting are divided by; at least 1.
	#[pallet::storage]
	pub type Pace<T> = StorageValue<_, BlockNumber, ValueQuery, ConstU32<1>>;

	#[pallet::genesis_config]
	pub struct GenesisConfig<T: Config> {
		/// What the periods of voting are divided by; at least 1.
		pub pace: BlockNumber,
		#[serde(skip)]
		pub phantom: PhantomData<T>,
	}

	impl<T: Config> Default for GenesisConfig<T> {
		fn default() -> Self {
			Self {
				pace: 1,
				phantom: PhantomData,
			}
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			assert!(self.pace > 0, "the pace of voting must not be zero");
			Pace::<T>::put(self.pace);
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	impl<T: Config> Pallet<T> {
		/// How many blocks a period of voting takes on this chain that takes `blocks` at pace 1: at
		/// least one.
		pub fn period(blocks: BlockNumber) -> BlockNumber {
			blocks
				.checked_div(Pace::<T>::get())
				.unwrap_or(blocks)
				.max(1)
		}
	}
}
