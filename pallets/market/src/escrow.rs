//! Buying, accruing, ending: every move of the money that is kept for a term.

use alloc::vec::Vec;

use frame_support::{
	ensure,
	traits::{fungible::Mutate, tokens::Preservation, Get},
};
use sp_runtime::{traits::AccountIdConversion, DispatchError, DispatchResult};
use usufruct_primitives::{
	traits::{
		ListingInfo, Marketplace, NodeInspect, OnPurchaseEnd, ResourceInspect, RevenueShares,
		UseRightSale,
	},
	Balance, BlockNumber, Uid,
};

use crate::{Config, Error, Event, Listings, Pallet, PurchaseRecord, Purchases};

impl<T: Config> Pallet<T> {
	/// The account that keeps escrows.
	pub fn account() -> T::AccountId {
		T::PalletId::get().into_account_truncating()
	}

	pub(crate) fn do_buy(
		uid: Uid,
		buyer: &T::AccountId,
		term: BlockNumber,
		max_price: Balance,
	) -> Result<BlockNumber, DispatchError> {
		let listing = Listings::<T>::get(uid).ok_or(Error::<T>::NotListed)?;
		ensure!(listing.seller != *buyer, Error::<T>::OwnListing);
		ensure!(listing.price <= max_price, Error::<T>::PriceTooHigh);
		ensure!(
			term >= listing.min_term && term <= listing.max_term,
			Error::<T>::TermOutOfBounds
		);
		let resource = T::Rights::resource(listing.vid).ok_or(Error::<T>::UnknownUseRight)?;
		ensure!(T::Nodes::is_online(resource.node), Error::<T>::NodeOffline);
		let escrow = listing
			.price
			.checked_mul(term.into())
			.ok_or(Error::<T>::Overflow)?;
		let start = Self::now();
		let end = start.checked_add(term).ok_or(Error::<T>::Overflow)?;
		T::Currency::transfer(buyer, &Self::account(), escrow, Preservation::Preserve)?;
		T::Rights::sell(uid, buyer, end)?;
		Self::remove_listing(uid, &listing)?;
		Purchases::<T>::insert(
			uid,
			PurchaseRecord {
				buyer: buyer.clone(),
				seller: listing.seller,
				vid: listing.vid,
				node: resource.node,
				price: listing.price,
				start,
				end,
				escrow,
				available: T::Nodes::available_blocks(resource.node),
				accrued_at: start,
			},
		);
		Self::deposit_event(Event::Bought {
			uid,
			buyer: buyer.clone(),
			until: end,
			escrow,
		});
		Ok(end)
	}

	pub(crate) fn do_accrue(uid: Uid) -> DispatchResult {
		let mut purchase = Purchases::<T>::get(uid).ok_or(Error::<T>::NotSold)?;
		Self::pay_due(uid, &mut purchase)?;
		Purchases::<T>::insert(uid, purchase);
		Ok(())
	}

	pub(crate) fn do_cancel(holder: T::AccountId, uid: Uid) -> DispatchResult {
		ensure!(Purchases::<T>::contains_key(uid), Error::<T>::NotSold);
		ensure!(
			T::Rights::holder(uid).as_ref() == Some(&holder),
			Error::<T>::NotHolder
		);
		let (to, refund) = Self::finish(uid)?;
		Self::deposit_event(Event::Cancelled { uid, to, refund });
		Ok(())
	}

	pub(crate) fn do_close(uid: Uid) -> DispatchResult {
		let purchase = Purchases::<T>::get(uid).ok_or(Error::<T>::NotSold)?;
		ensure!(Self::now() >= purchase.end, Error::<T>::TooEarly);
		let (to, refund) = Self::finish(uid)?;
		Self::deposit_event(Event::Closed { uid, to, refund });
		Ok(())
	}

	/// Pays what accrued since the last time: the fee to the treasury, the rest to the holders.
	fn pay_due(uid: Uid, purchase: &mut PurchaseRecord<T::AccountId>) -> DispatchResult {
		let now = Self::now();
		let available = T::Nodes::available_blocks(purchase.node);
		let (blocks, amount) = purchase.due(now, available);
		purchase.available = available;
		purchase.accrued_at = now.min(purchase.end);
		if amount == 0 {
			return Ok(());
		}
		let account = Self::account();
		let mut fee = T::FeeShare::get().mul_floor(amount);
		// A treasury that cannot take its fee is no reason to keep the holders waiting.
		if fee > 0 && Self::pay(&T::Treasury::get(), fee).is_err() {
			fee = 0;
		}
		T::Revenue::distribute(purchase.vid, &account, amount.saturating_sub(fee))?;
		purchase.escrow = purchase.escrow.saturating_sub(amount);
		Self::deposit_event(Event::Accrued {
			uid,
			blocks,
			amount,
			fee,
		});
		Ok(())
	}

	/// Pays what accrued, returns the rest and ends the right. Gives who got the rest, and how much.
	fn finish(uid: Uid) -> Result<(T::AccountId, Balance), DispatchError> {
		let mut purchase = Purchases::<T>::get(uid).ok_or(Error::<T>::NotSold)?;
		Self::pay_due(uid, &mut purchase)?;
		let refund = purchase.escrow;
		let to = Self::refund(uid, purchase.buyer, refund)?;
		Purchases::<T>::remove(uid);
		T::Rights::end(uid)?;
		T::OnPurchaseEnd::on_purchase_end(uid);
		Ok((to, refund))
	}

	/// Returns an amount to the right's holder. An account that does not exist cannot receive less
	/// than the existential deposit; so that nobody can keep a right from ending by handing it to
	/// one, the buyer gets it then, and the treasury if the buyer is gone too.
	fn refund(
		uid: Uid,
		buyer: T::AccountId,
		amount: Balance,
	) -> Result<T::AccountId, DispatchError> {
		let holder = T::Rights::holder(uid).unwrap_or_else(|| buyer.clone());
		if amount == 0 || Self::pay(&holder, amount).is_ok() {
			return Ok(holder);
		}
		if Self::pay(&buyer, amount).is_ok() {
			return Ok(buyer);
		}
		let treasury = T::Treasury::get();
		Self::pay(&treasury, amount)?;
		Ok(treasury)
	}

	/// Pays out of escrow. The account keeps the existential deposit that it has from genesis on:
	/// what falls below it is lost, and it would be another purchase's.
	fn pay(to: &T::AccountId, amount: Balance) -> DispatchResult {
		T::Currency::transfer(&Self::account(), to, amount, Preservation::Preserve)?;
		Ok(())
	}
}

impl<T: Config> Marketplace<T::AccountId> for Pallet<T> {
	fn listing(uid: Uid) -> Option<ListingInfo<T::AccountId>> {
		Self::listing_info(uid)
	}

	fn listings_from(from: Uid, limit: u32) -> Vec<ListingInfo<T::AccountId>> {
		Self::page(from, limit)
	}

	fn buy(
		uid: Uid,
		buyer: &T::AccountId,
		term: BlockNumber,
	) -> Result<BlockNumber, DispatchError> {
		Self::do_buy(uid, buyer, term, Balance::MAX)
	}

	fn close(uid: Uid) -> DispatchResult {
		let (to, refund) = Self::finish(uid)?;
		Self::deposit_event(Event::Closed { uid, to, refund });
		Ok(())
	}
}
