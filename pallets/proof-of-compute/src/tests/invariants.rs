//! Each invariant sees the state that breaks it.

use usufruct_proof::{ClassParams, Commitment};

use super::prover::*;
use usufruct_primitives::deposit;

use crate::{
	mock::*, ChallengeOfHid, Challenges, Classes, Entries, EntryState, Histories, NextChallengeId,
	OpenEntries, Ranking,
};
use usufruct_proof::RANDOMNESS_KEPT;

/// Breaks a good state, of two scores, one challenge and one entry, and expects the complaint.
fn caught(complaint: &'static str, harm: impl FnOnce()) {
	ExtBuilder::default()
		.epochs()
		.machine(ALICE)
		.machine(BOB)
		.build()
		.execute_with(|| {
			score_epoch(&[(0, 8), (1, 7)]);
			prove(0, 4);
			prove(1, 3);
			request(0);
			enter(0, 2);
			ProofOfCompute::do_try_state().expect("the state was good");
			harm();
			assert_eq!(ProofOfCompute::do_try_state(), Err(complaint.into()));
		});
}

#[test]
fn a_class_out_of_its_bounds_is_seen() {
	for params in [
		ClassParams {
			samples: 0,
			..PARAMS
		},
		ClassParams {
			window: RANDOMNESS_KEPT,
			..PARAMS
		},
	] {
		caught("a class is out of its bounds", || {
			Classes::<Test>::insert(CLASS, class(params));
		});
	}
}

#[test]
fn a_challenge_with_an_identifier_not_given_out_is_seen() {
	caught("a challenge has an identifier not given out", || {
		NextChallengeId::<Test>::put(2);
	});
}

#[test]
fn hardware_that_points_elsewhere_is_seen() {
	caught("hardware points elsewhere", || {
		ChallengeOfHid::<Test>::insert(0, 9);
	});
}

#[test]
fn a_second_challenge_of_hardware_is_seen() {
	caught("hardware points elsewhere", || {
		Challenges::<Test>::insert(1, challenge(2));
	});
}

#[test]
fn hardware_whose_challenge_is_gone_is_seen() {
	caught("hardware has a challenge that is gone", || {
		Challenges::<Test>::remove(2);
	});
}

#[test]
fn a_deposit_that_is_not_held_is_seen() {
	caught("held deposits differ from recorded ones", || {
		Challenges::<Test>::mutate(2, |challenge| {
			challenge.as_mut().expect("it runs").deposit =
				deposit::ticket(DEPOSIT + 1).expect("tickets are amounts");
		});
	});
}

#[test]
fn a_ranking_out_of_order_is_seen() {
	caught("a ranking is out of order", || {
		Ranking::<Test>::mutate(CLASS, |ranking| ranking.as_mut().reverse());
	});
}

#[test]
fn a_ranked_score_of_hardware_without_a_history_is_seen() {
	caught("ranked hardware has no history", || {
		Histories::<Test>::remove(1);
	});
}

#[test]
fn a_ranked_score_that_nobody_can_have_is_seen() {
	caught("a ranked score is out of its bounds", || {
		Ranking::<Test>::mutate(CLASS, |ranking| ranking[0].score_ppm = 1_050_001);
	});
	caught("a ranked score is out of its bounds", || {
		Ranking::<Test>::mutate(CLASS, |ranking| ranking[1].score_ppm = 0);
	});
}

#[test]
fn hardware_that_is_ranked_twice_is_seen() {
	caught("hardware is ranked twice", || {
		Ranking::<Test>::mutate(CLASS, |ranking| {
			let first = ranking[0];
			ranking.try_insert(0, first).expect("room");
		});
	});
	caught("hardware is ranked twice", || {
		let first = Ranking::<Test>::get(CLASS)[0];
		Ranking::<Test>::mutate(CLASS + 1, |other| other.try_push(first).expect("room"));
	});
}

#[test]
fn scores_out_of_their_order_are_seen() {
	caught("a history is out of order", || {
		Histories::<Test>::mutate(0, |history| {
			let history = history.as_mut().expect("it was scored");
			let first = history.scores[0];
			history.scores.try_push(first).expect("room");
		});
	});
}

#[test]
fn an_entry_of_an_epoch_that_did_not_begin_is_seen() {
	caught("an entry is of an epoch that did not begin", || {
		Entries::<Test>::mutate(0, |entry| {
			entry.as_mut().expect("it entered").epoch.id += 1;
		});
	});
}

#[test]
fn entries_that_are_not_counted_are_seen() {
	caught("entries are not as many as counted", || {
		OpenEntries::<Test>::put(0);
	});
}

#[test]
fn a_bond_that_is_not_held_is_seen() {
	caught("held bonds differ from recorded ones", || {
		Entries::<Test>::mutate(0, |entry| {
			let entry = entry.as_mut().expect("it entered");
			let commitment = Commitment {
				first_root: [0; 32],
				rounds: 2,
				digest: [0; 32],
				memory: None,
			};
			entry.state = EntryState::Disputed {
				commitment,
				by: CAROL,
				bond: BOND,
				at: now(),
			};
		});
	});
}
