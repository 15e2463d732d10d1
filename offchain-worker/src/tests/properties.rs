//! What holds for any snapshot.

use std::collections::BTreeSet;

use proptest::prelude::*;
use usufruct_primitives::{Filter, IsolationClass, Listed, Scopes, Weights};

use super::{demand, offer};
use crate::{assign, check, explain, rank, score, Demand, Offer, MAX_SCORE};

fn any_offer() -> impl Strategy<Value = Offer<u64>> {
	(
		(1u128..60, 0u8..120, 90u8..101, 1u32..30, 0u8..3),
		(any::<bool>(), any::<bool>(), 1u64..5, 0u32..12, 0u16..4),
	)
		.prop_map(
			|(
				(price, score, availability, min_term, gpus),
				(offline, wasm, owner, node, region),
			)| {
				let mut offer = offer(0, price, score);
				(offer.owner, offer.seller, offer.node) = (owner, owner, node);
				let features = &mut offer.features;
				features.quality.availability_percent = availability;
				features.kind.min_term = min_term;
				features.kind.gpus = gpus;
				features.quality.online = !offline || gpus > 0;
				features.kind.region = region;
				features.kind.isolation = if wasm {
					IsolationClass::Wasm
				} else {
					IsolationClass::Container
				};
				offer
			},
		)
}

pub(super) fn offers() -> impl Strategy<Value = Vec<Offer<u64>>> {
	prop::collection::btree_map(0u64..50, any_offer(), 0..30).prop_map(|offers| {
		let build = |(uid, offer)| Offer {
			uid,
			vid: uid,
			listed_at: uid as u32 % 10,
			..offer
		};
		offers.into_iter().map(build).collect()
	})
}

fn filter<T: Ord + Clone + core::fmt::Debug + 'static>(
	value: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Filter<T>> {
	let list = prop::collection::btree_set(value, 1..3).prop_map(|items| -> Listed<T> {
		items.into_iter().collect::<Vec<_>>().try_into().unwrap()
	});
	let named = (list, any::<bool>()).prop_map(|(list, only)| {
		if only {
			Filter::Only(list)
		} else {
			Filter::Except(list)
		}
	});
	prop_oneof![4 => Just(Filter::Any), 1 => named]
}

fn scopes() -> impl Strategy<Value = Scopes> {
	prop_oneof![
		3 => Just(Scopes::default()),
		1 => (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(node, owner, region)| Scopes {
			node,
			owner,
			region,
		}),
	]
}

fn weights() -> impl Strategy<Value = Weights> {
	(0u8..=100).prop_flat_map(|price| {
		(0u8..=100 - price).prop_map(move |speed| Weights::new(price, speed, 100 - price - speed))
	})
}

pub(super) fn demands() -> impl Strategy<Value = Vec<Demand<u64>>> {
	let any_demand = (
		(
			1u128..80,
			1u8..5,
			0u8..2,
			weights(),
			any::<bool>(),
			0u32..12,
		),
		(
			filter(1u16..4),
			filter(1u64..5),
			scopes(),
			scopes(),
			0u8..60,
		),
	);
	prop::collection::vec(any_demand, 0..10).prop_map(|demands| {
		let build = |(request, (first, second))| {
			let (cap, replicas, gpus, weights, wasm, avoid) = first;
			let (regions, providers, apart, together, min_score): (_, _, Scopes, Scopes, u8) =
				second;
			let mut demand = demand(request as u64, cap, replicas);
			demand.requirement.gpus = gpus;
			demand.requirement.weights = weights;
			demand.requirement.regions = regions;
			demand.requirement.providers = providers;
			demand.requirement.min_score_percent = min_score;
			if !apart.contradicts(&together) {
				(demand.requirement.apart, demand.requirement.together) = (apart, together);
			}
			demand.wasm = wasm;
			demand.avoid.push(avoid);
			demand
		};
		demands.into_iter().enumerate().map(build).collect()
	})
}

/// The size of the largest matching, by augmenting paths.
fn most_placed(demands: &[Demand<u64>], offers: &[Offer<u64>]) -> usize {
	fn place(
		replica: usize,
		fits: &[Vec<usize>],
		seen: &mut BTreeSet<usize>,
		holder: &mut [Option<usize>],
	) -> bool {
		for &offer in &fits[replica] {
			if seen.insert(offer)
				&& holder[offer].is_none_or(|other| place(other, fits, seen, holder))
			{
				holder[offer] = Some(replica);
				return true;
			}
		}
		false
	}
	let fitting = |demand: &Demand<u64>| -> Vec<usize> {
		(0..offers.len())
			.filter(|offer| check(demand, &offers[*offer]).is_ok())
			.collect()
	};
	let fits: Vec<Vec<usize>> = demands
		.iter()
		.flat_map(|demand| demand.missing.iter().map(move |_| fitting(demand)))
		.collect();
	let mut holder = vec![None; offers.len()];
	(0..fits.len())
		.filter(|replica| place(*replica, &fits, &mut BTreeSet::new(), &mut holder))
		.count()
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
		let mut demands = demands;
		for m in assign(&demands, &offers, 1_000) {
			let demand = demands.iter_mut().find(|d| d.request == m.request).unwrap();
			let offer = offers.iter().find(|o| o.uid == m.uid).unwrap();
			prop_assert_eq!(check(demand, offer), Ok(()));
			prop_assert_eq!(rank(demand, offer).score, m.score);
			demand.placed.push(offer.place());
			prop_assert!(m.score <= MAX_SCORE);
			prop_assert!(demand.missing.contains(&m.replica));
			prop_assert_eq!(demand.attempt, m.attempt);
		}
	}

	#[test]
	fn nothing_suitable_is_left_for_a_replica_without_a_match(
		offers in offers(), demands in demands()
	) {
		let mut demands = demands;
		let matches = assign(&demands, &offers, 1_000);
		let taken: BTreeSet<_> = matches.iter().map(|m| m.uid).collect();
		for m in &matches {
			let offer = offers.iter().find(|o| o.uid == m.uid).unwrap();
			let demand = demands.iter_mut().find(|d| d.request == m.request).unwrap();
			demand.placed.push(offer.place());
		}
		for demand in &demands {
			let got = matches.iter().filter(|m| m.request == demand.request).count();
			let left = offers.iter().any(|o| !taken.contains(&o.uid) && check(demand, o).is_ok());
			prop_assert!(got == demand.missing.len() || !left);
		}
	}

	#[test]
	fn at_least_half_of_what_could_be_placed_is_placed(
		offers in offers(), demands in demands()
	) {
		// Where replicas do not depend on each other.
		let mut demands = demands;
		for demand in &mut demands {
			demand.requirement.apart = Scopes::default();
			demand.requirement.together = Scopes::default();
		}
		let placed = assign(&demands, &offers, 1_000).len();
		prop_assert!(2 * placed >= most_placed(&demands, &offers));
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
	fn the_score_is_within_its_bounds_for_any_amounts(
		cap in any::<u128>(),
		price in any::<u128>(),
		(least, value) in (any::<u8>(), any::<u8>()),
		weights in weights(),
	) {
		let mut demand = demand(1, cap, 1);
		demand.requirement.weights = weights;
		demand.requirement.min_score_percent = least;
		demand.requirement.min_availability_percent = least;
		let mut offer = offer(1, price, value);
		offer.features.quality.availability_percent = value;
		prop_assert!(score(&demand.requirement, &offer.features.quality, price) <= MAX_SCORE);
	}

	#[test]
	fn a_lower_price_never_scores_less(
		cap in any::<u128>(), a in any::<u128>(), b in any::<u128>(), weights in weights()
	) {
		let mut demand = demand(1, cap, 1);
		demand.requirement.weights = weights;
		let features = offer(1, 1, 50).features.quality;
		let score = |price| score(&demand.requirement, &features, price);
		prop_assert!(score(a.min(b)) >= score(a.max(b)));
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
