//! A runtime of three pallets, machines that a test can name, and a builder.
#![allow(missing_debug_implementations, missing_docs, unreachable_pub)]

use std::collections::BTreeMap;

use frame_support::{
	derive_impl, parameter_types,
	traits::{
		fungible::{HoldConsideration, InspectHold},
		ConstU128, ConstantStoragePrice, Hooks,
	},
	PalletId,
};
use frame_system::EnsureRoot;
use sp_runtime::{BuildStorage, Permill};
use usufruct_primitives::{
	traits::{NodeInspect, OnIncome, OnScored, QualityInspect},
	Balance, HardwareInfo, Hid, NodeId,
};

use crate::{
	self as pallet_pomc_rewards, Closed, ClosedEra, Current, CurrentEra, EraIndex, HoldReason,
	RewardRules,
};

/// A provider.
pub(crate) const ALICE: u64 = 1;
/// Another one.
pub(crate) const BOB: u64 = 2;
/// A tenant.
pub(crate) const CAROL: u64 = 3;
/// Has nothing.
pub(crate) const POOR: u64 = 4;
/// Gets what nobody claims.
pub(crate) const TREASURY: u64 = 98;
/// What rich accounts begin with.
pub(crate) const RICHES: Balance = 1_000_000;
/// Held for a payee.
pub(crate) const DEPOSIT: Balance = 30;
/// What an era issues at most.
pub(crate) const MOST: Balance = 10_000;

/// Eras of ten blocks, claimed in the three after them. Four fifths of a fee return, half of it to each side.
pub(crate) const RULES: RewardRules = RewardRules {
	era: 10,
	claim_eras: 3,
	network: 6_000,
	validators: 1_000,
	tasks: 2_000,
	rebate: Permill::from_percent(80),
	provider: Permill::from_percent(50),
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
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(2)]
	pub type PomcRewards = pallet_pomc_rewards;
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
	type ExistentialDeposit = ConstU128<5>;
}

/// What storing anything costs.
type StoragePrice = ConstantStoragePrice<ConstU128<DEPOSIT>, Balance>;

parameter_types! {
	pub const ForPayee: RuntimeHoldReason = RuntimeHoldReason::PomcRewards(HoldReason::Payee);
	pub const Rewards: PalletId = PalletId(*b"usu/pomc");
	pub const Treasury: u64 = TREASURY;
	/// Owner by machine.
	pub static Owners: BTreeMap<NodeId, u64> = BTreeMap::new();
	/// What was measured of all machines, in parts per million.
	pub static Quality: u32 = 1_000_000;
}

/// Stands in for the registry of machines, and for measurers.
pub struct Stub;

impl NodeInspect<u64> for Stub {
	fn owner(node: NodeId) -> Option<u64> {
		Owners::get().get(&node).copied()
	}

	fn region(_: NodeId) -> u16 {
		0
	}

	fn is_online(_: NodeId) -> bool {
		true
	}

	fn available_blocks(_: NodeId) -> u64 {
		0
	}

	fn availability_ppm(_: NodeId) -> u32 {
		1_000_000
	}

	fn hardware(_: Hid) -> Option<HardwareInfo> {
		None
	}
}

impl QualityInspect for Stub {
	fn quality_ppm(_: NodeId) -> u32 {
		Quality::get()
	}
}

impl crate::Config for Test {
	type Currency = Balances;
	type ForceOrigin = EnsureRoot<u64>;
	type MaxEraIssuance = ConstU128<MOST>;
	type Nodes = Stub;
	type PalletId = Rewards;
	type PayeeDeposit = HoldConsideration<u64, Balances, ForPayee, StoragePrice>;
	type Quality = Stub;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Treasury = Treasury;
	type WeightInfo = ();
}

/// The state that a test begins with: machine 0 of Alice, machine 1 of Bob. Begins at block 1.
pub(crate) struct ExtBuilder {
	rules: Option<RewardRules>,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { rules: Some(RULES) }
	}
}

impl ExtBuilder {
	pub(crate) fn rules(rules: RewardRules) -> Self {
		Self { rules: Some(rules) }
	}

	/// No eras.
	pub(crate) fn without_rules() -> Self {
		Self { rules: None }
	}

	/// The state, without a test.
	pub(crate) fn build(self) -> sp_io::TestExternalities {
		let mut storage = frame_system::GenesisConfig::<Test>::default()
			.build_storage()
			.expect("the default genesis is valid");
		pallet_balances::GenesisConfig::<Test> {
			balances: vec![
				(ALICE, RICHES),
				(BOB, RICHES),
				(CAROL, RICHES),
				(TREASURY, 5),
				(PomcRewards::account(), 5),
			],
			dev_accounts: None,
		}
		.assimilate_storage(&mut storage)
		.expect("the balances are valid");
		crate::GenesisConfig::<Test> {
			rules: self.rules,
			phantom: Default::default(),
		}
		.assimilate_storage(&mut storage)
		.expect("the rules are valid");
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.execute_with(|| {
			Owners::set(BTreeMap::from([(0, ALICE), (1, BOB)]));
			Quality::set(1_000_000);
			go_to(1);
		});
		ext
	}

	/// Runs the test, then checks every invariant.
	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			PomcRewards::do_try_state().expect("the invariants hold after the test");
		});
	}
}

pub(crate) fn signed(who: u64) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub(crate) fn now() -> u64 {
	System::block_number()
}

/// Goes on to a block, one by one.
pub(crate) fn go_to(block: u64) {
	while now() < block {
		System::set_block_number(now() + 1);
		<PomcRewards as Hooks<u64>>::on_initialize(now());
	}
}

/// The era under way.
pub(crate) fn current() -> CurrentEra {
	Current::<Test>::get().expect("an era is under way")
}

/// Goes to the first block of the next era.
pub(crate) fn next_era() {
	let era = current();
	go_to(u64::from(era.began_at + era.rules.era));
}

pub(crate) fn closed(era: EraIndex) -> ClosedEra {
	Closed::<Test>::get(era).expect("the era is over and was not forgotten")
}

/// The machine is scored, in a class of usual weight.
pub(crate) fn score(node: NodeId, ppm: u32) {
	PomcRewards::on_scored(node, ppm, 1_000_000);
}

/// A tenant paid a provider, of which the market's fee was this.
pub(crate) fn pay(provider: u64, tenant: u64, fee: Balance) {
	PomcRewards::on_income(&provider, &tenant, fee);
}

pub(crate) fn free(who: u64) -> Balance {
	Balances::free_balance(who)
}

/// What is held of `who` for a payee.
pub(crate) fn held(who: u64) -> Balance {
	Balances::balance_on_hold(&HoldReason::Payee.into(), &who)
}

/// The pallet's events since the last call.
pub(crate) fn events() -> Vec<crate::Event<Test>> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}
