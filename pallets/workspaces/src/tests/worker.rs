//! What a validator's off-chain worker does after each block.

use codec::Decode;
use frame_support::{
	assert_ok,
	traits::{Authorize, Hooks},
};
use sp_core::offchain::{
	testing::{TestOffchainExt, TestTransactionPoolExt},
	OffchainDbExt, OffchainWorkerExt, TransactionPoolExt,
};
use sp_runtime::{traits::Dispatchable, transaction_validity::TransactionSource};
use usufruct_offchain_worker::Mismatch;

use crate::{mock::*, *};

/// The node's pool: takes out what was sent to it.
pub(super) type Pool<'a> = &'a dyn Fn() -> Vec<Vec<u8>>;

/// Runs a test on a node that is a validator.
pub(super) fn as_validator(test: impl FnOnce(Pool<'_>)) {
	let mut ext = new_test_ext();
	let (offchain, _) = TestOffchainExt::new();
	let (pool, state) = TestTransactionPoolExt::new();
	ext.register_extension(OffchainDbExt::new(offchain.clone()));
	ext.register_extension(OffchainWorkerExt::new(offchain));
	ext.register_extension(TransactionPoolExt::new(pool));
	ext.execute_with(|| {
		test(&|| core::mem::take(&mut state.write().transactions));
		Workspaces::do_try_state().unwrap();
	});
}

/// The worker's run of this block: the calls that it sent.
pub(super) fn work(pool: Pool<'_>) -> Vec<RuntimeCall> {
	Workspaces::offchain_worker(System::block_number());
	pool()
		.iter()
		.map(|bytes| Extrinsic::decode(&mut &bytes[..]).unwrap().function)
		.collect()
}

/// The next block's author includes the calls.
pub(super) fn include(calls: Vec<RuntimeCall>) {
	pass(1);
	for call in calls {
		call.authorize(TransactionSource::InBlock).unwrap().unwrap();
		assert_ok!(call.dispatch(frame_system::RawOrigin::Authorized.into()));
	}
}

#[test]
fn the_worker_places_all_replicas_of_a_request() {
	as_validator(|pool| {
		for (uid, price) in [(1, 9), (2, 3), (3, 6)] {
			list(uid, price);
		}
		let request = request_with(0, |spec| spec.replicas = 2);
		let calls = work(pool);
		assert_eq!(calls.len(), 2);
		include(calls);
		let mut uids: Vec<_> = Leases::<Test>::iter_values().map(|l| l.uid).collect();
		uids.sort_unstable();
		assert_eq!(uids, [2, 3]);
		assert!(!OpenRequests::<Test>::contains_key(request));
	});
}

#[test]
fn the_worker_is_silent_where_nothing_is_to_do() {
	as_validator(|pool| {
		list(1, 5);
		assert!(work(pool).is_empty());
		request_with(0, |spec| spec.requirement.gpus = 8);
		assert!(work(pool).is_empty());
	});
}

#[test]
fn two_workers_at_once_buy_a_use_right_once() {
	as_validator(|pool| {
		list(1, 5);
		request();
		let (mine, theirs) = (work(pool), work(pool));
		assert_eq!(mine, theirs);
		include(mine);
		for call in theirs {
			assert!(call.authorize(TransactionSource::InBlock).unwrap().is_err());
			assert!(call
				.dispatch(frame_system::RawOrigin::Authorized.into())
				.is_err());
		}
		assert_eq!(Leases::<Test>::iter().count(), 1);
	});
}

#[test]
fn the_worker_proposes_once_within_a_window_and_settles_when_it_is_over() {
	as_validator(|pool| {
		list(1, 5);
		request_with(5, |_| {});
		include(work(pool));
		assert!(work(pool).is_empty());
		list(2, 4);
		include(work(pool));
		run_to(6);
		let calls = work(pool);
		assert_eq!(
			calls,
			[RuntimeCall::Workspaces(Call::settle { request: 0 })]
		);
		include(calls);
		assert_eq!(Leases::<Test>::get(0).unwrap().uid, 2);
	});
}

#[test]
fn the_worker_moves_a_replica_away_from_a_machine_that_is_lost() {
	as_validator(|pool| {
		let lease = lease(1);
		list(2, 6);
		assert_ok!(report(lease, running()));
		take_offline(1);
		assert_eq!(
			work(pool),
			[RuntimeCall::Workspaces(Call::expire { lease })]
		);
		include(vec![RuntimeCall::Workspaces(Call::expire { lease })]);
		include(work(pool));
		assert_eq!(Leases::<Test>::get(1).unwrap().node, 2);
	});
}

#[test]
fn the_worker_expires_requests_that_waited_too_long() {
	as_validator(|pool| {
		let request = request();
		run_to(51);
		include(work(pool));
		assert!(!Requests::<Test>::contains_key(request));
	});
}

#[test]
fn the_worker_sends_a_bounded_number_of_calls_and_comes_to_all_in_the_end() {
	as_validator(|pool| {
		for uid in 0..40 {
			list(uid, 5);
			request();
		}
		let mut runs = 0;
		while OpenRequests::<Test>::iter().next().is_some() {
			let calls = work(pool);
			assert!((1..=16).contains(&calls.len()));
			include(calls);
			runs += 1;
		}
		assert_eq!(runs, 3);
	});
}

#[test]
fn what_ended_is_cleared_in_bounded_steps_too() {
	as_validator(|pool| {
		for _ in 0..20 {
			request();
		}
		run_to(51);
		let calls = work(pool);
		assert_eq!(calls.len(), 16);
		include(calls);
		include(work(pool));
		assert!(Requests::<Test>::iter().next().is_none());
	});
}

#[test]
fn a_request_with_nothing_suitable_explains_why() {
	build_and_execute(|| {
		list(1, 11);
		list(2, 12);
		list(3, 5);
		take_offline(3);
		let request = request();
		let explanation = Workspaces::explain(request).unwrap();
		assert_eq!((explanation.offers, explanation.suitable), (3, 0));
		assert_eq!(
			explanation.mismatches,
			[(Mismatch::Offline, 1), (Mismatch::Price, 2)]
		);
		assert_eq!(Workspaces::explain(99), None);
	});
}

#[test]
fn a_plan_says_of_each_listing_what_a_proposal_would_be_told() {
	build_and_execute(|| {
		list(1, 3);
		list(2, 5);
		list_with(3, 5, |listing| listing.price = 1_000);
		list(4, 5);
		take_offline(4);
		let plan = Workspaces::plan(TENANT, spec(), 0, MAX_PLANNED).unwrap();
		assert_eq!(plan.next, None);
		let told: Vec<_> = plan
			.listings
			.iter()
			.map(|one| (one.uid, one.mismatch))
			.collect();
		let expected = [
			(1, None),
			(2, None),
			(3, Some(Mismatch::Price)),
			(4, Some(Mismatch::Offline)),
		];
		assert_eq!(told, expected);
		let request = request();
		System::reset_events();
		assert_ok!(propose(request, 0, 2));
		let score = plan.listings[1].score;
		assert!(events().contains(&Event::Proposed {
			request,
			replica: 0,
			uid: 2,
			score
		}));
	});
}

#[test]
fn a_plan_goes_on_where_it_ended_and_knows_published_images_only() {
	build_and_execute(|| {
		(1..=3).for_each(|uid| list(uid, 5));
		let plan = |from| Workspaces::plan(TENANT, spec(), from, 2).unwrap();
		assert_eq!((plan(0).listings.len(), plan(0).next), (2, Some(3)));
		assert_eq!((plan(3).listings.len(), plan(3).next), (1, None));
		let unknown = WorkspaceSpec {
			workload: Workload::default(),
			..spec()
		};
		assert_eq!(Workspaces::plan(TENANT, unknown, 0, 2), None);
	});
}
