//! An entry from the root of round 0 to its score: which step is due when, and for whom.

use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use usufruct_primitives::traits::ScoreInspect;
use usufruct_proof::Reveal;

use super::prover::*;
use crate::{
	mock::*, CommittedIn, Entries, EntryFailure, EntryState, EpochRules, Error, Event, Histories,
	Ranking, Shown, EPOCHS_KEPT,
};

/// Epochs that go on for a while after the last block for a first root.
const LONG: EpochRules = EpochRules { entry: 10, ..RULES };

fn one() -> ExtBuilder {
	ExtBuilder::default().machine(ALICE).epochs()
}

fn two() -> ExtBuilder {
	one().machine(BOB)
}

fn conclude(hid: u64) {
	assert_ok!(ProofOfCompute::conclude(signed(POOR), hid));
}

fn failed(hid: u64, reason: EntryFailure) -> bool {
	events()
		.iter()
		.any(|event| matches!(event, Event::EntryFailed { hid: h, reason: r, .. } if *h == hid && *r == reason))
}

#[test]
fn an_entry_goes_from_its_first_root_to_a_score_and_a_rank() {
	one().build_and_execute(|| {
		events();
		let epoch = open_epoch().id;
		let work = commit_entry(0, 8);
		assert_eq!(Users::get()[&0], 1, "hardware stays while it has to answer");
		reveal_entry(0, open_entry(0, &work));
		go_to(entry(0).disputes_until() + 1);
		conclude(0);
		let speed = speed(&EPOCH_PARAMS, 8, 0);
		assert_eq!(
			events(),
			[
				Event::Entered { epoch, hid: 0 },
				Event::EntryCommitted {
					epoch,
					hid: 0,
					rounds: 8
				},
				Event::Audited { epoch, hid: 0 },
				Event::Scored {
					epoch,
					hid: 0,
					speed,
					epoch_ppm: 1_000_000,
					score_ppm: 1_000_000,
					rank: 1
				},
			]
		);
		assert_eq!(ProofOfCompute::score_ppm(0), 1_000_000);
		assert_eq!(Told::get(), [(0, 1_000_000, 1_000_000)]);
		assert_eq!(Ranking::<Test>::get(CLASS).len(), 1);
		let shown = Histories::<Test>::get(0).and_then(|history| history.shown);
		assert_eq!(
			shown,
			Some(Shown {
				epoch,
				speed,
				rounds: 8,
				memory_bytes: 0,
				issued_at: 1,
				committed_at: 4,
				opened_at: Some(19),
				scored_at: now()
			})
		);
		assert!(!Entries::<Test>::contains_key(0) && Faults::get().is_empty());
		assert_eq!(Users::get()[&0], 0);
	});
}

#[test]
fn only_the_owner_enters_commits_reveals_and_excuses() {
	two().build_and_execute(|| {
		let epoch = open_epoch().id;
		for stranger in [BOB, CAROL, POOR] {
			assert_noop!(
				ProofOfCompute::enter(signed(stranger), 0, epoch, [0; 32]),
				Error::<Test>::NotProvider
			);
			assert_noop!(
				ProofOfCompute::excuse(signed(stranger), 0),
				Error::<Test>::NotProvider
			);
		}
		let work = commit_entry(0, 8);
		let opened = Box::new(open_entry(0, &work));
		for stranger in [BOB, CAROL, POOR] {
			assert_noop!(
				ProofOfCompute::commit_entry(signed(stranger), 0, 2, [0; 32]),
				Error::<Test>::NotProvider
			);
			assert_noop!(
				ProofOfCompute::reveal_entry(signed(stranger), 0, opened.clone()),
				Error::<Test>::NotProvider
			);
		}
		assert!(Faults::get().is_empty());
	});
}

#[test]
fn an_epoch_is_entered_once_from_its_seed_to_the_last_block_for_the_first_root() {
	two().build_and_execute(|| {
		assert_noop!(
			ProofOfCompute::enter(signed(ALICE), 0, 1, [0; 32]),
			Error::<Test>::TooEarly
		);
		let epoch = open_epoch().id;
		for other in [0, epoch - 1, epoch + 1] {
			assert_noop!(
				ProofOfCompute::enter(signed(ALICE), 0, other, [0; 32]),
				Error::<Test>::NoEpoch
			);
		}
		enter(0, 2);
		assert_noop!(
			ProofOfCompute::enter(signed(ALICE), 0, epoch, [1; 32]),
			Error::<Test>::AlreadyEntered
		);
		go_to(entry(0).timeline().first_root_until() + 1);
		assert_noop!(
			ProofOfCompute::enter(signed(BOB), 1, epoch, [0; 32]),
			Error::<Test>::TooLate
		);
	});
}

#[test]
fn only_hardware_that_is_there_and_online_enters() {
	two().build_and_execute(|| {
		let epoch = open_epoch().id;
		assert_noop!(
			ProofOfCompute::enter(signed(ALICE), 9, epoch, [0; 32]),
			Error::<Test>::UnknownHardware
		);
		take_offline(0);
		assert_noop!(
			ProofOfCompute::enter(signed(ALICE), 0, epoch, [0; 32]),
			Error::<Test>::NodeOffline
		);
	});
}

#[test]
fn without_a_seed_nobody_enters() {
	one().build_and_execute(|| {
		silence([2, 3]);
		let epoch = open_epoch().id;
		assert_noop!(
			ProofOfCompute::enter(signed(ALICE), 0, epoch, [0; 32]),
			Error::<Test>::TooEarly
		);
	});
}

#[test]
fn a_commitment_needs_an_entry_its_window_and_rounds_within_bounds() {
	one().build_and_execute(|| {
		let commit = |rounds| ProofOfCompute::commit_entry(signed(ALICE), 0, rounds, [0; 32]);
		assert_noop!(commit(2), Error::<Test>::NoEntry);
		enter(0, 2);
		for rounds in [0, 1, 9, u32::MAX] {
			assert_noop!(commit(rounds), Error::<Test>::BadRounds);
		}
		go_to(entry(0).timeline().commit_until() + 1);
		assert_noop!(commit(2), Error::<Test>::TooLate);
	});
	one().build_and_execute(|| {
		commit_entry(0, 2);
		assert_noop!(
			ProofOfCompute::commit_entry(signed(ALICE), 0, 2, [0; 32]),
			Error::<Test>::WrongStep
		);
	});
}

#[test]
fn every_commitment_of_a_class_is_counted_for_the_lottery() {
	two().build_and_execute(|| {
		let epoch = open_epoch().id;
		commit_entry(0, 2);
		commit_entry(1, 2);
		assert_eq!(
			CommittedIn::<Test>::get(CLASS, epoch % EPOCHS_KEPT),
			(epoch, 2)
		);
		next_epoch();
		commit_entry(0, 2);
		assert_eq!(
			CommittedIn::<Test>::get(CLASS, (epoch + 1) % EPOCHS_KEPT),
			(epoch + 1, 1)
		);
	});
}

#[test]
fn an_entry_is_concluded_by_anybody_when_its_last_deadline_is_over() {
	one().build_and_execute(|| {
		assert_noop!(
			ProofOfCompute::conclude(signed(POOR), 0),
			Error::<Test>::NoEntry
		);
		let work = enter(0, 8);
		let due = entry(0).timeline();
		go_to(due.commit_until());
		assert_noop!(
			ProofOfCompute::conclude(signed(POOR), 0),
			Error::<Test>::NotOver
		);
		ProofOfCompute::commit_entry(signed(ALICE), 0, work.rounds(), work.digest())
			.expect("it is due");
		go_to(due.reveal_until());
		assert_noop!(
			ProofOfCompute::conclude(signed(POOR), 0),
			Error::<Test>::NotOver
		);
		reveal_entry(0, open_entry(0, &work));
		go_to(entry(0).disputes_until());
		assert_noop!(
			ProofOfCompute::conclude(signed(POOR), 0),
			Error::<Test>::NotOver
		);
		go_to(now() + 1);
		conclude(0);
	});
}

#[test]
fn an_entry_without_a_commitment_is_no_score_and_no_fault() {
	one().build_and_execute(|| {
		enter(0, 8);
		go_to(entry(0).timeline().commit_until() + 1);
		conclude(0);
		assert!(failed(0, EntryFailure::NotCommitted));
		assert!(!Histories::<Test>::contains_key(0) && Faults::get().is_empty());
		assert_eq!(Users::get()[&0], 0);
	});
}

#[test]
fn silence_about_a_drawn_entry_is_a_fault_and_shows_it_costs_no_fee() {
	one().build_and_execute(|| {
		score_epoch(&[(0, 8)]);
		next_epoch();
		commit_entry(0, 8);
		// One entry, one audit: it is drawn.
		go_to(entry(0).timeline().sampled_at());
		assert_eq!(ProofOfCompute::is_audit_due(0), Some(true));
		go_to(entry(0).timeline().reveal_until() + 1);
		let ended = ProofOfCompute::conclude(signed(POOR), 0).expect("it is late");
		assert_eq!(ended.pays_fee, Pays::No);
		assert!(failed(0, EntryFailure::NotRevealed));
		assert_eq!(Faults::get(), [0]);
		assert_eq!(ProofOfCompute::score_ppm(0), 0);
		assert!(Ranking::<Test>::get(CLASS).is_empty());
	});
}

#[test]
fn a_wrong_opening_is_a_fault_and_costs_all_scores() {
	one().build_and_execute(|| {
		score_epoch(&[(0, 8)]);
		next_epoch();
		let work = commit_entry(0, 8);
		let mut opened = open_entry(0, &work);
		opened.openings[0].tile[0] ^= 1;
		reveal_entry(0, opened.clone());
		assert!(failed(0, EntryFailure::WrongReveal));
		assert_eq!(Faults::get(), [0]);
		assert!(!Histories::<Test>::contains_key(0) && !Entries::<Test>::contains_key(0));
		assert_noop!(
			ProofOfCompute::reveal_entry(signed(ALICE), 0, Box::new(opened)),
			Error::<Test>::NoEntry
		);
	});
}

#[test]
fn an_opening_is_due_from_its_positions_to_its_last_block() {
	one().build_and_execute(|| {
		let work = commit_entry(0, 8);
		let empty = Reveal {
			roots: Default::default(),
			openings: Default::default(),
			memory: None,
		};
		go_to(entry(0).timeline().sampled_at() - 1);
		assert_noop!(
			ProofOfCompute::reveal_entry(signed(ALICE), 0, Box::new(empty)),
			Error::<Test>::TooEarly
		);
		let opened = open_entry(0, &work);
		go_to(entry(0).timeline().reveal_until() + 1);
		assert_noop!(
			ProofOfCompute::reveal_entry(signed(ALICE), 0, Box::new(opened)),
			Error::<Test>::TooLate
		);
	});
}

#[test]
fn too_little_randomness_is_nobodys_fault_and_no_missed_epoch() {
	one().build_and_execute(|| {
		score_epoch(&[(0, 8)]);
		let before = Histories::<Test>::get(0).expect("it was scored");
		next_epoch();
		commit_entry(0, 8);
		let due = entry(0).timeline();
		silence(due.sampled_from()..due.sampled_at() - 1);
		go_to(due.reveal_until() + 1);
		conclude(0);
		assert!(failed(0, EntryFailure::NoRandomness));
		let after = Histories::<Test>::get(0).expect("it stays");
		assert_eq!(after.excused, before.excused + 1);
		assert_eq!(after.audited, before.audited);
		assert!(Faults::get().is_empty());
		assert_eq!(ProofOfCompute::score_ppm(0), 1_000_000);
	});
}

#[test]
fn below_the_passing_score_an_epoch_counts_as_none() {
	one().build_and_execute(|| {
		score_epoch(&[(0, 5)]);
		let history = Histories::<Test>::get(0).expect("it took part");
		assert_eq!(history.scores[0].ppm, 0);
		assert_eq!(ProofOfCompute::score_ppm(0), 0);
		assert!(Ranking::<Test>::get(CLASS).is_empty() && Faults::get().is_empty());
	});
	one().build_and_execute(|| {
		score_epoch(&[(0, 6)]);
		assert_eq!(ProofOfCompute::score_ppm(0), 750_002);
	});
}

#[test]
fn an_epoch_is_told_by_what_was_proved_in_it_and_by_availability_never_by_better_epochs() {
	one().build_and_execute(|| {
		for _ in 0..3 {
			score_epoch(&[(0, 8)]);
			next_epoch();
		}
		score_epoch(&[(0, 5)]);
		assert_eq!(ProofOfCompute::score_ppm(0), 1_000_000, "the median");
		next_epoch();
		score_epoch(&[(0, 6)]);
		next_epoch();
		Availability::set(500_000);
		score_epoch(&[(0, 8)]);
		let told: Vec<_> = Told::get().into_iter().map(|(_, ppm, _)| ppm).collect();
		assert_eq!(told, [1_000_000, 1_000_000, 1_000_000, 0, 750_002, 500_000]);
	});
}

#[test]
fn an_epoch_without_a_score_and_an_excused_one_are_told_to_nobody() {
	two().build_and_execute(|| {
		score_epoch(&[(0, 8), (1, 8)]);
		Told::set(&Vec::new());
		next_epoch();
		Busy::mutate(|busy| busy.insert(0));
		assert_ok!(ProofOfCompute::excuse(signed(ALICE), 0));
		commit_entry(1, 8);
		next_epoch();
		conclude(1);
		assert!(failed(1, EntryFailure::NotRevealed));
		assert_eq!(Told::get(), []);
	});
}

#[test]
fn an_earlier_entry_is_ended_by_entering_the_next_epoch() {
	one().build_and_execute(|| {
		commit_entry(0, 8);
		next_epoch();
		enter(0, 8);
		assert!(failed(0, EntryFailure::NotRevealed));
		assert_eq!(Faults::get(), [0]);
		assert!(matches!(entry(0).state, EntryState::Started { .. }));
		assert_eq!(Users::get()[&0], 1);
	});
}

#[test]
fn hardware_with_an_entry_stays_in_its_machine_and_leaves_nothing_behind() {
	one().build_and_execute(|| {
		score_epoch(&[(0, 8)]);
		next_epoch();
		let work = commit_entry(0, 8);
		assert!(!take_out(0));
		reveal_entry(0, open_entry(0, &work));
		go_to(entry(0).disputes_until() + 1);
		conclude(0);
		assert!(take_out(0));
		assert!(!Histories::<Test>::contains_key(0));
		assert!(Ranking::<Test>::get(CLASS).is_empty());
	});
}

#[test]
fn a_busy_machine_is_neither_scored_nor_missed_and_audited_the_next_time() {
	two().build_and_execute(|| {
		score_epoch(&[(0, 8), (1, 8)]);
		assert_noop!(
			ProofOfCompute::excuse(signed(ALICE), 0),
			Error::<Test>::NotBusy
		);
		Busy::mutate(|busy| busy.insert(0));
		assert_noop!(
			ProofOfCompute::excuse(signed(ALICE), 0),
			Error::<Test>::AlreadyEntered
		);
		for _ in 0..10 {
			next_epoch();
			let epoch = open_epoch().id;
			assert_ok!(ProofOfCompute::excuse(signed(ALICE), 0));
			assert!(events().contains(&Event::Excused { epoch, hid: 0 }));
			assert_noop!(
				ProofOfCompute::enter(signed(ALICE), 0, epoch, [0; 32]),
				Error::<Test>::AlreadyEntered
			);
			assert_eq!(ProofOfCompute::score_ppm(0), 1_000_000);
		}
		Busy::mutate(|busy| busy.remove(&0));
		next_epoch();
		commit_entry(0, 8);
		go_to(entry(0).timeline().sampled_at());
		assert_eq!(ProofOfCompute::is_audit_due(0), Some(true));
	});
}

#[test]
fn an_excuse_is_due_as_long_as_an_entry_would_be_and_for_scored_hardware_only() {
	two().rules(LONG).build_and_execute(|| {
		Busy::mutate(|busy| busy.extend([0, 1]));
		open_epoch();
		assert_noop!(
			ProofOfCompute::excuse(signed(ALICE), 0),
			Error::<Test>::NothingToExcuse
		);
		score_epoch(&[(0, 8)]);
		next_epoch();
		let epoch = open_epoch();
		go_to(epoch.began_at + 3 + PARAMS.first_root + 1);
		assert_noop!(
			ProofOfCompute::excuse(signed(ALICE), 0),
			Error::<Test>::TooLate
		);
		next_epoch();
		enter(0, 8);
		assert_noop!(
			ProofOfCompute::excuse(signed(ALICE), 0),
			Error::<Test>::AlreadyEntered
		);
	});
}

#[test]
fn where_no_epoch_is_under_way_there_is_nothing_to_enter_or_be_excused_from() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		Busy::mutate(|busy| busy.insert(0));
		for epoch in [0, 1] {
			assert_noop!(
				ProofOfCompute::enter(signed(ALICE), 0, epoch, [0; 32]),
				Error::<Test>::NoEpoch
			);
		}
		assert_noop!(
			ProofOfCompute::excuse(signed(ALICE), 0),
			Error::<Test>::NoEpoch
		);
	});
}
