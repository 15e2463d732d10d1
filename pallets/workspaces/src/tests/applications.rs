//! Requests that name a release of an application.

use frame_support::{assert_noop, assert_ok};
use usufruct_primitives::{
	traits::{Marketplace, OnPurchaseRenewal},
	BlockNumber, Hash, LeaseId, ReleaseId, RequestId,
};

use crate::{mock::*, *};

/// [`TENANT`] asks for replicas of [`RELEASE`].
fn request_release(replicas: u8) -> RequestId {
	request_with(0, |spec| {
		spec.workload.release = Some(RELEASE);
		spec.replicas = replicas;
	})
}

/// A lease of [`RELEASE`] on a machine at 5 per block.
fn lease_release(uid: u64) -> LeaseId {
	list(uid, 5);
	let lease = NextLeaseId::<Test>::get();
	assert_ok!(propose(request_release(1), 0, uid));
	lease
}

fn budget() -> u128 {
	held(TENANT, HoldReason::Budget)
}

#[test]
fn the_budget_of_a_release_covers_machine_and_author() {
	build_and_execute(|| {
		let request = request_release(2);
		// 10 for the machine and 2 for the author, for 100 blocks, twice.
		assert_eq!(budget(), 2_400);
		assert_eq!(Uses::get(), 1);
		assert_eq!(Requests::<Test>::get(request).unwrap().royalty, ROYALTY);
		assert_ok!(Workspaces::cancel_request(
			RuntimeOrigin::signed(TENANT),
			request
		));
		assert_eq!((budget(), Uses::get()), (0, 0));
		let mut spec = spec();
		spec.workload.release = Some(RELEASE);
		let tight = |budget| {
			let origin = RuntimeOrigin::signed(TENANT);
			Workspaces::request(origin, spec.clone(), budget, 0, LIFETIME)
		};
		assert_noop!(tight(1_199), Error::<Test>::BudgetTooSmall);
		assert_ok!(tight(1_200));
	});
}

#[test]
fn a_release_that_is_not_there_or_of_another_image_is_refused() {
	build_and_execute(|| {
		let ask = |change: &dyn Fn(&mut WorkspaceSpec<AccountId>)| {
			let mut spec = spec();
			spec.workload.release = Some(RELEASE);
			change(&mut spec);
			Workspaces::request(RuntimeOrigin::signed(TENANT), spec, ENDOWMENT, 0, LIFETIME)
		};
		let other = ReleaseId {
			application: 1,
			number: 1,
		};
		let unknown = ask(&|spec| spec.workload.release = Some(other));
		assert_noop!(unknown, Error::<Test>::UnknownRelease);
		let another = ask(&|spec| spec.workload.image = MODULE);
		assert_noop!(another, Error::<Test>::AnotherImage);
	});
}

#[test]
fn a_lease_takes_the_authors_part_and_its_end_settles_it() {
	build_and_execute(|| {
		let lease = lease_release(7);
		assert_eq!(budget(), 0);
		assert_eq!(Fares::get()[&lease], (TENANT, 200, 1 + TERM, false));
		assert_ok!(report(lease, running()));
		assert!(Fares::get()[&lease].3);
		assert_ok!(Workspaces::terminate(RuntimeOrigin::signed(TENANT), lease));
		assert!(Fares::get().is_empty());
		assert_eq!(Uses::get(), 0);
	});
}

#[test]
fn whichever_way_a_lease_ends_the_author_is_settled_with_once() {
	type End = fn(LeaseId) -> sp_runtime::DispatchResult;
	let ends: [End; 5] = [
		|lease| report(lease, Progress::Finished),
		|lease| {
			let reason = FailureReason::Crashed;
			report(lease, Progress::Failed { reason })
		},
		|lease| {
			pass(TERM);
			Workspaces::expire(RuntimeOrigin::signed(STRANGER), lease)
		},
		|lease| {
			take_offline(7);
			Workspaces::expire(RuntimeOrigin::signed(STRANGER), lease)
		},
		|_| <Stub as Marketplace<_>>::close(7),
	];
	for end in ends {
		build_and_execute(|| {
			let lease = lease_release(7);
			assert_ok!(end(lease));
			assert!(Fares::get().is_empty());
			let requests = Requests::<Test>::iter().count();
			assert_eq!(Uses::get() as usize, requests);
		});
	}
}

#[test]
fn a_replica_that_is_asked_for_again_holds_the_authors_part_of_the_rest_again() {
	build_and_execute(|| {
		let lease = lease_release(7);
		run_to(11);
		assert_ok!(Workspaces::expire(RuntimeOrigin::signed(STRANGER), lease));
		assert_eq!(budget(), 90 * (10 + ROYALTY));
		list(8, 5);
		assert_ok!(propose(0, 0, 8));
		assert_eq!(Fares::get()[&(lease + 1)].1, 90 * ROYALTY);
	});
}

#[test]
fn a_machine_whose_owner_refuses_is_not_at_fault_and_not_asked_again() {
	build_and_execute(|| {
		let lease = lease_release(7);
		let reason = FailureReason::Refused;
		assert_ok!(report(lease, Progress::Failed { reason }));
		assert_eq!(faults(7), 0);
		let record = Requests::<Test>::get(0).unwrap();
		assert!(record.is_missing(0));
		list_with(8, 1, |l| l.node = 7);
		assert_noop!(propose(0, 0, 8), Error::<Test>::Unsuitable);
	});
}

#[test]
fn a_renewal_extends_what_the_author_is_paid_for() {
	build_and_execute(|| {
		let lease = lease_release(7);
		assert_ok!(Workspaces::on_purchase_renewal(7, &TENANT, 1 + TERM + 50));
		assert_eq!(Fares::get()[&lease], (TENANT, 300, 1 + TERM + 50, false));
		assert!(Workspaces::on_purchase_renewal(7, &TENANT, BlockNumber::MAX).is_err());
		let ends_at = Leases::<Test>::get(lease).unwrap().ends_at;
		assert_eq!(ends_at, 1 + TERM + 50);
	});
}

/// A job of [`RELEASE`].
fn of_release(image: Hash) -> Workload {
	Workload {
		image,
		release: Some(RELEASE),
		..Default::default()
	}
}

/// [`TENANT`] runs [`RELEASE`] on a right that it holds.
fn held_release() -> LeaseId {
	list(7, 5);
	assert_ok!(Stub::buy(7, &TENANT, TERM, None));
	let lease = NextLeaseId::<Test>::get();
	let origin = RuntimeOrigin::signed(TENANT);
	assert_ok!(Workspaces::run(origin, 7, of_release(IMAGE)));
	lease
}

#[test]
fn what_runs_on_a_held_right_pays_its_author_too() {
	build_and_execute(|| {
		let lease = held_release();
		assert_eq!(Fares::get()[&lease], (TENANT, 200, 1 + TERM, false));
		assert_eq!(budget(), 0);
		assert_ok!(Workspaces::terminate(RuntimeOrigin::signed(TENANT), lease));
		assert_eq!((Fares::get().len(), Uses::get()), (0, 0));
		let other = Workspaces::run(RuntimeOrigin::signed(TENANT), 7, of_release(MODULE));
		assert!(other.is_err());
	});
}

#[test]
fn who_renews_a_right_does_not_pay_for_what_another_chose_to_run_on_it() {
	build_and_execute(|| {
		let lease = held_release();
		assert_ok!(Workspaces::on_purchase_renewal(7, &STRANGER, 1 + 2 * TERM));
		let ends_at = Leases::<Test>::get(lease).unwrap().ends_at;
		assert_eq!(ends_at, 1 + TERM);
		assert_ok!(Workspaces::on_purchase_renewal(7, &TENANT, 1 + 2 * TERM));
		let ends_at = Leases::<Test>::get(lease).unwrap().ends_at;
		assert_eq!(ends_at, 1 + 2 * TERM);
	});
}
