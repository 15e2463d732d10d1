//! What the engine sees of the chain, and what it answers.

use alloc::vec::Vec;

use codec::{Decode, Encode};
use usufruct_primitives::{
	Balance, BlockNumber, Capacity, ClassId, IsolationClass, NodeId, RequestId, Requirement, Uid,
	Vid,
};

/// A listing with all that a match may depend on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Offer<AccountId> {
	/// The use right for sale.
	pub uid: Uid,
	/// Its resource.
	pub vid: Vid,
	/// Its machine.
	pub node: NodeId,
	/// Who owns the machine.
	pub owner: AccountId,
	/// Who sells.
	pub seller: AccountId,
	/// Price per block.
	pub price: Balance,
	/// When it was listed.
	pub listed_at: BlockNumber,
	/// What it has in common with others of its kind.
	pub features: Features,
}

/// All of an offer that decides whether it suits a demand and how good it is, but who offers it and
/// for how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Features {
	/// What does not change while it is for sale.
	pub kind: Kind,
	/// What is measured of it.
	pub quality: Quality,
}

/// Machines of a kind repeat: offers of equal kind are judged once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Kind {
	/// The resource's class. First, so that the kinds of a class are neighbours.
	pub class: ClassId,
	/// Number of GPUs.
	pub gpus: u8,
	/// The smallest memory among the GPUs in MiB.
	pub gpu_memory_mib: u32,
	/// Processor in thousandths of a core.
	pub cpu_millis: u32,
	/// Main memory in MiB.
	pub memory_mib: u32,
	/// Disk in MiB.
	pub disk_mib: u32,
	/// How a workspace on it is walled off.
	pub isolation: IsolationClass,
	/// Where the machine is, by ISO 3166 number; 0 where its owner does not say.
	pub region: u16,
	/// Shortest term in blocks.
	pub min_term: BlockNumber,
	/// Longest term in blocks.
	pub max_term: BlockNumber,
}

/// What was measured and proved, in the steps in which it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Quality {
	/// Whether the machine is online.
	pub online: bool,
	/// Proved score in per cent of the class's reference, see [`percent`].
	pub score_percent: u8,
	/// Availability of the machine in per cent, see [`percent`].
	pub availability_percent: u8,
}

impl Kind {
	/// Processor, main memory and disk.
	pub fn capacity(&self) -> Capacity {
		Capacity {
			cpu_millis: self.cpu_millis,
			memory_mib: self.memory_mib,
			disk_mib: self.disk_mib,
		}
	}
}

/// Parts per million as whole per cent, rounded down, at most 255. What was measured enters matching in
/// these steps alone, so that it does not move with every heartbeat.
pub fn percent(ppm: u32) -> u8 {
	u8::try_from(ppm / 10_000).unwrap_or(u8::MAX)
}

/// Replicas of one request that have no machine, all for the same term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand<AccountId> {
	/// The request.
	pub request: RequestId,
	/// Changes whenever a lease of the request failed: a proposal for an older one is void.
	pub attempt: u32,
	/// Who asks. Nobody is matched with their own listings.
	pub tenant: AccountId,
	/// What it asks for. Its highest price is what the budget can pay.
	pub requirement: Requirement<AccountId>,
	/// Whether the workload is a WebAssembly module: it runs on [`IsolationClass::Wasm`] only, and
	/// nothing else does.
	pub wasm: bool,
	/// For how many blocks.
	pub term: BlockNumber,
	/// When the request was opened. Among equals, listings that are not younger win.
	pub opened_at: BlockNumber,
	/// Machines on which this request failed before; at most 16.
	pub avoid: Vec<NodeId>,
	/// Where the other replicas of this request are; at most 7.
	pub placed: Vec<Place<AccountId>>,
	/// The replicas that are missing, by index.
	pub missing: Vec<u8>,
}

/// Where a replica is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place<AccountId> {
	/// Its machine.
	pub node: NodeId,
	/// The machine's owner.
	pub owner: AccountId,
	/// The machine's region.
	pub region: u16,
}

impl<AccountId: Clone> Offer<AccountId> {
	/// Where a replica on it would be.
	pub fn place(&self) -> Place<AccountId> {
		Place {
			node: self.node,
			owner: self.owner.clone(),
			region: self.features.kind.region,
		}
	}
}

/// A replica of a request on a use right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
	/// The request.
	pub request: RequestId,
	/// Its attempt.
	pub attempt: u32,
	/// The replica's index.
	pub replica: u8,
	/// The use right to buy for it.
	pub uid: Uid,
	/// How good it is, 0 to [`crate::MAX_SCORE`].
	pub score: u32,
}
