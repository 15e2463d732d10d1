//! Progress, the ways in which a lease ends, and what happens to the money.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError::BadOrigin, DispatchResult};
use usufruct_primitives::{traits::Marketplace, LeaseId};

use crate::{mock::*, *};

fn expire(lease: LeaseId) -> DispatchResult {
	Workspaces::expire(RuntimeOrigin::signed(STRANGER), lease)
}

fn terminate(who: AccountId, lease: LeaseId) -> DispatchResult {
	Workspaces::terminate(RuntimeOrigin::signed(who), lease)
}

fn dispensing(percent: u8) -> Progress {
	Progress::Dispensing { percent }
}

fn state(lease: LeaseId) -> LeaseState {
	Leases::<Test>::get(lease).unwrap().state
}

#[test]
fn the_provider_reports_a_workspace_from_its_image_to_its_endpoint() {
	build_and_execute(|| {
		let lease = lease(7);
		System::reset_events();
		for progress in [dispensing(0), dispensing(60), dispensing(100), running()] {
			assert_ok!(report(lease, progress.clone()));
			assert_eq!(events(), [Event::ProgressReported { lease, progress }]);
		}
		let record = Leases::<Test>::get(lease).unwrap();
		assert_eq!(record.state, LeaseState::Running);
		assert_eq!(record.endpoint.into_inner(), b"http://machine:80");
	});
}

#[test]
fn a_lease_whose_right_was_renewed_ends_later() {
	build_and_execute(|| {
		use usufruct_primitives::traits::OnPurchaseRenewal;
		let lease = lease(7);
		let record = Leases::<Test>::get(lease).unwrap();
		for uid in [record.uid, record.uid + 1] {
			let until = record.ends_at + 9;
			assert_ok!(Workspaces::on_purchase_renewal(uid, &TENANT, until));
		}
		let renewed = Leases::<Test>::get(lease).unwrap();
		assert_eq!(renewed.ends_at, record.ends_at + 9);
	});
}

#[test]
fn only_the_owner_of_the_machine_may_report() {
	build_and_execute(|| {
		let lease = lease(7);
		for who in [AUTHOR, TENANT, STRANGER] {
			let origin = RuntimeOrigin::signed(who);
			let reported = Workspaces::report_progress(origin, lease, 0, running());
			assert_noop!(reported, Error::<Test>::NotProvider);
		}
		for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
			let reported = Workspaces::report_progress(origin.clone(), lease, 0, running());
			assert_noop!(reported, BadOrigin);
			assert_noop!(Workspaces::terminate(origin.clone(), lease), BadOrigin);
			assert_noop!(Workspaces::expire(origin, lease), BadOrigin);
		}
	});
}

#[test]
fn a_report_about_another_generation_is_refused() {
	build_and_execute(|| {
		let lease = lease(7);
		for generation in [1, u32::MAX] {
			let origin = RuntimeOrigin::signed(PROVIDER);
			let reported = Workspaces::report_progress(origin, lease, generation, running());
			assert_noop!(reported, Error::<Test>::WrongGeneration);
		}
	});
}

#[test]
fn progress_never_goes_back_and_never_above_a_hundred() {
	build_and_execute(|| {
		let lease = lease(7);
		assert_noop!(report(lease, dispensing(101)), Error::<Test>::BadProgress);
		assert_ok!(report(lease, dispensing(50)));
		assert_noop!(report(lease, dispensing(49)), Error::<Test>::BadProgress);
		assert_ok!(report(lease, dispensing(50)));
		assert_ok!(report(lease, running()));
		assert_noop!(report(lease, dispensing(60)), Error::<Test>::AlreadyRunning);
		assert_eq!(state(lease), LeaseState::Running);
	});
}

#[test]
fn a_running_workspace_may_move_to_another_endpoint() {
	build_and_execute(|| {
		let lease = lease(7);
		assert_ok!(report(lease, running()));
		assert_ok!(report(
			lease,
			Progress::Running {
				endpoint: Default::default(),
				revision: 0,
			}
		));
		assert!(Leases::<Test>::get(lease).unwrap().endpoint.is_empty());
	});
}

#[test]
fn an_unknown_lease_is_refused_everywhere() {
	build_and_execute(|| {
		assert_noop!(report(9, running()), Error::<Test>::UnknownLease);
		assert_noop!(terminate(TENANT, 9), Error::<Test>::UnknownLease);
		assert_noop!(expire(9), Error::<Test>::UnknownLease);
	});
}

#[test]
fn terminating_pays_the_used_blocks_and_returns_everything_else() {
	build_and_execute(|| {
		let lease = lease(7);
		assert_ok!(report(lease, running()));
		pass(30);
		System::reset_events();
		assert_ok!(terminate(TENANT, lease));
		assert_eq!(
			events(),
			[
				Event::LeaseEnded {
					lease,
					reason: EndReason::Terminated
				},
				Event::RequestCompleted { request: 0 },
			]
		);
		assert_eq!(Balances::free_balance(TENANT), ENDOWMENT - 30 * 5);
		assert_eq!(Balances::free_balance(PROVIDER), ENDOWMENT + 30 * 5);
		assert_eq!(
			(
				Leases::<Test>::iter().count(),
				Requests::<Test>::iter().count()
			),
			(0, 0)
		);
		assert!(!LeasesOfNode::<Test>::contains_key(7));
		assert_eq!(faults(7), 0);
		assert_noop!(terminate(TENANT, lease), Error::<Test>::UnknownLease);
	});
}

#[test]
fn only_the_holder_of_the_use_right_may_terminate() {
	build_and_execute(|| {
		let lease = lease(7);
		for who in [AUTHOR, PROVIDER, STRANGER] {
			assert_noop!(terminate(who, lease), Error::<Test>::NotTenant);
		}
		hand_on(7, STRANGER);
		assert_noop!(terminate(TENANT, lease), Error::<Test>::NotTenant);
		assert_ok!(terminate(STRANGER, lease));
	});
}

#[test]
fn a_finished_job_ends_its_lease_and_returns_the_rest() {
	build_and_execute(|| {
		let lease = lease(7);
		assert_ok!(report(lease, running()));
		pass(10);
		assert_ok!(report(lease, Progress::Finished));
		assert_eq!(Balances::free_balance(TENANT), ENDOWMENT - 50);
		assert!(Requests::<Test>::iter().next().is_none());
	});
}

#[test]
fn a_stranger_may_expire_a_lease_that_does_not_run_at_its_deadline_and_not_before() {
	for progress in [None, Some(dispensing(99))] {
		build_and_execute(|| {
			let lease = lease(7);
			if let Some(progress) = progress.clone() {
				assert_ok!(report(lease, progress));
			}
			run_to(10);
			assert_noop!(expire(lease), Error::<Test>::NotExpired);
			run_to(11);
			System::reset_events();
			assert_ok!(expire(lease));
			assert_eq!(
				events(),
				[
					Event::LeaseEnded {
						lease,
						reason: EndReason::NotStarted
					},
					Event::RequestReopened {
						request: 0,
						attempt: 1
					},
				]
			);
			assert_eq!(faults(7), 1);
			assert_noop!(expire(lease), Error::<Test>::UnknownLease);
		});
	}
}

#[test]
fn a_failed_lease_is_asked_for_again_for_the_rest_of_its_term() {
	build_and_execute(|| {
		let lease = lease(7);
		run_to(11);
		assert_ok!(expire(lease));
		let record = Requests::<Test>::get(0).unwrap();
		assert_eq!(
			(record.attempt, record.missing, record.placed.len()),
			(1, 1, 0)
		);
		assert_eq!(record.terms.clone().into_inner(), [90]);
		assert_eq!((record.expires_at, record.budget), (61, 900));
		assert_eq!(held(TENANT, HoldReason::Budget), 900);
		list(8, 10);
		assert_ok!(propose(0, 0, 8));
		let second = Leases::<Test>::get(1).unwrap();
		assert_eq!((second.generation, second.ends_at), (1, 101));
		// Even at the highest price, both leases together cost no more than the budget.
		assert_eq!(
			ENDOWMENT - Balances::free_balance(TENANT) - 20,
			10 * 5 + 90 * 10
		);
	});
}

#[test]
fn what_the_holder_added_by_renewing_is_not_asked_for_again_with_the_tenants_money() {
	build_and_execute(|| {
		use usufruct_primitives::traits::OnPurchaseRenewal;
		let lease = lease(7);
		assert_ok!(Workspaces::on_purchase_renewal(7, &TENANT, 151));
		run_to(11);
		assert_ok!(expire(lease));
		let record = Requests::<Test>::get(0).unwrap();
		assert_eq!(record.terms.clone().into_inner(), [90]);
		assert_eq!(held(TENANT, HoldReason::Budget), 900);
	});
}

#[test]
fn a_request_avoids_the_machines_it_failed_on() {
	build_and_execute(|| {
		let lease = lease(7);
		run_to(11);
		assert_ok!(expire(lease));
		list_with(8, 1, |l| l.node = 7);
		assert_noop!(propose(0, 0, 8), Error::<Test>::Unsuitable);
	});
}

#[test]
fn a_proposal_computed_before_a_failure_is_stale_after_it() {
	build_and_execute(|| {
		list(8, 5);
		let lease = lease(7);
		let before = proposal(0, 0, 8);
		run_to(11);
		assert_ok!(expire(lease));
		let sent = Workspaces::propose_signed(RuntimeOrigin::signed(STRANGER), before);
		assert_noop!(sent, Error::<Test>::StaleProposal);
	});
}

#[test]
fn a_request_that_failed_on_too_many_machines_gives_the_replica_up() {
	build_and_execute(|| {
		list(1, 5);
		let request = request();
		assert_ok!(propose(request, 0, 1));
		for failure in 1..=u64::from(MAX_FAILURES) {
			assert!(Requests::<Test>::contains_key(request));
			let failed = Progress::Failed {
				reason: FailureReason::NoSpace,
			};
			assert_ok!(report(failure - 1, failed));
			pass(1);
			list(failure + 1, 5);
			assert_ok!(propose(request, 0, failure + 1));
		}
		let failed = Progress::Failed {
			reason: FailureReason::NoSpace,
		};
		assert_ok!(report(MAX_FAILURES.into(), failed));
		assert!(!Requests::<Test>::contains_key(request));
		assert_eq!(held(TENANT, HoldReason::Budget), 0);
	});
}

#[test]
fn a_replica_is_given_up_where_the_tenant_spent_the_money() {
	build_and_execute(|| {
		let lease = lease(7);
		let free = Balances::free_balance(TENANT);
		let origin = RuntimeOrigin::signed(TENANT);
		assert_ok!(Balances::transfer_allow_death(origin, STRANGER, free - 1));
		run_to(11);
		assert_ok!(expire(lease));
		assert!(!Requests::<Test>::contains_key(0));
		assert_eq!(held(TENANT, HoldReason::Budget), 0);
	});
}

#[test]
fn a_use_right_that_was_handed_on_is_refunded_to_its_holder_and_not_asked_for_again() {
	build_and_execute(|| {
		let lease = lease(7);
		hand_on(7, STRANGER);
		run_to(11);
		assert_ok!(expire(lease));
		assert_eq!(Balances::free_balance(STRANGER), ENDOWMENT + 90 * 5);
		assert!(!Requests::<Test>::contains_key(0));
		assert_eq!(faults(7), 1);
	});
}

#[test]
fn a_machine_that_reports_its_own_failure_in_time_is_not_at_fault() {
	build_and_execute(|| {
		let lease = lease(7);
		assert_ok!(report(
			lease,
			Progress::Failed {
				reason: FailureReason::NoSpace
			}
		));
		assert_eq!(faults(7), 0);
		assert!(OpenRequests::<Test>::contains_key(0));
		let again = report(
			lease,
			Progress::Failed {
				reason: FailureReason::NoSpace,
			},
		);
		assert_noop!(again, Error::<Test>::UnknownLease);
	});
}

#[test]
fn an_image_that_no_machine_can_run_ends_the_request() {
	for reason in [
		FailureReason::ImageNotFound,
		FailureReason::WrongDigest,
		FailureReason::Crashed,
		FailureReason::LimitExceeded,
	] {
		build_and_execute(|| {
			let request = request_with(0, |spec| spec.replicas = 2);
			list(7, 5);
			assert_ok!(propose(request, 0, 7));
			assert_ok!(report(0, Progress::Failed { reason }));
			assert!(!Requests::<Test>::contains_key(request));
			assert_eq!(Balances::free_balance(TENANT), ENDOWMENT);
		});
	}
}

#[test]
fn a_stranger_may_expire_a_running_lease_only_when_its_machine_is_offline() {
	build_and_execute(|| {
		let lease = lease(7);
		assert_ok!(report(lease, running()));
		run_to(60);
		assert_noop!(expire(lease), Error::<Test>::NotExpired);
		take_offline(7);
		System::reset_events();
		assert_ok!(expire(lease));
		assert_eq!(
			events(),
			[
				Event::LeaseEnded {
					lease,
					reason: EndReason::NodeOffline
				},
				Event::RequestReopened {
					request: 0,
					attempt: 1
				},
			]
		);
		assert_eq!(faults(7), 1);
		assert_eq!(Requests::<Test>::get(0).unwrap().terms.into_inner(), [41]);
	});
}

#[test]
fn a_stranger_may_end_a_lease_at_the_block_its_term_ends_and_not_before() {
	build_and_execute(|| {
		let lease = lease(7);
		assert_ok!(report(lease, running()));
		run_to(100);
		assert_noop!(expire(lease), Error::<Test>::NotExpired);
		run_to(101);
		System::reset_events();
		assert_ok!(expire(lease));
		assert_eq!(
			events(),
			[
				Event::LeaseEnded {
					lease,
					reason: EndReason::Term
				},
				Event::RequestCompleted { request: 0 },
			]
		);
		assert_eq!(Balances::free_balance(TENANT), ENDOWMENT - 500);
		assert_eq!(faults(7), 0);
	});
}

#[test]
fn a_machine_that_never_started_is_at_fault_whichever_way_the_lease_ends() {
	let ends: [fn(LeaseId) -> DispatchResult; 3] =
		[|lease| terminate(TENANT, lease), |_| Stub::close(7), expire];
	for end in ends {
		build_and_execute(|| {
			let lease = lease(7);
			run_to(101);
			assert_ok!(end(lease));
			assert_eq!(faults(7), 1);
		});
	}
}

#[test]
fn a_machine_that_lets_a_short_term_pass_is_at_fault() {
	build_and_execute(|| {
		list(7, 5);
		assert_ok!(propose(request_with(0, |spec| spec.term = 4), 0, 7));
		assert_eq!(Leases::<Test>::get(0).unwrap().deadline, 5);
		run_to(5);
		assert_ok!(expire(0));
		assert_eq!(faults(7), 1);
	});
}

#[test]
fn a_purchase_that_ends_on_the_market_ends_its_lease_once() {
	build_and_execute(|| {
		let lease = lease(7);
		assert_ok!(report(lease, running()));
		pass(5);
		System::reset_events();
		assert_ok!(Stub::close(7));
		assert_eq!(
			events(),
			[
				Event::LeaseEnded {
					lease,
					reason: EndReason::Term
				},
				Event::RequestCompleted { request: 0 },
			]
		);
		assert!(!Leases::<Test>::contains_key(lease));
	});
}

#[test]
fn a_purchase_without_a_lease_ends_without_this_pallet() {
	build_and_execute(|| {
		list(7, 5);
		assert_ok!(Stub::buy(7, &STRANGER, 10, None));
		assert_ok!(Stub::close(7));
		assert!(events().is_empty());
	});
}

#[test]
fn the_other_replicas_go_on_when_one_fails() {
	build_and_execute(|| {
		let request = request_with(0, |spec| spec.replicas = 3);
		for (replica, uid) in (0..3).zip(7..) {
			list(uid, 5);
			assert_ok!(propose(request, replica, uid));
			assert_ok!(report(replica.into(), running()));
		}
		take_offline(8);
		assert_ok!(expire(1));
		let record = Requests::<Test>::get(request).unwrap();
		assert_eq!((record.missing, record.placed.len()), (0b010, 2));
		assert_ok!(terminate(TENANT, 0));
		assert_ok!(terminate(TENANT, 2));
		assert!(OpenRequests::<Test>::contains_key(request));
	});
}
