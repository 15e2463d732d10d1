//! The memory phase: its window, who takes its step, and what is worth what without it.

use frame_support::{assert_noop, assert_ok};
use usufruct_proof::{ClassParams, MemoryParams};

use super::prover::*;
use crate::{
	mock::*, CommittedIn, EntryFailure, Error, Event, FailureReason, Histories, Scores, EPOCHS_KEPT,
};

/// Rounds and passes at the class's reference.
const ROUNDS: u32 = 16;
const PASSES: u32 = 8;

fn one() -> ExtBuilder {
	ExtBuilder::default().machine(ALICE).params(MEMORY_PARAMS)
}

fn in_epochs() -> ExtBuilder {
	ExtBuilder::default().machine(ALICE).epochs_with_memory()
}

/// Passes over the work of a challenge whose rounds are committed, in its window.
fn pass_over(id: u64, work: &Work, passes: u32) -> Passes {
	go_to(challenge(id).timeline().memory_opens_at());
	let seed = ProofOfCompute::memory_seed(id).expect("its window is open");
	work.pass_over(seed, passes)
}

fn commit_memory(id: u64, passes: &Passes) {
	let digest = passes.commitment().digest;
	assert_ok!(ProofOfCompute::commit_memory(
		provider(id),
		id,
		passes.count(),
		digest
	));
}

/// A challenge whose rounds and passes are committed.
fn committed_both(hid: u64) -> (u64, Work, Passes) {
	let (id, work) = committed(hid, ROUNDS);
	let passes = pass_over(id, &work, PASSES);
	commit_memory(id, &passes);
	(id, work, passes)
}

/// An entry of which both are committed.
fn enter_both(hid: u64, rounds: u32, passes: u32) -> (Work, Passes) {
	let work = commit_entry(hid, rounds);
	go_to(entry(hid).timeline().memory_opens_at());
	let seed = ProofOfCompute::entry_memory_seed(hid).expect("its window is open");
	let passes = work.pass_over(seed, passes);
	let digest = passes.commitment().digest;
	assert_ok!(ProofOfCompute::commit_entry_memory(
		owner_of(hid),
		hid,
		passes.count(),
		digest
	));
	(work, passes)
}

/// An epoch from entry to score.
fn score(rounds: u32, passes: u32) -> u32 {
	next_epoch();
	let (work, passes) = enter_both(0, rounds, passes);
	go_to(entry(0).timeline().sampled_at());
	if ProofOfCompute::is_audit_due(0) == Some(true) {
		let seed = ProofOfCompute::entry_sample_seed(0).expect("the positions are known");
		reveal_entry(0, work.open_with(&passes, &seed));
	}
	go_to(entry(0).disputes_until() + 1);
	assert_ok!(ProofOfCompute::conclude(signed(POOR), 0));
	let history = Histories::<Test>::get(0).expect("it has a score");
	history.scores.last().expect("of this epoch").ppm
}

#[test]
fn a_challenge_of_a_class_with_memory_proves_both_speeds() {
	one().build_and_execute(|| {
		let (id, work, passes) = committed_both(0);
		let opened = work.open_with(&passes, &sample_seed_of(id));
		events();
		reveal(id, opened);
		let speed = speed(&MEMORY_PARAMS, ROUNDS, PASSES);
		assert_eq!(
			speed.bytes_per_second,
			8 * 12 * 128 * 128 * 2 * 1_000 / 9_000
		);
		assert_eq!(
			events(),
			[Event::Proved {
				challenge: id,
				hid: 0,
				speed,
				score_ppm: MEMORY_PARAMS.score_ppm(&speed)
			}]
		);
		let proved = Scores::<Test>::get(0).expect("it was scored");
		assert_eq!(proved.memory_bytes, 12 * 128 * 128 * 2);
	});
}

#[test]
fn passes_are_committed_once_in_their_window_by_the_owner() {
	one().build_and_execute(|| {
		let (id, work) = committed(0, ROUNDS);
		let send = |who, passes| ProofOfCompute::commit_memory(signed(who), id, passes, [1; 32]);
		let opens_at = challenge(id).timeline().memory_opens_at();
		go_to(opens_at - 1);
		assert_eq!(ProofOfCompute::memory_seed(id), None);
		assert_noop!(send(ALICE, 2), Error::<Test>::TooEarly);
		go_to(opens_at);
		for stranger in [BOB, CAROL, POOR] {
			assert_noop!(send(stranger, 2), Error::<Test>::NotProvider);
		}
		for passes in [0, 11, u32::MAX] {
			assert_noop!(send(ALICE, passes), Error::<Test>::BadPasses);
		}
		let passes = pass_over(id, &work, 2);
		go_to(challenge(id).timeline().memory_until());
		events();
		commit_memory(id, &passes);
		assert_eq!(
			events(),
			[Event::MemoryCommitted {
				challenge: id,
				passes: 2
			}]
		);
		assert_noop!(send(ALICE, 2), Error::<Test>::WrongStep);
	});
	one().build_and_execute(|| {
		let (id, _) = committed(0, ROUNDS);
		go_to(challenge(id).timeline().memory_until() + 1);
		assert_noop!(
			ProofOfCompute::commit_memory(signed(ALICE), id, 2, [1; 32]),
			Error::<Test>::TooLate
		);
	});
}

#[test]
fn a_class_without_memory_takes_no_passes() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let (id, _) = committed(0, 2);
		go_to(challenge(id).timeline().memory_opens_at());
		assert_eq!(ProofOfCompute::memory_seed(id), None);
		assert_noop!(
			ProofOfCompute::commit_memory(signed(ALICE), id, 1, [1; 32]),
			Error::<Test>::WrongStep
		);
	});
	ExtBuilder::default()
		.machine(ALICE)
		.epochs()
		.build_and_execute(|| {
			commit_entry(0, 2);
			go_to(entry(0).timeline().memory_opens_at());
			assert_noop!(
				ProofOfCompute::commit_entry_memory(signed(ALICE), 0, 1, [1; 32]),
				Error::<Test>::WrongStep
			);
		});
}

#[test]
fn nothing_is_opened_before_the_passes_are_committed() {
	one().build_and_execute(|| {
		let (id, work) = committed(0, ROUNDS);
		let opened = work.open(&sample_seed_of(id));
		assert_noop!(
			ProofOfCompute::reveal(signed(ALICE), id, Box::new(opened)),
			Error::<Test>::WrongStep
		);
	});
}

#[test]
fn rounds_without_passes_are_no_proof_and_no_fault() {
	one().build_and_execute(|| {
		let (id, _) = committed(0, ROUNDS);
		let until = challenge(id).timeline().memory_until();
		go_to(until);
		assert_noop!(
			ProofOfCompute::expire(signed(POOR), id),
			Error::<Test>::NotExpired
		);
		go_to(until + 1);
		events();
		assert_ok!(ProofOfCompute::expire(signed(POOR), id));
		let reason = FailureReason::NotCommitted;
		assert_eq!(
			events(),
			[Event::ProofFailed {
				challenge: id,
				hid: 0,
				reason
			}]
		);
		assert!(Faults::get().is_empty());
	});
	in_epochs().build_and_execute(|| {
		commit_entry(0, ROUNDS);
		let until = entry(0).timeline().memory_until();
		go_to(until);
		assert_noop!(
			ProofOfCompute::conclude(signed(POOR), 0),
			Error::<Test>::NotOver
		);
		go_to(until + 1);
		assert_ok!(ProofOfCompute::conclude(signed(POOR), 0));
		assert!(matches!(
			events().last(),
			Some(Event::EntryFailed {
				reason: EntryFailure::NotCommitted,
				..
			})
		));
		assert!(Faults::get().is_empty() && !Histories::<Test>::contains_key(0));
	});
}

#[test]
fn a_memory_phase_without_a_seed_is_nobodys_fault() {
	one().build_and_execute(|| {
		let (id, _) = committed(0, ROUNDS);
		let timeline = challenge(id).timeline();
		silence(timeline.memory_seeded_from()..timeline.memory_opens_at());
		go_to(timeline.memory_until());
		assert_noop!(
			ProofOfCompute::commit_memory(signed(ALICE), id, 2, [1; 32]),
			Error::<Test>::TooEarly
		);
		go_to(timeline.memory_until() + 1);
		events();
		assert_ok!(ProofOfCompute::expire(signed(POOR), id));
		let reason = FailureReason::NoRandomness;
		assert_eq!(
			events(),
			[Event::ProofFailed {
				challenge: id,
				hid: 0,
				reason
			}]
		);
	});
	in_epochs().build_and_execute(|| {
		score(ROUNDS, PASSES);
		next_epoch();
		commit_entry(0, ROUNDS);
		let timeline = entry(0).timeline();
		silence(timeline.memory_seeded_from()..timeline.memory_opens_at());
		go_to(timeline.memory_until() + 1);
		assert_ok!(ProofOfCompute::conclude(signed(POOR), 0));
		let history = Histories::<Test>::get(0).expect("it stays");
		assert_eq!((history.excused, history.scores.len()), (1, 1));
	});
}

#[test]
fn the_weaker_of_arithmetic_and_memory_is_the_score() {
	in_epochs().build_and_execute(|| {
		assert_eq!(score(ROUNDS, PASSES), 1_000_000);
		assert_eq!(score(12, PASSES), 750_000);
		assert_eq!(score(ROUNDS, 6), 750_000);
		// Below 70 % of the reference there is none.
		assert_eq!(score(ROUNDS, 5), 0);
		assert_eq!(score(ROUNDS, 10), 1_000_000);
	});
}

#[test]
fn a_bandwidth_that_no_audit_has_seen_is_audited() {
	in_epochs().build_and_execute(|| {
		score(ROUNDS, 6);
		let seen = Histories::<Test>::get(0).expect("it was scored").audited;
		assert_eq!(seen, speed(&MEMORY_PARAMS, ROUNDS, 6));
		assert!(!seen.exceeds(&seen));
		assert!(speed(&MEMORY_PARAMS, ROUNDS, 7).exceeds(&seen));
	});
}

#[test]
fn only_entries_with_both_commitments_are_counted_for_the_lottery() {
	in_epochs().machine(BOB).build_and_execute(|| {
		let epoch = open_epoch().id;
		let counted = || CommittedIn::<Test>::get(CLASS, epoch % EPOCHS_KEPT);
		commit_entry(1, ROUNDS);
		assert_ne!(counted(), (epoch, 1));
		enter_both(0, ROUNDS, PASSES);
		assert_eq!(counted(), (epoch, 1));
	});
}

#[test]
fn a_doubt_opens_the_passes_too() {
	in_epochs().build_and_execute(|| {
		next_epoch();
		let (work, passes) = enter_both(0, ROUNDS, PASSES);
		go_to(entry(0).timeline().sampled_at());
		let seed = ProofOfCompute::entry_sample_seed(0).expect("the positions are known");
		reveal_entry(0, work.open_with(&passes, &seed));
		go_to(entry(0).timeline().reveal_until() + 1);
		assert_ok!(ProofOfCompute::force_audit(signed(CAROL), 0));
		go_to(entry(0).forced(now()).sampled_at());
		let seed = ProofOfCompute::entry_sample_seed(0).expect("the positions are known");
		// Rounds alone do not answer it.
		reveal_entry(0, work.open(&seed));
		assert_eq!(Faults::get(), [0]);
		assert_eq!(bonded(CAROL), 0);
	});
}

#[test]
fn what_was_never_committed_cannot_be_doubted() {
	in_epochs().build_and_execute(|| {
		commit_entry(0, ROUNDS);
		go_to(entry(0).timeline().reveal_until() + 1);
		assert_noop!(
			ProofOfCompute::force_audit(signed(CAROL), 0),
			Error::<Test>::WrongStep
		);
	});
}

#[test]
fn the_dao_sets_no_memory_phase_out_of_bounds() {
	one().build_and_execute(|| {
		let memory = MEMORY_PARAMS.memory.expect("it has one");
		let others = [
			MemoryParams {
				kept_rounds: 13,
				..memory
			},
			MemoryParams {
				kept_rounds: 0,
				..memory
			},
			// Not a whole number of leaves, and a single one.
			MemoryParams {
				kept_rounds: 9,
				..memory
			},
			MemoryParams {
				kept_rounds: 4,
				..memory
			},
			MemoryParams {
				samples: 17,
				..memory
			},
			MemoryParams {
				window: 2,
				..memory
			},
			MemoryParams {
				max_passes: 513,
				..memory
			},
			MemoryParams {
				reference_bytes: 0,
				..memory
			},
		];
		for memory in others {
			let params = ClassParams {
				memory: Some(memory),
				version: 2,
				..MEMORY_PARAMS
			};
			assert_noop!(
				ProofOfCompute::set_class(RuntimeOrigin::root(), CLASS, class(params)),
				Error::<Test>::BadParams
			);
		}
	});
}
