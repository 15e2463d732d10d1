//! The DAO: proposals, votes, the technical committee, the treasury, and who carries out what was
//! decided.

use frame_support::{
	parameter_types,
	traits::{
		fungible::HoldConsideration,
		tokens::{currency::ActiveIssuanceOf, pay::PayFromAccount, UnityAssetBalanceConversion},
		AsEnsureOriginWithArg, ConstU128, ConstU32, EitherOf, EqualPrivilegeOnly, Get,
		LinearStoragePrice,
	},
	weights::Weight,
};
use frame_system::{EnsureRoot, EnsureRootWithSuccess, EnsureSigned, EnsureWithSuccess};
use sp_runtime::{traits::IdentityLookup, Perbill, Permill};

use super::{
	compute::{TreasuryAccount, TREASURY},
	tracks::Tracks,
	BlockWeights,
};
use crate::{
	constants::{
		currency::{deposit, USU},
		time::DAYS,
	},
	AccountId, Balance, Balances, BlockNumber, Dao, OriginCaller, Preimage, Referenda, Runtime,
	RuntimeCall, RuntimeEvent, RuntimeHoldReason, RuntimeOrigin, Scheduler, System, Treasury,
};

/// Root, which the DAO reaches by an upgrade alone, or one of its powers.
pub(super) type RootOr<Power> = EitherOf<EnsureRoot<AccountId>, Power>;

/// The technical committee among the collectives; there is no other.
pub type TechnicalCollective = pallet_collective::Instance1;
/// Two thirds of the technical committee.
type TwoThirdsOfCommittee =
	pallet_collective::EnsureProportionAtLeast<AccountId, TechnicalCollective, 2, 3>;

/// A number of blocks at pace 1, as this chain takes them.
#[derive(Debug)]
pub struct AtPace<const BLOCKS: BlockNumber>;

impl<const BLOCKS: BlockNumber> Get<BlockNumber> for AtPace<BLOCKS> {
	fn get() -> BlockNumber {
		Dao::period(BLOCKS)
	}
}

parameter_types! {
	pub const PreimageHoldReason: RuntimeHoldReason =
		RuntimeHoldReason::Preimage(pallet_preimage::HoldReason::Preimage);
	/// Calls that were voted for, or that the committee proposes, leave room for everybody else's.
	pub HalfOfABlock: Weight = Perbill::from_percent(50) * BlockWeights::get().max_block;
	pub const TreasuryId: frame_support::PalletId = TREASURY;
	pub const NoBurn: Permill = Permill::zero();
	pub const AnyAmount: Balance = Balance::MAX;
}

impl pallet_dao::Config for Runtime {}

impl pallet_preimage::Config for Runtime {
	type Consideration = HoldConsideration<
		AccountId,
		Balances,
		PreimageHoldReason,
		LinearStoragePrice<ConstU128<{ deposit(2, 64) }>, ConstU128<{ deposit(0, 1) }>, Balance>,
	>;
	type Currency = Balances;
	type ManagerOrigin = EnsureRoot<AccountId>;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_preimage::weights::SubstrateWeight<Self>;
}

impl pallet_scheduler::Config for Runtime {
	type BlockNumberProvider = System;
	type MaxScheduledPerBlock = ConstU32<50>;
	type MaximumWeight = HalfOfABlock;
	type OriginPrivilegeCmp = EqualPrivilegeOnly;
	type PalletsOrigin = OriginCaller;
	type Preimages = Preimage;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type RuntimeOrigin = RuntimeOrigin;
	type ScheduleOrigin = EnsureRoot<AccountId>;
	type WeightInfo = pallet_scheduler::weights::SubstrateWeight<Self>;
}

impl pallet_conviction_voting::Config for Runtime {
	type BlockNumberProvider = System;
	type Currency = Balances;
	type MaxTurnout = ActiveIssuanceOf<Balances, AccountId>;
	type MaxVotes = ConstU32<64>;
	type Polls = Referenda;
	type RuntimeEvent = RuntimeEvent;
	/// As long as the longest enactment, so that who wins bears what follows.
	type VoteLockingPeriod = AtPace<{ 7 * DAYS }>;
	type VotingHooks = ();
	type WeightInfo = pallet_conviction_voting::weights::SubstrateWeight<Self>;
}

impl pallet_referenda::Config for Runtime {
	type AlarmInterval = ConstU32<1>;
	type BlockNumberProvider = System;
	type CancelOrigin = RootOr<pallet_dao::Canceller>;
	type Currency = Balances;
	type KillOrigin = RootOr<pallet_dao::Canceller>;
	type MaxQueued = ConstU32<50>;
	type Preimages = Preimage;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type Scheduler = Scheduler;
	type Slash = Treasury;
	type SubmissionDeposit = ConstU128<USU>;
	type SubmitOrigin = AsEnsureOriginWithArg<EnsureSigned<AccountId>>;
	type Tally = pallet_conviction_voting::TallyOf<Self>;
	type Tracks = Tracks;
	type UndecidingTimeout = AtPace<{ 14 * DAYS }>;
	type Votes = pallet_conviction_voting::VotesOf<Self>;
	type WeightInfo = pallet_referenda::weights::SubstrateWeight<Self>;
}

impl pallet_whitelist::Config for Runtime {
	type BlockNumberProvider = System;
	type DeferredDispatchExpiration = AtPace<{ 28 * DAYS }>;
	type DispatchWhitelistedOrigin = RootOr<pallet_dao::Upgrade>;
	type Preimages = Preimage;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_whitelist::weights::SubstrateWeight<Self>;
	type WhitelistOrigin = TwoThirdsOfCommittee;
}

impl pallet_collective::Config<TechnicalCollective> for Runtime {
	type Consideration = ();
	type DefaultVote = pallet_collective::PrimeDefaultVote;
	type DisapproveOrigin = RootOr<pallet_dao::Membership>;
	type KillOrigin = RootOr<pallet_dao::Membership>;
	type MaxMembers = ConstU32<20>;
	type MaxProposalWeight = HalfOfABlock;
	type MaxProposals = ConstU32<20>;
	type MotionDuration = AtPace<{ 7 * DAYS }>;
	type Proposal = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type RuntimeOrigin = RuntimeOrigin;
	type SetMembersOrigin = RootOr<pallet_dao::Membership>;
	type WeightInfo = pallet_collective::weights::SubstrateWeight<Self>;
}

impl pallet_treasury::Config for Runtime {
	type AssetKind = ();
	type BalanceConverter = UnityAssetBalanceConversion;
	type Beneficiary = AccountId;
	type BeneficiaryLookup = IdentityLookup<AccountId>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Spending;
	type BlockNumberProvider = System;
	type Burn = NoBurn;
	type BurnDestination = ();
	type Currency = Balances;
	/// None: money leaves by `spend` and `payout`.
	type MaxApprovals = ConstU32<0>;
	type PalletId = TreasuryId;
	type Paymaster = PayFromAccount<Balances, TreasuryAccount>;
	type PayoutPeriod = AtPace<{ 28 * DAYS }>;
	type RejectOrigin = RootOr<pallet_dao::Treasury>;
	type RuntimeEvent = RuntimeEvent;
	type SpendFunds = ();
	type SpendOrigin = EitherOf<
		EnsureRootWithSuccess<AccountId, AnyAmount>,
		EnsureWithSuccess<pallet_dao::Treasury, AccountId, AnyAmount>,
	>;
	type SpendPeriod = ConstU32<DAYS>;
	type WeightInfo = pallet_treasury::weights::SubstrateWeight<Self>;
}
