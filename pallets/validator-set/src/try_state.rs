//! What must be true of the set at any time.

use frame_support::{
	ensure,
	traits::{fungible::InspectHold, Get},
};
use sp_runtime::TryRuntimeError;

use crate::{Candidates, Config, HoldReason, Pallet};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		ensure!(
			Candidates::<T>::count() <= T::MaxCandidates::get(),
			"too many candidates"
		);
		for (who, candidate) in Candidates::<T>::iter() {
			let held = T::Currency::balance_on_hold(&HoldReason::ValidatorBond.into(), &who);
			ensure!(
				held == candidate.bond,
				"a held bond differs from the recorded one"
			);
			for noted in &candidate.punishments {
				ensure!(
					noted.taken <= noted.base,
					"an offence took more than there was"
				);
				let same = candidate
					.punishments
					.iter()
					.filter(|p| p.session == noted.session);
				ensure!(same.count() == 1, "a session is punished twice");
			}
			ensure!(
				!(candidate.admitted && candidate.left_at.is_some()),
				"admitted and left"
			);
		}
		Ok(())
	}
}
