//! Requests that wait for better proposals.

use frame_support::{
	assert_noop, assert_ok,
	dispatch::{GetDispatchInfo, Pays},
};
use proptest::prelude::*;
use sp_runtime::{traits::Dispatchable, DispatchError::BadOrigin, DispatchResult};

use crate::{mock::*, *};

fn settle(request: u64) -> DispatchResult {
	Workspaces::settle(RuntimeOrigin::signed(STRANGER), request)
}

fn bound() -> Vec<u64> {
	let mut uids: Vec<_> = Leases::<Test>::iter_values()
		.map(|lease| lease.uid)
		.collect();
	uids.sort_unstable();
	uids
}

#[test]
fn the_best_proposal_wins_whatever_the_order_of_arrival() {
	for order in [
		[1, 2, 3],
		[1, 3, 2],
		[2, 1, 3],
		[2, 3, 1],
		[3, 1, 2],
		[3, 2, 1],
	] {
		build_and_execute(|| {
			for (uid, price) in [(1, 9), (2, 3), (3, 6)] {
				list(uid, price);
			}
			let request = request_with(5, |_| {});
			for uid in order {
				// Refused where better ones are known.
				let _: DispatchResult = propose(request, 0, uid);
			}
			assert!(bound().is_empty());
			run_to(6);
			assert_ok!(settle(request));
			assert_eq!(bound(), [2]);
		});
	}
}

#[test]
fn among_equals_the_order_of_arrival_does_not_matter_either() {
	let winner = |order: [u64; 2]| {
		let mut winner = vec![];
		build_and_execute(|| {
			list(1, 5);
			list(2, 5);
			let request = request_with(5, |_| {});
			for uid in order {
				let _: DispatchResult = propose(request, 0, uid);
			}
			run_to(6);
			assert_ok!(settle(request));
			winner = bound();
		});
		winner
	};
	assert_eq!(winner([1, 2]), winner([2, 1]));
}

#[test]
fn a_known_proposal_sent_again_is_refused() {
	build_and_execute(|| {
		list(1, 5);
		let request = request_with(5, |_| {});
		assert_ok!(propose(request, 0, 1));
		pass(1);
		assert_noop!(propose(request, 0, 1), Error::<Test>::NotBetter);
	});
}

#[test]
fn a_proposal_worse_than_the_two_known_is_refused() {
	build_and_execute(|| {
		for (uid, price) in [(1, 3), (2, 4), (3, 5)] {
			list(uid, price);
		}
		let request = request_with(5, |_| {});
		assert_ok!(propose(request, 0, 1));
		assert_ok!(propose(request, 0, 2));
		assert_noop!(propose(request, 0, 3), Error::<Test>::NotBetter);
	});
}

#[test]
fn the_runner_up_is_on_another_machine() {
	build_and_execute(|| {
		list(1, 3);
		list_with(2, 4, |l| l.node = 1);
		list(3, 5);
		let request = request_with(5, |_| {});
		assert_ok!(propose(request, 0, 1));
		assert_noop!(propose(request, 0, 2), Error::<Test>::NotBetter);
		assert_ok!(propose(request, 0, 3));
		let kept: Vec<_> = Candidates::<Test>::get(request, 0)
			.iter()
			.map(|c| c.rank.uid)
			.collect();
		assert_eq!(kept, [1, 3]);
	});
}

#[test]
fn the_runner_up_is_bound_where_the_best_is_gone() {
	build_and_execute(|| {
		list(1, 3);
		list(2, 5);
		let request = request_with(5, |_| {});
		assert_ok!(propose(request, 0, 1));
		assert_ok!(propose(request, 0, 2));
		take_offline(1);
		run_to(6);
		assert_ok!(settle(request));
		assert_eq!(bound(), [2]);
	});
}

#[test]
fn a_candidate_that_is_gone_does_not_stand_in_the_way_of_worse_ones() {
	build_and_execute(|| {
		list(1, 3);
		list(2, 5);
		let request = request_with(5, |_| {});
		assert_ok!(propose(request, 0, 1));
		take_offline(1);
		assert_ok!(propose(request, 0, 2));
		let kept = Candidates::<Test>::get(request, 0);
		assert_eq!(kept.iter().map(|c| c.rank.uid).collect::<Vec<_>>(), [2]);
	});
}

#[test]
fn one_use_right_proposed_for_two_replicas_is_bound_to_one() {
	build_and_execute(|| {
		list(1, 3);
		list(2, 5);
		let request = request_with(5, |spec| spec.replicas = 2);
		for replica in 0..2 {
			assert_ok!(propose(request, replica, 1));
			assert_ok!(propose(request, replica, 2));
		}
		run_to(6);
		assert_ok!(settle(request));
		assert_eq!(bound(), [1, 2]);
	});
}

#[test]
fn a_request_is_settled_at_the_block_its_window_ends_and_not_before() {
	build_and_execute(|| {
		list(1, 3);
		let request = request_with(5, |_| {});
		assert_ok!(propose(request, 0, 1));
		run_to(5);
		assert_noop!(settle(request), Error::<Test>::WindowOpen);
		run_to(6);
		assert_ok!(settle(request));
		assert_noop!(settle(request), Error::<Test>::NothingToSettle);
	});
}

#[test]
fn what_cannot_be_bound_is_dropped_and_stays_missing() {
	build_and_execute(|| {
		list(1, 3);
		let request = request_with(5, |_| {});
		assert_ok!(propose(request, 0, 1));
		take_offline(1);
		run_to(6);
		assert_ok!(settle(request));
		assert!(bound().is_empty());
		assert!(OpenRequests::<Test>::contains_key(request));
		assert_noop!(settle(request), Error::<Test>::NothingToSettle);
		assert_eq!(held(TENANT, HoldReason::Budget), 1_000);
	});
}

#[test]
fn after_the_window_a_valid_proposal_binds_the_best_known_at_once() {
	build_and_execute(|| {
		list(1, 3);
		list(2, 5);
		let request = request_with(5, |_| {});
		assert_ok!(propose(request, 0, 1));
		run_to(6);
		assert_ok!(propose(request, 0, 2));
		assert_eq!(bound(), [1]);
	});
}

#[test]
fn after_the_window_a_better_proposal_still_wins() {
	build_and_execute(|| {
		list(1, 5);
		list(2, 3);
		let request = request_with(5, |_| {});
		assert_ok!(propose(request, 0, 1));
		run_to(6);
		assert_ok!(propose(request, 0, 2));
		assert_eq!(bound(), [2]);
	});
}

#[test]
fn an_expired_request_is_not_settled() {
	build_and_execute(|| {
		list(1, 3);
		let request = request_with(5, |_| {});
		assert_ok!(propose(request, 0, 1));
		run_to(51);
		assert_noop!(settle(request), Error::<Test>::LifetimeOver);
		assert_ok!(Workspaces::expire_request(
			RuntimeOrigin::signed(STRANGER),
			request
		));
		assert!(Candidates::<Test>::iter().next().is_none());
	});
}

#[test]
fn an_unknown_request_is_not_settled_and_neither_root_nor_nobody_settles() {
	build_and_execute(|| {
		assert_noop!(settle(9), Error::<Test>::UnknownRequest);
		for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
			assert_noop!(Workspaces::settle(origin, 9), BadOrigin);
		}
	});
}

#[test]
fn who_copies_a_known_proposal_earns_nothing_by_it() {
	build_and_execute(|| {
		list(1, 5);
		let request = request_with(5, |_| {});
		let copied = proposal(request, 0, 1);
		let by = |who| Workspaces::propose_signed(RuntimeOrigin::signed(who), copied);
		assert_ok!(by(STRANGER));
		assert_noop!(by(AUTHOR), Error::<Test>::NotBetter);
		run_to(6);
		assert_ok!(settle(request));
		assert_eq!(Matchers::get(), [(1, Some(STRANGER))]);
	});
}

#[test]
fn a_proposal_that_cannot_hold_costs_its_author_the_whole_fee() {
	build_and_execute(|| {
		list(1, 1_000);
		let request = request_with(5, |_| {});
		let call = RuntimeCall::Workspaces(Call::propose_signed {
			proposal: proposal(request, 0, 1),
		});
		assert_eq!(call.get_dispatch_info().pays_fee, Pays::Yes);
		let refused = call.dispatch(RuntimeOrigin::signed(STRANGER)).unwrap_err();
		assert_eq!(refused.error, Error::<Test>::Unsuitable.into());
		assert_eq!(refused.post_info.pays_fee, Pays::Yes);
		// Nothing of the declared weight is given back.
		assert_eq!(refused.post_info.actual_weight, None);
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn the_order_in_which_proposals_arrive_never_decides(
		(listings, first, second) in prop::collection::vec((1u128..14, 0u32..6), 1..12)
			.prop_flat_map(|listings| {
				let uids: Vec<u64> = (0..listings.len() as u64).collect();
				(Just(listings), Just(uids.clone()).prop_shuffle(), Just(uids).prop_shuffle())
			}),
		gone in prop::option::of(0u32..6),
	) {
		let outcome = |order: Vec<u64>| {
			let mut outcome = (vec![], None);
			build_and_execute(|| {
				for (uid, (price, node)) in listings.iter().enumerate() {
					list_with(uid as u64, *price, |listing| listing.node = *node);
				}
				let request = request_with(5, |_| {});
				for uid in order {
					let _: DispatchResult = propose(request, 0, uid);
				}
				let kept = Candidates::<Test>::get(request, 0);
				let best = kept.first().map(|best| best.rank);
				// The best of all is kept, and nothing that is worse stands before it.
				let most = (0..listings.len() as u64).filter_map(|uid| {
					let demand = Requests::<Test>::get(request)?.demand_of(request, 0)?;
					Workspaces::candidate(&demand, uid, None).ok()
				});
				assert_eq!(best, most.map(|candidate| candidate.rank).max());
				if let Some(node) = gone {
					take_offline(node);
				}
				run_to(6);
				let _: DispatchResult = settle(request);
				outcome = (bound(), best);
			});
			outcome
		};
		prop_assert_eq!(outcome(first), outcome(second));
	}
}
