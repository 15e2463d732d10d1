//! What must be true of revenue rights at any time.

use alloc::collections::BTreeMap;

use frame_support::{
	ensure,
	traits::fungible::{Inspect, InspectHold},
};
use sp_runtime::TryRuntimeError;
use usufruct_primitives::{deposit, Balance, Vid, REVENUE_SHARES};

use crate::{Config, HoldReason, NextOrder, Orders, Pallet, Rights, Shares, Side};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::income_is_accounted_for()?;
		Self::holds_cover_deposits()?;
		Self::orders_are_covered()
	}

	/// What a holder offers is what its orders sell. What is held for orders is what they say.
	fn orders_are_covered() -> Result<(), TryRuntimeError> {
		let mut offered = BTreeMap::<(Vid, T::AccountId), u32>::new();
		let mut held = BTreeMap::<T::AccountId, Balance>::new();
		for (vid, id, order) in Orders::<T>::iter() {
			ensure!(
				order.shares > 0 && order.price > 0 && id < NextOrder::<T>::get(),
				"an order that says nothing"
			);
			let money = order.money().ok_or("an order's cost overflows")?;
			let sum = held.entry(order.maker.clone()).or_default();
			*sum = sum
				.saturating_add(money)
				.saturating_add(deposit::amount(&order.deposit));
			if order.side == Side::Sell {
				let sum = offered.entry((vid, order.maker)).or_default();
				*sum = sum.saturating_add(order.shares.into());
			}
		}
		for (vid, who, record) in Shares::<T>::iter() {
			let sum = offered.remove(&(vid, who)).unwrap_or_default();
			ensure!(
				sum == u32::from(record.offered) && record.offered <= record.shares,
				"orders sell other shares than are offered"
			);
		}
		ensure!(
			offered.is_empty(),
			"orders sell other shares than are offered"
		);
		for (maker, sum) in held {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Order.into(), &maker) == sum,
				"what is held for orders differs from what they say"
			);
		}
		Ok(())
	}

	/// The shares of each right add up, and so does its income: what is owed, what cannot be divided
	/// yet and what was paid. The account has what is not paid.
	fn income_is_accounted_for() -> Result<(), TryRuntimeError> {
		let mut unpaid: Balance = 0;
		for (vid, right) in Rights::<T>::iter() {
			let (mut shares, mut owed, mut holders) = (0u32, 0 as Balance, 0u32);
			for (_, mut record) in Shares::<T>::iter_prefix(vid) {
				record
					.accrue(right.per_share)
					.ok_or("a share's income overflows")?;
				ensure!(
					record.shares > 0 || record.owed > 0,
					"a record that says nothing"
				);
				shares = shares.saturating_add(record.shares.into());
				owed = owed.saturating_add(record.owed);
				holders = holders.saturating_add(1);
			}
			ensure!(
				shares == u32::from(REVENUE_SHARES),
				"shares do not add up to 10,000"
			);
			ensure!(holders == right.holders, "the number of holders is wrong");
			ensure!(right.paid <= right.income, "more was paid than came in");
			let open = right.income.saturating_sub(right.paid);
			ensure!(
				owed.saturating_add(right.remainder) == open,
				"income is not accounted for"
			);
			unpaid = unpaid.saturating_add(open);
		}
		ensure!(
			T::Currency::balance(&Self::account()) >= unpaid,
			"the account holds less than is owed"
		);
		Ok(())
	}

	/// What is held of a depositor is the sum of the deposits of the records that it paid for.
	fn holds_cover_deposits() -> Result<(), TryRuntimeError> {
		let mut deposits = BTreeMap::<T::AccountId, Balance>::new();
		for (vid, _, record) in Shares::<T>::iter() {
			ensure!(Rights::<T>::contains_key(vid), "shares without a right");
			let sum = deposits.entry(record.depositor).or_default();
			*sum = sum.saturating_add(deposit::amount(&record.deposit));
		}
		for (depositor, sum) in deposits {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Shares.into(), &depositor) == sum,
				"held deposits differ from recorded ones"
			);
		}
		Ok(())
	}
}
