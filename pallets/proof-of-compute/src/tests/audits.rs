//! Which entries are opened: what was never seen, what the lottery draws, and what somebody doubts.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;
use usufruct_proof::{Speed, RANDOMNESS_KEPT};

use super::prover::*;
use crate::{mock::*, Entries, EntryFailure, EntryState, Error, Event, Histories};

/// Two machines whose full speed an audit has seen; one audit of two entries an epoch.
fn known(test: impl FnOnce()) {
	ExtBuilder::default()
		.machine(ALICE)
		.machine(BOB)
		.epochs()
		.build_and_execute(|| {
			score_epoch(&[(0, 8), (1, 8)]);
			test();
		});
}

/// Both enter an epoch in which one is drawn and the other is not; gives them in this order, with work.
fn drawn_and_not() -> [(u64, Work); 2] {
	loop {
		next_epoch();
		let works = [(0, commit_entry(0, 8)), (1, commit_entry(1, 8))];
		go_to(entry(0).timeline().sampled_at());
		let due = [0, 1].map(|hid| ProofOfCompute::is_audit_due(hid).expect("it is decided"));
		let [first, second] = works;
		match due {
			[true, false] => return [first, second],
			[false, true] => return [second, first],
			_ => {
				for ((hid, work), due) in [first, second].into_iter().zip(due) {
					if due {
						reveal_entry(hid, open_entry(hid, &work));
					}
				}
			}
		}
	}
}

fn force(by: u64, hid: u64) {
	assert_ok!(ProofOfCompute::force_audit(signed(by), hid));
}

#[test]
fn a_speed_that_no_audit_has_seen_is_audited() {
	known(|| {
		let history = Histories::<Test>::get(0).expect("it was scored");
		let seen = speed(&EPOCH_PARAMS, 8, 0);
		assert_eq!(history.audited, seen);
		for (ops, unproven) in [
			(seen.ops_per_second, false),
			(seen.ops_per_second + seen.ops_per_second / 20, false),
			(seen.ops_per_second + seen.ops_per_second / 20 + 1, true),
		] {
			let claimed = Speed {
				ops_per_second: ops,
				..seen
			};
			assert_eq!(history.is_unproven(&claimed), unproven);
		}
		// Who has proved less before is opened now, whatever the lottery says.
		Histories::<Test>::mutate(0, |history| {
			let history = history.as_mut().expect("it was scored");
			history.audited.ops_per_second /= 2;
		});
		next_epoch();
		commit_entry(0, 8);
		(1..2).for_each(|hid| drop(commit_entry(hid, 8)));
		go_to(entry(0).timeline().sampled_at());
		assert_eq!(ProofOfCompute::is_audit_due(0), Some(true));
	});
}

#[test]
fn the_lottery_draws_as_many_as_the_rules_want() {
	known(|| {
		let mut drawn = 0;
		for _ in 0..40 {
			next_epoch();
			let works = [commit_entry(0, 8), commit_entry(1, 8)];
			go_to(entry(0).timeline().sampled_at());
			for (hid, work) in (0..).zip(&works) {
				if ProofOfCompute::is_audit_due(hid) == Some(true) {
					drawn += 1;
					reveal_entry(hid, open_entry(hid, work));
				}
			}
			go_to(entry(0).disputes_until() + 1);
			(0..2).for_each(|hid| {
				ProofOfCompute::conclude(signed(POOR), hid).expect("it is over");
			});
		}
		// 80 draws with probability 1/2: 40, with a standard deviation of 4.5.
		assert!((22..=58).contains(&drawn), "{drawn}");
		assert!(Faults::get().is_empty());
	});
}

#[test]
fn what_was_not_drawn_is_scored_unopened_and_cannot_be_opened() {
	known(|| {
		let [(drawn, work), (hid, other)] = drawn_and_not();
		reveal_entry(drawn, open_entry(drawn, &work));
		let opened = Box::new(open_entry(hid, &other));
		assert_noop!(
			ProofOfCompute::reveal_entry(owner_of(hid), hid, opened),
			Error::<Test>::NotDrawn
		);
		go_to(entry(hid).disputes_until() + 1);
		events();
		assert_ok!(ProofOfCompute::conclude(signed(POOR), hid));
		assert!(matches!(
			events()[..],
			[Event::Scored {
				epoch_ppm: 1_000_000,
				..
			}]
		));
	});
}

#[test]
fn who_doubts_without_reason_pays_the_owner() {
	known(|| {
		let [_, (hid, work)] = drawn_and_not();
		let (owner, _) = if hid == 0 { (ALICE, BOB) } else { (BOB, ALICE) };
		go_to(entry(hid).timeline().reveal_until() + 1);
		let before = (free(CAROL), free(owner));
		force(CAROL, hid);
		assert_eq!(bonded(CAROL), BOND);
		reveal_entry(hid, open_entry(hid, &work));
		assert_eq!(
			(free(CAROL), free(owner)),
			(before.0 - BOND, before.1 + BOND)
		);
		assert_eq!(bonded(CAROL), 0);
		assert!(matches!(
			entry(hid).state,
			EntryState::Committed { audited: true, .. }
		));
		assert!(Faults::get().is_empty());
		go_to(entry(hid).disputes_until() + 1);
		assert_ok!(ProofOfCompute::conclude(signed(POOR), hid));
	});
}

#[test]
fn who_doubts_with_reason_gets_the_bond_back() {
	for silent in [false, true] {
		known(|| {
			let [_, (hid, work)] = drawn_and_not();
			go_to(entry(hid).timeline().reveal_until() + 1);
			let before = free(CAROL);
			force(CAROL, hid);
			if silent {
				let due = entry(hid).forced(now());
				go_to(due.reveal_until());
				assert_noop!(
					ProofOfCompute::conclude(signed(POOR), hid),
					Error::<Test>::NotOver
				);
				go_to(due.reveal_until() + 1);
				assert_ok!(ProofOfCompute::conclude(signed(POOR), hid));
			} else {
				let mut opened = open_entry(hid, &work);
				opened.openings[1].tile[3] ^= 1;
				reveal_entry(hid, opened);
			}
			assert_eq!((free(CAROL), bonded(CAROL)), (before, 0));
			assert_eq!(Faults::get().len(), 1);
			assert!(!Entries::<Test>::contains_key(hid));
		});
	}
}

#[test]
fn a_doubt_opens_other_positions_than_the_lottery() {
	known(|| {
		let [_, (hid, _)] = drawn_and_not();
		let before = ProofOfCompute::entry_sample_seed(hid).expect("they are known");
		go_to(entry(hid).timeline().reveal_until() + 1);
		force(CAROL, hid);
		assert_eq!(
			ProofOfCompute::entry_sample_seed(hid),
			None,
			"nobody knows them yet"
		);
		go_to(entry(hid).forced(now()).sampled_at());
		assert_ne!(ProofOfCompute::entry_sample_seed(hid), Some(before));
	});
}

#[test]
fn an_audit_can_be_forced_after_the_reveals_until_disputes_are_over() {
	known(|| {
		let [(drawn, work), (hid, other)] = drawn_and_not();
		assert_noop!(
			ProofOfCompute::force_audit(signed(CAROL), hid),
			Error::<Test>::TooEarly
		);
		go_to(entry(hid).timeline().reveal_until() + 1);
		// It was drawn and not opened: that is a fault already.
		assert_noop!(
			ProofOfCompute::force_audit(signed(CAROL), drawn),
			Error::<Test>::WrongStep
		);
		drop(work);
		force(CAROL, hid);
		assert_noop!(
			ProofOfCompute::force_audit(signed(BOB), hid),
			Error::<Test>::WrongStep
		);
		reveal_entry(hid, open_entry(hid, &other));
		// Once more, by somebody else, as long as there is time.
		go_to(entry(hid).disputes_until());
		force(BOB, hid);
		reveal_entry(hid, open_entry(hid, &other));
		go_to(now() + 1);
		assert_noop!(
			ProofOfCompute::force_audit(signed(BOB), hid),
			Error::<Test>::TooLate
		);
	});
}

#[test]
fn a_doubt_needs_a_commitment_and_its_bond() {
	known(|| {
		assert_noop!(
			ProofOfCompute::force_audit(signed(CAROL), 0),
			Error::<Test>::NoEntry
		);
		next_epoch();
		enter(0, 8);
		assert_noop!(
			ProofOfCompute::force_audit(signed(CAROL), 0),
			Error::<Test>::WrongStep
		);
	});
	known(|| {
		let [_, (hid, _)] = drawn_and_not();
		go_to(entry(hid).timeline().reveal_until() + 1);
		let poorer = free(POOR) - BOND + 1;
		assert_ok!(Balances::transfer_allow_death(signed(POOR), CAROL, poorer));
		assert_noop!(
			ProofOfCompute::force_audit(signed(POOR), hid),
			TokenError::FundsUnavailable
		);
	});
}

#[test]
fn a_doubt_without_positions_is_dropped() {
	known(|| {
		let [_, (hid, _)] = drawn_and_not();
		go_to(entry(hid).timeline().reveal_until() + 1);
		let before = free(CAROL);
		force(CAROL, hid);
		let due = entry(hid).forced(now());
		silence(due.sampled_from()..due.sampled_at());
		go_to(due.reveal_until() + 1);
		events();
		assert_ok!(ProofOfCompute::conclude(signed(POOR), hid));
		assert!(matches!(events()[..], [Event::Scored { .. }]));
		assert_eq!((free(CAROL), bonded(CAROL)), (before, 0));
		assert!(Faults::get().is_empty());
	});
}

#[test]
fn what_is_ended_when_nobody_can_tell_is_forgotten_with_all_scores() {
	for late in [false, true] {
		known(|| {
			let [_, (hid, _)] = drawn_and_not();
			let known_until = entry(hid).timeline().seeded_from() + RANDOMNESS_KEPT;
			// No epoch begins until then.
			crate::NextEpochRules::<Test>::mutate(|rules| rules.pause = 0);
			go_to(known_until + u32::from(late));
			events();
			assert_ok!(ProofOfCompute::conclude(signed(POOR), hid));
			let outlived = events().iter().any(|event| {
				matches!(
					event,
					Event::EntryFailed {
						reason: EntryFailure::Outlived,
						..
					}
				)
			});
			assert_eq!(outlived, late);
			assert_eq!(Histories::<Test>::contains_key(hid), !late);
			assert!(Faults::get().is_empty());
		});
	}
}
