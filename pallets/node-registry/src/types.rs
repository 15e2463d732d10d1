//! Records of the registry and their small pure rules.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use usufruct_primitives::{Balance, BlockNumber, Capacity, ClassId, HardwareKind, Hash, NodeId};

/// Where an agent can be reached: a URL or host:port, at most 128 bytes.
pub type Endpoint = BoundedVec<u8, ConstU32<128>>;

/// What a machine is doing, as far as the chain was told.
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
pub enum NodeStatus {
	/// Heartbeats are expected. Whether they arrive is computed, not stored.
	Online,
	/// The owner said that it is away.
	Offline,
	/// The DAO, or a bond that fell below the minimum, keeps it out of the market.
	Suspended,
	/// Leaving; the bond is free after the delay.
	Retiring {
		/// When it began.
		since: BlockNumber,
	},
}

/// What the DAO decided about an account.
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
pub enum Standing {
	/// May provide, also where providers are admitted one by one.
	Admitted,
	/// May bring in neither machines nor hardware.
	Barred,
}

/// A registered machine.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct NodeRecord<AccountId> {
	/// The cold account that owns it.
	pub owner: AccountId,
	/// Hash of the machine's own identity: no machine is registered twice.
	pub machine: Hash,
	/// Where its agent answers.
	pub endpoint: Endpoint,
	/// ISO 3166 numeric country code; 0 = not told.
	pub region: u16,
	/// What it is doing.
	pub status: NodeStatus,
	/// When it was registered.
	pub registered_at: BlockNumber,
	/// The last sign of life that counted.
	pub last_heartbeat: BlockNumber,
	/// Blocks that the last heartbeat is good for. Kept, so that a vote on the period changes what
	/// the next heartbeat is worth and never what was already available.
	pub window: BlockNumber,
	/// Available blocks up to `last_heartbeat`.
	pub available: u64,
	/// What is held of the owner's money as the bond.
	pub bond: Balance,
	/// Number of its HIDs.
	pub hardware: u32,
	/// Number of resources cut from it.
	pub users: u32,
	/// Promises broken so far.
	pub faults: u32,
}

impl<AccountId> NodeRecord<AccountId> {
	/// Whether the node is in good standing and its last heartbeat is still good at `now`.
	pub fn is_online(&self, now: BlockNumber) -> bool {
		self.status == NodeStatus::Online && now.saturating_sub(self.last_heartbeat) <= self.window
	}

	/// Available blocks up to `now`: never less than at any block before.
	pub fn available_at(&self, now: BlockNumber) -> u64 {
		let open = match self.status {
			NodeStatus::Online => now.saturating_sub(self.last_heartbeat).min(self.window),
			_ => 0,
		};
		self.available.saturating_add(open.into())
	}

	/// Counts the open interval and begins a new one at `now`, good for `window` blocks.
	pub fn close_interval(&mut self, now: BlockNumber, window: BlockNumber) {
		self.available = self.available_at(now);
		self.last_heartbeat = now;
		self.window = window;
	}
}

/// What a machine's word was worth when it last broke it.
///
/// The network incentive is paid by it, so that a machine which breaks its promises earns less than one of
/// the same speed that keeps them.
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
pub struct Quality {
	/// Just after that, in parts per million of a machine that keeps what it promises.
	pub ppm: u32,
	/// When that was.
	pub since: BlockNumber,
}

impl Quality {
	/// Of a machine that keeps what it promises.
	pub const FULL: u32 = 1_000_000;

	/// What it is worth at `now`, where a machine without any needs `recovery` blocks for all of it.
	pub fn at(&self, now: BlockNumber, recovery: BlockNumber) -> u32 {
		let regained = u64::from(now.saturating_sub(self.since))
			.saturating_mul(Self::FULL.into())
			.checked_div(recovery.into())
			.unwrap_or(Self::FULL.into());
		u64::from(self.ppm)
			.saturating_add(regained)
			.try_into()
			.unwrap_or(Self::FULL)
			.min(Self::FULL)
	}
}

/// A HID.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct HardwareRecord<Ticket> {
	/// The machine that it is in.
	pub node: NodeId,
	/// Its resource class.
	pub class: ClassId,
	/// Processor or GPU.
	pub kind: HardwareKind,
	/// Hash of the device's serial number: no device is registered twice.
	pub device: Hash,
	/// What can be cut from it.
	pub capacity: Capacity,
	/// For what is held of the owner's money for the record.
	pub deposit: Ticket,
}
