//! A runtime of three pallets, and a builder that speaks of rights and their holders.
#![allow(missing_debug_implementations, missing_docs, unreachable_pub)]

use frame_support::{
	derive_impl, parameter_types,
	storage::with_storage_layer,
	traits::{
		fungible::{HoldConsideration, InspectHold},
		ConstU128, ConstU32, ConstantStoragePrice, Footprint,
	},
	PalletId,
};
use sp_runtime::{traits::Convert, BuildStorage, DispatchResult};
use usufruct_primitives::{traits::RevenueShares, Balance, Vid};

use crate::{
	self as pallet_revenue_rights, HoldReason, NextOrder, OrderId, RightRecord, Rights, Share,
	Shares, Side,
};

/// A provider with money.
pub(crate) const ALICE: u64 = 1;
/// Another holder with money.
pub(crate) const BOB: u64 = 2;
/// A third one.
pub(crate) const CAROL: u64 = 3;
/// Exists, and cannot pay a deposit.
pub(crate) const POOR: u64 = 4;
/// Has no account yet.
pub(crate) const NOBODY: u64 = 5;
/// Keeps escrows and pays income.
pub(crate) const MARKET: u64 = 99;
/// What rich accounts begin with.
pub(crate) const RICHES: Balance = 1_000_000_000;
/// The deposit for a share record.
pub(crate) const DEPOSIT: Balance = 50;
/// Most holders that a right begins with.
pub(crate) const MAX_HOLDERS: u32 = 4;
/// The deposit for an order.
pub(crate) const ORDER_DEPOSIT: Balance = 20;
/// Most blocks in which an order can be filled.
pub(crate) const MAX_LIFE: u32 = 100;
/// The first right of every test.
pub(crate) const VID: Vid = 7;

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
	pub type RevenueRights = pallet_revenue_rights;
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

/// What storing a share record costs.
type SharePrice = ConstantStoragePrice<ConstU128<DEPOSIT>, Balance>;

/// What storing an order costs, alone or with the share record that it will need.
pub struct OrderPrice;

impl Convert<Footprint, Balance> for OrderPrice {
	fn convert(footprint: Footprint) -> Balance {
		ORDER_DEPOSIT + Balance::from(footprint.count - 1) * DEPOSIT
	}
}

parameter_types! {
	pub const ForShares: RuntimeHoldReason = RuntimeHoldReason::RevenueRights(HoldReason::Shares);
	pub const ForOrders: RuntimeHoldReason = RuntimeHoldReason::RevenueRights(HoldReason::Order);
	pub static ExistentialDeposit: Balance = 1;
	pub const Income: PalletId = PalletId(*b"usu/incm");
}

impl crate::Config for Test {
	type Currency = Balances;
	type MaxInitialHolders = ConstU32<MAX_HOLDERS>;
	type MaxOrderLife = ConstU32<MAX_LIFE>;
	type OrderDeposit = HoldConsideration<u64, Balances, ForOrders, OrderPrice>;
	type PalletId = Income;
	type RuntimeHoldReason = RuntimeHoldReason;
	type ShareDeposit = HoldConsideration<u64, Balances, ForShares, SharePrice>;
	type WeightInfo = ();
}

/// The state that a test begins with. Begins at block 1.
pub(crate) struct ExtBuilder {
	rights: Vec<Vec<(u64, u16)>>,
	existential_deposit: Balance,
	endowed: bool,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self {
			rights: Vec::new(),
			existential_deposit: 1,
			endowed: true,
		}
	}
}

impl ExtBuilder {
	/// A right with these holders. Its resource is `VID`, then the ones after it.
	pub(crate) fn right(mut self, holders: &[(u64, u16)]) -> Self {
		self.rights.push(holders.to_vec());
		self
	}

	pub(crate) fn existential_deposit(mut self, amount: Balance) -> Self {
		self.existential_deposit = amount;
		self
	}

	/// The pallet's account has nothing, not even the existential deposit.
	pub(crate) fn without_endowment(mut self) -> Self {
		self.endowed = false;
		self
	}

	/// The state, without a test.
	pub(crate) fn build(self) -> sp_io::TestExternalities {
		ExistentialDeposit::set(self.existential_deposit);
		let mut balances = vec![
			(ALICE, RICHES),
			(BOB, RICHES),
			(CAROL, RICHES),
			(POOR, self.existential_deposit),
			(MARKET, RICHES),
		];
		if self.endowed {
			balances.push((RevenueRights::account(), self.existential_deposit));
		}
		let mut storage = frame_system::GenesisConfig::<Test>::default()
			.build_storage()
			.expect("the default genesis is valid");
		pallet_balances::GenesisConfig::<Test> {
			balances,
			dev_accounts: None,
		}
		.assimilate_storage(&mut storage)
		.expect("the balances are valid");
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.execute_with(|| {
			System::set_block_number(1);
			for (vid, holders) in (VID..).zip(self.rights) {
				create(vid, &holders).expect("the right is valid");
			}
			System::reset_events();
		});
		ext
	}

	/// Runs the test, then checks every invariant, and that money was neither made nor lost.
	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			let issuance = Balances::total_issuance();
			test();
			RevenueRights::do_try_state().expect("the invariants hold after the test");
			assert_eq!(Balances::total_issuance(), issuance);
		});
	}
}

/// Creates a right as the market does: within a call that undoes what failed.
pub(crate) fn create(vid: Vid, holders: &[(u64, u16)]) -> DispatchResult {
	with_storage_layer(|| <RevenueRights as RevenueShares<u64>>::create(vid, holders))
}

/// Income from the market.
pub(crate) fn distribute(vid: Vid, amount: Balance) -> DispatchResult {
	with_storage_layer(|| RevenueRights::distribute(vid, &MARKET, amount))
}

pub(crate) fn signed(who: u64) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub(crate) fn right(vid: Vid) -> RightRecord {
	Rights::<Test>::get(vid).expect("the right exists")
}

pub(crate) fn share(vid: Vid, who: u64) -> Option<Share<Test>> {
	Shares::<Test>::get(vid, who)
}

/// Number of shares; 0 without a record.
pub(crate) fn shares(vid: Vid, who: u64) -> u16 {
	share(vid, who).map_or(0, |record| record.shares)
}

/// What is held of `who` for share records.
pub(crate) fn held(who: u64) -> Balance {
	Balances::balance_on_hold(&HoldReason::Shares.into(), &who)
}

/// What is held of `who` for orders.
pub(crate) fn held_for_orders(who: u64) -> Balance {
	Balances::balance_on_hold(&HoldReason::Order.into(), &who)
}

/// Places an order that can be filled for as long as possible. Gives its number.
pub(crate) fn place(who: u64, vid: Vid, side: Side, shares: u16, price: Balance) -> OrderId {
	let expires_at = System::block_number() as u32 + MAX_LIFE;
	let id = NextOrder::<Test>::get();
	RevenueRights::place_order(signed(who), vid, side, shares, price, expires_at)
		.expect("the order is valid");
	id
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
