//! Who authors and finalises blocks, and what is done about those who cheat.

use frame_support::traits::{ConstU128, ConstU32, ConstU64};
use pallet_session::disabling::UpToLimitWithReEnablingDisablingStrategy;
use sp_runtime::traits::ConvertInto;

use crate::{
	constants::{
		currency::{deposit, USU},
		time::{DAYS, EPOCH_BLOCKS, SLOT_MILLIS},
	},
	AccountId, Babe, Balances, BlockNumber, Historical, Offences, PomcRewards, Runtime,
	RuntimeEvent, RuntimeHoldReason, Session, SessionKeys, ValidatorSet,
};

/// The most validators that one set may have.
pub(super) const MAX_VALIDATORS: u32 = 100;
/// Equivocations may be reported for as long as a validator's bond cannot leave.
const REPORT_LONGEVITY: u64 = DAYS as u64;

impl pallet_babe::Config for Runtime {
	type DisabledValidators = Session;
	type EpochChangeTrigger = pallet_babe::ExternalTrigger;
	type EpochDuration = ConstU64<{ EPOCH_BLOCKS as u64 }>;
	type EquivocationReportSystem = pallet_babe::EquivocationReportSystem<
		Self,
		Offences,
		Historical,
		ConstU64<REPORT_LONGEVITY>,
	>;
	type ExpectedBlockTime = ConstU64<SLOT_MILLIS>;
	type KeyOwnerProof = sp_session::MembershipProof;
	type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
	type MaxNominators = ConstU32<0>;
	type WeightInfo = ();
}

impl pallet_grandpa::Config for Runtime {
	type EquivocationReportSystem = pallet_grandpa::EquivocationReportSystem<
		Self,
		Offences,
		Historical,
		ConstU64<REPORT_LONGEVITY>,
	>;
	type KeyOwnerProof = sp_session::MembershipProof;
	type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
	type MaxNominators = ConstU32<0>;
	/// Sets whose reports are still accepted: one per session within the longevity.
	type MaxSetIdSessionEntries = ConstU64<{ REPORT_LONGEVITY / EPOCH_BLOCKS as u64 }>;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = ();
}

/// Authors earn by their blocks.
#[derive(Debug)]
pub struct PayAuthors;

impl pallet_authorship::EventHandler<AccountId, BlockNumber> for PayAuthors {
	fn note_author(author: AccountId) {
		PomcRewards::note_author(&author);
	}
}

impl pallet_authorship::Config for Runtime {
	type EventHandler = PayAuthors;
	type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Self, Babe>;
}

impl pallet_session::Config for Runtime {
	type Currency = Balances;
	type DisablingStrategy = UpToLimitWithReEnablingDisablingStrategy;
	type KeyDeposit = ConstU128<{ deposit(3, 256) }>;
	type Keys = SessionKeys;
	type NextSessionRotation = Babe;
	type RuntimeEvent = RuntimeEvent;
	type SessionHandler = <SessionKeys as sp_runtime::traits::OpaqueKeys>::KeyTypeIdProviders;
	type SessionManager = pallet_session::historical::NoteHistoricalRoot<Self, ValidatorSet>;
	type ShouldEndSession = Babe;
	type ValidatorId = AccountId;
	type ValidatorIdOf = ConvertInto;
	type WeightInfo = pallet_session::weights::SubstrateWeight<Self>;
}

impl pallet_session::historical::Config for Runtime {
	type FullIdentification = AccountId;
	type FullIdentificationOf = FullIdentificationOf;
	type RuntimeEvent = RuntimeEvent;
}

/// A validator is identified by its account; there are no nominators behind it.
#[derive(Debug)]
pub struct FullIdentificationOf;

impl sp_runtime::traits::Convert<AccountId, Option<AccountId>> for FullIdentificationOf {
	fn convert(validator: AccountId) -> Option<AccountId> {
		Some(validator)
	}
}

impl pallet_offences::Config for Runtime {
	type IdentificationTuple = pallet_session::historical::IdentificationTuple<Self>;
	type OnOffenceHandler = ValidatorSet;
	type RuntimeEvent = RuntimeEvent;
}

impl pallet_validator_set::Config for Runtime {
	type Currency = Balances;
	type ForceOrigin = super::dao::RootOr<pallet_dao::Membership>;
	type Keys = Session;
	type MaxCandidates = ConstU32<MAX_VALIDATORS>;
	/// One: a development chain has no more. Real networks keep four or more by vote.
	type MinValidators = ConstU32<1>;
	type MinimumBond = ConstU128<{ 1_000 * USU }>;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Treasury = super::compute::TreasuryAccount;
	/// A day longer than offences may be reported.
	type UnbondingDelay = ConstU32<{ 2 * DAYS }>;
	type WeightInfo = pallet_validator_set::weights::SubstrateWeight<Self>;
}
