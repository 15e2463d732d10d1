//! What the market does with rights: offered, taken back, sold, ended.

use frame_support::{assert_noop, assert_ok};
use usufruct_primitives::traits::{ResourceInspect, UseRightSale};

use crate::{mock::*, Error, Event, UseRightState};

#[test]
fn the_provider_s_right_is_offered_and_taken_back() {
	ExtBuilder::default().minted().build_and_execute(|| {
		assert_ok!(offer(0, &ALICE));
		assert_eq!(right(0).state, UseRightState::Offered);
		assert_eq!(right(0).holder, ALICE);
		assert_ok!(withdraw(0));
		assert_eq!(right(0).state, UseRightState::Minted);
		assert_ok!(offer(0, &ALICE));
	});
}

#[test]
fn a_right_is_offered_once() {
	ExtBuilder::default().offered().build_and_execute(|| {
		assert_noop!(offer(0, &ALICE), Error::<Test>::Offered);
	});
}

#[test]
fn only_the_holder_s_right_is_offered() {
	ExtBuilder::default().minted().build_and_execute(|| {
		assert_noop!(offer(0, &BOB), Error::<Test>::NotHolder);
	});
}

#[test]
fn a_sold_right_is_not_offered_again_by_anyone() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		for block in [9, 10] {
			go_to(block);
			assert_noop!(offer(0, &CAROL), Error::<Test>::Sold);
			assert_noop!(offer(0, &ALICE), Error::<Test>::NotHolder);
		}
	});
}

#[test]
fn the_buyer_holds_a_sold_right_for_its_term() {
	ExtBuilder::default().offered().build_and_execute(|| {
		assert_ok!(sell(0, &CAROL, 10));
		assert_eq!(right(0).state, UseRightState::Sold { from: 1, until: 10 });
		assert_eq!(UseRights::holder(0), Some(CAROL));
		assert_eq!(
			events(),
			[Event::UseRightSold {
				uid: 0,
				buyer: CAROL,
				from: 1,
				until: 10
			}]
		);
		// The resource stays the provider's, bound to the right.
		assert_eq!((resource(0).owner, resource(0).bound), (ALICE, Some(0)));
	});
}

#[test]
fn a_right_is_in_force_up_to_the_block_before_its_end() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		for (block, in_force) in [(1, true), (9, true), (10, false), (11, false)] {
			go_to(block);
			assert_eq!(UseRights::is_in_force(0), in_force, "block {block}");
		}
	});
}

#[test]
fn a_right_sold_ahead_is_in_force_from_its_begin_on_and_handed_on_before() {
	ExtBuilder::default().offered().build_and_execute(|| {
		assert_ok!(sell_from(0, &CAROL, 5, 10));
		for (block, in_force) in [(1, false), (4, false), (5, true), (9, true), (10, false)] {
			go_to(block);
			assert_eq!(UseRights::is_in_force(0), in_force, "block {block}");
		}
		go_to(4);
		assert_ok!(UseRights::transfer(signed(CAROL), 0, BOB));
		assert_ok!(UseRights::extend(0, 20));
		let sold = UseRightState::Sold { from: 5, until: 20 };
		assert_eq!(right(0).state, sold);
	});
}

#[test]
fn the_market_hands_a_sold_right_over_whoever_holds_it_and_no_other() {
	ExtBuilder::default().offered().build_and_execute(|| {
		assert_noop!(UseRights::hand_over(0, &BOB), Error::<Test>::NotInForce);
		assert_ok!(sell(0, &CAROL, 10));
		assert_ok!(UseRights::hand_over(0, &BOB));
		// Over, but not yet ended.
		go_to(10);
		assert_ok!(UseRights::hand_over(0, &CAROL));
		assert_eq!(UseRights::holder(0), Some(CAROL));
		assert_noop!(
			UseRights::hand_over(1, &BOB),
			Error::<Test>::UnknownUseRight
		);
	});
}

#[test]
fn a_right_sold_for_no_time_is_never_in_force_and_can_be_ended() {
	ExtBuilder::default().sold(1).build_and_execute(|| {
		assert!(!UseRights::is_in_force(0));
		assert_ok!(end(0));
	});
}

#[test]
fn only_an_offered_right_is_taken_back_or_sold() {
	for state in [
		ExtBuilder::default().minted(),
		ExtBuilder::default().sold(10),
	] {
		state.build_and_execute(|| {
			assert_noop!(withdraw(0), Error::<Test>::NotOffered);
			assert_noop!(sell(0, &BOB, 20), Error::<Test>::NotOffered);
		});
	}
}

#[test]
fn the_end_frees_the_resource_before_or_after_the_term() {
	for block in [1, 10, 100] {
		ExtBuilder::default().sold(10).build_and_execute(|| {
			go_to(block);
			assert_ok!(end(0));
			assert_eq!(resource(0).bound, None);
			assert_eq!(
				(UseRights::vid_of(0), UseRights::is_in_force(0)),
				(None, false)
			);
			assert_eq!(events(), [Event::UseRightEnded { uid: 0, vid: 0 }]);
			assert_noop!(end(0), Error::<Test>::UnknownUseRight);
			assert_eq!(mint(ALICE, 0), 1);
		});
	}
}

#[test]
fn what_was_not_sold_does_not_end() {
	for state in [
		ExtBuilder::default().minted(),
		ExtBuilder::default().offered(),
	] {
		state.build_and_execute(|| {
			assert_noop!(end(0), Error::<Test>::NotInForce);
		});
	}
}

#[test]
fn a_right_that_is_not_there_is_not_for_sale() {
	ExtBuilder::default().minted().build_and_execute(|| {
		assert_noop!(offer(1, &ALICE), Error::<Test>::UnknownUseRight);
		assert_noop!(withdraw(1), Error::<Test>::UnknownUseRight);
		assert_noop!(sell(1, &CAROL, 10), Error::<Test>::UnknownUseRight);
		assert_noop!(end(1), Error::<Test>::UnknownUseRight);
		assert!(!UseRights::is_in_force(1));
		assert_eq!((UseRights::vid_of(1), UseRights::holder(1)), (None, None));
		assert_eq!(UseRights::resource(1), None);
	});
}
