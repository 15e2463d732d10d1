//! The first root and the commitment: when they are due, and that they bind.

use frame_support::{assert_noop, assert_ok};
use usufruct_proof::Commitment;

use super::prover::*;
use crate::{mock::*, ChallengeState, Error, Event};

const ROOT: [u8; 32] = [1; 32];
const DIGEST: [u8; 32] = [2; 32];

#[test]
fn the_first_root_is_kept() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let id = request(0);
		go_to(challenge(id).timeline().opens_at());
		events();
		assert_ok!(ProofOfCompute::commit_first(signed(ALICE), id, ROOT));
		assert_eq!(events(), [Event::FirstRootCommitted { challenge: id }]);
		assert_eq!(
			challenge(id).state,
			ChallengeState::Started { first_root: ROOT }
		);
	});
}

#[test]
fn the_commitment_is_kept_beside_the_first_root() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let id = request(0);
		go_to(challenge(id).timeline().opens_at());
		assert_ok!(ProofOfCompute::commit_first(signed(ALICE), id, ROOT));
		events();
		assert_ok!(ProofOfCompute::commit(signed(ALICE), id, 5, DIGEST));
		assert_eq!(
			events(),
			[Event::Committed {
				challenge: id,
				rounds: 5
			}]
		);
		let commitment = Commitment {
			first_root: ROOT,
			rounds: 5,
			digest: DIGEST,
			memory: None,
		};
		assert_eq!(
			challenge(id).state,
			ChallengeState::Committed { commitment }
		);
	});
}

#[test]
fn nothing_is_committed_before_the_seed_is_known() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let id = request(0);
		for block in 1..4 {
			go_to(block);
			assert_noop!(
				ProofOfCompute::commit_first(signed(ALICE), id, ROOT),
				Error::<Test>::TooEarly
			);
		}
		go_to(4);
		assert_ok!(ProofOfCompute::commit_first(signed(ALICE), id, ROOT));
	});
}

#[test]
fn nothing_is_committed_where_there_is_no_seed() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		silence([2, 3]);
		let id = request(0);
		for block in 4..=8 {
			go_to(block);
			assert_noop!(
				ProofOfCompute::commit_first(signed(ALICE), id, ROOT),
				Error::<Test>::TooEarly
			);
		}
	});
}

#[test]
fn the_first_root_comes_in_its_last_block_and_not_after() {
	ExtBuilder::default()
		.machine(ALICE)
		.machine(ALICE)
		.build_and_execute(|| {
			let (first, second) = (request(0), request(1));
			go_to(7);
			assert_eq!(challenge(first).timeline().first_root_until(), 7);
			assert_ok!(ProofOfCompute::commit_first(signed(ALICE), first, ROOT));
			go_to(8);
			assert_noop!(
				ProofOfCompute::commit_first(signed(ALICE), second, ROOT),
				Error::<Test>::TooLate
			);
		});
}

#[test]
fn the_commitment_comes_in_its_last_block_and_not_after() {
	ExtBuilder::default()
		.machine(ALICE)
		.machine(ALICE)
		.build_and_execute(|| {
			let ids = [request(0), request(1)];
			go_to(4);
			for id in ids {
				assert_ok!(ProofOfCompute::commit_first(signed(ALICE), id, ROOT));
			}
			go_to(14);
			assert_eq!(challenge(ids[0]).timeline().commit_until(), 14);
			assert_ok!(ProofOfCompute::commit(signed(ALICE), ids[0], 2, DIGEST));
			go_to(15);
			assert_noop!(
				ProofOfCompute::commit(signed(ALICE), ids[1], 2, DIGEST),
				Error::<Test>::TooLate
			);
		});
}

#[test]
fn nothing_is_committed_twice() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let id = request(0);
		go_to(challenge(id).timeline().opens_at());
		assert_ok!(ProofOfCompute::commit_first(signed(ALICE), id, ROOT));
		assert_noop!(
			ProofOfCompute::commit_first(signed(ALICE), id, [9; 32]),
			Error::<Test>::WrongStep
		);
		assert_ok!(ProofOfCompute::commit(signed(ALICE), id, 2, DIGEST));
		assert_noop!(
			ProofOfCompute::commit(signed(ALICE), id, 8, [9; 32]),
			Error::<Test>::WrongStep
		);
		assert_noop!(
			ProofOfCompute::commit_first(signed(ALICE), id, [9; 32]),
			Error::<Test>::WrongStep
		);
	});
}

#[test]
fn a_commitment_needs_its_first_root() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let id = request(0);
		go_to(challenge(id).timeline().opens_at());
		assert_noop!(
			ProofOfCompute::commit(signed(ALICE), id, 2, DIGEST),
			Error::<Test>::WrongStep
		);
	});
}

#[test]
fn rounds_are_within_the_bounds_of_the_class() {
	ExtBuilder::default()
		.machine(ALICE)
		.machine(ALICE)
		.build_and_execute(|| {
			let ids = [request(0), request(1)];
			go_to(4);
			for id in ids {
				assert_ok!(ProofOfCompute::commit_first(signed(ALICE), id, ROOT));
			}
			for rounds in [0, 1, 9, u32::MAX] {
				assert_noop!(
					ProofOfCompute::commit(signed(ALICE), ids[0], rounds, DIGEST),
					Error::<Test>::BadRounds
				);
			}
			assert_ok!(ProofOfCompute::commit(signed(ALICE), ids[0], 2, DIGEST));
			assert_ok!(ProofOfCompute::commit(signed(ALICE), ids[1], 8, DIGEST));
		});
}

#[test]
fn the_positions_are_unknown_when_the_commitment_is_due() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let (id, _) = committed(0, 2);
		let sampled_at = challenge(id).timeline().sampled_at();
		assert!(challenge(id).timeline().commit_until() < sampled_at);
		for block in now()..sampled_at {
			go_to(block);
			assert_eq!(ProofOfCompute::sample_seed(id), None);
		}
		go_to(sampled_at);
		assert!(ProofOfCompute::sample_seed(id).is_some());
	});
}

#[test]
fn a_machine_that_goes_offline_may_still_answer() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let id = request(0);
		take_offline(0);
		let work = work(id, 2);
		commit(id, &work);
		events();
		reveal(id, work.open(&sample_seed_of(id)));
		assert!(matches!(events()[..], [Event::Proved { .. }]));
	});
}
