//! Identifiers, amounts and time, as every part of the system encodes them.

use sp_runtime::{
	traits::{IdentifyAccount, Verify},
	MultiSignature,
};

/// Amount of the native token in its smallest unit (10⁻¹² USU).
pub type Balance = u128;
/// Time on chain: the number of blocks since genesis.
pub type BlockNumber = u32;
/// A 256-bit hash.
pub type Hash = sp_core::H256;
/// Count of transactions that an account has sent.
pub type Nonce = u32;
/// Signature of a transaction, by any of the schemes that wallets know.
pub type Signature = MultiSignature;
/// A 32-byte account.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;

/// A registered machine.
pub type NodeId = u32;
/// Hardware: one physical GPU, or a machine's CPU, registered on a node.
pub type Hid = u64;
/// Virtual resource cut from one or more HIDs.
pub type Vid = u64;
/// Use right: a non-fungible, time-limited right to one VID.
pub type Uid = u64;
/// The DAO's entry for a kind of hardware.
pub type ClassId = u16;
/// A tenant's request for a workspace.
pub type RequestId = u64;
/// One replica of a workspace on one UID.
pub type LeaseId = u64;
/// A challenge to prove compute.
pub type ChallengeId = u64;
/// A common proof of all hardware.
pub type EpochId = u32;
