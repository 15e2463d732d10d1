//! Giving the replicas of a request another workload while they run.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError::BadOrigin, DispatchResult};
use usufruct_primitives::{Hash, LeaseId, ReleaseId, RequestId};

use crate::{mock::*, *};

/// A request of so many replicas, each with a lease on a machine of its own; leases are numbered from 0 on.
fn placed(replicas: u8, release: Option<ReleaseId>) -> RequestId {
	let request = request_with(0, |spec| {
		spec.replicas = replicas;
		spec.workload.release = release;
	});
	for replica in 0..replicas {
		let uid = u64::from(replica) + 1;
		list(uid, 5);
		assert_ok!(propose(request, replica, uid));
	}
	System::reset_events();
	request
}

fn update(request: RequestId, change: impl FnOnce(&mut Workload)) -> DispatchResult {
	let mut workload = Requests::<Test>::get(request).unwrap().spec.workload;
	change(&mut workload);
	Workspaces::update(RuntimeOrigin::signed(TENANT), request, workload)
}

fn record(lease: LeaseId) -> LeaseRecord<AccountId> {
	Leases::<Test>::get(lease).unwrap()
}

fn publish(digest: u8, kind: ImageKind) -> Hash {
	let digest = Hash::repeat_byte(digest);
	let origin = RuntimeOrigin::signed(AUTHOR);
	let published = Workspaces::publish_image(origin, digest, kind, Default::default(), 1);
	assert_ok!(published);
	digest
}

fn uses(digest: Hash) -> u32 {
	Images::<Test>::get(digest).unwrap().uses
}

#[test]
fn an_update_is_a_new_revision_and_leases_stay_in_theirs_until_their_machines_say_otherwise() {
	build_and_execute(|| {
		let request = placed(2, None);
		assert_ok!(report(0, running()));
		assert_ok!(report(1, running()));
		let image = publish(9, ImageKind::Oci);
		System::reset_events();
		assert_ok!(update(request, |workload| workload.image = image));
		let revision = 1;
		assert_eq!(events(), [Event::WorkspaceUpdated { request, revision }]);
		assert_eq!((uses(IMAGE), uses(image)), (0, 1));
		assert_eq!((record(0).revision, record(1).revision), (0, 0));
		assert_ok!(report(0, running_at(1)));
		assert_eq!((record(0).revision, record(1).revision), (1, 0));
		// The old image is nobody's any more.
		let retracted = Workspaces::retract_image(RuntimeOrigin::signed(AUTHOR), IMAGE);
		assert_ok!(retracted);
	});
}

#[test]
fn a_replica_that_is_placed_after_an_update_begins_with_it() {
	build_and_execute(|| {
		let request = request_with(0, |spec| spec.replicas = 2);
		list(1, 5);
		assert_ok!(propose(request, 0, 1));
		assert_ok!(update(request, |workload| workload.port = Some(81)));
		list(2, 5);
		assert_ok!(propose(request, 1, 2));
		assert_eq!((record(0).revision, record(1).revision), (0, 1));
	});
}

#[test]
fn only_the_tenant_updates() {
	build_and_execute(|| {
		let request = placed(1, None);
		let workload = Workload {
			image: IMAGE,
			port: Some(81),
			..Default::default()
		};
		for who in [PROVIDER, STRANGER, AUTHOR] {
			let origin = RuntimeOrigin::signed(who);
			let update = Workspaces::update(origin, request, workload.clone());
			assert_noop!(update, Error::<Test>::NotTenant);
		}
		for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
			let update = Workspaces::update(origin, request, workload.clone());
			assert_noop!(update, BadOrigin);
		}
		let tenant = || RuntimeOrigin::signed(TENANT);
		let unknown = Workspaces::update(tenant(), request + 1, workload.clone());
		assert_noop!(unknown, Error::<Test>::UnknownRequest);
		assert_ok!(Workspaces::update(tenant(), request, workload));
	});
}

#[test]
fn an_update_stays_what_it_was_in_kind_and_says_something_new() {
	type Change = fn(&mut Workload);
	build_and_execute(|| {
		let request = placed(1, None);
		let service = publish(9, ImageKind::Oci);
		let job: Change = |workload| (workload.port, workload.restart) = (None, Restart::Never);
		let nothing: Change = |_| {};
		let module: Change = |workload| workload.image = MODULE;
		let nowhere: Change = |workload| workload.image = Default::default();
		let endless: Change = |workload| workload.restart = Restart::Always { most: 0 };
		let named: Change = |workload| workload.release = Some(RELEASE);
		for (change, error) in [
			(nothing, Error::<Test>::SameWorkload),
			(job, Error::<Test>::NotAService),
			(module, Error::<Test>::AnotherKind),
			(nowhere, Error::<Test>::UnknownImage),
			(endless, Error::<Test>::BadRestart),
			(named, Error::<Test>::AnotherApplication),
		] {
			assert_noop!(update(request, change), error);
		}
		assert_ok!(update(request, |workload| workload.image = service));
		let request = request_with(0, |spec| job(&mut spec.workload));
		for change in [nothing, |workload: &mut Workload| workload.port = Some(80)] {
			assert_noop!(update(request, change), Error::<Test>::NotAService);
		}
	});
}

#[test]
fn what_runs_on_a_right_that_was_handed_on_is_not_changed_by_who_had_it() {
	build_and_execute(|| {
		let request = placed(2, None);
		hand_on(2, STRANGER);
		let refused = update(request, |workload| workload.port = Some(81));
		assert_noop!(refused, Error::<Test>::HandedOn);
	});
}

#[test]
fn an_update_to_another_release_stays_with_its_application_and_its_price() {
	build_and_execute(|| {
		let request = placed(2, Some(RELEASE));
		for (release, error) in [
			(None, Error::<Test>::AnotherApplication),
			(Some(OTHER_APPLICATION), Error::<Test>::AnotherApplication),
			(Some(DEARER_RELEASE), Error::<Test>::AnotherPrice),
		] {
			let refused = update(request, |workload| workload.release = release);
			assert_noop!(refused, error);
		}
		let next = Some(NEXT_RELEASE);
		assert_ok!(update(request, |workload| workload.release = next));
		assert_eq!(Updates::get(), [(0, NEXT_RELEASE), (1, NEXT_RELEASE)]);
		// One use more, one less.
		assert_eq!(Uses::get(), 1);
	});
}

#[test]
fn a_machine_runs_a_revision_between_the_one_that_it_ran_and_the_newest() {
	build_and_execute(|| {
		let request = placed(1, None);
		assert_ok!(report(0, running()));
		assert_noop!(report(0, running_at(1)), Error::<Test>::WrongRevision);
		for port in [81, 82] {
			assert_ok!(update(request, |workload| workload.port = Some(port)));
		}
		assert_ok!(report(0, running_at(2)));
		assert_noop!(report(0, running_at(1)), Error::<Test>::WrongRevision);
		assert_noop!(report(0, running_at(3)), Error::<Test>::WrongRevision);
	});
}

#[test]
fn a_machine_that_cannot_run_the_newest_revision_says_so_and_runs_on() {
	build_and_execute(|| {
		let request = placed(1, None);
		let reason = FailureReason::ImageNotFound;
		let refuse = |revision| report(0, Progress::NotUpdated { revision, reason });
		assert_noop!(refuse(1), Error::<Test>::WrongRevision);
		assert_ok!(update(request, |workload| workload.port = Some(81)));
		// What does not run yet has nothing to keep.
		assert_noop!(refuse(1), Error::<Test>::WrongRevision);
		assert_ok!(report(0, running()));
		assert_noop!(refuse(0), Error::<Test>::WrongRevision);
		assert_noop!(refuse(2), Error::<Test>::WrongRevision);
		assert_ok!(refuse(1));
		let lease = record(0);
		assert_eq!(lease.refused, Some((1, reason)));
		assert_eq!((lease.state, lease.revision), (LeaseState::Running, 0));
		// Said again, it is tried again.
		assert_ok!(update(request, |_| {}));
		assert_noop!(refuse(1), Error::<Test>::WrongRevision);
		assert_ok!(refuse(2));
		// Whatever it answers at meanwhile; and what comes after it is another matter.
		assert_ok!(report(0, running()));
		assert_eq!(record(0).refused, Some((2, reason)));
		assert_ok!(update(request, |workload| workload.port = Some(82)));
		assert_ok!(report(0, running_at(3)));
		assert_eq!(record(0).refused, None);
	});
}

#[test]
fn a_workspace_that_is_not_well_is_matched_anew_elsewhere_and_nobody_is_at_fault() {
	build_and_execute(|| {
		let request = placed(1, None);
		assert_ok!(report(0, running()));
		let node = record(0).node;
		let reason = FailureReason::Unhealthy;
		assert_ok!(report(0, Progress::Failed { reason }));
		let reopened = Requests::<Test>::get(request).unwrap();
		assert_eq!(reopened.missing_replicas(), [0]);
		assert!(reopened.avoid.contains(&node));
		assert_eq!(faults(node), 0);
	});
}
