//! Records of listings and purchases.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use usufruct_primitives::{Balance, BlockNumber, NodeId, Vid};

/// A use right for sale.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ListingRecord<AccountId> {
	/// The provider.
	pub seller: AccountId,
	/// The resource.
	pub vid: Vid,
	/// Price per block.
	pub price: Balance,
	/// Shortest term in blocks, at least 1.
	pub min_term: BlockNumber,
	/// Longest term in blocks.
	pub max_term: BlockNumber,
	/// When it was listed.
	pub listed_at: BlockNumber,
	/// What is held of the seller's money for the record.
	pub deposit: Balance,
}

/// A sold use right and the money that is kept for it.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct PurchaseRecord<AccountId> {
	/// Who bought. What is unused returns to whoever holds the right at the end.
	pub buyer: AccountId,
	/// The provider.
	pub seller: AccountId,
	/// The resource.
	pub vid: Vid,
	/// Its machine.
	pub node: NodeId,
	/// Price per block.
	pub price: Balance,
	/// When the term began.
	pub start: BlockNumber,
	/// When it ends; not part of the term.
	pub end: BlockNumber,
	/// What is left in escrow.
	pub escrow: Balance,
	/// The machine's available blocks up to which was paid.
	pub available: u64,
	/// The block up to which was paid.
	pub accrued_at: BlockNumber,
}

impl<AccountId> PurchaseRecord<AccountId> {
	/// What accrued by `now`, when the machine's available blocks are `available`: blocks and
	/// amount. At most the blocks of the term since the last accrual, at most what is in escrow.
	///
	/// Blocks that were missed after the end, while nobody closed the purchase, count as missed
	/// within it: when they were missed is not recorded, and the provider, whose money it is, can
	/// close at the end itself.
	pub fn due(&self, now: BlockNumber, available: u64) -> (u32, Balance) {
		let passed: u64 = now.saturating_sub(self.accrued_at).into();
		let missed = passed.saturating_sub(available.saturating_sub(self.available));
		let within: u64 = now.min(self.end).saturating_sub(self.accrued_at).into();
		let blocks = u32::try_from(within.saturating_sub(missed)).unwrap_or(u32::MAX);
		(
			blocks,
			self.price.saturating_mul(blocks.into()).min(self.escrow),
		)
	}
}
