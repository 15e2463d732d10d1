#![doc = include_str!("../README.md")]
//!
//! # Invariants
//!
//! The shares of each right add up to 10,000. What a holder offers is what its orders sell, and what is held for
//! orders is their deposits and the money of those who buy. The pallet's account holds what was received and not
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
mod orders;
mod shares;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

pub use pallet::*;
pub use types::{OrderId, OrderRecord, RightRecord, ShareRecord, Side};
pub use weights::WeightInfo;

/// An order and the ticket of its deposit.
pub type Order<T> =
	OrderRecord<<T as frame_system::Config>::AccountId, <T as Config>::OrderDeposit>;
/// A share record and the ticket of its deposit.
pub type Share<T> =
	ShareRecord<<T as frame_system::Config>::AccountId, <T as Config>::ShareDeposit>;

#[frame_support::pallet]
// The macros that serve try-runtime expect what they have just written.
#[allow(missing_docs, clippy::expect_used)]
pub mod pallet {
	use frame_support::{
		pallet_prelude::*,
		traits::{fungible, fungible::MutateHold, Consideration, Footprint, StorageVersion},
		PalletId,
	};
	use frame_system::pallet_prelude::*;
	use usufruct_primitives::{Balance, BlockNumber, Vid};

	use super::{Order, OrderId, RightRecord, Share, Side, WeightInfo};

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
		type ShareDeposit: Consideration<Self::AccountId, Footprint>;
		/// Held of whoever places an order; of who wants to buy for the share record, too.
		type OrderDeposit: Consideration<Self::AccountId, Footprint>;
		/// Most blocks in which an order can be filled.
		#[pallet::constant]
		type MaxOrderLife: Get<BlockNumber>;
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
		/// Pays for an order, and for the shares that it wants to buy.
		#[codec(index = 1)]
		Order,
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
		Share<T>,
		OptionQuery,
	>;

	/// Orders by right; each record is paid for by its deposit.
	#[pallet::storage]
	pub type Orders<T: Config> =
		StorageDoubleMap<_, Twox64Concat, Vid, Twox64Concat, OrderId, Order<T>, OptionQuery>;

	/// The number of the next order.
	#[pallet::storage]
	pub type NextOrder<T> = StorageValue<_, OrderId, ValueQuery>;

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
		/// Somebody wants to sell or buy shares, at a price for each.
		OrderPlaced {
			vid: Vid,
			order: OrderId,
			maker: T::AccountId,
			side: Side,
			shares: u16,
			price: Balance,
		},
		/// Somebody took shares of an order for an amount.
		OrderFilled {
			vid: Vid,
			order: OrderId,
			taker: T::AccountId,
			shares: u16,
			amount: Balance,
		},
		/// What was left of an order was taken back.
		OrderCancelled { vid: Vid, order: OrderId },
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
		/// These shares are for sale: cancel the order first.
		SharesOffered,
		/// There is no such order of this right: it was filled or cancelled.
		UnknownOrder,
		/// The order has expired: it can only be cancelled, by anybody.
		OrderExpired,
		/// An order must expire after this block, and within the longest life of orders.
		BadExpiry,
		/// A price of zero is refused: `transfer` gives shares away.
		ZeroPrice,
		/// Only who placed the order cancels it before it expires.
		NotMaker,
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

		/// Offers to sell shares of the caller, or to buy shares, at `price` for each until block
		/// `expires_at`. Shares for sale earn for the caller until somebody takes them; the money of a
		/// buyer is held.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::place_order())]
		pub fn place_order(
			origin: OriginFor<T>,
			vid: Vid,
			side: Side,
			shares: u16,
			#[pallet::compact] price: Balance,
			expires_at: BlockNumber,
		) -> DispatchResult {
			let maker = ensure_signed(origin)?;
			Self::do_place_order(maker, vid, side, shares, price, expires_at)
		}

		/// Takes shares of an order at its price: buys what is for sale, or sells the caller's own. Income up
		/// to this block stays the seller's, what comes after it is the buyer's.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::fill_order())]
		pub fn fill_order(
			origin: OriginFor<T>,
			vid: Vid,
			order: OrderId,
			shares: u16,
		) -> DispatchResult {
			let taker = ensure_signed(origin)?;
			Self::do_fill_order(taker, vid, order, shares)
		}

		/// Takes back what is left of an order: the caller's own, or anybody's that has expired. What is held
		/// for it returns to its maker.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::cancel_order())]
		pub fn cancel_order(origin: OriginFor<T>, vid: Vid, order: OrderId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_cancel_order(who, vid, order)
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
