//! Each invariant sees the state that breaks it.

use sp_core::H256;
use usufruct_primitives::{deposit, BlockNumber, NodeId};

use crate::{mock::*, Hardware, NextHid, NextNodeId, NodeOfMachine, Nodes, Qualities, Quality};

/// Breaks a good state of one node with one HID and expects the complaint.
fn caught(complaint: &'static str, harm: impl FnOnce()) {
	ExtBuilder::default()
		.online(ALICE)
		.build()
		.execute_with(|| {
			add_cpu(ALICE, 0);
			NodeRegistry::do_try_state().expect("the state was good");
			harm();
			assert_eq!(NodeRegistry::do_try_state(), Err(complaint.into()));
		});
}

fn change(harm: impl FnOnce(&mut crate::NodeRecord<u64>)) {
	Nodes::<Test>::mutate(0, |node| harm(node.as_mut().expect("registered")));
}

#[test]
fn a_node_with_an_identifier_not_given_out_is_seen() {
	caught("a node has an identifier not given out", || {
		NextNodeId::<Test>::put(0);
	});
}

#[test]
fn hardware_with_an_identifier_not_given_out_is_seen() {
	caught("hardware has an identifier not given out", || {
		NextHid::<Test>::put(0);
	});
}

#[test]
fn a_machine_that_points_elsewhere_is_seen() {
	caught("a machine points elsewhere", || {
		NodeOfMachine::<Test>::insert(record(0).machine, 5);
	});
}

#[test]
fn a_machine_without_a_node_is_seen() {
	caught("a machine without a node", || {
		NodeOfMachine::<Test>::insert(H256([8; 32]), 5);
	});
}

#[test]
fn a_device_without_a_hid_is_seen() {
	caught("a device without a HID", || {
		crate::HidOfDevice::<Test>::insert(H256([8; 32]), 5);
	});
}

#[test]
fn a_wrong_count_of_hardware_is_seen() {
	caught("a hardware count is wrong", || {
		change(|node| node.hardware = 2);
	});
}

#[test]
fn hardware_of_a_node_that_is_gone_is_seen() {
	caught("hardware of a node that is gone", || {
		NodeOfMachine::<Test>::remove(record(0).machine);
		Nodes::<Test>::remove(0);
	});
}

#[test]
fn a_bond_that_is_not_held_is_seen() {
	caught("held bonds differ from recorded ones", || {
		change(|node| node.bond += 1);
	});
}

#[test]
fn a_deposit_that_is_not_held_is_seen() {
	caught("held deposits differ from recorded ones", || {
		Hardware::<Test>::mutate(0, |hardware| {
			hardware.as_mut().expect("added").deposit =
				deposit::ticket(DEPOSIT + 1).expect("tickets are amounts");
		});
	});
}

#[test]
fn more_available_blocks_than_passed_are_seen() {
	caught("more available blocks than passed", || {
		change(|node| node.available = 1);
	});
}

#[test]
fn a_quality_of_a_node_that_is_gone_is_seen() {
	caught("a quality of a node that is gone", || quality(5, 1, 1));
}

#[test]
fn a_quality_of_a_node_that_broke_no_promise_is_seen() {
	caught("a quality of a node that broke no promise", || {
		quality(0, 1, 1);
	});
}

#[test]
fn a_quality_above_what_a_fault_leaves_is_seen() {
	change_and_catch("a quality above what a fault leaves", 500_001, 1);
}

#[test]
fn a_quality_of_the_future_is_seen() {
	change_and_catch("a quality of the future", 500_000, 2);
}

fn change_and_catch(complaint: &'static str, ppm: u32, since: BlockNumber) {
	caught(complaint, || {
		change(|node| node.faults = 1);
		quality(0, ppm, since);
	});
}

fn quality(node: NodeId, ppm: u32, since: BlockNumber) {
	Qualities::<Test>::insert(node, Quality { ppm, since });
}
