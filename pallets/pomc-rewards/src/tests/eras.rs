//! When eras begin and end, what they issue, and when they are forgotten.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::Permill;

use crate::{
	mock::*, Closed, Current, Error, Event, Issued, NextRules, Oldest, Points, RewardRules,
	MAX_CLAIM_ERAS,
};

fn set(rules: RewardRules) {
	assert_ok!(PomcRewards::set_rules(RuntimeOrigin::root(), rules));
}

#[test]
fn an_era_lasts_as_long_as_its_rules_say_and_another_follows() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!((current().era, current().began_at), (0, 1));
		go_to(10);
		assert_eq!(current().era, 0);
		events();
		go_to(11);
		assert_eq!((current().era, current().began_at), (1, 11));
		assert_eq!(
			events(),
			[
				Event::EraClosed {
					era: 0,
					points: Points::default(),
					issued: Issued::default()
				},
				Event::EraBegan { era: 1 },
			]
		);
	});
}

#[test]
fn other_rules_hold_from_the_next_era_on() {
	ExtBuilder::default().build_and_execute(|| {
		let others = RewardRules {
			era: 4,
			network: 1,
			..RULES
		};
		set(others);
		assert_eq!(current().rules, RULES);
		next_era();
		assert_eq!((now(), current().rules), (11, others));
		next_era();
		assert_eq!(now(), 15);
	});
}

#[test]
fn without_rules_there_are_no_eras_and_nothing_is_earned() {
	ExtBuilder::without_rules().build_and_execute(|| {
		go_to(30);
		score(0, 1_000_000);
		pay(ALICE, CAROL, 100);
		PomcRewards::note_author(&BOB);
		assert_eq!(Current::<Test>::get(), None);
		assert_eq!(crate::EarnedBy::<Test>::iter().count(), 0);
		set(RULES);
		go_to(31);
		assert_eq!((current().era, current().began_at), (0, 31));
	});
}

#[test]
fn eras_end_where_the_dao_says_so() {
	ExtBuilder::default().build_and_execute(|| {
		score(0, 1);
		set(RewardRules { era: 0, ..RULES });
		go_to(100);
		assert_eq!(Current::<Test>::get(), None);
		// What was earned before can be claimed for as long as no era follows.
		assert_ok!(PomcRewards::claim(signed(ALICE)));
	});
}

#[test]
fn rules_out_of_their_bounds_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let others = [
			RewardRules {
				claim_eras: 0,
				..RULES
			},
			RewardRules {
				claim_eras: MAX_CLAIM_ERAS + 1,
				..RULES
			},
			RewardRules {
				rebate: Permill::one(),
				..RULES
			},
			RewardRules {
				network: MOST,
				..RULES
			},
			RewardRules {
				tasks: u128::MAX,
				..RULES
			},
		];
		for rules in others {
			assert_noop!(
				PomcRewards::set_rules(RuntimeOrigin::root(), rules),
				Error::<Test>::BadRules
			);
		}
		assert_eq!(NextRules::<Test>::get(), RULES);
	});
}

#[test]
fn an_era_issues_nothing_for_what_nobody_did() {
	ExtBuilder::default().build_and_execute(|| {
		let before = Balances::total_issuance();
		next_era();
		assert_eq!(Balances::total_issuance(), before);
		PomcRewards::note_author(&BOB);
		next_era();
		assert_eq!(Balances::total_issuance(), before + RULES.validators);
		assert_eq!(closed(1).issued.network, 0);
	});
}

#[test]
fn paid_use_issues_what_was_earned_and_at_most_its_share() {
	ExtBuilder::default().build_and_execute(|| {
		pay(ALICE, CAROL, 100);
		next_era();
		assert_eq!(closed(0).issued.tasks, 80);
		pay(ALICE, CAROL, 1_000_000);
		next_era();
		assert_eq!(closed(1).issued.tasks, RULES.tasks);
	});
}

#[test]
fn what_nobody_claims_goes_to_the_treasury_after_its_time() {
	ExtBuilder::default().build_and_execute(|| {
		score(0, 700_000);
		score(1, 300_000);
		next_era();
		assert_ok!(PomcRewards::claim(signed(ALICE)));
		// Era 0 can be claimed in eras 1 to 3.
		for era in 1..=3 {
			assert_eq!(current().era, era);
			assert!(PomcRewards::owed_to(&BOB) > 0);
			assert!(Closed::<Test>::contains_key(0));
			next_era();
		}
		assert!(!Closed::<Test>::contains_key(0));
		assert_eq!(Oldest::<Test>::get(), 1);
		assert_eq!(free(TREASURY), 5 + 1_800);
		assert!(events().contains(&Event::EraExpired {
			era: 0,
			amount: 1_800
		}));
		assert_noop!(
			PomcRewards::claim(signed(BOB)),
			Error::<Test>::NothingToClaim
		);
	});
}

#[test]
fn one_era_is_forgotten_in_a_block_and_all_of_them_in_the_end() {
	let short = RewardRules {
		era: 1,
		claim_eras: 1,
		..RULES
	};
	ExtBuilder::rules(short).build_and_execute(|| {
		for block in 2..100 {
			score(0, 1);
			go_to(block);
			assert!(Closed::<Test>::iter().count() <= 3, "block {block}");
		}
	});
}
