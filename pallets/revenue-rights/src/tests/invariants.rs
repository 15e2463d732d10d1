//! Each invariant sees the state that breaks it.

use frame_support::traits::{fungible::Mutate, tokens::Preservation};
use usufruct_primitives::deposit;

use crate::{mock::*, Order, Orders, RightRecord, Rights, Share, Shares, Side};

/// Breaks a good state of one right with income and expects the complaint.
fn caught(complaint: &'static str, harm: impl FnOnce()) {
	ExtBuilder::default()
		.right(&[(ALICE, 6_000), (BOB, 4_000)])
		.build()
		.execute_with(|| {
			distribute(VID, 30_001).expect("income");
			RevenueRights::settle(signed(BOB), VID).expect("income is paid");
			place(ALICE, VID, Side::Sell, 100, 5);
			place(BOB, VID, Side::Buy, 100, 5);
			RevenueRights::do_try_state().expect("the state was good");
			harm();
			assert_eq!(RevenueRights::do_try_state(), Err(complaint.into()));
		});
}

fn change_right(harm: impl FnOnce(&mut RightRecord)) {
	Rights::<Test>::mutate(VID, |right| harm(right.as_mut().expect("created")));
}

fn change_share(harm: impl FnOnce(&mut Share<Test>)) {
	Shares::<Test>::mutate(VID, ALICE, |share| harm(share.as_mut().expect("a holder")));
}

#[test]
fn a_share_too_many_is_seen() {
	caught("shares do not add up to 10,000", || {
		change_share(|share| share.shares += 1);
	});
}

#[test]
fn a_lost_record_is_seen() {
	caught("shares do not add up to 10,000", || {
		Shares::<Test>::remove(VID, ALICE);
	});
}

#[test]
fn a_record_that_says_nothing_is_seen() {
	caught("a record that says nothing", || {
		let mut record = share(VID, ALICE).expect("a holder");
		(record.shares, record.owed, record.settled_at) = (0, 0, right(VID).per_share);
		Shares::<Test>::insert(VID, CAROL, record);
	});
}

#[test]
fn a_wrong_number_of_holders_is_seen() {
	caught("the number of holders is wrong", || {
		change_right(|right| right.holders += 1);
	});
}

#[test]
fn more_paid_than_received_is_seen() {
	caught("more was paid than came in", || {
		change_right(|right| right.paid = right.income + 1);
	});
}

#[test]
fn a_unit_owed_too_much_is_seen() {
	caught("income is not accounted for", || {
		change_share(|share| share.owed += 1);
	});
}

#[test]
fn a_lost_remainder_is_seen() {
	caught("income is not accounted for", || {
		change_right(|right| right.remainder = 0);
	});
}

#[test]
fn a_share_from_the_future_is_seen() {
	caught("a share's income overflows", || {
		change_share(|share| share.settled_at = u128::MAX);
	});
}

#[test]
fn an_account_that_is_a_unit_short_is_seen() {
	caught("the account holds less than is owed", || {
		// Its own unit, the existential deposit, and one of the holders'.
		let account = RevenueRights::account();
		let short = free(account) - (right(VID).income - right(VID).paid) + 1;
		<Balances as Mutate<u64>>::transfer(&account, &CAROL, short, Preservation::Expendable)
			.expect("the account can pay");
	});
}

#[test]
fn shares_without_a_right_are_seen() {
	caught("shares without a right", || {
		let record = share(VID, ALICE).expect("a holder");
		Shares::<Test>::insert(VID + 1, ALICE, record);
	});
}

#[test]
fn a_deposit_that_is_not_held_is_seen() {
	caught("held deposits differ from recorded ones", || {
		change_share(|share| {
			share.deposit = deposit::ticket(DEPOSIT + 1).expect("tickets are amounts");
		});
	});
}

fn change_order(id: u64, harm: impl FnOnce(&mut Order<Test>)) {
	Orders::<Test>::mutate(VID, id, |order| harm(order.as_mut().expect("placed")));
}

#[test]
fn an_order_for_nothing_is_seen() {
	caught("an order that says nothing", || {
		change_order(0, |order| order.shares = 0);
	});
}

#[test]
fn shares_that_are_offered_without_an_order_are_seen() {
	caught("orders sell other shares than are offered", || {
		change_share(|share| share.offered += 1);
	});
}

#[test]
fn an_order_that_sells_what_is_not_offered_is_seen() {
	caught("orders sell other shares than are offered", || {
		change_order(0, |order| order.shares += 1);
	});
}

#[test]
fn an_order_of_who_holds_no_shares_is_seen() {
	caught("orders sell other shares than are offered", || {
		change_order(0, |order| order.maker = CAROL);
	});
}

#[test]
fn money_that_is_not_held_for_an_order_is_seen() {
	caught("what is held for orders differs from what they say", || {
		change_order(1, |order| order.price += 1);
	});
}
