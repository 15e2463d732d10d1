//! Why a demand finds what it finds: "41 offers: 30 too dear, 9 too small, 2 offline".

use alloc::vec::Vec;

use codec::{Decode, Encode};
use scale_info::TypeInfo;

use crate::{check, Demand, Mismatch, Offer};

/// How many offers failed for which reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Explanation {
	/// Offers looked at.
	pub offers: u32,
	/// Offers that satisfy the demand.
	pub suitable: u32,
	/// The others, by their first mismatch, ascending; none twice.
	pub mismatches: Vec<(Mismatch, u32)>,
}

/// Counts the offers by what [`check`] says of them.
pub fn explain<AccountId: PartialEq>(
	demand: &Demand<AccountId>,
	offers: &[Offer<AccountId>],
) -> Explanation {
	let mut explanation = Explanation::default();
	for offer in offers {
		explanation.offers = explanation.offers.saturating_add(1);
		match check(demand, offer) {
			Ok(()) => explanation.suitable = explanation.suitable.saturating_add(1),
			Err(mismatch) => explanation.count(mismatch),
		}
	}
	explanation.mismatches.sort_unstable();
	explanation
}

impl Explanation {
	fn count(&mut self, mismatch: Mismatch) {
		match self
			.mismatches
			.iter_mut()
			.find(|(known, _)| *known == mismatch)
		{
			Some((_, count)) => *count = count.saturating_add(1),
			None => self.mismatches.push((mismatch, 1)),
		}
	}
}
