//! Shares change hands at a price that both sides named.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::{ArithmeticError, TokenError};

use crate::{mock::*, Error, Event, Orders, Side};

const PRICE: u128 = 7;

fn of_alice() -> ExtBuilder {
	ExtBuilder::default().right(&[(ALICE, 10_000)])
}

fn fill(who: u64, order: u64, shares: u16) {
	assert_ok!(RevenueRights::fill_order(signed(who), VID, order, shares));
}

fn cancel(who: u64, order: u64) {
	assert_ok!(RevenueRights::cancel_order(signed(who), VID, order));
}

fn go_to(block: u64) {
	System::set_block_number(block);
}

#[test]
fn shares_for_sale_are_bought_in_parts_at_exactly_their_price() {
	of_alice().build_and_execute(|| {
		let order = place(ALICE, VID, Side::Sell, 1_000, PRICE);
		assert_eq!(held_for_orders(ALICE), ORDER_DEPOSIT);
		let (alice, bob) = (free(ALICE), free(BOB));
		fill(BOB, order, 300);
		assert_eq!((shares(VID, ALICE), shares(VID, BOB)), (9_700, 300));
		assert_eq!(
			(free(ALICE), free(BOB)),
			(alice + 2_100, bob - 2_100 - DEPOSIT)
		);
		fill(CAROL, order, 700);
		assert_eq!((shares(VID, ALICE), shares(VID, CAROL)), (9_000, 700));
		assert_eq!(
			free(ALICE),
			alice + 7_000 + ORDER_DEPOSIT,
			"the deposit returned"
		);
		assert_eq!(Orders::<Test>::iter().count(), 0);
		assert!(events().contains(&Event::OrderFilled {
			vid: VID,
			order,
			taker: CAROL,
			shares: 700,
			amount: 4_900
		}));
	});
}

#[test]
fn shares_are_sold_to_who_wants_to_buy_them_with_money_that_was_held() {
	of_alice().build_and_execute(|| {
		let order = place(BOB, VID, Side::Buy, 1_000, PRICE);
		assert_eq!(held_for_orders(BOB), 7_000 + ORDER_DEPOSIT + DEPOSIT);
		let (alice, bob) = (free(ALICE), free(BOB));
		fill(ALICE, order, 400);
		assert_eq!((shares(VID, ALICE), shares(VID, BOB)), (9_600, 400));
		assert_eq!(free(ALICE), alice + 2_800, "the buyer pays for its record");
		assert_eq!(
			(held_for_orders(BOB), held(BOB)),
			(4_200 + ORDER_DEPOSIT, DEPOSIT)
		);
		fill(ALICE, order, 600);
		assert_eq!((held_for_orders(BOB), free(BOB)), (0, bob + ORDER_DEPOSIT));
		assert_eq!(shares(VID, BOB), 1_000);
	});
}

#[test]
fn a_buyer_that_holds_shares_already_gets_all_of_its_deposit_back() {
	ExtBuilder::default()
		.right(&[(ALICE, 5_000), (BOB, 5_000)])
		.build_and_execute(|| {
			let bob = free(BOB);
			let order = place(BOB, VID, Side::Buy, 10, PRICE);
			fill(ALICE, order, 10);
			assert_eq!((held_for_orders(BOB), free(BOB)), (0, bob - 70));
		});
}

#[test]
fn income_up_to_the_trade_is_the_sellers_and_after_it_the_buyers_to_the_unit() {
	of_alice().build_and_execute(|| {
		let order = place(ALICE, VID, Side::Sell, 2_500, PRICE);
		assert_ok!(distribute(VID, 40_003));
		assert_eq!(
			RevenueRights::claimable(VID, ALICE),
			40_000,
			"what is for sale earns"
		);
		fill(BOB, order, 2_500);
		assert_eq!(RevenueRights::claimable(VID, BOB), 0);
		assert_ok!(distribute(VID, 79_997));
		assert_eq!(RevenueRights::claimable(VID, ALICE), 40_000 + 60_000);
		assert_eq!(RevenueRights::claimable(VID, BOB), 20_000);
	});
}

#[test]
fn shares_that_are_for_sale_are_sold_once() {
	of_alice().build_and_execute(|| {
		let order = place(ALICE, VID, Side::Sell, 9_999, PRICE);
		assert_noop!(
			RevenueRights::place_order(signed(ALICE), VID, Side::Sell, 2, PRICE, 10),
			Error::<Test>::NotEnoughShares
		);
		assert_noop!(
			RevenueRights::transfer(signed(ALICE), VID, BOB, 2),
			Error::<Test>::SharesOffered
		);
		let wanted = place(BOB, VID, Side::Buy, 2, PRICE);
		assert_noop!(
			RevenueRights::fill_order(signed(ALICE), VID, wanted, 2),
			Error::<Test>::SharesOffered
		);
		assert_ok!(RevenueRights::transfer(signed(ALICE), VID, BOB, 1));
		cancel(ALICE, order);
		fill(ALICE, wanted, 2);
	});
}

#[test]
fn an_order_is_filled_up_to_its_shares_and_not_after_its_last_block() {
	of_alice().build_and_execute(|| {
		let order = place(ALICE, VID, Side::Sell, 10, PRICE);
		assert_noop!(
			RevenueRights::fill_order(signed(BOB), VID, order, 11),
			Error::<Test>::NotEnoughShares
		);
		assert_noop!(
			RevenueRights::fill_order(signed(BOB), VID, order, 0),
			Error::<Test>::ZeroShares
		);
		go_to(1 + u64::from(MAX_LIFE));
		fill(BOB, order, 1);
		go_to(2 + u64::from(MAX_LIFE));
		assert_noop!(
			RevenueRights::fill_order(signed(BOB), VID, order, 1),
			Error::<Test>::OrderExpired
		);
	});
}

#[test]
fn who_placed_an_order_cancels_it_and_anybody_once_it_has_expired() {
	of_alice().build_and_execute(|| {
		let (alice, bob) = (free(ALICE), free(BOB));
		let sale = place(ALICE, VID, Side::Sell, 10, PRICE);
		let wish = place(BOB, VID, Side::Buy, 10, PRICE);
		for order in [sale, wish] {
			assert_noop!(
				RevenueRights::cancel_order(signed(CAROL), VID, order),
				Error::<Test>::NotMaker
			);
		}
		go_to(1 + u64::from(MAX_LIFE));
		assert_noop!(
			RevenueRights::cancel_order(signed(CAROL), VID, sale),
			Error::<Test>::NotMaker
		);
		cancel(ALICE, sale);
		go_to(2 + u64::from(MAX_LIFE));
		cancel(CAROL, wish);
		assert_eq!((free(ALICE), free(BOB)), (alice, bob));
		assert_eq!((held_for_orders(ALICE), held_for_orders(BOB)), (0, 0));
		assert_noop!(
			RevenueRights::cancel_order(signed(ALICE), VID, sale),
			Error::<Test>::UnknownOrder
		);
	});
}

#[test]
fn an_order_that_makes_no_sense_is_refused() {
	of_alice().build_and_execute(|| {
		let place = |who, vid, side, shares, price, expires_at| {
			RevenueRights::place_order(signed(who), vid, side, shares, price, expires_at)
		};
		let cases = [
			(
				place(ALICE, VID + 1, Side::Buy, 1, 1, 10),
				Error::<Test>::UnknownRight,
			),
			(place(ALICE, VID, Side::Sell, 0, 1, 10), Error::ZeroShares),
			(
				place(BOB, VID, Side::Buy, 10_001, 1, 10),
				Error::NotEnoughShares,
			),
			(place(BOB, VID, Side::Sell, 1, 1, 10), Error::NotHolder),
			(place(ALICE, VID, Side::Sell, 1, 0, 10), Error::ZeroPrice),
			(place(ALICE, VID, Side::Sell, 1, 1, 1), Error::BadExpiry),
			(
				place(ALICE, VID, Side::Sell, 1, 1, 2 + MAX_LIFE),
				Error::BadExpiry,
			),
			(
				place(BOB, VID, Side::Buy, 2, u128::MAX, 10),
				Error::Overflow,
			),
		];
		for (result, error) in cases {
			assert_eq!(result, Err(error.into()));
		}
		assert_eq!(
			place(BOB, VID, Side::Buy, 1, RICHES, 10),
			Err(TokenError::FundsUnavailable.into())
		);
		assert_eq!(Orders::<Test>::iter().count(), 0);
	});
}

#[test]
fn nobody_trades_with_itself_or_without_the_money() {
	of_alice().build_and_execute(|| {
		let order = place(ALICE, VID, Side::Sell, 10, PRICE);
		assert_noop!(
			RevenueRights::fill_order(signed(ALICE), VID, order, 1),
			Error::<Test>::SameHolder
		);
		let refused = RevenueRights::fill_order(signed(POOR), VID, order, 1);
		let whys = [
			TokenError::FundsUnavailable.into(),
			TokenError::NotExpendable.into(),
			ArithmeticError::Underflow.into(),
		];
		assert!(refused.is_err_and(|why| whys.contains(&why)), "{refused:?}");
		let wish = place(BOB, VID, Side::Buy, 10, PRICE);
		assert_noop!(
			RevenueRights::fill_order(signed(CAROL), VID, wish, 1),
			Error::<Test>::NotHolder
		);
	});
}

#[test]
fn a_buyer_whose_money_is_gone_otherwise_still_gets_what_it_ordered() {
	of_alice().build_and_execute(|| {
		let order = place(BOB, VID, Side::Buy, 10, PRICE);
		let all = free(BOB) - 1;
		assert_ok!(Balances::transfer_allow_death(signed(BOB), CAROL, all));
		fill(ALICE, order, 10);
		assert_eq!(shares(VID, BOB), 10);
		assert_eq!((held(BOB), free(BOB)), (DEPOSIT, 1 + ORDER_DEPOSIT));
	});
}

#[test]
fn who_sold_everything_keeps_no_record_once_its_income_is_paid() {
	of_alice().build_and_execute(|| {
		let order = place(ALICE, VID, Side::Sell, 10_000, PRICE);
		fill(BOB, order, 10_000);
		assert_eq!(share(VID, ALICE), None);
		assert_eq!((held(ALICE), held_for_orders(ALICE)), (0, 0));
		assert_eq!(right(VID).holders, 1);
	});
}
