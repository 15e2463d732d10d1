//! A resource's right is created once, with 10,000 shares.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;
use usufruct_primitives::traits::RevenueShares;

use crate::{mock::*, Error, Event, Rights};

#[test]
fn a_right_is_created_with_its_holders_and_the_first_pays_for_all_records() {
	ExtBuilder::default().build_and_execute(|| {
		assert!(!RevenueRights::exists(VID));
		assert_ok!(create(VID, &[(ALICE, 9_000), (BOB, 999), (NOBODY, 1)]));
		assert!(RevenueRights::exists(VID));
		assert_eq!(
			[ALICE, BOB, NOBODY, CAROL].map(|who| shares(VID, who)),
			[9_000, 999, 1, 0]
		);
		assert_eq!([ALICE, BOB, NOBODY].map(held), [3 * DEPOSIT, 0, 0]);
		assert_eq!(free(ALICE), RICHES - 3 * DEPOSIT);
		let right = right(VID);
		assert_eq!((right.holders, right.per_share, right.remainder), (3, 0, 0));
		assert_eq!((right.income, right.paid), (0, 0));
		assert_eq!(events(), [Event::RightCreated { vid: VID }]);
	});
}

#[test]
fn a_right_is_created_once() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			for holder in [ALICE, BOB] {
				assert_noop!(create(VID, &[(holder, 10_000)]), Error::<Test>::RightExists);
			}
			assert_eq!(shares(VID, ALICE), 10_000);
		});
}

#[test]
fn shares_add_up_to_10_000() {
	ExtBuilder::default().build_and_execute(|| {
		let wrong: [&[(u64, u16)]; 6] = [
			&[],
			&[(ALICE, 9_999)],
			&[(ALICE, 10_001)],
			&[(ALICE, 9_999), (BOB, 2)],
			// 75,536, which is 10,000 for whoever counts in 16 bits.
			&[(ALICE, u16::MAX), (BOB, 10_001)],
			&[(ALICE, u16::MAX), (BOB, u16::MAX), (CAROL, u16::MAX)],
		];
		for holders in wrong {
			assert_noop!(create(VID, holders), Error::<Test>::SharesDoNotAddUp);
		}
		assert_ok!(create(VID, &[(ALICE, 9_999), (BOB, 1)]));
	});
}

#[test]
fn a_holder_is_named_once() {
	ExtBuilder::default().build_and_execute(|| {
		for holders in [
			[(ALICE, 5_000), (ALICE, 5_000), (BOB, 0)],
			[(ALICE, 5_000), (BOB, 2_500), (ALICE, 2_500)],
		] {
			assert_noop!(create(VID, &holders), Error::<Test>::SharesDoNotAddUp);
		}
	});
}

#[test]
fn a_holder_begins_with_a_share_at_least() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			create(VID, &[(ALICE, 10_000), (BOB, 0)]),
			Error::<Test>::SharesDoNotAddUp
		);
	});
}

#[test]
fn a_right_begins_with_at_most_the_configured_holders() {
	ExtBuilder::default().build_and_execute(|| {
		let holders = |count: u32| -> Vec<(u64, u16)> {
			let others = (1..count).map(|n| (100 + u64::from(n), 1));
			std::iter::once((ALICE, 10_001 - count as u16))
				.chain(others)
				.collect()
		};
		assert_noop!(
			create(VID, &holders(MAX_HOLDERS + 1)),
			Error::<Test>::TooManyHolders
		);
		assert_ok!(create(VID, &holders(MAX_HOLDERS)));
		assert_eq!(right(VID).holders, MAX_HOLDERS);
	});
}

#[test]
fn creating_needs_the_deposits_and_leaves_nothing_without_them() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(create(VID, &[(POOR, 10_000)]), TokenError::FundsUnavailable);
		assert_noop!(
			create(VID, &[(POOR, 1), (ALICE, 9_999)]),
			TokenError::FundsUnavailable
		);
		// Enough for one record, not for two.
		assert_ok!(Balances::transfer_allow_death(
			signed(ALICE),
			NOBODY,
			DEPOSIT + 1
		));
		assert_noop!(
			create(VID, &[(NOBODY, 1), (ALICE, 9_999)]),
			TokenError::FundsUnavailable
		);
		assert!(!Rights::<Test>::contains_key(VID));
		assert_ok!(create(VID, &[(NOBODY, 10_000)]));
	});
}

#[test]
fn the_account_that_keeps_income_holds_no_shares() {
	ExtBuilder::default().build_and_execute(|| {
		let account = RevenueRights::account();
		assert_noop!(
			create(VID, &[(ALICE, 9_999), (account, 1)]),
			Error::<Test>::OwnAccount
		);
		assert_ok!(create(VID, &[(ALICE, 10_000)]));
		assert_noop!(
			RevenueRights::transfer(signed(ALICE), VID, account, 1),
			Error::<Test>::OwnAccount
		);
	});
}

#[test]
fn rights_of_different_resources_are_apart() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.right(&[(BOB, 6_000), (ALICE, 4_000)])
		.build_and_execute(|| {
			assert_ok!(distribute(VID, 10_000));
			let claimable = |vid| [ALICE, BOB].map(|who| RevenueRights::claimable(vid, who));
			assert_eq!(claimable(VID), [10_000, 0]);
			assert_eq!(claimable(VID + 1), [0, 0]);
			assert_ok!(RevenueRights::transfer(signed(ALICE), VID, CAROL, 10_000));
			assert_eq!(shares(VID + 1, ALICE), 4_000);
		});
}

#[test]
fn income_is_kept_on_the_account_that_the_pallets_name_says() {
	use sp_runtime::traits::AccountIdConversion;
	let named: u64 = Income::get().into_account_truncating();
	assert_eq!(RevenueRights::account(), named);
}
