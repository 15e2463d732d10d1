//! One rule, one example.

use usufruct_primitives::{Filter, IsolationClass, Listed, Weights};

use super::{demand, offer, TENANT};
use crate::{assign, check, explain, percent, rank, score, Demand, Mismatch, Offer, MAX_SCORE};

fn listed<T: Clone>(items: &[T]) -> Listed<T> {
	items.to_vec().try_into().unwrap_or_default()
}

#[test]
fn the_cheapest_offer_wins_where_price_is_all_that_counts() {
	let offers = [offer(1, 30, 0), offer(2, 10, 0), offer(3, 20, 0)];
	assert_eq!(assign(&[demand(7, 100, 1)], &offers, 10)[0].uid, 2);
}

#[test]
fn the_fastest_offer_wins_where_speed_counts_most() {
	let offers = [offer(1, 10, 50), offer(2, 60, 100)];
	let mut demand = demand(7, 100, 1);
	demand.requirement.weights = Weights::FASTEST;
	assert_eq!(assign(&[demand], &offers, 10)[0].uid, 2);
}

#[test]
fn the_steadiest_offer_wins_where_availability_counts_most() {
	let (mut shaky, steady) = (offer(1, 10, 0), offer(2, 60, 0));
	shaky.features.quality.availability_percent = 30;
	let mut demand = demand(7, 100, 1);
	demand.requirement.weights = Weights::STEADY;
	assert_eq!(assign(&[demand], &[shaky, steady], 10)[0].uid, 2);
}

#[test]
fn each_mismatch_is_named() {
	let cases: [(Mismatch, fn(&mut Demand<u64>, &mut Offer<u64>)); 21] = [
		(Mismatch::Offline, |_, o| o.features.quality.online = false),
		(Mismatch::Own, |_, o| o.seller = TENANT),
		(Mismatch::Own, |_, o| o.owner = TENANT),
		(Mismatch::Avoided, |d, o| d.avoid.push(o.node)),
		(Mismatch::Class, |d, _| {
			d.requirement.classes.try_push(9).unwrap();
		}),
		(Mismatch::Gpus, |d, _| d.requirement.gpus = 1),
		(Mismatch::Gpus, |d, o| {
			(d.requirement.gpus, d.requirement.gpu_memory_mib) = (1, 80);
			(o.features.kind.gpus, o.features.kind.gpu_memory_mib) = (1, 79);
		}),
		(Mismatch::Capacity, |d, _| {
			d.requirement.capacity.cpu_millis = 1_001;
		}),
		(Mismatch::Capacity, |d, _| {
			d.requirement.capacity.disk_mib = 1_025;
		}),
		(Mismatch::Isolation, |d, _| {
			d.requirement.isolation = listed(&[IsolationClass::Gvisor, IsolationClass::Vm]);
		}),
		(Mismatch::Isolation, |d, _| d.wasm = false),
		(Mismatch::Score, |d, _| d.requirement.min_score_percent = 1),
		(Mismatch::Availability, |d, o| {
			d.requirement.min_availability_percent = 99;
			o.features.quality.availability_percent = 98;
		}),
		(Mismatch::Region, |d, _| {
			d.requirement.regions = Filter::Only(listed(&[40, 756]));
		}),
		(Mismatch::Region, |d, _| {
			d.requirement.regions = Filter::Except(listed(&[276]));
		}),
		(Mismatch::Region, |d, o| {
			d.requirement.regions = Filter::Except(listed(&[840]));
			o.features.kind.region = 0;
		}),
		(Mismatch::Provider, |d, o| {
			d.requirement.providers = Filter::Only(listed(&[o.owner + 7]));
		}),
		(Mismatch::Provider, |d, o| {
			d.requirement.providers = Filter::Except(listed(&[o.owner]));
		}),
		(Mismatch::Term, |d, _| d.term = 9),
		(Mismatch::Term, |d, _| d.term = 101),
		(Mismatch::Price, |_, o| o.price = 101),
	];
	assert_eq!(check(&demand(1, 100, 1), &offer(1, 10, 0)), Ok(()));
	for (mismatch, spoil) in cases {
		let (mut demand, mut offer) = (demand(1, 100, 1), offer(1, 10, 0));
		spoil(&mut demand, &mut offer);
		assert_eq!(check(&demand, &offer), Err(mismatch));
	}
}

#[test]
fn the_bounds_themselves_are_accepted() {
	let (mut demand, mut offer) = (demand(1, 100, 1), offer(1, 100, 7));
	demand.requirement.capacity = offer.features.kind.capacity();
	demand.requirement.min_score_percent = 7;
	demand.requirement.min_availability_percent = 100;
	demand.requirement.isolation = listed(&[IsolationClass::Wasm]);
	demand.requirement.regions = Filter::Only(listed(&[276]));
	demand.requirement.providers = Filter::Only(listed(&[offer.owner]));
	(demand.requirement.gpus, demand.requirement.gpu_memory_mib) = (2, 80);
	(offer.features.kind.gpus, offer.features.kind.gpu_memory_mib) = (2, 80);
	for term in [10, 100] {
		demand.term = term;
		assert_eq!(check(&demand, &offer), Ok(()));
	}
}

#[test]
fn an_image_for_containers_never_lands_in_a_wasm_sandbox_nor_the_other_way() {
	for isolation in [
		IsolationClass::Container,
		IsolationClass::Gvisor,
		IsolationClass::Vm,
	] {
		let (mut demand, mut offer) = (demand(1, 100, 1), offer(1, 10, 0));
		offer.features.kind.isolation = isolation;
		assert_eq!(check(&demand, &offer), Err(Mismatch::Isolation));
		demand.wasm = false;
		assert_eq!(check(&demand, &offer), Ok(()));
	}
}

#[test]
fn the_earlier_request_chooses_first() {
	let offers = [offer(1, 10, 0)];
	let matches = assign(&[demand(8, 100, 1), demand(7, 100, 1)], &offers, 10);
	assert_eq!(matches.iter().map(|m| m.request).collect::<Vec<_>>(), [7]);
}

#[test]
fn a_listing_younger_than_the_request_loses_ties_and_only_ties() {
	let (old, mut young) = (offer(1, 50, 0), offer(2, 50, 0));
	young.listed_at = 6;
	for request in 0..64 {
		let demand = demand(request, 100, 1);
		assert!(rank(&demand, &old) > rank(&demand, &young));
	}
	young.price = 40;
	assert!(rank(&demand(1, 100, 1), &young) > rank(&demand(1, 100, 1), &old));
}

#[test]
fn ties_favour_no_provider() {
	let wins = (0..1_000)
		.filter(|request| {
			assign(
				&[demand(*request, 9, 1)],
				&[offer(1, 5, 0), offer(2, 5, 0)],
				1,
			)[0]
			.uid == 1
		})
		.count();
	assert!((400..600).contains(&wins), "{wins}");
}

#[test]
fn a_price_near_the_largest_amount_does_not_overflow() {
	let (demand, offer) = (demand(1, u128::MAX, 1), offer(1, 0, 0));
	let score = |price| score(&demand.requirement, &offer.features.quality, price);
	assert_eq!(score(0), MAX_SCORE);
	assert_eq!(score(u128::MAX / 2), MAX_SCORE / 2);
	assert_eq!(score(u128::MAX), 0);
}

#[test]
fn a_cap_of_zero_scores_zero_savings() {
	let (demand, offer) = (demand(1, 0, 1), offer(1, 0, 0));
	assert_eq!(score(&demand.requirement, &offer.features.quality, 0), 0);
}

#[test]
fn what_a_request_accepts_at_least_is_the_zero_of_its_scale() {
	let (mut demand, mut offer) = (demand(1, 100, 1), offer(1, 100, 80));
	demand.requirement.weights = Weights::new(0, 50, 50);
	demand.requirement.min_score_percent = 60;
	demand.requirement.min_availability_percent = 90;
	offer.features.quality.availability_percent = 92;
	let now = |demand: &Demand<u64>| score(&demand.requirement, &offer.features.quality, 100);
	// Half of the way from 60 to 100, and a fifth of that from 90 to 100.
	assert_eq!(now(&demand), (5_000 + 2_000) / 2);
	// Beyond the reference nothing is left to compare.
	demand.requirement.min_score_percent = 100;
	assert_eq!(now(&demand), (10_000 + 2_000) / 2);
}

#[test]
fn what_was_measured_counts_in_whole_per_cent() {
	assert_eq!(percent(0), 0);
	assert_eq!(percent(9_999), 0);
	assert_eq!(percent(999_999), 99);
	assert_eq!(percent(1_000_000), 100);
	assert_eq!(percent(u32::MAX), 255);
}

#[test]
fn among_equal_scores_the_lower_price_wins() {
	// So close that both save 9,999 of 10,000.
	let cap = 1 << 40;
	let (dear, cheap) = (offer(1, 1_001, 0), offer(2, 1_000, 0));
	for request in 0..64 {
		let demand = demand(request, cap, 1);
		assert_eq!(rank(&demand, &dear).score, rank(&demand, &cheap).score);
		assert!(rank(&demand, &cheap) > rank(&demand, &dear));
	}
}

#[test]
fn the_same_snapshot_gives_the_same_matches_on_every_platform() {
	let offers: Vec<_> = (1..=6)
		.map(|uid| offer(uid, 10 + u128::from(uid % 2), 0))
		.collect();
	let matches = assign(&[demand(3, 100, 2), demand(4, 100, 2)], &offers, 10);
	let golden: Vec<_> = matches
		.iter()
		.map(|m| (m.request, m.replica, m.uid, m.score))
		.collect();
	assert_eq!(golden, GOLDEN);
}

/// Written down once; a change here is a change of the rules.
const GOLDEN: [(u64, u8, u64, u32); 4] = [
	(3, 0, 2, 9_000),
	(3, 1, 4, 9_000),
	(4, 0, 6, 9_000),
	(4, 1, 5, 8_900),
];

#[test]
fn an_explanation_counts_by_the_first_reason() {
	let mut offline = offer(3, 500, 0);
	offline.features.quality.online = false;
	let offers = [offer(1, 10, 0), offer(2, 500, 0), offline, offer(4, 101, 0)];
	let explanation = explain(&demand(1, 100, 1), &offers);
	assert_eq!((explanation.offers, explanation.suitable), (4, 1));
	assert_eq!(
		explanation.mismatches,
		[(Mismatch::Offline, 1), (Mismatch::Price, 2)]
	);
}
