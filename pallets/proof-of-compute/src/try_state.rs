//! What must be true of proofs at any time.

use alloc::collections::BTreeMap;

use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;
use usufruct_primitives::Balance;

use crate::{ChallengeOfHid, Challenges, Classes, Config, HoldReason, Pallet, Ranking, Scores};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut deposits = BTreeMap::<T::AccountId, Balance>::new();
		for (id, challenge) in Challenges::<T>::iter() {
			ensure!(ChallengeOfHid::<T>::get(challenge.hid) == Some(id), "hardware points elsewhere");
			let sum = deposits.entry(challenge.requester).or_default();
			*sum = sum.saturating_add(challenge.deposit);
		}
		ensure!(
			Challenges::<T>::iter().count() == ChallengeOfHid::<T>::iter().count(),
			"hardware has a challenge that is gone"
		);
		for (who, sum) in deposits {
			let held = T::Currency::balance_on_hold(&HoldReason::Challenge.into(), &who);
			ensure!(held == sum, "held deposits differ from recorded ones");
		}
		for (_, class) in Classes::<T>::iter() {
			ensure!(class.params.validate().is_ok(), "a class is out of its bounds");
		}
		for (_, ranking) in Ranking::<T>::iter() {
			ensure!(ranking.is_sorted_by(|(_, a), (_, b)| a >= b), "a ranking is out of order");
			for (hid, score) in ranking {
				let known = Scores::<T>::get(hid).map(|record| record.score_ppm);
				ensure!(known == Some(score), "a ranked score is not the proved one");
			}
		}
		Ok(())
	}
}
