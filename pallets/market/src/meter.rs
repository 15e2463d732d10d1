//! What a use costs as it goes: a price per block, for the blocks in which the machine was there.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use usufruct_primitives::{Balance, BlockNumber};

/// Money that is kept for blocks of use, and up to where it was paid.
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
pub struct Meter {
	/// Price per block.
	pub price: Balance,
	/// The block at which it stops; not paid itself.
	pub end: BlockNumber,
	/// What is left in escrow.
	pub escrow: Balance,
	/// The machine's available blocks at the last reading.
	pub available: u64,
	/// When they were read.
	pub read_at: BlockNumber,
	/// The block up to which was paid; before anything was, the block from which on is paid.
	pub accrued_at: BlockNumber,
}

impl Meter {
	/// For the blocks from `from` up to `end`, all of them in escrow; read at `now`, when the machine's available
	/// blocks are `available`. `None` where the price overflows.
	pub(crate) fn new(
		price: Balance,
		from: BlockNumber,
		end: BlockNumber,
		now: BlockNumber,
		available: u64,
	) -> Option<Self> {
		Some(Self {
			price,
			end,
			escrow: price.checked_mul(end.saturating_sub(from).into())?,
			available,
			read_at: now,
			accrued_at: from,
		})
	}

	/// What accrued by `now`, when the machine's available blocks are `available`: blocks and
	/// amount. At most the blocks since the last accrual up to the end, at most what is in escrow.
	///
	/// Blocks that were missed before the meter's begin or after its end, since the last reading, count as
	/// missed within: when they were missed is not recorded, and the provider, whose money it is, can have the
	/// meter read at both.
	pub fn due(&self, now: BlockNumber, available: u64) -> (u32, Balance) {
		let passed: u64 = now.saturating_sub(self.read_at).into();
		let missed = passed.saturating_sub(available.saturating_sub(self.available));
		let within: u64 = now.min(self.end).saturating_sub(self.accrued_at).into();
		let blocks = u32::try_from(within.saturating_sub(missed)).unwrap_or(u32::MAX);
		(
			blocks,
			self.price.saturating_mul(blocks.into()).min(self.escrow),
		)
	}

	/// Takes what is due out of escrow, and gives it: blocks and amount.
	pub(crate) fn read(&mut self, now: BlockNumber, available: u64) -> (u32, Balance) {
		let (blocks, amount) = self.due(now, available);
		self.available = available;
		self.read_at = now;
		self.accrued_at = self.accrued_at.max(now.min(self.end));
		self.escrow = self.escrow.saturating_sub(amount);
		(blocks, amount)
	}

	/// Whether it is within its end, and what is kept covers what can still be due.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub(crate) fn is_covered(&self) -> bool {
		let rest = self.end.saturating_sub(self.accrued_at);
		self.accrued_at <= self.end && self.escrow >= self.price.saturating_mul(rest.into())
	}
}
