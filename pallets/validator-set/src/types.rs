//! The record of a candidate and what an offence still costs it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use sp_runtime::Perbill;
use sp_staking::SessionIndex;
use usufruct_primitives::{Balance, BlockNumber};

/// Sessions with offences that are remembered of one candidate. Of more, the first noted is
/// forgotten: an offence of that session that is reported yet again would cost anew.
pub const MAX_PUNISHMENTS: u32 = 8;

/// What the offences of one session have cost.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Punishment {
	/// When the offences were committed.
	pub session: SessionIndex,
	/// The bond when the first of them was reported.
	pub base: Balance,
	/// What they took of it, at most `base`.
	pub taken: Balance,
}

/// A bonded account.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Candidate {
	/// What is held of its money; 0 for validators of genesis that have not bonded.
	pub bond: Balance,
	/// Whether the DAO admitted it.
	pub admitted: bool,
	/// When it left; `None` = it did not.
	pub left_at: Option<BlockNumber>,
	/// What its offences have cost, one entry for a session, in the order of their reports.
	pub punishments: BoundedVec<Punishment, ConstU32<MAX_PUNISHMENTS>>,
}

impl Candidate {
	/// A candidate without a past.
	pub fn new(bond: Balance, admitted: bool) -> Self {
		Self {
			bond,
			admitted,
			left_at: None,
			punishments: BoundedVec::new(),
		}
	}

	/// What an offence that costs `fraction` takes, rounded up: that part of the bond as it was at
	/// the session's first report, less what the session has cost already. Within a session the worst
	/// offence counts, because each report repeats the earlier offenders of its slot.
	pub fn due(&self, session: SessionIndex, fraction: Perbill) -> Balance {
		let noted = self
			.punishments
			.iter()
			.find(|noted| noted.session == session);
		let (base, taken) = noted.map_or((self.bond, 0), |noted| (noted.base, noted.taken));
		fraction.mul_ceil(base).saturating_sub(taken).min(self.bond)
	}

	/// Notes that an offence of `session` took `amount` of the bond.
	pub fn punish(&mut self, session: SessionIndex, amount: Balance) {
		let base = self.bond;
		self.bond = base.saturating_sub(amount);
		let noted = self
			.punishments
			.iter_mut()
			.find(|noted| noted.session == session);
		if let Some(noted) = noted {
			noted.taken = noted.taken.saturating_add(amount);
			return;
		}
		if self.punishments.is_full() {
			self.punishments.remove(0);
		}
		// There is room now.
		let _: Result<(), Punishment> = self.punishments.try_push(Punishment {
			session,
			base,
			taken: amount,
		});
	}
}

#[cfg(test)]
mod tests {
	use proptest::prelude::*;

	use super::*;

	#[test]
	fn a_part_of_a_unit_is_rounded_up() {
		assert_eq!(Candidate::new(3, true).due(0, Perbill::from_percent(50)), 2);
		assert_eq!(Candidate::new(0, true).due(0, Perbill::one()), 0);
	}

	proptest! {
		/// However often and in whichever order the offences of a session are reported, they cost
		/// together what the worst of them costs alone.
		#[test]
		fn the_reports_of_one_session_cost_what_its_worst_offence_costs(
			bond in 0u128..=u128::MAX,
			parts in prop::collection::vec(0u32..=1_000_000_000, 1..20),
		) {
			let mut candidate = Candidate::new(bond, true);
			for parts in &parts {
				let due = candidate.due(7, Perbill::from_parts(*parts));
				candidate.punish(7, due);
			}
			let worst = parts.iter().max().map(|parts| Perbill::from_parts(*parts));
			let worst = worst.unwrap_or_default().mul_ceil(bond);
			prop_assert_eq!(candidate.bond, bond - worst);
			prop_assert_eq!(candidate.punishments.len(), 1);
		}
	}
}
