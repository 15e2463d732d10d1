//! Offers grouped by what they have in common, kept up to date one by one.
//!
//! Machines of a kind repeat, so that a demand is judged against each kind once and not against each
//! machine (HTCondor groups jobs in the same way), and of the kinds that suit against each level of what
//! was measured. Within such a group everything that scores is equal but the price, so that **the
//! cheapest that the demand admits is the best**, and only offers at this very price are compared
//! further. The answer is that of [`crate::assign()`], offer by offer, which the tests
//! hold it to; where the work allowed is not enough, it is the best of what was seen.

use alloc::{
	collections::{btree_map, BTreeMap},
	vec::Vec,
};
use core::cmp::Reverse;

use codec::Encode;
use usufruct_primitives::{Balance, ClassId, IsolationClass, Uid};

use crate::{
	admits,
	assign::assign_by,
	rank::{rank_with, score},
	suffices, suits, Demand, Features, Kind, Match, Offer, Quality, Rank,
};

/// Offers with equal features, cheapest first.
type Group<AccountId> = BTreeMap<(Balance, Uid), Offer<AccountId>>;

/// The offers of one kind by what was measured of them.
#[derive(Clone, Debug, PartialEq)]
struct Levels<AccountId> {
	/// No group is empty.
	groups: BTreeMap<Quality, Group<AccountId>>,
	/// The lowest price of all.
	lowest: Balance,
	/// The best of each measure, though no offer need have both.
	highest: Quality,
}

impl<AccountId> Default for Levels<AccountId> {
	fn default() -> Self {
		Self {
			groups: BTreeMap::new(),
			lowest: Balance::MAX,
			highest: Quality {
				online: false,
				score_percent: 0,
				availability_percent: 0,
			},
		}
	}
}

impl<AccountId> Levels<AccountId> {
	fn insert(&mut self, offer: Offer<AccountId>) {
		self.note(&offer.features.quality, offer.price);
		self.groups
			.entry(offer.features.quality)
			.or_default()
			.insert((offer.price, offer.uid), offer);
	}

	fn remove(&mut self, quality: Quality, price: Balance, uid: Uid) -> Option<Offer<AccountId>> {
		let group = self.groups.get_mut(&quality)?;
		let offer = group.remove(&(price, uid))?;
		if group.is_empty() {
			self.groups.remove(&quality);
		}
		let groups = core::mem::take(&mut self.groups);
		*self = Self::default();
		for (quality, group) in &groups {
			if let Some(((price, _), _)) = group.first_key_value() {
				self.note(quality, *price);
			}
		}
		self.groups = groups;
		Some(offer)
	}

	fn note(&mut self, quality: &Quality, price: Balance) {
		self.lowest = self.lowest.min(price);
		let highest = &mut self.highest;
		highest.online |= quality.online;
		highest.score_percent = highest.score_percent.max(quality.score_percent);
		highest.availability_percent = highest
			.availability_percent
			.max(quality.availability_percent);
	}
}

/// All offers, for matching. Cloning copies them.
#[derive(Clone, Debug)]
pub struct Index<AccountId> {
	/// No kind is empty.
	kinds: BTreeMap<Kind, Levels<AccountId>>,
	/// Where each offer is.
	places: BTreeMap<Uid, (Features, Balance)>,
	/// Wrapping sum over the offers: does not depend on the order in which they came.
	digest: u64,
}

impl<AccountId> Default for Index<AccountId> {
	fn default() -> Self {
		Self {
			kinds: BTreeMap::new(),
			places: BTreeMap::new(),
			digest: 0,
		}
	}
}

impl<AccountId: PartialEq> PartialEq for Index<AccountId> {
	fn eq(&self, other: &Self) -> bool {
		self.kinds == other.kinds
	}
}

impl<AccountId: Encode> FromIterator<Offer<AccountId>> for Index<AccountId> {
	fn from_iter<I: IntoIterator<Item = Offer<AccountId>>>(offers: I) -> Self {
		let mut index = Self::default();
		for offer in offers {
			index.insert(offer);
		}
		index
	}
}

impl<AccountId: Encode> Index<AccountId> {
	/// Puts an offer in, in place of what was known of its use right. O(log offers + levels of its kind).
	pub fn insert(&mut self, offer: Offer<AccountId>) {
		self.remove(offer.uid);
		self.digest = self.digest.wrapping_add(fingerprint(&offer));
		let place = (offer.features, offer.price);
		self.places.insert(offer.uid, place);
		self.kinds
			.entry(offer.features.kind)
			.or_default()
			.insert(offer);
	}

	/// Takes an offer out; `None` where it is not in. O(log offers + levels of its kind).
	pub fn remove(&mut self, uid: Uid) -> Option<Offer<AccountId>> {
		let (features, price) = self.places.remove(&uid)?;
		let btree_map::Entry::Occupied(mut levels) = self.kinds.entry(features.kind) else {
			return None;
		};
		let offer = levels.get_mut().remove(features.quality, price, uid)?;
		if levels.get().groups.is_empty() {
			levels.remove();
		}
		self.digest = self.digest.wrapping_sub(fingerprint(&offer));
		Some(offer)
	}
}

impl<AccountId> Index<AccountId> {
	/// What is known of a use right.
	pub fn get(&self, uid: Uid) -> Option<&Offer<AccountId>> {
		let (features, price) = self.places.get(&uid)?;
		let levels = self.kinds.get(&features.kind)?;
		levels.groups.get(&features.quality)?.get(&(*price, uid))
	}

	/// The use rights from `from` on, ascending.
	pub fn uids_from(&self, from: Uid) -> impl Iterator<Item = Uid> + '_ {
		self.places.range(from..).map(|(uid, _)| *uid)
	}

	/// The greatest use right.
	pub fn last(&self) -> Option<Uid> {
		self.places.last_key_value().map(|(uid, _)| *uid)
	}

	/// Number of offers.
	pub fn len(&self) -> usize {
		self.places.len()
	}

	/// Whether there is no offer.
	pub fn is_empty(&self) -> bool {
		self.places.is_empty()
	}

	/// Number of kinds of offers: a demand is judged against each once.
	pub fn kinds(&self) -> usize {
		self.kinds.len()
	}

	/// The [`digest`] of the offers.
	pub fn digest(&self) -> u64 {
		self.digest
	}

	/// The kinds of the classes that a demand names, or all.
	fn kinds_for<'a>(
		&'a self,
		classes: &'a [ClassId],
	) -> impl Iterator<Item = (&'a Kind, &'a Levels<AccountId>)> {
		let all = classes.is_empty().then(|| self.kinds.iter());
		let named = classes.iter().flat_map(|class| {
			self.kinds
				.range(first_of(*class)..)
				.take_while(|(kind, _)| kind.class == *class)
		});
		all.into_iter().flatten().chain(named)
	}
}

impl<AccountId: Clone + Encode + PartialEq> Index<AccountId> {
	/// The matches of [`crate::assign()`], in at most `work` steps: a kind judged, a level of its quality
	/// judged, or an offer looked at is one.
	///
	/// The work is shared out fairly: each replica may use what is left by those before it divided by
	/// how many still wait, itself included, so that no demand takes another's turn. Where that is less
	/// than it needs, it gets the best of what it saw, which may be nothing.
	pub fn assign(
		&mut self,
		demands: &[Demand<AccountId>],
		limit: usize,
		work: &mut Work,
	) -> Vec<Match> {
		let mut waiting = demands.iter().fold(0u64, |sum, demand| {
			sum.saturating_add(u64::try_from(demand.missing.len()).unwrap_or(u64::MAX))
		});
		let mut taken = Vec::new();
		let matches = assign_by(demands, limit, |demand| {
			let share = work.left.checked_div(waiting.max(1)).unwrap_or(0);
			waiting = waiting.saturating_sub(1);
			let mut steps = share;
			let rank = self.best(demand, &mut steps);
			work.left = work.left.saturating_sub(share.saturating_sub(steps));
			if rank.is_none() && steps == 0 {
				work.cut_short = work.cut_short.saturating_add(1);
			}
			let rank = rank?;
			let offer = self.remove(rank.uid)?;
			let place = offer.place();
			taken.push(offer);
			Some((rank, place))
		});
		for offer in taken {
			self.insert(offer);
		}
		matches
	}

	/// The best offer for a demand, looking no further when the steps are used up.
	pub fn best(&self, demand: &Demand<AccountId>, steps: &mut u64) -> Option<Rank> {
		let requirement = &demand.requirement;
		// What an offer would score that had the best of everything of its kind.
		let mut hopes: Vec<(u32, Reverse<Balance>, &Levels<AccountId>)> = Vec::new();
		for (kind, levels) in self.kinds_for(&requirement.classes) {
			if !step(steps) {
				break;
			}
			if levels.lowest <= requirement.max_price
				&& suits(demand, kind).is_ok()
				&& suffices(demand, &levels.highest).is_ok()
			{
				let hope = score(requirement, &levels.highest, levels.lowest);
				hopes.push((hope, Reverse(levels.lowest), levels));
			}
		}
		// Stable, so that what is seen before the steps are used up is the same everywhere.
		hopes.sort_by_key(|(hope, lowest, _)| Reverse((*hope, *lowest)));
		let mut best: Option<Rank> = None;
		for (hope, Reverse(lowest), levels) in hopes {
			if !may_beat(hope, lowest, best) {
				// Nor does what follows.
				break;
			}
			if !levels.best(demand, steps, &mut best) {
				break;
			}
		}
		best
	}
}

/// Whether an offer with this score and price may be better than the best so far.
fn may_beat(score: u32, price: Balance, best: Option<Rank>) -> bool {
	best.is_none_or(|best| (best.score, Reverse(best.price)) <= (score, Reverse(price)))
}

impl<AccountId: PartialEq> Levels<AccountId> {
	/// Looks for a better offer among these. `false` where the steps were used up before that was certain.
	fn best(&self, demand: &Demand<AccountId>, steps: &mut u64, best: &mut Option<Rank>) -> bool {
		// The highest quality first: what comes later is more often beaten already.
		for (quality, group) in self.groups.iter().rev() {
			if !step(steps) {
				return false;
			}
			if suffices(demand, quality).is_err() {
				continue;
			}
			// No offer of the group is better than its cheapest would be.
			let Some(((lowest, _), _)) = group.first_key_value() else {
				continue;
			};
			let hope = score(&demand.requirement, quality, *lowest);
			if *lowest > demand.requirement.max_price || !may_beat(hope, *lowest, *best) {
				continue;
			}
			let (found, exhausted) = cheapest(demand, quality, group, steps);
			*best = (*best).max(found);
			if exhausted {
				return false;
			}
		}
		true
	}
}

/// The best of a group, and whether the steps were used up before that was certain.
fn cheapest<AccountId: PartialEq>(
	demand: &Demand<AccountId>,
	quality: &Quality,
	group: &Group<AccountId>,
	steps: &mut u64,
) -> (Option<Rank>, bool) {
	let mut found: Option<Rank> = None;
	for ((price, _), offer) in group {
		if *price > demand.requirement.max_price || found.is_some_and(|best| *price > best.price) {
			break;
		}
		if !step(steps) {
			return (found, true);
		}
		if admits(demand, offer).is_ok() {
			let score = found.map_or_else(
				|| score(&demand.requirement, quality, *price),
				|known| known.score,
			);
			found = found.max(Some(rank_with(demand, offer, score)));
		}
	}
	(found, false)
}

/// Uses one step; `false` where there is none.
fn step(steps: &mut u64) -> bool {
	let enough = *steps > 0;
	*steps = steps.saturating_sub(1);
	enough
}

/// How much a run may do, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
	/// Steps that may still be taken.
	pub left: u64,
	/// Replicas that got nothing because their share was used up.
	pub cut_short: u32,
}

impl Work {
	/// So many steps.
	pub fn of(steps: u64) -> Self {
		Self {
			left: steps,
			cut_short: 0,
		}
	}
}

/// No kind of the class comes before this.
fn first_of(class: ClassId) -> Kind {
	Kind {
		class,
		gpus: 0,
		gpu_memory_mib: 0,
		cpu_millis: 0,
		memory_mib: 0,
		disk_mib: 0,
		isolation: IsolationClass::Container,
		region: 0,
		min_term: 0,
		max_term: 0,
	}
}

/// Equal for equal offers, whatever their order. Finds what was stored by halves or decoded wrongly, not
/// an attack.
pub fn digest<'a, AccountId: Encode + 'a>(
	offers: impl IntoIterator<Item = &'a Offer<AccountId>>,
) -> u64 {
	offers
		.into_iter()
		.fold(0, |sum, offer| sum.wrapping_add(fingerprint(offer)))
}

/// FNV-1a over the encoded offer, without writing it down.
fn fingerprint<AccountId: Encode>(offer: &Offer<AccountId>) -> u64 {
	struct Fnv(u64);
	impl codec::Output for Fnv {
		fn write(&mut self, bytes: &[u8]) {
			for byte in bytes {
				self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
			}
		}
	}
	let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
	offer.encode_to(&mut hash);
	// A sum of FNV values would keep too much of their structure.
	crate::tie(hash.0, 0)
}
