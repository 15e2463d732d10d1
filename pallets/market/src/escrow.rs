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

use crate::{
	sublets::Let, Config, Error, Event, Listings, Meter, Pallet, PurchaseRecord, Purchases, Sublets,
};

/// What a buyer wants.
pub(crate) struct Order<'a, AccountId> {
	/// From when on; `None` = from now on.
	pub(crate) start: Option<BlockNumber>,
	/// Blocks.
	pub(crate) term: BlockNumber,
	/// Highest price per block.
	pub(crate) max_price: Balance,
	/// Most that goes to escrow.
	pub(crate) max_escrow: Balance,
	/// Who is paid for having found it.
	pub(crate) matcher: Option<&'a AccountId>,
}

/// How a purchase ended.
struct Ended<AccountId> {
	/// Who got what did not accrue.
	to: AccountId,
	/// What did not accrue.
	refund: Balance,
	/// What it took beside ending the term.
	beside: Weight,
}

/// What a fee became.
pub(crate) struct Fee {
	/// The treasury's, and what was burned.
	pub(crate) kept: Balance,
	/// The matcher's.
	to_matcher: Balance,
}

impl<T: Config> Pallet<T> {
	/// The account that keeps escrows.
	pub fn account() -> T::AccountId {
		T::PalletId::get().into_account_truncating()
	}

	/// What it costs, beside paying for a term, to tell of it and to pay for what is sublet.
	pub(crate) fn beside_accrual(sublet: Let) -> Weight {
		T::OnIncome::weight().saturating_add(Self::weight_of_sublet(sublet))
	}

	/// What it costs at most, beside ending a term, to tell of it and to end what is sublet.
	pub(crate) fn beside_the_end(sublet: Let) -> Weight {
		T::OnPurchaseEnd::weight().saturating_add(Self::beside_accrual(sublet))
	}

	pub(crate) fn do_buy(
		uid: Uid,
		buyer: &T::AccountId,
		order: Order<'_, T::AccountId>,
	) -> Result<BlockNumber, DispatchError> {
		let listing = Listings::<T>::get(uid).ok_or(Error::<T>::NotListed)?;
		ensure!(listing.seller != *buyer, Error::<T>::OwnListing);
		let now = Self::now();
		let price = listing.price_at(now);
		ensure!(price <= order.max_price, Error::<T>::PriceTooHigh);
		ensure!(
			order.term >= listing.min_term && order.term <= listing.max_term,
			Error::<T>::TermOutOfBounds
		);
		let resource = T::Rights::resource(listing.vid).ok_or(Error::<T>::UnknownUseRight)?;
		ensure!(T::Nodes::is_online(resource.node), Error::<T>::NodeOffline);
		let available = T::Nodes::available_blocks(resource.node);
		let meter = |price: Balance, from: BlockNumber, blocks: BlockNumber| {
			from.checked_add(blocks)
				.and_then(|end| Meter::new(price, from, end, now, available))
				.ok_or(Error::<T>::Overflow)
		};
		let (start, waiting) = match order.start {
			None => (now, None),
			Some(start) => {
				let ahead = start
					.checked_sub(now)
					.filter(|ahead| *ahead > 0)
					.ok_or(Error::<T>::BadStart)?;
				let reservable = listing.reservable.ok_or(Error::<T>::NotReservable)?;
				ensure!(ahead <= reservable.ahead, Error::<T>::BadStart);
				(start, Some(meter(reservable.price, now, ahead)?))
			}
		};
		let term = meter(price, start, order.term)?;
		let end = term.end;
		let purchase = PurchaseRecord {
			buyer: buyer.clone(),
			seller: listing.seller.clone(),
			matcher: order.matcher.cloned(),
			vid: listing.vid,
			node: resource.node,
			max_term: listing.max_term,
			renewable: true,
			start,
			term,
			waiting,
		};
		let escrow = term
			.escrow
			.checked_add(waiting.map_or(0, |meter| meter.escrow))
			.ok_or(Error::<T>::Overflow)?;
		ensure!(escrow <= order.max_escrow, Error::<T>::PriceTooHigh);
		T::Currency::transfer(buyer, &Self::account(), escrow, Preservation::Preserve)?;
		T::Rights::sell(uid, buyer, start, end)?;
		Self::remove_listing(uid, listing)?;
		Purchases::<T>::insert(uid, purchase);
		Self::deposit_event(Event::Bought {
			uid,
			buyer: buyer.clone(),
			from: start,
			until: end,
			escrow,
		});
		Ok(end)
	}

	pub(crate) fn do_renew(who: T::AccountId, uid: Uid, blocks: BlockNumber) -> DispatchResult {
		let mut purchase = Purchases::<T>::get(uid).ok_or(Error::<T>::NotSold)?;
		ensure!(
			Self::tenant(uid).as_ref() == Some(&who),
			Error::<T>::NotHolder
		);
		let now = Self::now();
		let mut term = purchase.term;
		ensure!(
			purchase.renewable && now < term.end,
			Error::<T>::NotRenewable
		);
		term.end = term.end.checked_add(blocks).ok_or(Error::<T>::Overflow)?;
		ensure!(
			blocks > 0 && term.end.saturating_sub(now) <= purchase.max_term,
			Error::<T>::TermOutOfBounds
		);
		ensure!(T::Nodes::is_online(purchase.node), Error::<T>::NodeOffline);
		let escrow = term
			.price
			.checked_mul(blocks.into())
			.ok_or(Error::<T>::Overflow)?;
		term.escrow = term
			.escrow
			.checked_add(escrow)
			.ok_or(Error::<T>::Overflow)?;
		T::Currency::transfer(&who, &Self::account(), escrow, Preservation::Preserve)?;
		T::Rights::extend(uid, term.end)?;
		purchase.term = term;
		Purchases::<T>::insert(uid, purchase);
		T::OnPurchaseRenewal::on_purchase_renewal(uid, &who, term.end)?;
		Self::deposit_event(Event::Renewed {
			uid,
			until: term.end,
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

	pub(crate) fn do_accrue(uid: Uid) -> Result<Let, DispatchError> {
		let mut purchase = Purchases::<T>::get(uid).ok_or(Error::<T>::NotSold)?;
		Self::pay_due(uid, &mut purchase)?;
		let sublet = Self::accrue_sublet(uid, purchase.node)?;
		Purchases::<T>::insert(uid, purchase);
		Ok(sublet)
	}

	/// Returns what it took beside ending the term.
	pub(crate) fn do_cancel(holder: T::AccountId, uid: Uid) -> Result<Weight, DispatchError> {
		ensure!(Purchases::<T>::contains_key(uid), Error::<T>::NotSold);
		ensure!(
			T::Rights::holder(uid).as_ref() == Some(&holder),
			Error::<T>::NotHolder
		);
		ensure!(!Self::is_let(uid), Error::<T>::Sublet);
		let Ended { to, refund, beside } = Self::finish(uid)?;
		Self::deposit_event(Event::Cancelled { uid, to, refund });
		Ok(beside)
	}

	/// Returns what it took beside ending the term.
	pub(crate) fn do_close(uid: Uid) -> Result<Weight, DispatchError> {
		let purchase = Purchases::<T>::get(uid).ok_or(Error::<T>::NotSold)?;
		ensure!(Self::now() >= purchase.term.end, Error::<T>::TooEarly);
		let Ended { to, refund, beside } = Self::finish(uid)?;
		Self::deposit_event(Event::Closed { uid, to, refund });
		Ok(beside)
	}

	/// Whose term it is: the right's holder, but where that is a subtenant the one who let it.
	pub(crate) fn tenant(uid: Uid) -> Option<T::AccountId> {
		match Sublets::<T>::get(uid) {
			Some(sublet) if sublet.taken.is_some() => Some(sublet.landlord),
			_ => T::Rights::holder(uid),
		}
	}

	/// Pays what accrued since the last time: the fee to the treasury, the rest to the holders.
	fn pay_due(uid: Uid, purchase: &mut PurchaseRecord<T::AccountId>) -> DispatchResult {
		let now = Self::now();
		let available = T::Nodes::available_blocks(purchase.node);
		let (blocks, amount) = purchase.read(now, available);
		if amount == 0 {
			return Ok(());
		}
		let account = Self::account();
		let Fee { kept, to_matcher } = Self::take_fee(purchase.matcher.as_ref(), amount);
		let fee = kept.saturating_add(to_matcher);
		T::Revenue::distribute(purchase.vid, &account, amount.saturating_sub(fee))?;
		let tenant = Self::tenant(uid).unwrap_or_else(|| purchase.buyer.clone());
		// Not the matcher's part: who is its own matcher, provider and tenant would get all of it back.
		T::OnIncome::on_income(&purchase.seller, &tenant, kept);
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
	pub(crate) fn take_fee(matcher: Option<&T::AccountId>, amount: Balance) -> Fee {
		let fee = T::FeeShare::get().mul_floor(amount);
		let mut to_matcher = 0;
		if let Some(matcher) = matcher {
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

	/// Pays what accrued, returns the rest and ends the right.
	fn finish(uid: Uid) -> Result<Ended<T::AccountId>, DispatchError> {
		let mut purchase = Purchases::<T>::get(uid).ok_or(Error::<T>::NotSold)?;
		// First, so that it is the landlord's again, to whom the rest returns.
		let sublet = Self::forget_sublet(uid, purchase.node)?;
		Self::pay_due(uid, &mut purchase)?;
		let refund = purchase.escrow();
		let to = Self::refund(uid, purchase.buyer, refund)?;
		Purchases::<T>::remove(uid);
		T::Rights::end(uid)?;
		let told = T::OnPurchaseEnd::on_purchase_end(uid);
		Ok(Ended {
			to,
			refund,
			beside: told.saturating_add(Self::beside_accrual(sublet)),
		})
	}

	/// Returns an amount to the right's holder. An account that does not exist cannot receive less
	/// than the existential deposit; so that nobody can keep a right from ending by handing it to
	/// one, `other` gets it then, who held it before, and the treasury if that is gone too.
	pub(crate) fn refund(
		uid: Uid,
		other: T::AccountId,
		amount: Balance,
	) -> Result<T::AccountId, DispatchError> {
		let holder = T::Rights::holder(uid).unwrap_or_else(|| other.clone());
		if amount == 0 || Self::pay(&holder, amount).is_ok() {
			return Ok(holder);
		}
		Self::pay_or_keep(other, amount)
	}

	/// Pays an account, or the treasury where that account is gone.
	pub(crate) fn pay_or_keep(
		to: T::AccountId,
		amount: Balance,
	) -> Result<T::AccountId, DispatchError> {
		if amount == 0 || Self::pay(&to, amount).is_ok() {
			return Ok(to);
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
		let order = Order {
			start: None,
			term,
			max_price: Balance::MAX,
			max_escrow: Balance::MAX,
			matcher,
		};
		Self::do_buy(uid, buyer, order)
	}

	fn close(uid: Uid) -> DispatchResult {
		let Ended { to, refund, .. } = Self::finish(uid)?;
		Self::deposit_event(Event::Closed { uid, to, refund });
		Ok(())
	}

	fn is_let(uid: Uid) -> bool {
		Sublets::<T>::get(uid).is_some_and(|sublet| sublet.taken.is_some())
	}

	fn weight_of_telling() -> Weight {
		Self::beside_accrual(Let::Yes)
	}
}
