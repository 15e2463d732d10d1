//! A runtime with this pallet, and images and machines that are told what to say.

#![expect(
	unreachable_pub,
	reason = "FRAME makes Config public, so what it names must be"
)]

use std::collections::BTreeMap;

use frame_support::{
	derive_impl, parameter_types,
	traits::{fungible::HoldConsideration, ConstU128, ConstU32, ConstantStoragePrice, Hooks},
};
use frame_system::EnsureRoot;
use sp_core::H256;
use sp_runtime::{BuildStorage, DispatchResult};
use usufruct_primitives::{
	application::Use,
	traits::{ApplicationUse, ImageInspect, NodeInspect},
	ApplicationId, Balance, BlockNumber, HardwareInfo, Hid, LeaseId, NodeId, ReleaseId,
};

use crate::{self as pallet_applications, *};

pub type AccountId = u64;

/// Publishes applications.
pub(crate) const AUTHOR: AccountId = 1;
/// Runs them.
pub(crate) const TENANT: AccountId = 2;
/// Judges them.
pub(crate) const CURATOR: AccountId = 3;
/// Has nothing to do with anything.
pub(crate) const STRANGER: AccountId = 4;
/// Where lost bonds go.
pub(crate) const TREASURY: AccountId = 99;
/// What everybody starts with.
pub(crate) const ENDOWMENT: Balance = 1_000_000;
/// A published image.
pub(crate) const IMAGE: H256 = H256::repeat_byte(1);
/// The deposit for an application.
pub(crate) const FOR_APPLICATION: Balance = 10;
/// The deposit for a release.
pub(crate) const FOR_RELEASE: Balance = 20;
/// The deposit for a verdict.
pub(crate) const FOR_VERDICT: Balance = 5;
/// The bond of a curator.
pub(crate) const BOND: Balance = 1_000;
/// The machine of every lease.
pub(crate) const NODE: NodeId = 7;
/// For how many blocks leases are opened.
pub(crate) const TERM: BlockNumber = 100;
/// What the release of [`published`] asks per block.
pub(crate) const ROYALTY: Balance = 3;

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
	pub type System = frame_system::Pallet<Test>;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances::Pallet<Test>;
	#[runtime::pallet_index(2)]
	pub type Registry = pallet_applications::Pallet<Test>;
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

/// What storing something costs.
type Price<const UNITS: u128> = ConstantStoragePrice<ConstU128<UNITS>, Balance>;

parameter_types! {
	pub const ForApplications: RuntimeHoldReason =
		RuntimeHoldReason::Registry(HoldReason::Application);
	pub const ForVerdicts: RuntimeHoldReason = RuntimeHoldReason::Registry(HoldReason::Verdict);
	pub const Treasury: AccountId = TREASURY;
	/// Blocks in which a machine was not there.
	pub storage Missed: BTreeMap<NodeId, u64> = BTreeMap::new();
}

impl pallet_applications::Config for Test {
	type ApplicationDeposit =
		HoldConsideration<AccountId, Balances, ForApplications, Price<FOR_APPLICATION>>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Stub;
	type CuratorBond = ConstU128<BOND>;
	type Currency = Balances;
	type ForceOrigin = EnsureRoot<AccountId>;
	type Images = Stub;
	type MaxReleases = ConstU32<3>;
	type Nodes = Stub;
	type ReleaseDeposit =
		HoldConsideration<AccountId, Balances, ForApplications, Price<FOR_RELEASE>>;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Treasury = Treasury;
	type VerdictDeposit = HoldConsideration<AccountId, Balances, ForVerdicts, Price<FOR_VERDICT>>;
	type WeightInfo = ();
}

/// Images and machines.
pub struct Stub;

impl ImageInspect for Stub {
	fn is_published(digest: H256) -> bool {
		// Those whose first and last bytes are the same.
		digest.0.first() == digest.0.last()
	}
}

impl NodeInspect<AccountId> for Stub {
	fn owner(_: NodeId) -> Option<AccountId> {
		None
	}
	fn region(_: NodeId) -> u16 {
		0
	}
	fn is_online(_: NodeId) -> bool {
		true
	}
	fn available_blocks(node: NodeId) -> u64 {
		System::block_number() - Missed::get().get(&node).copied().unwrap_or(0)
	}
	fn availability_ppm(_: NodeId) -> u32 {
		1_000_000
	}
	fn hardware(_: Hid) -> Option<HardwareInfo> {
		None
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<AccountId> for Stub {
	fn publish(_: H256) {}
	fn machine() -> NodeId {
		NODE
	}
}

/// The current block.
pub(crate) fn now() -> BlockNumber {
	System::block_number() as BlockNumber
}

/// Goes on by some blocks.
pub(crate) fn pass(blocks: BlockNumber) {
	System::set_block_number(System::block_number() + u64::from(blocks));
}

/// Goes on by some blocks in which the machine is not there.
pub(crate) fn pass_without(node: NodeId, blocks: BlockNumber) {
	let mut missed = Missed::get();
	*missed.entry(node).or_default() += u64::from(blocks);
	Missed::set(&missed);
	pass(blocks);
}

pub(crate) fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub(crate) fn name(text: &str) -> Name {
	text.as_bytes().to_vec().try_into().unwrap()
}

/// A release of [`IMAGE`] with this price.
pub(crate) fn spec(royalty: Balance) -> ReleaseSpec {
	ReleaseSpec {
		image: IMAGE,
		command: Default::default(),
		port: Some(80),
		licence: b"MIT".to_vec().try_into().unwrap(),
		royalty,
		needs: Needs::default(),
	}
}

/// [`AUTHOR`] registers an application.
pub(crate) fn registered(text: &str) -> ApplicationId {
	let application = NextApplicationId::<Test>::get();
	frame_support::assert_ok!(Registry::register(
		signed(AUTHOR),
		name(text),
		Default::default()
	));
	application
}

/// [`AUTHOR`] publishes a release.
pub(crate) fn release(application: ApplicationId, royalty: Balance) -> ReleaseId {
	let record = Applications::<Test>::get(application).unwrap();
	let number = record.next_release;
	frame_support::assert_ok!(Registry::publish_release(
		signed(record.author),
		application,
		spec(royalty)
	));
	ReleaseId {
		application,
		number,
	}
}

/// The release of a new application, at [`ROYALTY`] per block.
pub(crate) fn published() -> ReleaseId {
	release(registered("server"), ROYALTY)
}

/// [`CURATOR`] takes office.
pub(crate) fn in_office() {
	frame_support::assert_ok!(Registry::become_curator(signed(CURATOR)));
}

/// [`CURATOR`] warns.
pub(crate) fn flag(release: ReleaseId) -> DispatchResult {
	Registry::flag(signed(CURATOR), release, FlagReason::Malware, H256::zero())
}

/// A request of [`TENANT`] uses the release, and a lease of it is opened for [`TERM`].
pub(crate) fn opened(lease: LeaseId, release: ReleaseId) {
	frame_support::assert_ok!(<Registry as ApplicationUse<_>>::acquire(release));
	let until = now() + TERM;
	frame_support::assert_ok!(open(lease, release, TENANT, until));
}

/// A lease is opened.
pub(crate) fn open(
	lease: LeaseId,
	release: ReleaseId,
	payer: AccountId,
	until: BlockNumber,
) -> DispatchResult {
	<Registry as ApplicationUse<_>>::open(
		lease,
		Use {
			release,
			payer,
			node: NODE,
			until,
		},
	)
}

/// What is held of an account for a reason.
pub(crate) fn held(who: AccountId, reason: HoldReason) -> Balance {
	use frame_support::traits::fungible::InspectHold;
	<Balances as InspectHold<_>>::balance_on_hold(&reason.into(), &who)
}

/// All that an account has.
pub(crate) fn wealth(who: AccountId) -> Balance {
	use frame_support::traits::fungible::Inspect;
	<Balances as Inspect<_>>::total_balance(&who)
}

/// This pallet's events since the last call, oldest first.
pub(crate) fn events() -> Vec<Event<Test>> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}

/// A chain at block 1.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	let balances = [AUTHOR, TENANT, CURATOR, STRANGER, TREASURY]
		.map(|who| (who, ENDOWMENT))
		.to_vec();
	let mut storage = frame_system::GenesisConfig::<Test>::default()
		.build_storage()
		.unwrap();
	pallet_balances::GenesisConfig::<Test> {
		balances,
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	let mut ext: sp_io::TestExternalities = storage.into();
	ext.execute_with(|| System::set_block_number(1));
	ext
}

/// Runs a test; whatever it did, the invariants must hold after it.
pub(crate) fn build_and_execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		Registry::do_try_state().unwrap();
		<Registry as Hooks<u64>>::integrity_test();
	});
}
