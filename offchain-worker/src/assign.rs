//! Who gets what: demands in order, each replica the best offer that is left.

use alloc::{collections::BTreeSet, vec::Vec};
use core::cmp::Reverse;

use crate::{check, rank, Demand, Match, Offer, Rank};

/// At most `limit` matches: no use right twice, no replica twice.
///
/// Earlier requests choose first; the order of the arguments does not matter. O(demands × offers ×
/// log offers).
pub fn assign<AccountId: PartialEq>(
	demands: &[Demand<AccountId>],
	offers: &[Offer<AccountId>],
	limit: usize,
) -> Vec<Match> {
	let mut order: Vec<&Demand<AccountId>> = demands.iter().collect();
	order.sort_by_key(|demand| (demand.request, Reverse(demand.term)));
	let mut taken = BTreeSet::new();
	let mut served = BTreeSet::new();
	let mut matches = Vec::new();
	for demand in order {
		let missing: BTreeSet<u8> = demand.missing.iter().copied().collect();
		let missing = missing
			.into_iter()
			.filter(|r| served.insert((demand.request, *r)));
		for (replica, rank) in missing.zip(ranked(demand, offers, &taken)) {
			if matches.len() >= limit {
				return matches;
			}
			taken.insert(rank.uid);
			matches.push(Match {
				request: demand.request,
				attempt: demand.attempt,
				replica,
				uid: rank.uid,
				score: rank.score,
			});
		}
	}
	matches
}

/// The offers that satisfy the demand and are not taken, best first.
fn ranked<AccountId: PartialEq>(
	demand: &Demand<AccountId>,
	offers: &[Offer<AccountId>],
	taken: &BTreeSet<u64>,
) -> Vec<Rank> {
	let mut ranks: Vec<Rank> = offers
		.iter()
		.filter(|offer| !taken.contains(&offer.uid) && check(demand, offer).is_ok())
		.map(|offer| rank(demand, offer))
		.collect();
	ranks.sort_unstable_by(|a, b| b.cmp(a));
	ranks.dedup_by_key(|rank| rank.uid);
	ranks
}
