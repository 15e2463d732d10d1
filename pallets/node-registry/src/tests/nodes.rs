//! Registering a machine and saying where it is.

use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::TokenError;

use crate::{mock::*, Endpoint, Error, Event, NextNodeId, NodeOfMachine, NodeStatus, Nodes};

const MACHINE: H256 = H256([1; 32]);

#[test]
fn registering_holds_the_bond_and_records_the_machine() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(NodeRegistry::register(
			signed(ALICE),
			MACHINE,
			endpoint("a:1"),
			276
		));
		let node = record(0);
		assert_eq!(
			(node.owner, node.machine, node.region),
			(ALICE, MACHINE, 276)
		);
		assert_eq!(
			(node.registered_at, node.available, node.bond),
			(1, 0, BOND)
		);
		assert_eq!((node.hardware, node.users, node.faults), (0, 0, 0));
		assert_eq!(NodeOfMachine::<Test>::get(MACHINE), Some(0));
		assert_eq!((held(ALICE), free(ALICE)), ((BOND, 0), RICHES - BOND));
		assert_eq!(
			events(),
			[Event::NodeRegistered {
				node: 0,
				owner: ALICE
			}]
		);
	});
}

#[test]
fn a_machine_is_registered_once() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(NodeRegistry::register(
			signed(ALICE),
			MACHINE,
			endpoint("a:1"),
			0
		));
		for owner in [ALICE, BOB] {
			assert_noop!(
				NodeRegistry::register(signed(owner), MACHINE, endpoint("b:1"), 0),
				Error::<Test>::MachineTaken
			);
		}
	});
}

#[test]
fn one_owner_may_have_several_machines() {
	ExtBuilder::default()
		.node(ALICE)
		.node(ALICE)
		.build_and_execute(|| {
			assert_eq!(NextNodeId::<Test>::get(), 2);
			assert_eq!(held(ALICE), (2 * BOND, 0));
		});
}

#[test]
fn registering_needs_the_bond() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			NodeRegistry::register(signed(POOR), MACHINE, endpoint("a:1"), 0),
			TokenError::FundsUnavailable
		);
	});
}

#[test]
fn identifiers_run_out_without_wrapping() {
	ExtBuilder::default().build_and_execute(|| {
		NextNodeId::<Test>::put(u32::MAX);
		assert_noop!(
			NodeRegistry::register(signed(ALICE), MACHINE, endpoint("a:1"), 0),
			Error::<Test>::Exhausted
		);
	});
}

#[test]
fn an_endpoint_has_at_most_128_bytes() {
	assert!(Endpoint::try_from(vec![b'a'; 128]).is_ok());
	assert!(Endpoint::try_from(vec![b'a'; 129]).is_err());
}

#[test]
fn the_owner_moves_the_endpoint() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		assert_ok!(NodeRegistry::set_endpoint(
			signed(ALICE),
			0,
			endpoint("b:2")
		));
		assert_eq!(record(0).endpoint, endpoint("b:2"));
		assert_eq!(events(), [Event::EndpointSet { node: 0 }]);
	});
}

#[test]
fn a_page_of_nodes_has_at_most_100_and_skips_those_that_left() {
	ExtBuilder::default()
		.node(ALICE)
		.node(BOB)
		.node(ALICE)
		.build_and_execute(|| {
			let ids = |from, limit| -> Vec<_> {
				NodeRegistry::nodes_from(from, limit)
					.into_iter()
					.map(|(node, _)| node)
					.collect()
			};
			assert_eq!(ids(0, 100), [0, 1, 2]);
			assert_eq!(ids(1, 1), [1]);
			assert_eq!(ids(3, 100), [] as [u32; 0]);
			assert_eq!(ids(u32::MAX, u32::MAX), [] as [u32; 0]);
			assert_ok!(NodeRegistry::retire(signed(BOB), 1));
			go_to(1 + DELAY);
			assert_ok!(NodeRegistry::withdraw_bond(signed(BOB), 1));
			assert_eq!(ids(0, 100), [0, 2]);
			for _ in 0..100 {
				register(ALICE);
			}
			assert_eq!(NodeRegistry::nodes_from(2, u32::MAX).len(), 100);
		});
}

#[test]
fn a_registered_node_is_offline_until_it_speaks() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		assert_eq!(record(0).status, NodeStatus::Offline);
		assert!(!NodeRegistry::is_online(0));
		assert!(!Nodes::<Test>::contains_key(1));
		assert!(!NodeRegistry::is_online(1));
	});
}
