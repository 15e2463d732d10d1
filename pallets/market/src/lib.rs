#![doc = include_str!("../README.md")]
//!
//! # Invariants
//!
//! The escrow account holds the sum of all open escrows beside its existential deposit. A right has
//! a listing or a purchase, never both, and is sublet only within a purchase. What is held of an account is
//! the sum of the deposits of its listings, and of its sublets.
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
mod escrow;
mod listings;
mod meter;
pub mod migrations;
#[cfg(test)]
mod mock;
mod search;
mod sublets;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use meter::Meter;
pub use pallet::*;
pub use search::{MAX_FOUND, MAX_LOOKED_AT};
pub use types::{
	Filter, Found, LeadIn, ListingRecord, Page, PurchaseRecord, Reservable, SubletRecord,
};
pub use weights::WeightInfo;

use escrow::Order;
use sublets::Let;

/// A listing and the ticket of its deposit.
pub type Listing<T> =
	ListingRecord<<T as frame_system::Config>::AccountId, <T as Config>::ListingDeposit>;
/// A sublet and the ticket of its deposit.
pub type Sublet<T> =
	SubletRecord<<T as frame_system::Config>::AccountId, <T as Config>::SubletDeposit>;

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
	use sp_runtime::Permill;
	use usufruct_primitives::{
		traits::{
			NodeInspect, OnIncome, OnPurchaseEnd, OnPurchaseRenewal, ResourceInspect,
			RevenueShares, ScoreInspect, UseRightSale,
		},
		Balance, BlockNumber, Uid, Vid,
	};

	use super::{
		Filter, Let, Listing, Order, Page, PurchaseRecord, Reservable, Sublet, WeightInfo,
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(2);

	/// First holders of a revenue right and their shares.
	pub type Holders<AccountId> = BoundedVec<(AccountId, u16), ConstU32<16>>;

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
		/// Names the escrow account. It needs the existential deposit from genesis on, or the last
		/// escrow is not paid.
		#[pallet::constant]
		type PalletId: Get<PalletId>;
		/// Held of the seller for a listing.
		type ListingDeposit: Consideration<Self::AccountId, Footprint>;
		/// Held of a landlord for a sublet.
		type SubletDeposit: Consideration<Self::AccountId, Footprint>;
		/// Longest term in blocks that may be listed.
		#[pallet::constant]
		type MaxTerm: Get<BlockNumber>;
		/// Part of the income that is the fee, rounded down; it goes to the matcher, is burned, and the rest goes
		/// to the treasury.
		#[pallet::constant]
		type FeeShare: Get<Permill>;
		/// Part of that fee which goes to whoever found the right for its buyer, if anybody is to be paid.
		#[pallet::constant]
		type MatcherShare: Get<Permill>;
		/// Part of that fee which is burned, at most what the matcher leaves.
		#[pallet::constant]
		type BurnShare: Get<Permill>;
		/// The treasury's account.
		type Treasury: Get<Self::AccountId>;
		/// The machines.
		type Nodes: NodeInspect<Self::AccountId>;
		/// Resources and use rights.
		type Rights: ResourceInspect<Self::AccountId> + UseRightSale<Self::AccountId>;
		/// Who gets the income.
		type Revenue: RevenueShares<Self::AccountId>;
		/// Told when income is paid.
		type OnIncome: OnIncome<Self::AccountId>;
		/// What hardware proved.
		type Scores: ScoreInspect;
		/// Told when a purchase is renewed.
		type OnPurchaseRenewal: OnPurchaseRenewal<Self::AccountId>;
		/// Told when a purchase ends.
		type OnPurchaseEnd: OnPurchaseEnd;
		/// Sets up what the benchmarks need of other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: super::BenchmarkHelper<Self::AccountId>;
		/// Measured weights.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Pays for a listing.
		#[codec(index = 0)]
		Listing,
		/// Pays for a sublet.
		#[codec(index = 1)]
		Sublet,
	}

	/// What is for sale; each record is paid for by its deposit.
	#[pallet::storage]
	pub type Listings<T: Config> = StorageMap<_, Twox64Concat, Uid, Listing<T>, OptionQuery>;

	/// What is for sale, in order: found from any point without walking the hashes.
	// Identity: the key is a number given out by the chain, stored big-endian so that it sorts.
	#[pallet::storage]
	pub type ListingOrder<T> = StorageMap<_, Identity, [u8; 8], (), OptionQuery>;

	/// What was sold and is not over; bounded by the use rights.
	#[pallet::storage]
	pub type Purchases<T: Config> =
		StorageMap<_, Twox64Concat, Uid, PurchaseRecord<T::AccountId>, OptionQuery>;

	/// Parts of terms that are let to others, or offered; each record is paid for by its deposit.
	#[pallet::storage]
	pub type Sublets<T: Config> = StorageMap<_, Twox64Concat, Uid, Sublet<T>, OptionQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A use right is for sale.
		Listed { uid: Uid, vid: Vid, price: Balance },
		/// A listing says something else.
		Edited {
			uid: Uid,
			price: Balance,
			min_term: BlockNumber,
			max_term: BlockNumber,
		},
		/// The price of a listing falls, from this one to its own.
		LeadInBegan {
			uid: Uid,
			first_price: Balance,
			until: BlockNumber,
		},
		/// It is not any more.
		Delisted { uid: Uid },
		/// A listing can be reserved, on these conditions, or no more.
		ReservableSet {
			uid: Uid,
			reservable: Option<Reservable>,
		},
		/// It was sold from a block to another; the money is in escrow.
		Bought {
			uid: Uid,
			buyer: T::AccountId,
			from: BlockNumber,
			until: BlockNumber,
			escrow: Balance,
		},
		/// A term goes on until a block; the money for it is in escrow.
		Renewed {
			uid: Uid,
			until: BlockNumber,
			escrow: Balance,
		},
		/// The seller lets the term be renewed, or no more.
		RenewalSet { uid: Uid, renewable: bool },
		/// Blocks were paid: the amount, of which the fee went to matcher and treasury, or was burned.
		Accrued {
			uid: Uid,
			blocks: u32,
			amount: Balance,
			fee: Balance,
		},
		/// The holder ended the term early; what did not accrue returned.
		Cancelled {
			uid: Uid,
			to: T::AccountId,
			refund: Balance,
		},
		/// The term is over; what did not accrue returned.
		Closed {
			uid: Uid,
			to: T::AccountId,
			refund: Balance,
		},
		/// The holder lets the right until a block, at this price.
		SubletOffered {
			uid: Uid,
			price: Balance,
			until: BlockNumber,
		},
		/// It does not any more.
		SubletWithdrawn { uid: Uid },
		/// Somebody took it; the money is in escrow.
		SubletTaken {
			uid: Uid,
			subtenant: T::AccountId,
			until: BlockNumber,
			escrow: Balance,
		},
		/// Blocks were paid to the landlord: the amount but for the fee.
		SubletAccrued {
			uid: Uid,
			to: T::AccountId,
			blocks: u32,
			amount: Balance,
			fee: Balance,
		},
		/// The right is the landlord's again; what did not accrue returned.
		SubletEnded {
			uid: Uid,
			to: T::AccountId,
			refund: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No use right has this identifier.
		UnknownUseRight,
		/// The use right is not for sale.
		NotListed,
		/// The use right was not sold, or its term is over and closed.
		NotSold,
		/// Only the seller may do this.
		NotSeller,
		/// Only the holder of the use right may do this.
		NotHolder,
		/// A price of zero is refused.
		ZeroPrice,
		/// The shortest term must be at least a block and at most the longest; the longest at most
		/// the chain's limit.
		BadTerms,
		/// A lead-in begins above the listing's price, and lasts at least a block and at most the chain's
		/// longest term.
		BadLeadIn,
		/// The term is shorter or longer than the listing allows.
		TermOutOfBounds,
		/// The listing's price is above what the buyer accepts.
		PriceTooHigh,
		/// The seller cannot buy its own listing.
		OwnListing,
		/// The machine is not online.
		NodeOffline,
		/// The resource has its revenue right: list it without holders.
		HoldersFixed,
		/// The first listing of a resource names the holders of its 10,000 revenue shares; the
		/// seller comes first.
		HoldersMissing,
		/// The seller does not renew this term, or it is over.
		NotRenewable,
		/// The term is not over.
		TooEarly,
		/// The seller does not let this be reserved: buy it for now.
		NotReservable,
		/// A reserved term begins after this block, and not later than the seller lets it.
		BadStart,
		/// The right is sublet: it has to return first, which its subtenant, and at its end anybody, can cause.
		Sublet,
		/// The right is not sublet, or not offered for it.
		NotSublet,
		/// An amount overflows.
		Overflow,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Offers a use right of the caller. The first listing of a resource creates its revenue
		/// right with `holders`, the caller or a beneficiary; a later one gives none.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::list(holders.len() as u32))]
		pub fn list(
			origin: OriginFor<T>,
			uid: Uid,
			#[pallet::compact] price: Balance,
			min_term: BlockNumber,
			max_term: BlockNumber,
			holders: Holders<T::AccountId>,
		) -> DispatchResult {
			let seller = ensure_signed(origin)?;
			Self::do_list(seller, uid, price, min_term, max_term, holders)
		}

		/// Takes a use right off the market.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::delist())]
		pub fn delist(origin: OriginFor<T>, uid: Uid) -> DispatchResult {
			let seller = ensure_signed(origin)?;
			Self::do_delist(seller, uid)
		}

		/// Buys a use right for `term` blocks at no more than `max_price` per block. The price of
		/// the whole term goes to escrow.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::buy())]
		pub fn buy(
			origin: OriginFor<T>,
			uid: Uid,
			term: BlockNumber,
			#[pallet::compact] max_price: Balance,
		) -> DispatchResult {
			let buyer = ensure_signed(origin)?;
			let order = Order {
				start: None,
				term,
				max_price,
				max_escrow: Balance::MAX,
				matcher: None,
			};
			Self::do_buy(uid, &buyer, order).map(|_| ())
		}

		/// Ends a term early: pays what accrued and returns the rest to the caller, the holder. Not while it is
		/// sublet; an offer to sublet ends with it.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::close().saturating_add(Pallet::<T>::beside_the_end(Let::Offered)))]
		pub fn cancel(origin: OriginFor<T>, uid: Uid) -> DispatchResultWithPostInfo {
			let holder = ensure_signed(origin)?;
			let beside = Self::do_cancel(holder, uid)?;
			Ok(Some(T::WeightInfo::close().saturating_add(beside)).into())
		}

		/// Pays what accrued up to now, of the term and of what is sublet of it.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::accrue().saturating_add(Pallet::<T>::beside_accrual(Let::Yes)))]
		pub fn accrue(origin: OriginFor<T>, uid: Uid) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let sublet = Self::do_accrue(uid)?;
			Ok(Some(T::WeightInfo::accrue().saturating_add(Self::beside_accrual(sublet))).into())
		}

		/// Ends a term that is over.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::close().saturating_add(Pallet::<T>::beside_the_end(Let::Yes)))]
		pub fn close(origin: OriginFor<T>, uid: Uid) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let beside = Self::do_close(uid)?;
			Ok(Some(T::WeightInfo::close().saturating_add(beside)).into())
		}

		/// Changes what the caller asks for a use right. Terms that run keep what they were bought for.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::edit())]
		pub fn edit(
			origin: OriginFor<T>,
			uid: Uid,
			#[pallet::compact] price: Balance,
			min_term: BlockNumber,
			max_term: BlockNumber,
		) -> DispatchResult {
			let seller = ensure_signed(origin)?;
			Self::do_edit(seller, uid, price, min_term, max_term)
		}

		/// Lets a term that runs go on for `blocks` more at its price, which goes to escrow: for the holder,
		/// unless the seller does not renew it, and so that never more than the listing's longest term is
		/// ahead. What runs on the right goes on, too.
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::renew().saturating_add(T::OnPurchaseRenewal::weight()))]
		pub fn renew(origin: OriginFor<T>, uid: Uid, blocks: BlockNumber) -> DispatchResult {
			let holder = ensure_signed(origin)?;
			Self::do_renew(holder, uid, blocks)
		}

		/// Lets a term of the caller's right be renewed, or no more. A term begins as one that can be.
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::set_renewable())]
		pub fn set_renewable(origin: OriginFor<T>, uid: Uid, renewable: bool) -> DispatchResult {
			let seller = ensure_signed(origin)?;
			Self::do_set_renewable(seller, uid, renewable)
		}

		/// Lets the price of a listing fall in a straight line, from `first_price` now to its own after
		/// `blocks`: an auction that the first buyer wins. Put it into one batch with `list`.
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::lead_in())]
		pub fn lead_in(
			origin: OriginFor<T>,
			uid: Uid,
			#[pallet::compact] first_price: Balance,
			blocks: BlockNumber,
		) -> DispatchResult {
			let seller = ensure_signed(origin)?;
			Self::do_lead_in(seller, uid, first_price, blocks)
		}

		/// Lets a listing be reserved: bought for a term that begins up to so many blocks later, at a price for
		/// each block that the machine waits. `None` = not; so it begins.
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::set_reservable())]
		pub fn set_reservable(
			origin: OriginFor<T>,
			uid: Uid,
			reservable: Option<Reservable>,
		) -> DispatchResult {
			let seller = ensure_signed(origin)?;
			Self::do_set_reservable(seller, uid, reservable)
		}

		/// Buys a use right for `term` blocks from the block `start` on. What goes to escrow, at most
		/// `max_escrow`, is the price of the term and that of waiting; what of it did not accrue returns, whenever
		/// the holder cancels.
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::reserve())]
		pub fn reserve(
			origin: OriginFor<T>,
			uid: Uid,
			start: BlockNumber,
			term: BlockNumber,
			#[pallet::compact] max_escrow: Balance,
		) -> DispatchResult {
			let buyer = ensure_signed(origin)?;
			let order = Order {
				start: Some(start),
				term,
				max_price: Balance::MAX,
				max_escrow,
				matcher: None,
			};
			Self::do_buy(uid, &buyer, order).map(|_| ())
		}

		/// Offers a part of the caller's term to others, from whenever it is taken until the block `until`.
		/// Replaces the offer that there was.
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::sublet())]
		pub fn sublet(
			origin: OriginFor<T>,
			uid: Uid,
			#[pallet::compact] price: Balance,
			until: BlockNumber,
		) -> DispatchResult {
			let landlord = ensure_signed(origin)?;
			Self::do_sublet(landlord, uid, price, until)
		}

		/// Takes an offer back that nobody took.
		#[pallet::call_index(13)]
		#[pallet::weight(T::WeightInfo::withdraw_sublet())]
		pub fn withdraw_sublet(origin: OriginFor<T>, uid: Uid) -> DispatchResult {
			let landlord = ensure_signed(origin)?;
			Self::do_withdraw_sublet(landlord, uid)
		}

		/// Takes an offered part of a term, at no more than `max_price` per block. The price of all of it goes to
		/// escrow; the caller holds the right, and whatever runs on it, until it returns.
		#[pallet::call_index(14)]
		#[pallet::weight(T::WeightInfo::take_sublet())]
		pub fn take_sublet(
			origin: OriginFor<T>,
			uid: Uid,
			#[pallet::compact] max_price: Balance,
		) -> DispatchResult {
			let subtenant = ensure_signed(origin)?;
			Self::do_take_sublet(subtenant, uid, max_price)
		}

		/// Returns a right to its landlord, with whatever runs on it: for its holder at any time, for anybody
		/// once what was let is over. What did not accrue returns to the holder.
		#[pallet::call_index(15)]
		#[pallet::weight(T::WeightInfo::end_sublet())]
		pub fn end_sublet(origin: OriginFor<T>, uid: Uid) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_end_sublet(who, uid)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// What is for sale and satisfies the filter, from a use right on: at most `limit`, with where to go
		/// on.
		pub fn find(filter: Filter, from: Uid, limit: u32) -> Page<T::AccountId> {
			Self::search(&filter, from, limit)
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
