//! What an offence costs, reported through pallet-offences.

use frame_support::assert_ok;
use sp_staking::offence::OffenceError;

use crate::{mock::*, Event};

fn bond_all() {
	for who in GENESIS {
		assert_ok!(ValidatorSet::bond_more(signed(who), BOND));
	}
	events();
}

#[test]
fn an_offence_moves_its_part_of_the_bond_to_the_treasury() {
	ExtBuilder::default().build_and_execute(|| {
		bond_all();
		let issued = Balances::total_issuance();
		assert_ok!(report(&[2], 0, 1, 10));
		assert_eq!(
			events(),
			[Event::Slashed {
				who: 2,
				amount: 100
			}]
		);
		assert_eq!((candidate(2).bond, held(2)), (900, 900));
		assert_eq!((free(TREASURY), Balances::total_issuance()), (101, issued));
		assert_eq!(held(1), BOND);
	});
}

#[test]
fn an_offence_reported_again_costs_nothing_more() {
	ExtBuilder::default().build_and_execute(|| {
		bond_all();
		assert_ok!(report(&[2], 0, 1, 10));
		assert_eq!(report(&[2], 0, 1, 10), Err(OffenceError::DuplicateReport));
		assert_eq!(held(2), 900);
	});
}

/// pallet-offences hands over all who offended in the slot each time one more is found.
#[test]
fn a_report_of_another_offender_charges_the_first_only_the_difference() {
	ExtBuilder::default().build_and_execute(|| {
		bond_all();
		assert_ok!(report(&[2], 0, 1, 10));
		assert_ok!(report(&[3], 0, 1, 10));
		// Two together: a fifth of the bond each.
		assert_eq!((held(2), held(3)), (800, 800));
		assert_eq!(
			events(),
			[
				Event::Slashed {
					who: 2,
					amount: 100
				},
				Event::Slashed {
					who: 2,
					amount: 100
				},
				Event::Slashed {
					who: 3,
					amount: 200
				},
			]
		);
	});
}

#[test]
fn within_a_session_the_worst_offence_counts() {
	ExtBuilder::default().build_and_execute(|| {
		bond_all();
		assert_ok!(report(&[2], 0, 1, 30));
		assert_ok!(report(&[2], 0, 2, 10));
		assert_eq!(held(2), 700);
		assert_ok!(report(&[2], 0, 3, 50));
		assert_eq!(held(2), 500);
	});
}

#[test]
fn offences_of_different_sessions_add_up_in_whichever_order_they_are_reported() {
	ExtBuilder::default().build_and_execute(|| {
		bond_all();
		assert_ok!(report(&[2], 1, 11, 50));
		assert_ok!(report(&[2], 0, 1, 50));
		assert_eq!(held(2), 250);
		assert_ok!(report(&[2], 1, 12, 50));
		assert_eq!(held(2), 250);
	});
}

#[test]
fn an_offence_takes_at_most_the_bond() {
	ExtBuilder::default().build_and_execute(|| {
		bond_all();
		assert_ok!(report(&[2], 0, 1, 100));
		assert_ok!(report(&[2], 1, 11, 100));
		assert_eq!(
			(candidate(2).bond, held(2), free(TREASURY)),
			(0, 0, 1 + BOND)
		);
	});
}

#[test]
fn more_offences_than_are_remembered_stay_bounded() {
	ExtBuilder::default().build_and_execute(|| {
		bond_all();
		for session in 0..20 {
			assert_ok!(report(&[2], session, session.into(), 1));
			assert!(candidate(2).punishments.len() <= crate::MAX_PUNISHMENTS as usize);
		}
	});
}

#[test]
fn an_offender_is_disabled_until_the_set_changes() {
	ExtBuilder::default().build_and_execute(|| {
		bond_all();
		go_to(2 * SESSION);
		assert_ok!(report(&[2], 2, 1, 10));
		assert_eq!(disabled(), [2]);
		go_to(3 * SESSION - 1);
		assert_eq!(disabled(), [2]);
		go_to(3 * SESSION);
		assert_eq!(disabled(), [] as [u64; 0]);
	});
}

#[test]
fn a_third_of_the_set_is_disabled_at_most() {
	ExtBuilder::default().build_and_execute(|| {
		bond_all();
		assert_ok!(report(&[1, 2, 3], 0, 1, 10));
		assert_eq!(disabled().len(), 1);
		assert_eq!((held(1), held(2), held(3)), (700, 700, 700));
	});
}

#[test]
fn a_validator_of_genesis_without_a_bond_is_disabled_all_the_same() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(report(&[2], 0, 1, 100));
		assert_eq!(events(), []);
		assert_eq!(disabled(), [2]);
	});
}

#[test]
fn a_bond_is_slashed_while_its_owner_leaves() {
	ExtBuilder::default().build_and_execute(|| {
		bond_all();
		assert_ok!(ValidatorSet::leave(signed(2)));
		go_to(u64::from(DELAY));
		assert_ok!(report(&[2], 0, 1, 40));
		go_to(1 + u64::from(DELAY));
		assert_ok!(ValidatorSet::withdraw(signed(2)));
		assert_eq!(free(2), RICHES - 400);
	});
}

#[test]
fn an_offence_of_somebody_who_withdrew_costs_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		bond_all();
		assert_ok!(ValidatorSet::leave(signed(2)));
		go_to(1 + u64::from(DELAY));
		assert_ok!(ValidatorSet::withdraw(signed(2)));
		events();
		assert_ok!(report(&[2], 0, 1, 100));
		assert_eq!((events(), free(2)), (vec![], RICHES));
	});
}

#[test]
fn the_deposit_for_session_keys_is_not_slashed() {
	ExtBuilder::default()
		.joined(EVE, BOND)
		.build_and_execute(|| {
			assert_ok!(report(&[EVE], 0, 1, 100));
			assert_eq!(held(EVE), 0);
			assert_ok!(Session::purge_keys(signed(EVE)));
			assert_eq!(free(EVE), RICHES - BOND);
		});
}

/// Known: the DAO, not the bond, decides who stays. An offender keeps its seat, bonded or not, until
/// it is removed.
#[test]
fn an_offender_stays_admitted_until_the_dao_removes_it() {
	ExtBuilder::default().build_and_execute(|| {
		bond_all();
		assert_ok!(report(&[2], 0, 1, 100));
		two_sessions_later();
		assert_eq!(active(), GENESIS);
		assert_ok!(ValidatorSet::force_remove(RuntimeOrigin::root(), 2));
		two_sessions_later();
		assert_eq!(active(), [1, 3, 4]);
	});
}
