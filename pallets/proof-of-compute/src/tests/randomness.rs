//! What is kept of the authors' randomness, and what follows from it.

use usufruct_proof::{mix, sample_seed, seed, Occasion, SeedContext};

use super::prover::*;
use crate::{mock::*, Challenges, Randomness};
use usufruct_proof::RANDOMNESS_KEPT;

fn output(block: u32) -> Option<[u8; 32]> {
	let (written, output) = Randomness::<Test>::get(block % RANDOMNESS_KEPT)?;
	(written == block).then_some(output)
}

#[test]
fn each_block_keeps_the_output_of_the_one_before() {
	ExtBuilder::default().build_and_execute(|| {
		go_to(5);
		assert!((0..5).all(|block| output(block).is_some()));
		assert_eq!(output(5), None);
		assert_ne!(output(3), output(4));
	});
}

#[test]
fn a_block_without_an_output_is_kept_as_such() {
	ExtBuilder::default().build_and_execute(|| {
		silence([3, RANDOMNESS_KEPT + 4]);
		go_to(5);
		assert_eq!((output(3), output(4).is_some()), (None, true));
		// It does not leave an old output where its own would be.
		go_to(RANDOMNESS_KEPT + 5);
		assert_eq!(Randomness::<Test>::get(4), None);
	});
}

#[test]
fn no_more_outputs_are_kept_than_the_ring_has_room_for() {
	ExtBuilder::default().build_and_execute(|| {
		go_to(2 * RANDOMNESS_KEPT);
		assert_eq!(Randomness::<Test>::iter().count(), RANDOMNESS_KEPT as usize);
		assert_eq!(output(RANDOMNESS_KEPT - 1), None);
		assert!(output(RANDOMNESS_KEPT).is_some());
	});
}

#[test]
fn the_seed_is_made_of_the_two_blocks_after_the_request_and_all_that_it_is_for() {
	ExtBuilder::default()
		.machine(ALICE)
		.machine(BOB)
		.build_and_execute(|| {
			go_to(10);
			request(0);
			let id = request(1);
			let found = seed_of(id);
			let context = SeedContext {
				genesis: System::block_hash(0).0,
				occasion: Occasion::Challenge(id),
				node: 1,
				hid: 1,
				class: CLASS,
				params: PARAMS,
			};
			let outputs = [11, 12].map(|block| output(block).expect("it is kept"));
			assert_eq!(found, seed(&context, &mix(&outputs)));
		});
}

#[test]
fn one_of_the_two_blocks_is_enough_for_a_seed() {
	for silent in [2, 3] {
		ExtBuilder::default().machine(ALICE).build_and_execute(|| {
			silence([silent]);
			let (id, work) = committed(0, 2);
			reveal(id, work.open(&sample_seed_of(id)));
			assert!(Faults::get().is_empty() && !Challenges::<Test>::contains_key(id));
		});
	}
}

#[test]
fn two_of_the_four_blocks_are_enough_for_positions() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		silence([15, 18]);
		let (id, work) = committed(0, 2);
		let found = sample_seed_of(id);
		let outputs = [16, 17].map(|block| output(block).expect("it is kept"));
		assert_eq!(found, sample_seed(&seed_of(id), &mix(&outputs)));
		reveal(id, work.open(&found));
		assert!(Faults::get().is_empty());
	});
}

#[test]
fn the_seed_is_unknown_until_both_of_its_blocks_are_over() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let id = request(0);
		for block in 1..4 {
			go_to(block);
			assert_eq!(ProofOfCompute::seed(id), None);
		}
		go_to(4);
		assert!(ProofOfCompute::seed(id).is_some());
		assert_eq!(ProofOfCompute::sample_seed(id), None);
	});
}

#[test]
fn a_challenge_that_does_not_run_has_no_seeds() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		prove(0, 2);
		for id in [0, 1, u64::MAX] {
			assert_eq!(
				(ProofOfCompute::seed(id), ProofOfCompute::sample_seed(id)),
				(None, None)
			);
		}
	});
}

#[test]
fn no_two_challenges_have_the_same_seed() {
	ExtBuilder::default()
		.machine(ALICE)
		.machine(ALICE)
		.build_and_execute(|| {
			Constant::set(Some([7; 32]));
			let ids = [request(0), request(1)];
			assert_ne!(seed_of(ids[0]), seed_of(ids[1]));
			let first = seed_of(ids[0]);
			go_to(challenge(ids[0]).due_until() + 1);
			ProofOfCompute::expire(signed(BOB), ids[0]).expect("it is late");
			assert_ne!(first, seed_of(request(0)));
		});
}
