//! What must be true of rewards at any time.

use alloc::collections::BTreeMap;

use frame_support::{
	ensure,
	traits::{
		fungible::{Inspect, InspectHold},
		Get,
	},
};
use sp_runtime::TryRuntimeError;
use usufruct_primitives::{deposit, Balance};

use crate::{
	Closed, Config, Current, EarnedBy, EraIndex, HoldReason, NextEra, NextRules, Oldest, Pallet,
	Payees, Points,
};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::rules_are_bounded()?;
		Self::points_add_up()?;
		Self::rewards_are_there()?;
		Self::holds_cover_deposits()
	}

	fn rules_are_bounded() -> Result<(), TryRuntimeError> {
		let (rules, most) = (NextRules::<T>::get(), T::MaxEraIssuance::get());
		ensure!(
			rules == Default::default() || rules.is_sound(most),
			"the next rules are out of bounds"
		);
		for (era, closed) in Closed::<T>::iter() {
			ensure!(closed.issued.total() <= most, "an era issued too much");
			ensure!(
				closed.paid <= closed.issued.total(),
				"an era paid more than it issued"
			);
			ensure!(
				(Oldest::<T>::get()..NextEra::<T>::get()).contains(&era),
				"an era is kept that was forgotten, or is still to come"
			);
		}
		Ok(())
	}

	/// What accounts earned, and have not claimed, is what their eras say.
	fn points_add_up() -> Result<(), TryRuntimeError> {
		let mut sums = BTreeMap::<EraIndex, Points>::new();
		for (_, earnings) in EarnedBy::<T>::iter() {
			ensure!(
				earnings.is_sorted_by(|a, b| a.era < b.era),
				"earnings are out of order"
			);
			for earned in earnings {
				let sum = sums.entry(earned.era).or_default();
				*sum = sum.plus(&earned.points);
			}
		}
		for (era, closed) in Closed::<T>::iter() {
			let sum = sums.remove(&era).unwrap_or_default();
			ensure!(sum == closed.unclaimed, "points of an era do not add up");
		}
		if let Some(current) = Current::<T>::get() {
			let sum = sums.remove(&current.era).unwrap_or_default();
			ensure!(
				sum == current.points,
				"points of the era under way do not add up"
			);
		}
		// Of forgotten eras there may be some until their account earns or claims again.
		let oldest = Oldest::<T>::get();
		ensure!(
			sums.keys().all(|era| *era < oldest),
			"points of an era that does not exist"
		);
		Ok(())
	}

	/// The account holds what was issued and not paid, beside its existential deposit.
	fn rewards_are_there() -> Result<(), TryRuntimeError> {
		let open = Closed::<T>::iter_values()
			.map(|closed| closed.issued.total().saturating_sub(closed.paid))
			.fold(0, Balance::saturating_add);
		ensure!(
			T::Currency::balance(&Self::account()) >= open,
			"the account holds less than can be claimed"
		);
		Ok(())
	}

	fn holds_cover_deposits() -> Result<(), TryRuntimeError> {
		for (who, (payee, ticket)) in Payees::<T>::iter() {
			ensure!(who != payee, "an account is its own payee");
			let held = T::Currency::balance_on_hold(&HoldReason::Payee.into(), &who);
			ensure!(
				held == deposit::amount(&ticket),
				"a held deposit differs from the recorded one"
			);
		}
		Ok(())
	}
}
