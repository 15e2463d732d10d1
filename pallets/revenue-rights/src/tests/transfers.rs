//! Shares move; income up to then stays with who held them.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

use crate::{mock::*, Error, Event};

fn transfer(from: u64, to: u64, shares: u16) -> sp_runtime::DispatchResult {
	RevenueRights::transfer(signed(from), VID, to, shares)
}

fn claimable(who: u64) -> u128 {
	RevenueRights::claimable(VID, who)
}

#[test]
fn a_holder_moves_shares_and_pays_for_the_receiver_s_record() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_ok!(transfer(ALICE, BOB, 4_000));
			assert_eq!((shares(VID, ALICE), shares(VID, BOB)), (6_000, 4_000));
			assert_eq!((held(ALICE), held(BOB)), (2 * DEPOSIT, 0));
			assert_eq!(free(ALICE), RICHES - 2 * DEPOSIT);
			assert_eq!(right(VID).holders, 2);
			assert_eq!(
				events(),
				[Event::SharesTransferred {
					vid: VID,
					from: ALICE,
					to: BOB,
					shares: 4_000
				}]
			);
		});
}

#[test]
fn a_receiver_that_has_a_record_costs_nothing() {
	ExtBuilder::default()
		.right(&[(ALICE, 9_000), (BOB, 1_000)])
		.build_and_execute(|| {
			let before = held(ALICE);
			assert_ok!(transfer(ALICE, BOB, 1));
			assert_eq!((held(ALICE), held(BOB)), (before, 0));
			assert_eq!((shares(VID, BOB), right(VID).holders), (1_001, 2));
		});
}

#[test]
fn an_account_that_does_not_exist_may_receive_shares() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_ok!(transfer(ALICE, NOBODY, 1));
			assert_eq!((shares(VID, NOBODY), held(ALICE)), (1, 2 * DEPOSIT));
		});
}

#[test]
fn income_up_to_the_transfer_stays_the_sender_s_and_later_income_is_the_receiver_s() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 30_000));
			assert_ok!(transfer(ALICE, BOB, 10_000));
			assert_eq!((claimable(ALICE), claimable(BOB)), (30_000, 0));
			assert_ok!(distribute(VID, 50_000));
			assert_eq!((claimable(ALICE), claimable(BOB)), (30_000, 50_000));
		});
}

#[test]
fn a_transfer_settles_the_receiver_s_own_income_at_its_old_shares() {
	ExtBuilder::default()
		.right(&[(ALICE, 9_000), (BOB, 1_000)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 10_000));
			assert_ok!(transfer(ALICE, BOB, 4_000));
			assert_eq!((claimable(ALICE), claimable(BOB)), (9_000, 1_000));
			assert_ok!(distribute(VID, 10_000));
			assert_eq!((claimable(ALICE), claimable(BOB)), (14_000, 6_000));
		});
}

#[test]
fn a_remainder_belongs_to_who_holds_the_shares_when_it_can_be_divided() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 9_999));
			assert_ok!(transfer(ALICE, BOB, 10_000));
			assert_ok!(distribute(VID, 1));
			assert_eq!((claimable(ALICE), claimable(BOB)), (0, 10_000));
		});
}

#[test]
fn moving_the_last_share_closes_a_settled_record_and_returns_its_deposit() {
	ExtBuilder::default()
		.right(&[(ALICE, 9_999), (BOB, 1)])
		.build_and_execute(|| {
			assert_ok!(transfer(BOB, ALICE, 1));
			assert_eq!(share(VID, BOB), None);
			assert_eq!((held(ALICE), right(VID).holders), (DEPOSIT, 1));
			assert_eq!(free(ALICE), RICHES - DEPOSIT);
		});
}

#[test]
fn shares_that_come_back_find_the_record_that_unpaid_income_kept() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 10_000));
			assert_ok!(transfer(ALICE, BOB, 10_000));
			assert_ok!(distribute(VID, 10_000));
			assert_ok!(transfer(BOB, ALICE, 10_000));
			assert_eq!((claimable(ALICE), claimable(BOB)), (10_000, 10_000));
			assert_eq!((held(ALICE), held(BOB)), (2 * DEPOSIT, 0));
			assert_ok!(distribute(VID, 10_000));
			assert_eq!((claimable(ALICE), claimable(BOB)), (20_000, 10_000));
		});
}

#[test]
fn a_record_made_anew_has_no_claim_to_older_income() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_ok!(transfer(ALICE, BOB, 5_000));
			assert_ok!(distribute(VID, 10_000));
			assert_ok!(RevenueRights::settle(signed(BOB), VID));
			assert_ok!(transfer(BOB, ALICE, 5_000));
			assert_eq!(share(VID, BOB), None);
			assert_ok!(distribute(VID, 10_000));
			assert_ok!(transfer(ALICE, BOB, 5_000));
			assert_eq!(claimable(BOB), 0);
		});
}

#[test]
fn nobody_moves_more_shares_than_it_holds() {
	ExtBuilder::default()
		.right(&[(ALICE, 6_000), (BOB, 4_000)])
		.build_and_execute(|| {
			for too_many in [4_001, 10_000, u16::MAX] {
				assert_noop!(
					transfer(BOB, ALICE, too_many),
					Error::<Test>::NotEnoughShares
				);
			}
			assert_ok!(transfer(BOB, ALICE, 4_000));
			assert_noop!(transfer(BOB, ALICE, 1), Error::<Test>::NotHolder);
		});
}

#[test]
fn who_only_waits_for_income_has_no_shares_to_move() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 10_000));
			assert_ok!(transfer(ALICE, BOB, 10_000));
			assert_noop!(transfer(ALICE, BOB, 1), Error::<Test>::NotEnoughShares);
		});
}

#[test]
fn no_shares_are_no_transfer() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_noop!(transfer(ALICE, BOB, 0), Error::<Test>::ZeroShares);
		});
}

#[test]
fn shares_are_not_moved_to_oneself() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 10_000));
			for amount in [1, 10_000] {
				assert_noop!(transfer(ALICE, ALICE, amount), Error::<Test>::SameHolder);
			}
		});
}

#[test]
fn shares_of_a_right_that_is_not_there_are_not_moved() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_noop!(
				RevenueRights::transfer(signed(ALICE), VID + 1, BOB, 1),
				Error::<Test>::UnknownRight
			);
		});
}

#[test]
fn a_transfer_that_needs_a_record_needs_its_deposit() {
	ExtBuilder::default()
		.right(&[(ALICE, 9_000), (POOR, 1_000)])
		.build_and_execute(|| {
			assert_noop!(transfer(POOR, BOB, 500), TokenError::FundsUnavailable);
			assert_ok!(transfer(POOR, ALICE, 500));
			assert_eq!((shares(VID, ALICE), shares(VID, POOR)), (9_500, 500));
		});
}

#[test]
fn a_transfer_pays_nothing_out() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 10_000));
			let before = free(RevenueRights::account());
			assert_ok!(transfer(ALICE, BOB, 10_000));
			assert_eq!(free(RevenueRights::account()), before);
			assert_eq!((right(VID).paid, free(BOB)), (0, RICHES));
		});
}
