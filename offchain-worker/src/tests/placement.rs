//! Where replicas are in relation to each other.

use usufruct_primitives::Scopes;

use super::{demand, offer};
use crate::{assign, check, Demand, Mismatch, Offer, Place};

const NODE: Scopes = Scopes {
	node: true,
	owner: false,
	region: false,
};
const OWNER: Scopes = Scopes {
	node: false,
	owner: true,
	region: false,
};
const REGION: Scopes = Scopes {
	node: false,
	owner: false,
	region: true,
};

/// An offer on a machine, of an owner, in a region.
fn at(uid: u64, price: u128, (node, owner, region): (u32, u64, u16)) -> Offer<u64> {
	let mut offer = offer(uid, price, 0);
	(offer.node, offer.owner, offer.features.kind.region) = (node, owner, region);
	offer
}

fn uids(demand: Demand<u64>, offers: &[Offer<u64>]) -> Vec<u64> {
	assign(&[demand], offers, 10)
		.iter()
		.map(|found| found.uid)
		.collect()
}

/// Two on each of two machines of a provider in one region, one by another next to them, one elsewhere.
fn offers() -> Vec<Offer<u64>> {
	vec![
		at(1, 1, (1, 10, 276)),
		at(2, 2, (1, 10, 276)),
		at(3, 3, (2, 10, 276)),
		at(4, 4, (3, 11, 276)),
		at(5, 5, (4, 11, 40)),
	]
}

#[test]
fn replicas_that_must_be_apart_share_no_machine_no_owner_no_region() {
	for (apart, found) in [
		(Scopes::default(), [1, 2]),
		(NODE, [1, 3]),
		(OWNER, [1, 4]),
		(REGION, [1, 5]),
	] {
		let mut demand = demand(7, 100, 2);
		demand.requirement.apart = apart;
		assert_eq!(uids(demand, &offers()), found);
	}
}

#[test]
fn replicas_that_must_be_together_follow_the_first() {
	let first = at(9, 0, (4, 11, 40));
	let rest = [
		at(1, 1, (1, 10, 276)),
		at(2, 2, (5, 10, 40)),
		at(3, 3, (3, 11, 276)),
		at(4, 4, (4, 11, 40)),
	];
	let offers: Vec<_> = [first].into_iter().chain(rest).collect();
	for (together, second) in [(Scopes::default(), 1), (REGION, 2), (OWNER, 3), (NODE, 4)] {
		let mut demand = demand(7, 100, 2);
		demand.requirement.together = together;
		assert_eq!(uids(demand, &offers), [9, second]);
	}
}

#[test]
fn replicas_may_be_on_two_machines_of_one_region() {
	let mut demand = demand(7, 100, 3);
	demand.requirement.apart = OWNER;
	demand.requirement.together = REGION;
	assert_eq!(uids(demand, &offers()), [1, 4]);
}

#[test]
fn replicas_that_run_already_count() {
	let placed = |node, owner, region| Place {
		node,
		owner,
		region,
	};
	let mut demand = demand(7, 100, 1);
	demand.placed.push(placed(1, 10, 276));
	demand.requirement.apart = NODE;
	assert_eq!(uids(demand.clone(), &offers()), [3]);
	demand.requirement.together = REGION;
	demand.placed.push(placed(9, 12, 40));
	assert_eq!(check(&demand, &offers()[2]), Err(Mismatch::Together));
	assert_eq!(check(&demand, &offers()[0]), Err(Mismatch::Apart));
}

#[test]
fn a_machine_that_does_not_say_where_it_is_cannot_be_compared_by_region() {
	let somewhere = at(1, 1, (1, 10, 0));
	for (apart, together) in [(REGION, Scopes::default()), (Scopes::default(), REGION)] {
		let mut demand = demand(7, 100, 1);
		(demand.requirement.apart, demand.requirement.together) = (apart, together);
		assert_eq!(check(&demand, &somewhere), Err(Mismatch::Region));
	}
}
