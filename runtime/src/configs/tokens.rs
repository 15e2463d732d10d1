//! The native token, fees, and the ledger of use rights that wallets see.

use frame_support::{
	parameter_types,
	traits::{
		AsEnsureOriginWithArg, ConstU128, ConstU32, ConstU8, NeverEnsureOrigin, VariantCountOf,
	},
	weights::ConstantMultiplier,
};
use frame_system::EnsureRoot;
use pallet_nfts::PalletFeatures;
use pallet_transaction_payment::{FungibleAdapter, Multiplier, TargetedFeeAdjustment};
use sp_runtime::{
	traits::{Bounded, Verify},
	FixedPointNumber, Perquintill,
};

use crate::{
	constants::currency::{deposit, EXISTENTIAL_DEPOSIT, MICRO},
	AccountId, Balance, Balances, Runtime, RuntimeEvent, RuntimeFreezeReason, RuntimeHoldReason,
	Signature, System,
};

impl pallet_balances::Config for Runtime {
	type AccountStore = System;
	type Balance = Balance;
	type DoneSlashHandler = ();
	type DustRemoval = ();
	type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
	type FreezeIdentifier = RuntimeFreezeReason;
	type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
	type MaxLocks = ConstU32<50>;
	type MaxReserves = ConstU32<50>;
	type ReserveIdentifier = [u8; 8];
	type RuntimeEvent = RuntimeEvent;
	type RuntimeFreezeReason = RuntimeFreezeReason;
	type RuntimeHoldReason = RuntimeHoldReason;
	type WeightInfo = pallet_balances::weights::SubstrateWeight<Self>;
}

parameter_types! {
	/// Blocks fuller than this make the next ones dearer.
	pub const TargetBlockFullness: Perquintill = Perquintill::from_percent(25);
	/// How fast: at most about 30 % a day.
	pub AdjustmentVariable: Multiplier = Multiplier::saturating_from_rational(3, 100_000);
	pub MinimumMultiplier: Multiplier = Multiplier::saturating_from_rational(1, 10);
	pub MaximumMultiplier: Multiplier = Multiplier::max_value();
}

impl pallet_transaction_payment::Config for Runtime {
	type FeeMultiplierUpdate = TargetedFeeAdjustment<
		Self,
		TargetBlockFullness,
		AdjustmentVariable,
		MinimumMultiplier,
		MaximumMultiplier,
	>;
	/// A microUSU per byte.
	type LengthToFee = ConstantMultiplier<Balance, ConstU128<MICRO>>;
	/// Fees are burned: the treasury lives on the market's fee.
	type OnChargeTransaction = FungibleAdapter<Balances, ()>;
	type OperationalFeeMultiplier = ConstU8<5>;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Self>;
	/// 1,000 units per nanosecond-thousandth: a transfer of 0.2 ms costs some 0.2 milliUSU.
	type WeightToFee = ConstantMultiplier<Balance, ConstU128<1>>;
}

parameter_types! {
	pub NftFeatures: PalletFeatures = PalletFeatures::all_enabled();
}

// The collection of UIDs belongs to `use-rights`; nobody else needs to create one here.
impl pallet_nfts::Config for Runtime {
	type ApprovalsLimit = ConstU32<4>;
	type AttributeDepositBase = ConstU128<{ deposit(1, 0) }>;
	type BlockNumberProvider = System;
	type CollectionDeposit = ConstU128<{ deposit(1, 130) }>;
	type CollectionId = u32;
	type CreateOrigin = AsEnsureOriginWithArg<NeverEnsureOrigin<AccountId>>;
	type Currency = Balances;
	type DepositPerByte = ConstU128<{ deposit(0, 1) }>;
	type Features = NftFeatures;
	type ForceOrigin = EnsureRoot<AccountId>;
	#[cfg(feature = "runtime-benchmarks")]
	type Helper = ();
	type ItemAttributesApprovalsLimit = ConstU32<4>;
	type ItemDeposit = ConstU128<0>;
	type ItemId = u64;
	type KeyLimit = ConstU32<64>;
	type Locker = ();
	type MaxAttributesPerCall = ConstU32<4>;
	type MaxDeadlineDuration = ConstU32<{ 365 * crate::constants::time::DAYS }>;
	type MaxTips = ConstU32<4>;
	type MetadataDepositBase = ConstU128<{ deposit(1, 0) }>;
	type OffchainPublic = <Signature as Verify>::Signer;
	type OffchainSignature = Signature;
	type RuntimeEvent = RuntimeEvent;
	type StringLimit = ConstU32<256>;
	type ValueLimit = ConstU32<256>;
	type WeightInfo = pallet_nfts::weights::SubstrateWeight<Self>;
}
