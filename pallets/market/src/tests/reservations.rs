//! Bought ahead: a price for waiting, and the term when it begins.

use frame_support::{assert_noop, assert_ok, storage::with_storage_layer};
use sp_runtime::DispatchResult;
use usufruct_primitives::Balance;

use crate::{mock::*, Error, Event, Reservable};

/// Price per block of waiting.
const WAITING: Balance = 7;

fn set_reservable(who: u64, ahead: u32) -> DispatchResult {
	let reservable = Reservable {
		ahead,
		price: WAITING,
	};
	Market::set_reservable(signed(who), UID, Some(reservable))
}

fn reserve(who: u64, start: u32, term: u32) -> DispatchResult {
	with_storage_layer(|| Market::reserve(signed(who), UID, start, term, Balance::MAX))
}

/// Listed, reservable up to 50 blocks ahead.
fn reservable(test: impl FnOnce()) {
	ExtBuilder::default().listed().build_and_execute(|| {
		set_reservable(ALICE, 50).expect("it is Alice's");
		System::reset_events();
		test();
	});
}

#[test]
fn a_reservation_puts_the_price_of_waiting_and_of_the_term_into_escrow() {
	reservable(|| {
		assert_ok!(reserve(CAROL, 21, 30));
		let whole = 20 * WAITING + 30 * PRICE;
		assert_eq!((escrow(), purchase(UID).escrow()), (whole, whole));
		assert_eq!((purchase(UID).start, purchase(UID).term.end), (21, 51));
		let bought = Event::Bought {
			uid: UID,
			buyer: CAROL,
			from: 21,
			until: 51,
			escrow: whole,
		};
		assert_eq!(events(), [bought]);
	});
}

#[test]
fn waiting_is_paid_by_the_block_and_the_term_from_its_begin_on() {
	reservable(|| {
		assert_ok!(reserve(CAROL, 21, 30));
		for (blocks, earned) in [
			(5, 5 * WAITING),
			(15, 20 * WAITING),
			(1, 20 * WAITING + PRICE),
			(29, 20 * WAITING + 30 * PRICE),
			(9, 20 * WAITING + 30 * PRICE),
		] {
			pass(blocks);
			assert_ok!(Market::accrue(signed(BOB), UID));
			assert_eq!(fees() + income(), earned);
		}
	});
}

#[test]
fn a_machine_that_is_away_before_the_begin_loses_the_price_of_waiting_and_not_of_the_term() {
	reservable(|| {
		assert_ok!(reserve(CAROL, 21, 30));
		pass(10);
		set_online(node_of(UID), false);
		pass(10);
		set_online(node_of(UID), true);
		// Read at the begin, so that what was missed before it is not counted twice.
		assert_ok!(Market::accrue(signed(ALICE), UID));
		pass(30);
		assert_ok!(Market::close(signed(BOB), UID));
		assert_eq!(fees() + income(), 10 * WAITING + 30 * PRICE);
		assert_eq!(free(CAROL), RICHES - 10 * WAITING - 30 * PRICE);
	});
}

#[test]
fn who_cancels_before_the_begin_pays_only_for_the_waiting() {
	reservable(|| {
		assert_ok!(reserve(CAROL, 21, 30));
		pass(4);
		assert_ok!(Market::cancel(signed(CAROL), UID));
		assert_eq!(RICHES - free(CAROL), 4 * WAITING);
		assert_eq!(fees() + income(), 4 * WAITING);
	});
}

#[test]
fn a_reservation_begins_after_now_and_no_later_than_the_seller_lets_it() {
	reservable(|| {
		for start in [0, 1, 52, u32::MAX] {
			assert_noop!(reserve(CAROL, start, 30), Error::<Test>::BadStart);
		}
		for term in [0, 101] {
			assert_noop!(reserve(CAROL, 51, term), Error::<Test>::TermOutOfBounds);
		}
		assert_ok!(reserve(CAROL, 51, 100));
	});
}

#[test]
fn what_is_not_reservable_is_bought_for_now_only() {
	ExtBuilder::default().listed().build_and_execute(|| {
		assert_noop!(reserve(CAROL, 2, 10), Error::<Test>::NotReservable);
		assert_ok!(set_reservable(ALICE, 50));
		assert_ok!(Market::set_reservable(signed(ALICE), UID, None));
		assert_noop!(reserve(CAROL, 2, 10), Error::<Test>::NotReservable);
	});
}

#[test]
fn nobody_pays_more_for_a_reservation_than_they_said() {
	reservable(|| {
		let whole = 20 * WAITING + 30 * PRICE;
		let reserve =
			|most| with_storage_layer(|| Market::reserve(signed(CAROL), UID, 21, 30, most));
		assert_noop!(reserve(whole - 1), Error::<Test>::PriceTooHigh);
		assert_ok!(reserve(whole));
	});
}

#[test]
fn who_may_not_buy_may_not_reserve() {
	reservable(|| {
		assert_noop!(reserve(ALICE, 21, 30), Error::<Test>::OwnListing);
		set_online(node_of(UID), false);
		assert_noop!(reserve(CAROL, 21, 30), Error::<Test>::NodeOffline);
	});
}

#[test]
fn only_the_seller_lets_a_listing_be_reserved_and_within_the_longest_term() {
	ExtBuilder::default().listed().build_and_execute(|| {
		for stranger in [BOB, CAROL, POOR, TREASURY] {
			assert_noop!(set_reservable(stranger, 1), Error::<Test>::NotSeller);
		}
		for ahead in [0, MAX_TERM + 1] {
			assert_noop!(set_reservable(ALICE, ahead), Error::<Test>::BadTerms);
		}
		assert_ok!(set_reservable(ALICE, MAX_TERM));
		assert_ok!(buy(CAROL, UID, 1));
		assert_noop!(set_reservable(ALICE, 1), Error::<Test>::NotListed);
	});
}
