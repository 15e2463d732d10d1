//! How good an offer is for a demand: a pure function of the two, never of other offers, so that the
//! chain can recompute it and one offer more never reorders two others.

use core::cmp::Reverse;

use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use usufruct_primitives::{Balance, RequestId, Requirement, Uid};

use crate::{Demand, Offer, Quality};

/// The best score.
pub const MAX_SCORE: u32 = 10_000;

/// The same as a factor.
const FULL: u64 = MAX_SCORE as u64;

/// An offer's place in the order for one demand: the greater is the better, and no two offers are
/// equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Rank {
	/// What counts first, 0 to [`MAX_SCORE`].
	pub score: u32,
	/// Among equal scores, the lower price wins.
	pub price: Balance,
	/// Whether the listing is not younger than the request. Otherwise a provider could list again
	/// and again until the tie falls in its favour.
	pub established: bool,
	/// Breaks ties: the lower wins. See [`tie`].
	pub tie: u64,
	/// The offer. Only so that the order is total.
	pub uid: Uid,
}

impl Rank {
	fn key(&self) -> (u32, Reverse<Balance>, bool, Reverse<u64>, Reverse<Uid>) {
		(
			self.score,
			Reverse(self.price),
			self.established,
			Reverse(self.tie),
			Reverse(self.uid),
		)
	}
}

impl Ord for Rank {
	fn cmp(&self, other: &Self) -> core::cmp::Ordering {
		self.key().cmp(&other.key())
	}
}

impl PartialOrd for Rank {
	fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
		Some(self.cmp(other))
	}
}

/// Where the offer stands for the demand. Does not look at whether it satisfies the demand: see
/// [`crate::check`].
pub fn rank<AccountId>(demand: &Demand<AccountId>, offer: &Offer<AccountId>) -> Rank {
	let score = score(&demand.requirement, &offer.features.quality, offer.price);
	rank_with(demand, offer, score)
}

/// The same where the score is known already.
pub(crate) fn rank_with<AccountId>(
	demand: &Demand<AccountId>,
	offer: &Offer<AccountId>,
	score: u32,
) -> Rank {
	Rank {
		score,
		price: offer.price,
		established: offer.listed_at <= demand.opened_at,
		tie: tie(demand.request, offer.uid),
		uid: offer.uid,
	}
}

/// The weighted mean of three utilities, each 0 to [`MAX_SCORE`] and measured by what the request
/// itself accepts: how far the price is below the highest accepted, the proved score above the lowest
/// accepted, up to the class's reference, and the availability above the lowest accepted. Rounds down.
pub fn score<AccountId>(
	requirement: &Requirement<AccountId>,
	quality: &Quality,
	price: Balance,
) -> u32 {
	let weights = requirement.weights;
	let parts = [
		(weights.price, saving(requirement.max_price, price)),
		(
			weights.speed,
			above(requirement.min_score_percent, quality.score_percent),
		),
		(
			weights.reliability,
			above(
				requirement.min_availability_percent,
				quality.availability_percent,
			),
		),
	];
	let sum = parts.into_iter().fold(0u64, |sum, (weight, utility)| {
		sum.saturating_add(u64::from(weight).saturating_mul(utility))
	});
	u32::try_from(sum / 100).unwrap_or(MAX_SCORE).min(MAX_SCORE)
}

/// `(cap - price) / cap` scaled to [`MAX_SCORE`], rounded down.
fn saving(cap: Balance, price: Balance) -> u64 {
	let saved = cap.saturating_sub(price);
	// Both lose the same low bits, so that the product fits: 2^50 × 10,000 < 2^64.
	let shift = Balance::BITS
		.saturating_sub(cap.leading_zeros())
		.saturating_sub(50);
	let narrow = |amount: Balance| u64::try_from(amount >> shift).unwrap_or(u64::MAX);
	narrow(saved)
		.saturating_mul(FULL)
		.checked_div(narrow(cap))
		.map_or(0, |part| part.min(FULL))
}

/// `(percent - least) / (100 - least)` scaled to [`MAX_SCORE`], rounded down; above 100 counts as 100.
fn above(least: u8, percent: u8) -> u64 {
	let over = u64::from(percent.min(100).saturating_sub(least));
	let span = u64::from(100u8.saturating_sub(least));
	// Who asks for 100 or more gets nothing that differs.
	over.saturating_mul(FULL)
		.checked_div(span)
		.map_or(FULL, |part| part.min(FULL))
}

/// Breaks ties without favouring low identifiers: the lower value wins. SplitMix64's finaliser over
/// the pair; needs to be even, not secret.
pub fn tie(request: RequestId, uid: Uid) -> u64 {
	let mut x = request.rotate_left(32) ^ uid.wrapping_mul(0x9e37_79b9_7f4a_7c15);
	x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
	x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
	x ^ (x >> 31)
}
