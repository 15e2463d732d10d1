//! Who may use a node: what resources cut from it rely on.

use frame_support::{assert_noop, assert_ok};
use usufruct_primitives::traits::{NodeInspect, NodeUsage};

use crate::{mock::*, Error, Nodes};

#[test]
fn users_are_counted() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		assert_ok!(NodeRegistry::acquire(0));
		assert_ok!(NodeRegistry::acquire(0));
		assert_eq!(record(0).users, 2);
		NodeRegistry::release(0);
		assert_eq!(record(0).users, 1);
	});
}

#[test]
fn a_release_too_many_counts_nothing() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		NodeRegistry::release(0);
		NodeRegistry::release(9);
		assert_eq!(record(0).users, 0);
		assert!(!Nodes::<Test>::contains_key(9));
	});
}

#[test]
fn an_unknown_or_suspended_node_takes_no_new_users() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		assert_noop!(NodeRegistry::acquire(9), Error::<Test>::UnknownNode);
		assert_ok!(NodeRegistry::acquire(0));
		assert_ok!(NodeRegistry::force_suspend(RuntimeOrigin::root(), 0));
		assert_noop!(NodeRegistry::acquire(0), Error::<Test>::Suspended);
		// Those that are there may go.
		NodeRegistry::release(0);
		assert_eq!(record(0).users, 0);
	});
}

#[test]
fn the_count_of_users_does_not_wrap() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		Nodes::<Test>::mutate(0, |node| {
			node.as_mut().expect("registered").users = u32::MAX;
		});
		assert_noop!(NodeRegistry::acquire(0), Error::<Test>::Exhausted);
	});
}

#[test]
fn others_see_who_owns_a_node() {
	ExtBuilder::default().node(BOB).build_and_execute(|| {
		assert_eq!(<NodeRegistry as NodeInspect<u64>>::owner(0), Some(BOB));
		assert_eq!(<NodeRegistry as NodeInspect<u64>>::owner(1), None);
		assert_eq!(<NodeRegistry as NodeInspect<u64>>::hardware(0), None);
	});
}
