//! Trading shares: orders at a price, filled by whoever accepts it.

use codec::MaxEncodedLen;
use frame_support::{
	ensure,
	traits::{
		fungible::{Mutate, MutateHold},
		tokens::{Fortitude, Precision, Preservation, Restriction},
		Consideration, Footprint, Get,
	},
};
use sp_runtime::{DispatchResult, SaturatedConversion};
use usufruct_primitives::{Balance, BlockNumber, Vid, REVENUE_SHARES};

use crate::{
	Config, Error, Event, HoldReason, NextOrder, Order, OrderId, Orders, Pallet, Rights, Share,
	Shares, Side,
};

impl<T: Config> Pallet<T> {
	fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	pub(crate) fn do_place_order(
		maker: T::AccountId,
		vid: Vid,
		side: Side,
		shares: u16,
		price: Balance,
		expires_at: BlockNumber,
	) -> DispatchResult {
		ensure!(Rights::<T>::contains_key(vid), Error::<T>::UnknownRight);
		ensure!(shares > 0, Error::<T>::ZeroShares);
		ensure!(shares <= REVENUE_SHARES, Error::<T>::NotEnoughShares);
		ensure!(price > 0, Error::<T>::ZeroPrice);
		ensure!(maker != Self::account(), Error::<T>::OwnAccount);
		let now = Self::now();
		let last = now.saturating_add(T::MaxOrderLife::get());
		ensure!(
			expires_at > now && expires_at <= last,
			Error::<T>::BadExpiry
		);
		let own = Order::<T>::max_encoded_len();
		let footprint = match side {
			Side::Sell => {
				Self::offer(vid, &maker, shares)?;
				Footprint::from_parts(1, own)
			}
			// The buyer's record has to be paid for when the order is filled, whatever is free then.
			Side::Buy => {
				Footprint::from_parts(2, own.saturating_add(Share::<T>::max_encoded_len()))
			}
		};
		let deposit = T::OrderDeposit::new(&maker, footprint)?;
		let order = Order::<T> {
			maker,
			side,
			shares,
			price,
			expires_at,
			deposit,
		};
		let money = order.money().ok_or(Error::<T>::Overflow)?;
		T::Currency::hold(&HoldReason::Order.into(), &order.maker, money)?;
		let id = NextOrder::<T>::get();
		NextOrder::<T>::put(id.checked_add(1).ok_or(Error::<T>::Overflow)?);
		Self::deposit_event(Event::OrderPlaced {
			vid,
			order: id,
			maker: order.maker.clone(),
			side,
			shares,
			price,
		});
		Orders::<T>::insert(vid, id, order);
		Ok(())
	}

	pub(crate) fn do_fill_order(
		taker: T::AccountId,
		vid: Vid,
		id: OrderId,
		shares: u16,
	) -> DispatchResult {
		let mut order = Orders::<T>::get(vid, id).ok_or(Error::<T>::UnknownOrder)?;
		ensure!(shares > 0, Error::<T>::ZeroShares);
		ensure!(shares <= order.shares, Error::<T>::NotEnoughShares);
		ensure!(Self::now() <= order.expires_at, Error::<T>::OrderExpired);
		ensure!(taker != order.maker, Error::<T>::SameHolder);
		let amount = order.cost(shares).ok_or(Error::<T>::Overflow)?;
		let maker = order.maker.clone();
		order.shares = order.shares.saturating_sub(shares);
		match order.side {
			Side::Sell => {
				T::Currency::transfer(&taker, &maker, amount, Preservation::Preserve)?;
				Self::move_shares(vid, &maker, &taker, shares, shares, &taker)?;
			}
			Side::Buy => {
				T::Currency::transfer_on_hold(
					&HoldReason::Order.into(),
					&maker,
					&taker,
					amount,
					Precision::Exact,
					Restriction::Free,
					Fortitude::Polite,
				)?;
				if !Shares::<T>::contains_key(vid, &maker) {
					Self::free_for_record(&mut order)?;
				}
				Self::move_shares(vid, &taker, &maker, shares, 0, &maker)?;
			}
		}
		Self::deposit_event(Event::OrderFilled {
			vid,
			order: id,
			taker,
			shares,
			amount,
		});
		if order.shares > 0 {
			Orders::<T>::insert(vid, id, order);
			return Ok(());
		}
		Self::end_order(vid, id, order)
	}

	pub(crate) fn do_cancel_order(who: T::AccountId, vid: Vid, id: OrderId) -> DispatchResult {
		let order = Orders::<T>::get(vid, id).ok_or(Error::<T>::UnknownOrder)?;
		ensure!(
			who == order.maker || Self::now() > order.expires_at,
			Error::<T>::NotMaker
		);
		if order.side == Side::Sell {
			Self::take_back(vid, &order.maker, order.shares)?;
		}
		Self::deposit_event(Event::OrderCancelled { vid, order: id });
		Self::end_order(vid, id, order)
	}

	/// Forgets an order and frees what is still held for it.
	fn end_order(vid: Vid, id: OrderId, order: Order<T>) -> DispatchResult {
		let money = order.money().ok_or(Error::<T>::Overflow)?;
		T::Currency::release(
			&HoldReason::Order.into(),
			&order.maker,
			money,
			Precision::Exact,
		)?;
		order.deposit.drop(&order.maker)?;
		Orders::<T>::remove(vid, id);
		Ok(())
	}

	/// Frees of a buyer's deposit what its share record will need.
	fn free_for_record(order: &mut Order<T>) -> DispatchResult {
		let alone = Footprint::from_mel::<Order<T>>();
		order.deposit = order.deposit.clone().update(&order.maker, alone)?;
		Ok(())
	}

	/// Locks shares for an order.
	fn offer(vid: Vid, who: &T::AccountId, shares: u16) -> DispatchResult {
		let mut record = Shares::<T>::get(vid, who).ok_or(Error::<T>::NotHolder)?;
		let offered = record
			.offered
			.checked_add(shares)
			.ok_or(Error::<T>::Overflow)?;
		ensure!(offered <= record.shares, Error::<T>::NotEnoughShares);
		record.offered = offered;
		Shares::<T>::insert(vid, who, record);
		Ok(())
	}

	/// Unlocks what is left of an order.
	fn take_back(vid: Vid, who: &T::AccountId, shares: u16) -> DispatchResult {
		let mut record = Shares::<T>::get(vid, who).ok_or(Error::<T>::NotHolder)?;
		record.offered = record
			.offered
			.checked_sub(shares)
			.ok_or(Error::<T>::Overflow)?;
		Shares::<T>::insert(vid, who, record);
		Ok(())
	}
}
