//! What must be true of proofs at any time.

use alloc::collections::{BTreeMap, BTreeSet};

use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;
use usufruct_primitives::{deposit, Balance};
use usufruct_proof::{ClassParams, Commitment, MAX_SCORE_PPM};

use crate::{
	ChallengeOfHid, ChallengeState, Challenges, Classes, Config, Entries, EntryState, Histories,
	HoldReason, NextChallengeId, OpenEntries, Pallet, Ranking,
};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::classes_are_sound()?;
		Self::hardware_has_one_challenge()?;
		Self::holds_cover_deposits()?;
		Self::rankings_show_scores()?;
		Self::histories_are_in_order()?;
		Self::entries_are_of_epochs_that_began()
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
			if let ChallengeState::Committed { commitment } = challenge.state {
				Self::commitment_is_of_the_class(&challenge.params, &commitment)?;
			}
		}
		ensure!(
			Challenges::<T>::iter().count() == ChallengeOfHid::<T>::iter().count(),
			"hardware has a challenge that is gone"
		);
		Ok(())
	}

	/// What was committed is what the class asks for, or waits for its memory phase.
	fn commitment_is_of_the_class(
		params: &ClassParams,
		commitment: &Commitment,
	) -> Result<(), TryRuntimeError> {
		let rounds = params.min_rounds..=params.max_rounds;
		ensure!(
			rounds.contains(&commitment.rounds),
			"committed rounds are out of bounds"
		);
		if let Some(memory) = commitment.memory {
			let passes = 1..=params.memory.map_or(0, |memory| memory.max_passes);
			ensure!(
				passes.contains(&memory.passes),
				"committed passes are out of bounds"
			);
		}
		Ok(())
	}

	/// What is held of a requester is the sum of its challenges' deposits.
	fn holds_cover_deposits() -> Result<(), TryRuntimeError> {
		let mut deposits = BTreeMap::<T::AccountId, Balance>::new();
		for (_, challenge) in Challenges::<T>::iter() {
			let sum = deposits.entry(challenge.requester).or_default();
			*sum = sum.saturating_add(deposit::amount(&challenge.deposit));
		}
		for (who, sum) in deposits {
			let held = T::Currency::balance_on_hold(&HoldReason::Challenge.into(), &who);
			ensure!(held == sum, "held deposits differ from recorded ones");
		}
		Ok(())
	}

	/// A ranking is in order, and shows hardware that epochs have scored, once.
	fn rankings_show_scores() -> Result<(), TryRuntimeError> {
		let mut seen = BTreeSet::new();
		for (_, ranking) in Ranking::<T>::iter() {
			ensure!(
				ranking.is_sorted_by(|a, b| a.score_ppm >= b.score_ppm),
				"a ranking is out of order"
			);
			for ranked in ranking {
				ensure!(
					(1..=MAX_SCORE_PPM).contains(&ranked.score_ppm),
					"a ranked score is out of its bounds"
				);
				ensure!(
					Histories::<T>::contains_key(ranked.hid),
					"ranked hardware has no history"
				);
				ensure!(seen.insert(ranked.hid), "hardware is ranked twice");
			}
		}
		Ok(())
	}

	/// Scores are in the order of their epochs, none of which is still to come.
	fn histories_are_in_order() -> Result<(), TryRuntimeError> {
		for (_, history) in Histories::<T>::iter() {
			ensure!(
				history
					.scores
					.is_sorted_by(|a, b| a.due < b.due && a.epoch < b.epoch),
				"a history is out of order"
			);
			ensure!(
				history.last <= Self::last_epoch(),
				"a history knows an epoch that did not begin"
			);
		}
		Ok(())
	}

	/// An entry is of an epoch that began, and what is held for disputes is the sum of their bonds.
	fn entries_are_of_epochs_that_began() -> Result<(), TryRuntimeError> {
		ensure!(
			Entries::<T>::iter_keys().count() == OpenEntries::<T>::get() as usize,
			"entries are not as many as counted"
		);
		let mut bonds = BTreeMap::<T::AccountId, Balance>::new();
		for (_, entry) in Entries::<T>::iter() {
			ensure!(
				entry.epoch.id <= Self::last_epoch(),
				"an entry is of an epoch that did not begin"
			);
			if let Some(commitment) = entry.state.commitment() {
				Self::commitment_is_of_the_class(&entry.params, commitment)?;
			}
			if let EntryState::Disputed { by, bond, .. } = entry.state {
				let sum = bonds.entry(by).or_default();
				*sum = sum.saturating_add(bond);
			}
		}
		for (who, sum) in bonds {
			let held = T::Currency::balance_on_hold(&HoldReason::Audit.into(), &who);
			ensure!(held == sum, "held bonds differ from recorded ones");
		}
		Ok(())
	}
}
