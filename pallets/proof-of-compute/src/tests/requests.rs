//! Asking for a proof, and the way of the deposit.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

use super::prover::*;
use usufruct_primitives::deposit;

use crate::{
	mock::*, ChallengeOfHid, ChallengeRecord, ChallengeState, Challenges, Error, Event,
	NextChallengeId,
};

#[test]
fn a_request_holds_the_deposit_and_opens_a_challenge() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		go_to(5);
		assert_ok!(ask(CAROL, 0));
		assert_eq!(
			events(),
			[Event::ProofRequested {
				challenge: 0,
				hid: 0,
				requester: CAROL
			}]
		);
		assert_eq!((held(CAROL), free(CAROL)), (DEPOSIT, RICHES - DEPOSIT));
		assert_eq!(ChallengeOfHid::<Test>::get(0), Some(0));
		assert_eq!(
			challenge(0),
			ChallengeRecord {
				hid: 0,
				node: 0,
				class: CLASS,
				params: PARAMS,
				requester: CAROL,
				deposit: deposit::ticket(DEPOSIT).expect("tickets are amounts"),
				issued_at: 5,
				committed_at: None,
				state: ChallengeState::Issued,
			}
		);
	});
}

#[test]
fn anyone_may_ask_the_owner_included() {
	ExtBuilder::default()
		.machine(ALICE)
		.machine(ALICE)
		.machine(ALICE)
		.build_and_execute(|| {
			for (hid, who) in [(0, ALICE), (1, BOB), (2, CAROL)] {
				assert_ok!(ask(who, hid));
				assert_eq!((challenge(hid).requester, held(who)), (who, DEPOSIT));
			}
		});
}

#[test]
fn hardware_that_nobody_registered_is_not_challenged() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		for hid in [1, u64::MAX] {
			assert_noop!(ask(CAROL, hid), Error::<Test>::UnknownHardware);
		}
		take_out(0);
		assert_noop!(ask(CAROL, 0), Error::<Test>::UnknownHardware);
	});
}

#[test]
fn hardware_of_a_class_that_the_dao_has_not_set_is_not_challenged() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		Hardware::mutate(|hardware| hardware.insert(0, (0, CLASS + 1)));
		assert_noop!(ask(CAROL, 0), Error::<Test>::UnknownClass);
	});
}

#[test]
fn hardware_that_is_offline_is_not_challenged() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		take_offline(0);
		assert_noop!(ask(CAROL, 0), Error::<Test>::NodeOffline);
	});
}

#[test]
fn hardware_has_one_challenge_at_a_time() {
	ExtBuilder::default()
		.machine(ALICE)
		.machine(ALICE)
		.build_and_execute(|| {
			let (id, opened) = ready(0, 2);
			for who in [ALICE, BOB, CAROL] {
				assert_noop!(ask(who, 0), Error::<Test>::ChallengeOpen);
			}
			// Other hardware of the same owner is another matter.
			assert_ok!(ask(BOB, 1));
			reveal(id, opened);
			assert_ok!(ask(BOB, 0));
			assert_eq!(ChallengeOfHid::<Test>::get(0), Some(2));
		});
}

#[test]
fn a_request_needs_its_deposit() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		assert_noop!(ask(POOR, 0), TokenError::FundsUnavailable);
		assert_eq!(NextChallengeId::<Test>::get(), 0);
	});
}

#[test]
fn identifiers_run_out_without_wrapping() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		NextChallengeId::<Test>::put(u64::MAX);
		assert_noop!(ask(CAROL, 0), Error::<Test>::Exhausted);
		assert_eq!(held(CAROL), 0);
	});
}

#[test]
fn a_proof_returns_the_deposit_to_the_requester() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let (id, opened) = ready(0, 2);
		assert_eq!(held(CAROL), DEPOSIT);
		reveal(id, opened);
		assert_eq!((held(CAROL), free(CAROL)), (0, RICHES));
		assert_eq!(free(ALICE), RICHES);
	});
}

#[test]
fn a_wrong_reveal_returns_the_deposit_to_the_requester() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let (id, mut opened) = ready(0, 2);
		opened.openings[0].tile[0] ^= 1;
		reveal(id, opened);
		assert!(matches!(events()[..], [Event::ProofFailed { .. }]));
		assert_eq!((held(CAROL), free(CAROL)), (0, RICHES));
	});
}

#[test]
fn a_challenge_that_expired_returns_the_deposit_whoever_ends_it() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let id = request(0);
		go_to(challenge(id).due_until() + 1);
		assert_ok!(ProofOfCompute::expire(signed(BOB), id));
		assert_eq!((held(CAROL), free(CAROL)), (0, RICHES));
		assert_eq!(free(BOB), RICHES);
	});
}

#[test]
fn what_is_returned_is_what_was_held_although_the_deposit_changed() {
	ExtBuilder::default()
		.machine(ALICE)
		.machine(ALICE)
		.build_and_execute(|| {
			let first = request(0);
			ChallengeDeposit::set(3 * DEPOSIT);
			let second = request(1);
			assert_eq!(held(CAROL), 4 * DEPOSIT);
			go_to(challenge(first).due_until() + 1);
			assert_ok!(ProofOfCompute::expire(signed(BOB), first));
			assert_eq!(held(CAROL), 3 * DEPOSIT);
			assert_ok!(ProofOfCompute::expire(signed(BOB), second));
			assert_eq!((held(CAROL), free(CAROL)), (0, RICHES));
		});
}

#[test]
fn without_a_deposit_a_challenge_is_free() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		ChallengeDeposit::set(0);
		assert_ok!(ask(POOR, 0));
		go_to(challenge(0).due_until() + 1);
		assert_ok!(ProofOfCompute::expire(signed(BOB), 0));
		assert!(!Challenges::<Test>::contains_key(0));
	});
}
