//! A right in force goes from holder to holder.

use frame_support::{assert_noop, assert_ok};
use usufruct_primitives::{traits::ResourceInspect, AccountId};

use crate::{mock::*, Error, Event, UseRightState};

fn transfer(from: AccountId, to: AccountId) -> sp_runtime::DispatchResult {
	UseRights::transfer(signed(from), 0, to)
}

#[test]
fn the_holder_of_a_right_in_force_hands_it_on() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert_ok!(transfer(CAROL, BOB));
		assert_eq!(UseRights::holder(0), Some(BOB));
		assert_eq!(right(0).state, UseRightState::Sold { from: 1, until: 10 });
		assert_eq!(
			events(),
			[Event::UseRightTransferred {
				uid: 0,
				from: CAROL,
				to: BOB
			}]
		);
		assert_noop!(transfer(CAROL, CAROL), Error::<Test>::NotHolder);
		assert_ok!(transfer(BOB, CAROL));
	});
}

#[test]
fn a_right_goes_to_an_account_that_does_not_exist_without_costing_it() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert_ok!(transfer(CAROL, NOBODY));
		assert_eq!((free(&NOBODY), reserved(&NOBODY)), (0, 0));
	});
}

#[test]
fn a_transfer_takes_no_money_of_who_receives_the_right() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert_ok!(transfer(CAROL, BOB));
		assert_eq!((free(&BOB), reserved(&BOB)), (RICHES, 0));
		assert_eq!((free(&CAROL), reserved(&CAROL)), (RICHES, 0));
	});
}

#[test]
fn a_transfer_to_oneself_changes_nothing() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		let before = (right(0), free(&CAROL), reserved(&CAROL));
		assert_ok!(transfer(CAROL, CAROL));
		assert_eq!((right(0), free(&CAROL), reserved(&CAROL)), before);
	});
}

#[test]
fn the_provider_may_receive_its_own_sold_right_and_still_not_burn_it() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert_ok!(transfer(CAROL, ALICE));
		assert_noop!(UseRights::burn(signed(ALICE), 0), Error::<Test>::Sold);
		assert_noop!(offer(0, &ALICE), Error::<Test>::Sold);
	});
}

#[test]
fn a_right_whose_term_is_over_is_not_handed_on() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		go_to(10);
		assert_noop!(transfer(CAROL, BOB), Error::<Test>::NotInForce);
		go_to(9);
		assert_ok!(transfer(CAROL, BOB));
	});
}

#[test]
fn an_unsold_right_is_not_handed_on() {
	for state in [
		ExtBuilder::default().minted(),
		ExtBuilder::default().offered(),
	] {
		state.build_and_execute(|| {
			assert_noop!(transfer(ALICE, BOB), Error::<Test>::NotInForce);
		});
	}
}

#[test]
fn only_the_holder_hands_a_right_on() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		for stranger in [ALICE, BOB, LEDGER] {
			assert_noop!(transfer(stranger, BOB), Error::<Test>::NotHolder);
		}
	});
}

#[test]
fn a_right_that_is_not_there_is_not_handed_on() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert_noop!(
			UseRights::transfer(signed(CAROL), 1, BOB),
			Error::<Test>::UnknownUseRight
		);
	});
}
