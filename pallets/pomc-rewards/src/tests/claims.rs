//! Paying what was earned, to whom it is due.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

use crate::{mock::*, EarnedBy, Error, Event, Payees};

fn claim(who: u64) {
	assert_ok!(PomcRewards::claim(signed(who)));
}

#[test]
fn rewards_are_shared_by_points() {
	ExtBuilder::default().build_and_execute(|| {
		score(0, 1_000_000);
		score(1, 500_000);
		PomcRewards::note_author(&BOB);
		pay(ALICE, CAROL, 100);
		next_era();
		events();
		let before = [ALICE, BOB, CAROL].map(free);
		[ALICE, BOB, CAROL].into_iter().for_each(claim);
		let after = [ALICE, BOB, CAROL].map(free);
		let gained: Vec<_> = before.iter().zip(after).map(|(b, a)| a - b).collect();
		assert_eq!(gained, [4_000 + 40, 2_000 + 1_000, 40]);
		assert!(events().contains(&Event::Claimed {
			who: CAROL,
			to: CAROL,
			amount: 40
		}));
		assert_eq!(closed(0).paid, closed(0).issued.total());
		assert_eq!(EarnedBy::<Test>::iter().count(), 0);
	});
}

#[test]
fn nothing_is_claimed_before_its_era_is_over_or_twice() {
	ExtBuilder::default().build_and_execute(|| {
		score(0, 1_000_000);
		assert_eq!(PomcRewards::owed_to(&ALICE), 0);
		assert_noop!(
			PomcRewards::claim(signed(ALICE)),
			Error::<Test>::NothingToClaim
		);
		next_era();
		score(0, 1_000_000);
		claim(ALICE);
		assert_noop!(
			PomcRewards::claim(signed(ALICE)),
			Error::<Test>::NothingToClaim
		);
		// What was earned in the era under way stayed.
		next_era();
		assert_eq!(PomcRewards::owed_to(&ALICE), 6_000);
	});
}

#[test]
fn several_eras_are_claimed_at_once() {
	ExtBuilder::default().build_and_execute(|| {
		for _ in 0..3 {
			score(0, 1);
			next_era();
		}
		assert_eq!(PomcRewards::owed_to(&ALICE), 18_000);
		claim(ALICE);
		assert_eq!(free(ALICE), RICHES + 18_000);
	});
}

#[test]
fn anybody_may_have_another_paid() {
	ExtBuilder::default().build_and_execute(|| {
		score(0, 1);
		next_era();
		assert_ok!(PomcRewards::claim_for(signed(CAROL), ALICE));
		assert_eq!((free(ALICE), free(CAROL)), (RICHES + 6_000, RICHES));
	});
}

#[test]
fn what_is_too_small_for_an_account_that_does_not_exist_waits() {
	ExtBuilder::default().build_and_execute(|| {
		pay(POOR, CAROL, 10);
		next_era();
		// 4 of an existential deposit of 5.
		assert_eq!(PomcRewards::owed_to(&POOR), 4);
		assert_noop!(
			PomcRewards::claim_for(signed(ALICE), POOR),
			TokenError::BelowMinimum
		);
		pay(POOR, CAROL, 10);
		next_era();
		assert_ok!(PomcRewards::claim_for(signed(ALICE), POOR));
		assert_eq!(free(POOR), 8);
	});
}

#[test]
fn rewards_go_to_the_payee_for_a_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(PomcRewards::set_payee(signed(ALICE), Some(BOB)));
		assert_eq!(held(ALICE), DEPOSIT);
		score(0, 1);
		next_era();
		claim(ALICE);
		assert_eq!(free(BOB), RICHES + 6_000);
		// Another one for the same deposit, and none again.
		assert_ok!(PomcRewards::set_payee(signed(ALICE), Some(CAROL)));
		assert_eq!(held(ALICE), DEPOSIT);
		assert_ok!(PomcRewards::set_payee(signed(ALICE), None));
		assert_eq!((held(ALICE), free(ALICE)), (0, RICHES));
		assert_eq!(Payees::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_payee_is_somebody_else_and_can_be_paid_for() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			PomcRewards::set_payee(signed(ALICE), Some(ALICE)),
			Error::<Test>::SamePayee
		);
		assert_noop!(
			PomcRewards::set_payee(signed(ALICE), None),
			Error::<Test>::NoPayee
		);
		assert_noop!(
			PomcRewards::set_payee(signed(POOR), Some(ALICE)),
			TokenError::FundsUnavailable
		);
	});
}
