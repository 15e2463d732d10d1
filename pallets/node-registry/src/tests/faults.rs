//! What broken promises cost, and how a node recovers.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;
use usufruct_primitives::{
	traits::{NodeInspect, NodeUsage, QualityInspect},
	Balance, BlockNumber,
};

use crate::{mock::*, Error, Event, NodeStatus, Qualities, Quality};

#[test]
fn a_fault_moves_a_part_of_the_bond_to_the_treasury() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		let issued = Balances::total_issuance();
		NodeRegistry::note_fault(0);
		assert_eq!(
			events(),
			[Event::FaultNoted {
				node: 0,
				slashed: 300
			}]
		);
		assert_eq!(
			(record(0).bond, record(0).faults, held(ALICE).0),
			(700, 1, 700)
		);
		assert_eq!((free(TREASURY), Balances::total_issuance()), (301, issued));
		assert!(NodeRegistry::is_online(0));
	});
}

#[test]
fn a_bond_below_the_minimum_suspends_the_node() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		go_to(4);
		NodeRegistry::note_fault(0);
		events();
		NodeRegistry::note_fault(0);
		assert_eq!(
			events(),
			[
				Event::FaultNoted {
					node: 0,
					slashed: 210
				},
				Event::NodeSuspended { node: 0 }
			]
		);
		assert_eq!(
			(record(0).bond, record(0).status),
			(490, NodeStatus::Suspended)
		);
		assert_eq!(NodeRegistry::available_blocks(0), 3);
		// Another fault costs, and suspends nothing twice.
		NodeRegistry::note_fault(0);
		assert_eq!(
			events(),
			[Event::FaultNoted {
				node: 0,
				slashed: 147
			}]
		);
	});
}

#[test]
fn a_bond_of_exactly_the_minimum_is_enough() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		NodeRegistry::note_fault(0);
		NodeRegistry::note_fault(0);
		let missing = MINIMUM_BOND - record(0).bond;
		assert_ok!(NodeRegistry::top_up_bond(signed(ALICE), 0, missing - 1));
		assert_noop!(
			NodeRegistry::force_reinstate(RuntimeOrigin::root(), 0),
			Error::<Test>::BondTooSmall
		);
		assert_ok!(NodeRegistry::top_up_bond(signed(ALICE), 0, 1));
		assert_ok!(NodeRegistry::force_reinstate(RuntimeOrigin::root(), 0));
	});
}

#[test]
fn topping_up_holds_the_amount() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		assert_ok!(NodeRegistry::top_up_bond(signed(ALICE), 0, 25));
		assert_eq!(
			events(),
			[Event::BondToppedUp {
				node: 0,
				bond: BOND + 25
			}]
		);
		assert_eq!((record(0).bond, held(ALICE).0), (BOND + 25, BOND + 25));
		assert_noop!(
			NodeRegistry::top_up_bond(signed(ALICE), 0, RICHES),
			TokenError::FundsUnavailable
		);
		assert_noop!(
			NodeRegistry::top_up_bond(signed(ALICE), 0, Balance::MAX),
			Error::<Test>::Exhausted
		);
	});
}

#[test]
fn a_fault_of_one_node_leaves_its_owners_other_nodes_alone() {
	ExtBuilder::default()
		.online(ALICE)
		.online(ALICE)
		.build_and_execute(|| {
			for _ in 0..50 {
				NodeRegistry::note_fault(0);
			}
			assert_eq!(
				(record(1).bond, record(1).status),
				(BOND, NodeStatus::Online)
			);
			assert!(
				record(0).bond < 4,
				"the rounding leaves a dust that no penalty reaches"
			);
		});
}

#[test]
fn what_the_treasury_cannot_receive_stays_in_the_bond() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		assert_ok!(Balances::force_set_balance(
			RuntimeOrigin::root(),
			TREASURY,
			0
		));
		ExistentialDeposit::set(301);
		NodeRegistry::note_fault(0);
		assert_eq!(
			events(),
			[Event::FaultNoted {
				node: 0,
				slashed: 0
			}]
		);
		assert_eq!(
			(record(0).bond, record(0).faults, held(ALICE).0),
			(BOND, 1, BOND)
		);
		assert_eq!(free(TREASURY), 0);
	});
}

#[test]
fn a_fault_of_an_unknown_node_is_ignored() {
	ExtBuilder::default().build_and_execute(|| {
		NodeRegistry::note_fault(3);
		assert_eq!(events(), []);
	});
}

#[test]
fn a_machine_that_keeps_what_it_promises_is_of_full_quality_and_nothing_is_stored_of_it() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		assert_eq!(NodeRegistry::quality_ppm(0), Quality::FULL);
		assert_eq!(Qualities::<Test>::iter().count(), 0);
	});
}

#[test]
fn each_fault_halves_the_quality_of_its_node_alone() {
	ExtBuilder::default()
		.online(ALICE)
		.online(ALICE)
		.build_and_execute(|| {
			for expected in [500_000, 250_000, 125_000] {
				NodeRegistry::note_fault(0);
				assert_eq!(NodeRegistry::quality_ppm(0), expected);
			}
			assert_eq!(NodeRegistry::quality_ppm(1), Quality::FULL);
		});
}

#[test]
fn quality_comes_back_evenly_and_never_above_all() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		NodeRegistry::note_fault(0);
		go_to(1 + RECOVERY / 4);
		assert_eq!(NodeRegistry::quality_ppm(0), 750_000);
		NodeRegistry::note_fault(0);
		assert_eq!(NodeRegistry::quality_ppm(0), 375_000, "half of what it had");
		go_to(1 + RECOVERY / 4 + RECOVERY);
		assert_eq!(NodeRegistry::quality_ppm(0), Quality::FULL);
		go_to(BlockNumber::MAX);
		assert_eq!(NodeRegistry::quality_ppm(0), Quality::FULL);
	});
}

#[test]
fn without_a_time_of_recovery_quality_is_back_at_once() {
	let broken = Quality { ppm: 0, since: 7 };
	assert_eq!(broken.at(7, 0), Quality::FULL);
	assert_eq!(broken.at(7, 1_000), 0);
	assert_eq!(broken.at(6, 1_000), 0, "time does not run backwards");
}

#[test]
fn the_quality_of_a_node_that_left_is_forgotten() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		NodeRegistry::note_fault(0);
		assert_ok!(NodeRegistry::retire(signed(ALICE), 0));
		go_to(1 + DELAY);
		assert_ok!(NodeRegistry::withdraw_bond(signed(ALICE), 0));
		assert_eq!(Qualities::<Test>::get(0), None);
	});
}
