//! Records of resources and use rights.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use usufruct_primitives::{
	BlockNumber, Capacity, ClassId, Hid, IsolationClass, NodeId, Uid, Vid, MAX_PARTS,
};

/// The HIDs that a resource is cut from: distinct, of one node.
pub type Parts = BoundedVec<Hid, ConstU32<MAX_PARTS>>;

/// A resource (VID).
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ResourceRecord<AccountId, Ticket> {
	/// The provider.
	pub owner: AccountId,
	/// The machine that it is cut from.
	pub node: NodeId,
	/// The hardware that it is cut from.
	pub parts: Parts,
	/// The HID whose proved score counts: the first GPU, else the CPU.
	pub lead: Hid,
	/// The lead's class.
	pub class: ClassId,
	/// Number of GPUs.
	pub gpus: u8,
	/// The smallest memory among the GPUs in MiB; 0 without GPUs.
	pub gpu_memory_mib: u32,
	/// Its part of the machine's CPU, memory and disk.
	pub capacity: Capacity,
	/// How a workspace on it is walled off.
	pub isolation: IsolationClass,
	/// The use right that it is bound to; `None` = free.
	pub bound: Option<Uid>,
	/// For what is held of the owner's money for the record.
	pub deposit: Ticket,
}

/// Where a use right is in its life.
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
pub enum UseRightState {
	/// The provider holds it.
	Minted,
	/// For sale: nothing may be done with it but buy it or take it back.
	Offered,
	/// Sold.
	Sold {
		/// The block at which the term begins.
		from: BlockNumber,
		/// The block at which the term ends; the right is not in force at it any more.
		until: BlockNumber,
	},
}

/// A use right (UID).
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct UseRightRecord<AccountId> {
	/// The resource that it is for.
	pub vid: Vid,
	/// Who holds it.
	pub holder: AccountId,
	/// Where it is in its life.
	pub state: UseRightState,
}
