//! What holds for any snapshot.

use std::collections::BTreeSet;

use proptest::prelude::*;
use usufruct_primitives::{IsolationClass, Preference};

use super::{demand, offer};
use crate::{assign, check, explain, rank, Demand, Offer, MAX_SCORE};

fn any_offer() -> impl Strategy<Value = (u128, u32, u32, u8, bool, u64, bool)> {
	(
		1u128..200,
		0u32..1_200_000,
		1u32..30,
		0u8..3,
		any::<bool>(),
		1u64..4,
		any::<bool>(),
	)
}

fn offers() -> impl Strategy<Value = Vec<Offer<u64>>> {
	prop::collection::btree_map(0u64..50, any_offer(), 0..30).prop_map(|offers| {
		let build = |(uid, (price, ppm, min_term, gpus, online, seller, wasm))| Offer {
			min_term,
			gpus,
			online,
			seller,
			listed_at: uid as u32 % 10,
			isolation: if wasm {
				IsolationClass::Wasm
			} else {
				IsolationClass::Container
			},
			..offer(uid, price, ppm)
		};
		offers.into_iter().map(build).collect()
	})
}

fn demands() -> impl Strategy<Value = Vec<Demand<u64>>> {
	let preference = prop_oneof![
		Just(Preference::Cheapest),
		Just(Preference::Balanced),
		Just(Preference::Fastest),
		Just(Preference::Steady),
	];
	let any_demand = (
		1u128..200,
		1u8..5,
		0u8..2,
		preference,
		any::<bool>(),
		0u32..50,
	);
	prop::collection::vec(any_demand, 0..10).prop_map(|demands| {
		let build = |(request, (cap, replicas, gpus, preference, wasm, avoid))| {
			let mut demand = demand(request as u64, cap, replicas);
			demand.requirement.gpus = gpus;
			demand.requirement.preference = preference;
			demand.wasm = wasm;
			demand.avoid.push(avoid);
			demand
		};
		demands.into_iter().enumerate().map(build).collect()
	})
}

proptest! {
	#[test]
	fn no_use_right_and_no_replica_is_matched_twice(offers in offers(), demands in demands()) {
		let doubled: Vec<_> = demands.iter().chain(&demands).cloned().collect();
		let matches = assign(&doubled, &offers, 1_000);
		let uids: BTreeSet<_> = matches.iter().map(|m| m.uid).collect();
		let replicas: BTreeSet<_> = matches.iter().map(|m| (m.request, m.replica)).collect();
		prop_assert_eq!(uids.len(), matches.len());
		prop_assert_eq!(replicas.len(), matches.len());
	}

	#[test]
	fn every_match_passes_the_check_with_the_score_it_claims(
		offers in offers(), demands in demands()
	) {
		for m in assign(&demands, &offers, 1_000) {
			let demand = demands.iter().find(|d| d.request == m.request).unwrap();
			let offer = offers.iter().find(|o| o.uid == m.uid).unwrap();
			prop_assert_eq!(check(demand, offer), Ok(()));
			prop_assert_eq!(rank(demand, offer).score, m.score);
			prop_assert!(m.score <= MAX_SCORE);
			prop_assert!(demand.missing.contains(&m.replica));
			prop_assert_eq!(demand.attempt, m.attempt);
		}
	}

	#[test]
	fn nothing_suitable_is_left_for_a_replica_without_a_match(
		offers in offers(), demands in demands()
	) {
		let matches = assign(&demands, &offers, 1_000);
		let taken: BTreeSet<_> = matches.iter().map(|m| m.uid).collect();
		for demand in &demands {
			let got = matches.iter().filter(|m| m.request == demand.request).count();
			let left = offers.iter().any(|o| !taken.contains(&o.uid) && check(demand, o).is_ok());
			prop_assert!(got == demand.missing.len() || !left);
		}
	}

	#[test]
	fn the_order_of_inputs_does_not_matter(
		(offers, shuffled_offers) in offers().prop_flat_map(|o| (Just(o.clone()), Just(o).prop_shuffle())),
		(demands, shuffled_demands) in demands().prop_flat_map(|d| (Just(d.clone()), Just(d).prop_shuffle())),
	) {
		let matches = assign(&demands, &offers, 1_000);
		prop_assert_eq!(&matches, &assign(&demands, &shuffled_offers, 1_000));
		prop_assert_eq!(&matches, &assign(&shuffled_demands, &offers, 1_000));
	}

	#[test]
	fn one_offer_more_never_reorders_two_others(offers in offers(), demands in demands()) {
		for demand in &demands {
			let mut ranks: Vec<_> = offers.iter().map(|o| rank(demand, o)).collect();
			ranks.sort();
			prop_assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]));
		}
	}

	#[test]
	fn no_more_than_the_limit_is_matched(
		offers in offers(), demands in demands(), limit in 0usize..5
	) {
		let all = assign(&demands, &offers, 1_000);
		let some = assign(&demands, &offers, limit);
		prop_assert_eq!(&all[..limit.min(all.len())], &some[..]);
	}

	#[test]
	fn an_explanation_accounts_for_every_offer(offers in offers(), demands in demands()) {
		for demand in &demands {
			let e = explain(demand, &offers);
			let failed: u32 = e.mismatches.iter().map(|(_, n)| n).sum();
			prop_assert_eq!(e.suitable + failed, e.offers);
			prop_assert_eq!(e.offers as usize, offers.len());
			prop_assert!(e.mismatches.windows(2).all(|pair| pair[0].0 < pair[1].0));
		}
	}
}
