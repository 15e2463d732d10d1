//! A part of a term that its holder lets to another: offered, taken, over.
//!
//! The subtenant holds the right meanwhile, with whatever runs on it; it pays by the block for which the
//! machine is there, and what it did not use returns to it. The landlord goes on paying for its own term.

use frame_support::{
	ensure,
	traits::{fungible::Mutate, tokens::Preservation, Consideration, Footprint},
	weights::Weight,
};
use sp_runtime::{DispatchError, DispatchResult};
use usufruct_primitives::{
	traits::{Marketplace, NodeInspect, ResourceInspect, UseRightSale},
	Balance, BlockNumber, NodeId, Uid,
};

use crate::{Config, Error, Event, Meter, Pallet, Purchases, Sublet, Sublets, WeightInfo};

/// Whether a right was sublet when its term was paid for or ended, and so what that cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Let {
	No,
	/// Nobody had taken it.
	Offered,
	Yes,
}

impl<T: Config> Pallet<T> {
	/// What it costs to pay for, or end, what is sublet, beside paying for and ending the term.
	pub(crate) fn weight_of_sublet(sublet: Let) -> Weight {
		match sublet {
			Let::No => Weight::zero(),
			Let::Offered => T::WeightInfo::withdraw_sublet(),
			Let::Yes => T::WeightInfo::end_sublet(),
		}
	}

	pub(crate) fn do_sublet(
		landlord: T::AccountId,
		uid: Uid,
		price: Balance,
		until: BlockNumber,
	) -> DispatchResult {
		let purchase = Purchases::<T>::get(uid).ok_or(Error::<T>::NotSold)?;
		ensure!(price > 0, Error::<T>::ZeroPrice);
		ensure!(
			until > Self::now() && until <= purchase.term.end,
			Error::<T>::BadTerms
		);
		ensure!(!Self::is_let(uid), Error::<T>::Sublet);
		ensure!(
			T::Rights::holder(uid).as_ref() == Some(&landlord),
			Error::<T>::NotHolder
		);
		// Another's offer of before the right was handed on, or this one's own that it changes.
		if let Some(before) = Sublets::<T>::take(uid) {
			before.deposit.drop(&before.landlord)?;
		}
		let deposit = T::SubletDeposit::new(&landlord, Footprint::from_mel::<Sublet<T>>())?;
		Sublets::<T>::insert(
			uid,
			Sublet::<T> {
				landlord,
				price,
				until,
				taken: None,
				deposit,
			},
		);
		Self::deposit_event(Event::SubletOffered { uid, price, until });
		Ok(())
	}

	pub(crate) fn do_withdraw_sublet(landlord: T::AccountId, uid: Uid) -> DispatchResult {
		let sublet = Sublets::<T>::get(uid).ok_or(Error::<T>::NotSublet)?;
		ensure!(sublet.landlord == landlord, Error::<T>::NotHolder);
		ensure!(sublet.taken.is_none(), Error::<T>::Sublet);
		sublet.deposit.drop(&sublet.landlord)?;
		Sublets::<T>::remove(uid);
		Self::deposit_event(Event::SubletWithdrawn { uid });
		Ok(())
	}

	pub(crate) fn do_take_sublet(
		subtenant: T::AccountId,
		uid: Uid,
		max_price: Balance,
	) -> DispatchResult {
		let purchase = Purchases::<T>::get(uid).ok_or(Error::<T>::NotSold)?;
		let mut sublet = Sublets::<T>::get(uid).ok_or(Error::<T>::NotSublet)?;
		ensure!(sublet.taken.is_none(), Error::<T>::Sublet);
		ensure!(sublet.landlord != subtenant, Error::<T>::OwnListing);
		// Who handed the right on has nothing to let any more.
		ensure!(
			T::Rights::holder(uid).as_ref() == Some(&sublet.landlord),
			Error::<T>::NotHolder
		);
		ensure!(sublet.price <= max_price, Error::<T>::PriceTooHigh);
		let now = Self::now();
		ensure!(
			purchase.start <= now && now < sublet.until,
			Error::<T>::TermOutOfBounds
		);
		ensure!(T::Nodes::is_online(purchase.node), Error::<T>::NodeOffline);
		let available = T::Nodes::available_blocks(purchase.node);
		let meter = Meter::new(sublet.price, now, sublet.until, now, available)
			.ok_or(Error::<T>::Overflow)?;
		let escrow = meter.escrow;
		T::Currency::transfer(&subtenant, &Self::account(), escrow, Preservation::Preserve)?;
		T::Rights::hand_over(uid, &subtenant)?;
		sublet.taken = Some(meter);
		Self::deposit_event(Event::SubletTaken {
			uid,
			subtenant,
			until: sublet.until,
			escrow,
		});
		Sublets::<T>::insert(uid, sublet);
		Ok(())
	}

	pub(crate) fn do_end_sublet(who: T::AccountId, uid: Uid) -> DispatchResult {
		let sublet = Sublets::<T>::get(uid).ok_or(Error::<T>::NotSublet)?;
		ensure!(sublet.taken.is_some(), Error::<T>::NotSublet);
		let is_over = Self::now() >= sublet.until;
		ensure!(
			is_over || T::Rights::holder(uid) == Some(who),
			Error::<T>::TooEarly
		);
		let purchase = Purchases::<T>::get(uid).ok_or(Error::<T>::NotSold)?;
		Self::forget_sublet(uid, purchase.node).map(|_| ())
	}

	/// Pays the landlord what accrued of a sublet, if there is one.
	pub(crate) fn accrue_sublet(uid: Uid, node: NodeId) -> Result<Let, DispatchError> {
		let Some(mut sublet) = Sublets::<T>::get(uid) else {
			return Ok(Let::No);
		};
		let Some(meter) = sublet.taken.as_mut() else {
			return Ok(Let::No);
		};
		Self::pay_landlord(uid, &sublet.landlord, meter, node)?;
		Sublets::<T>::insert(uid, sublet);
		Ok(Let::Yes)
	}

	/// Pays what accrued, the fee to the treasury and the rest to the landlord. No reward comes of it: the
	/// term itself is paid for already.
	fn pay_landlord(
		uid: Uid,
		landlord: &T::AccountId,
		meter: &mut Meter,
		node: NodeId,
	) -> DispatchResult {
		let (blocks, amount) = meter.read(Self::now(), T::Nodes::available_blocks(node));
		if amount == 0 {
			return Ok(());
		}
		let fee = Self::take_fee(None, amount).kept;
		let to = Self::pay_or_keep(landlord.clone(), amount.saturating_sub(fee))?;
		Self::deposit_event(Event::SubletAccrued {
			uid,
			to,
			blocks,
			amount,
			fee,
		});
		Ok(())
	}

	/// Ends a sublet, whatever state it is in, if there is one: pays the landlord, returns the rest to the
	/// subtenant and the right to the landlord.
	pub(crate) fn forget_sublet(uid: Uid, node: NodeId) -> Result<Let, DispatchError> {
		let Some(mut sublet) = Sublets::<T>::take(uid) else {
			return Ok(Let::No);
		};
		sublet.deposit.drop(&sublet.landlord)?;
		let Some(meter) = sublet.taken.as_mut() else {
			return Ok(Let::Offered);
		};
		Self::pay_landlord(uid, &sublet.landlord, meter, node)?;
		let to = Self::refund(uid, sublet.landlord.clone(), meter.escrow)?;
		T::Rights::hand_over(uid, &sublet.landlord)?;
		Self::deposit_event(Event::SubletEnded {
			uid,
			to,
			refund: meter.escrow,
		});
		Ok(Let::Yes)
	}
}
