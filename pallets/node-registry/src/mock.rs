//! A runtime of three pallets, and a builder that speaks of nodes.
#![allow(missing_debug_implementations, missing_docs, unreachable_pub)]

use frame_support::{
	derive_impl, parameter_types,
	traits::{fungible::HoldConsideration, ConstU128, ConstU32, ConstantStoragePrice, Hooks},
	weights::Weight,
};
use frame_system::EnsureRoot;
use sp_core::H256;
use sp_runtime::{BuildStorage, Permill};
use usufruct_primitives::{
	traits::{OnHardwareRemoved, ScoreInspect},
	Balance, BlockNumber, Capacity, ClassId, HardwareKind, Hid, NodeId,
};

use crate::{self as pallet_node_registry, HoldReason, NextHid, NextNodeId, NodeRecord, Nodes};

/// A provider with money.
pub(crate) const ALICE: u64 = 1;
/// Another one.
pub(crate) const BOB: u64 = 2;
/// Has less than a bond.
pub(crate) const POOR: u64 = 3;
/// Receives penalties.
pub(crate) const TREASURY: u64 = 99;
/// What rich accounts begin with.
pub(crate) const RICHES: Balance = 1_000_000;
/// The bond of a node.
pub(crate) const BOND: Balance = 1_000;
/// The least bond of a node in good standing.
pub(crate) const MINIMUM_BOND: Balance = 500;
/// The deposit for a HID.
pub(crate) const DEPOSIT: Balance = 50;
/// Blocks that a heartbeat is good for: twice the period.
pub(crate) const WINDOW: BlockNumber = 20;
/// Blocks from `retire` until the bond is free.
pub(crate) const DELAY: BlockNumber = 100;
/// Blocks in which a quality of nothing becomes all.
pub(crate) const RECOVERY: BlockNumber = 1_000;
/// A class that exists.
pub(crate) const CLASS: ClassId = 7;

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
	pub type NodeRegistry = pallet_node_registry;
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
	type ExistentialDeposit = ExistentialDeposit;
}

/// One class exists.
pub struct OneClass;

impl ScoreInspect for OneClass {
	fn score_ppm(_: Hid) -> u32 {
		0
	}

	fn class_exists(class: ClassId) -> bool {
		class == CLASS
	}
}

/// What storing anything costs.
type StoragePrice = ConstantStoragePrice<ConstU128<DEPOSIT>, Balance>;

parameter_types! {
	pub static HeartbeatPeriod: BlockNumber = 10;
	pub static OpenAdmission: bool = true;
	/// Hardware of which others were told that it was removed, with its class.
	pub static Removed: Vec<(Hid, ClassId)> = Vec::new();
	pub static ExistentialDeposit: Balance = 1;
	pub const ForHardware: RuntimeHoldReason = RuntimeHoldReason::NodeRegistry(HoldReason::Hardware);
	pub const FaultPenalty: Permill = Permill::from_percent(30);
	pub const Treasury: u64 = TREASURY;
}

/// Who is told.
pub struct Removals;

impl OnHardwareRemoved for Removals {
	fn on_hardware_removed(hid: Hid, class: ClassId) {
		Removed::mutate(|removed| removed.push((hid, class)));
	}

	fn weight() -> Weight {
		Weight::from_parts(7, 5)
	}
}

impl crate::Config for Test {
	type Classes = OneClass;
	type Currency = Balances;
	type FaultPenalty = FaultPenalty;
	type ForceOrigin = EnsureRoot<u64>;
	type HardwareDeposit = HoldConsideration<u64, Balances, ForHardware, StoragePrice>;
	type HardwareDepositAmount = ConstU128<DEPOSIT>;
	type HeartbeatPeriod = HeartbeatPeriod;
	type MaxHardware = ConstU32<3>;
	type MinimumBond = ConstU128<MINIMUM_BOND>;
	type MissedHeartbeats = ConstU32<1>;
	type NodeBond = ConstU128<BOND>;
	type OnHardwareRemoved = Removals;
	type OpenAdmission = OpenAdmission;
	type QualityRecovery = ConstU32<RECOVERY>;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Treasury = Treasury;
	type UnbondingDelay = ConstU32<DELAY>;
	type WeightInfo = ();
}

/// The state that a test begins with, told in the words of the registry. Begins at block 1.
#[derive(Default)]
pub(crate) struct ExtBuilder {
	nodes: Vec<(u64, bool)>,
}

impl ExtBuilder {
	/// A node of `owner` that is registered and has not spoken yet. Identifiers count from 0.
	pub(crate) fn node(mut self, owner: u64) -> Self {
		self.nodes.push((owner, false));
		self
	}

	/// A node of `owner` whose first heartbeat came in block 1.
	pub(crate) fn online(mut self, owner: u64) -> Self {
		self.nodes.push((owner, true));
		self
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
				(POOR, BOND - 1),
				(TREASURY, 1),
			],
			dev_accounts: None,
		}
		.assimilate_storage(&mut storage)
		.expect("the balances are valid");
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.execute_with(|| {
			HeartbeatPeriod::set(10);
			OpenAdmission::set(true);
			ExistentialDeposit::set(1);
			System::set_block_number(1);
			for (owner, online) in self.nodes {
				let node = register(owner);
				if online {
					heartbeat(owner, node);
				}
			}
			System::reset_events();
		});
		ext
	}

	/// Runs the test, then checks every invariant.
	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			NodeRegistry::do_try_state().expect("the invariants hold after the test");
		});
	}
}

/// Registers a machine that nobody has registered before.
pub(crate) fn register(owner: u64) -> NodeId {
	let node = NextNodeId::<Test>::get();
	let machine = H256::from_low_u64_be(u64::from(node) + 1);
	NodeRegistry::register(signed(owner), machine, endpoint("host:1"), 276).expect("registers");
	node
}

/// Adds a processor that nobody has added before.
pub(crate) fn add_cpu(owner: u64, node: NodeId) -> Hid {
	let hid = NextHid::<Test>::get();
	let device = H256::from_low_u64_be(hid + 1);
	NodeRegistry::add_hardware(signed(owner), node, CLASS, HardwareKind::Cpu, device, cpu())
		.expect("adds");
	hid
}

pub(crate) fn heartbeat(owner: u64, node: NodeId) {
	NodeRegistry::heartbeat(signed(owner), node).expect("the heartbeat counts");
}

pub(crate) fn signed(who: u64) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub(crate) fn endpoint(text: &str) -> crate::Endpoint {
	text.as_bytes()
		.to_vec()
		.try_into()
		.expect("at most 128 bytes")
}

/// Eight cores with 16 GiB and 100 GiB.
pub(crate) fn cpu() -> Capacity {
	Capacity {
		cpu_millis: 8_000,
		memory_mib: 16_384,
		disk_mib: 102_400,
	}
}

pub(crate) fn record(node: NodeId) -> NodeRecord<u64> {
	Nodes::<Test>::get(node).expect("the node is registered")
}

/// What is held of `who` as (bonds, deposits).
pub(crate) fn held(who: u64) -> (Balance, Balance) {
	use frame_support::traits::fungible::InspectHold;
	let held = |reason: HoldReason| Balances::balance_on_hold(&reason.into(), &who);
	(held(HoldReason::NodeBond), held(HoldReason::Hardware))
}

pub(crate) fn free(who: u64) -> Balance {
	Balances::free_balance(who)
}

/// Goes to a block. Nothing happens in between: the registry has no hooks.
pub(crate) fn go_to(block: BlockNumber) {
	System::set_block_number(block.into());
	assert_eq!(
		<NodeRegistry as Hooks<u64>>::on_initialize(block.into()),
		Default::default(),
		"no hook works on nodes"
	);
}

/// The registry's events since the last call.
pub(crate) fn events() -> Vec<crate::Event<Test>> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}
