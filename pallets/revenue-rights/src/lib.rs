#![doc = include_str!("../README.md")]
//!
//! # Invariants
//!
//! The shares of each right add up to 10,000. The pallet's account holds what was received and not
//! paid, to the unit. What was paid never exceeds the income. What is held of an account is the sum
//! of the deposits of the records that it paid for.
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

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod dividends;
#[cfg(test)]
mod mock;
mod shares;
#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

pub use pallet::*;
pub use types::{RightRecord, ShareRecord};
pub use weights::WeightInfo;

#[frame_support::pallet]
// The macros that serve try-runtime expect what they have just written.
#[allow(missing_docs, clippy::expect_used)]
pub mod pallet {
	use frame_support::{
		pallet_prelude::*,
		traits::{fungible, fungible::MutateHold, StorageVersion},
		PalletId,
	};
	use frame_system::pallet_prelude::*;
	use usufruct_primitives::{Balance, Vid};

	use super::{RightRecord, ShareRecord, WeightInfo};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// The native token.
		type Currency: fungible::Mutate<Self::AccountId, Balance = Balance>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
		/// The runtime's hold reasons.
		type RuntimeHoldReason: From<HoldReason>;
		/// Names the account that keeps income until it is paid. It needs the existential deposit
		/// from genesis on, or small incomes are refused and the last is not paid.
		#[pallet::constant]
		type PalletId: Get<PalletId>;
		/// Held of whoever causes a share record.
		#[pallet::constant]
		type ShareDeposit: Get<Balance>;
		/// Most holders that a right can be created with.
		#[pallet::constant]
		type MaxInitialHolders: Get<u32>;
		/// Measured weights.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Pays for a share record.
		#[codec(index = 0)]
		Shares,
	}

	/// Revenue rights by resource. Never removed: a resource's later listings reuse it.
	#[pallet::storage]
	pub type Rights<T> = StorageMap<_, Twox64Concat, Vid, RightRecord, OptionQuery>;

	/// Who holds how many shares; each record is paid for by its deposit.
	#[pallet::storage]
	pub type Shares<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		Vid,
		Blake2_128Concat,
		T::AccountId,
		ShareRecord<T::AccountId>,
		OptionQuery,
	>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A resource has its revenue right.
		RightCreated { vid: Vid },
		/// Shares have another holder; both sides' income up to now is settled.
		SharesTransferred {
			vid: Vid,
			from: T::AccountId,
			to: T::AccountId,
			shares: u16,
		},
		/// Income was divided among the shares.
		IncomeDistributed { vid: Vid, amount: Balance },
		/// A holder's income was paid.
		IncomeSettled {
			vid: Vid,
			who: T::AccountId,
			amount: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The resource has no revenue right: list it first.
		UnknownRight,
		/// The resource has its revenue right already.
		RightExists,
		/// The account holds no share of this right.
		NotHolder,
		/// The account holds fewer shares than that.
		NotEnoughShares,
		/// Zero shares cannot be moved.
		ZeroShares,
		/// Shares cannot be moved to the account that holds them.
		SameHolder,
		/// The holders' shares must add up to 10,000, each above zero and each holder once.
		SharesDoNotAddUp,
		/// More holders than a right can be created with.
		TooManyHolders,
		/// Nothing is owed to the account.
		NothingOwed,
		/// An amount overflows.
		Overflow,
		/// The account that keeps income cannot hold shares: nobody could claim what they earn.
		OwnAccount,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Moves shares of the caller. Income up to now stays the caller's.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::transfer())]
		pub fn transfer(
			origin: OriginFor<T>,
			vid: Vid,
			to: T::AccountId,
			shares: u16,
		) -> DispatchResult {
			let from = ensure_signed(origin)?;
			Self::do_transfer(vid, from, to, shares)
		}

		/// Pays the caller's income of one right.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::settle())]
		pub fn settle(origin: OriginFor<T>, vid: Vid) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_settle(vid, who)
		}

		/// Pays another account's income of one right, to that account.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::settle_for())]
		pub fn settle_for(origin: OriginFor<T>, vid: Vid, who: T::AccountId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_settle(vid, who)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// What the account could settle now, in the smallest unit.
		pub fn claimable(vid: Vid, who: T::AccountId) -> Balance {
			Self::owed_to(vid, &who)
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
