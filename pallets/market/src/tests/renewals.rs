//! A term that goes on.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

use crate::{mock::*, Error, Event};

fn renew(who: u64, blocks: u32) -> sp_runtime::DispatchResult {
	frame_support::storage::with_storage_layer(|| Market::renew(signed(who), UID, blocks))
}

#[test]
fn the_holder_renews_at_the_price_of_the_term_and_what_runs_on_it_is_told() {
	ExtBuilder::default().sold(50).build_and_execute(|| {
		pass(20);
		let before = free(CAROL);
		assert_ok!(renew(CAROL, 30));
		assert_eq!(before - free(CAROL), 30 * PRICE);
		assert_eq!((purchase(UID).term.end, escrow()), (81, 80 * PRICE));
		assert_eq!(Rights::get()[&UID].state, State::Sold(81));
		assert_eq!(Renewals::get(), [(UID, 81)]);
		let renewed = Event::Renewed {
			uid: UID,
			until: 81,
			escrow: 30 * PRICE,
		};
		assert_eq!(events(), [renewed]);
	});
}

#[test]
fn a_term_is_not_renewed_where_what_runs_on_it_cannot_be_paid_for_so_long() {
	ExtBuilder::default().sold(50).build_and_execute(|| {
		Unpaid::set(&vec![CAROL]);
		let refused = sp_runtime::DispatchError::Other("what runs there cannot be paid");
		assert_noop!(renew(CAROL, 30), refused);
		assert_eq!(purchase(UID).term.end, 51);
	});
}

#[test]
fn a_renewed_term_is_paid_block_for_block_and_the_rest_returns() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		pass(5);
		assert_ok!(renew(CAROL, 10));
		pass(10);
		assert_noop!(Market::close(signed(BOB), UID), Error::<Test>::TooEarly);
		let before = free(CAROL);
		assert_ok!(Market::cancel(signed(CAROL), UID));
		assert_eq!(free(CAROL) - before, 5 * PRICE);
		assert_eq!(fees() + income(), 15 * PRICE);
	});
}

#[test]
fn never_more_than_the_listings_longest_term_is_ahead() {
	ExtBuilder::default().sold(100).build_and_execute(|| {
		assert_noop!(renew(CAROL, 1), Error::<Test>::TermOutOfBounds);
		pass(7);
		assert_noop!(renew(CAROL, 8), Error::<Test>::TermOutOfBounds);
		assert_noop!(renew(CAROL, 0), Error::<Test>::TermOutOfBounds);
		assert_noop!(renew(CAROL, u32::MAX), Error::<Test>::Overflow);
		assert_ok!(renew(CAROL, 7));
	});
}

#[test]
fn only_the_holder_renews_also_where_it_is_not_the_buyer() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		for stranger in [ALICE, BOB, POOR, TREASURY] {
			assert_noop!(renew(stranger, 1), Error::<Test>::NotHolder);
		}
		hand_on(UID, BOB);
		assert_noop!(renew(CAROL, 1), Error::<Test>::NotHolder);
		assert_ok!(renew(BOB, 1));
	});
}

#[test]
fn a_term_that_is_over_or_that_the_seller_does_not_renew_ends() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert_noop!(
			Market::set_renewable(signed(CAROL), UID, false),
			Error::<Test>::NotSeller
		);
		assert_ok!(Market::set_renewable(signed(ALICE), UID, false));
		assert_noop!(renew(CAROL, 1), Error::<Test>::NotRenewable);
		assert_ok!(Market::set_renewable(signed(ALICE), UID, true));
		assert_ok!(renew(CAROL, 1));
		pass(11);
		assert_noop!(renew(CAROL, 1), Error::<Test>::NotRenewable);
	});
}

#[test]
fn what_is_not_sold_is_not_renewed() {
	ExtBuilder::default().listed().build_and_execute(|| {
		assert_noop!(renew(CAROL, 1), Error::<Test>::NotSold);
		assert_noop!(
			Market::set_renewable(signed(ALICE), UID, false),
			Error::<Test>::NotSold
		);
	});
}

#[test]
fn a_term_is_not_renewed_on_a_machine_that_is_away_or_without_the_money() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		set_online(node_of(UID), false);
		assert_noop!(renew(CAROL, 1), Error::<Test>::NodeOffline);
		set_online(node_of(UID), true);
		hand_on(UID, POOR);
		assert_noop!(renew(POOR, 1), TokenError::FundsUnavailable);
	});
}

#[test]
fn a_listing_is_edited_by_its_seller_and_terms_that_run_keep_their_price() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert_ok!(list(ALICE, OTHER_UID, PRICE, &[(ALICE, 10_000)]));
		assert_noop!(
			Market::edit(signed(BOB), OTHER_UID, 7, 2, 3),
			Error::<Test>::NotSeller
		);
		assert_noop!(
			Market::edit(signed(ALICE), OTHER_UID, 0, 2, 3),
			Error::<Test>::ZeroPrice
		);
		for (min, max) in [(0, 3), (4, 3), (1, MAX_TERM + 1)] {
			assert_noop!(
				Market::edit(signed(ALICE), OTHER_UID, 7, min, max),
				Error::<Test>::BadTerms
			);
		}
		assert_noop!(
			Market::edit(signed(ALICE), UID, 7, 2, 3),
			Error::<Test>::NotListed
		);
		pass(2);
		assert_ok!(Market::edit(signed(ALICE), OTHER_UID, 7, 2, 3));
		let edited = listing(OTHER_UID);
		assert_eq!((edited.price, edited.min_term, edited.max_term), (7, 2, 3));
		assert_eq!(edited.listed_at, now());
		assert_eq!((purchase(UID).term.price, held(ALICE)), (PRICE, DEPOSIT));
		assert_noop!(buy(CAROL, OTHER_UID, 1), Error::<Test>::TermOutOfBounds);
		assert_ok!(buy(CAROL, OTHER_UID, 2));
	});
}

#[test]
fn a_price_that_falls_does_so_in_a_straight_line_and_the_first_buyer_pays_what_it_is_then() {
	ExtBuilder::default().listed().build_and_execute(|| {
		assert_ok!(Market::lead_in(signed(ALICE), UID, PRICE + 100, 40));
		let prices: Vec<_> = (0..=5)
			.map(|_| {
				let price = listing(UID).price_at(now()) - PRICE;
				pass(10);
				price
			})
			.collect();
		assert_eq!(prices, [100, 75, 50, 25, 0, 0]);
		assert_ok!(Market::lead_in(signed(ALICE), UID, PRICE + 100, 40));
		pass(13);
		// 67.5 is rounded up.
		assert_noop!(
			Market::buy(signed(CAROL), UID, 10, PRICE + 67),
			Error::<Test>::PriceTooHigh
		);
		assert_ok!(Market::buy(signed(CAROL), UID, 10, PRICE + 68));
		assert_eq!(
			(purchase(UID).term.price, escrow()),
			(PRICE + 68, 10 * (PRICE + 68))
		);
	});
}

#[test]
fn a_lead_in_is_the_sellers_and_falls_from_above_within_a_term() {
	ExtBuilder::default().listed().build_and_execute(|| {
		assert_noop!(
			Market::lead_in(signed(BOB), UID, PRICE + 1, 1),
			Error::<Test>::NotSeller
		);
		for (first_price, blocks) in [(PRICE, 1), (PRICE + 1, 0), (PRICE + 1, MAX_TERM + 1)] {
			assert_noop!(
				Market::lead_in(signed(ALICE), UID, first_price, blocks),
				Error::<Test>::BadLeadIn
			);
		}
		assert_ok!(Market::lead_in(signed(ALICE), UID, u128::MAX, MAX_TERM));
		assert_eq!(listing(UID).price_at(now()), u128::MAX);
		assert_ok!(Market::edit(signed(ALICE), UID, 7, 1, 10));
		assert_eq!(listing(UID).price_at(now()), 7);
	});
}
