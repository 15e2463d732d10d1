//! When epochs begin, by which rules, and with which parameters.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;
use usufruct_proof::{ClassParams, RANDOMNESS_KEPT};

use super::prover::*;
use crate::{mock::*, CurrentEpoch, Epoch, EpochRules, Error, Event, NextEpochRules};

/// The blocks in which the first `count` epochs begin.
fn beginnings(count: u32) -> Vec<u32> {
	let mut blocks = vec![];
	events();
	while blocks.len() < count as usize {
		go_to(now() + 1);
		let began = events()
			.iter()
			.any(|event| matches!(event, Event::EpochBegan { .. }));
		if began {
			blocks.push(now());
		}
	}
	blocks
}

fn set_rules(rules: EpochRules) {
	assert_ok!(ProofOfCompute::set_epoch_rules(
		RuntimeOrigin::root(),
		rules
	));
}

#[test]
fn epochs_follow_each_other_with_the_pause_on_average() {
	let rules = EpochRules { pause: 20, ..RULES };
	ExtBuilder::default()
		.epochs()
		.rules(rules)
		.build_and_execute(|| {
			const COUNT: u32 = 300;
			let blocks = beginnings(COUNT);
			let pauses: Vec<u32> = blocks
				.windows(2)
				.map(|pair| pair[1] - pair[0] - rules.entry - 1)
				.collect();
			let mean = f64::from(pauses.iter().sum::<u32>()) / f64::from(COUNT - 1);
			// A geometric distribution with mean 19 and standard deviation 19.5; four errors of the mean.
			assert!(
				(mean - 19.0).abs() < 4.0 * 19.5 / f64::from(COUNT).sqrt(),
				"{mean}"
			);
			assert!(
				pauses.iter().any(|pause| *pause > 40) && pauses.contains(&0),
				"nobody can tell when"
			);
		});
}

#[test]
fn no_epoch_begins_while_one_has_entries_and_time() {
	ExtBuilder::default()
		.machine(ALICE)
		.machine(BOB)
		.epochs()
		.build_and_execute(|| {
			let epoch = open_epoch();
			let works = [commit_entry(0, 8), commit_entry(1, 8)];
			for (hid, work) in (0..).zip(&works) {
				reveal_entry(hid, open_entry(hid, work));
			}
			go_to(entry(0).disputes_until() + 1);
			assert_ok!(ProofOfCompute::conclude(signed(POOR), 0));
			let next = beginnings(1)[0];
			assert_eq!(next, epoch.over_at(), "one entry did not end");
			assert_eq!(
				CurrentEpoch::<Test>::get(),
				Some(Epoch {
					id: epoch.id + 1,
					began_at: next,
					rules: RULES
				})
			);
		});
}

#[test]
fn an_epoch_without_entries_is_over_when_nobody_can_enter_any_more() {
	ExtBuilder::default()
		.machine(ALICE)
		.epochs()
		.build_and_execute(|| {
			let blocks = beginnings(3);
			assert_eq!(blocks[1], blocks[0] + RULES.entry + 1);
			assert_eq!(blocks[2], blocks[1] + RULES.entry + 1);
			score_epoch(&[(0, 8)]);
			let over = now();
			assert_eq!(beginnings(1), [over + 1], "its last entry has ended");
		});
}

#[test]
fn a_block_without_randomness_begins_no_epoch() {
	ExtBuilder::default().build_and_execute(|| {
		set_rules(RULES);
		silence(now()..50);
		assert_eq!(beginnings(1), [51]);
	});
}

#[test]
fn without_a_pause_there_are_no_epochs() {
	ExtBuilder::default().build_and_execute(|| {
		go_to(500);
		assert_eq!(CurrentEpoch::<Test>::get(), None);
		set_rules(RULES);
		go_to(502);
		assert!(CurrentEpoch::<Test>::get().is_some());
		set_rules(EpochRules { pause: 0, ..RULES });
		go_to(1_000);
		assert_eq!(CurrentEpoch::<Test>::get().map(|epoch| epoch.id), Some(1));
	});
}

#[test]
fn other_rules_hold_from_the_next_epoch_on() {
	ExtBuilder::default()
		.machine(ALICE)
		.epochs()
		.build_and_execute(|| {
			let began = beginnings(1)[0];
			let longer = EpochRules {
				span: 60,
				disputes: 20,
				..RULES
			};
			set_rules(longer);
			commit_entry(0, 8);
			assert_eq!(entry(0).epoch.rules, RULES);
			let next = beginnings(1)[0];
			assert_eq!(next, began + RULES.span);
			enter(0, 8);
			assert_eq!(beginnings(1), [next + longer.span]);
		});
}

#[test]
fn only_the_dao_sets_the_rules_of_epochs() {
	ExtBuilder::default().build_and_execute(|| {
		for origin in [signed(ALICE), signed(CAROL), RuntimeOrigin::none()] {
			assert_noop!(
				ProofOfCompute::set_epoch_rules(origin, RULES),
				DispatchError::BadOrigin
			);
		}
		set_rules(RULES);
		assert_eq!(NextEpochRules::<Test>::get(), RULES);
		assert_eq!(events(), [Event::EpochRulesSet { rules: RULES }]);
	});
}

#[test]
fn rules_out_of_their_bounds_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		for rules in [
			EpochRules { audits: 0, ..RULES },
			EpochRules {
				disputes: 0,
				..RULES
			},
			EpochRules {
				span: RANDOMNESS_KEPT + 1,
				..RULES
			},
		] {
			assert_noop!(
				ProofOfCompute::set_epoch_rules(RuntimeOrigin::root(), rules),
				Error::<Test>::BadEpochRules
			);
		}
	});
}

#[test]
fn a_class_whose_proofs_take_longer_than_an_epoch_is_refused() {
	ExtBuilder::default().epochs().build_and_execute(|| {
		let set = |reveal| {
			let params = ClassParams {
				reveal,
				version: params_of(CLASS).version + 1,
				..PARAMS
			};
			ProofOfCompute::set_class(RuntimeOrigin::root(), CLASS, class(params))
		};
		assert_ok!(set(PARAMS.reveal));
		// The reveal is waited for twice: after the draw, and after a dispute.
		assert_noop!(set(PARAMS.reveal + 1), Error::<Test>::TooLongForEpoch);
		set_rules(EpochRules { pause: 0, ..RULES });
		assert_ok!(set(PARAMS.reveal + 1));
	});
}

#[test]
fn hardware_whose_proofs_became_too_long_cannot_enter() {
	ExtBuilder::default()
		.machine(ALICE)
		.epochs()
		.build_and_execute(|| {
			set_rules(EpochRules {
				span: RULES.span - 1,
				..RULES
			});
			go_to(60);
			let epoch = open_epoch();
			assert_eq!(epoch.rules.span, RULES.span - 1);
			assert_noop!(
				ProofOfCompute::enter(signed(ALICE), 0, epoch.id, [0; 32]),
				Error::<Test>::TooLongForEpoch
			);
		});
}

#[test]
fn an_epoch_under_way_keeps_the_parameters_it_began_with() {
	ExtBuilder::default()
		.machine(ALICE)
		.epochs()
		.build_and_execute(|| {
			let epoch = open_epoch();
			for version in [2, 3] {
				let params = ClassParams {
					samples: 1 + version,
					version,
					..EPOCH_PARAMS
				};
				assert_ok!(ProofOfCompute::set_class(
					RuntimeOrigin::root(),
					CLASS,
					class(params)
				));
			}
			enter(0, 8);
			assert_eq!(entry(0).params, EPOCH_PARAMS);
			next_epoch();
			enter(0, 8);
			assert_eq!(
				(entry(0).epoch.id, entry(0).params.version),
				(epoch.id + 1, 3)
			);
		});
}

#[test]
fn a_class_that_was_added_in_an_epoch_takes_part_in_the_next() {
	ExtBuilder::default()
		.machine(ALICE)
		.epochs()
		.build_and_execute(|| {
			let epoch = open_epoch();
			let other = CLASS + 1;
			Hardware::mutate(|hardware| hardware.insert(0, (0, other)));
			assert_ok!(ProofOfCompute::set_class(
				RuntimeOrigin::root(),
				other,
				class(EPOCH_PARAMS)
			));
			assert_noop!(
				ProofOfCompute::enter(signed(ALICE), 0, epoch.id, [0; 32]),
				Error::<Test>::UnknownClass
			);
			next_epoch();
			enter(0, 8);
			assert_eq!(entry(0).class, other);
		});
}
