//! Income is divided among the shares in whole units; what is left waits for the next income.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;
use usufruct_primitives::Balance;

use crate::{mock::*, Error, Event, RightRecord, Rights, ShareRecord, Shares};

fn claimable(who: u64) -> Balance {
	RevenueRights::claimable(VID, who)
}

#[test]
fn income_moves_to_the_account_and_is_owed_by_shares() {
	ExtBuilder::default()
		.right(&[(ALICE, 7_500), (BOB, 2_500)])
		.build_and_execute(|| {
			let before = free(RevenueRights::account());
			assert_ok!(distribute(VID, 20_000));
			assert_eq!(
				(claimable(ALICE), claimable(BOB), claimable(CAROL)),
				(15_000, 5_000, 0)
			);
			assert_eq!(free(RevenueRights::account()), before + 20_000);
			assert_eq!(free(MARKET), RICHES - 20_000);
			let right = right(VID);
			assert_eq!(
				(right.income, right.per_share, right.remainder),
				(20_000, 2, 0)
			);
			assert_eq!(
				events(),
				[Event::IncomeDistributed {
					vid: VID,
					amount: 20_000
				}]
			);
		});
}

#[test]
fn what_cannot_be_divided_waits_for_the_next_income() {
	ExtBuilder::default()
		.right(&[(ALICE, 9_999), (BOB, 1)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 9_999));
			assert_eq!((right(VID).per_share, right(VID).remainder), (0, 9_999));
			assert_eq!((claimable(ALICE), claimable(BOB)), (0, 0));
			assert_ok!(distribute(VID, 1));
			assert_eq!((right(VID).per_share, right(VID).remainder), (1, 0));
			assert_eq!((claimable(ALICE), claimable(BOB)), (9_999, 1));
			assert_ok!(distribute(VID, 10_001));
			assert_eq!((right(VID).per_share, right(VID).remainder), (2, 1));
			assert_eq!((claimable(ALICE), claimable(BOB)), (19_998, 2));
		});
}

#[test]
fn income_of_nothing_changes_no_amount() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			let before = right(VID);
			assert_ok!(distribute(VID, 0));
			assert_eq!(right(VID), before);
			assert_eq!(claimable(ALICE), 0);
		});
}

#[test]
fn income_needs_a_right() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_noop!(distribute(VID + 1, 10_000), Error::<Test>::UnknownRight);
		});
}

#[test]
fn income_that_nobody_has_is_refused() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_noop!(distribute(VID, RICHES + 1), TokenError::FundsUnavailable);
			assert_eq!(right(VID).income, 0);
		});
}

#[test]
fn income_that_overflows_is_refused() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 1));
			assert_noop!(distribute(VID, Balance::MAX), Error::<Test>::Overflow);
		});
}

#[test]
fn the_sum_of_shares_and_remainder_is_all_income() {
	let mut right = RightRecord::default();
	assert_eq!(right.add_income(Balance::MAX), Some(()));
	assert_eq!(right.income, Balance::MAX);
	assert_eq!(right.per_share * 10_000 + right.remainder, Balance::MAX);
	assert_eq!(right.add_income(1), None);
}

#[test]
fn an_account_that_is_not_there_is_owed_nothing() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 10_000));
			assert_eq!(claimable(NOBODY), 0);
			assert_eq!(RevenueRights::claimable(VID + 1, ALICE), 0);
		});
}

#[test]
fn a_share_never_reads_income_from_before_its_time() {
	let mut record = ShareRecord {
		offered: 0,
		paid: 0,
		shares: 5,
		settled_at: 3,
		owed: 1,
		depositor: ALICE,
		deposit: (),
	};
	let before = record.clone();
	assert_eq!(record.accrue(2), None);
	assert_eq!(record, before);
	assert_eq!(record.accrue(3), Some(()));
	assert_eq!(record, before);
	assert_eq!(record.accrue(5), Some(()));
	assert_eq!((record.owed, record.settled_at), (11, 5));
}

#[test]
fn a_share_s_income_that_overflows_is_refused_everywhere_and_reads_as_nothing() {
	// Not reachable with money that exists: the record is broken by hand, and mended.
	ExtBuilder::default()
		.right(&[(ALICE, 5_000), (BOB, 5_000)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 10_000));
			let (good_right, good_share) = (right(VID), share(VID, ALICE).expect("a holder"));
			Rights::<Test>::mutate(VID, |right| {
				right.as_mut().expect("there").per_share = Balance::MAX;
			});
			assert_eq!(claimable(ALICE), 0);
			assert_noop!(
				RevenueRights::settle(signed(ALICE), VID),
				Error::<Test>::Overflow
			);
			for (from, to) in [(ALICE, BOB), (BOB, ALICE), (ALICE, CAROL)] {
				assert_noop!(
					RevenueRights::transfer(signed(from), VID, to, 1),
					Error::<Test>::Overflow
				);
			}
			Rights::<Test>::insert(VID, good_right);
			Shares::<Test>::insert(VID, ALICE, good_share);
			assert_eq!(claimable(ALICE), 5_000);
		});
}
