//! What the DAO sets of rewards, and what is kept of eras and of who earned in them.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::Permill;
use usufruct_primitives::{Balance, BlockNumber};

/// The number of an era, from 0.
pub type EraIndex = u32;

/// Most eras after its own in which a reward can be claimed.
pub const MAX_CLAIM_ERAS: u32 = 32;

/// What is paid for. The DAO sets it; holds from the next era on. Amounts are of one era.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct RewardRules {
	/// Blocks of an era. 0 = there are no eras and no rewards.
	pub era: BlockNumber,
	/// Eras after its own in which a reward can be claimed, 1 to [`MAX_CLAIM_ERAS`].
	pub claim_eras: u32,
	/// What all hardware shares by its points.
	pub network: Balance,
	/// What validators share by the blocks they authored.
	pub validators: Balance,
	/// What paid use returns at most.
	pub tasks: Balance,
	/// The part of the market's fee that paid use returns, below 1: who buys of itself pays more than it gets.
	pub rebate: Permill,
	/// The part of that which the provider gets; the tenant gets the rest.
	pub provider: Permill,
}

impl RewardRules {
	/// Whether they are in their bounds, and issue no more than `most` in an era.
	pub fn is_sound(&self, most: Balance) -> bool {
		let all = self
			.network
			.checked_add(self.validators)
			.and_then(|sum| sum.checked_add(self.tasks));
		(1..=MAX_CLAIM_ERAS).contains(&self.claim_eras)
			&& self.rebate < Permill::one()
			&& all.is_some_and(|all| all <= most)
	}
}

/// What is earned, by what it is earned with.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Points {
	/// Parts per million of class references, weighted: proved, available, measured.
	pub network: u128,
	/// Blocks authored.
	pub validators: u128,
	/// Rebates of fees, in the smallest unit.
	pub tasks: u128,
}

impl Points {
	/// The sum of each kind. Saturates: nobody earns 2¹²⁸.
	pub fn plus(&self, other: &Self) -> Self {
		Self {
			network: self.network.saturating_add(other.network),
			validators: self.validators.saturating_add(other.validators),
			tasks: self.tasks.saturating_add(other.tasks),
		}
	}

	/// What is left of each kind; `None` where there is less.
	pub fn minus(&self, other: &Self) -> Option<Self> {
		Some(Self {
			network: self.network.checked_sub(other.network)?,
			validators: self.validators.checked_sub(other.validators)?,
			tasks: self.tasks.checked_sub(other.tasks)?,
		})
	}

	/// Whether there are none.
	pub fn is_zero(&self) -> bool {
		*self == Self::default()
	}
}

/// The era under way.
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
pub struct CurrentEra {
	/// Its number.
	pub era: EraIndex,
	/// The block in which it began.
	pub began_at: BlockNumber,
	/// The rules it began with.
	pub rules: RewardRules,
	/// What was earned in it so far.
	pub points: Points,
}

/// An era that is over, and whose rewards can be claimed.
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
pub struct ClosedEra {
	/// The last era in which they can be claimed.
	pub claim_until: EraIndex,
	/// What was earned in it.
	pub points: Points,
	/// What of that is not claimed.
	pub unclaimed: Points,
	/// What was issued for it, by kind.
	pub issued: Issued,
	/// What of that was paid.
	pub paid: Balance,
}

/// What an era issued, in the smallest unit.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Issued {
	/// For hardware.
	pub network: Balance,
	/// For validators.
	pub validators: Balance,
	/// For paid use.
	pub tasks: Balance,
}

impl Issued {
	/// What an era with these rules and points issues: nothing for what nobody did, and for paid use no more
	/// than was earned.
	pub fn of(rules: &RewardRules, points: &Points) -> Self {
		let if_any = |points: u128, amount: Balance| if points == 0 { 0 } else { amount };
		Self {
			network: if_any(points.network, rules.network),
			validators: if_any(points.validators, rules.validators),
			tasks: rules.tasks.min(points.tasks),
		}
	}

	/// All of it. Bounded by the rules.
	pub fn total(&self) -> Balance {
		self.network
			.saturating_add(self.validators)
			.saturating_add(self.tasks)
	}
}

impl ClosedEra {
	/// What these points of it are worth; rounds down.
	pub fn worth(&self, points: &Points) -> Balance {
		let part = |points, all, issued| {
			sp_runtime::helpers_128bit::multiply_by_rational_with_rounding(
				issued,
				points,
				all,
				sp_runtime::Rounding::Down,
			)
			.unwrap_or(0)
		};
		part(points.network, self.points.network, self.issued.network)
			.saturating_add(part(
				points.validators,
				self.points.validators,
				self.issued.validators,
			))
			.saturating_add(part(points.tasks, self.points.tasks, self.issued.tasks))
	}
}

/// What an account earned in one era.
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
pub struct Earned {
	/// The era.
	pub era: EraIndex,
	/// What.
	pub points: Points,
}
