//! What may be proposed, and what a valid proposal does.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, DispatchError::BadOrigin};
use usufruct_primitives::{IsolationClass, Uid};

use crate::{mock::*, *};

#[test]
fn a_valid_proposal_is_bought_at_the_listed_price_and_opens_a_lease() {
	build_and_execute(|| {
		list(7, 4);
		let request = request();
		System::reset_events();
		assert_ok!(propose(request, 0, 7));
		assert_eq!(
			events(),
			[
				Event::Proposed {
					request,
					replica: 0,
					uid: 7,
					score: 6_000
				},
				Event::LeaseOpened {
					lease: 0,
					request,
					replica: 0,
					uid: 7,
					node: 7
				},
			]
		);
		let record = Leases::<Test>::get(0).unwrap();
		assert_eq!((record.tenant, record.provider), (TENANT, PROVIDER));
		assert_eq!((record.state, record.generation), (LeaseState::Bound, 0));
		assert_eq!(
			(record.opened_at, record.deadline, record.ends_at),
			(1, 11, 101)
		);
		assert_eq!(LeaseOfUid::<Test>::get(7), Some(0));
		assert_eq!(LeasesOfNode::<Test>::get(7).into_inner(), [0]);
		// What was held above the price is free again.
		assert_eq!(held(TENANT, HoldReason::Budget), 0);
		assert_eq!(Balances::free_balance(TENANT), ENDOWMENT - 400 - 20);
		assert!(!OpenRequests::<Test>::contains_key(request));
	});
}

#[test]
fn a_listing_that_does_not_satisfy_the_request_is_refused() {
	let cases: [(DispatchError, fn(Uid)); 7] = [
		(Error::<Test>::Unsuitable.into(), |uid| list(uid, 11)),
		(Error::<Test>::Unsuitable.into(), |uid| {
			list_with(uid, 5, |l| l.min_term = TERM + 1);
		}),
		(Error::<Test>::Unsuitable.into(), |uid| {
			list_with(uid, 5, |l| l.max_term = TERM - 1);
		}),
		(Error::<Test>::Unsuitable.into(), |uid| {
			list_with(uid, 5, |l| l.seller = TENANT);
		}),
		(Error::<Test>::Unsuitable.into(), |uid| {
			list_with(uid, 5, |l| l.isolation = IsolationClass::Wasm);
		}),
		(Error::<Test>::NodeOffline.into(), |uid| {
			list(uid, 5);
			take_offline(uid as u32);
		}),
		(Error::<Test>::NotListed.into(), |_| {}),
	];
	for (error, prepare) in cases {
		build_and_execute(|| {
			prepare(7);
			let request = request();
			assert_noop!(propose(request, 0, 7), error);
		});
	}
}

#[test]
fn gpus_and_a_proved_score_are_required_where_they_are_asked_for() {
	build_and_execute(|| {
		let request = request_with(0, |spec| {
			spec.requirement.gpus = 2;
			spec.requirement.min_score_percent = 50;
		});
		list_with(1, 5, |l| (l.gpus, l.score_ppm) = (1, 500_000));
		list_with(2, 5, |l| (l.gpus, l.score_ppm) = (2, 499_999));
		list_with(3, 5, |l| (l.gpus, l.score_ppm) = (2, 500_000));
		assert_noop!(propose(request, 0, 1), Error::<Test>::Unsuitable);
		assert_noop!(propose(request, 0, 2), Error::<Test>::Unsuitable);
		assert_ok!(propose(request, 0, 3));
	});
}

#[test]
fn a_module_runs_in_a_wasm_sandbox_only() {
	build_and_execute(|| {
		let request = request_with(0, |spec| spec.workload.image = MODULE);
		list(1, 5);
		list_with(2, 5, |l| l.isolation = IsolationClass::Wasm);
		assert_noop!(propose(request, 0, 1), Error::<Test>::Unsuitable);
		assert_ok!(propose(request, 0, 2));
	});
}

#[test]
fn two_proposals_of_one_use_right_in_a_block_buy_it_once() {
	build_and_execute(|| {
		list(7, 5);
		let (first, second) = (request(), request());
		assert_ok!(propose(first, 0, 7));
		assert_noop!(propose(second, 0, 7), Error::<Test>::NotListed);
		assert_eq!(Leases::<Test>::iter().count(), 1);
	});
}

#[test]
fn two_proposals_for_one_replica_in_a_block_place_it_once() {
	build_and_execute(|| {
		list(7, 5);
		list(8, 5);
		let request = request();
		assert_ok!(propose(request, 0, 7));
		assert_noop!(propose(request, 0, 8), Error::<Test>::StaleProposal);
		assert!(Listings::get().contains_key(&8));
	});
}

#[test]
fn a_replica_that_was_not_asked_for_is_refused() {
	build_and_execute(|| {
		list(7, 5);
		let request = request_with(0, |spec| spec.replicas = 2);
		for replica in [2, 7, 8, 255] {
			assert_noop!(propose(request, replica, 7), Error::<Test>::StaleProposal);
		}
		assert_noop!(propose(99, 0, 7), Error::<Test>::UnknownRequest);
	});
}

#[test]
fn a_proposal_for_another_attempt_is_stale() {
	build_and_execute(|| {
		list(7, 5);
		let request = request();
		let proposal = Proposal {
			attempt: 1,
			..proposal(request, 0, 7)
		};
		let sent = Workspaces::propose_signed(RuntimeOrigin::signed(STRANGER), proposal);
		assert_noop!(sent, Error::<Test>::StaleProposal);
	});
}

#[test]
fn a_proposal_lapses_twenty_blocks_after_it_was_computed_and_none_comes_from_the_future() {
	build_and_execute(|| {
		list(7, 5);
		let request = request();
		let old = proposal(request, 0, 7);
		let send = |proposal| Workspaces::propose_signed(RuntimeOrigin::signed(STRANGER), proposal);
		assert_noop!(
			send(Proposal {
				computed_at: 2,
				..old
			}),
			Error::<Test>::StaleProposal
		);
		run_to(22);
		assert_noop!(send(old), Error::<Test>::StaleProposal);
		run_to(21);
		assert_ok!(send(old));
	});
}

#[test]
fn nothing_is_bound_once_the_lifetime_is_over() {
	build_and_execute(|| {
		list(7, 5);
		let request = request();
		run_to(51);
		assert_noop!(propose(request, 0, 7), Error::<Test>::LifetimeOver);
		run_to(50);
		assert_ok!(propose(request, 0, 7));
	});
}

#[test]
fn a_machine_takes_no_more_leases_than_it_may_have() {
	build_and_execute(|| {
		for uid in 1..=3 {
			list_with(uid, 5, |l| l.node = 1);
		}
		let request = request_with(0, |spec| spec.replicas = 3);
		assert_ok!(propose(request, 0, 1));
		assert_ok!(propose(request, 1, 2));
		assert_noop!(propose(request, 2, 3), Error::<Test>::TooManyLeases);
	});
}

#[test]
fn a_signed_account_may_not_use_the_workers_call() {
	build_and_execute(|| {
		list(7, 5);
		let proposal = proposal(request(), 0, 7);
		for origin in [
			RuntimeOrigin::signed(STRANGER),
			RuntimeOrigin::root(),
			RuntimeOrigin::none(),
		] {
			assert_noop!(Workspaces::propose(origin, proposal), BadOrigin);
		}
		for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
			assert_noop!(Workspaces::propose_signed(origin, proposal), BadOrigin);
		}
		let authorized = frame_system::RawOrigin::Authorized.into();
		assert_noop!(Workspaces::propose_signed(authorized, proposal), BadOrigin);
	});
}

#[test]
fn a_tenant_that_could_not_pay_loses_nothing() {
	build_and_execute(|| {
		list(7, 5);
		let request = request();
		take_offline(7);
		assert!(propose(request, 0, 7).is_err());
		assert_eq!(held(TENANT, HoldReason::Budget), 1_000);
	});
}

#[test]
fn whose_signed_proposal_is_bound_is_the_matcher_and_a_validators_worker_is_none() {
	build_and_execute(|| {
		list(1, 5);
		list(2, 5);
		assert_ok!(propose(request(), 0, 1));
		let by_worker = proposal(request(), 0, 2);
		assert_ok!(Workspaces::propose(
			frame_system::RawOrigin::Authorized.into(),
			by_worker
		));
		assert_eq!(Matchers::get(), [(1, Some(STRANGER)), (2, None)]);
	});
}

#[test]
fn who_proposed_a_candidate_first_stays_its_matcher_until_it_is_bound() {
	build_and_execute(|| {
		list(1, 3);
		let request = request_with(5, |_| {});
		assert_ok!(propose(request, 0, 1));
		let copied =
			Workspaces::propose_signed(RuntimeOrigin::signed(TENANT), proposal(request, 0, 1));
		assert_eq!(copied, Err(Error::<Test>::NotBetter.into()));
		run_to(6);
		assert_ok!(Workspaces::settle(RuntimeOrigin::signed(TENANT), request));
		assert_eq!(Matchers::get(), [(1, Some(STRANGER))]);
	});
}
