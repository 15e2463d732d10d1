//! Who earns what.

use sp_runtime::{traits::AccountIdConversion, Permill};
use usufruct_primitives::traits::{OnIncome, OnScored};

use crate::{mock::*, EarnedBy, Points, RewardRules, MAX_CLAIM_ERAS};

fn earned(who: u64) -> Points {
	EarnedBy::<Test>::get(who)
		.last()
		.map_or(Points::default(), |earned| earned.points)
}

#[test]
fn a_score_earns_by_class_weight_and_measured_quality() {
	ExtBuilder::default().build_and_execute(|| {
		PomcRewards::on_scored(0, 1_000_000, 1_000_000);
		assert_eq!(earned(ALICE).network, 1_000_000);
		PomcRewards::on_scored(1, 800_000, 2_500_000);
		assert_eq!(earned(BOB).network, 2_000_000);
		Quality::set(500_000);
		PomcRewards::on_scored(0, 1_000_000, 1_000_000);
		assert_eq!(earned(ALICE).network, 1_500_000);
		assert_eq!(current().points.network, 3_500_000);
	});
}

#[test]
fn a_score_of_nothing_or_of_a_machine_that_is_gone_earns_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		score(0, 0);
		PomcRewards::on_scored(0, 1_000_000, 0);
		score(9, 1_000_000);
		Quality::set(0);
		score(0, 1_000_000);
		assert_eq!(current().points, Points::default());
		assert_eq!(EarnedBy::<Test>::iter().count(), 0);
	});
}

#[test]
fn authors_earn_a_point_a_block() {
	ExtBuilder::default().build_and_execute(|| {
		(0..3).for_each(|_| PomcRewards::note_author(&BOB));
		PomcRewards::note_author(&CAROL);
		assert_eq!((earned(BOB).validators, earned(CAROL).validators), (3, 1));
	});
}

#[test]
fn provider_and_tenant_share_what_returns_of_a_fee() {
	let rules = RewardRules {
		provider: Permill::from_percent(25),
		..RULES
	};
	ExtBuilder::rules(rules).build_and_execute(|| {
		pay(ALICE, CAROL, 1_000);
		assert_eq!((earned(ALICE).tasks, earned(CAROL).tasks), (200, 600));
		// Rounded down, nothing lost: 80 % of 7 is 5, of which 1 and 4.
		pay(BOB, CAROL, 7);
		assert_eq!((earned(BOB).tasks, earned(CAROL).tasks), (1, 604));
	});
}

#[test]
fn who_buys_of_itself_pays_more_than_it_gets() {
	ExtBuilder::default().build_and_execute(|| {
		let fee = 1_000;
		pay(ALICE, ALICE, fee);
		next_era();
		// Nobody else used anything: the whole of what paid use issues is Alice's, and it is less than the fee.
		assert!(PomcRewards::owed_to(&ALICE) < fee);
		assert_eq!(PomcRewards::owed_to(&ALICE), 800);
	});
}

#[test]
fn what_is_earned_counts_for_the_era_in_which_it_is_told() {
	ExtBuilder::default().build_and_execute(|| {
		score(0, 1_000_000);
		next_era();
		score(0, 500_000);
		let eras: Vec<_> = EarnedBy::<Test>::get(ALICE)
			.iter()
			.map(|earned| (earned.era, earned.points.network))
			.collect();
		assert_eq!(eras, [(0, 1_000_000), (1, 500_000)]);
	});
}

#[test]
fn earnings_that_nobody_claims_do_not_grow_without_end() {
	ExtBuilder::default().build_and_execute(|| {
		for _ in 0..100 {
			score(0, 1);
			next_era();
		}
		score(0, 1);
		assert!(EarnedBy::<Test>::get(ALICE).len() <= 5);
	});
}

#[test]
fn nothing_of_the_longest_window_for_claims_is_dropped() {
	let rules = RewardRules {
		era: 1,
		claim_eras: MAX_CLAIM_ERAS,
		..RULES
	};
	ExtBuilder::rules(rules).build_and_execute(|| {
		for _ in 0..2 * MAX_CLAIM_ERAS {
			score(0, 1);
			next_era();
		}
		score(0, 1);
		let eras: Vec<_> = EarnedBy::<Test>::get(ALICE)
			.iter()
			.map(|earned| earned.era)
			.collect();
		let now = current().era;
		assert_eq!(eras, (now - MAX_CLAIM_ERAS..=now).collect::<Vec<_>>());
		assert_eq!(crate::Earnings::bound(), 34);
	});
}

#[test]
fn who_tells_of_income_pays_for_two_that_earn() {
	use crate::WeightInfo;
	let earn = <() as WeightInfo>::earn();
	assert_eq!(<PomcRewards as OnScored>::weight(), earn);
	assert_eq!(<PomcRewards as OnIncome<u64>>::weight(), earn * 2);
}

#[test]
fn rewards_are_kept_on_the_account_that_the_pallets_name_says() {
	let named: u64 = Rewards::get().into_account_truncating();
	assert_eq!(PomcRewards::account(), named);
}
