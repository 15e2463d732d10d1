//! Leaving the network with one's bond.

use frame_support::{assert_noop, assert_ok};
use usufruct_primitives::traits::{NodeInspect, NodeUsage};

use crate::{mock::*, Error, Event, NodeOfMachine, NodeStatus, Nodes};

#[test]
fn a_node_retires_waits_and_leaves_with_its_bond() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		let machine = record(0).machine;
		go_to(6);
		assert_ok!(NodeRegistry::retire(signed(ALICE), 0));
		assert_eq!(record(0).status, NodeStatus::Retiring { since: 6 });
		assert_eq!(
			NodeRegistry::available_blocks(0),
			5,
			"what was counted stays"
		);
		assert!(!NodeRegistry::is_online(0));
		go_to(6 + DELAY);
		assert_ok!(NodeRegistry::withdraw_bond(signed(ALICE), 0));
		assert_eq!(
			events(),
			[
				Event::NodeRetiring { node: 0 },
				Event::NodeRetired {
					node: 0,
					returned: BOND
				}
			]
		);
		assert_eq!((held(ALICE), free(ALICE)), ((0, 0), RICHES));
		assert!(!Nodes::<Test>::contains_key(0) && !NodeOfMachine::<Test>::contains_key(machine));
		assert_noop!(
			NodeRegistry::withdraw_bond(signed(ALICE), 0),
			Error::<Test>::UnknownNode
		);
		// The machine may come back, under another identifier.
		assert_ok!(NodeRegistry::register(
			signed(BOB),
			machine,
			endpoint("b:1"),
			0
		));
		assert_eq!(NodeOfMachine::<Test>::get(machine), Some(1));
	});
}

#[test]
fn the_bond_is_free_in_the_last_block_of_the_delay_and_not_before() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		go_to(10);
		assert_ok!(NodeRegistry::retire(signed(ALICE), 0));
		for block in [10, 10 + DELAY - 1] {
			go_to(block);
			assert_noop!(
				NodeRegistry::withdraw_bond(signed(ALICE), 0),
				Error::<Test>::TooEarly
			);
		}
		go_to(10 + DELAY);
		assert_ok!(NodeRegistry::withdraw_bond(signed(ALICE), 0));
	});
}

#[test]
fn only_a_retiring_node_gives_its_bond_back() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		go_to(10_000);
		assert_noop!(
			NodeRegistry::withdraw_bond(signed(ALICE), 0),
			Error::<Test>::NotRetiring
		);
	});
}

#[test]
fn a_node_in_use_does_not_retire() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		assert_ok!(NodeRegistry::acquire(0));
		assert_ok!(NodeRegistry::acquire(0));
		assert_noop!(
			NodeRegistry::retire(signed(ALICE), 0),
			Error::<Test>::NodeInUse
		);
		NodeRegistry::release(0);
		assert_noop!(
			NodeRegistry::retire(signed(ALICE), 0),
			Error::<Test>::NodeInUse
		);
		NodeRegistry::release(0);
		assert_ok!(NodeRegistry::retire(signed(ALICE), 0));
	});
}

#[test]
fn a_retiring_node_neither_speaks_nor_retires_again_nor_is_used_or_suspended() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		assert_ok!(NodeRegistry::retire(signed(ALICE), 0));
		let retiring = Error::<Test>::Retiring;
		assert_noop!(NodeRegistry::heartbeat(signed(ALICE), 0), retiring);
		assert_noop!(
			NodeRegistry::go_offline(signed(ALICE), 0),
			Error::<Test>::Retiring
		);
		assert_noop!(
			NodeRegistry::retire(signed(ALICE), 0),
			Error::<Test>::Retiring
		);
		assert_noop!(
			NodeRegistry::top_up_bond(signed(ALICE), 0, 1),
			Error::<Test>::Retiring
		);
		assert_noop!(NodeRegistry::acquire(0), Error::<Test>::Retiring);
		assert_noop!(
			NodeRegistry::force_suspend(RuntimeOrigin::root(), 0),
			Error::<Test>::Retiring
		);
		assert_noop!(
			NodeRegistry::force_reinstate(RuntimeOrigin::root(), 0),
			Error::<Test>::NotSuspended
		);
	});
}

#[test]
fn hardware_leaves_before_the_bond_does() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		let hid = add_cpu(ALICE, 0);
		assert_ok!(NodeRegistry::retire(signed(ALICE), 0));
		go_to(1 + DELAY);
		assert_noop!(
			NodeRegistry::withdraw_bond(signed(ALICE), 0),
			Error::<Test>::NodeInUse
		);
		assert_ok!(NodeRegistry::remove_hardware(signed(ALICE), 0, hid));
		assert_ok!(NodeRegistry::withdraw_bond(signed(ALICE), 0));
		assert_eq!(free(ALICE), RICHES);
	});
}

#[test]
fn a_suspended_node_may_still_leave() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		assert_ok!(NodeRegistry::force_suspend(RuntimeOrigin::root(), 0));
		assert_ok!(NodeRegistry::retire(signed(ALICE), 0));
		go_to(1 + DELAY);
		assert_ok!(NodeRegistry::withdraw_bond(signed(ALICE), 0));
	});
}

#[test]
fn a_fault_noted_while_a_node_retires_still_costs() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		assert_ok!(NodeRegistry::retire(signed(ALICE), 0));
		for _ in 0..2 {
			NodeRegistry::note_fault(0);
		}
		assert!(
			matches!(record(0).status, NodeStatus::Retiring { .. }),
			"it keeps leaving"
		);
		go_to(1 + DELAY);
		assert_ok!(NodeRegistry::withdraw_bond(signed(ALICE), 0));
		assert_eq!(free(ALICE), RICHES - 510);
	});
}
