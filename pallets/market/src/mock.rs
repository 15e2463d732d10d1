//! A runtime with this pallet and real money, and machines, rights and shares few enough to read.
#![allow(missing_debug_implementations, missing_docs, unreachable_pub)]

use std::collections::{BTreeMap, BTreeSet};

use codec::{Decode, Encode};
use frame_support::{
	derive_impl, parameter_types,
	storage::with_storage_layer,
	traits::{
		fungible::{HoldConsideration, InspectHold, Mutate},
		tokens::Preservation,
		ConstU128, ConstU32, ConstantStoragePrice,
	},
	weights::Weight,
	PalletId,
};
use sp_runtime::{BuildStorage, DispatchError, DispatchResult, Permill};
use usufruct_primitives::{
	traits::{
		Marketplace, NodeInspect, OnIncome, OnPurchaseEnd, OnPurchaseRenewal, ResourceInfo,
		ResourceInspect, RevenueShares, ScoreInspect, UseRightSale,
	},
	Balance, BlockNumber, Capacity, ClassId, HardwareInfo, Hid, IsolationClass, NodeId, Uid, Vid,
};

use crate::{self as pallet_market, HoldReason, Holders, Listing, Listings, PurchaseRecord};

/// A provider with money.
pub(crate) const ALICE: u64 = 1;
/// Another provider with money.
pub(crate) const BOB: u64 = 2;
/// A tenant with money.
pub(crate) const CAROL: u64 = 3;
/// A provider that cannot pay a deposit.
pub(crate) const POOR: u64 = 4;
/// Has no account yet.
pub(crate) const NOBODY: u64 = 5;
/// The treasury.
pub(crate) const TREASURY: u64 = 50;
/// What holders of revenue rights are owed.
pub(crate) const INCOME: u64 = 51;
/// Who finds rights for tenants; has an account.
pub(crate) const MATCHER: u64 = 52;
/// What rich accounts begin with.
pub(crate) const RICHES: Balance = 1_000_000_000;
/// The smallest balance of an account.
pub(crate) const ED: Balance = 10;
/// The deposit for a listing.
pub(crate) const DEPOSIT: Balance = 50;
/// The longest term of any listing.
pub(crate) const MAX_TERM: BlockNumber = 1_000;
/// Price per block of [`ExtBuilder::listed`]. Two percent of it is not a whole number.
pub(crate) const PRICE: Balance = 101;

/// Alice's first right, on node 0. The resource of each right has the right's number plus 100.
pub(crate) const UID: Uid = 0;
/// Alice's second, on node 1.
pub(crate) const OTHER_UID: Uid = 1;
/// Bob's right, on node 2.
pub(crate) const BOBS_UID: Uid = 2;
/// The right of who cannot pay, on node 3.
pub(crate) const POORS_UID: Uid = 3;

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
	pub type Market = pallet_market;
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
	type ExistentialDeposit = ConstU128<ED>;
}

/// What storing anything costs.
type StoragePrice = ConstantStoragePrice<ConstU128<DEPOSIT>, Balance>;

parameter_types! {
	pub const ForListing: RuntimeHoldReason = RuntimeHoldReason::Market(HoldReason::Listing);
	pub const ForSublet: RuntimeHoldReason = RuntimeHoldReason::Market(HoldReason::Sublet);
	pub const Escrow: PalletId = PalletId(*b"usu/escr");
	pub const Fee: Permill = Permill::from_percent(2);
	pub const OfMatcher: Permill = Permill::from_percent(10);
	pub static Burned: Permill = Permill::zero();
	pub const TreasuryAccount: u64 = TREASURY;
	// In storage, so that a call that fails undoes what it did to them, as with the real pallets.
	pub storage Machines: BTreeMap<NodeId, Machine> = BTreeMap::new();
	pub storage Rights: BTreeMap<Uid, Right> = BTreeMap::new();
	pub storage Revenue: BTreeSet<Vid> = BTreeSet::new();
	pub storage Ends: Vec<Uid> = Vec::new();
	/// Rights that go on, and until when.
	pub storage Renewals: Vec<(Uid, BlockNumber)> = Vec::new();
	/// Who cannot pay for what runs on its rights.
	pub storage Unpaid: Vec<u64> = Vec::new();
	/// Who was paid by whom, and the fee of it.
	pub storage Incomes: Vec<(u64, u64, Balance)> = Vec::new();
}

impl crate::Config for Test {
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = World;
	type BurnShare = Burned;
	type Currency = Balances;
	type FeeShare = Fee;
	type ListingDeposit = HoldConsideration<u64, Balances, ForListing, StoragePrice>;
	type MatcherShare = OfMatcher;
	type MaxTerm = ConstU32<MAX_TERM>;
	type Nodes = World;
	type OnIncome = World;
	type OnPurchaseEnd = World;
	type OnPurchaseRenewal = World;
	type PalletId = Escrow;
	type Revenue = World;
	type Rights = World;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Scores = World;
	type SubletDeposit = HoldConsideration<u64, Balances, ForSublet, StoragePrice>;
	type Treasury = TreasuryAccount;
	type WeightInfo = ();
}

/// A machine that counts the blocks in which it was there.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub struct Machine {
	online: bool,
	/// Available blocks up to `since`.
	counted: u64,
	since: BlockNumber,
}

impl Machine {
	fn available(&self) -> u64 {
		let running = if self.online { now() - self.since } else { 0 };
		self.counted + u64::from(running)
	}
}

/// A use right.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Right {
	pub owner: u64,
	pub holder: u64,
	pub state: State,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum State {
	Minted,
	Offered,
	Sold(BlockNumber),
}

/// What a right that is not the caller's answers.
pub(crate) const NOT_THEIRS: DispatchError = DispatchError::Other("not the holder's");
/// What a right that is for sale, sold, or not for sale answers.
pub(crate) const WRONG_STATE: DispatchError = DispatchError::Other("wrong state");
/// What shares that do not add up answer.
pub(crate) const BAD_SHARES: DispatchError = DispatchError::Other("not 10,000");

/// Stands in for the other pallets.
pub struct World;

impl NodeInspect<u64> for World {
	fn owner(_: NodeId) -> Option<u64> {
		unreachable!("the market asks the right for its provider")
	}

	fn region(node: NodeId) -> u16 {
		u16::try_from(node % 2).expect("it is small") + 276
	}

	fn is_online(node: NodeId) -> bool {
		Machines::get()
			.get(&node)
			.is_some_and(|machine| machine.online)
	}

	fn available_blocks(node: NodeId) -> u64 {
		Machines::get().get(&node).map_or(0, Machine::available)
	}

	fn availability_ppm(_: NodeId) -> u32 {
		unreachable!("the market counts blocks")
	}

	fn hardware(_: Hid) -> Option<HardwareInfo> {
		unreachable!("the market knows no hardware")
	}
}

impl ResourceInspect<u64> for World {
	fn resource(vid: Vid) -> Option<ResourceInfo<u64>> {
		let uid = vid.checked_sub(100)?;
		let right = Rights::get().get(&uid).cloned()?;
		Some(ResourceInfo {
			node: node_of(uid),
			owner: right.owner,
			class: 1,
			lead: node_of(uid).into(),
			gpus: 0,
			gpu_memory_mib: 0,
			capacity: Capacity::default(),
			isolation: IsolationClass::Container,
		})
	}

	fn vid_of(uid: Uid) -> Option<Vid> {
		Rights::get().contains_key(&uid).then_some(uid + 100)
	}

	fn holder(uid: Uid) -> Option<u64> {
		Rights::get().get(&uid).map(|right| right.holder)
	}

	fn in_force_until(_: Uid) -> Option<BlockNumber> {
		unreachable!("the market knows its purchases")
	}
}

impl UseRightSale<u64> for World {
	fn offer(uid: Uid, owner: &u64) -> DispatchResult {
		change(uid, |right| {
			if right.holder != *owner {
				return Err(NOT_THEIRS);
			}
			step(right, State::Minted, State::Offered)
		})
	}

	fn withdraw(uid: Uid) -> DispatchResult {
		change(uid, |right| step(right, State::Offered, State::Minted))
	}

	fn sell(uid: Uid, buyer: &u64, from: BlockNumber, until: BlockNumber) -> DispatchResult {
		assert!(now() <= from && from < until, "a term ahead");
		change(uid, |right| {
			right.holder = *buyer;
			step(right, State::Offered, State::Sold(until))
		})
	}

	fn hand_over(uid: Uid, to: &u64) -> DispatchResult {
		change(uid, |right| match right.state {
			State::Sold(_) => {
				right.holder = *to;
				Ok(())
			}
			_ => Err(WRONG_STATE),
		})
	}

	fn extend(uid: Uid, until: BlockNumber) -> DispatchResult {
		change(uid, |right| match right.state {
			State::Sold(before) if now() < before && before < until => {
				right.state = State::Sold(until);
				Ok(())
			}
			_ => Err(WRONG_STATE),
		})
	}

	fn end(uid: Uid) -> DispatchResult {
		let mut rights = Rights::get();
		match rights.remove(&uid).map(|right| right.state) {
			Some(State::Sold(_)) => {}
			_ => return Err(WRONG_STATE),
		}
		Rights::set(&rights);
		Ok(())
	}
}

fn step(right: &mut Right, from: State, to: State) -> DispatchResult {
	if right.state != from {
		return Err(WRONG_STATE);
	}
	right.state = to;
	Ok(())
}

fn change(uid: Uid, with: impl FnOnce(&mut Right) -> DispatchResult) -> DispatchResult {
	let mut rights = Rights::get();
	with(rights.get_mut(&uid).ok_or("unknown right")?)?;
	Rights::set(&rights);
	Ok(())
}

impl RevenueShares<u64> for World {
	fn exists(vid: Vid) -> bool {
		Revenue::get().contains(&vid)
	}

	fn create(vid: Vid, holders: &[(u64, u16)]) -> DispatchResult {
		if holders
			.iter()
			.map(|(_, shares)| u32::from(*shares))
			.sum::<u32>()
			!= 10_000
		{
			return Err(BAD_SHARES);
		}
		let mut revenue = Revenue::get();
		assert!(revenue.insert(vid), "a revenue right is created once");
		Revenue::set(&revenue);
		Ok(())
	}

	fn distribute(vid: Vid, from: &u64, amount: Balance) -> DispatchResult {
		assert!(
			Self::exists(vid),
			"income of a resource that was never listed"
		);
		Balances::transfer(from, &INCOME, amount, Preservation::Expendable)?;
		Ok(())
	}
}

impl OnIncome<u64> for World {
	fn on_income(provider: &u64, tenant: &u64, fee: Balance) {
		let mut incomes = Incomes::get();
		incomes.push((*provider, *tenant, fee));
		Incomes::set(&incomes);
	}

	fn weight() -> Weight {
		Weight::from_parts(5, 5)
	}
}

impl OnPurchaseRenewal<u64> for World {
	fn on_purchase_renewal(uid: Uid, by: &u64, until: BlockNumber) -> DispatchResult {
		if Unpaid::get().contains(by) {
			return Err("what runs there cannot be paid".into());
		}
		let mut renewals = Renewals::get();
		renewals.push((uid, until));
		Renewals::set(&renewals);
		Ok(())
	}

	fn weight() -> Weight {
		Weight::from_parts(3, 3)
	}
}

/// Hardware has the number of its machine, and a score of a thousandth for each.
impl ScoreInspect for World {
	fn score_ppm(hid: Hid) -> u32 {
		1_000 * u32::try_from(hid).expect("it is small")
	}

	fn class_exists(_: ClassId) -> bool {
		unreachable!("the market knows no classes")
	}
}

impl OnPurchaseEnd for World {
	fn on_purchase_end(uid: Uid) -> Weight {
		let mut ends = Ends::get();
		ends.push(uid);
		Ends::set(&ends);
		// Nothing ran on it, which is less than most.
		Weight::from_parts(3, 3)
	}

	fn weight() -> Weight {
		Weight::from_parts(7, 7)
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<u64> for World {
	fn use_right(owner: &u64) -> Uid {
		mint(100, *owner);
		100
	}
}

/// The state that a test begins with: the machines and rights above, and steps in the life of
/// [`UID`]. Begins at block 1.
#[derive(Default)]
pub(crate) struct ExtBuilder {
	life: Vec<Box<dyn FnOnce()>>,
	unendowed: Vec<u64>,
}

impl ExtBuilder {
	/// Alice lists for any term up to 100 blocks.
	pub(crate) fn listed(mut self) -> Self {
		self.life.push(Box::new(|| {
			list(ALICE, UID, PRICE, &[(ALICE, 10_000)]).expect("it is Alice's");
		}));
		self
	}

	/// Carol buys.
	pub(crate) fn sold(self, term: BlockNumber) -> Self {
		let mut this = self.listed();
		this.life.push(Box::new(move || {
			buy(CAROL, UID, term).expect("it is for sale");
		}));
		this
	}

	/// The account begins without the existential deposit that it has on every real chain.
	pub(crate) fn without(mut self, account: u64) -> Self {
		self.unendowed.push(account);
		self
	}

	/// The state, without a test.
	pub(crate) fn build(self) -> sp_io::TestExternalities {
		let rich = [ALICE, BOB, CAROL].map(|who| (who, RICHES));
		let small = [POOR, TREASURY, INCOME, MATCHER, Market::account()].map(|who| (who, ED));
		let begins = |(who, _): &(u64, Balance)| !self.unendowed.contains(who);
		let mut storage = frame_system::GenesisConfig::<Test>::default()
			.build_storage()
			.expect("the default genesis is valid");
		pallet_balances::GenesisConfig::<Test> {
			balances: rich.into_iter().chain(small).filter(begins).collect(),
			dev_accounts: None,
		}
		.assimilate_storage(&mut storage)
		.expect("the balances are valid");
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.execute_with(|| {
			Burned::set(Permill::zero());
			System::set_block_number(1);
			for (uid, owner) in (UID..).zip([ALICE, ALICE, BOB, POOR]) {
				mint(uid, owner);
			}
			self.life.into_iter().for_each(|step| step());
			System::reset_events();
		});
		ext
	}

	/// Runs the test, then checks every invariant, and that money was neither made nor lost.
	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			let issuance = Balances::total_issuance();
			test();
			Market::do_try_state().expect("the invariants hold after the test");
			assert_eq!(Balances::total_issuance(), issuance);
		});
	}
}

/// The machine of a right.
pub(crate) fn node_of(uid: Uid) -> NodeId {
	uid as NodeId
}

/// A right on a machine of its own that is online.
pub(crate) fn mint(uid: Uid, owner: u64) {
	let mut rights = Rights::get();
	rights.insert(
		uid,
		Right {
			owner,
			holder: owner,
			state: State::Minted,
		},
	);
	Rights::set(&rights);
	set_online(node_of(uid), true);
}

/// Hands a sold right on.
pub(crate) fn hand_on(uid: Uid, to: u64) {
	World::hand_over(uid, &to).expect("it is sold");
}

/// Heartbeats of a machine stop, or come again.
pub(crate) fn set_online(node: NodeId, online: bool) {
	let mut machines = Machines::get();
	let machine = machines.entry(node).or_default();
	machine.counted = machine.available();
	machine.since = now();
	machine.online = online;
	Machines::set(&machines);
}

/// Goes on by some blocks.
pub(crate) fn pass(blocks: BlockNumber) {
	System::set_block_number(u64::from(now() + blocks));
}

/// The current block.
pub(crate) fn now() -> BlockNumber {
	System::block_number() as BlockNumber
}

/// Lists for any term up to 100 blocks.
pub(crate) fn list(who: u64, uid: Uid, price: Balance, holders: &[(u64, u16)]) -> DispatchResult {
	list_for(who, uid, price, 1..=100, holders)
}

/// Lists for a range of terms.
pub(crate) fn list_for(
	who: u64,
	uid: Uid,
	price: Balance,
	terms: std::ops::RangeInclusive<BlockNumber>,
	holders: &[(u64, u16)],
) -> DispatchResult {
	let holders = Holders::truncate_from(holders.to_vec());
	let (min, max) = terms.into_inner();
	// As a dispatched call does: what failed leaves no trace.
	with_storage_layer(|| Market::list(signed(who), uid, price, min, max, holders))
}

/// Buys at whatever price.
pub(crate) fn buy(who: u64, uid: Uid, term: BlockNumber) -> DispatchResult {
	with_storage_layer(|| Market::buy(signed(who), uid, term, Balance::MAX))
}

/// Buys as a request for a workspace does.
pub(crate) fn buy_for(who: u64, uid: Uid, term: BlockNumber) -> Result<BlockNumber, DispatchError> {
	with_storage_layer(|| <Market as Marketplace<u64>>::buy(uid, &who, term, Some(&MATCHER)))
}

pub(crate) fn signed(who: u64) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub(crate) fn listing(uid: Uid) -> Listing<Test> {
	Listings::<Test>::get(uid).expect("it is for sale")
}

pub(crate) fn purchase(uid: Uid) -> PurchaseRecord<u64> {
	crate::Purchases::<Test>::get(uid).expect("it is sold")
}

/// What is held of `who` for listings and sublets.
pub(crate) fn held(who: u64) -> Balance {
	[HoldReason::Listing, HoldReason::Sublet]
		.map(|reason| Balances::balance_on_hold(&reason.into(), &who))
		.into_iter()
		.sum()
}

pub(crate) fn free(who: u64) -> Balance {
	Balances::free_balance(who)
}

/// What is in escrow, without the account's own existential deposit.
pub(crate) fn escrow() -> Balance {
	free(Market::account()) - ED
}

/// What the matcher got.
pub(crate) fn matched() -> Balance {
	free(MATCHER) - ED
}

/// What the treasury got.
pub(crate) fn fees() -> Balance {
	free(TREASURY) - ED
}

/// What the holders of revenue rights got.
pub(crate) fn income() -> Balance {
	free(INCOME) - ED
}

/// The pallet's events since the last call.
pub(crate) fn events() -> Vec<crate::Event<Test>> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}
