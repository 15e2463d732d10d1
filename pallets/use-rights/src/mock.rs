//! A runtime with this pallet and the ledger that wallets see, and machines few enough to read.
#![allow(missing_debug_implementations, missing_docs, unreachable_pub)]

use std::collections::{BTreeMap, BTreeSet};

use codec::{Decode, Encode};
use frame_support::{
	derive_impl, parameter_types,
	storage::with_storage_layer,
	traits::{
		fungible::{HoldConsideration, InspectHold},
		AsEnsureOriginWithArg, ConstU128, ConstU32, ConstU64, ConstantStoragePrice,
		NeverEnsureOrigin,
	},
};
use frame_system::EnsureRoot;
use pallet_nfts::PalletFeatures;
use sp_runtime::{traits::IdentityLookup, BuildStorage, DispatchError, DispatchResult};
use usufruct_primitives::{
	traits::{NodeInspect, NodeUsage, UseRightSale},
	AccountId, Balance, BlockNumber, Capacity, ClassId, HardwareInfo, HardwareKind, Hid,
	IsolationClass, NodeId, Signature, Uid, Vid,
};

use crate::{
	self as pallet_use_rights, HoldReason, NextUid, NextVid, NftLedger, Parts, Resource, Resources,
	UseRightRecord,
};

/// A provider with two machines.
pub(crate) const ALICE: AccountId = AccountId::new([1; 32]);
/// A provider with one machine.
pub(crate) const BOB: AccountId = AccountId::new([2; 32]);
/// A tenant.
pub(crate) const CAROL: AccountId = AccountId::new([3; 32]);
/// A provider that cannot pay a deposit.
pub(crate) const POOR: AccountId = AccountId::new([4; 32]);
/// Has no account yet.
pub(crate) const NOBODY: AccountId = AccountId::new([5; 32]);
/// Owns the collection of use rights.
pub(crate) const LEDGER: AccountId = AccountId::new([99; 32]);
/// The collection of use rights.
pub(crate) const COLLECTION: u32 = 0;
/// What rich accounts begin with.
pub(crate) const RICHES: Balance = 1_000_000;
/// The deposit for a resource.
pub(crate) const DEPOSIT: Balance = 50;
/// The deposit for the collection.
pub(crate) const COLLECTION_DEPOSIT: Balance = 20;
/// The deposit for an item. The real chain asks for none; here it shows who would pay.
pub(crate) const ITEM_DEPOSIT: Balance = 3;

/// Alice's processor on node 0.
pub(crate) const CPU: Hid = 0;
/// A large GPU in the same machine.
pub(crate) const GPU: Hid = 1;
/// A small GPU in the same machine.
pub(crate) const SMALL_GPU: Hid = 2;
/// Alice's processor on node 1.
pub(crate) const OTHER_CPU: Hid = 10;
/// Alice's GPU on node 1.
pub(crate) const OTHER_GPU: Hid = 11;
/// Bob's processor on node 2.
pub(crate) const BOBS_CPU: Hid = 20;
/// Bob's GPU on node 2.
pub(crate) const BOBS_GPU: Hid = 21;
/// The processor of who cannot pay, on node 3.
pub(crate) const POORS_CPU: Hid = 30;

/// The class of processors.
pub(crate) const CPU_CLASS: ClassId = 1;
/// The class of large GPUs.
pub(crate) const GPU_CLASS: ClassId = 2;
/// The class of small GPUs.
pub(crate) const SMALL_GPU_CLASS: ClassId = 3;

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
	pub type Nfts = pallet_nfts;
	#[runtime::pallet_index(3)]
	pub type UseRights = pallet_use_rights;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountData = pallet_balances::AccountData<Balance>;
	type AccountId = AccountId;
	type Block = frame_system::mocking::MockBlock<Self>;
	type Lookup = IdentityLookup<AccountId>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<1>;
}

/// What storing anything costs.
type StoragePrice = ConstantStoragePrice<ConstU128<DEPOSIT>, Balance>;

parameter_types! {
	pub const ForResource: RuntimeHoldReason = RuntimeHoldReason::UseRights(HoldReason::Resource);
	pub NftFeatures: PalletFeatures = PalletFeatures::all_enabled();
	pub const LedgerOwner: AccountId = LEDGER;
	// In storage, so that a call that fails undoes what it did to them, as with the real registry.
	pub storage Machines: BTreeMap<NodeId, Machine> = BTreeMap::new();
	pub storage Hardware: BTreeMap<Hid, (NodeId, ClassId, HardwareKind, Capacity)> =
		BTreeMap::new();
}

// As on the real chain, but for the deposits.
impl pallet_nfts::Config for Test {
	type ApprovalsLimit = ConstU32<4>;
	type AttributeDepositBase = ConstU128<1>;
	type BlockNumberProvider = System;
	type CollectionDeposit = ConstU128<COLLECTION_DEPOSIT>;
	type CollectionId = u32;
	type CreateOrigin = AsEnsureOriginWithArg<NeverEnsureOrigin<AccountId>>;
	type Currency = Balances;
	type DepositPerByte = ConstU128<1>;
	type Features = NftFeatures;
	type ForceOrigin = EnsureRoot<AccountId>;
	#[cfg(feature = "runtime-benchmarks")]
	type Helper = ();
	type ItemAttributesApprovalsLimit = ConstU32<4>;
	type ItemDeposit = ConstU128<ITEM_DEPOSIT>;
	type ItemId = Uid;
	type KeyLimit = ConstU32<64>;
	type Locker = ();
	type MaxAttributesPerCall = ConstU32<4>;
	type MaxDeadlineDuration = ConstU64<1_000>;
	type MaxTips = ConstU32<4>;
	type MetadataDepositBase = ConstU128<1>;
	type OffchainPublic = <Signature as sp_runtime::traits::Verify>::Signer;
	type OffchainSignature = Signature;
	type RuntimeEvent = RuntimeEvent;
	type StringLimit = ConstU32<256>;
	type ValueLimit = ConstU32<256>;
	type WeightInfo = ();
}

impl crate::Config for Test {
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Registry;
	type Currency = Balances;
	type Ledger = NftLedger<Self, LedgerOwner, ConstU32<COLLECTION>>;
	type Nodes = Registry;
	type ResourceDeposit = HoldConsideration<AccountId, Balances, ForResource, StoragePrice>;
	type RuntimeHoldReason = RuntimeHoldReason;
	type WeightInfo = ();
}

/// A registered machine.
#[derive(Clone, Debug, Encode, Decode)]
pub struct Machine {
	pub owner: AccountId,
	pub users: u32,
	/// Takes no more users, as a suspended one.
	pub closed: bool,
}

/// Reads and counts the machines of the mock.
pub struct Registry;

impl NodeInspect<AccountId> for Registry {
	fn owner(node: NodeId) -> Option<AccountId> {
		Machines::get()
			.get(&node)
			.map(|machine| machine.owner.clone())
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
	fn hardware(hid: Hid) -> Option<HardwareInfo> {
		let (node, class, kind, capacity) = Hardware::get().get(&hid).copied()?;
		Some(HardwareInfo {
			node,
			class,
			kind,
			capacity,
		})
	}
}

impl NodeUsage for Registry {
	fn acquire(node: NodeId) -> DispatchResult {
		let mut machines = Machines::get();
		let machine = machines.get_mut(&node).ok_or("unknown machine")?;
		if machine.closed {
			return Err(CLOSED);
		}
		machine.users += 1;
		Machines::set(&machines);
		Ok(())
	}
	fn release(node: NodeId) {
		let mut machines = Machines::get();
		machines.get_mut(&node).expect("a known machine").users -= 1;
		Machines::set(&machines);
	}
	fn note_fault(_: NodeId) {
		unreachable!("this pallet notes no faults")
	}
}

/// What a closed machine answers.
pub(crate) const CLOSED: DispatchError = DispatchError::Other("closed");

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<AccountId> for Registry {
	fn hardware(owner: &AccountId, capacity: Capacity, gpus: u32) -> Vec<Hid> {
		add_machine(100, owner.clone());
		add_hardware(1_000, 100, CPU_CLASS, HardwareKind::Cpu, capacity);
		let hids = 1_001..=1_000 + Hid::from(gpus);
		hids.clone()
			.for_each(|hid| add_gpu(hid, 100, GPU_CLASS, 80_000));
		std::iter::once(1_000).chain(hids).collect()
	}
	fn prepare_ledger() {}
}

/// The state that a test begins with: the machines above, and steps in the life of one right of
/// Alice, VID 0 and UID 0, on half of `CPU` and all of `GPU`. Begins at block 1.
#[derive(Default)]
pub(crate) struct ExtBuilder {
	life: Vec<fn()>,
	sold_until: Option<BlockNumber>,
}

impl ExtBuilder {
	pub(crate) fn resource(mut self) -> Self {
		self.life.push(|| {
			cut(ALICE, &[CPU, GPU], half());
		});
		self
	}

	pub(crate) fn minted(self) -> Self {
		let mut this = self.resource();
		this.life.push(|| {
			mint(ALICE, 0);
		});
		this
	}

	pub(crate) fn offered(self) -> Self {
		let mut this = self.minted();
		this.life.push(|| offer(0, &ALICE).expect("it is Alice's"));
		this
	}

	/// To Carol.
	pub(crate) fn sold(self, until: BlockNumber) -> Self {
		let mut this = self.offered();
		this.sold_until = Some(until);
		this
	}

	/// The state, without a test.
	pub(crate) fn build(self) -> sp_io::TestExternalities {
		let mut storage = frame_system::GenesisConfig::<Test>::default()
			.build_storage()
			.expect("the default genesis is valid");
		let rich = [ALICE, BOB, CAROL, LEDGER].map(|who| (who, RICHES));
		pallet_balances::GenesisConfig::<Test> {
			balances: rich.into_iter().chain([(POOR, DEPOSIT)]).collect(),
			dev_accounts: None,
		}
		.assimilate_storage(&mut storage)
		.expect("the balances are valid");
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.execute_with(|| {
			System::set_block_number(1);
			for (node, owner) in (0..).zip([ALICE, ALICE, BOB, POOR]) {
				add_machine(node, owner);
				let cpu = Hid::from(node) * 10;
				add_hardware(cpu, node, CPU_CLASS, HardwareKind::Cpu, whole());
			}
			add_gpu(GPU, 0, GPU_CLASS, 80_000);
			add_gpu(SMALL_GPU, 0, SMALL_GPU_CLASS, 24_000);
			add_gpu(OTHER_GPU, 1, GPU_CLASS, 80_000);
			add_gpu(BOBS_GPU, 2, GPU_CLASS, 80_000);
			self.life.into_iter().for_each(|step| step());
			if let Some(until) = self.sold_until {
				sell(0, &CAROL, until).expect("it was offered");
			}
			System::reset_events();
		});
		ext
	}

	/// Runs the test, then checks every invariant, and that wallets see what is there.
	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			let issuance = Balances::total_issuance();
			test();
			UseRights::do_try_state().expect("the invariants hold after the test");
			ledger_agrees();
			assert_eq!(Balances::total_issuance(), issuance);
		});
	}
}

/// Wallets see each right with its holder, and nothing is kept of those that are gone.
pub(crate) fn ledger_agrees() {
	use pallet_nfts::{Attribute, AttributeNamespace, Item, ItemConfigOf};
	let rights: BTreeMap<Uid, AccountId> = crate::UseRights::<Test>::iter()
		.map(|(uid, right)| (uid, right.holder))
		.collect();
	let items: BTreeMap<Uid, AccountId> = Item::<Test>::iter_key_prefix(COLLECTION)
		.map(|uid| {
			(
				uid,
				Nfts::owner(COLLECTION, uid).expect("an item has an owner"),
			)
		})
		.collect();
	assert_eq!(rights, items);
	let uids: BTreeSet<Uid> = rights.into_keys().collect();
	assert_eq!(
		ItemConfigOf::<Test>::iter_key_prefix(COLLECTION).collect::<BTreeSet<_>>(),
		uids
	);
	// Each is locked. What holders say of it in their own namespace is theirs, and paid for.
	let locked = Attribute::<Test>::iter_keys()
		.filter(|(_, _, namespace, _)| *namespace == AttributeNamespace::Pallet)
		.filter_map(|(_, item, _, _)| item);
	assert_eq!(locked.collect::<BTreeSet<_>>(), uids);
}

pub(crate) fn add_machine(node: NodeId, owner: AccountId) {
	let mut machines = Machines::get();
	machines.insert(
		node,
		Machine {
			owner,
			users: 0,
			closed: false,
		},
	);
	Machines::set(&machines);
}

/// No more users for this machine.
pub(crate) fn close(node: NodeId) {
	let mut machines = Machines::get();
	machines.get_mut(&node).expect("a known machine").closed = true;
	Machines::set(&machines);
}

pub(crate) fn users(node: NodeId) -> u32 {
	Machines::get().get(&node).expect("a known machine").users
}

pub(crate) fn add_hardware(
	hid: Hid,
	node: NodeId,
	class: ClassId,
	kind: HardwareKind,
	capacity: Capacity,
) {
	let mut hardware = Hardware::get();
	hardware.insert(hid, (node, class, kind, capacity));
	Hardware::set(&hardware);
}

pub(crate) fn add_gpu(hid: Hid, node: NodeId, class: ClassId, memory_mib: u32) {
	let capacity = Capacity {
		memory_mib,
		..Default::default()
	};
	add_hardware(hid, node, class, HardwareKind::Gpu, capacity);
}

/// What each processor has.
pub(crate) fn whole() -> Capacity {
	Capacity {
		cpu_millis: 8_000,
		memory_mib: 16_384,
		disk_mib: 102_400,
	}
}

/// Half of that.
pub(crate) fn half() -> Capacity {
	Capacity {
		cpu_millis: 4_000,
		memory_mib: 8_192,
		disk_mib: 51_200,
	}
}

/// Nothing of a processor.
pub(crate) fn none() -> Capacity {
	Capacity::default()
}

pub(crate) fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub(crate) fn parts(hids: &[Hid]) -> Parts {
	hids.to_vec().try_into().expect("at most eight parts")
}

pub(crate) fn create(owner: AccountId, hids: &[Hid], capacity: Capacity) -> DispatchResult {
	UseRights::create_resource(signed(owner), parts(hids), capacity, IsolationClass::Gvisor)
}

/// Creates a resource and gives its identifier.
pub(crate) fn cut(owner: AccountId, hids: &[Hid], capacity: Capacity) -> Vid {
	let vid = NextVid::<Test>::get();
	create(owner, hids, capacity).expect("the hardware is free");
	vid
}

/// Mints a right and gives its identifier.
pub(crate) fn mint(owner: AccountId, vid: Vid) -> Uid {
	let uid = NextUid::<Test>::get();
	UseRights::mint(signed(owner), vid).expect("the resource is free");
	uid
}

// What the market does, within calls that undo what failed.

pub(crate) fn offer(uid: Uid, owner: &AccountId) -> DispatchResult {
	with_storage_layer(|| UseRights::offer(uid, owner))
}

pub(crate) fn withdraw(uid: Uid) -> DispatchResult {
	with_storage_layer(|| UseRights::withdraw(uid))
}

pub(crate) fn sell_from(
	uid: Uid,
	buyer: &AccountId,
	from: BlockNumber,
	until: BlockNumber,
) -> DispatchResult {
	with_storage_layer(|| UseRights::sell(uid, buyer, from, until))
}

/// Sells from now on.
pub(crate) fn sell(uid: Uid, buyer: &AccountId, until: BlockNumber) -> DispatchResult {
	let now = u32::try_from(System::block_number()).expect("it is small");
	sell_from(uid, buyer, now, until)
}

pub(crate) fn end(uid: Uid) -> DispatchResult {
	with_storage_layer(|| UseRights::end(uid))
}

pub(crate) fn resource(vid: Vid) -> Resource<Test> {
	Resources::<Test>::get(vid).expect("the resource exists")
}

pub(crate) fn right(uid: Uid) -> UseRightRecord<AccountId> {
	crate::UseRights::<Test>::get(uid).expect("the right exists")
}

/// What is held of `who` for resources.
pub(crate) fn held(who: &AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Resource.into(), who)
}

/// What the ledger reserves of `who`.
pub(crate) fn reserved(who: &AccountId) -> Balance {
	use frame_support::traits::ReservableCurrency;
	<Balances as ReservableCurrency<AccountId>>::reserved_balance(who) - held(who)
}

pub(crate) fn free(who: &AccountId) -> Balance {
	Balances::free_balance(who)
}

pub(crate) fn go_to(block: BlockNumber) {
	System::set_block_number(block.into());
}

/// The pallet's events since the last call.
pub(crate) fn events() -> Vec<crate::Event<Test>> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}
