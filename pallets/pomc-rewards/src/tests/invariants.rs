//! Every invariant sees what breaks it.

use sp_runtime::TryRuntimeError;
use usufruct_primitives::deposit;

use crate::{mock::*, Closed, Current, EarnedBy, NextRules, Payees, RewardRules};

/// Two eras that are over, and one in which something was earned.
fn caught(error: &'static str, spoil: impl FnOnce()) {
	ExtBuilder::default().build().execute_with(|| {
		for _ in 0..2 {
			score(0, 1_000_000);
			PomcRewards::note_author(&BOB);
			next_era();
		}
		score(1, 1_000_000);
		PomcRewards::set_payee(signed(CAROL), Some(BOB)).expect("she can pay for it");
		PomcRewards::do_try_state().expect("the invariants hold before");
		spoil();
		assert_eq!(
			PomcRewards::do_try_state(),
			Err(TryRuntimeError::Other(error))
		);
	});
}

#[test]
fn rules_that_issue_too_much_are_seen() {
	caught("the next rules are out of bounds", || {
		NextRules::<Test>::put(RewardRules {
			network: MOST + 1,
			..RULES
		});
	});
}

#[test]
fn an_era_that_issued_too_much_is_seen() {
	caught("an era issued too much", || {
		Closed::<Test>::mutate_extant(0, |era| era.issued.network = MOST + 1);
	});
}

#[test]
fn an_era_that_paid_too_much_is_seen() {
	caught("an era paid more than it issued", || {
		Closed::<Test>::mutate_extant(0, |era| era.paid = era.issued.total() + 1);
	});
}

#[test]
fn an_era_out_of_its_time_is_seen() {
	caught(
		"an era is kept that was forgotten, or is still to come",
		|| {
			Closed::<Test>::insert(9, closed(0));
		},
	);
}

#[test]
fn points_of_an_era_that_do_not_add_up_are_seen() {
	caught("points of an era do not add up", || {
		Closed::<Test>::mutate_extant(1, |era| era.unclaimed.validators += 1);
	});
	caught("points of the era under way do not add up", || {
		Current::<Test>::mutate_extant(|era| era.points.network += 1);
	});
	caught("points of an era that does not exist", || {
		EarnedBy::<Test>::mutate(ALICE, |earnings| {
			let mut earned = earnings[0];
			earned.era = 7;
			earnings.try_push(earned).expect("there is room");
		});
	});
}

#[test]
fn earnings_out_of_order_are_seen() {
	caught("earnings are out of order", || {
		EarnedBy::<Test>::mutate(ALICE, |earnings| earnings.as_mut().reverse());
	});
}

#[test]
fn rewards_that_are_gone_are_seen() {
	use frame_support::traits::fungible::Mutate;
	caught("the account holds less than can be claimed", || {
		Balances::set_balance(&PomcRewards::account(), 13_999);
	});
}

#[test]
fn a_payee_that_is_not_paid_for_is_seen() {
	let ticket = |amount| -> <Test as crate::Config>::PayeeDeposit {
		deposit::ticket(amount).expect("tickets are amounts")
	};
	caught("a held deposit differs from the recorded one", || {
		Payees::<Test>::insert(CAROL, (BOB, ticket(DEPOSIT + 1)));
	});
	caught("an account is its own payee", || {
		Payees::<Test>::insert(CAROL, (CAROL, ticket(DEPOSIT)));
	});
}
