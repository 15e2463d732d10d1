//! From one layout of the market's state to the next.
// Fields of old records speak for themselves: they are those of the new.
#![allow(missing_docs)]

/// From version 1, which knew no reservations and no sublets.
pub mod v2 {
	use alloc::vec::Vec;
	use core::marker::PhantomData;

	use codec::{Decode, Encode};
	use frame_support::StoragePrefixedMap;
	use usufruct_migrations::Layout;
	use usufruct_primitives::{Balance, BlockNumber, NodeId, Vid};

	use crate::{Config, LeadIn, Listing, Listings, Meter, Pallet, PurchaseRecord, Purchases};

	/// A listing as it was.
	#[derive(Clone, Debug, Encode, Decode)]
	pub struct OldListing<AccountId, Ticket> {
		pub seller: AccountId,
		pub vid: Vid,
		pub price: Balance,
		pub min_term: BlockNumber,
		pub max_term: BlockNumber,
		pub listed_at: BlockNumber,
		pub lead_in: Option<LeadIn>,
		pub deposit: Ticket,
	}

	/// A purchase as it was.
	#[derive(Clone, Debug, Encode, Decode)]
	pub struct OldPurchase<AccountId> {
		pub buyer: AccountId,
		pub seller: AccountId,
		pub matcher: Option<AccountId>,
		pub vid: Vid,
		pub node: NodeId,
		pub price: Balance,
		pub max_term: BlockNumber,
		pub renewable: bool,
		pub start: BlockNumber,
		pub end: BlockNumber,
		pub escrow: Balance,
		pub available: u64,
		pub accrued_at: BlockNumber,
	}

	/// Listings can be reserved; those there are cannot, until their sellers say so.
	#[derive(Debug)]
	pub struct OfListings<T>(PhantomData<T>);

	impl<T: Config> Layout for OfListings<T> {
		type DbWeight = T::DbWeight;
		type New = Listing<T>;
		type Old = OldListing<T::AccountId, T::ListingDeposit>;
		type Pallet = Pallet<T>;

		const FROM: u16 = 1;
		const MAP: u8 = 0;
		const TO: u16 = 1;

		fn prefix() -> Vec<u8> {
			Listings::<T>::final_prefix().to_vec()
		}

		fn translate(old: Self::Old) -> Self::New {
			Listing::<T> {
				seller: old.seller,
				vid: old.vid,
				price: old.price,
				min_term: old.min_term,
				max_term: old.max_term,
				listed_at: old.listed_at,
				lead_in: old.lead_in,
				reservable: None,
				deposit: old.deposit,
			}
		}
	}

	/// What a term costs as it goes is a meter of its own.
	#[derive(Debug)]
	pub struct OfPurchases<T>(PhantomData<T>);

	impl<T: Config> Layout for OfPurchases<T> {
		type DbWeight = T::DbWeight;
		type New = PurchaseRecord<T::AccountId>;
		type Old = OldPurchase<T::AccountId>;
		type Pallet = Pallet<T>;

		const FROM: u16 = 1;
		const MAP: u8 = 1;
		const TO: u16 = 2;

		fn prefix() -> Vec<u8> {
			Purchases::<T>::final_prefix().to_vec()
		}

		fn translate(old: Self::Old) -> Self::New {
			PurchaseRecord {
				buyer: old.buyer,
				seller: old.seller,
				matcher: old.matcher,
				vid: old.vid,
				node: old.node,
				max_term: old.max_term,
				renewable: old.renewable,
				start: old.start,
				term: Meter {
					price: old.price,
					end: old.end,
					escrow: old.escrow,
					available: old.available,
					// Whatever accrued was read then; after the end nothing does.
					read_at: old.accrued_at,
					accrued_at: old.accrued_at,
				},
				waiting: None,
			}
		}
	}
}
