//! A runtime with this pallet, and a market, machines and scores small enough to be read.

#![expect(
	unreachable_pub,
	reason = "FRAME makes Config public, so what it names must be"
)]

use std::collections::BTreeMap;

use codec::{Decode, Encode};
use frame_support::{
	derive_impl, parameter_types,
	traits::{
		fungible::{HoldConsideration, Mutate},
		tokens::Preservation,
		ConstU128, ConstU32, ConstantStoragePrice, Hooks,
	},
	weights::Weight,
};
use frame_system::offchain::{
	CreateAuthorizedTransaction, CreateTransaction, CreateTransactionBase,
};
use sp_core::H256;
use sp_runtime::{testing::UintAuthorityId, BuildStorage, DispatchError, DispatchResult};
use usufruct_primitives::{
	application::{ReleaseTerms, Use},
	traits::{
		ApplicationUse, ListingInfo, Marketplace, NodeInspect, NodeUsage, OnPurchaseEnd,
		ResourceInfo, ResourceInspect, ScoreInspect,
	},
	Balance, BlockNumber, Capacity, ClassId, HardwareInfo, Hid, IsolationClass, LeaseId, NodeId,
	ReleaseId, RequestId, Requirement, Uid, Vid, Weights,
};

use crate::{self as pallet_workspaces, *};

pub type AccountId = u64;
pub type TxExtension = (
	frame_system::AuthorizeCall<Test>,
	frame_system::CheckNonce<Test>,
);
pub type Extrinsic =
	sp_runtime::generic::UncheckedExtrinsic<AccountId, RuntimeCall, UintAuthorityId, TxExtension>;
type Header = sp_runtime::generic::Header<u64, sp_runtime::traits::BlakeTwo256>;
type Block = sp_runtime::generic::Block<Header, Extrinsic>;

/// Publishes images.
pub(crate) const AUTHOR: AccountId = 1;
/// Asks for workspaces.
pub(crate) const TENANT: AccountId = 2;
/// Owns every machine.
pub(crate) const PROVIDER: AccountId = 3;
/// Has nothing to do with anything.
pub(crate) const STRANGER: AccountId = 4;
/// Keeps the market's escrows.
pub(crate) const ESCROW: AccountId = 99;
/// What everybody starts with.
pub(crate) const ENDOWMENT: Balance = 1_000_000;
/// An OCI image.
pub(crate) const IMAGE: H256 = H256::repeat_byte(1);
/// A WebAssembly module.
pub(crate) const MODULE: H256 = H256::repeat_byte(2);
/// A release of [`IMAGE`].
pub(crate) const RELEASE: ReleaseId = ReleaseId {
	application: 4,
	number: 2,
};
/// The next of the same application.
pub(crate) const NEXT_RELEASE: ReleaseId = ReleaseId {
	application: 4,
	number: 3,
};
/// One more, for which its author asks more.
pub(crate) const DEARER_RELEASE: ReleaseId = ReleaseId {
	application: 4,
	number: 4,
};
/// A release of another application.
pub(crate) const OTHER_APPLICATION: ReleaseId = ReleaseId {
	application: 5,
	number: 1,
};
/// What their authors ask per block.
pub(crate) const ROYALTY: Balance = 2;
/// A class that exists.
pub(crate) const CLASS: ClassId = 1;
/// Term of every request unless a test says otherwise.
pub(crate) const TERM: BlockNumber = 100;
/// Blocks that a request waits unless a test says otherwise.
pub(crate) const LIFETIME: BlockNumber = 50;

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
	pub type Workspaces = pallet_workspaces::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountData = pallet_balances::AccountData<Balance>;
	type Block = Block;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<1>;
}

impl<LocalCall> CreateTransactionBase<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type Extrinsic = Extrinsic;
	type RuntimeCall = RuntimeCall;
}

impl<LocalCall> CreateTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type Extension = TxExtension;

	fn create_transaction(call: RuntimeCall, extension: TxExtension) -> Extrinsic {
		Extrinsic::new_transaction(call, extension)
	}
}

impl<LocalCall> CreateAuthorizedTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	fn create_extension() -> TxExtension {
		(
			frame_system::AuthorizeCall::new(),
			frame_system::CheckNonce::from(0),
		)
	}
}

/// What storing an image costs.
type ImagePrice = ConstantStoragePrice<ConstU128<10>, Balance>;
/// What storing a request costs.
type RequestPrice = ConstantStoragePrice<ConstU128<20>, Balance>;

parameter_types! {
	pub const ForImages: RuntimeHoldReason = RuntimeHoldReason::Workspaces(HoldReason::Image);
	pub const ForRequests: RuntimeHoldReason = RuntimeHoldReason::Workspaces(HoldReason::Request);
}

impl pallet_workspaces::Config for Test {
	type Applications = Stub;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Stub;
	type Currency = Balances;
	type ImageDeposit = HoldConsideration<AccountId, Balances, ForImages, ImagePrice>;
	type Market = Stub;
	type MaxLeasesPerNode = ConstU32<2>;
	type MaxLifetime = ConstU32<100>;
	type MaxWindow = ConstU32<20>;
	type Nodes = Stub;
	type ProposalLife = ConstU32<20>;
	type RequestDeposit = HoldConsideration<AccountId, Balances, ForRequests, RequestPrice>;
	type Resources = Stub;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Scores = Stub;
	type StartTimeout = ConstU32<10>;
	type WeightInfo = ();
	type WorkerListings = ConstU32<50>;
	type WorkerRequests = ConstU32<256>;
}

/// A listing with its resource.
#[derive(Clone, Debug, Encode, Decode)]
pub struct StubListing {
	pub node: NodeId,
	pub seller: AccountId,
	pub price: Balance,
	pub min_term: BlockNumber,
	pub max_term: BlockNumber,
	pub listed_at: BlockNumber,
	pub gpus: u8,
	pub isolation: IsolationClass,
	pub score_ppm: u32,
}

/// A sold use right.
#[derive(Clone, Debug, Encode, Decode)]
pub struct StubPurchase {
	pub listing: StubListing,
	pub holder: AccountId,
	pub start: BlockNumber,
	pub end: BlockNumber,
}

parameter_types! {
	// In storage, so that a call that fails undoes what it did to them, as with the real pallets.
	pub storage Listings: BTreeMap<Uid, StubListing> = BTreeMap::new();
	pub storage Purchases: BTreeMap<Uid, StubPurchase> = BTreeMap::new();
	pub storage Offline: BTreeMap<NodeId, bool> = BTreeMap::new();
	pub storage Regions: BTreeMap<NodeId, u16> = BTreeMap::new();
	pub storage Faults: BTreeMap<NodeId, u32> = BTreeMap::new();
	/// What was bought, and who found it.
	pub storage Matchers: Vec<(Uid, Option<AccountId>)> = Vec::new();
	/// What subtenants hold.
	pub storage Let: Vec<Uid> = Vec::new();
	/// Leases that were given another release.
	pub storage Updates: Vec<(LeaseId, ReleaseId)> = Vec::new();
	/// Requests that use a release.
	pub storage Uses: u32 = 0;
	/// Who pays the author of what a lease runs, how much is taken, until when, and whether it runs.
	pub storage Fares: BTreeMap<LeaseId, (AccountId, Balance, BlockNumber, bool)> = BTreeMap::new();
}

/// Market, machines, resources and scores. A use right's VID and HID have its number.
pub struct Stub;

impl Stub {
	fn anything(uid: Uid) -> Option<StubListing> {
		let sold = || {
			Purchases::get()
				.get(&uid)
				.map(|purchase| purchase.listing.clone())
		};
		Listings::get().get(&uid).cloned().or_else(sold)
	}
}

impl NodeInspect<AccountId> for Stub {
	fn owner(_: NodeId) -> Option<AccountId> {
		Some(PROVIDER)
	}
	fn region(node: NodeId) -> u16 {
		Regions::get().get(&node).copied().unwrap_or(0)
	}

	fn is_online(node: NodeId) -> bool {
		!Offline::get().contains_key(&node)
	}
	fn available_blocks(_: NodeId) -> u64 {
		System::block_number()
	}
	fn availability_ppm(_: NodeId) -> u32 {
		1_000_000
	}
	fn hardware(_: Hid) -> Option<HardwareInfo> {
		None
	}
}

impl NodeUsage for Stub {
	fn acquire(_: NodeId) -> DispatchResult {
		Ok(())
	}
	fn release(_: NodeId) {}
	fn note_fault(node: NodeId) {
		let mut faults = Faults::get();
		*faults.entry(node).or_default() += 1;
		Faults::set(&faults);
	}
}

impl ResourceInspect<AccountId> for Stub {
	fn resource(vid: Vid) -> Option<ResourceInfo<AccountId>> {
		let listing = Self::anything(vid)?;
		Some(ResourceInfo {
			node: listing.node,
			owner: listing.seller,
			class: CLASS,
			lead: vid,
			gpus: listing.gpus,
			gpu_memory_mib: 80_000,
			capacity: Capacity {
				cpu_millis: 4_000,
				memory_mib: 8_192,
				disk_mib: 10_000,
			},
			isolation: listing.isolation,
		})
	}
	fn vid_of(uid: Uid) -> Option<Vid> {
		Self::anything(uid).map(|_| uid)
	}
	fn holder(uid: Uid) -> Option<AccountId> {
		let seller = || Listings::get().get(&uid).map(|listing| listing.seller);
		Purchases::get()
			.get(&uid)
			.map(|purchase| purchase.holder)
			.or_else(seller)
	}
	fn in_force_until(uid: Uid) -> Option<BlockNumber> {
		let end = Purchases::get().get(&uid)?.end;
		(now() < end).then_some(end)
	}
}

impl ScoreInspect for Stub {
	fn score_ppm(hid: Hid) -> u32 {
		Self::anything(hid).map_or(0, |listing| listing.score_ppm)
	}
	fn class_exists(class: ClassId) -> bool {
		class == CLASS
	}
}

impl Marketplace<AccountId> for Stub {
	fn listing(uid: Uid) -> Option<ListingInfo<AccountId>> {
		Self::listings_from(uid, 1)
			.pop()
			.filter(|listing| listing.uid == uid)
	}
	fn listings_from(from: Uid, limit: u32) -> Vec<ListingInfo<AccountId>> {
		let info = |(uid, listing): (&Uid, &StubListing)| ListingInfo {
			uid: *uid,
			vid: *uid,
			seller: listing.seller,
			price: listing.price,
			min_term: listing.min_term,
			max_term: listing.max_term,
			listed_at: listing.listed_at,
		};
		Listings::get()
			.range(from..)
			.take(limit as usize)
			.map(info)
			.collect()
	}
	fn buy(
		uid: Uid,
		buyer: &AccountId,
		term: BlockNumber,
		matcher: Option<&AccountId>,
	) -> Result<BlockNumber, DispatchError> {
		let mut listings = Listings::get();
		let listing = listings.remove(&uid).ok_or("not listed")?;
		if listing.seller == *buyer || !Self::is_online(listing.node) {
			return Err("the market refuses".into());
		}
		let price = listing.price * Balance::from(term);
		<Balances as Mutate<_>>::transfer(buyer, &ESCROW, price, Preservation::Preserve)?;
		Listings::set(&listings);
		let (start, end) = (now(), now() + term);
		let mut purchases = Purchases::get();
		purchases.insert(
			uid,
			StubPurchase {
				listing,
				holder: *buyer,
				start,
				end,
			},
		);
		Purchases::set(&purchases);
		let mut matchers = Matchers::get();
		matchers.push((uid, matcher.copied()));
		Matchers::set(&matchers);
		Ok(end)
	}
	fn close(uid: Uid) -> DispatchResult {
		let mut purchases = Purchases::get();
		let StubPurchase {
			listing,
			holder,
			start,
			end,
		} = purchases.remove(&uid).ok_or("not sold")?;
		let paid = listing.price * Balance::from(now().min(end) - start);
		let refund = listing.price * Balance::from(end - start) - paid;
		<Balances as Mutate<_>>::transfer(&ESCROW, &PROVIDER, paid, Preservation::Preserve)?;
		<Balances as Mutate<_>>::transfer(&ESCROW, &holder, refund, Preservation::Preserve)?;
		Purchases::set(&purchases);
		Workspaces::on_purchase_end(uid);
		Ok(())
	}
	fn is_let(uid: Uid) -> bool {
		Let::get().contains(&uid)
	}
	fn weight_of_telling() -> Weight {
		Weight::from_parts(3, 3)
	}
}

/// Takes the price to [`ESCROW`], and gives half of it back where the lease ran, all where it did not.
impl ApplicationUse<AccountId> for Stub {
	fn terms(release: ReleaseId) -> Option<ReleaseTerms> {
		let royalty = match release {
			RELEASE | NEXT_RELEASE | OTHER_APPLICATION => ROYALTY,
			DEARER_RELEASE => ROYALTY + 1,
			_ => return None,
		};
		Some(ReleaseTerms {
			image: IMAGE,
			royalty,
		})
	}
	fn acquire(_: ReleaseId) -> DispatchResult {
		Uses::set(&(Uses::get() + 1));
		Ok(())
	}
	fn release(_: ReleaseId) {
		Uses::set(&(Uses::get() - 1));
	}
	fn open(lease: LeaseId, of: Use<AccountId>) -> DispatchResult {
		let price = ROYALTY * Balance::from(of.until - now());
		<Balances as Mutate<_>>::transfer(&of.payer, &ESCROW, price, Preservation::Preserve)?;
		let mut fares = Fares::get();
		fares.insert(lease, (of.payer, price, of.until, false));
		Fares::set(&fares);
		Ok(())
	}
	fn begin(lease: LeaseId) {
		let mut fares = Fares::get();
		fares.entry(lease).and_modify(|fare| fare.3 = true);
		Fares::set(&fares);
	}
	fn extend(lease: LeaseId, by: &AccountId, until: BlockNumber) -> DispatchResult {
		let mut fares = Fares::get();
		let Some(fare) = fares.get_mut(&lease) else {
			return Ok(());
		};
		let price = ROYALTY * Balance::from(until - fare.2);
		<Balances as Mutate<_>>::transfer(by, &ESCROW, price, Preservation::Preserve)?;
		(fare.0, fare.1, fare.2) = (*by, fare.1 + price, until);
		Fares::set(&fares);
		Ok(())
	}
	fn update(lease: LeaseId, release: ReleaseId) {
		let mut updates = Updates::get();
		updates.push((lease, release));
		Updates::set(&updates);
	}
	fn close(lease: LeaseId, is_finished: bool) {
		let mut fares = Fares::get();
		let Some((payer, price, _, runs)) = fares.remove(&lease) else {
			return;
		};
		let back = if runs || is_finished {
			price / 2
		} else {
			price
		};
		<Balances as Mutate<_>>::transfer(&ESCROW, &payer, back, Preservation::Preserve).unwrap();
		Fares::set(&fares);
	}
	fn weight() -> Weight {
		Weight::from_parts(7, 7)
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<AccountId> for Stub {
	fn listing(seed: u32) -> Uid {
		list(seed.into(), 1);
		seed.into()
	}
	fn take_offline(node: NodeId) {
		take_offline(node);
	}
}

/// The current block.
pub(crate) fn now() -> BlockNumber {
	System::block_number() as BlockNumber
}

/// Goes on to a block.
pub(crate) fn run_to(block: BlockNumber) {
	System::set_block_number(block.into());
}

/// Goes on by some blocks.
pub(crate) fn pass(blocks: BlockNumber) {
	run_to(now() + blocks);
}

/// Offers a use right for containers on a machine of its own, by [`PROVIDER`].
pub(crate) fn list(uid: Uid, price: Balance) {
	list_with(uid, price, |_| {});
}

/// The same, changed.
pub(crate) fn list_with(uid: Uid, price: Balance, change: impl FnOnce(&mut StubListing)) {
	let mut listing = StubListing {
		node: uid as NodeId,
		seller: PROVIDER,
		price,
		min_term: 1,
		max_term: 1_000,
		listed_at: now(),
		gpus: 0,
		isolation: IsolationClass::Container,
		score_ppm: 0,
	};
	change(&mut listing);
	let mut listings = Listings::get();
	listings.insert(uid, listing);
	Listings::set(&listings);
}

/// Hands a sold use right on.
pub(crate) fn hand_on(uid: Uid, to: AccountId) {
	let mut purchases = Purchases::get();
	purchases.get_mut(&uid).unwrap().holder = to;
	Purchases::set(&purchases);
}

/// Heartbeats of a machine stop.
pub(crate) fn take_offline(node: NodeId) {
	let mut offline = Offline::get();
	offline.insert(node, true);
	Offline::set(&offline);
}

/// Faults that were noted of a machine.
pub(crate) fn faults(node: NodeId) -> u32 {
	Faults::get().get(&node).copied().unwrap_or(0)
}

/// A workspace of [`IMAGE`] for at most 10 per block.
pub(crate) fn spec() -> WorkspaceSpec<AccountId> {
	WorkspaceSpec {
		workload: Workload {
			image: IMAGE,
			port: Some(80),
			restart: Restart::OF_SERVICES,
			..Default::default()
		},
		requirement: Requirement {
			capacity: Capacity {
				cpu_millis: 1_000,
				memory_mib: 1_024,
				disk_mib: 1_000,
			},
			max_price: 10,
			weights: Weights::CHEAPEST,
			..Default::default()
		},
		replicas: 1,
		term: TERM,
	}
}

/// [`TENANT`] asks for a workspace.
pub(crate) fn request_with(
	window: BlockNumber,
	change: impl FnOnce(&mut WorkspaceSpec<AccountId>),
) -> RequestId {
	let request = NextRequestId::<Test>::get();
	let mut spec = spec();
	change(&mut spec);
	let origin = RuntimeOrigin::signed(TENANT);
	frame_support::assert_ok!(Workspaces::request(
		origin, spec, ENDOWMENT, window, LIFETIME
	));
	request
}

/// [`TENANT`] asks for one replica; the first valid proposal wins.
pub(crate) fn request() -> RequestId {
	request_with(0, |_| {})
}

/// A proposal for a replica, computed now.
pub(crate) fn proposal(request: RequestId, replica: u8, uid: Uid) -> Proposal {
	let attempt = Requests::<Test>::get(request).map_or(0, |record| record.attempt);
	Proposal {
		request,
		attempt,
		replica,
		uid,
		computed_at: now(),
	}
}

/// [`STRANGER`] proposes.
pub(crate) fn propose(request: RequestId, replica: u8, uid: Uid) -> DispatchResult {
	Workspaces::propose_signed(
		RuntimeOrigin::signed(STRANGER),
		proposal(request, replica, uid),
	)
}

/// A lease of a new request on a new use right with its own machine, at 5 per block.
pub(crate) fn lease(uid: Uid) -> LeaseId {
	list(uid, 5);
	let lease = NextLeaseId::<Test>::get();
	frame_support::assert_ok!(propose(request(), 0, uid));
	lease
}

/// [`PROVIDER`] reports.
pub(crate) fn report(lease: LeaseId, progress: Progress) -> DispatchResult {
	let generation = Leases::<Test>::get(lease).map_or(0, |record| record.generation);
	Workspaces::report_progress(RuntimeOrigin::signed(PROVIDER), lease, generation, progress)
}

/// A workspace runs.
pub(crate) fn running() -> Progress {
	running_at(0)
}

/// A workspace runs in a revision of its request.
pub(crate) fn running_at(revision: u32) -> Progress {
	Progress::Running {
		endpoint: b"http://machine:80".to_vec().try_into().unwrap(),
		revision,
	}
}

/// This pallet's events since the last call, oldest first.
pub(crate) fn events() -> Vec<Event<Test>> {
	let of_ours = |record: frame_system::EventRecord<RuntimeEvent, H256>| match record.event {
		RuntimeEvent::Workspaces(event) => Some(event),
		_ => None,
	};
	let events = System::events().into_iter().filter_map(of_ours).collect();
	System::reset_events();
	events
}

/// What is held of an account for a reason.
pub(crate) fn held(who: AccountId, reason: HoldReason) -> Balance {
	use frame_support::traits::fungible::InspectHold;
	<Balances as InspectHold<_>>::balance_on_hold(&reason.into(), &who)
}

/// A chain at block 1 on which [`IMAGE`] and [`MODULE`] are published.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	let balances = [AUTHOR, TENANT, PROVIDER, STRANGER, ESCROW]
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
	ext.execute_with(|| {
		run_to(1);
		for (digest, kind) in [(IMAGE, ImageKind::Oci), (MODULE, ImageKind::Wasm)] {
			let origin = RuntimeOrigin::signed(AUTHOR);
			let reference = b"registry/web".to_vec().try_into().unwrap();
			Workspaces::publish_image(origin, digest, kind, reference, 1_000).unwrap();
		}
		System::reset_events();
	});
	ext
}

/// Runs a test; whatever it did, the invariants must hold after it.
pub(crate) fn build_and_execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		Workspaces::do_try_state().unwrap();
		<Workspaces as Hooks<u64>>::integrity_test();
	});
}
