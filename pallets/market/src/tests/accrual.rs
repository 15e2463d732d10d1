//! What a block of use costs, and who gets it.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::Permill;

use crate::{mock::*, Error, Event};

#[test]
fn each_available_block_pays_its_price_two_percent_of_it_to_the_treasury() {
	ExtBuilder::default().sold(100).build_and_execute(|| {
		pass(50);
		assert_ok!(Market::accrue(signed(BOB), UID));
		// 2 % of 5,050 is 101.
		assert_eq!((fees(), income(), escrow()), (101, 4_949, 50 * PRICE));
		let accrued = Event::Accrued {
			uid: UID,
			blocks: 50,
			amount: 5_050,
			fee: 101,
		};
		assert_eq!(events(), [accrued]);
	});
}

#[test]
fn who_paid_whom_and_the_fee_of_it_are_told() {
	ExtBuilder::default().sold(100).build_and_execute(|| {
		pass(50);
		assert_ok!(Market::accrue(signed(BOB), UID));
		assert_eq!(Incomes::get(), [(ALICE, CAROL, 101)]);
		assert_ok!(Market::accrue(signed(BOB), UID));
		assert_eq!(Incomes::get(), [(ALICE, CAROL, 101)]);
	});
}

#[test]
fn who_found_the_right_gets_a_tenth_of_the_fee_and_the_treasury_the_rest() {
	ExtBuilder::default().listed().build_and_execute(|| {
		assert_ok!(buy_for(CAROL, UID, 100));
		pass(50);
		assert_ok!(Market::accrue(signed(BOB), UID));
		// 2 % of 5,050 is 101, a tenth of which is 10.1.
		assert_eq!((matched(), fees(), income()), (10, 91, 4_949));
		// What returns as a reward is a part of what the matcher did not get.
		assert_eq!(Incomes::get(), [(ALICE, CAROL, 91)]);
	});
}

#[test]
fn a_part_of_the_fee_is_burned_and_never_the_matchers() {
	ExtBuilder::default().listed().build().execute_with(|| {
		assert_ok!(buy_for(CAROL, UID, 100));
		let issuance = Balances::total_issuance();
		Burned::set(Permill::from_percent(30));
		pass(50);
		assert_ok!(Market::accrue(signed(BOB), UID));
		assert_eq!((matched(), fees(), income()), (10, 61, 4_949));
		assert_eq!(issuance - Balances::total_issuance(), 30);
		Burned::set(Permill::one());
		pass(50);
		assert_ok!(Market::accrue(signed(BOB), UID));
		assert_eq!((matched(), fees()), (20, 61));
		assert_eq!(issuance - Balances::total_issuance(), 30 + 91);
		Market::do_try_state().expect("the invariants hold");
	});
}

#[test]
fn a_matcher_that_is_gone_leaves_its_part_to_the_treasury() {
	ExtBuilder::default()
		.without(MATCHER)
		.listed()
		.build_and_execute(|| {
			assert_ok!(buy_for(CAROL, UID, 100));
			pass(5);
			assert_ok!(Market::accrue(signed(BOB), UID));
			// A tenth of 10 is less than an account can begin with.
			assert_eq!((free(MATCHER), fees()), (0, 10));
		});
}

#[test]
fn the_fee_is_rounded_down_in_the_holders_favour() {
	ExtBuilder::default().sold(100).build_and_execute(|| {
		pass(1);
		assert_ok!(Market::accrue(signed(BOB), UID));
		// 2 % of 101 is 2.02.
		assert_eq!((fees(), income()), (2, 99));
	});
}

#[test]
fn the_purchase_block_itself_is_not_paid() {
	ExtBuilder::default().sold(100).build_and_execute(|| {
		assert_ok!(Market::accrue(signed(BOB), UID));
		assert_eq!((fees(), income(), escrow()), (0, 0, 100 * PRICE));
		assert_eq!(events(), []);
	});
}

#[test]
fn a_block_is_paid_once() {
	ExtBuilder::default().sold(100).build_and_execute(|| {
		pass(10);
		assert_ok!(Market::accrue(signed(BOB), UID));
		assert_ok!(Market::accrue(signed(BOB), UID));
		assert_eq!(escrow(), 90 * PRICE);
		pass(10);
		assert_ok!(Market::accrue(signed(BOB), UID));
		assert_eq!(escrow(), 80 * PRICE);
	});
}

#[test]
fn a_machine_that_is_offline_earns_nothing() {
	ExtBuilder::default().sold(100).build_and_execute(|| {
		set_online(node_of(UID), false);
		pass(30);
		assert_ok!(Market::accrue(signed(BOB), UID));
		assert_eq!(escrow(), 100 * PRICE);
		set_online(node_of(UID), true);
		pass(10);
		assert_ok!(Market::accrue(signed(BOB), UID));
		assert_eq!(escrow(), 90 * PRICE);
	});
}

#[test]
fn blocks_missed_between_two_accruals_are_not_paid() {
	ExtBuilder::default().sold(100).build_and_execute(|| {
		pass(10);
		set_online(node_of(UID), false);
		pass(20);
		set_online(node_of(UID), true);
		pass(5);
		assert_ok!(Market::accrue(signed(BOB), UID));
		assert_eq!(escrow(), 85 * PRICE);
	});
}

#[test]
fn nothing_accrues_after_the_end() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		pass(500);
		assert_ok!(Market::accrue(signed(BOB), UID));
		assert_eq!(escrow(), 0);
		assert_eq!(fees() + income(), 10 * PRICE);
		pass(500);
		assert_ok!(Market::accrue(signed(BOB), UID));
		assert_eq!(fees() + income(), 10 * PRICE);
	});
}

#[test]
fn being_there_after_the_end_does_not_make_up_for_blocks_missed_before_it() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		set_online(node_of(UID), false);
		pass(10);
		set_online(node_of(UID), true);
		pass(100);
		assert_ok!(Market::accrue(signed(BOB), UID));
		assert_eq!(escrow(), 10 * PRICE);
	});
}

#[test]
fn a_provider_who_closes_at_the_end_loses_nothing_by_leaving_afterwards() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		pass(10);
		assert_ok!(Market::close(signed(ALICE), UID));
		set_online(node_of(UID), false);
		assert_eq!(fees() + income(), 10 * PRICE);
	});
}

#[test]
fn leaving_after_the_end_without_closing_costs_the_blocks_missed() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		pass(10);
		set_online(node_of(UID), false);
		pass(4);
		assert_ok!(Market::close(signed(CAROL), UID));
		assert_eq!(fees() + income(), 6 * PRICE);
		assert_eq!(free(CAROL), RICHES - 6 * PRICE);
	});
}

#[test]
fn what_was_never_sold_does_not_accrue() {
	ExtBuilder::default().listed().build_and_execute(|| {
		for uid in [UID, OTHER_UID, 99] {
			assert_noop!(Market::accrue(signed(BOB), uid), Error::<Test>::NotSold);
		}
	});
}

#[test]
fn a_fee_that_the_treasury_cannot_take_goes_to_the_holders() {
	ExtBuilder::default()
		.without(TREASURY)
		.sold(100)
		.build_and_execute(|| {
			pass(1);
			// Two units are less than any account may have.
			assert_ok!(Market::accrue(signed(BOB), UID));
			assert_eq!((free(TREASURY), income()), (0, PRICE));
			assert_eq!(
				events(),
				[Event::Accrued {
					uid: UID,
					blocks: 1,
					amount: PRICE,
					fee: 0
				}]
			);
		});
}

#[test]
fn purchases_do_not_pay_for_each_other() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert_ok!(list(BOB, BOBS_UID, 7, &[(BOB, 10_000)]));
		assert_ok!(buy(CAROL, BOBS_UID, 100));
		pass(50);
		assert_ok!(Market::accrue(signed(CAROL), UID));
		assert_eq!(escrow(), 700);
		assert_ok!(Market::accrue(signed(CAROL), BOBS_UID));
		assert_eq!(escrow(), 350);
	});
}
