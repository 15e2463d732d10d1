//! What storing a record holds of whoever causes it.

use frame_support::{
	parameter_types,
	traits::{fungible::HoldConsideration, ConstU128, ConstantStoragePrice, Footprint},
};
use sp_runtime::traits::Convert;
use usufruct_primitives::Balance;

use crate::{
	constants::currency::{deposit, USU},
	AccountId, Balances, RuntimeHoldReason,
};

/// The price of storage: by item, whose key is paid for with it, and by byte of all of them.
#[derive(Debug)]
pub struct StoragePrice;

impl Convert<Footprint, Balance> for StoragePrice {
	fn convert(footprint: Footprint) -> Balance {
		let most = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
		deposit(most(footprint.count), most(footprint.size))
	}
}

parameter_types! {
	pub const ForHardware: RuntimeHoldReason =
		RuntimeHoldReason::NodeRegistry(pallet_node_registry::HoldReason::Hardware);
	pub const ForResource: RuntimeHoldReason =
		RuntimeHoldReason::UseRights(pallet_use_rights::HoldReason::Resource);
	pub const ForShares: RuntimeHoldReason =
		RuntimeHoldReason::RevenueRights(pallet_revenue_rights::HoldReason::Shares);
	pub const ForOrder: RuntimeHoldReason =
		RuntimeHoldReason::RevenueRights(pallet_revenue_rights::HoldReason::Order);
	pub const ForListing: RuntimeHoldReason =
		RuntimeHoldReason::Market(pallet_market::HoldReason::Listing);
	pub const ForSublet: RuntimeHoldReason =
		RuntimeHoldReason::Market(pallet_market::HoldReason::Sublet);
	pub const ForImage: RuntimeHoldReason =
		RuntimeHoldReason::Workspaces(pallet_workspaces::HoldReason::Image);
	pub const ForRequest: RuntimeHoldReason =
		RuntimeHoldReason::Workspaces(pallet_workspaces::HoldReason::Request);
	pub const ForApplication: RuntimeHoldReason =
		RuntimeHoldReason::Applications(pallet_applications::HoldReason::Application);
	pub const ForVerdict: RuntimeHoldReason =
		RuntimeHoldReason::Applications(pallet_applications::HoldReason::Verdict);
	pub const ForChallenge: RuntimeHoldReason =
		RuntimeHoldReason::ProofOfCompute(pallet_proof_of_compute::HoldReason::Challenge);
	pub const ForPayee: RuntimeHoldReason =
		RuntimeHoldReason::PomcRewards(pallet_pomc_rewards::HoldReason::Payee);
}

/// A deposit that is held for this reason, at the price of what is stored.
pub(super) type Deposit<Reason> = HoldConsideration<AccountId, Balances, Reason, StoragePrice>;

/// The two entries of a piece of hardware.
pub(super) type HardwareDepositAmount = ConstU128<{ deposit(2, 160) }>;
/// A deposit for hardware: of an amount that a provider is told before it has any.
pub(super) type HardwareDeposit = HoldConsideration<
	AccountId,
	Balances,
	ForHardware,
	ConstantStoragePrice<HardwareDepositAmount, Balance>,
>;

/// A deposit for a challenge: more than its two entries cost, since it makes a machine work.
pub(super) type ChallengeDeposit = HoldConsideration<
	AccountId,
	Balances,
	ForChallenge,
	ConstantStoragePrice<ConstU128<USU>, Balance>,
>;
