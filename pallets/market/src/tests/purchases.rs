//! Buying: the whole term goes into escrow, or nothing happens.

use frame_support::{assert_noop, assert_ok, storage::with_storage_layer};
use sp_runtime::{ArithmeticError, TokenError};
use usufruct_primitives::Balance;

use crate::{mock::*, Error, Event, ListingOrder, Listings};

#[test]
fn a_purchase_moves_the_whole_price_to_escrow_and_the_right_to_the_buyer() {
	ExtBuilder::default().listed().build_and_execute(|| {
		pass(9);
		assert_ok!(buy(CAROL, UID, 20));
		assert_eq!((free(CAROL), escrow()), (RICHES - 20 * PRICE, 20 * PRICE));
		let right = Rights::get()[&UID].clone();
		assert_eq!((right.holder, right.state), (CAROL, State::Sold(30)));
		let purchase = purchase(UID);
		assert_eq!((purchase.buyer, purchase.seller), (CAROL, ALICE));
		assert_eq!(
			(purchase.start, purchase.term.end, purchase.term.accrued_at),
			(10, 30, 10)
		);
		assert_eq!(
			(purchase.term.price, purchase.escrow()),
			(PRICE, 20 * PRICE)
		);
		let bought = Event::Bought {
			uid: UID,
			buyer: CAROL,
			from: 10,
			until: 30,
			escrow: 20 * PRICE,
		};
		assert_eq!(events(), [bought]);
	});
}

#[test]
fn a_purchase_ends_the_listing_and_returns_its_deposit() {
	ExtBuilder::default().listed().build_and_execute(|| {
		assert_ok!(buy(CAROL, UID, 20));
		assert_eq!((held(ALICE), free(ALICE)), (0, RICHES));
		assert_eq!(
			(
				Listings::<Test>::iter().count(),
				ListingOrder::<Test>::iter().count()
			),
			(0, 0)
		);
	});
}

#[test]
fn a_sold_right_cannot_be_bought_again() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert_noop!(buy(BOB, UID, 10), Error::<Test>::NotListed);
		pass(10);
		assert_noop!(buy(BOB, UID, 10), Error::<Test>::NotListed);
	});
}

#[test]
fn what_is_not_for_sale_cannot_be_bought() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(buy(CAROL, UID, 10), Error::<Test>::NotListed);
		assert_noop!(buy(CAROL, 99, 10), Error::<Test>::NotListed);
	});
}

#[test]
fn a_price_above_what_the_buyer_accepts_is_refused() {
	ExtBuilder::default().listed().build_and_execute(|| {
		let at_most = |price| with_storage_layer(|| Market::buy(signed(CAROL), UID, 10, price));
		assert_noop!(at_most(PRICE - 1), Error::<Test>::PriceTooHigh);
		assert_noop!(at_most(0), Error::<Test>::PriceTooHigh);
		assert_ok!(at_most(PRICE));
	});
}

#[test]
fn a_term_outside_the_listings_bounds_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(list_for(ALICE, UID, PRICE, 5..=20, &[(ALICE, 10_000)]));
		for term in [0, 4, 21, u32::MAX] {
			assert_noop!(buy(CAROL, UID, term), Error::<Test>::TermOutOfBounds);
		}
		assert_ok!(buy(CAROL, UID, 20));
	});
}

#[test]
fn a_seller_does_not_buy_its_own_listing() {
	ExtBuilder::default().listed().build_and_execute(|| {
		assert_noop!(buy(ALICE, UID, 10), Error::<Test>::OwnListing);
		assert_noop!(buy_for(ALICE, UID, 10), Error::<Test>::OwnListing);
	});
}

#[test]
fn a_machine_that_is_not_online_is_not_sold() {
	ExtBuilder::default().listed().build_and_execute(|| {
		set_online(node_of(UID), false);
		assert_noop!(buy(CAROL, UID, 10), Error::<Test>::NodeOffline);
		set_online(node_of(UID), true);
		assert_ok!(buy(CAROL, UID, 10));
	});
}

#[test]
fn who_cannot_pay_the_whole_term_buys_nothing() {
	ExtBuilder::default().listed().build_and_execute(|| {
		for buyer in [POOR, NOBODY] {
			assert_noop!(buy(buyer, UID, 10), TokenError::FundsUnavailable);
		}
		assert_eq!(listing(UID).seller, ALICE);
	});
}

#[test]
fn a_buyer_keeps_its_account() {
	ExtBuilder::default().build_and_execute(|| {
		let all_but_one = (RICHES - ED) / 10 + 1;
		assert_ok!(list(ALICE, UID, all_but_one, &[(ALICE, 10_000)]));
		assert_noop!(buy(CAROL, UID, 10), TokenError::NotExpendable);
		assert_ok!(buy(CAROL, UID, 9));
	});
}

#[test]
fn a_price_that_overflows_is_refused_and_takes_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(list(ALICE, UID, Balance::MAX, &[(ALICE, 10_000)]));
		assert_noop!(buy(CAROL, UID, 2), Error::<Test>::Overflow);
		assert_noop!(buy(CAROL, UID, 1), ArithmeticError::Underflow);
	});
}

#[test]
fn a_request_buys_as_its_tenant_would() {
	ExtBuilder::default().listed().build_and_execute(|| {
		assert_eq!(buy_for(CAROL, UID, 20), Ok(21));
		assert_eq!((purchase(UID).buyer, escrow()), (CAROL, 20 * PRICE));
		assert_noop!(buy_for(CAROL, UID, 20), Error::<Test>::NotListed);
	});
}
