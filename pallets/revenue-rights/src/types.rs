//! Records of revenue rights and the arithmetic of dividends.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use usufruct_primitives::{Balance, BlockNumber, REVENUE_SHARES};

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
pub struct ShareRecord<AccountId, Ticket> {
	/// Number of shares, 1 to 10,000; 0 while unpaid income keeps the record.
	pub shares: u16,
	/// Those of them that are for sale by orders, and cannot be moved otherwise.
	pub offered: u16,
	/// `per_share` up to which `owed` was computed.
	pub settled_at: Balance,
	/// Computed and not yet paid.
	pub owed: Balance,
	/// Paid since the record exists: with what is owed, the holder's income. Its difference between two blocks
	/// is a statement.
	pub paid: Balance,
	/// Who paid for the record.
	pub depositor: AccountId,
	/// For what is held of the depositor's money for it.
	pub deposit: Ticket,
}

impl<AccountId, Ticket> ShareRecord<AccountId, Ticket> {
	/// Moves the income since the last settlement to `owed`; `None` where an amount overflows.
	pub fn accrue(&mut self, per_share: Balance) -> Option<()> {
		let since = per_share.checked_sub(self.settled_at)?;
		let income = since.checked_mul(self.shares.into())?;
		self.owed = self.owed.checked_add(income)?;
		self.settled_at = per_share;
		Some(())
	}
}

/// Identifies an order; never given twice.
pub type OrderId = u64;

/// What an order wants.
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
pub enum Side {
	/// Gives shares for money.
	#[codec(index = 0)]
	Sell,
	/// Gives money for shares.
	#[codec(index = 1)]
	Buy,
}

/// An order for shares of one right, until it is filled, cancelled, or expired.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct OrderRecord<AccountId, Ticket> {
	/// Whose it is.
	pub maker: AccountId,
	/// What it wants.
	pub side: Side,
	/// Shares that nobody took yet.
	pub shares: u16,
	/// Price of one share, in the smallest unit.
	pub price: Balance,
	/// The last block in which it can be filled.
	pub expires_at: BlockNumber,
	/// For what is held of the maker for the record, and for the share record that a buyer may need.
	pub deposit: Ticket,
}

impl<AccountId, Ticket> OrderRecord<AccountId, Ticket> {
	/// What so many shares cost; `None` where that overflows.
	pub fn cost(&self, shares: u16) -> Option<Balance> {
		self.price.checked_mul(shares.into())
	}

	/// What is held of the maker beside its deposit, a buyer's money; `None` where that overflows.
	pub fn money(&self) -> Option<Balance> {
		match self.side {
			Side::Sell => Some(0),
			Side::Buy => self.cost(self.shares),
		}
	}
}
