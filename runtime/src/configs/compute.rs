//! The market for compute: machines, rights, money, workspaces, proofs.

use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32, ConstU64},
	PalletId,
};
use pallet_use_rights::NftLedger;
use sp_runtime::{traits::AccountIdConversion, Permill};
use usufruct_primitives::traits::BlockRandomness;

use super::{
	dao::RootOr,
	deposits::{
		ChallengeDeposit, Deposit, ForApplication, ForImage, ForListing, ForOrder, ForPayee,
		ForRequest, ForResource, ForShares, ForSublet, ForVerdict, HardwareDeposit,
		HardwareDepositAmount,
	},
	parameters::dynamic::{
		market::{BurnShare, FeeShare, MatcherShare},
		node_registry::{HeartbeatPeriod, OpenAdmission},
	},
};
use crate::{
	constants::{
		currency::USU,
		time::{DAYS, HOURS, MINUTES, SLOT_MILLIS},
	},
	AccountId, Applications, Balances, Market, NodeRegistry, PomcRewards, ProofOfCompute,
	RevenueRights, Runtime, RuntimeHoldReason, UseRights, Workspaces,
};

/// Names the treasury's account.
pub const TREASURY: PalletId = PalletId(*b"usu/trsy");
const ESCROW: PalletId = PalletId(*b"usu/escr");
const INCOME: PalletId = PalletId(*b"usu/incm");
const LEDGER: PalletId = PalletId(*b"usu/uids");
const REWARDS: PalletId = PalletId(*b"usu/pomc");

/// Accounts that belong to pallets. They exist from genesis on, so that the first small amount that
/// reaches one is not refused as dust.
pub fn pallet_accounts() -> [AccountId; 5] {
	[TREASURY, ESCROW, INCOME, LEDGER, REWARDS].map(|id| id.into_account_truncating())
}

/// The account that owns the collection of use rights.
#[cfg(feature = "runtime-benchmarks")]
pub(crate) fn ledger_account() -> AccountId {
	LedgerAccount::get()
}

parameter_types! {
	pub TreasuryAccount: AccountId = TREASURY.into_account_truncating();
	pub LedgerAccount: AccountId = LEDGER.into_account_truncating();
	pub const EscrowId: PalletId = ESCROW;
	pub const IncomeId: PalletId = INCOME;
	pub const RewardsId: PalletId = REWARDS;
	/// What a broken promise costs of the bond.
	pub const FaultPenalty: Permill = Permill::from_percent(5);
}

impl pallet_node_registry::Config for Runtime {
	type Classes = ProofOfCompute;
	type Currency = Balances;
	type FaultPenalty = FaultPenalty;
	type ForceOrigin = RootOr<pallet_dao::Membership>;
	type HardwareDeposit = HardwareDeposit;
	type HardwareDepositAmount = HardwareDepositAmount;
	type HeartbeatPeriod = HeartbeatPeriod;
	type MaxHardware = ConstU32<64>;
	/// Below half of the bond a node must top up: fourteen faults.
	type MinimumBond = ConstU128<{ 5 * USU }>;
	type MissedHeartbeats = ConstU32<1>;
	type NodeBond = ConstU128<{ 10 * USU }>;
	type OnHardwareRemoved = ProofOfCompute;
	type OpenAdmission = OpenAdmission;
	/// Twice the unbonding delay: from nothing, a machine loses half of its incentive in that time, as
	/// much as if it left and came anew, and less from anything above: nobody gains by a new name.
	type QualityRecovery = ConstU32<{ 14 * DAYS }>;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Treasury = TreasuryAccount;
	type UnbondingDelay = ConstU32<{ 7 * DAYS }>;
	type WeightInfo = pallet_node_registry::weights::SubstrateWeight<Self>;
}

impl pallet_use_rights::Config for Runtime {
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Machines;
	type Currency = Balances;
	type Ledger = NftLedger<Self, LedgerAccount, ConstU32<0>>;
	type Nodes = NodeRegistry;
	type ResourceDeposit = Deposit<ForResource>;
	type RuntimeHoldReason = RuntimeHoldReason;
	type WeightInfo = pallet_use_rights::weights::SubstrateWeight<Self>;
}

impl pallet_revenue_rights::Config for Runtime {
	type Currency = Balances;
	type MaxInitialHolders = ConstU32<16>;
	type MaxOrderLife = ConstU32<{ 28 * DAYS }>;
	type OrderDeposit = Deposit<ForOrder>;
	type PalletId = IncomeId;
	type RuntimeHoldReason = RuntimeHoldReason;
	type ShareDeposit = Deposit<ForShares>;
	type WeightInfo = pallet_revenue_rights::weights::SubstrateWeight<Self>;
}

impl pallet_market::Config for Runtime {
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Machines;
	type BurnShare = BurnShare;
	type Currency = Balances;
	type FeeShare = FeeShare;
	type ListingDeposit = Deposit<ForListing>;
	type MatcherShare = MatcherShare;
	type MaxTerm = ConstU32<{ 365 * DAYS }>;
	type Nodes = NodeRegistry;
	type OnIncome = PomcRewards;
	type OnPurchaseEnd = Workspaces;
	type OnPurchaseRenewal = Workspaces;
	type PalletId = EscrowId;
	type Revenue = RevenueRights;
	type Rights = UseRights;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Scores = ProofOfCompute;
	type SubletDeposit = Deposit<ForSublet>;
	type Treasury = TreasuryAccount;
	type WeightInfo = pallet_market::weights::SubstrateWeight<Self>;
}

impl pallet_workspaces::Config for Runtime {
	type Applications = Applications;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Machines;
	type Currency = Balances;
	type ImageDeposit = Deposit<ForImage>;
	type Market = Market;
	type MaxLeasesPerNode = ConstU32<64>;
	type MaxLifetime = ConstU32<{ 7 * DAYS }>;
	type MaxWindow = ConstU32<HOURS>;
	type Nodes = NodeRegistry;
	/// A minute: longer than a fork that matters lives.
	type ProposalLife = ConstU32<MINUTES>;
	type RequestDeposit = Deposit<ForRequest>;
	type Resources = UseRights;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Scores = ProofOfCompute;
	/// Ten minutes: a large image over a slow line.
	type StartTimeout = ConstU32<{ 10 * MINUTES }>;
	type WeightInfo = pallet_workspaces::weights::SubstrateWeight<Self>;
	type WorkerListings = ConstU32<1_024>;
	type WorkerRequests = ConstU32<256>;
}

impl pallet_applications::Config for Runtime {
	type ApplicationDeposit = Deposit<ForApplication>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Machines;
	/// What a machine's bond is: enough that a hundred curators of nobody cost something.
	type CuratorBond = ConstU128<{ 10 * USU }>;
	type Currency = Balances;
	type ForceOrigin = RootOr<pallet_dao::Membership>;
	type Images = Workspaces;
	type MaxReleases = ConstU32<64>;
	type Nodes = NodeRegistry;
	type ReleaseDeposit = Deposit<ForApplication>;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Treasury = TreasuryAccount;
	type VerdictDeposit = Deposit<ForVerdict>;
	type WeightInfo = pallet_applications::weights::SubstrateWeight<Self>;
}

/// BABE keeps the VRF output of the parent's author until the block's end.
#[derive(Debug)]
pub struct AuthorVrf;

impl BlockRandomness for AuthorVrf {
	fn parent() -> Option<[u8; 32]> {
		pallet_babe::AuthorVrfRandomness::<Runtime>::get()
	}
}

impl pallet_proof_of_compute::Config for Runtime {
	/// What an audit costs the machine that passes it: a few seconds of its GPU, and the fee.
	type AuditBond = ConstU128<USU>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Machines;
	type ChallengeDeposit = ChallengeDeposit;
	type Currency = Balances;
	type ForceOrigin = RootOr<pallet_dao::ProofParameters>;
	type Jobs = Workspaces;
	type MaxRanked = ConstU32<100>;
	type Nodes = NodeRegistry;
	type OnScored = PomcRewards;
	type Randomness = AuthorVrf;
	type Rights = UseRights;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SlotMillis = ConstU64<SLOT_MILLIS>;
	type WeightInfo = pallet_proof_of_compute::weights::SubstrateWeight<Self>;
}

impl pallet_pomc_rewards::Config for Runtime {
	type Currency = Balances;
	type ForceOrigin = RootOr<pallet_dao::MarketAdmin>;
	/// Of a supply that begins with a hundred million: 18 % in its first year, were all of it ever used.
	type MaxEraIssuance = ConstU128<{ 50_000 * USU }>;
	type Nodes = NodeRegistry;
	type PalletId = RewardsId;
	type PayeeDeposit = Deposit<ForPayee>;
	type Quality = NodeRegistry;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Treasury = TreasuryAccount;
	type WeightInfo = pallet_pomc_rewards::weights::SubstrateWeight<Self>;
}
