//! Which pallets make this chain, with which constants?
//!
//! Composition only. Constants with their reasons are in [`configs`], numbers that are used twice
//! in [`constants`], the states that chains begin with in [`presets`].
#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "512"]
// FRAME's macros generate undocumented items.
#![allow(missing_docs)]

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

extern crate alloc;

pub mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
pub mod configs;
pub mod constants;
pub mod presets;

use alloc::vec::Vec;
use sp_runtime::{generic, impl_opaque_keys, traits::BlakeTwo256, MultiAddress};
use sp_version::RuntimeVersion;
pub use usufruct_primitives::{AccountId, Balance, BlockNumber, Hash, Nonce, Signature};

pub use pallet_balances::Call as BalancesCall;
pub use pallet_timestamp::Call as TimestampCall;

/// What names an account in a transaction.
pub type Address = MultiAddress<AccountId, ()>;
/// A block's header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;

/// What the node knows of a block: transactions are bytes to it, so that it need not know each
/// runtime's own, and so that its RPC shows them in hexadecimal, as wallets expect.
pub mod opaque {
	use super::{generic, Header};

	/// A block.
	pub type Block = generic::Block<Header, sp_runtime::OpaqueExtrinsic>;
}

/// A block with its justification.
pub type SignedBlock = generic::SignedBlock<Block>;
/// A transaction as it travels.
pub type UncheckedExtrinsic =
	generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// What a transaction's signer signs.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;

/// What is checked of each transaction, in this order.
pub type TxExtension = (
	// First: a call that carries its own authorisation must become an origin before all else.
	frame_system::AuthorizeCall<Runtime>,
	frame_system::CheckNonZeroSender<Runtime>,
	frame_system::CheckSpecVersion<Runtime>,
	frame_system::CheckTxVersion<Runtime>,
	frame_system::CheckGenesis<Runtime>,
	frame_system::CheckMortality<Runtime>,
	frame_system::CheckNonce<Runtime>,
	frame_system::CheckWeight<Runtime>,
	pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
	// Hardware wallets show a call only if the metadata that they decode it with is signed too.
	frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
	// Last: gives back the weight that all of the above did not use.
	frame_system::WeightReclaim<Runtime>,
);

/// Runs blocks.
pub type Executive = frame_executive::Executive<
	Runtime,
	Block,
	frame_system::ChainContext<Runtime>,
	Runtime,
	AllPalletsWithSystem,
>;

impl_opaque_keys! {
	/// The keys with which a validator signs for consensus.
	pub struct SessionKeys {
		/// Authors blocks.
		pub babe: Babe,
		/// Finalises them.
		pub grandpa: Grandpa,
	}
}

/// What this runtime is.
#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: alloc::borrow::Cow::Borrowed("usufruct"),
	impl_name: alloc::borrow::Cow::Borrowed("usufruct-node"),
	authoring_version: 1,
	spec_version: 103,
	impl_version: 1,
	apis: apis::RUNTIME_API_VERSIONS,
	transaction_version: 3,
	system_version: 1,
};

/// BABE's parameters at genesis.
pub const BABE_GENESIS_EPOCH_CONFIG: sp_consensus_babe::BabeEpochConfiguration =
	sp_consensus_babe::BabeEpochConfiguration {
		c: constants::time::PRIMARY_PROBABILITY,
		allowed_slots: sp_consensus_babe::AllowedSlots::PrimaryAndSecondaryVRFSlots,
	};

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Runtime;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Timestamp = pallet_timestamp;
	#[runtime::pallet_index(2)]
	pub type Babe = pallet_babe;
	#[runtime::pallet_index(3)]
	pub type Authorship = pallet_authorship;
	#[runtime::pallet_index(4)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(5)]
	pub type TransactionPayment = pallet_transaction_payment;
	#[runtime::pallet_index(6)]
	pub type Parameters = pallet_parameters;
	/// Nothing else runs while the state gets a new layout.
	#[runtime::pallet_index(7)]
	pub type Migrations = pallet_migrations;

	#[runtime::pallet_index(10)]
	pub type ValidatorSet = pallet_validator_set;
	#[runtime::pallet_index(11)]
	pub type Offences = pallet_offences;
	#[runtime::pallet_index(12)]
	pub type Historical = pallet_session::historical;
	#[runtime::pallet_index(13)]
	pub type Session = pallet_session;
	#[runtime::pallet_index(14)]
	pub type Grandpa = pallet_grandpa;

	#[runtime::pallet_index(20)]
	pub type Utility = pallet_utility;
	#[runtime::pallet_index(21)]
	pub type Proxy = pallet_proxy;
	#[runtime::pallet_index(22)]
	pub type Multisig = pallet_multisig;
	#[runtime::pallet_index(23)]
	pub type Nfts = pallet_nfts;
	/// Has a key in `development` alone; every other chain begins without one.
	#[runtime::pallet_index(24)]
	pub type Sudo = pallet_sudo;

	#[runtime::pallet_index(30)]
	pub type Preimage = pallet_preimage;
	#[runtime::pallet_index(31)]
	pub type Scheduler = pallet_scheduler;
	#[runtime::pallet_index(32)]
	pub type ConvictionVoting = pallet_conviction_voting;
	#[runtime::pallet_index(33)]
	pub type Referenda = pallet_referenda;
	#[runtime::pallet_index(34)]
	pub type Dao = pallet_dao;
	#[runtime::pallet_index(35)]
	pub type Whitelist = pallet_whitelist;
	#[runtime::pallet_index(36)]
	pub type TechnicalCommittee = pallet_collective<Instance1>;
	#[runtime::pallet_index(37)]
	pub type Treasury = pallet_treasury;

	#[runtime::pallet_index(40)]
	pub type NodeRegistry = pallet_node_registry;
	#[runtime::pallet_index(41)]
	pub type UseRights = pallet_use_rights;
	#[runtime::pallet_index(42)]
	pub type RevenueRights = pallet_revenue_rights;
	#[runtime::pallet_index(43)]
	pub type Market = pallet_market;
	#[runtime::pallet_index(44)]
	pub type Workspaces = pallet_workspaces;
	#[runtime::pallet_index(45)]
	pub type ProofOfCompute = pallet_proof_of_compute;
	#[runtime::pallet_index(46)]
	pub type PomcRewards = pallet_pomc_rewards;
	#[runtime::pallet_index(47)]
	pub type Applications = pallet_applications;
}
