//! Minting a use right on a free resource, and taking it back.

use frame_support::{assert_noop, assert_ok};
use usufruct_primitives::traits::ResourceInspect;

use crate::{mock::*, Error, Event, NextUid, UseRightState};

#[test]
fn the_owner_mints_the_right_of_a_free_resource() {
	ExtBuilder::default().resource().build_and_execute(|| {
		assert_ok!(UseRights::mint(signed(ALICE), 0));
		assert_eq!(resource(0).bound, Some(0));
		let right = right(0);
		assert_eq!(
			(right.vid, right.holder, right.state),
			(0, ALICE, UseRightState::Minted)
		);
		assert_eq!(
			(UseRights::vid_of(0), UseRights::holder(0)),
			(Some(0), Some(ALICE))
		);
		assert!(!UseRights::is_in_force(0));
		assert_eq!(NextUid::<Test>::get(), 1);
		assert_eq!(events(), [Event::UseRightMinted { uid: 0, vid: 0 }]);
	});
}

#[test]
fn a_resource_has_one_right_at_a_time() {
	for state in [
		ExtBuilder::default().minted(),
		ExtBuilder::default().offered(),
		ExtBuilder::default().sold(10),
	] {
		state.build_and_execute(|| {
			assert_noop!(
				UseRights::mint(signed(ALICE), 0),
				Error::<Test>::ResourceBound
			);
		});
	}
}

#[test]
fn only_the_resource_s_owner_mints() {
	ExtBuilder::default().resource().build_and_execute(|| {
		for stranger in [BOB, CAROL] {
			assert_noop!(
				UseRights::mint(signed(stranger), 0),
				Error::<Test>::NotOwner
			);
		}
	});
}

#[test]
fn a_resource_that_is_not_there_has_no_right() {
	ExtBuilder::default().resource().build_and_execute(|| {
		assert_noop!(
			UseRights::mint(signed(ALICE), 1),
			Error::<Test>::UnknownResource
		);
	});
}

#[test]
fn identifiers_of_rights_run_out_without_wrapping() {
	ExtBuilder::default().resource().build_and_execute(|| {
		NextUid::<Test>::put(u64::MAX);
		assert_noop!(UseRights::mint(signed(ALICE), 0), Error::<Test>::Exhausted);
	});
}

#[test]
fn the_provider_takes_back_a_right_and_the_resource_is_free() {
	ExtBuilder::default().minted().build_and_execute(|| {
		assert_ok!(UseRights::burn(signed(ALICE), 0));
		assert_eq!(resource(0).bound, None);
		assert_eq!((UseRights::vid_of(0), UseRights::holder(0)), (None, None));
		assert_eq!(events(), [Event::UseRightBurned { uid: 0, vid: 0 }]);
		assert_noop!(
			UseRights::burn(signed(ALICE), 0),
			Error::<Test>::UnknownUseRight
		);
		// A new right has a new identifier: an old one never comes to mean something else.
		assert_eq!(mint(ALICE, 0), 1);
	});
}

#[test]
fn burning_keeps_the_resource_and_its_deposit() {
	ExtBuilder::default().minted().build_and_execute(|| {
		assert_ok!(UseRights::burn(signed(ALICE), 0));
		assert_eq!((held(&ALICE), users(0)), (DEPOSIT, 1));
	});
}

#[test]
fn a_right_for_sale_is_not_burned() {
	ExtBuilder::default().offered().build_and_execute(|| {
		assert_noop!(UseRights::burn(signed(ALICE), 0), Error::<Test>::Offered);
		assert_ok!(withdraw(0));
		assert_ok!(UseRights::burn(signed(ALICE), 0));
	});
}

#[test]
fn a_sold_right_is_not_burned_by_anyone_not_even_after_its_term() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		for block in [1, 9, 10, 11] {
			go_to(block);
			assert_noop!(UseRights::burn(signed(CAROL), 0), Error::<Test>::Sold);
			assert_noop!(UseRights::burn(signed(ALICE), 0), Error::<Test>::NotHolder);
		}
	});
}

#[test]
fn only_the_holder_burns() {
	ExtBuilder::default().minted().build_and_execute(|| {
		for stranger in [BOB, CAROL] {
			assert_noop!(
				UseRights::burn(signed(stranger), 0),
				Error::<Test>::NotHolder
			);
		}
	});
}
