//! Paying what was earned.

use codec::MaxEncodedLen;
use frame_support::{
	ensure,
	traits::{fungible::Mutate, tokens::Preservation, Consideration, Footprint},
};
use sp_runtime::DispatchResult;
use usufruct_primitives::Balance;

use crate::{Closed, Config, EarnedBy, Error, Event, Pallet, Payees};

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
		let known = Payees::<T>::get(&who);
		match (&payee, known) {
			(None, None) => return Err(Error::<T>::NoPayee.into()),
			(None, Some((_, deposit))) => {
				deposit.drop(&who)?;
				Payees::<T>::remove(&who);
			}
			(Some(payee), Some((_, deposit))) => Payees::<T>::insert(&who, (payee, deposit)),
			(Some(payee), None) => {
				// Both accounts and the ticket.
				let accounts = <(T::AccountId, T::AccountId)>::max_encoded_len();
				let bytes = accounts.saturating_add(T::PayeeDeposit::max_encoded_len());
				let deposit = T::PayeeDeposit::new(&who, Footprint::from_parts(1, bytes))?;
				Payees::<T>::insert(&who, (payee, deposit));
			}
		}
		Self::deposit_event(Event::PayeeSet { who, payee });
		Ok(())
	}
}
