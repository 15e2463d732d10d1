//! One broken invariant each, seen by `try_state`.

use frame_support::{assert_ok, traits::fungible::MutateHold, traits::tokens::Precision};

use crate::{mock::*, *};

/// Breaks the state of a chain with a lease and an open request with a proposal.
fn is_caught(break_it: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		lease(7);
		list(8, 5);
		let windowed = request_with(5, |_| {});
		assert_ok!(propose(windowed, 0, 8));
		assert_ok!(Workspaces::do_try_state());
		break_it();
		assert!(Workspaces::do_try_state().is_err());
	});
}

#[test]
fn a_lease_that_its_use_right_does_not_know_is_caught() {
	is_caught(|| LeaseOfUid::<Test>::remove(7));
}

#[test]
fn a_lease_that_its_machine_does_not_know_is_caught() {
	is_caught(|| LeasesOfNode::<Test>::remove(7));
}

#[test]
fn a_use_right_of_a_lost_lease_is_caught() {
	is_caught(|| LeaseOfUid::<Test>::insert(55, 55));
}

#[test]
fn a_lost_lease_is_caught() {
	is_caught(|| Leases::<Test>::remove(0));
}

#[test]
fn a_lost_request_is_caught() {
	is_caught(|| Requests::<Test>::remove(0));
}

#[test]
fn an_open_request_that_matchers_do_not_see_is_caught() {
	is_caught(|| OpenRequests::<Test>::remove(1));
}

#[test]
fn a_wrong_count_of_uses_is_caught() {
	is_caught(|| Images::<Test>::mutate(IMAGE, |image| image.as_mut().unwrap().uses = 1));
}

#[test]
fn a_proposal_for_a_placed_replica_is_caught() {
	is_caught(|| {
		let list = Candidates::<Test>::get(1, 0);
		Candidates::<Test>::insert(0, 0, list);
	});
}

#[test]
fn a_budget_that_is_not_held_is_caught() {
	is_caught(|| {
		let reason = HoldReason::Budget.into();
		assert_ok!(Balances::release(&reason, &TENANT, 1, Precision::Exact));
	});
}

#[test]
fn a_deposit_that_is_not_held_is_caught() {
	is_caught(|| {
		let reason = HoldReason::Request.into();
		assert_ok!(Balances::release(&reason, &TENANT, 1, Precision::Exact));
	});
}

#[test]
fn a_request_that_does_not_know_where_its_lease_is_is_caught() {
	is_caught(|| {
		Requests::<Test>::mutate_extant(0, |record| record.placed[0].node = 9);
	});
	is_caught(|| Requests::<Test>::mutate_extant(0, |record| record.placed.clear()));
}

#[test]
fn replicas_on_one_machine_that_must_be_apart_are_caught() {
	new_test_ext().execute_with(|| {
		for uid in 1..=2 {
			list_with(uid, 5, |listing| listing.node = 1);
		}
		let request = request_with(0, |spec| spec.replicas = 2);
		for replica in 0..2 {
			assert_ok!(propose(request, replica, u64::from(replica) + 1));
		}
		assert_ok!(Workspaces::do_try_state());
		Requests::<Test>::mutate_extant(request, |record| {
			record.spec.requirement.apart.node = true;
		});
		assert!(Workspaces::do_try_state().is_err());
	});
}
