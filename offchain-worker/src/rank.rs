//! How good an offer is for a demand: a pure function of the two, never of other offers, so that the
//! chain can recompute it and one offer more never reorders two others.

use core::cmp::Reverse;

use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use usufruct_primitives::{Balance, Preference, RequestId, Requirement, Uid};

use crate::{Demand, Offer};

/// The best score.
pub const MAX_SCORE: u32 = 10_000;

/// An offer's place in the order for one demand: the greater is the better, and no two offers are
/// equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Rank {
	/// What counts first, 0 to [`MAX_SCORE`].
	pub score: u32,
	/// Whether the listing is not younger than the request. Otherwise a provider could list again
	/// and again until the tie falls in its favour.
	pub established: bool,
	/// Breaks ties: the lower wins. See [`tie`].
	pub tie: u64,
	/// The offer. Only so that the order is total.
	pub uid: Uid,
}

impl Rank {
	fn key(&self) -> (u32, bool, Reverse<u64>, Reverse<Uid>) {
		(
			self.score,
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
	Rank {
		score: score(&demand.requirement, offer),
		established: offer.listed_at <= demand.opened_at,
		tie: tie(demand.request, offer.uid),
		uid: offer.uid,
	}
}

/// Weights of price, proved score and availability, adding up to 100.
fn weights(preference: Preference) -> [u64; 3] {
	match preference {
		Preference::Cheapest => [100, 0, 0],
		Preference::Balanced => [40, 30, 30],
		Preference::Fastest => [10, 80, 10],
		Preference::Steady => [10, 10, 80],
	}
}

/// The weighted sum of three utilities, each 0 to [`MAX_SCORE`]: how far the price is below the
/// highest accepted, the proved score up to the class's reference, the availability. Rounds down.
pub fn score<AccountId>(requirement: &Requirement, offer: &Offer<AccountId>) -> u32 {
	let ppm = |value: u32| u64::from(value.min(1_000_000)).saturating_div(100);
	let utilities = [
		saving(requirement.max_price, offer.price),
		ppm(offer.score_ppm),
		ppm(offer.availability_ppm),
	];
	let sum = weights(requirement.preference)
		.into_iter()
		.zip(utilities)
		.fold(0u64, |sum, (weight, utility)| {
			sum.saturating_add(weight.saturating_mul(utility))
		});
	sum.saturating_div(100).try_into().unwrap_or(MAX_SCORE)
}

/// `(cap - price) / cap` scaled to [`MAX_SCORE`], rounded down.
fn saving(cap: Balance, price: Balance) -> u64 {
	let saved = cap.saturating_sub(price);
	// Both lose the same low bits, so that the product fits: 2^112 × 10,000 < 2^128.
	let shift = Balance::BITS
		.saturating_sub(cap.leading_zeros())
		.saturating_sub(112);
	let (saved, cap) = (saved >> shift, (cap >> shift).max(1));
	let scaled = saved
		.saturating_mul(MAX_SCORE.into())
		.checked_div(cap)
		.unwrap_or(0);
	scaled.min(MAX_SCORE.into()).try_into().unwrap_or(0)
}

/// Breaks ties without favouring low identifiers: the lower value wins. SplitMix64's finaliser over
/// the pair; needs to be even, not secret.
pub fn tie(request: RequestId, uid: Uid) -> u64 {
	let mut x = request.rotate_left(32) ^ uid.wrapping_mul(0x9e37_79b9_7f4a_7c15);
	x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
	x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
	x ^ (x >> 31)
}
