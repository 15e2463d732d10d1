//! How pallets see each other: small traits, never another pallet's storage.
//!
//! Each trait is implemented by the pallet that owns the state and wired in the runtime.

use alloc::vec::Vec;

use frame_support::weights::Weight;
use sp_runtime::{DispatchError, DispatchResult};

use crate::{
	application::{ReleaseId, ReleaseTerms, Use},
	Balance, BlockNumber, Capacity, ClassId, HardwareInfo, Hash, Hid, IsolationClass, LeaseId,
	NodeId, Uid, Vid,
};

/// Read machines and their hardware. Implemented by `node-registry`.
pub trait NodeInspect<AccountId> {
	/// Who owns the machine; `None` where it is unknown.
	fn owner(node: NodeId) -> Option<AccountId>;
	/// Where the machine is, by ISO 3166 number; 0 where its owner does not say.
	fn region(node: NodeId) -> u16;
	/// Whether the machine is registered, not suspended or retiring, and its heartbeats arrive.
	fn is_online(node: NodeId) -> bool;
	/// Blocks, up to and including the current one, during which the machine was available since
	/// its registration. Never decreases: the difference of two readings is what a tenant pays.
	fn available_blocks(node: NodeId) -> u64;
	/// Availability since registration in parts per million.
	fn availability_ppm(node: NodeId) -> u32;
	/// A piece of hardware; `None` where it is unknown.
	fn hardware(hid: Hid) -> Option<HardwareInfo>;
}

/// Use machines: while a machine has users it cannot leave. Implemented by `node-registry`.
pub trait NodeUsage {
	/// Counts one more user of the hardware's machine.
	fn acquire(node: NodeId) -> DispatchResult;
	/// Counts one user less.
	fn release(node: NodeId);
	/// Notes that the machine failed what it had promised: takes the configured part of its bond.
	fn note_fault(node: NodeId);
}

/// What others may know of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceInfo<AccountId> {
	/// The machine that it is cut from.
	pub node: NodeId,
	/// The provider.
	pub owner: AccountId,
	/// The class of its GPUs, or of its CPU where it has no GPU.
	pub class: ClassId,
	/// The HID whose proved score counts for it: its first GPU, else its CPU.
	pub lead: Hid,
	/// Number of GPUs.
	pub gpus: u8,
	/// The smallest memory among its GPUs in MiB.
	pub gpu_memory_mib: u32,
	/// Processor, main memory and disk.
	pub capacity: Capacity,
	/// How a workspace on it is walled off.
	pub isolation: IsolationClass,
}

/// Read resources and use rights. Implemented by `use-rights`.
pub trait ResourceInspect<AccountId> {
	/// A resource; `None` where it is unknown.
	fn resource(vid: Vid) -> Option<ResourceInfo<AccountId>>;
	/// The resource that a use right is for; `None` where the right is unknown.
	fn vid_of(uid: Uid) -> Option<Vid>;
	/// Who holds the use right; `None` where it is unknown.
	fn holder(uid: Uid) -> Option<AccountId>;
	/// Whether the holder may use the resource now: the right was sold, its term has begun and is not over.
	fn is_in_force(uid: Uid) -> bool {
		Self::in_force_until(uid).is_some()
	}
	/// The block at which the right is in force no more; `None` where it is not in force now.
	fn in_force_until(uid: Uid) -> Option<BlockNumber>;
}

/// Move use rights when they are sold. Implemented by `use-rights`.
pub trait UseRightSale<AccountId> {
	/// Locks a minted, unsold right of `owner` for sale. Fails if it is locked, sold or not theirs.
	fn offer(uid: Uid, owner: &AccountId) -> DispatchResult;
	/// Takes an unsold right back from sale.
	fn withdraw(uid: Uid) -> DispatchResult;
	/// Hands the offered right to the buyer, in force from `from` until `until` (exclusive).
	fn sell(uid: Uid, buyer: &AccountId, from: BlockNumber, until: BlockNumber) -> DispatchResult;
	/// Hands a sold right to another holder, whoever holds it.
	fn hand_over(uid: Uid, to: &AccountId) -> DispatchResult;
	/// Lets a sold right be in force until `until` (exclusive), which is later than before.
	fn extend(uid: Uid, until: BlockNumber) -> DispatchResult;
	/// Ends a sold right: burns it and frees its resource.
	fn end(uid: Uid) -> DispatchResult;
}

/// Pay income to the holders of a revenue right. Implemented by `revenue-rights`.
pub trait RevenueShares<AccountId> {
	/// Whether the resource has its RID.
	fn exists(vid: Vid) -> bool;
	/// Creates the RID. `holders`' shares must add up to [`crate::REVENUE_SHARES`].
	fn create(vid: Vid, holders: &[(AccountId, u16)]) -> DispatchResult;
	/// Moves `amount` from `from` to the holders' income. O(1) in the number of holders.
	fn distribute(vid: Vid, from: &AccountId, amount: Balance) -> DispatchResult;
}

/// What others may know of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingInfo<AccountId> {
	/// The use right for sale.
	pub uid: Uid,
	/// Its resource.
	pub vid: Vid,
	/// The provider who sells.
	pub seller: AccountId,
	/// Price per block.
	pub price: Balance,
	/// Shortest term in blocks.
	pub min_term: BlockNumber,
	/// Longest term in blocks.
	pub max_term: BlockNumber,
	/// When it was listed.
	pub listed_at: BlockNumber,
}

/// Buy from the market on behalf of a request. Implemented by `market`.
pub trait Marketplace<AccountId> {
	/// A listing; `None` where the right is not for sale.
	fn listing(uid: Uid) -> Option<ListingInfo<AccountId>>;
	/// Up to `limit` listings whose uid is at least `from`, ascending by uid.
	fn listings_from(from: Uid, limit: u32) -> Vec<ListingInfo<AccountId>>;
	/// Buys for `term` blocks with the buyer's free money. `matcher`, who found it for the buyer, gets a part
	/// of the fee. Gives the block at which the term ends.
	fn buy(
		uid: Uid,
		buyer: &AccountId,
		term: BlockNumber,
		matcher: Option<&AccountId>,
	) -> Result<BlockNumber, DispatchError>;
	/// Ends a purchase now: pays what accrued, returns the rest to the buyer, frees the resource.
	fn close(uid: Uid) -> DispatchResult;
	/// Whether the right's holder is a subtenant, so that the term is not its own.
	fn is_let(uid: Uid) -> bool;
	/// What it costs at most to tell others that a purchase was paid for, beside what closing it costs.
	fn weight_of_telling() -> Weight;
}

/// Told when a purchase is renewed. Implemented by `workspaces`.
pub trait OnPurchaseRenewal<AccountId> {
	/// `by` lets the use right be in force until `until` (exclusive), later than before. Fails where what runs on
	/// the right cannot be paid for so long: then nothing is renewed.
	fn on_purchase_renewal(uid: Uid, by: &AccountId, until: BlockNumber) -> DispatchResult;
	/// What telling costs at most, beside what renewing costs.
	fn weight() -> Weight;
}

impl<AccountId> OnPurchaseRenewal<AccountId> for () {
	fn on_purchase_renewal(_: Uid, _: &AccountId, _: BlockNumber) -> DispatchResult {
		Ok(())
	}

	fn weight() -> Weight {
		Weight::zero()
	}
}

/// Told when a purchase ended, by whichever way. Implemented by `workspaces`.
pub trait OnPurchaseEnd {
	/// The use right is gone; whatever runs on it must stop. Must not fail. Returns what it took, at most
	/// [`OnPurchaseEnd::weight`].
	fn on_purchase_end(uid: Uid) -> Weight;
	/// What telling costs at most, beside what the end of the purchase costs.
	fn weight() -> Weight;
}

impl OnPurchaseEnd for () {
	fn on_purchase_end(_: Uid) -> Weight {
		Weight::zero()
	}

	fn weight() -> Weight {
		Weight::zero()
	}
}

/// Read what hardware has proved. Implemented by `proof-of-compute`.
pub trait ScoreInspect {
	/// The score by which hardware is ranked, in parts per million of its class's reference: the median of
	/// the last epochs, times availability; 0 where none.
	fn score_ppm(hid: Hid) -> u32;
	/// Whether the resource class exists.
	fn class_exists(class: ClassId) -> bool;
}

/// Read how good machines have shown to be. Implemented by `node-registry`, which counts broken promises.
pub trait QualityInspect {
	/// The machine's quality, in parts per million of one that keeps what it promises.
	fn quality_ppm(node: NodeId) -> u32;
}

/// Told when an epoch scored hardware. Implemented by `pomc-rewards`.
pub trait OnScored {
	/// What the machine's hardware proved in an epoch, and the weight of its class, both in parts per million.
	/// Must not fail.
	fn on_scored(node: NodeId, score_ppm: u32, weight_ppm: u32);
	/// What telling costs at most, beside what the score costs.
	fn weight() -> Weight;
}

impl OnScored for () {
	fn on_scored(_: NodeId, _: u32, _: u32) {}

	fn weight() -> Weight {
		Weight::zero()
	}
}

/// Told when paid use was settled. Implemented by `pomc-rewards`.
pub trait OnIncome<AccountId> {
	/// The provider was paid by the tenant, and the market took this fee. Must not fail.
	fn on_income(provider: &AccountId, tenant: &AccountId, fee: Balance);
	/// What telling costs at most, beside what settling costs.
	fn weight() -> Weight;
}

impl<AccountId> OnIncome<AccountId> for () {
	fn on_income(_: &AccountId, _: &AccountId, _: Balance) {}

	fn weight() -> Weight {
		Weight::zero()
	}
}

/// Told when hardware was taken out of its machine. Implemented by `proof-of-compute`.
pub trait OnHardwareRemoved {
	/// The hardware is gone; what was kept of it must go, too. Must not fail.
	fn on_hardware_removed(hid: Hid, class: ClassId);
	/// What telling costs at most, beside what the removal costs.
	fn weight() -> Weight;
}

/// Read what runs on machines. Implemented by `workspaces`.
pub trait LeaseInspect {
	/// Whether a workspace runs on the machine, or is about to.
	fn is_busy(node: NodeId) -> bool;
}

/// Read published images. Implemented by `workspaces`.
pub trait ImageInspect {
	/// Whether an image with this digest is published.
	fn is_published(digest: Hash) -> bool;
}

/// What is run may be an application, whose author may ask for a price. Implemented by `applications`.
///
/// A release stays while a request uses it, so that what [`ApplicationUse::terms`] said holds as long.
pub trait ApplicationUse<AccountId> {
	/// What a release asks; `None` where there is none, or it was retracted.
	fn terms(release: ReleaseId) -> Option<ReleaseTerms>;
	/// Counts one more request for the release.
	fn acquire(release: ReleaseId) -> DispatchResult;
	/// Counts one request less.
	fn release(release: ReleaseId);
	/// A lease was opened: holds the price of its whole term of who pays.
	fn open(lease: LeaseId, of: Use<AccountId>) -> DispatchResult;
	/// The lease runs from now on; said again, it changes nothing.
	fn begin(lease: LeaseId);
	/// The lease goes on until `until`, because `by` lets it: what is missing is held of `by`, who pays for all
	/// from now on.
	fn extend(lease: LeaseId, by: &AccountId, until: BlockNumber) -> DispatchResult;
	/// The lease runs another release from now on, of the same application and at the same price.
	fn update(lease: LeaseId, release: ReleaseId);
	/// The lease is over: the author is paid for the blocks that it ran, the rest returns. A job that came to its
	/// end ran even where nobody said that it began. Must not fail.
	fn close(lease: LeaseId, is_finished: bool);
	/// What any one of these costs at most.
	fn weight() -> Weight;
}

/// Randomness that nobody could know or choose before its block. Implemented in the runtime over
/// BABE's VRF.
pub trait BlockRandomness {
	/// The VRF output of the author of the parent block; `None` where that block carried none.
	fn parent() -> Option<[u8; 32]>;
}
