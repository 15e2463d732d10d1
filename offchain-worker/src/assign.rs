//! Who gets what: demands in order, each replica the best offer that is left.
//!
//! This looks at every offer for every replica. [`crate::Index`] gives the same answer and looks at few.

use alloc::{collections::BTreeSet, vec::Vec};
use core::cmp::Reverse;

use usufruct_primitives::{RequestId, Uid};

use crate::{check, rank, Demand, Match, Offer, Place, Rank};

/// At most `limit` matches: no use right twice, no replica twice.
///
/// Earlier requests choose first; the order of the arguments does not matter. O(replicas × offers).
pub fn assign<AccountId: Clone + PartialEq>(
	demands: &[Demand<AccountId>],
	offers: &[Offer<AccountId>],
	limit: usize,
) -> Vec<Match> {
	let mut taken = BTreeSet::new();
	assign_by(demands, limit, |demand| {
		let (rank, offer) = offers
			.iter()
			.filter(|offer| !taken.contains(&offer.uid) && check(demand, offer).is_ok())
			.map(|offer| (rank(demand, offer), offer))
			.max_by_key(|(rank, _)| *rank)?;
		taken.insert(offer.uid);
		Some((rank, offer.place()))
	})
}

/// The order of service, whatever finds the best offer that is left.
///
/// `best` is asked once for each replica, with the demand as it is then: where the request's other
/// replicas went is noted in it. An answer is final; no answer ends the demand.
pub(crate) fn assign_by<AccountId: Clone>(
	demands: &[Demand<AccountId>],
	limit: usize,
	mut best: impl FnMut(&Demand<AccountId>) -> Option<(Rank, Place<AccountId>)>,
) -> Vec<Match> {
	let mut order: Vec<&Demand<AccountId>> = demands.iter().collect();
	order.sort_by_key(|demand| (demand.request, Reverse(demand.term)));
	let mut served = BTreeSet::new();
	let mut matches: Vec<Match> = Vec::new();
	let mut current: Option<RequestId> = None;
	let mut placed: Vec<Place<AccountId>> = Vec::new();
	for demand in order {
		if current != Some(demand.request) {
			current = Some(demand.request);
			placed.clone_from(&demand.placed);
		}
		let mut demand = demand.clone();
		demand.placed.clone_from(&placed);
		let missing: BTreeSet<u8> = demand.missing.iter().copied().collect();
		for replica in missing {
			if matches.len() >= limit {
				return matches;
			}
			if !served.insert((demand.request, replica)) {
				continue;
			}
			let Some((rank, place)) = best(&demand) else {
				break;
			};
			demand.placed.push(place);
			let uid: Uid = rank.uid;
			matches.push(Match {
				request: demand.request,
				attempt: demand.attempt,
				replica,
				uid,
				score: rank.score,
			});
		}
		placed = demand.placed;
	}
	matches
}
