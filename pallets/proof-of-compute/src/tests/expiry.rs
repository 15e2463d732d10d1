//! Challenges that nobody answered in time.

use frame_support::{assert_noop, assert_ok};
use usufruct_primitives::ChallengeId;

use super::prover::*;
use crate::{mock::*, ChallengeOfHid, Challenges, Error, Event, FailureReason};
use usufruct_proof::RANDOMNESS_KEPT;

/// Somebody ends the challenge, and it ends for this reason.
fn ends(id: ChallengeId, reason: FailureReason) {
	let hid = challenge(id).hid;
	events();
	assert_ok!(ProofOfCompute::expire(signed(BOB), id));
	assert_eq!(
		events(),
		[Event::ProofFailed {
			challenge: id,
			hid,
			reason
		}]
	);
	assert_eq!(
		(
			Challenges::<Test>::get(id),
			ChallengeOfHid::<Test>::get(hid)
		),
		(None, None)
	);
}

/// Hardware 0 has a score before the test.
fn scored(test: impl FnOnce()) {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		prove(0, 4);
		assert!(proved(0) > 0);
		test();
	});
}

fn score_is_gone() -> bool {
	proved(0) == 0
}

#[test]
fn a_challenge_that_was_not_started_costs_the_score_and_no_bond() {
	scored(|| {
		let id = request(0);
		go_to(challenge(id).timeline().first_root_until());
		assert_noop!(
			ProofOfCompute::expire(signed(BOB), id),
			Error::<Test>::NotExpired
		);
		go_to(now() + 1);
		ends(id, FailureReason::NotStarted);
		assert!(score_is_gone() && Faults::get().is_empty());
	});
}

#[test]
fn a_challenge_without_a_commitment_costs_the_score_and_no_bond() {
	scored(|| {
		let id = request(0);
		let work = work(id, 2);
		start(id, &work);
		go_to(challenge(id).timeline().commit_until());
		assert_noop!(
			ProofOfCompute::expire(signed(BOB), id),
			Error::<Test>::NotExpired
		);
		go_to(now() + 1);
		ends(id, FailureReason::NotCommitted);
		assert!(score_is_gone() && Faults::get().is_empty());
	});
}

#[test]
fn silence_after_the_commitment_is_a_fault() {
	scored(|| {
		let (id, _) = committed(0, 2);
		go_to(challenge(id).timeline().reveal_until());
		assert_noop!(
			ProofOfCompute::expire(signed(BOB), id),
			Error::<Test>::NotExpired
		);
		go_to(now() + 1);
		ends(id, FailureReason::NotRevealed);
		assert!(score_is_gone());
		assert_eq!(Faults::get(), [0]);
	});
}

#[test]
fn anybody_may_end_a_challenge_that_expired() {
	for who in [ALICE, BOB, CAROL, POOR] {
		scored(|| {
			let id = request(0);
			go_to(challenge(id).due_until() + 1);
			assert_ok!(ProofOfCompute::expire(signed(who), id));
		});
	}
}

#[test]
fn a_challenge_ends_once() {
	scored(|| {
		let id = request(0);
		go_to(challenge(id).due_until() + 1);
		ends(id, FailureReason::NotStarted);
		assert_noop!(
			ProofOfCompute::expire(signed(BOB), id),
			Error::<Test>::UnknownChallenge
		);
	});
}

#[test]
fn a_step_in_time_prolongs_the_challenge() {
	scored(|| {
		let id = request(0);
		let work = work(id, 2);
		go_to(challenge(id).timeline().first_root_until());
		commit(id, &work);
		go_to(challenge(id).timeline().commit_until() + 1);
		assert_noop!(
			ProofOfCompute::expire(signed(BOB), id),
			Error::<Test>::NotExpired
		);
	});
}

#[test]
fn hardware_whose_challenge_expired_is_challenged_again() {
	scored(|| {
		let id = request(0);
		go_to(challenge(id).due_until() + 1);
		// It stays open until somebody ends it.
		assert_noop!(ask(BOB, 0), Error::<Test>::ChallengeOpen);
		ends(id, FailureReason::NotStarted);
		prove(0, 3);
		assert!(proved(0) > 0);
	});
}

#[test]
fn a_challenge_without_a_seed_is_nobodys_fault() {
	scored(|| {
		silence(now() + 1..=now() + 2);
		let id = request(0);
		go_to(challenge(id).due_until() + 1);
		ends(id, FailureReason::NoRandomness);
		assert!(!score_is_gone() && Faults::get().is_empty());
		assert_eq!((held(CAROL), free(CAROL)), (0, RICHES));
	});
}

#[test]
fn a_challenge_without_positions_is_nobodys_fault() {
	scored(|| {
		let (id, work) = committed(0, 2);
		let first = challenge(id).timeline().commit_until() + 1;
		silence([first, first + 1, first + 3]);
		go_to(challenge(id).timeline().sampled_at());
		assert_eq!(ProofOfCompute::sample_seed(id), None);
		assert_noop!(
			ProofOfCompute::reveal(signed(ALICE), id, Box::new(work.open(&[7; 32]))),
			Error::<Test>::TooEarly
		);
		go_to(challenge(id).timeline().reveal_until() + 1);
		ends(id, FailureReason::NoRandomness);
		assert!(!score_is_gone() && Faults::get().is_empty());
	});
}

#[test]
fn silence_after_the_commitment_is_a_fault_however_late_the_challenge_is_ended() {
	for wait in [0, RANDOMNESS_KEPT, 3 * RANDOMNESS_KEPT] {
		scored(|| {
			let (id, _) = committed(0, 2);
			go_to(challenge(id).timeline().reveal_until() + 1 + wait);
			ends(id, FailureReason::NotRevealed);
			assert!(score_is_gone());
			assert_eq!(Faults::get(), [0]);
		});
	}
}

#[test]
fn the_score_is_lost_however_late_an_unanswered_challenge_is_ended() {
	for start_it in [false, true] {
		scored(|| {
			let id = request(0);
			let work = work(id, 2);
			if start_it {
				start(id, &work);
			}
			go_to(challenge(id).timeline().reveal_until() + RANDOMNESS_KEPT);
			let reason = match start_it {
				true => FailureReason::NotCommitted,
				false => FailureReason::NotStarted,
			};
			ends(id, reason);
			assert!(score_is_gone());
		});
	}
}

#[test]
fn missing_randomness_excuses_as_long_as_it_is_seen() {
	for (wait, excused) in [(RANDOMNESS_KEPT, true), (RANDOMNESS_KEPT + 1, false)] {
		scored(|| {
			let first = now() + 1;
			silence(first..=first + 1);
			let id = request(0);
			go_to(first + wait);
			let reason = match excused {
				true => FailureReason::NoRandomness,
				false => FailureReason::NotStarted,
			};
			ends(id, reason);
			assert_eq!(score_is_gone(), !excused);
		});
	}
}

#[test]
fn a_challenge_ends_although_its_machine_is_gone() {
	scored(|| {
		let (id, _) = committed(0, 2);
		Owners::mutate(|owners| owners.remove(&0));
		assert_noop!(
			ProofOfCompute::commit(signed(ALICE), id, 2, [0; 32]),
			Error::<Test>::NotProvider
		);
		go_to(challenge(id).timeline().reveal_until() + 1);
		ends(id, FailureReason::NotRevealed);
		assert_eq!((held(CAROL), free(CAROL)), (0, RICHES));
		assert!(score_is_gone());
	});
}
