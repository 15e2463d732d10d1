//! What is for sale.

use codec::MaxEncodedLen;
use frame_support::{
	ensure,
	traits::{Consideration, Footprint, Get},
};
use sp_runtime::{DispatchResult, SaturatedConversion};
use usufruct_primitives::{
	traits::{ListingInfo, ResourceInspect, RevenueShares, UseRightSale},
	Balance, BlockNumber, Uid,
};

use crate::{
	Config, Error, Event, Holders, LeadIn, Listing, ListingOrder, Listings, Pallet, Reservable,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// The price and the terms that a listing may have.
	fn ensure_sound(
		price: Balance,
		min_term: BlockNumber,
		max_term: BlockNumber,
	) -> DispatchResult {
		ensure!(price > 0, Error::<T>::ZeroPrice);
		ensure!(
			min_term > 0 && min_term <= max_term && max_term <= T::MaxTerm::get(),
			Error::<T>::BadTerms
		);
		Ok(())
	}

	pub(crate) fn do_list(
		seller: T::AccountId,
		uid: Uid,
		price: Balance,
		min_term: BlockNumber,
		max_term: BlockNumber,
		holders: Holders<T::AccountId>,
	) -> DispatchResult {
		Self::ensure_sound(price, min_term, max_term)?;
		let vid = T::Rights::vid_of(uid).ok_or(Error::<T>::UnknownUseRight)?;
		T::Rights::offer(uid, &seller)?;
		if T::Revenue::exists(vid) {
			ensure!(holders.is_empty(), Error::<T>::HoldersFixed);
		} else {
			// The seller pays for the records, so it must be the first; with no share to keep it
			// names itself with one and transfers that later.
			ensure!(
				holders.first().is_some_and(|(first, _)| *first == seller),
				Error::<T>::HoldersMissing
			);
			T::Revenue::create(vid, &holders)?;
		}
		// The record, and the number by which it is found in order.
		let bytes = Listing::<T>::max_encoded_len().saturating_add(Uid::max_encoded_len());
		let deposit = T::ListingDeposit::new(&seller, Footprint::from_parts(2, bytes))?;
		let listed_at = Self::now();
		ListingOrder::<T>::insert(uid.to_be_bytes(), ());
		Listings::<T>::insert(
			uid,
			Listing::<T> {
				seller,
				vid,
				price,
				min_term,
				max_term,
				listed_at,
				lead_in: None,
				reservable: None,
				deposit,
			},
		);
		Self::deposit_event(Event::Listed { uid, vid, price });
		Ok(())
	}

	pub(crate) fn do_edit(
		seller: T::AccountId,
		uid: Uid,
		price: Balance,
		min_term: BlockNumber,
		max_term: BlockNumber,
	) -> DispatchResult {
		let mut listing = Listings::<T>::get(uid).ok_or(Error::<T>::NotListed)?;
		ensure!(listing.seller == seller, Error::<T>::NotSeller);
		Self::ensure_sound(price, min_term, max_term)?;
		(listing.price, listing.min_term, listing.max_term) = (price, min_term, max_term);
		// Who asks something else waits behind those who asked it before.
		listing.listed_at = Self::now();
		listing.lead_in = None;
		Listings::<T>::insert(uid, listing);
		Self::deposit_event(Event::Edited {
			uid,
			price,
			min_term,
			max_term,
		});
		Ok(())
	}

	pub(crate) fn do_lead_in(
		seller: T::AccountId,
		uid: Uid,
		first_price: Balance,
		blocks: BlockNumber,
	) -> DispatchResult {
		let mut listing = Listings::<T>::get(uid).ok_or(Error::<T>::NotListed)?;
		ensure!(listing.seller == seller, Error::<T>::NotSeller);
		ensure!(
			first_price > listing.price && (1..=T::MaxTerm::get()).contains(&blocks),
			Error::<T>::BadLeadIn
		);
		let from = Self::now();
		listing.lead_in = Some(LeadIn {
			first_price,
			from,
			blocks,
		});
		Listings::<T>::insert(uid, listing);
		Self::deposit_event(Event::LeadInBegan {
			uid,
			first_price,
			until: from.saturating_add(blocks),
		});
		Ok(())
	}

	pub(crate) fn do_set_reservable(
		seller: T::AccountId,
		uid: Uid,
		reservable: Option<Reservable>,
	) -> DispatchResult {
		let mut listing = Listings::<T>::get(uid).ok_or(Error::<T>::NotListed)?;
		ensure!(listing.seller == seller, Error::<T>::NotSeller);
		if let Some(reservable) = reservable {
			ensure!(
				(1..=T::MaxTerm::get()).contains(&reservable.ahead),
				Error::<T>::BadTerms
			);
		}
		listing.reservable = reservable;
		Listings::<T>::insert(uid, listing);
		Self::deposit_event(Event::ReservableSet { uid, reservable });
		Ok(())
	}

	pub(crate) fn do_delist(seller: T::AccountId, uid: Uid) -> DispatchResult {
		let listing = Listings::<T>::get(uid).ok_or(Error::<T>::NotListed)?;
		ensure!(listing.seller == seller, Error::<T>::NotSeller);
		T::Rights::withdraw(uid)?;
		Self::remove_listing(uid, listing)?;
		Self::deposit_event(Event::Delisted { uid });
		Ok(())
	}

	/// Forgets the listing and returns its deposit.
	pub(crate) fn remove_listing(uid: Uid, listing: Listing<T>) -> DispatchResult {
		listing.deposit.drop(&listing.seller)?;
		ListingOrder::<T>::remove(uid.to_be_bytes());
		Listings::<T>::remove(uid);
		Ok(())
	}

	pub(crate) fn listing_info(uid: Uid) -> Option<ListingInfo<T::AccountId>> {
		Listings::<T>::get(uid).map(|listing| ListingInfo {
			uid,
			vid: listing.vid,
			price: listing.price_at(Self::now()),
			seller: listing.seller,
			min_term: listing.min_term,
			max_term: listing.max_term,
			listed_at: listing.listed_at,
		})
	}

	/// What is for sale from `from` on, ascending by uid; each is read when it is asked for.
	pub(crate) fn in_order(from: Uid) -> impl Iterator<Item = ListingInfo<T::AccountId>> {
		let before = from
			.checked_sub(1)
			.map(|uid| ListingOrder::<T>::hashed_key_for(uid.to_be_bytes()));
		let keys = match before {
			Some(key) => ListingOrder::<T>::iter_keys_from(key),
			None => ListingOrder::<T>::iter_keys(),
		};
		keys.filter_map(|key| Self::listing_info(Uid::from_be_bytes(key)))
	}
}
