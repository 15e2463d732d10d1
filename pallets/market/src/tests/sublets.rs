//! A part of a term is let to another, who pays the one that lets it.

use frame_support::{assert_noop, assert_ok, storage::with_storage_layer};
use sp_runtime::{DispatchResult, TokenError};
use usufruct_primitives::{traits::Marketplace, Balance};

use crate::{mock::*, Error, Event, Sublets};

/// What Carol asks per block.
const RENT: Balance = 150;

fn sublet(who: u64, until: u32) -> DispatchResult {
	with_storage_layer(|| Market::sublet(signed(who), UID, RENT, until))
}

fn take(who: u64) -> DispatchResult {
	with_storage_layer(|| Market::take_sublet(signed(who), UID, RENT))
}

fn end(who: u64) -> DispatchResult {
	with_storage_layer(|| Market::end_sublet(signed(who), UID))
}

/// Carol's from block 1 to 101, let from 11 to 31 to Bob.
fn taken(test: impl FnOnce()) {
	ExtBuilder::default().sold(100).build_and_execute(|| {
		sublet(CAROL, 31).expect("it is Carol's");
		pass(10);
		take(BOB).expect("it is offered");
		System::reset_events();
		test();
	});
}

#[test]
fn the_subtenant_holds_the_right_and_pays_the_landlord_by_the_block() {
	taken(|| {
		assert_eq!(Rights::get()[&UID].holder, BOB);
		assert_eq!(RICHES - free(BOB), 20 * RENT);
		pass(20);
		let carols = free(CAROL);
		assert_ok!(end(ALICE));
		// 2 % of 3,000 is the fee.
		assert_eq!(free(CAROL) - carols, 20 * RENT - 60 + DEPOSIT);
		assert_eq!((fees(), held(CAROL)), (60, 0));
		assert_eq!(Rights::get()[&UID].holder, CAROL);
		assert_eq!(
			events(),
			[
				Event::SubletAccrued {
					uid: UID,
					to: CAROL,
					blocks: 20,
					amount: 20 * RENT,
					fee: 60
				},
				Event::SubletEnded {
					uid: UID,
					to: BOB,
					refund: 0
				}
			]
		);
		assert_noop!(end(BOB), Error::<Test>::NotSublet);
	});
}

#[test]
fn the_term_itself_is_the_landlords_to_pay_and_to_be_rewarded_for() {
	taken(|| {
		pass(10);
		assert_ok!(Market::accrue(signed(POOR), UID));
		// The whole term up to now, and what Bob owes Carol.
		assert_eq!(fees() + income() - 30, 20 * PRICE);
		assert_eq!(escrow(), 80 * PRICE + 10 * RENT);
		let tenants: Vec<_> = Incomes::get()
			.iter()
			.map(|(_, tenant, _)| *tenant)
			.collect();
		assert_eq!(tenants, [CAROL]);
	});
}

#[test]
fn blocks_in_which_the_machine_is_away_cost_the_subtenant_nothing() {
	taken(|| {
		pass(5);
		set_online(node_of(UID), false);
		pass(5);
		set_online(node_of(UID), true);
		pass(10);
		assert_ok!(end(BOB));
		assert_eq!(RICHES - free(BOB), 15 * RENT);
	});
}

#[test]
fn a_subtenant_leaves_when_it_likes_and_others_when_it_is_over() {
	taken(|| {
		pass(19);
		for other in [ALICE, CAROL, POOR] {
			assert_noop!(end(other), Error::<Test>::TooEarly);
		}
		pass(1);
		assert_ok!(end(POOR));
	});
	taken(|| {
		pass(1);
		assert_ok!(end(BOB));
		assert_eq!(RICHES - free(BOB), RENT);
	});
}

#[test]
fn a_subtenant_neither_ends_nor_renews_nor_sublets_what_is_the_landlords() {
	taken(|| {
		assert_noop!(Market::cancel(signed(BOB), UID), Error::<Test>::Sublet);
		assert_noop!(Market::cancel(signed(CAROL), UID), Error::<Test>::NotHolder);
		let renew = |who| with_storage_layer(|| Market::renew(signed(who), UID, 1));
		assert_noop!(renew(BOB), Error::<Test>::NotHolder);
		assert_ok!(renew(CAROL));
		for who in [BOB, CAROL] {
			assert_noop!(sublet(who, 20), Error::<Test>::Sublet);
		}
		assert_noop!(
			Market::withdraw_sublet(signed(CAROL), UID),
			Error::<Test>::Sublet
		);
		assert!(Market::is_let(UID));
		assert_ok!(end(BOB));
		assert!(!Market::is_let(UID));
	});
}

#[test]
fn the_end_of_the_term_ends_what_is_sublet_and_gives_each_their_own_back() {
	taken(|| {
		pass(5);
		let (bobs, carols) = (free(BOB), free(CAROL));
		// As when the machine fails.
		assert_ok!(with_storage_layer(|| <Market as Marketplace<u64>>::close(
			UID
		)));
		assert_eq!(free(BOB) - bobs, 15 * RENT);
		let fee = 5 * RENT / 50;
		assert_eq!(free(CAROL) - carols, 85 * PRICE + 5 * RENT - fee + DEPOSIT);
		assert_eq!((escrow(), Sublets::<Test>::iter().count()), (0, 0));
	});
}

#[test]
fn an_offer_ends_with_the_term_and_its_deposit_returns() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert_ok!(sublet(CAROL, 11));
		assert_eq!(held(CAROL), DEPOSIT);
		assert_ok!(Market::cancel(signed(CAROL), UID));
		assert_eq!((held(CAROL), free(CAROL)), (0, RICHES));
	});
}

#[test]
fn a_right_that_a_subtenant_handed_on_returns_from_whoever_has_it() {
	taken(|| {
		hand_on(UID, NOBODY);
		pass(20);
		assert_ok!(end(ALICE));
		assert_eq!(Rights::get()[&UID].holder, CAROL);
	});
}

#[test]
fn what_returns_to_an_account_that_is_not_there_goes_to_the_landlord() {
	taken(|| {
		hand_on(UID, NOBODY);
		set_online(node_of(UID), false);
		pass(1);
		Sublets::<Test>::mutate(UID, |sublet| {
			let meter = sublet.as_mut().and_then(|sublet| sublet.taken.as_mut());
			// Of all that Bob paid, less than an account can begin with is left.
			let meter = meter.expect("it is taken");
			meter.escrow = ED - 1;
			meter.accrued_at = meter.end;
		});
		let carols = free(CAROL);
		assert_ok!(end(NOBODY));
		assert_eq!(free(CAROL) - carols, DEPOSIT + ED - 1);
	});
}

#[test]
fn only_the_holder_sublets_and_within_its_term() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		for stranger in [ALICE, BOB, TREASURY] {
			assert_noop!(sublet(stranger, 5), Error::<Test>::NotHolder);
		}
		for until in [0, 1, 12] {
			assert_noop!(sublet(CAROL, until), Error::<Test>::BadTerms);
		}
		let free_of_charge = with_storage_layer(|| Market::sublet(signed(CAROL), UID, 0, 5));
		assert_eq!(free_of_charge, Err(Error::<Test>::ZeroPrice.into()));
		assert_ok!(sublet(CAROL, 11));
	});
	ExtBuilder::default().listed().build_and_execute(|| {
		assert_noop!(sublet(ALICE, 5), Error::<Test>::NotSold);
	});
}

#[test]
fn an_offer_is_changed_and_withdrawn_by_who_made_it() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		let withdraw = |who| Market::withdraw_sublet(signed(who), UID);
		assert_noop!(withdraw(CAROL), Error::<Test>::NotSublet);
		assert_ok!(sublet(CAROL, 5));
		assert_ok!(sublet(CAROL, 8));
		assert_eq!(held(CAROL), DEPOSIT);
		for stranger in [ALICE, BOB] {
			assert_noop!(withdraw(stranger), Error::<Test>::NotHolder);
		}
		assert_ok!(withdraw(CAROL));
		assert_eq!(held(CAROL), 0);
		assert_noop!(take(BOB), Error::<Test>::NotSublet);
	});
}

#[test]
fn who_handed_the_right_on_has_nothing_to_let_any_more() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert_ok!(sublet(CAROL, 5));
		hand_on(UID, BOB);
		assert_noop!(take(ALICE), Error::<Test>::NotHolder);
		// The new holder's offer takes the place of the old, whose deposit returns.
		assert_ok!(sublet(BOB, 5));
		assert_eq!((held(CAROL), held(BOB)), (0, DEPOSIT));
		assert_ok!(take(CAROL));
	});
}

#[test]
fn an_offer_is_taken_once_by_another_in_time_for_its_price_from_a_machine_that_is_there() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert_noop!(take(BOB), Error::<Test>::NotSublet);
		assert_ok!(sublet(CAROL, 6));
		assert_noop!(take(CAROL), Error::<Test>::OwnListing);
		assert_noop!(take(POOR), TokenError::FundsUnavailable);
		let cheaper = with_storage_layer(|| Market::take_sublet(signed(BOB), UID, RENT - 1));
		assert_eq!(cheaper, Err(Error::<Test>::PriceTooHigh.into()));
		set_online(node_of(UID), false);
		assert_noop!(take(BOB), Error::<Test>::NodeOffline);
		set_online(node_of(UID), true);
		pass(5);
		assert_noop!(take(BOB), Error::<Test>::TermOutOfBounds);
	});
	taken(|| {
		assert_noop!(take(ALICE), Error::<Test>::Sublet);
	});
}
