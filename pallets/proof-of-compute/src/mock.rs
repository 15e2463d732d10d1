//! A runtime of three pallets, machines and randomness that a test can move, and a builder.
#![allow(missing_debug_implementations, missing_docs, unreachable_pub)]

use std::collections::{BTreeMap, BTreeSet};

use codec::Encode;
use frame_support::{
	derive_impl, parameter_types,
	traits::{
		fungible::HoldConsideration, ConstU128, ConstU32, ConstU64, ConstantStoragePrice, Hooks,
	},
	weights::Weight,
};
use frame_system::EnsureRoot;
use sp_io::hashing::blake2_256;
use sp_runtime::{BuildStorage, DispatchResult};
use usufruct_primitives::{
	traits::{
		BlockRandomness, LeaseInspect, NodeInspect, NodeUsage, OnHardwareRemoved, OnScored,
		ResourceInfo, ResourceInspect,
	},
	Balance, BlockNumber, Capacity, ChallengeId, ClassId, HardwareInfo, HardwareKind, Hid,
	IsolationClass, NodeId, Uid, Vid,
};
use usufruct_proof::{ClassParams, Commitment, MemoryCommitment, MemoryParams, Speed};

use crate::{
	self as pallet_proof_of_compute, Challenge, Challenges, Classes, EpochRules, HoldReason,
	NextChallengeId, ResourceClass, Scores,
};

/// A provider.
pub(crate) const ALICE: u64 = 1;
/// Another one.
pub(crate) const BOB: u64 = 2;
/// Asks for proofs.
pub(crate) const CAROL: u64 = 3;
/// Has nothing to do with anything, and less than a deposit.
pub(crate) const POOR: u64 = 4;
/// What rich accounts begin with.
pub(crate) const RICHES: Balance = 1_000_000;
/// Held for a challenge.
pub(crate) const DEPOSIT: Balance = 100;
/// Held for a forced audit.
pub(crate) const BOND: Balance = 40;
/// The class of all hardware, unless a test says otherwise.
pub(crate) const CLASS: ClassId = 7;
/// Milliseconds of a slot.
pub(crate) const SLOT: u64 = 3_000;
/// Room in a ranking.
pub(crate) const MAX_RANKED: u32 = 3;

/// Work that a test can do: 2·32·64·128 operations a round.
///
/// A challenge of block N opens at N+3; its first root is due until N+6, its commitment until N+13;
/// its positions are known at N+18, and its reveal is due until N+23.
pub(crate) const PARAMS: ClassParams = ClassParams {
	m: 32,
	n: 64,
	k: 128,
	samples: 4,
	window: 10,
	first_root: 3,
	reveal: 5,
	min_rounds: 2,
	max_rounds: 8,
	// Ten rounds in the eight blocks that count.
	reference_ops: 218_453,
	memory: None,
	version: 1,
};

/// Work with a memory phase: three leaves of sums a pass. A challenge of block N commits its rounds until
/// N+13; its passes begin at N+16 and are committed until N+21; its positions are known at N+26.
pub(crate) const MEMORY_PARAMS: ClassParams = ClassParams {
	m: 128,
	n: 128,
	k: 64,
	min_rounds: 12,
	max_rounds: 16,
	// Sixteen rounds in the eight blocks that count.
	reference_ops: 1_398_101,
	memory: Some(MemoryParams {
		kept_rounds: 12,
		samples: 4,
		window: 5,
		max_passes: 10,
		// Eight passes of 384 KiB in the three blocks that count.
		reference_bytes: 349_525,
	}),
	..PARAMS
};

/// As [`PARAMS`], with the most rounds that count at the reference.
pub(crate) const EPOCH_PARAMS: ClassParams = ClassParams {
	reference_ops: 174_762,
	..PARAMS
};

/// An epoch begins in each block in which none is under way. The reveals of one that began in block N are
/// due until N+23, disputes until N+33, and the audit that was forced last until N+43.
pub(crate) const RULES: EpochRules = EpochRules {
	pause: 1,
	entry: 6,
	span: 44,
	disputes: 10,
	audits: 1,
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
	pub type ProofOfCompute = pallet_proof_of_compute;
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
}

/// What storing anything costs.
type StoragePrice = ConstantStoragePrice<ChallengeDeposit, Balance>;

parameter_types! {
	pub const ForChallenge: RuntimeHoldReason =
		RuntimeHoldReason::ProofOfCompute(HoldReason::Challenge);
	/// Owner by machine.
	pub static Owners: BTreeMap<NodeId, u64> = BTreeMap::new();
	/// Machines that cannot be reached.
	pub static Offline: BTreeSet<NodeId> = BTreeSet::new();
	/// Machine and class of hardware.
	pub static Hardware: BTreeMap<Hid, (NodeId, ClassId)> = BTreeMap::new();
	/// Machines that something runs on.
	pub static Busy: BTreeSet<NodeId> = BTreeSet::new();
	/// Who uses each machine, by count.
	// In the state, so that a call that fails takes it back.
	pub storage Users: BTreeMap<NodeId, u32> = BTreeMap::new();
	/// Rights to use machines: machine, holder, whether in force.
	pub static Rights: BTreeMap<Uid, (NodeId, u64, bool)> = BTreeMap::new();
	/// Of all machines, in parts per million.
	pub static Availability: u32 = 1_000_000;
	/// Faults in their order.
	pub static Faults: Vec<NodeId> = Vec::new();
	/// Blocks whose authors put no VRF output into them.
	pub static Silent: BTreeSet<BlockNumber> = BTreeSet::new();
	/// The VRF output of every block; `None` = each block has its own.
	pub static Constant: Option<[u8; 32]> = None;
	pub static ChallengeDeposit: Balance = DEPOSIT;
	/// What epochs proved: machine, score, weight of the class.
	pub storage Told: Vec<(NodeId, u32, u32)> = Vec::new();
}

/// Stands in for the registry of machines, and for BABE.
pub struct Stub;

impl NodeInspect<u64> for Stub {
	fn owner(node: NodeId) -> Option<u64> {
		Owners::get().get(&node).copied()
	}

	fn region(_: NodeId) -> u16 {
		0
	}

	fn is_online(node: NodeId) -> bool {
		Owners::get().contains_key(&node) && !Offline::get().contains(&node)
	}

	fn available_blocks(_: NodeId) -> u64 {
		0
	}

	fn availability_ppm(_: NodeId) -> u32 {
		Availability::get()
	}

	fn hardware(hid: Hid) -> Option<HardwareInfo> {
		Hardware::get().get(&hid).map(|(node, class)| HardwareInfo {
			node: *node,
			class: *class,
			kind: HardwareKind::Cpu,
			capacity: Capacity::default(),
		})
	}
}

impl NodeUsage for Stub {
	fn acquire(node: NodeId) -> DispatchResult {
		let mut users = Users::get();
		*users.entry(node).or_default() += 1;
		Users::set(&users);
		Ok(())
	}

	fn release(node: NodeId) {
		let mut users = Users::get();
		let count = users.entry(node).or_default();
		*count = count.checked_sub(1).expect("released as often as acquired");
		Users::set(&users);
	}

	fn note_fault(node: NodeId) {
		Faults::mutate(|faults| faults.push(node));
	}
}

impl OnScored for Stub {
	fn on_scored(node: NodeId, score_ppm: u32, weight_ppm: u32) {
		let mut told = Told::get();
		told.push((node, score_ppm, weight_ppm));
		Told::set(&told);
	}

	fn weight() -> Weight {
		Weight::from_parts(7, 7)
	}
}

impl LeaseInspect for Stub {
	fn is_busy(node: NodeId) -> bool {
		Busy::get().contains(&node)
	}
}

/// A right has the number of its resource.
impl ResourceInspect<u64> for Stub {
	fn resource(vid: Vid) -> Option<ResourceInfo<u64>> {
		let (node, ..) = Rights::get().get(&vid).copied()?;
		Some(ResourceInfo {
			node,
			owner: Self::owner(node)?,
			class: CLASS,
			lead: node.into(),
			gpus: 0,
			gpu_memory_mib: 0,
			capacity: Capacity::default(),
			isolation: IsolationClass::Wasm,
		})
	}

	fn vid_of(uid: Uid) -> Option<Vid> {
		Rights::get().contains_key(&uid).then_some(uid)
	}

	fn holder(uid: Uid) -> Option<u64> {
		Rights::get().get(&uid).map(|(_, holder, _)| *holder)
	}

	fn in_force_until(uid: Uid) -> Option<BlockNumber> {
		let (_, _, in_force) = *Rights::get().get(&uid)?;
		in_force.then_some(BlockNumber::MAX)
	}
}

impl BlockRandomness for Stub {
	fn parent() -> Option<[u8; 32]> {
		let parent = now().checked_sub(1)?;
		let speaks = !Silent::get().contains(&parent);
		speaks.then(|| Constant::get().unwrap_or_else(|| parent.using_encoded(blake2_256)))
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<u64> for Stub {
	fn hardware(seed: u32, class: ClassId) -> Hid {
		Owners::mutate(|owners| owners.insert(seed, ALICE));
		Hardware::mutate(|hardware| hardware.insert(seed.into(), (seed, class)));
		seed.into()
	}

	fn rent(hid: Hid, tenant: &u64) -> Uid {
		let node = NodeId::try_from(hid).expect("they are the same");
		Rights::mutate(|rights| rights.insert(9, (node, *tenant, true)));
		9
	}

	fn occupy(node: NodeId) {
		Busy::mutate(|busy| busy.insert(node));
	}
}

impl crate::Config for Test {
	type AuditBond = ConstU128<BOND>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Stub;
	type ChallengeDeposit = HoldConsideration<u64, Balances, ForChallenge, StoragePrice>;
	type Currency = Balances;
	type ForceOrigin = EnsureRoot<u64>;
	type Jobs = Stub;
	type MaxRanked = ConstU32<MAX_RANKED>;
	type Nodes = Stub;
	type OnScored = Stub;
	type Randomness = Stub;
	type Rights = Stub;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SlotMillis = ConstU64<SLOT>;
	type WeightInfo = ();
}

/// The state that a test begins with: one class, and the machines it asks for, each with one piece
/// of hardware. Machine and hardware have the same number, from 0. Begins at block 1.
pub(crate) struct ExtBuilder {
	owners: Vec<u64>,
	params: ClassParams,
	rules: Option<EpochRules>,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self {
			owners: Vec::new(),
			params: PARAMS,
			rules: None,
		}
	}
}

impl ExtBuilder {
	/// A machine that is online.
	pub(crate) fn machine(mut self, owner: u64) -> Self {
		self.owners.push(owner);
		self
	}

	/// Other work than [`PARAMS`].
	pub(crate) fn params(mut self, params: ClassParams) -> Self {
		self.params = params;
		self
	}

	/// Epochs of [`MEMORY_PARAMS`].
	pub(crate) fn epochs_with_memory(self) -> Self {
		self.params(MEMORY_PARAMS)
			.rules(EpochRules { span: 60, ..RULES })
	}

	/// An epoch begins whenever none is under way; a window has eight rounds at the class's reference.
	pub(crate) fn epochs(self) -> Self {
		self.params(EPOCH_PARAMS).rules(RULES)
	}

	/// Epochs that follow each other like this.
	pub(crate) fn rules(mut self, rules: EpochRules) -> Self {
		self.rules = Some(rules);
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
				(CAROL, RICHES),
				(POOR, DEPOSIT - 1),
			],
			dev_accounts: None,
		}
		.assimilate_storage(&mut storage)
		.expect("the balances are valid");
		crate::GenesisConfig::<Test> {
			classes: vec![(CLASS, class(self.params))],
			epoch_rules: self.rules,
			phantom: Default::default(),
		}
		.assimilate_storage(&mut storage)
		.expect("the class is valid");
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.execute_with(|| {
			ChallengeDeposit::set(DEPOSIT);
			Constant::set(None);
			Faults::set(Vec::new());
			Hardware::set(BTreeMap::new());
			Offline::set(BTreeSet::new());
			Owners::set(BTreeMap::new());
			Silent::set(BTreeSet::new());
			Busy::set(BTreeSet::new());
			Rights::set(BTreeMap::new());
			Availability::set(1_000_000);
			for (node, owner) in (0..).zip(self.owners) {
				Owners::mutate(|owners| owners.insert(node, owner));
				Hardware::mutate(|hardware| hardware.insert(node.into(), (node, CLASS)));
				for holder in [BOB, CAROL, POOR] {
					Rights::mutate(|rights| {
						rights.insert(right(holder, node), (node, holder, true))
					});
				}
			}
			go_to(1);
		});
		ext
	}

	/// Runs the test, then checks every invariant.
	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			ProofOfCompute::do_try_state().expect("the invariants hold after the test");
		});
	}
}

/// A class with these parameters.
pub(crate) fn class(params: ClassParams) -> ResourceClass {
	ResourceClass {
		name: b"CPU_TEST".to_vec().try_into().expect("at most 32 bytes"),
		kind: HardwareKind::Cpu,
		params,
		revenue_weight_ppm: 1_000_000,
	}
}

/// The parameters of a class that exists.
pub(crate) fn params_of(id: ClassId) -> ClassParams {
	Classes::<Test>::get(id).expect("the class exists").params
}

pub(crate) fn signed(who: u64) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub(crate) fn now() -> BlockNumber {
	BlockNumber::try_from(System::block_number()).expect("below 2³²")
}

/// Goes on to a block, one by one: each keeps the randomness of the one before.
pub(crate) fn go_to(block: BlockNumber) {
	while now() < block {
		System::set_block_number(u64::from(now()) + 1);
		<ProofOfCompute as Hooks<u64>>::on_initialize(now().into());
	}
}

/// The right that everybody but Alice holds to use each machine.
pub(crate) fn right(holder: u64, node: NodeId) -> Uid {
	u64::from(node) + 100 * holder
}

/// Asks for a proof, as the owner or by the right that is held.
pub(crate) fn ask(who: u64, hid: Hid) -> DispatchResult {
	let node = Hardware::get().get(&hid).map(|(node, _)| *node);
	let owned = node.and_then(Stub::owner) == Some(who);
	let right = node.filter(|_| !owned).map(|node| right(who, node));
	ProofOfCompute::request_proof(signed(who), hid, right)
}

/// Carol asks for a proof.
pub(crate) fn request(hid: Hid) -> ChallengeId {
	let id = NextChallengeId::<Test>::get();
	ask(CAROL, hid).expect("the hardware can be challenged");
	id
}

/// What so many rounds and passes say.
pub(crate) fn speed(params: &ClassParams, rounds: u32, passes: u32) -> Speed {
	let memory = params.memory.map(|_| MemoryCommitment {
		passes,
		digest: [0; 32],
	});
	let commitment = Commitment {
		first_root: [0; 32],
		rounds,
		digest: [0; 32],
		memory,
	};
	params.speed(&commitment, SLOT)
}

/// What hardware proved last when it was challenged, in parts per million; 0 where nothing.
pub(crate) fn proved(hid: Hid) -> u32 {
	Scores::<Test>::get(hid).map_or(0, |score| score.score_ppm)
}

/// A challenge that runs.
pub(crate) fn challenge(id: ChallengeId) -> Challenge<Test> {
	Challenges::<Test>::get(id).expect("the challenge runs")
}

/// The owner of the machine that has to answer.
pub(crate) fn provider(id: ChallengeId) -> RuntimeOrigin {
	signed(Stub::owner(challenge(id).node).expect("the machine has an owner"))
}

/// Takes hardware out of its machine, if nobody uses that. Gives whether it did.
pub(crate) fn take_out(hid: Hid) -> bool {
	let Some((node, class)) = Hardware::get().get(&hid).copied() else {
		return false;
	};
	let free = Users::get().get(&node).is_none_or(|users| *users == 0);
	if free {
		Hardware::mutate(|hardware| hardware.remove(&hid));
		ProofOfCompute::on_hardware_removed(hid, class);
	}
	free
}

pub(crate) fn take_offline(node: NodeId) {
	Offline::mutate(|offline| offline.insert(node));
}

/// No author of these blocks gives randomness.
pub(crate) fn silence(blocks: impl IntoIterator<Item = BlockNumber>) {
	Silent::mutate(|silent| silent.extend(blocks));
}

/// What is held of `who` for challenges.
pub(crate) fn held(who: u64) -> Balance {
	use frame_support::traits::fungible::InspectHold;
	Balances::balance_on_hold(&crate::HoldReason::Challenge.into(), &who)
}

/// What is held of `who` for forced audits.
pub(crate) fn bonded(who: u64) -> Balance {
	use frame_support::traits::fungible::InspectHold;
	Balances::balance_on_hold(&crate::HoldReason::Audit.into(), &who)
}

pub(crate) fn free(who: u64) -> Balance {
	Balances::free_balance(who)
}

/// The pallet's events since the last call.
pub(crate) fn events() -> Vec<crate::Event<Test>> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}
