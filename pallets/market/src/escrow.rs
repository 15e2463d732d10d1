//! Buying, accruing, ending: every move of the money that is kept for a term.

use alloc::vec::Vec;

use frame_support::{
	ensure,
	traits::{
		fungible::Mutate,
		tokens::{Fortitude, Precision, Preservation},
		Get,
	},
	weights::Weight,
};
use sp_runtime::{traits::AccountIdConversion, DispatchError, DispatchResult};
use usufruct_primitives::{
	traits::{
		ListingInfo, Marketplace, NodeInspect, OnIncome, OnPurchaseEnd, OnPurchaseRenewal,
		ResourceInspect, RevenueShares, UseRightSale,
	},
	Balance, BlockNumber, Uid,
};

use crate::{Config, Error, Event, Listings, Pallet, PurchaseRecord, Purchases};

/// What a fee became.
struct Fee {
	/// The treasury's, and what was burned.
	kept: Balance,
	/// The matcher's.
	to_matcher: Balance,
}

impl<T: Config> Pallet<T> {
	/// The account that keeps escrows.
	pub fn account() -> T::AccountId {
		T::PalletId::get().into_account_truncating()
	}

	/// What it costs to tell that a purchase was paid for and ended.
	pub(crate) fn weight_of_telling_end() -> Weight {
		T::OnIncome::weight().saturating_add(T::OnPurchaseEnd::weight())
	}

	pub(crate) fn do_buy(
		uid: Uid,
		buyer: &T::AccountId,
		term: BlockNumber,
		max_price: Balance,
		matcher: Option<&T::AccountId>,
	) -> Result<BlockNumber, DispatchError> {
		let listing = Listings::<T>::get(uid).ok_or(Error::<T>::NotListed)?;
		ensure!(listing.seller != *buyer, Error::<T>::OwnListing);
		let start = Self::now();
		let price = listing.price_at(start);
		ensure!(price <= max_price, Error::<T>::PriceTooHigh);
		ensure!(
			term >= listing.min_term && term <= listing.max_term,
			Error::<T>::TermOutOfBounds
		);
		let resource = T::Rights::resource(listing.vid).ok_or(Error::<T>::UnknownUseRight)?;
		ensure!(T::Nodes::is_online(resource.node), Error::<T>::NodeOffline);
		let escrow = price.checked_mul(term.into()).ok_or(Error::<T>::Overflow)?;
		let end = start.checked_add(term).ok_or(Error::<T>::Overflow)?;
		T::Currency::transfer(buyer, &Self::account(), escrow, Preservation::Preserve)?;
		T::Rights::sell(uid, buyer, end)?;
		Self::remove_listing(uid, &listing)?;
		Purchases::<T>::insert(
			uid,
			PurchaseRecord {
				buyer: buyer.clone(),
				seller: listing.seller,
				matcher: matcher.cloned(),
				vid: listing.vid,
				node: resource.node,
				price,
				max_term: listing.max_term,
				renewable: true,
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

	pub(crate) fn do_renew(holder: T::AccountId, uid: Uid, blocks: BlockNumber) -> DispatchResult {
		let mut purchase = Purchases::<T>::get(uid).ok_or(Error::<T>::NotSold)?;
		ensure!(
			T::Rights::holder(uid).as_ref() == Some(&holder),
			Error::<T>::NotHolder
		);
		let now = Self::now();
		ensure!(
			purchase.renewable && now < purchase.end,
			Error::<T>::NotRenewable
		);
		let end = purchase
			.end
			.checked_add(blocks)
			.ok_or(Error::<T>::Overflow)?;
		ensure!(
			blocks > 0 && end.saturating_sub(now) <= purchase.max_term,
			Error::<T>::TermOutOfBounds
		);
		ensure!(T::Nodes::is_online(purchase.node), Error::<T>::NodeOffline);
		let escrow = purchase
			.price
			.checked_mul(blocks.into())
			.ok_or(Error::<T>::Overflow)?;
		T::Currency::transfer(&holder, &Self::account(), escrow, Preservation::Preserve)?;
		T::Rights::extend(uid, end)?;
		purchase.end = end;
		purchase.escrow = purchase
			.escrow
			.checked_add(escrow)
			.ok_or(Error::<T>::Overflow)?;
		Purchases::<T>::insert(uid, purchase);
		T::OnPurchaseRenewal::on_purchase_renewal(uid, end);
		Self::deposit_event(Event::Renewed {
			uid,
			until: end,
			escrow,
		});
		Ok(())
	}

	pub(crate) fn do_set_renewable(
		seller: T::AccountId,
		uid: Uid,
		renewable: bool,
	) -> DispatchResult {
		let mut purchase = Purchases::<T>::get(uid).ok_or(Error::<T>::NotSold)?;
		ensure!(purchase.seller == seller, Error::<T>::NotSeller);
		purchase.renewable = renewable;
		Purchases::<T>::insert(uid, purchase);
		Self::deposit_event(Event::RenewalSet { uid, renewable });
		Ok(())
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
		let Fee { kept, to_matcher } = Self::take_fee(purchase, amount);
		let fee = kept.saturating_add(to_matcher);
		T::Revenue::distribute(purchase.vid, &account, amount.saturating_sub(fee))?;
		purchase.escrow = purchase.escrow.saturating_sub(amount);
		let holder = T::Rights::holder(uid).unwrap_or_else(|| purchase.buyer.clone());
		// Not the matcher's part: who is its own matcher, provider and tenant would get all of it back.
		T::OnIncome::on_income(&purchase.seller, &holder, kept);
		Self::deposit_event(Event::Accrued {
			uid,
			blocks,
			amount,
			fee,
		});
		Ok(())
	}

	/// Takes the fee of an amount out of escrow, as far as those it is for can take it: a treasury that cannot
	/// is no reason to keep the holders waiting.
	fn take_fee(purchase: &PurchaseRecord<T::AccountId>, amount: Balance) -> Fee {
		let fee = T::FeeShare::get().mul_floor(amount);
		let mut to_matcher = 0;
		if let Some(matcher) = &purchase.matcher {
			let share = T::MatcherShare::get().mul_floor(fee);
			if share > 0 && Self::pay(matcher, share).is_ok() {
				to_matcher = share;
			}
		}
		let rest = fee.saturating_sub(to_matcher);
		let burned = T::BurnShare::get().mul_floor(fee).min(rest);
		let mut kept = 0;
		if burned > 0 && Self::burn(burned).is_ok() {
			kept = burned;
		}
		let to_treasury = rest.saturating_sub(kept);
		if to_treasury > 0 && Self::pay(&T::Treasury::get(), to_treasury).is_ok() {
			kept = rest;
		}
		Fee { kept, to_matcher }
	}

	fn burn(amount: Balance) -> DispatchResult {
		T::Currency::burn_from(
			&Self::account(),
			amount,
			Preservation::Preserve,
			Precision::Exact,
			Fortitude::Polite,
		)?;
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
		Self::in_order(from).take(limit as usize).collect()
	}

	fn buy(
		uid: Uid,
		buyer: &T::AccountId,
		term: BlockNumber,
		matcher: Option<&T::AccountId>,
	) -> Result<BlockNumber, DispatchError> {
		Self::do_buy(uid, buyer, term, Balance::MAX, matcher)
	}

	fn close(uid: Uid) -> DispatchResult {
		let (to, refund) = Self::finish(uid)?;
		Self::deposit_event(Event::Closed { uid, to, refund });
		Ok(())
	}

	fn weight_of_telling() -> Weight {
		T::OnIncome::weight()
	}
}
