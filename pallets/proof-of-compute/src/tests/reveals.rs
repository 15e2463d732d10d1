//! What a reveal must show, and what happens to one that does not.

use frame_support::{assert_noop, assert_ok};
use usufruct_proof::{sample_positions, Reveal};

use super::prover::*;
use crate::{mock::*, ChallengeOfHid, Challenges, Error, Event, FailureReason, Ranking, Scores};

/// Commits two rounds, reveals what `change` makes of the right reveal, and expects a fault.
fn refused(change: impl FnOnce(&mut Reveal)) {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		prove(0, 3);
		assert!(proved(0) > 0);
		let (id, mut opened) = ready(0, 2);
		let right = opened.clone();
		change(&mut opened);
		assert_ne!(opened, right, "the change changes something");
		reveal(id, opened);
		assert_eq!(
			events(),
			[Event::ProofFailed {
				challenge: id,
				hid: 0,
				reason: FailureReason::WrongReveal
			}]
		);
		assert_eq!(Faults::get(), [0]);
		assert_eq!(
			(Scores::<Test>::get(0), Ranking::<Test>::get(CLASS).len()),
			(None, 0)
		);
		assert_eq!((held(CAROL), free(CAROL)), (0, RICHES));
		// It is over: the right reveal comes too late.
		assert_noop!(
			ProofOfCompute::reveal(signed(ALICE), id, Box::new(right)),
			Error::<Test>::UnknownChallenge
		);
	});
}

#[test]
fn a_right_reveal_is_scored_and_ends_the_challenge() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let (id, opened) = ready(0, 5);
		reveal(id, opened);
		let speed = speed(&PARAMS, 5, 0);
		let score_ppm = PARAMS.score_ppm(&speed);
		assert_eq!(
			events(),
			[Event::Proved {
				challenge: id,
				hid: 0,
				speed,
				score_ppm,
			}]
		);
		let score = Scores::<Test>::get(0).expect("it was scored");
		assert_eq!(
			(score.speed, score.score_ppm, score.rounds),
			(speed, score_ppm, 5)
		);
		assert_eq!((score.proved_at, score_ppm), (now(), 499_997));
		// It was not simultaneous with anybody's.
		assert!(Ranking::<Test>::get(CLASS).is_empty());
		assert_eq!(
			(
				Challenges::<Test>::get(id),
				ChallengeOfHid::<Test>::get(0),
				Faults::get()
			),
			(None, None, vec![])
		);
	});
}

#[test]
fn a_changed_value_in_a_sampled_element_is_a_fault() {
	let position = |opened: &Reveal| {
		let seed = ProofOfCompute::sample_seed(1).expect("it is known");
		sample_positions(&PARAMS, opened.roots.len() as u32, &seed)[0]
	};
	for byte in 0..4 {
		refused(|opened| {
			let at = position(opened).offset() + byte;
			opened.openings[0].tile[at] ^= 1;
		});
	}
}

#[test]
fn a_changed_value_anywhere_in_a_tile_is_a_fault() {
	for at in [0, 500, 1_023] {
		refused(|opened| opened.openings[3].tile[at] ^= 0x80);
	}
}

#[test]
fn a_changed_byte_in_any_level_of_a_path_is_a_fault() {
	for level in 0..PARAMS.depth() as usize {
		refused(|opened| opened.openings[1].path[level][31] ^= 1);
	}
}

#[test]
fn a_path_of_another_length_is_a_fault() {
	refused(|opened| {
		opened.openings[0].path.pop();
	});
	refused(|opened| opened.openings[0].path.try_push([0; 32]).expect("room"));
	refused(|opened| opened.openings[0].path.clear());
}

#[test]
fn openings_in_another_order_are_a_fault() {
	refused(|opened| opened.openings.as_mut().swap(0, 1));
	refused(|opened| opened.openings.as_mut().reverse());
}

#[test]
fn a_missing_and_a_further_opening_are_a_fault() {
	refused(|opened| {
		opened.openings.pop();
	});
	refused(|opened| {
		let again = opened.openings[0].clone();
		opened.openings.try_push(again).expect("room");
	});
	refused(|opened| opened.openings.clear());
}

#[test]
fn a_changed_root_is_a_fault() {
	for round in 0..2 {
		refused(|opened| opened.roots[round][0] ^= 1);
	}
}

#[test]
fn roots_in_another_order_and_in_another_number_are_a_fault() {
	refused(|opened| opened.roots.as_mut().swap(0, 1));
	refused(|opened| {
		opened.roots.pop();
	});
	refused(|opened| opened.roots.try_push([0; 32]).expect("room"));
	refused(|opened| opened.roots.clear());
}

#[test]
fn another_first_root_than_the_one_sent_early_is_a_fault() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let id = request(0);
		let work = work(id, 2);
		assert_ok!(ProofOfCompute::commit_first(signed(ALICE), id, [5; 32]));
		assert_ok!(ProofOfCompute::commit(signed(ALICE), id, 2, work.digest()));
		reveal(id, work.open(&sample_seed_of(id)));
		assert_eq!(Faults::get(), [0]);
	});
}

#[test]
fn work_that_was_not_done_is_a_fault_although_all_hashes_are_right() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let id = request(0);
		let invented = Work::invented(PARAMS, seed_of(id), 8);
		commit(id, &invented);
		reveal(id, invented.open(&sample_seed_of(id)));
		assert_eq!(Faults::get(), [0]);
		assert_eq!(proved(0), 0);
	});
}

#[test]
fn a_reveal_comes_in_its_first_block_and_not_before() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let (id, work) = committed(0, 2);
		let guess = work.open(&[7; 32]);
		go_to(18);
		assert_eq!(challenge(id).timeline().sampled_at(), 19);
		assert_noop!(
			ProofOfCompute::reveal(signed(ALICE), id, Box::new(guess)),
			Error::<Test>::TooEarly
		);
		reveal(id, work.open(&sample_seed_of(id)));
		assert_eq!((now(), Faults::get()), (19, vec![]));
	});
}

#[test]
fn a_reveal_comes_in_its_last_block_and_not_after() {
	ExtBuilder::default()
		.machine(ALICE)
		.machine(ALICE)
		.build_and_execute(|| {
			let ids = [request(0), request(1)];
			let works = ids.map(|id| work(id, 2));
			ids.iter()
				.zip(&works)
				.for_each(|(id, work)| commit(*id, work));
			let seeds = ids.map(sample_seed_of);
			go_to(24);
			assert_eq!(challenge(ids[0]).timeline().reveal_until(), 24);
			reveal(ids[0], works[0].open(&seeds[0]));
			go_to(25);
			assert_noop!(
				ProofOfCompute::reveal(signed(ALICE), ids[1], Box::new(works[1].open(&seeds[1]))),
				Error::<Test>::TooLate
			);
			// Late is not wrong: the challenge waits to be ended.
			assert!(Challenges::<Test>::contains_key(ids[1]));
			assert!(Faults::get().is_empty());
		});
}

#[test]
fn a_reveal_needs_its_commitment() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let id = request(0);
		let work = work(id, 2);
		let guess = Box::new(work.open(&[7; 32]));
		assert_noop!(
			ProofOfCompute::reveal(signed(ALICE), id, guess.clone()),
			Error::<Test>::WrongStep
		);
		start(id, &work);
		assert_noop!(
			ProofOfCompute::reveal(signed(ALICE), id, guess),
			Error::<Test>::WrongStep
		);
	});
}

#[test]
fn nothing_is_revealed_twice() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let (id, opened) = ready(0, 2);
		reveal(id, opened.clone());
		assert_noop!(
			ProofOfCompute::reveal(signed(ALICE), id, Box::new(opened)),
			Error::<Test>::UnknownChallenge
		);
		assert!(Faults::get().is_empty());
	});
}

#[test]
fn the_proof_of_an_earlier_challenge_does_not_answer_a_later_one() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		// The same hardware, the same parameters, and even the same randomness.
		Constant::set(Some([7; 32]));
		let (first, work) = committed(0, 2);
		reveal(first, work.open(&sample_seed_of(first)));
		assert!(Faults::get().is_empty());
		let second = request(0);
		go_to(challenge(second).timeline().opens_at());
		commit(second, &work);
		reveal(second, work.open(&sample_seed_of(second)));
		assert_eq!((Faults::get(), proved(0)), (vec![0], 0));
	});
}

#[test]
fn a_reveal_of_another_challenge_is_a_fault() {
	ExtBuilder::default()
		.machine(ALICE)
		.machine(ALICE)
		.build_and_execute(|| {
			// Both of one owner, sampled by the same blocks: neither the work nor the positions are the
			// same. Whoever did half of the work opens it where the other challenge asks.
			let ids = [request(0), request(1)];
			let works = ids.map(|id| work(id, 2));
			ids.iter()
				.zip(&works)
				.for_each(|(id, work)| commit(*id, work));
			let seeds = ids.map(sample_seed_of);
			assert_ne!(seeds[0], seeds[1]);
			reveal(ids[1], works[0].open(&seeds[1]));
			assert_eq!(Faults::get(), [1]);
			reveal(ids[0], works[0].open(&seeds[0]));
			assert_eq!(Faults::get(), [1]);
		});
}

#[test]
fn a_machine_that_copies_another_machines_commitment_is_at_fault() {
	ExtBuilder::default()
		.machine(ALICE)
		.machine(BOB)
		.build_and_execute(|| {
			let (alice, bob) = (request(0), request(1));
			let work = work(alice, 4);
			// Bob sees Alice's transactions and sends the same, then the same reveal.
			commit(alice, &work);
			commit(bob, &work);
			let opened = work.open(&sample_seed_of(alice));
			reveal(alice, opened.clone());
			reveal(bob, opened);
			assert_eq!(Faults::get(), [1]);
			assert!(proved(0) > 0);
			assert_eq!(proved(1), 0);
		});
}

#[test]
fn hardware_that_has_to_answer_stays_in_its_machine() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let (id, opened) = ready(0, 2);
		assert!(!take_out(0));
		reveal(id, opened);
		assert!(Scores::<Test>::contains_key(0));
		assert!(take_out(0));
		assert!(
			!Scores::<Test>::contains_key(0),
			"what it proved leaves with it"
		);
	});
}
