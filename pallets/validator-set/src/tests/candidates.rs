//! Joining with a bond, being admitted, leaving, taking the bond back.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;
use usufruct_primitives::Balance;

use crate::{mock::*, Candidates, Error, Event};

#[test]
fn joining_holds_the_bond_and_waits_for_the_dao() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(ValidatorSet::join(signed(EVE), BOND + 5));
		let eve = candidate(EVE);
		assert_eq!(
			(eve.bond, eve.admitted, eve.left_at),
			(BOND + 5, false, None)
		);
		assert_eq!(
			(held(EVE), free(EVE)),
			(BOND + 5, RICHES - BOND - 5 - KEY_DEPOSIT)
		);
		assert_eq!(
			events(),
			[Event::Joined {
				who: EVE,
				bond: BOND + 5
			}]
		);
		two_sessions_later();
		assert_eq!(active(), GENESIS);
	});
}

#[test]
fn joining_needs_session_keys() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			ValidatorSet::join(signed(KEYLESS), BOND),
			Error::<Test>::NoKeys
		);
		set_keys(KEYLESS);
		assert_ok!(ValidatorSet::join(signed(KEYLESS), BOND));
	});
}

#[test]
fn joining_needs_the_minimum_bond_exactly() {
	ExtBuilder::default().build_and_execute(|| {
		for bond in [0, BOND - 1] {
			assert_noop!(
				ValidatorSet::join(signed(EVE), bond),
				Error::<Test>::BondTooSmall
			);
		}
		assert_noop!(
			ValidatorSet::join(signed(EVE), RICHES),
			TokenError::FundsUnavailable
		);
		assert_ok!(ValidatorSet::join(signed(EVE), BOND));
	});
}

#[test]
fn nobody_joins_twice() {
	ExtBuilder::default()
		.joined(EVE, BOND)
		.build_and_execute(|| {
			for who in [EVE, GENESIS[0]] {
				assert_noop!(
					ValidatorSet::join(signed(who), BOND),
					Error::<Test>::AlreadyCandidate
				);
			}
			assert_ok!(ValidatorSet::leave(signed(EVE)));
			assert_noop!(
				ValidatorSet::join(signed(EVE), BOND),
				Error::<Test>::AlreadyCandidate
			);
		});
}

#[test]
fn candidates_are_limited_and_those_who_left_count_until_they_withdraw() {
	ExtBuilder::default()
		.joined(EVE, BOND)
		.joined(FRED, BOND)
		.build_and_execute(|| {
			set_keys(KEYLESS);
			let full = Error::<Test>::TooManyCandidates;
			assert_noop!(ValidatorSet::join(signed(KEYLESS), BOND), full);
			assert_ok!(ValidatorSet::leave(signed(EVE)));
			go_to(1 + u64::from(DELAY));
			assert_noop!(
				ValidatorSet::join(signed(KEYLESS), BOND),
				Error::<Test>::TooManyCandidates
			);
			assert_ok!(ValidatorSet::withdraw(signed(EVE)));
			assert_ok!(ValidatorSet::join(signed(KEYLESS), BOND));
		});
}

#[test]
fn a_bond_grows() {
	ExtBuilder::default()
		.joined(EVE, BOND)
		.build_and_execute(|| {
			assert_ok!(ValidatorSet::bond_more(signed(EVE), 7));
			assert_eq!(
				events(),
				[Event::BondChanged {
					who: EVE,
					bond: BOND + 7
				}]
			);
			assert_eq!((candidate(EVE).bond, held(EVE)), (BOND + 7, BOND + 7));
			assert_noop!(
				ValidatorSet::bond_more(signed(EVE), RICHES),
				TokenError::FundsUnavailable
			);
			assert_noop!(
				ValidatorSet::bond_more(signed(EVE), Balance::MAX),
				Error::<Test>::Overflow
			);
			assert_noop!(
				ValidatorSet::bond_more(signed(FRED), 1),
				Error::<Test>::NotCandidate
			);
			assert_ok!(ValidatorSet::leave(signed(EVE)));
			assert_noop!(
				ValidatorSet::bond_more(signed(EVE), 1),
				Error::<Test>::AlreadyLeft
			);
		});
}

#[test]
fn a_validator_of_genesis_may_bond_later() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!((candidate(1).bond, held(1)), (0, 0));
		assert_ok!(ValidatorSet::bond_more(signed(1), BOND));
		assert_eq!((candidate(1).bond, held(1)), (BOND, BOND));
	});
}

#[test]
fn the_dao_admits_a_candidate_once() {
	ExtBuilder::default()
		.joined(EVE, BOND)
		.build_and_execute(|| {
			let admit = |who| ValidatorSet::force_add(RuntimeOrigin::root(), who);
			assert_noop!(admit(FRED), Error::<Test>::NotCandidate);
			assert_ok!(admit(EVE));
			assert_eq!(events(), [Event::Admitted { who: EVE }]);
			assert_noop!(admit(EVE), Error::<Test>::AlreadyAdmitted);
			assert_noop!(admit(GENESIS[0]), Error::<Test>::AlreadyAdmitted);
			assert_ok!(ValidatorSet::leave(signed(EVE)));
			assert_noop!(admit(EVE), Error::<Test>::AlreadyLeft);
		});
}

#[test]
fn the_bond_is_free_in_the_last_block_of_the_delay_and_not_before() {
	ExtBuilder::default()
		.joined(EVE, BOND)
		.build_and_execute(|| {
			go_to(10);
			assert_noop!(ValidatorSet::withdraw(signed(EVE)), Error::<Test>::NotLeft);
			assert_ok!(ValidatorSet::leave(signed(EVE)));
			assert_eq!(candidate(EVE).left_at, Some(10));
			for block in [10, 10 + u64::from(DELAY) - 1] {
				go_to(block);
				assert_noop!(ValidatorSet::withdraw(signed(EVE)), Error::<Test>::TooEarly);
			}
			go_to(10 + u64::from(DELAY));
			events();
			assert_ok!(ValidatorSet::withdraw(signed(EVE)));
			assert_eq!(
				events(),
				[Event::Withdrawn {
					who: EVE,
					bond: BOND
				}]
			);
			assert_eq!((held(EVE), free(EVE)), (0, RICHES - KEY_DEPOSIT));
			assert!(!Candidates::<Test>::contains_key(EVE));
			assert_noop!(
				ValidatorSet::withdraw(signed(EVE)),
				Error::<Test>::NotCandidate
			);
		});
}

#[test]
fn nobody_leaves_twice() {
	ExtBuilder::default()
		.joined(EVE, BOND)
		.build_and_execute(|| {
			assert_ok!(ValidatorSet::leave(signed(EVE)));
			assert_eq!(events(), [Event::Leaving { who: EVE }]);
			go_to(20);
			assert_noop!(ValidatorSet::leave(signed(EVE)), Error::<Test>::AlreadyLeft);
			assert_noop!(
				ValidatorSet::force_remove(RuntimeOrigin::root(), EVE),
				Error::<Test>::AlreadyLeft
			);
			assert_eq!(
				candidate(EVE).left_at,
				Some(1),
				"the delay does not begin again"
			);
		});
}

#[test]
fn who_withdrew_may_join_again() {
	ExtBuilder::default()
		.joined(EVE, BOND)
		.build_and_execute(|| {
			assert_ok!(ValidatorSet::leave(signed(EVE)));
			go_to(1 + u64::from(DELAY));
			assert_ok!(ValidatorSet::withdraw(signed(EVE)));
			assert_ok!(ValidatorSet::join(signed(EVE), BOND));
			assert!(!candidate(EVE).admitted);
		});
}
