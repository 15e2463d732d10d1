//! The three ways in which a purchase ends, and where the rest of the money goes.

use frame_support::{assert_noop, assert_ok, storage::with_storage_layer};
use usufruct_primitives::{traits::Marketplace, BlockNumber};

use crate::{mock::*, Error, Event, Purchases};

#[test]
fn cancelling_pays_what_accrued_and_returns_the_rest() {
	ExtBuilder::default().sold(100).build_and_execute(|| {
		pass(50);
		assert_ok!(Market::cancel(signed(CAROL), UID));
		assert_eq!(free(CAROL), RICHES - 50 * PRICE);
		assert_eq!((fees(), income(), escrow()), (101, 4_949, 0));
		let refund = 50 * PRICE;
		let expected = [
			Event::Accrued {
				uid: UID,
				blocks: 50,
				amount: 5_050,
				fee: 101,
			},
			Event::Cancelled {
				uid: UID,
				to: CAROL,
				refund,
			},
		];
		assert_eq!(events(), expected);
	});
}

#[test]
fn cancelling_at_once_returns_everything() {
	ExtBuilder::default().sold(100).build_and_execute(|| {
		assert_ok!(Market::cancel(signed(CAROL), UID));
		assert_eq!(free(CAROL), RICHES);
		assert_eq!((fees(), income()), (0, 0));
	});
}

#[test]
fn only_the_holder_cancels() {
	ExtBuilder::default().sold(100).build_and_execute(|| {
		pass(50);
		for stranger in [ALICE, BOB, NOBODY, TREASURY, Market::account()] {
			assert_noop!(
				Market::cancel(signed(stranger), UID),
				Error::<Test>::NotHolder
			);
		}
	});
}

#[test]
fn a_purchase_is_cancelled_once() {
	ExtBuilder::default().sold(100).build_and_execute(|| {
		assert_ok!(Market::cancel(signed(CAROL), UID));
		assert_noop!(Market::cancel(signed(CAROL), UID), Error::<Test>::NotSold);
		assert_noop!(
			Market::cancel(signed(CAROL), OTHER_UID),
			Error::<Test>::NotSold
		);
	});
}

#[test]
fn whoever_the_right_was_handed_to_gets_the_rest_and_the_buyer_cancels_no_more() {
	ExtBuilder::default().sold(100).build_and_execute(|| {
		hand_on(UID, BOB);
		assert_noop!(Market::cancel(signed(CAROL), UID), Error::<Test>::NotHolder);
		pass(40);
		assert_ok!(Market::cancel(signed(BOB), UID));
		assert_eq!(
			(free(BOB), free(CAROL)),
			(RICHES + 60 * PRICE, RICHES - 100 * PRICE)
		);
	});
}

#[test]
fn anyone_closes_a_term_that_is_over_and_nobody_one_that_is_not() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		pass(9);
		for who in [ALICE, BOB, CAROL] {
			assert_noop!(Market::close(signed(who), UID), Error::<Test>::TooEarly);
		}
		pass(1);
		assert_ok!(Market::close(signed(BOB), UID));
		assert_eq!(
			events().pop(),
			Some(Event::Closed {
				uid: UID,
				to: CAROL,
				refund: 0
			})
		);
		assert_eq!(
			(free(CAROL), fees() + income()),
			(RICHES - 10 * PRICE, 10 * PRICE)
		);
	});
}

#[test]
fn what_was_never_sold_cannot_be_closed() {
	ExtBuilder::default().listed().build_and_execute(|| {
		for uid in [UID, OTHER_UID, 99] {
			assert_noop!(Market::close(signed(BOB), uid), Error::<Test>::NotSold);
		}
	});
}

#[test]
fn blocks_that_the_machine_missed_return_at_the_end() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		set_online(node_of(UID), false);
		pass(10);
		assert_ok!(Market::close(signed(BOB), UID));
		assert_eq!((free(CAROL), fees() + income()), (RICHES, 0));
	});
}

#[test]
fn every_ending_ends_the_right_and_tells_who_runs_something_on_it() {
	let cancel = || Market::cancel(signed(CAROL), UID).is_ok();
	let expire = || {
		pass(100);
		Market::close(signed(BOB), UID).is_ok()
	};
	let terminate = || <Market as Marketplace<u64>>::close(UID).is_ok();
	let endings: [fn() -> bool; 3] = [cancel, expire, terminate];
	for ending in endings {
		ExtBuilder::default().sold(100).build_and_execute(|| {
			pass(1);
			assert!(ending());
			assert_eq!(Ends::get(), [UID]);
			assert!(!Rights::get().contains_key(&UID));
			assert_eq!((Purchases::<Test>::iter().count(), escrow()), (0, 0));
		});
	}
}

#[test]
fn a_workspace_that_ends_closes_its_purchase_before_the_term_is_over() {
	ExtBuilder::default().sold(100).build_and_execute(|| {
		pass(50);
		assert_ok!(with_storage_layer(|| <Market as Marketplace<u64>>::close(
			UID
		)));
		assert_eq!(free(CAROL), RICHES - 50 * PRICE);
		let closed = Event::Closed {
			uid: UID,
			to: CAROL,
			refund: 50 * PRICE,
		};
		assert_eq!(events().pop(), Some(closed));
		let again = with_storage_layer(|| <Market as Marketplace<u64>>::close(UID));
		assert_noop!(again, Error::<Test>::NotSold);
	});
}

/// Ten blocks at 3 each, sold to Carol, handed to [`NOBODY`], and delivered but for the last ones.
fn handed_to_nobody(missed: BlockNumber) {
	assert_ok!(list(BOB, BOBS_UID, 3, &[(BOB, 10_000)]));
	assert_ok!(buy(CAROL, BOBS_UID, 10));
	hand_on(BOBS_UID, NOBODY);
	pass(10 - missed);
	set_online(node_of(BOBS_UID), false);
	pass(missed);
}

#[test]
fn a_holder_without_an_account_gets_a_rest_that_an_account_can_begin_with() {
	ExtBuilder::default().build_and_execute(|| {
		handed_to_nobody(8);
		assert_ok!(Market::close(signed(BOB), BOBS_UID));
		assert_eq!(free(NOBODY), 24);
	});
}

#[test]
fn a_rest_that_the_holder_cannot_receive_returns_to_the_buyer() {
	ExtBuilder::default().build_and_execute(|| {
		handed_to_nobody(2);
		assert_ok!(Market::close(signed(BOB), BOBS_UID));
		assert_eq!((free(NOBODY), free(CAROL)), (0, RICHES - 30 + 6));
		let closed = Event::Closed {
			uid: BOBS_UID,
			to: CAROL,
			refund: 6,
		};
		assert_eq!(events().pop(), Some(closed));
	});
}

#[test]
fn a_rest_that_neither_holder_nor_buyer_can_receive_goes_to_the_treasury() {
	ExtBuilder::default().build_and_execute(|| {
		handed_to_nobody(2);
		assert_ok!(Balances::transfer_all(signed(CAROL), ALICE, false));
		let before = fees();
		assert_ok!(Market::close(signed(BOB), BOBS_UID));
		// Six that are left, and nothing of the 24 that accrued: 2 % of them is less than a unit.
		assert_eq!(fees(), before + 6);
		let closed = Event::Closed {
			uid: BOBS_UID,
			to: TREASURY,
			refund: 6,
		};
		assert_eq!(events().pop(), Some(closed));
	});
}

#[test]
fn money_sent_to_the_escrow_account_by_mistake_is_nobodys_escrow() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert_ok!(Balances::transfer_keep_alive(
			signed(BOB),
			Market::account(),
			77
		));
		assert_ok!(Market::cancel(signed(CAROL), UID));
		assert_eq!((free(CAROL), escrow()), (RICHES, 77));
	});
}
