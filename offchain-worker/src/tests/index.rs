//! The index answers as a full scan does.

use proptest::prelude::*;

use super::{
	demand, offer,
	properties::{demands, offers},
};
use crate::{assign, digest, rank, Index, Offer, Work};

/// What happens to listings.
#[derive(Clone, Debug)]
enum Delta {
	Insert(Offer<u64>),
	Remove(u64),
}

fn deltas() -> impl Strategy<Value = Vec<Delta>> {
	let delta = prop_oneof![
		2 => offers().prop_map(|offers| offers.into_iter().map(Delta::Insert).collect()),
		1 => prop::collection::vec((0u64..50).prop_map(Delta::Remove), 0..20),
	];
	prop::collection::vec(delta, 0..6)
		.prop_map(|parts: Vec<Vec<Delta>>| parts.into_iter().flatten().collect())
}

proptest! {
	#[test]
	fn after_any_deltas_the_index_matches_as_a_full_scan_does(
		deltas in deltas(), demands in demands(), limit in 0usize..40
	) {
		let mut index = Index::default();
		let mut plain = std::collections::BTreeMap::new();
		for delta in deltas {
			match delta {
				Delta::Insert(offer) => {
					plain.insert(offer.uid, offer.clone());
					index.insert(offer);
				}
				Delta::Remove(uid) => prop_assert_eq!(index.remove(uid), plain.remove(&uid)),
			}
		}
		let plain: Vec<_> = plain.into_values().collect();
		let rebuilt: Index<u64> = plain.iter().cloned().collect();
		prop_assert!(index == rebuilt);
		prop_assert_eq!(index.digest(), rebuilt.digest());
		prop_assert_eq!(index.len(), plain.len());
		prop_assert_eq!(index.digest(), digest(&plain));

		let mut work = Work::of(u64::MAX);
		let found = index.assign(&demands, limit, &mut work);
		prop_assert_eq!(found, assign(&demands, &plain, limit));
		prop_assert_eq!(work.cut_short, 0);
		// What was matched is still for sale.
		prop_assert!(index == rebuilt);
		prop_assert_eq!(index.digest(), rebuilt.digest());
	}

	#[test]
	fn no_more_work_is_done_than_allowed_and_what_is_found_is_valid(
		offers in offers(), demands in demands(), steps in 0u64..60
	) {
		let mut index: Index<u64> = offers.iter().cloned().collect();
		let mut work = Work::of(steps);
		let found = index.assign(&demands, 1_000, &mut work);
		prop_assert!(work.left <= steps);
		prop_assert!(found.len() as u64 <= steps);
		for one in found {
			let demand = demands.iter().find(|d| d.request == one.request).unwrap();
			let offer = offers.iter().find(|o| o.uid == one.uid).unwrap();
			prop_assert_eq!(rank(demand, offer).score, one.score);
		}
	}

	#[test]
	fn a_changed_offer_changes_the_digest(offers in offers(), price in 1u128..1_000) {
		let index: Index<u64> = offers.iter().cloned().collect();
		for mut offer in offers {
			let mut other = index.clone();
			let same = offer.price == price;
			offer.price = price;
			other.insert(offer);
			prop_assert_eq!(other.digest() == index.digest(), same);
		}
	}
}

#[test]
fn a_demand_that_needs_much_work_leaves_the_others_their_share() {
	// The first demand finds nothing in 40 kinds; the second needs three steps.
	let mut index: Index<u64> = (0..40)
		.map(|uid| {
			let mut offer = offer(uid, 10, 0);
			offer.features.kind.cpu_millis = 1_000 + uid as u32;
			offer
		})
		.collect();
	let mut other = offer(99, 10, 0);
	other.features.kind.class = 2;
	index.insert(other);
	let (mut greedy, mut modest) = (demand(1, 5, 1), demand(2, 100, 1));
	greedy.requirement.classes.try_push(1).unwrap();
	modest.requirement.classes.try_push(2).unwrap();
	let mut work = Work::of(6);
	let found = index.assign(&[greedy, modest], 10, &mut work);
	assert_eq!(found.iter().map(|one| one.uid).collect::<Vec<_>>(), [99]);
	assert_eq!(work.cut_short, 1);
}

#[test]
fn offers_of_a_kind_are_judged_once() {
	let mut index: Index<u64> = (0..1_000)
		.map(|uid| offer(uid, 10 + u128::from(uid), 0))
		.collect();
	assert_eq!(index.kinds(), 1);
	let mut work = Work::of(100);
	let found = index.assign(&[demand(1, 5_000, 1)], 1, &mut work);
	assert_eq!(found[0].uid, 0);
	// The kind, its only level, and its cheapest; the next is dearer.
	assert_eq!(work.left, 97);
}
