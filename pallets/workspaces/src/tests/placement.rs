//! Who may serve a request, where, and where its replicas are in relation to each other.

use frame_support::{assert_noop, assert_ok};
use usufruct_offchain_worker::Mismatch;
use usufruct_primitives::{Filter, Listed, NodeId, RequestId, Requirement, Scopes, Weights};

use crate::{mock::*, *};

fn listed<T: Clone>(items: &[T]) -> Listed<T> {
	items.to_vec().try_into().unwrap_or_default()
}

fn ask_for(
	replicas: u8,
	window: u32,
	change: impl FnOnce(&mut Requirement<AccountId>),
) -> RequestId {
	request_with(window, |spec| {
		spec.replicas = replicas;
		change(&mut spec.requirement);
	})
}

fn move_to(node: NodeId, region: u16) {
	let mut regions = Regions::get();
	regions.insert(node, region);
	Regions::set(&regions);
}

fn nodes() -> Vec<NodeId> {
	let mut nodes: Vec<_> = Leases::<Test>::iter_values()
		.map(|lease| lease.node)
		.collect();
	nodes.sort_unstable();
	nodes
}

#[test]
fn a_requirement_out_of_its_normal_form_is_refused_by_its_reason() {
	type Case = (Error<Test>, fn(&mut Requirement<AccountId>));
	let cases: [Case; 6] = [
		(Error::UnsortedList, |r| {
			r.regions = Filter::Only(listed(&[756, 276]));
		}),
		(Error::EmptyList, |r| {
			r.providers = Filter::Only(listed(&[]));
		}),
		(Error::UnknownRegion, |r| {
			r.regions = Filter::Except(listed(&[0]));
		}),
		(Error::BadPercentage, |r| r.min_availability_percent = 101),
		(Error::ContradictoryPlacement, |r| {
			(r.apart.owner, r.together.owner) = (true, true);
		}),
		(Error::BadWeights, |r| r.weights = Weights::new(0, 0, 0)),
	];
	build_and_execute(|| {
		for (error, spoil) in cases {
			let mut spec = spec();
			spoil(&mut spec.requirement);
			let origin = RuntimeOrigin::signed(TENANT);
			let asked = Workspaces::request(origin, spec, ENDOWMENT, 0, LIFETIME);
			assert_noop!(asked, error);
		}
	});
}

#[test]
fn a_machine_in_another_region_or_of_another_provider_is_refused() {
	type Case = fn(&mut Requirement<AccountId>);
	let refused: [Case; 4] = [
		|r| r.regions = Filter::Only(listed(&[756])),
		|r| r.regions = Filter::Except(listed(&[276])),
		|r| r.providers = Filter::Only(listed(&[STRANGER])),
		|r| r.providers = Filter::Except(listed(&[PROVIDER])),
	];
	let accepted: [Case; 4] = [
		|r| r.regions = Filter::Only(listed(&[276, 756])),
		|r| r.regions = Filter::Except(listed(&[756])),
		|r| r.providers = Filter::Only(listed(&[PROVIDER])),
		|r| r.providers = Filter::Except(listed(&[STRANGER])),
	];
	for (cases, ok) in [(refused, false), (accepted, true)] {
		for case in cases {
			build_and_execute(|| {
				list(7, 5);
				move_to(7, 276);
				let request = ask_for(1, 0, case);
				if ok {
					assert_ok!(propose(request, 0, 7));
				} else {
					assert_noop!(propose(request, 0, 7), Error::<Test>::Unsuitable);
				}
			});
		}
	}
}

#[test]
fn a_machine_that_does_not_say_where_it_is_serves_no_request_that_asks() {
	build_and_execute(|| {
		list(7, 5);
		let request = ask_for(1, 0, |r| r.regions = Filter::Except(listed(&[276])));
		assert_noop!(propose(request, 0, 7), Error::<Test>::Unsuitable);
	});
}

#[test]
fn replicas_that_must_be_apart_are_never_bound_to_one_machine() {
	build_and_execute(|| {
		list_with(1, 3, |l| l.node = 1);
		list_with(2, 3, |l| l.node = 1);
		list(3, 5);
		let request = ask_for(2, 0, |r| r.apart.node = true);
		assert_ok!(propose(request, 0, 1));
		assert_noop!(propose(request, 1, 2), Error::<Test>::Unsuitable);
		assert_ok!(propose(request, 1, 3));
		assert_eq!(nodes(), [1, 3]);
	});
}

#[test]
fn replicas_that_must_be_together_follow_the_first_into_its_region() {
	build_and_execute(|| {
		for (uid, region) in [(1, 276), (2, 40), (3, 276)] {
			list(uid, 5);
			move_to(uid as NodeId, region);
		}
		let request = ask_for(2, 0, |r| r.together.region = true);
		assert_ok!(propose(request, 0, 1));
		assert_noop!(propose(request, 1, 2), Error::<Test>::Unsuitable);
		assert_ok!(propose(request, 1, 3));
	});
}

#[test]
fn a_replica_that_moves_stays_apart_from_the_others() {
	build_and_execute(|| {
		for uid in 1..=2 {
			list(uid, 5);
		}
		list_with(3, 3, |l| l.node = 2);
		list(4, 9);
		let request = ask_for(2, 0, |r| r.apart.node = true);
		assert_ok!(propose(request, 0, 1));
		assert_ok!(propose(request, 1, 2));
		take_offline(1);
		let origin = RuntimeOrigin::signed(STRANGER);
		assert_ok!(Workspaces::expire(origin, 0));
		assert_noop!(propose(request, 0, 3), Error::<Test>::Unsuitable);
		assert_ok!(propose(request, 0, 4));
		assert_eq!(nodes(), [2, 4]);
	});
}

#[test]
fn what_waits_for_the_end_of_a_window_is_bound_apart() {
	build_and_execute(|| {
		list(1, 3);
		list(2, 5);
		let request = ask_for(2, 5, |r| r.apart.node = true);
		// The same best and runner-up for both.
		for replica in 0..2 {
			assert_ok!(propose(request, replica, 1));
			assert_ok!(propose(request, replica, 2));
		}
		run_to(6);
		assert_ok!(Workspaces::settle(RuntimeOrigin::signed(STRANGER), request));
		assert_eq!(nodes(), [1, 2]);
	});
}

#[test]
fn seats_are_those_that_proposals_would_be_bound_to() {
	build_and_execute(|| {
		list_with(1, 3, |l| l.node = 1);
		list_with(2, 4, |l| l.node = 1);
		list(3, 5);
		let mut spec = spec();
		spec.replicas = 3;
		spec.requirement.apart = Scopes {
			node: true,
			..Default::default()
		};
		let seats = Workspaces::seats(TENANT, spec, vec![3, 2, 1, 99]).unwrap();
		let told: Vec<_> = seats
			.iter()
			.map(|seat| (seat.replica, seat.uid, seat.price))
			.collect();
		assert_eq!(told, [(0, 1, 3), (1, 3, 5)]);
		let request = ask_for(3, 0, |r| r.apart.node = true);
		for (replica, uid, _) in told {
			assert_ok!(propose(request, replica, uid));
		}
		assert_eq!(nodes(), [1, 3]);
	});
}

#[test]
fn a_score_that_is_too_low_is_told_by_its_reason() {
	build_and_execute(|| {
		list(1, 5);
		let request = ask_for(1, 0, |r| r.min_score_percent = 1);
		let explanation = Workspaces::explain(request).unwrap();
		assert_eq!(explanation.mismatches, [(Mismatch::Score, 1)]);
	});
}
