//! What must be true of proofs at any time.

use alloc::collections::{BTreeMap, BTreeSet};

use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;
use usufruct_primitives::Balance;

use crate::{
	ChallengeOfHid, Challenges, Classes, Config, HoldReason, NextChallengeId, Pallet, Ranking,
	Scores,
};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::classes_are_sound()?;
		Self::hardware_has_one_challenge()?;
		Self::holds_cover_deposits()?;
		Self::rankings_show_the_best_scores()
	}

	/// Every class can be proved.
	fn classes_are_sound() -> Result<(), TryRuntimeError> {
		for (_, class) in Classes::<T>::iter() {
			ensure!(class.is_sound(), "a class is out of its bounds");
		}
		Ok(())
	}

	/// A challenge has an identifier of the chain, and its hardware knows it and no other.
	fn hardware_has_one_challenge() -> Result<(), TryRuntimeError> {
		for (id, challenge) in Challenges::<T>::iter() {
			ensure!(
				id < NextChallengeId::<T>::get(),
				"a challenge has an identifier not given out"
			);
			ensure!(
				ChallengeOfHid::<T>::get(challenge.hid) == Some(id),
				"hardware points elsewhere"
			);
		}
		ensure!(
			Challenges::<T>::iter().count() == ChallengeOfHid::<T>::iter().count(),
			"hardware has a challenge that is gone"
		);
		Ok(())
	}

	/// What is held of a requester is the sum of its challenges' deposits.
	fn holds_cover_deposits() -> Result<(), TryRuntimeError> {
		let mut deposits = BTreeMap::<T::AccountId, Balance>::new();
		for (_, challenge) in Challenges::<T>::iter() {
			let sum = deposits.entry(challenge.requester).or_default();
			*sum = sum.saturating_add(challenge.deposit);
		}
		for (who, sum) in deposits {
			let held = T::Currency::balance_on_hold(&HoldReason::Challenge.into(), &who);
			ensure!(held == sum, "held deposits differ from recorded ones");
		}
		Ok(())
	}

	/// A ranking is in order, and shows what hardware proved last, once.
	fn rankings_show_the_best_scores() -> Result<(), TryRuntimeError> {
		let mut seen = BTreeSet::new();
		for (_, ranking) in Ranking::<T>::iter() {
			ensure!(
				ranking.is_sorted_by(|(_, a), (_, b)| a >= b),
				"a ranking is out of order"
			);
			for (hid, score) in ranking {
				let known = Scores::<T>::get(hid).map(|record| record.score_ppm);
				ensure!(known == Some(score), "a ranked score is not the proved one");
				ensure!(seen.insert(hid), "hardware is ranked twice");
			}
		}
		Ok(())
	}
}
