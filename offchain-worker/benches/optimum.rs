//! How far is "earlier requests choose first" from the best that could be done for all together?

use std::collections::BTreeMap;

use usufruct_offchain_worker::{assign, check, score};

use crate::world;

/// Markets that are compared.
const MARKETS: u64 = 400;
/// Listings of each: every way to give them away is tried.
const LISTINGS: usize = 10;

/// Prints the ratios of what is matched to what could be, where requests hardly compete and where there
/// are more of them than listings.
pub(crate) fn compare() {
	println!("\n| against the optimum, {MARKETS} markets of {LISTINGS} listings | replicas / listings | total score / the highest | at worst | placed / the most | optimal markets |");
	println!("| --- | --- | --- | --- | --- | --- |");
	for requests in [2, 4, 10] {
		row(requests);
	}
}

fn row(requests: usize) {
	let mut wanted = 0;
	let (mut found_total, mut best_total) = (0, 0);
	let (mut found_count, mut most_count) = (0, 0);
	let (mut worst, mut optimal) = (1.0f64, 0);
	for market in 0..MARKETS {
		// Of few kinds, and about as many replicas as listings, so that they compete.
		let offers: Vec<_> = world::listings(5_000, market)
			.into_iter()
			.filter(|offer| offer.features.quality.online && offer.features.kind.class <= 4)
			.step_by(60)
			.take(LISTINGS)
			.collect();
		let demands: Vec<_> = world::requests(400, 1_000 + market)
			.into_iter()
			.filter(|demand| demand.requirement.gpus <= 1 && !demand.requirement.apart.node)
			.map(|mut demand| {
				demand.requirement.classes = Default::default();
				demand.requirement.regions = Default::default();
				demand
			})
			.filter(|demand| offers.iter().any(|offer| check(demand, offer).is_ok()))
			.take(requests)
			.collect();
		wanted += demands
			.iter()
			.map(|demand| demand.missing.len())
			.sum::<usize>();
		let utilities: Vec<Vec<Option<u64>>> = demands
			.iter()
			.flat_map(|demand| demand.missing.iter().map(move |_| demand))
			.map(|demand| {
				offers
					.iter()
					.map(|offer| {
						check(demand, offer).ok()?;
						Some(
							score(&demand.requirement, &offer.features.quality, offer.price).into(),
						)
					})
					.collect()
			})
			.collect();
		let found = assign(&demands, &offers, usize::MAX);
		let total: u64 = found.iter().map(|one| u64::from(one.score)).sum();
		let best = most(&utilities, |utility| utility);
		let count = most(&utilities, |_| 1);
		found_total += total;
		best_total += best;
		found_count += found.len() as u64;
		most_count += count;
		optimal += u64::from(total == best);
		if best > 0 {
			worst = worst.min(total as f64 / best as f64);
		}
	}
	println!(
		"| {requests} requests | {:.2} | {:.4} | {worst:.4} | {:.4} | {optimal} |",
		wanted as f64 / (MARKETS as f64 * LISTINGS as f64),
		found_total as f64 / best_total as f64,
		found_count as f64 / most_count as f64
	);
}

/// The highest sum over all assignments: tries each set of listings taken.
fn most(utilities: &[Vec<Option<u64>>], value: impl Fn(u64) -> u64) -> u64 {
	let mut reached = BTreeMap::from([(0u32, 0u64)]);
	for row in utilities {
		let mut next = reached.clone();
		for (taken, sum) in &reached {
			for (offer, utility) in row.iter().enumerate() {
				let bit = 1 << offer;
				let Some(utility) = utility.filter(|_| taken & bit == 0) else {
					continue;
				};
				let better = next.entry(taken | bit).or_insert(0);
				*better = (*better).max(sum + value(utility));
			}
		}
		reached = next;
	}
	reached.into_values().max().unwrap_or(0)
}
