//! A runtime with the SDK's own session, historical and offences pallets around the set.
#![allow(missing_debug_implementations, missing_docs, unreachable_pub)]

use codec::Encode;
use frame_support::{
	derive_impl, parameter_types,
	traits::{fungible::InspectHold, ConstU128, ConstU32, ConstU64},
};
use frame_system::EnsureRoot;
use pallet_session::{
	disabling::UpToLimitWithReEnablingDisablingStrategy, historical::NoteHistoricalRoot,
	PeriodicSessions, SessionHandler,
};
use sp_runtime::{
	impl_opaque_keys,
	testing::UintAuthorityId,
	traits::{ConvertInto, OpaqueKeys},
	BuildStorage, KeyTypeId, Perbill, RuntimeAppPublic,
};
use sp_staking::{
	offence::{Kind, Offence, OffenceError, ReportOffence},
	SessionIndex,
};
use usufruct_primitives::{Balance, BlockNumber};

use crate::{self as pallet_validator_set, Candidate, Candidates, HoldReason};

/// Validate from genesis on, without a bond.
pub(crate) const GENESIS: [u64; 4] = [1, 2, 3, 4];
/// Has keys and money.
pub(crate) const EVE: u64 = 5;
/// Has keys and money.
pub(crate) const FRED: u64 = 6;
/// Has money, but no keys.
pub(crate) const KEYLESS: u64 = 7;
/// Receives what is slashed.
pub(crate) const TREASURY: u64 = 99;
/// What everybody begins with.
pub(crate) const RICHES: Balance = 10_000;
/// The deposit for session keys.
pub(crate) const KEY_DEPOSIT: Balance = 10;
/// The least bond.
pub(crate) const BOND: Balance = 1_000;
/// The set never has fewer.
pub(crate) const MIN: u32 = 3;
/// There are never more candidates.
pub(crate) const MAX: u32 = 6;
/// Blocks of a session.
pub(crate) const SESSION: u64 = 10;
/// Blocks from leaving until the bond is free.
pub(crate) const DELAY: BlockNumber = 50;

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
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances;
	// Before the session, which asks it for the first set.
	#[runtime::pallet_index(2)]
	pub type ValidatorSet = pallet_validator_set;
	#[runtime::pallet_index(3)]
	pub type Offences = pallet_offences;
	#[runtime::pallet_index(4)]
	pub type Historical = pallet_session::historical;
	#[runtime::pallet_index(5)]
	pub type Session = pallet_session;
}

impl_opaque_keys! {
	pub struct Keys {
		pub dummy: UintAuthorityId,
	}
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountData = pallet_balances::AccountData<Balance>;
	type Block = frame_system::mocking::MockBlock<Self>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<1>;
}

/// The engines behind the session; remembers nothing.
pub struct NoEngine;

impl SessionHandler<u64> for NoEngine {
	const KEY_TYPE_IDS: &'static [KeyTypeId] = &[UintAuthorityId::ID];

	fn on_genesis_session<Ks: OpaqueKeys>(_: &[(u64, Ks)]) {}

	fn on_new_session<Ks: OpaqueKeys>(_: bool, _: &[(u64, Ks)], _: &[(u64, Ks)]) {}

	fn on_disabled(_: u32) {}
}

impl pallet_session::Config for Test {
	type Currency = Balances;
	type DisablingStrategy = UpToLimitWithReEnablingDisablingStrategy;
	type KeyDeposit = ConstU128<KEY_DEPOSIT>;
	type Keys = Keys;
	type NextSessionRotation = PeriodicSessions<ConstU64<SESSION>, ConstU64<0>>;
	type RuntimeEvent = RuntimeEvent;
	type SessionHandler = NoEngine;
	type SessionManager = NoteHistoricalRoot<Self, ValidatorSet>;
	type ShouldEndSession = PeriodicSessions<ConstU64<SESSION>, ConstU64<0>>;
	type ValidatorId = u64;
	type ValidatorIdOf = ConvertInto;
	type WeightInfo = ();
}

impl pallet_session::historical::Config for Test {
	type FullIdentification = u64;
	type FullIdentificationOf = ConvertInto;
	type RuntimeEvent = RuntimeEvent;
}

impl pallet_offences::Config for Test {
	type IdentificationTuple = pallet_session::historical::IdentificationTuple<Self>;
	type OnOffenceHandler = ValidatorSet;
	type RuntimeEvent = RuntimeEvent;
}

parameter_types! {
	pub const Treasury: u64 = TREASURY;
}

impl crate::Config for Test {
	type Currency = Balances;
	type ForceOrigin = EnsureRoot<u64>;
	type Keys = Session;
	type MaxCandidates = ConstU32<MAX>;
	type MinValidators = ConstU32<MIN>;
	type MinimumBond = ConstU128<BOND>;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Treasury = Treasury;
	type UnbondingDelay = ConstU32<DELAY>;
	type WeightInfo = ();
}

/// The state that a test begins with: at block 1, with some validators from genesis.
pub(crate) struct ExtBuilder {
	validators: Vec<u64>,
	joined: Vec<(u64, Balance)>,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self {
			validators: GENESIS.to_vec(),
			joined: Vec::new(),
		}
	}
}

impl ExtBuilder {
	/// Other validators of genesis than the four.
	pub(crate) fn validators(mut self, validators: &[u64]) -> Self {
		self.validators = validators.to_vec();
		self
	}

	/// `who` has bonded and waits to be admitted.
	pub(crate) fn joined(mut self, who: u64, bond: Balance) -> Self {
		self.joined.push((who, bond));
		self
	}

	/// The state, without a test.
	pub(crate) fn build(self) -> sp_io::TestExternalities {
		let mut storage = frame_system::GenesisConfig::<Test>::default()
			.build_storage()
			.expect("the default genesis is valid");
		RuntimeGenesisConfig {
			balances: pallet_balances::GenesisConfig {
				balances: (1..=KEYLESS)
					.map(|who| (who, RICHES))
					.chain([(TREASURY, 1)])
					.collect(),
				dev_accounts: None,
			},
			validator_set: pallet_validator_set::GenesisConfig {
				validators: self.validators.clone(),
			},
			session: pallet_session::GenesisConfig {
				keys: self
					.validators
					.iter()
					.map(|who| (*who, *who, keys(*who)))
					.collect(),
				non_authority_keys: vec![],
			},
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.expect("the genesis is valid");
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.execute_with(|| {
			System::set_block_number(1);
			for who in [EVE, FRED] {
				set_keys(who);
			}
			for (who, bond) in self.joined {
				ValidatorSet::join(signed(who), bond).expect("joins");
			}
			System::reset_events();
		});
		ext
	}

	/// Runs the test, then checks every invariant.
	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			ValidatorSet::do_try_state().expect("the invariants hold after the test");
		});
	}
}

pub(crate) fn keys(who: u64) -> Keys {
	Keys {
		dummy: UintAuthorityId(who),
	}
}

/// Sets session keys as an account does: with its proof.
pub(crate) fn set_keys(who: u64) {
	let proof = UintAuthorityId(who)
		.sign(&who.encode())
		.expect("test keys sign")
		.encode();
	Session::set_keys(signed(who), keys(who), proof).expect("the keys are free");
}

pub(crate) fn signed(who: u64) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub(crate) fn candidate(who: u64) -> Candidate {
	Candidates::<Test>::get(who).expect("is a candidate")
}

/// What is held of `who` as a bond.
pub(crate) fn held(who: u64) -> Balance {
	Balances::balance_on_hold(&HoldReason::ValidatorBond.into(), &who)
}

pub(crate) fn free(who: u64) -> Balance {
	Balances::free_balance(who)
}

/// Runs the pallets' hooks up to the block: sessions end as they do on a chain.
pub(crate) fn go_to(block: u64) {
	if block > System::block_number() {
		System::run_to_block::<AllPalletsWithSystem>(block);
	}
}

/// Two sessions on: what was decided now is in force.
pub(crate) fn two_sessions_later() {
	let session = System::block_number() / SESSION;
	go_to((session + 2) * SESSION);
}

/// Who validates now.
pub(crate) fn active() -> Vec<u64> {
	Session::validators()
}

/// Who may not author for the rest of the session.
pub(crate) fn disabled() -> Vec<u64> {
	let active = active();
	Session::disabled_validators()
		.into_iter()
		.map(|index| active[index as usize])
		.collect()
}

/// The set's events since the last call.
pub(crate) fn events() -> Vec<crate::Event<Test>> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}

/// An offence that costs `percent` for each who committed it in the same slot.
pub(crate) struct Equivocation {
	pub offenders: Vec<u64>,
	pub session: SessionIndex,
	pub slot: u64,
	pub percent: u32,
}

impl Offence<(u64, u64)> for Equivocation {
	const ID: Kind = *b"test:equivocatio";
	type Slot = u64;

	fn offenders(&self) -> Vec<(u64, u64)> {
		self.offenders.iter().map(|who| (*who, *who)).collect()
	}

	fn session_index(&self) -> SessionIndex {
		self.session
	}

	fn validator_set_count(&self) -> u32 {
		GENESIS.len() as u32
	}

	fn slot(&self) -> u64 {
		self.slot
	}

	fn slash_fraction(&self, offenders: u32) -> Perbill {
		Perbill::from_percent(self.percent.saturating_mul(offenders).min(100))
	}
}

/// Reports through pallet-offences, as BABE and GRANDPA do.
pub(crate) fn report(
	offenders: &[u64],
	session: SessionIndex,
	slot: u64,
	percent: u32,
) -> Result<(), OffenceError> {
	let offence = Equivocation {
		offenders: offenders.to_vec(),
		session,
		slot,
		percent,
	};
	Offences::report_offence(vec![], offence)
}
