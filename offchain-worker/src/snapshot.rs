//! What the engine sees of the chain, and what it answers.

use alloc::vec::Vec;

use usufruct_primitives::{
	Balance, BlockNumber, Capacity, ClassId, IsolationClass, NodeId, RequestId, Requirement, Uid,
	Vid,
};

/// A listing with all that a match may depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer<AccountId> {
	/// The use right for sale.
	pub uid: Uid,
	/// Its resource.
	pub vid: Vid,
	/// Its machine.
	pub node: NodeId,
	/// The provider who sells.
	pub seller: AccountId,
	/// Whether the machine is online.
	pub online: bool,
	/// The resource's class.
	pub class: ClassId,
	/// Number of GPUs.
	pub gpus: u8,
	/// The smallest memory among the GPUs in MiB.
	pub gpu_memory_mib: u32,
	/// Processor, main memory, disk.
	pub capacity: Capacity,
	/// How a workspace on it is walled off.
	pub isolation: IsolationClass,
	/// Price per block.
	pub price: Balance,
	/// Shortest term in blocks.
	pub min_term: BlockNumber,
	/// Longest term in blocks.
	pub max_term: BlockNumber,
	/// When it was listed.
	pub listed_at: BlockNumber,
	/// Proved score, parts per million of the class's reference.
	pub score_ppm: u32,
	/// Availability of the machine, parts per million.
	pub availability_ppm: u32,
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
	pub requirement: Requirement,
	/// Whether the workload is a WebAssembly module: it runs on [`IsolationClass::Wasm`] only, and
	/// nothing else does.
	pub wasm: bool,
	/// For how many blocks.
	pub term: BlockNumber,
	/// When the request was opened. Among equals, listings that are not younger win.
	pub opened_at: BlockNumber,
	/// Machines on which this request failed before.
	pub avoid: Vec<NodeId>,
	/// The replicas that are missing, by index.
	pub missing: Vec<u8>,
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
