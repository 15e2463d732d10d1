//! The life of a use right in all its branches, on the whole runtime: whatever becomes of machine, term and
//! resource, each unit that a tenant paid is the holders', the fee's, or the tenant's again.
#![allow(clippy::unwrap_used, reason = "a failed assumption fails the test")]

mod chain;
#[path = "chain/rent.rs"]
#[allow(dead_code, reason = "others need the rest of it")]
mod rent;

use chain::within;
use frame_support::{
	assert_noop, assert_ok,
	traits::{fungible::InspectHold, Get},
};
use rent::{list, machine, minted, signed, TERM};
use sp_keyring::Sr25519Keyring::{Bob, Charlie, Dave, Eve};
use sp_runtime::traits::Dispatchable;
use usufruct_primitives::{
	traits::ResourceInspect, Balance, Capacity, Hid, IsolationClass, NodeId, Uid, Vid,
};
use usufruct_runtime::{
	configs::dynamic::market::FeeShare, constants::currency::MILLI, presets, AccountId, Balances,
	Market, NodeRegistry, ProofOfCompute, RevenueRights, Runtime, RuntimeHoldReason, System,
	UseRights, Workspaces,
};

/// What a term of all its blocks costs at the price of `list`.
const PRICE: Balance = TERM as Balance * MILLI;

/// Bob's machine, and what he sells of it.
#[derive(Clone, Copy)]
struct Sale {
	node: NodeId,
	hid: Hid,
	vid: Vid,
	uid: Uid,
}

/// Runs a test in which a right of Bob is listed; all pallets' books are in order after it.
fn with_listing(test: impl FnOnce(Sale)) {
	within(presets::DEVELOPMENT, || {
		System::set_block_number(1);
		let (node, hid) = machine();
		let (vid, uid) = minted(hid);
		assert_ok!(list(uid).dispatch(signed(Bob)));
		test(Sale {
			node,
			hid,
			vid,
			uid,
		});
		assert_eq!(Market::do_try_state(), Ok(()));
		assert_eq!(UseRights::do_try_state(), Ok(()));
		assert_eq!(RevenueRights::do_try_state(), Ok(()));
		assert_eq!(NodeRegistry::do_try_state(), Ok(()));
		assert_eq!(Workspaces::do_try_state(), Ok(()));
		assert_eq!(ProofOfCompute::do_try_state(), Ok(()));
	});
}

/// The same, sold to Charlie for the longest term. Gives what Charlie had before.
fn with_sale(test: impl FnOnce(Sale, Balance)) {
	with_listing(|sale| {
		let before = free(&Charlie.to_account_id());
		assert_ok!(Market::buy(signed(Charlie), sale.uid, TERM, MILLI));
		assert_eq!(free(&Charlie.to_account_id()), before - PRICE);
		test(sale, before);
	});
}

/// Blocks in which the machine is there.
fn run(node: NodeId, blocks: u32) {
	for _ in 0..blocks {
		System::set_block_number(System::block_number() + 1);
		assert_ok!(NodeRegistry::heartbeat(signed(Bob), node));
	}
}

fn free(who: &AccountId) -> Balance {
	Balances::free_balance(who)
}

fn held(who: &AccountId, reason: impl Into<RuntimeHoldReason>) -> Balance {
	Balances::balance_on_hold(&reason.into(), who)
}

/// What is left of an amount for the holders.
fn without_fee(amount: Balance) -> Balance {
	amount - FeeShare::get().mul_floor(amount)
}

/// Takes what Bob's shares of the resource earned.
fn settled(vid: Vid) -> Balance {
	let bob = Bob.to_account_id();
	let before = free(&bob);
	assert_ok!(RevenueRights::settle(signed(Bob), vid));
	free(&bob) - before
}

/// The resource can be sold anew.
fn assert_free(sale: Sale) {
	let resource = <UseRights as ResourceInspect<AccountId>>::resource(sale.vid);
	assert!(resource.is_some_and(|resource| resource.node == sale.node));
	assert_eq!(
		<UseRights as ResourceInspect<AccountId>>::holder(sale.uid),
		None
	);
	assert_ok!(UseRights::mint(signed(Bob), sale.vid));
}

#[test]
fn a_term_that_expires_is_the_holders_whoever_ends_it() {
	with_sale(|sale, before| {
		run(sale.node, TERM - 1);
		assert_noop!(
			Market::close(signed(Eve), sale.uid),
			pallet_market::Error::<Runtime>::TooEarly
		);
		run(sale.node, 1);
		assert_ok!(Market::close(signed(Eve), sale.uid));
		assert_eq!(free(&Charlie.to_account_id()), before - PRICE);
		assert_eq!(settled(sale.vid), without_fee(PRICE));
		assert_free(sale);
	});
}

#[test]
fn who_releases_a_right_early_pays_for_the_blocks_before() {
	with_sale(|sale, before| {
		run(sale.node, 30);
		assert_ok!(Market::cancel(signed(Charlie), sale.uid));
		assert_eq!(free(&Charlie.to_account_id()), before - 30 * MILLI);
		assert_eq!(settled(sale.vid), without_fee(30 * MILLI));
		assert_free(sale);
	});
}

#[test]
fn who_cancels_in_the_block_of_the_purchase_pays_nothing() {
	with_sale(|sale, before| {
		assert_ok!(Market::cancel(signed(Charlie), sale.uid));
		assert_eq!(free(&Charlie.to_account_id()), before);
		assert_eq!(RevenueRights::claimable(sale.vid, Bob.to_account_id()), 0);
		assert_free(sale);
	});
}

#[test]
fn blocks_without_the_machine_are_refunded() {
	with_sale(|sale, before| {
		run(sale.node, 40);
		assert_ok!(NodeRegistry::go_offline(signed(Bob), sale.node));
		System::set_block_number(1 + TERM);
		assert_ok!(Market::close(signed(Eve), sale.uid));
		assert_eq!(free(&Charlie.to_account_id()), before - 40 * MILLI);
		assert_eq!(settled(sale.vid), without_fee(40 * MILLI));
		assert_free(sale);
	});
}

#[test]
fn a_provider_cannot_retire_what_it_sold_and_earns_nothing_by_leaving() {
	with_sale(|sale, before| {
		let bond = held(
			&Bob.to_account_id(),
			pallet_node_registry::HoldReason::NodeBond,
		);
		run(sale.node, 10);
		let registry = pallet_node_registry::Error::<Runtime>::NodeInUse;
		assert_noop!(NodeRegistry::retire(signed(Bob), sale.node), registry);
		let registry = pallet_node_registry::Error::<Runtime>::NodeInUse;
		assert_noop!(
			NodeRegistry::remove_hardware(signed(Bob), sale.node, sale.hid),
			registry
		);
		assert_noop!(
			UseRights::remove_resource(signed(Bob), sale.vid),
			pallet_use_rights::Error::<Runtime>::ResourceBound
		);
		assert_noop!(
			UseRights::burn(signed(Bob), sale.uid),
			pallet_use_rights::Error::<Runtime>::NotHolder
		);
		// It goes all the same. Nothing is paid for what is not there, and the bond stays.
		assert_ok!(NodeRegistry::go_offline(signed(Bob), sale.node));
		System::set_block_number(1 + TERM);
		assert_ok!(Market::close(signed(Charlie), sale.uid));
		assert_eq!(free(&Charlie.to_account_id()), before - 10 * MILLI);
		assert_eq!(
			held(
				&Bob.to_account_id(),
				pallet_node_registry::HoldReason::NodeBond
			),
			bond
		);
	});
}

#[test]
fn a_provider_retires_once_the_term_is_over_and_its_holders_income_stays_theirs() {
	with_sale(|sale, _| {
		let shares = 2_500;
		assert_ok!(RevenueRights::transfer(
			signed(Bob),
			sale.vid,
			Dave.to_account_id(),
			shares
		));
		run(sale.node, TERM);
		assert_ok!(Market::close(signed(Bob), sale.uid));
		assert_ok!(UseRights::remove_resource(signed(Bob), sale.vid));
		assert_ok!(NodeRegistry::remove_hardware(
			signed(Bob),
			sale.node,
			sale.hid
		));
		assert_ok!(NodeRegistry::retire(signed(Bob), sale.node));
		let delay: u32 = <Runtime as pallet_node_registry::Config>::UnbondingDelay::get();
		System::set_block_number(System::block_number() + delay);
		assert_ok!(NodeRegistry::withdraw_bond(signed(Bob), sale.node));
		for reason in [
			RuntimeHoldReason::from(pallet_node_registry::HoldReason::NodeBond),
			pallet_node_registry::HoldReason::Hardware.into(),
			pallet_use_rights::HoldReason::Resource.into(),
			pallet_market::HoldReason::Listing.into(),
		] {
			assert_eq!(held(&Bob.to_account_id(), reason), 0, "{reason:?}");
		}
		// Machine, hardware and resource are gone; what they earned is not.
		let dave = Dave.to_account_id();
		let before = free(&dave);
		assert_ok!(RevenueRights::settle(signed(Dave), sale.vid));
		assert_eq!(free(&dave) - before, without_fee(PRICE) / 4);
		assert_eq!(settled(sale.vid), without_fee(PRICE) / 4 * 3);
	});
}

#[test]
fn a_resource_that_is_cut_anew_while_free_has_a_revenue_right_of_its_own() {
	with_sale(|sale, _| {
		assert_ok!(RevenueRights::transfer(
			signed(Bob),
			sale.vid,
			Dave.to_account_id(),
			10_000
		));
		run(sale.node, 20);
		assert_ok!(Market::cancel(signed(Charlie), sale.uid));
		assert_ok!(UseRights::remove_resource(signed(Bob), sale.vid));
		let (vid, uid) = (
			pallet_use_rights::NextVid::<Runtime>::get(),
			pallet_use_rights::NextUid::<Runtime>::get(),
		);
		assert!(
			vid > sale.vid && uid > sale.uid,
			"identifiers are never given twice"
		);
		// All of the machine, not a part of it as before: what was cut from it is free.
		assert_ok!(UseRights::create_resource(
			signed(Bob),
			vec![sale.hid].try_into().unwrap(),
			Capacity {
				cpu_millis: 64_000,
				memory_mib: 64_000,
				disk_mib: 0,
			},
			IsolationClass::Wasm,
		));
		assert_ok!(UseRights::mint(signed(Bob), vid));
		assert_ok!(list(uid).dispatch(signed(Bob)));
		assert_ok!(Market::buy(signed(Charlie), uid, TERM, MILLI));
		run(sale.node, TERM);
		assert_ok!(Market::close(signed(Eve), uid));
		// Dave has all of the old one's income and nothing of the new one's.
		let dave = Dave.to_account_id();
		assert_eq!(
			RevenueRights::claimable(sale.vid, dave.clone()),
			without_fee(20 * MILLI)
		);
		assert_eq!(RevenueRights::claimable(vid, dave), 0);
		assert_eq!(settled(vid), without_fee(PRICE));
	});
}

#[test]
fn who_holds_the_old_revenue_right_cannot_be_cut_out_by_listing_the_same_resource_anew() {
	with_sale(|sale, _| {
		assert_ok!(RevenueRights::transfer(
			signed(Bob),
			sale.vid,
			Dave.to_account_id(),
			9_999
		));
		assert_ok!(Market::cancel(signed(Charlie), sale.uid));
		let uid = pallet_use_rights::NextUid::<Runtime>::get();
		assert_ok!(UseRights::mint(signed(Bob), sale.vid));
		let holders = vec![(Bob.to_account_id(), 10_000)].try_into().unwrap();
		assert_noop!(
			Market::list(signed(Bob), uid, MILLI, 1, TERM, holders),
			pallet_market::Error::<Runtime>::HoldersFixed
		);
		assert_ok!(list(uid).dispatch(signed(Bob)));
		assert_ok!(Market::buy(signed(Charlie), uid, TERM, MILLI));
		run(sale.node, TERM);
		assert_ok!(Market::close(signed(Eve), uid));
		let income = without_fee(PRICE);
		assert_eq!(
			RevenueRights::claimable(sale.vid, Dave.to_account_id()),
			income / 10_000 * 9_999
		);
	});
}

#[test]
fn a_right_that_is_handed_on_returns_what_is_left_to_whoever_holds_it() {
	with_sale(|sale, before| {
		let eve = Eve.to_account_id();
		let eves = free(&eve);
		run(sale.node, 25);
		assert_ok!(UseRights::transfer(signed(Charlie), sale.uid, eve.clone()));
		run(sale.node, 25);
		assert_noop!(
			Market::cancel(signed(Charlie), sale.uid),
			pallet_market::Error::<Runtime>::NotHolder
		);
		assert_ok!(Market::cancel(signed(Eve), sale.uid));
		assert_eq!(free(&Charlie.to_account_id()), before - PRICE);
		assert_eq!(free(&eve), eves + 50 * MILLI);
		assert_eq!(settled(sale.vid), without_fee(50 * MILLI));
		assert_free(sale);
	});
}

#[test]
fn the_shares_of_a_machine_with_eight_gpus_are_minted_by_one_batch() {
	use usufruct_runtime::RuntimeCall;
	within(presets::DEVELOPMENT, || {
		System::set_block_number(1);
		let (_, hid) = machine();
		let first = pallet_use_rights::NextVid::<Runtime>::get();
		let uid = pallet_use_rights::NextUid::<Runtime>::get();
		let calls = (0..8)
			.flat_map(|n| {
				let create = pallet_use_rights::Call::create_resource {
					parts: vec![hid].try_into().unwrap(),
					capacity: Capacity {
						cpu_millis: 8_000,
						memory_mib: 8_000,
						disk_mib: 0,
					},
					isolation: IsolationClass::Wasm,
				};
				let mint = pallet_use_rights::Call::mint { vid: first + n };
				[RuntimeCall::from(create), mint.into()]
			})
			.collect();
		let batch = RuntimeCall::from(pallet_utility::Call::batch_all { calls });
		assert_ok!(batch.dispatch(signed(Bob)));
		for n in 0..8 {
			let holder = <UseRights as ResourceInspect<AccountId>>::holder(uid + n);
			assert_eq!(holder, Some(Bob.to_account_id()));
		}
		assert_eq!(UseRights::do_try_state(), Ok(()));
	});
}
