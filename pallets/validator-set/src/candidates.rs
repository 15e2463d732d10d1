//! Joining, being admitted, leaving.

use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Get, ValidatorRegistration},
};
use sp_runtime::{DispatchResult, SaturatedConversion};
use usufruct_primitives::{Balance, BlockNumber};

use crate::{Candidate, Candidates, Config, Error, Event, HoldReason, Pallet};

impl<T: Config> Pallet<T> {
	fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	pub(crate) fn do_join(who: T::AccountId, bond: Balance) -> DispatchResult {
		ensure!(
			!Candidates::<T>::contains_key(&who),
			Error::<T>::AlreadyCandidate
		);
		ensure!(
			Candidates::<T>::count() < T::MaxCandidates::get(),
			Error::<T>::TooManyCandidates
		);
		ensure!(T::Keys::is_registered(&who), Error::<T>::NoKeys);
		ensure!(bond >= T::MinimumBond::get(), Error::<T>::BondTooSmall);
		T::Currency::hold(&HoldReason::ValidatorBond.into(), &who, bond)?;
		Candidates::<T>::insert(&who, Candidate::new(bond, false));
		Self::deposit_event(Event::Joined { who, bond });
		Ok(())
	}

	pub(crate) fn do_bond_more(who: T::AccountId, amount: Balance) -> DispatchResult {
		let mut candidate = Candidates::<T>::get(&who).ok_or(Error::<T>::NotCandidate)?;
		ensure!(candidate.left_at.is_none(), Error::<T>::AlreadyLeft);
		let bond = candidate
			.bond
			.checked_add(amount)
			.ok_or(Error::<T>::Overflow)?;
		T::Currency::hold(&HoldReason::ValidatorBond.into(), &who, amount)?;
		candidate.bond = bond;
		Candidates::<T>::insert(&who, candidate);
		Self::deposit_event(Event::BondChanged { who, bond });
		Ok(())
	}

	pub(crate) fn do_leave(who: T::AccountId) -> DispatchResult {
		let mut candidate = Candidates::<T>::get(&who).ok_or(Error::<T>::NotCandidate)?;
		ensure!(candidate.left_at.is_none(), Error::<T>::AlreadyLeft);
		if candidate.admitted {
			// Without session keys it is not among them, and its leaving weakens nothing.
			let validators = Self::validators();
			let others = validators
				.iter()
				.filter(|validator| **validator != who)
				.count();
			let counts = others < validators.len();
			ensure!(
				!counts || others >= T::MinValidators::get() as usize,
				Error::<T>::TooFewValidators
			);
		}
		candidate.left_at = Some(Self::now());
		candidate.admitted = false;
		Candidates::<T>::insert(&who, candidate);
		Self::deposit_event(Event::Leaving { who });
		Ok(())
	}

	pub(crate) fn do_withdraw(who: T::AccountId) -> DispatchResult {
		let candidate = Candidates::<T>::get(&who).ok_or(Error::<T>::NotCandidate)?;
		let left_at = candidate.left_at.ok_or(Error::<T>::NotLeft)?;
		ensure!(
			Self::now() >= left_at.saturating_add(T::UnbondingDelay::get()),
			Error::<T>::TooEarly
		);
		let bond = T::Currency::release(
			&HoldReason::ValidatorBond.into(),
			&who,
			candidate.bond,
			Precision::Exact,
		)?;
		Candidates::<T>::remove(&who);
		Self::deposit_event(Event::Withdrawn { who, bond });
		Ok(())
	}

	pub(crate) fn do_admit(who: T::AccountId) -> DispatchResult {
		let mut candidate = Candidates::<T>::get(&who).ok_or(Error::<T>::NotCandidate)?;
		ensure!(candidate.left_at.is_none(), Error::<T>::AlreadyLeft);
		ensure!(!candidate.admitted, Error::<T>::AlreadyAdmitted);
		candidate.admitted = true;
		Candidates::<T>::insert(&who, candidate);
		Self::deposit_event(Event::Admitted { who });
		Ok(())
	}
}
