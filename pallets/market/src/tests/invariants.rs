//! Each invariant sees the state that breaks it.

use frame_support::traits::{fungible::Mutate, tokens::Preservation};
use usufruct_primitives::deposit;

use crate::{mock::*, Listing, ListingOrder, Listings, PurchaseRecord, Purchases};

/// Breaks a good state, of a listing of Bob and a purchase by Carol, and expects the complaint.
fn caught(complaint: &'static str, harm: impl FnOnce()) {
	ExtBuilder::default().sold(10).build().execute_with(|| {
		list(BOB, BOBS_UID, PRICE, &[(BOB, 10_000)]).expect("it is Bob's");
		pass(5);
		Market::accrue(signed(BOB), UID).expect("it is sold");
		Market::do_try_state().expect("the state was good");
		harm();
		assert_eq!(Market::do_try_state(), Err(complaint.into()));
	});
}

fn change_purchase(harm: impl FnOnce(&mut PurchaseRecord<u64>)) {
	Purchases::<Test>::mutate(UID, |purchase| harm(purchase.as_mut().expect("it is sold")));
}

fn change_listing(harm: impl FnOnce(&mut Listing<Test>)) {
	Listings::<Test>::mutate(BOBS_UID, |listing| {
		harm(listing.as_mut().expect("for sale"));
	});
}

#[test]
fn a_sold_right_that_is_for_sale_is_seen() {
	caught("a sold right is for sale", || {
		Listings::<Test>::insert(UID, listing(BOBS_UID));
	});
}

#[test]
fn a_purchase_of_nothing_is_seen() {
	caught("a purchase of a right that is gone", || {
		Purchases::<Test>::insert(99, purchase(UID));
		Purchases::<Test>::remove(UID);
	});
}

#[test]
fn payment_beyond_the_term_is_seen() {
	caught("the escrow does not cover the rest of the term", || {
		change_purchase(|p| p.term.accrued_at = p.term.end + 1);
	});
}

#[test]
fn an_escrow_that_does_not_last_for_the_term_is_seen() {
	caught("the escrow does not cover the rest of the term", || {
		change_purchase(|p| p.term.escrow -= 1);
	});
}

#[test]
fn a_unit_missing_from_the_account_is_seen() {
	caught("escrow is missing", || {
		<Balances as Mutate<u64>>::transfer(&Market::account(), &BOB, 1, Preservation::Expendable)
			.expect("the account can pay");
	});
}

#[test]
fn a_listing_of_nothing_is_seen() {
	caught("a listing of a right that is gone", || {
		change_listing(|listing| listing.vid += 1);
	});
}

#[test]
fn a_listing_that_no_page_shows_is_seen() {
	caught("a listing out of order", || {
		ListingOrder::<Test>::remove(BOBS_UID.to_be_bytes());
	});
}

#[test]
fn a_page_that_shows_no_listing_is_seen() {
	caught("an order of no listing", || {
		ListingOrder::<Test>::insert(99u64.to_be_bytes(), ());
	});
}

#[test]
fn a_deposit_that_is_not_held_is_seen() {
	caught("held deposits differ from recorded ones", || {
		change_listing(|listing| {
			listing.deposit = deposit::ticket(DEPOSIT + 1).expect("tickets are amounts");
		});
	});
}
