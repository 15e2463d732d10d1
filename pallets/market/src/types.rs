//! Records of listings and purchases.

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::{helpers_128bit::multiply_by_rational_with_rounding, Rounding};
use usufruct_primitives::{
	traits::ListingInfo, Balance, BlockNumber, Capacity, ClassId, IsolationClass, NodeId, Uid, Vid,
};

use crate::Meter;

/// A use right for sale.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ListingRecord<AccountId, Ticket> {
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
	/// From where its price falls to `price`; `None` = it is that already.
	pub lead_in: Option<LeadIn>,
	/// How it may be reserved; `None` = it is bought for now only.
	pub reservable: Option<Reservable>,
	/// For what is held of the seller's money for the record.
	pub deposit: Ticket,
}

/// A price that falls: scarce compute goes to whoever needs it most, at what that is worth to it. After
/// `pallet-broker`'s lead-in, in a straight line.
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
pub struct LeadIn {
	/// The price per block at its begin, above the listing's.
	pub first_price: Balance,
	/// Its first block.
	pub from: BlockNumber,
	/// After how many blocks the price is the listing's.
	pub blocks: BlockNumber,
}

impl<AccountId, Ticket> ListingRecord<AccountId, Ticket> {
	/// The price per block at a block, rounded up.
	pub fn price_at(&self, now: BlockNumber) -> Balance {
		let Some(lead_in) = &self.lead_in else {
			return self.price;
		};
		let left = lead_in
			.blocks
			.saturating_sub(now.saturating_sub(lead_in.from));
		let above = multiply_by_rational_with_rounding(
			lead_in.first_price.saturating_sub(self.price),
			left.into(),
			lead_in.blocks.into(),
			Rounding::Up,
		);
		self.price.saturating_add(above.unwrap_or(0))
	}
}

/// For when a listing may be bought ahead, and what the machine costs while it waits for its tenant.
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
pub struct Reservable {
	/// Most blocks between the purchase and the begin of its term.
	pub ahead: BlockNumber,
	/// Price per block of waiting.
	pub price: Balance,
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
	/// Who found it for the buyer and gets a part of the fee; `None` = nobody who is paid for it.
	pub matcher: Option<AccountId>,
	/// The resource.
	pub vid: Vid,
	/// Its machine.
	pub node: NodeId,
	/// Most blocks that may be ahead of a term that is renewed.
	pub max_term: BlockNumber,
	/// Whether the seller lets the holder renew it.
	pub renewable: bool,
	/// When the term began, or will.
	pub start: BlockNumber,
	/// What the term costs.
	pub term: Meter,
	/// What it costs that the machine waits for the term; `None` where it did not have to.
	pub waiting: Option<Meter>,
}

impl<AccountId> PurchaseRecord<AccountId> {
	/// What is left in escrow for it.
	pub fn escrow(&self) -> Balance {
		let waiting = self.waiting.as_ref().map_or(0, |meter| meter.escrow);
		self.term.escrow.saturating_add(waiting)
	}

	/// Takes what is due out of escrow, and gives it: blocks, those of waiting among them, and amount.
	pub(crate) fn read(&mut self, now: BlockNumber, available: u64) -> (u32, Balance) {
		let waiting = self.waiting.as_mut();
		let (waited, for_waiting) = waiting.map_or((0, 0), |meter| meter.read(now, available));
		let (blocks, amount) = self.term.read(now, available);
		(
			blocks.saturating_add(waited),
			amount.saturating_add(for_waiting),
		)
	}
}

/// A part of a term that its holder lets to another.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct SubletRecord<AccountId, Ticket> {
	/// Who lets it; the right returns there.
	pub landlord: AccountId,
	/// Price per block.
	pub price: Balance,
	/// The block at which the right returns; not part of what is let.
	pub until: BlockNumber,
	/// What the subtenant paid for; `None` while nobody took it.
	pub taken: Option<Meter>,
	/// For what is held of the landlord's money for the record.
	pub deposit: Ticket,
}

/// What compute must be like; where a field is `None`, anything will do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Filter {
	/// Its resource class.
	pub class: Option<ClassId>,
	/// How a workspace on it is walled off.
	pub isolation: Option<IsolationClass>,
	/// Where its machine is, by ISO 3166 number.
	pub region: Option<u16>,
	/// Highest price per block.
	pub max_price: Option<Balance>,
	/// Lowest proved score, in parts per million of its class's reference.
	pub min_score_ppm: Option<u32>,
	/// A term in blocks that it is sold for.
	pub term: Option<BlockNumber>,
	/// Fewest GPUs.
	pub gpus: Option<u8>,
	/// At least so much of everything.
	pub capacity: Option<Capacity>,
	/// Also where the machine is offline, and cannot be bought of now.
	pub offline_too: bool,
}

impl Filter {
	/// Whether a listing can satisfy it, as far as the listing itself tells.
	pub fn takes_listing<AccountId>(&self, listing: &ListingInfo<AccountId>) -> bool {
		self.max_price.is_none_or(|most| listing.price <= most)
			&& self
				.term
				.is_none_or(|term| (listing.min_term..=listing.max_term).contains(&term))
	}

	/// Whether what is for sale satisfies it.
	pub fn takes<AccountId>(&self, one: &Found<AccountId>) -> bool {
		self.class.is_none_or(|class| one.class == class)
			&& self.isolation.is_none_or(|class| one.isolation == class)
			&& self.region.is_none_or(|region| one.region == region)
			&& self
				.min_score_ppm
				.is_none_or(|least| one.score_ppm >= least)
			&& self.gpus.is_none_or(|least| one.gpus >= least)
			&& self
				.capacity
				.is_none_or(|least| one.capacity.covers(&least))
			&& (one.is_online || self.offline_too)
	}
}

/// What is for sale, with all that it is found by.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Found<AccountId> {
	/// The use right.
	pub uid: Uid,
	/// Its resource.
	pub vid: Vid,
	/// The provider.
	pub seller: AccountId,
	/// Price per block.
	pub price: Balance,
	/// Shortest term in blocks.
	pub min_term: BlockNumber,
	/// Longest term in blocks.
	pub max_term: BlockNumber,
	/// The machine.
	pub node: NodeId,
	/// Where it is, by ISO 3166 number; 0 = not told.
	pub region: u16,
	/// Whether it is online.
	pub is_online: bool,
	/// The class of its GPUs, or of its processor where it has none.
	pub class: ClassId,
	/// What its lead hardware proved, in parts per million of the class's reference.
	pub score_ppm: u32,
	/// How a workspace on it is walled off.
	pub isolation: IsolationClass,
	/// Number of GPUs.
	pub gpus: u8,
	/// The smallest memory among them in MiB.
	pub gpu_memory_mib: u32,
	/// Processor, main memory and disk.
	pub capacity: Capacity,
}

/// A page of what was found.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Page<AccountId> {
	/// Ascending by uid.
	pub found: Vec<Found<AccountId>>,
	/// Where to go on; `None` where all listings were looked at.
	pub next: Option<Uid>,
}
