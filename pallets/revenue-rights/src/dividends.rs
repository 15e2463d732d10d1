//! Receiving income and paying it.

use frame_support::{
	ensure,
	traits::{fungible::Mutate, tokens::Preservation, Get},
};
use sp_runtime::{traits::AccountIdConversion, DispatchResult};
use usufruct_primitives::{traits::RevenueShares, Balance, Vid};

use crate::{Config, Error, Event, Pallet, Rights, Shares};

impl<T: Config> Pallet<T> {
	/// The account that keeps income until it is paid.
	pub fn account() -> T::AccountId {
		T::PalletId::get().into_account_truncating()
	}

	pub(crate) fn owed_to(vid: Vid, who: &T::AccountId) -> Balance {
		let (Some(right), Some(mut record)) = (Rights::<T>::get(vid), Shares::<T>::get(vid, who))
		else {
			return 0;
		};
		record.accrue(right.per_share).map_or(0, |()| record.owed)
	}

	pub(crate) fn do_settle(vid: Vid, who: T::AccountId) -> DispatchResult {
		let mut right = Rights::<T>::get(vid).ok_or(Error::<T>::UnknownRight)?;
		let mut record = Shares::<T>::get(vid, &who).ok_or(Error::<T>::NotHolder)?;
		record.accrue(right.per_share).ok_or(Error::<T>::Overflow)?;
		let amount = record.owed;
		ensure!(amount > 0, Error::<T>::NothingOwed);
		// An account that falls below the existential deposit loses the rest, which is others'.
		T::Currency::transfer(&Self::account(), &who, amount, Preservation::Preserve)?;
		record.owed = 0;
		record.paid = record
			.paid
			.checked_add(amount)
			.ok_or(Error::<T>::Overflow)?;
		right.paid = right.paid.checked_add(amount).ok_or(Error::<T>::Overflow)?;
		Self::keep_or_remove(&mut right, vid, &who, record)?;
		Rights::<T>::insert(vid, right);
		Self::deposit_event(Event::IncomeSettled { vid, who, amount });
		Ok(())
	}
}

impl<T: Config> RevenueShares<T::AccountId> for Pallet<T> {
	fn exists(vid: Vid) -> bool {
		Rights::<T>::contains_key(vid)
	}

	fn create(vid: Vid, holders: &[(T::AccountId, u16)]) -> DispatchResult {
		Self::do_create(vid, holders)
	}

	fn distribute(vid: Vid, from: &T::AccountId, amount: Balance) -> DispatchResult {
		let mut right = Rights::<T>::get(vid).ok_or(Error::<T>::UnknownRight)?;
		right.add_income(amount).ok_or(Error::<T>::Overflow)?;
		T::Currency::transfer(from, &Self::account(), amount, Preservation::Expendable)?;
		Rights::<T>::insert(vid, right);
		Self::deposit_event(Event::IncomeDistributed { vid, amount });
		Ok(())
	}
}
