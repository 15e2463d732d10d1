//! Records of revenue rights and the arithmetic of dividends.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use usufruct_primitives::{Balance, REVENUE_SHARES};

/// A revenue right (RID), identified by its resource.
#[derive(
	Clone,
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
pub struct RightRecord {
	/// Income of one share since the right exists, in whole units.
	pub per_share: Balance,
	/// Income that could not be divided by the number of shares yet: below 10,000 units.
	pub remainder: Balance,
	/// All income so far.
	pub income: Balance,
	/// All that was paid to holders so far.
	pub paid: Balance,
	/// Number of share records.
	pub holders: u32,
}

impl RightRecord {
	/// Adds income; `None` where an amount overflows. Rounds down and keeps what is left:
	/// `per_share × 10,000 + remainder` is all income, exactly.
	pub fn add_income(&mut self, amount: Balance) -> Option<()> {
		let shares = Balance::from(REVENUE_SHARES);
		let divisible = self.remainder.checked_add(amount)?;
		self.income = self.income.checked_add(amount)?;
		self.per_share = self.per_share.checked_add(divisible.checked_div(shares)?)?;
		self.remainder = divisible.checked_rem(shares)?;
		Some(())
	}
}

/// What one account holds of one right.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ShareRecord<AccountId> {
	/// Number of shares, 1 to 10,000; 0 while unpaid income keeps the record.
	pub shares: u16,
	/// `per_share` up to which `owed` was computed.
	pub settled_at: Balance,
	/// Computed and not yet paid.
	pub owed: Balance,
	/// Who paid for the record.
	pub depositor: AccountId,
	/// What is held of the depositor's money for it.
	pub deposit: Balance,
}

impl<AccountId> ShareRecord<AccountId> {
	/// Moves the income since the last settlement to `owed`; `None` where an amount overflows.
	pub fn accrue(&mut self, per_share: Balance) -> Option<()> {
		let since = per_share.checked_sub(self.settled_at)?;
		let income = since.checked_mul(self.shares.into())?;
		self.owed = self.owed.checked_add(income)?;
		self.settled_at = per_share;
		Some(())
	}
}
