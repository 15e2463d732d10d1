//! Running something on a use right that the tenant has already.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError::BadOrigin, DispatchResult};
use usufruct_primitives::{
	traits::{Marketplace, OnPurchaseRenewal, ResourceInspect},
	Hash, IsolationClass, Uid,
};

use crate::{mock::*, *};

const UID: Uid = 7;

fn run(who: AccountId, image: Hash) -> DispatchResult {
	let origin = RuntimeOrigin::signed(who);
	Workspaces::run(origin, UID, workload(image))
}

fn workload(image: Hash) -> Workload {
	Workload {
		image,
		port: Some(80),
		..Default::default()
	}
}

/// The tenant holds a right for [`TERM`] blocks, bought on the market.
fn held_right(test: impl FnOnce()) {
	build_and_execute(|| {
		list(UID, 5);
		Stub::buy(UID, &TENANT, TERM, None).expect("it is for sale");
		System::reset_events();
		test();
	});
}

fn lease_of_right() -> LeaseRecord<AccountId> {
	let lease = LeaseOfUid::<Test>::get(UID).expect("something runs");
	Leases::<Test>::get(lease).expect("and is known")
}

#[test]
fn a_workspace_runs_on_a_held_right_at_once_for_the_rest_of_its_term() {
	held_right(|| {
		pass(10);
		let before = Balances::free_balance(TENANT);
		assert_ok!(run(TENANT, IMAGE));
		let record = lease_of_right();
		assert_eq!((record.tenant, record.provider), (TENANT, PROVIDER));
		assert_eq!(
			(record.ends_at, record.state),
			(1 + TERM, LeaseState::Bound)
		);
		assert!(record.keeps_right);
		let request = Requests::<Test>::get(record.request).expect("the agent reads it");
		assert_eq!(request.spec.workload, workload(IMAGE));
		assert_eq!((request.spec.term, request.budget), (TERM - 10, 0));
		// The deposit is all that is taken.
		let deposit = held(TENANT, HoldReason::Request);
		assert_eq!(before - Balances::free_balance(TENANT), deposit);
		assert_eq!(
			events(),
			[
				Event::WorkspaceRequested {
					request: 0,
					tenant: TENANT
				},
				Event::LeaseOpened {
					lease: 0,
					request: 0,
					replica: 0,
					uid: UID,
					node: 7
				}
			]
		);
		assert_ok!(report(0, running()));
	});
}

#[test]
fn the_right_outlives_the_workspace_and_takes_another() {
	held_right(|| {
		assert_ok!(run(TENANT, IMAGE));
		assert_noop!(run(TENANT, IMAGE), Error::<Test>::RightInUse);
		assert_ok!(Workspaces::terminate(RuntimeOrigin::signed(TENANT), 0));
		assert_eq!(held(TENANT, HoldReason::Request), 0);
		assert_eq!(Stub::holder(UID), Some(TENANT));
		assert_ok!(run(TENANT, IMAGE));
		let failed = Progress::Failed {
			reason: FailureReason::NoSpace,
		};
		assert_ok!(report(1, failed));
		// There is no money to ask another machine with.
		assert!(Requests::<Test>::iter().next().is_none());
		assert_ok!(run(TENANT, IMAGE));
	});
}

#[test]
fn a_machine_that_leaves_its_tenant_waiting_is_at_fault_here_too() {
	held_right(|| {
		assert_ok!(run(TENANT, IMAGE));
		pass(10);
		assert_ok!(Workspaces::expire(RuntimeOrigin::signed(STRANGER), 0));
		assert_eq!(faults(7), 1);
		assert_eq!(Stub::holder(UID), Some(TENANT));
	});
}

#[test]
fn the_end_of_the_right_ends_what_runs_on_it_and_its_renewal_does_not() {
	held_right(|| {
		assert_ok!(run(TENANT, IMAGE));
		assert_ok!(Workspaces::on_purchase_renewal(UID, &TENANT, 1 + 2 * TERM));
		assert_eq!(lease_of_right().ends_at, 1 + 2 * TERM);
		assert_ok!(<Stub as Marketplace<_>>::close(UID));
		assert!(Leases::<Test>::iter().next().is_none());
		assert_eq!(held(TENANT, HoldReason::Request), 0);
	});
}

#[test]
fn only_the_holder_of_a_right_in_force_runs_something_on_it() {
	held_right(|| {
		for who in [STRANGER, PROVIDER, AUTHOR] {
			assert_noop!(run(who, IMAGE), Error::<Test>::NotTenant);
		}
		for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
			let ran = Workspaces::run(origin, UID, workload(IMAGE));
			assert_noop!(ran, BadOrigin);
		}
		pass(TERM);
		assert_noop!(run(TENANT, IMAGE), Error::<Test>::NotInForce);
	});
	build_and_execute(|| {
		list(UID, 5);
		// For sale, it is its provider's, and in force for nobody.
		assert_noop!(run(PROVIDER, IMAGE), Error::<Test>::NotInForce);
	});
}

#[test]
fn what_the_machine_cannot_run_is_refused() {
	held_right(|| {
		assert_noop!(run(TENANT, Hash::zero()), Error::<Test>::UnknownImage);
		assert_noop!(run(TENANT, MODULE), Error::<Test>::IsolationMismatch);
		take_offline(7);
		assert_noop!(run(TENANT, IMAGE), Error::<Test>::NodeOffline);
	});
	build_and_execute(|| {
		list_with(UID, 5, |listing| listing.isolation = IsolationClass::Wasm);
		Stub::buy(UID, &TENANT, TERM, None).expect("it is for sale");
		assert_noop!(run(TENANT, IMAGE), Error::<Test>::IsolationMismatch);
		assert_ok!(run(TENANT, MODULE));
		assert!(Requests::<Test>::get(0).expect("it runs").wasm);
	});
}

#[test]
fn a_subtenant_ends_what_it_runs_itself_and_not_the_landlords_term() {
	held_right(|| {
		let of_landlord = lease(8);
		for uid in [UID, 8] {
			hand_on(uid, STRANGER);
			let mut rights = Let::get();
			rights.push(uid);
			Let::set(&rights);
		}
		let terminate = |lease| Workspaces::terminate(RuntimeOrigin::signed(STRANGER), lease);
		assert_noop!(terminate(of_landlord), Error::<Test>::Sublet);
		assert_ok!(run(STRANGER, IMAGE));
		assert_ok!(terminate(of_landlord + 1));
	});
}
