//! Paying what was earned.

use frame_support::{
	ensure,
	traits::{
		fungible::{Mutate, MutateHold},
		tokens::{Precision, Preservation},
		Get,
	},
};
use sp_runtime::DispatchResult;
use usufruct_primitives::Balance;

use crate::{Closed, Config, EarnedBy, Error, Event, HoldReason, Pallet, Payees};

impl<T: Config> Pallet<T> {
	/// What the account could claim now.
	pub(crate) fn owed_to(who: &T::AccountId) -> Balance {
		let of_era = |earned: &crate::Earned| {
			Closed::<T>::get(earned.era).map_or(0, |closed| closed.worth(&earned.points))
		};
		EarnedBy::<T>::get(who)
			.iter()
			.map(of_era)
			.fold(0, Balance::saturating_add)
	}

	/// Pays what the account earned in all eras that are over; what it earned in the one under way stays.
	pub(crate) fn do_claim(who: T::AccountId) -> DispatchResult {
		let mut earnings = EarnedBy::<T>::get(&who);
		let mut amount: Balance = 0;
		earnings.retain(|earned| {
			let Some(mut closed) = Closed::<T>::get(earned.era) else {
				// It is under way, or can be claimed no more.
				return crate::Current::<T>::get().is_some_and(|current| current.era == earned.era);
			};
			let worth = closed.worth(&earned.points);
			amount = amount.saturating_add(worth);
			closed.paid = closed.paid.saturating_add(worth);
			closed.unclaimed = closed.unclaimed.minus(&earned.points).unwrap_or_default();
			Closed::<T>::insert(earned.era, closed);
			false
		});
		ensure!(amount > 0, Error::<T>::NothingToClaim);
		let to = Payees::<T>::get(&who).map_or_else(|| who.clone(), |(payee, _)| payee);
		T::Currency::transfer(&Self::account(), &to, amount, Preservation::Preserve)?;
		match earnings.is_empty() {
			true => EarnedBy::<T>::remove(&who),
			false => EarnedBy::<T>::insert(&who, earnings),
		}
		Self::deposit_event(Event::Claimed { who, to, amount });
		Ok(())
	}

	pub(crate) fn do_set_payee(who: T::AccountId, payee: Option<T::AccountId>) -> DispatchResult {
		ensure!(payee.as_ref() != Some(&who), Error::<T>::SamePayee);
		let reason = HoldReason::Payee.into();
		let known = Payees::<T>::get(&who);
		match (&payee, known) {
			(None, None) => return Err(Error::<T>::NoPayee.into()),
			(None, Some((_, deposit))) => {
				T::Currency::release(&reason, &who, deposit, Precision::Exact)?;
				Payees::<T>::remove(&who);
			}
			(Some(payee), Some((_, deposit))) => Payees::<T>::insert(&who, (payee, deposit)),
			(Some(payee), None) => {
				let deposit = T::PayeeDeposit::get();
				T::Currency::hold(&reason, &who, deposit)?;
				Payees::<T>::insert(&who, (payee, deposit));
			}
		}
		Self::deposit_event(Event::PayeeSet { who, payee });
		Ok(())
	}
}
