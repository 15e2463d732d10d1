//! Income is paid when asked for, once, to whom it belongs.

use frame_support::{assert_noop, assert_ok, traits::fungible::Mutate};
use sp_runtime::{traits::Zero, DispatchError, TokenError};

use crate::{mock::*, Error, Event};

#[test]
fn a_holder_settles_its_income() {
	ExtBuilder::default()
		.right(&[(ALICE, 7_500), (BOB, 2_500)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 20_000));
			events();
			assert_ok!(RevenueRights::settle(signed(BOB), VID));
			assert_eq!(free(BOB), RICHES + 5_000);
			assert_eq!(RevenueRights::claimable(VID, BOB), 0);
			assert_eq!(RevenueRights::claimable(VID, ALICE), 15_000);
			assert_eq!((right(VID).income, right(VID).paid), (20_000, 5_000));
			assert_eq!(share(VID, BOB).map(|record| record.paid), Some(5_000));
			assert_eq!(
				events(),
				[Event::IncomeSettled {
					vid: VID,
					who: BOB,
					amount: 5_000
				}]
			);
		});
}

#[test]
fn anyone_settles_for_a_holder_and_the_holder_gets_the_money() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 10_000));
			events();
			let before = free(ALICE);
			assert_ok!(RevenueRights::settle_for(signed(POOR), VID, ALICE));
			assert_eq!((free(ALICE), free(POOR)), (before + 10_000, 1));
			assert_eq!(
				events(),
				[Event::IncomeSettled {
					vid: VID,
					who: ALICE,
					amount: 10_000
				}]
			);
		});
}

#[test]
fn income_is_paid_once() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_noop!(
				RevenueRights::settle(signed(ALICE), VID),
				Error::<Test>::NothingOwed
			);
			assert_ok!(distribute(VID, 10_000));
			assert_ok!(RevenueRights::settle(signed(ALICE), VID));
			assert_noop!(
				RevenueRights::settle(signed(ALICE), VID),
				Error::<Test>::NothingOwed
			);
			assert_noop!(
				RevenueRights::settle_for(signed(BOB), VID, ALICE),
				Error::<Test>::NothingOwed
			);
			assert_ok!(distribute(VID, 20_000));
			assert_ok!(RevenueRights::settle(signed(ALICE), VID));
			assert_eq!(free(ALICE), RICHES - DEPOSIT + 30_000);
		});
}

#[test]
fn a_remainder_is_not_paid() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 9_999));
			assert_noop!(
				RevenueRights::settle(signed(ALICE), VID),
				Error::<Test>::NothingOwed
			);
		});
}

#[test]
fn who_holds_no_share_settles_nothing() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 10_000));
			assert_noop!(
				RevenueRights::settle(signed(BOB), VID),
				Error::<Test>::NotHolder
			);
			assert_noop!(
				RevenueRights::settle_for(signed(ALICE), VID, BOB),
				Error::<Test>::NotHolder
			);
		});
}

#[test]
fn a_right_that_is_not_there_settles_nothing() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			for (call, name) in [
				(RevenueRights::settle(signed(ALICE), VID + 1), "settle"),
				(
					RevenueRights::settle_for(signed(BOB), VID + 1, ALICE),
					"settle_for",
				),
			] {
				assert_eq!(call, Err(Error::<Test>::UnknownRight.into()), "{name}");
			}
		});
}

#[test]
fn the_last_income_of_a_former_holder_closes_its_record_and_returns_the_deposit() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 10_000));
			assert_ok!(RevenueRights::transfer(signed(ALICE), VID, BOB, 10_000));
			let record = share(VID, ALICE).expect("kept by what is owed");
			assert_eq!((record.shares, record.owed), (0, 10_000));
			assert_eq!((held(ALICE), right(VID).holders), (2 * DEPOSIT, 2));
			assert_ok!(RevenueRights::settle_for(signed(CAROL), VID, ALICE));
			assert_eq!(share(VID, ALICE), None);
			// The record of Bob is still paid for by Alice.
			assert_eq!((held(ALICE), right(VID).holders), (DEPOSIT, 1));
			assert_eq!(free(ALICE), RICHES - DEPOSIT + 10_000);
			assert_noop!(
				RevenueRights::settle(signed(ALICE), VID),
				Error::<Test>::NotHolder
			);
		});
}

#[test]
fn a_deposit_returns_to_whoever_paid_it() {
	ExtBuilder::default()
		.right(&[(ALICE, 9_000), (BOB, 1_000)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 10_000));
			assert_ok!(RevenueRights::transfer(signed(BOB), VID, ALICE, 1_000));
			assert_eq!((held(ALICE), free(BOB)), (2 * DEPOSIT, RICHES));
			assert_ok!(RevenueRights::settle(signed(BOB), VID));
			assert_eq!((held(ALICE), free(BOB)), (DEPOSIT, RICHES + 1_000));
		});
}

#[test]
fn income_too_small_for_a_new_account_waits_until_it_is_enough() {
	ExtBuilder::default()
		.existential_deposit(100)
		.right(&[(ALICE, 9_999), (NOBODY, 1)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 10_000 * 99));
			assert_noop!(
				RevenueRights::settle_for(signed(ALICE), VID, NOBODY),
				TokenError::BelowMinimum
			);
			assert_eq!(RevenueRights::claimable(VID, NOBODY), 99);
			assert_ok!(distribute(VID, 10_000));
			assert_ok!(RevenueRights::settle_for(signed(ALICE), VID, NOBODY));
			assert_eq!(free(NOBODY), 100);
		});
}

#[test]
fn paying_one_holder_never_burns_what_is_owed_to_another() {
	// The account has nothing of its own: what would be left for Bob is below what an account needs.
	ExtBuilder::default()
		.existential_deposit(2_000)
		.without_endowment()
		.right(&[(ALICE, 9_000), (BOB, 1_000)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 10_000));
			assert_noop!(
				RevenueRights::settle(signed(ALICE), VID),
				DispatchError::Token(TokenError::NotExpendable)
			);
			assert_eq!(free(RevenueRights::account()), 10_000);
			assert_ok!(distribute(VID, 10_000));
			assert_ok!(RevenueRights::settle(signed(ALICE), VID));
			assert_eq!(RevenueRights::claimable(VID, BOB), 2_000);
		});
}

#[test]
fn an_account_with_its_existential_deposit_pays_to_the_last_unit() {
	ExtBuilder::default()
		.existential_deposit(2_000)
		.right(&[(ALICE, 9_000), (BOB, 1_000)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 10_000));
			assert_ok!(RevenueRights::settle(signed(ALICE), VID));
			assert_ok!(RevenueRights::settle(signed(BOB), VID));
			assert_eq!(free(RevenueRights::account()), 2_000);
			assert_eq!(right(VID).paid, right(VID).income);
		});
}

#[test]
fn a_gift_to_the_account_is_nobody_s_income() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_ok!(<Balances as Mutate<u64>>::transfer(
				&BOB,
				&RevenueRights::account(),
				50_000,
				frame_support::traits::tokens::Preservation::Preserve,
			));
			assert!(RevenueRights::claimable(VID, ALICE).is_zero());
			assert_noop!(
				RevenueRights::settle(signed(ALICE), VID),
				Error::<Test>::NothingOwed
			);
		});
}
