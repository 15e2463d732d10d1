//! What each call costs, in its worst case.

use alloc::vec;

use frame_benchmarking::v2::*;
use frame_support::traits::{
	fungible::{Inspect, Mutate},
	Get,
};
use frame_system::RawOrigin;
use sp_runtime::traits::Saturating;
use usufruct_primitives::{traits::Marketplace, Balance, BlockNumber, Uid, REVENUE_SHARES};

use crate::{Call, Config, Holders, Listings, Order, Pallet, Purchases, Reservable, Sublets};

/// Sets up what the benchmarks need of other pallets.
pub trait BenchmarkHelper<AccountId> {
	/// Mints a use right of a resource that was never listed, on a machine of the owner that is
	/// online and stays so for some blocks. Gives the owner what that costs. Called once in a
	/// benchmark.
	fn use_right(owner: &AccountId) -> Uid;
}

/// How many holders a revenue right can begin with.
const MAX_HOLDERS: u32 = 16;

fn rich<T: Config>(name: &'static str) -> T::AccountId {
	let who = account(name, 0, 0);
	// Whatever deposits and prices are.
	T::Currency::set_balance(&who, Balance::MAX >> 8);
	who
}

/// A price of which the fee alone is enough for an account that does not exist.
fn price<T: Config>() -> Balance {
	T::Currency::minimum_balance()
		.saturating_mul(1_000)
		.max(1_000)
}

/// The seller and `h - 1` others.
fn holders<T: Config>(seller: &T::AccountId, h: u32) -> Holders<T::AccountId> {
	let mut holders = vec![];
	for n in 1..h {
		holders.push((account("holder", n, 0), 1u16));
	}
	let others = u16::try_from(holders.len()).unwrap_or(REVENUE_SHARES);
	holders.insert(0, (seller.clone(), REVENUE_SHARES.saturating_sub(others)));
	Holders::truncate_from(holders)
}

fn listed<T: Config>() -> Result<(T::AccountId, Uid), BenchmarkError> {
	let seller = rich::<T>("seller");
	let uid = T::BenchmarkHelper::use_right(&seller);
	let holders = holders::<T>(&seller, 1);
	let longest = T::MaxTerm::get();
	Pallet::<T>::do_list(seller.clone(), uid, price::<T>(), 1, longest, holders)?;
	Ok((seller, uid))
}

/// Gives the escrow account what it has from genesis on.
fn open_escrow<T: Config>() {
	let account = Pallet::<T>::account();
	if T::Currency::balance(&account) < T::Currency::minimum_balance() {
		T::Currency::set_balance(&account, T::Currency::minimum_balance());
	}
}

/// Sold for two blocks, of which one is over.
fn sold<T: Config>() -> Result<(T::AccountId, Uid), BenchmarkError> {
	let (_, uid) = listed::<T>()?;
	let buyer = rich::<T>("buyer");
	let matcher: T::AccountId = account("matcher", 0, 0);
	open_escrow::<T>();
	let order = Order {
		start: None,
		term: 2,
		max_price: Balance::MAX,
		max_escrow: Balance::MAX,
		matcher: Some(&matcher),
	};
	Pallet::<T>::do_buy(uid, &buyer, order)?;
	pass::<T>(1);
	Ok((buyer, uid))
}

/// Sold, and offered to subtenants for two blocks.
fn offered<T: Config>() -> Result<(T::AccountId, Uid), BenchmarkError> {
	let (_, uid) = listed::<T>()?;
	let buyer = rich::<T>("buyer");
	open_escrow::<T>();
	Pallet::<T>::buy(
		RawOrigin::Signed(buyer.clone()).into(),
		uid,
		2,
		Balance::MAX,
	)?;
	let until = Pallet::<T>::now().saturating_add(2);
	Pallet::<T>::do_sublet(buyer.clone(), uid, price::<T>(), until)?;
	Ok((buyer, uid))
}

fn reservable<T: Config>() -> Option<Reservable> {
	Some(Reservable {
		ahead: 2,
		price: price::<T>(),
	})
}

fn pass<T: Config>(blocks: BlockNumber) {
	let now = frame_system::Pallet::<T>::block_number();
	frame_system::Pallet::<T>::set_block_number(now.saturating_add(blocks.into()));
}

#[benchmarks]
mod benches {
	use super::*;

	/// The first listing of a resource, which creates its revenue right with `h` holders.
	#[benchmark]
	fn list(h: Linear<1, MAX_HOLDERS>) {
		let seller = rich::<T>("seller");
		let uid = T::BenchmarkHelper::use_right(&seller);
		let holders = holders::<T>(&seller, h);
		#[extrinsic_call]
		_(
			RawOrigin::Signed(seller),
			uid,
			price::<T>(),
			1,
			T::MaxTerm::get(),
			holders,
		);
		assert!(Listings::<T>::contains_key(uid));
	}

	#[benchmark]
	fn delist() -> Result<(), BenchmarkError> {
		let (seller, uid) = listed::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(seller), uid);
		assert!(!Listings::<T>::contains_key(uid));
		Ok(())
	}

	#[benchmark]
	fn buy() -> Result<(), BenchmarkError> {
		let (_, uid) = listed::<T>()?;
		let buyer = rich::<T>("buyer");
		#[extrinsic_call]
		_(RawOrigin::Signed(buyer), uid, 2, Balance::MAX);
		assert!(Purchases::<T>::contains_key(uid));
		Ok(())
	}

	/// Pays a fee and an income.
	#[benchmark]
	fn accrue() -> Result<(), BenchmarkError> {
		let (buyer, uid) = sold::<T>()?;
		let before = Purchases::<T>::get(uid).map_or(0, |purchase| purchase.escrow());
		#[extrinsic_call]
		_(RawOrigin::Signed(buyer), uid);
		let paid = before.saturating_sub(price::<T>());
		assert_eq!(
			Purchases::<T>::get(uid).map(|purchase| purchase.escrow()),
			Some(paid)
		);
		Ok(())
	}

	/// Pays a fee, an income and a refund. `cancel` does the same, a block earlier and so with more
	/// to refund than `close`, which pays all of it only where the machine was there all the time.
	#[benchmark]
	fn close() -> Result<(), BenchmarkError> {
		let (buyer, uid) = sold::<T>()?;
		#[extrinsic_call]
		cancel(RawOrigin::Signed(buyer), uid);
		assert!(!Purchases::<T>::contains_key(uid));
		Ok(())
	}

	#[benchmark]
	fn edit() -> Result<(), BenchmarkError> {
		let (seller, uid) = listed::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(seller), uid, 1, 2, 3);
		assert_eq!(
			Listings::<T>::get(uid).map(|listing| listing.min_term),
			Some(2)
		);
		Ok(())
	}

	#[benchmark]
	fn lead_in() -> Result<(), BenchmarkError> {
		let (seller, uid) = listed::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(seller), uid, Balance::MAX, 1);
		assert!(Listings::<T>::get(uid).is_some_and(|listing| listing.lead_in.is_some()));
		Ok(())
	}

	#[benchmark]
	fn renew() -> Result<(), BenchmarkError> {
		let (holder, uid) = sold::<T>()?;
		let end = Purchases::<T>::get(uid).map(|purchase| purchase.term.end);
		#[extrinsic_call]
		_(RawOrigin::Signed(holder), uid, 1);
		assert!(Purchases::<T>::get(uid).map(|purchase| purchase.term.end) > end);
		Ok(())
	}

	#[benchmark]
	fn set_renewable() -> Result<(), BenchmarkError> {
		let (_, uid) = sold::<T>()?;
		let seller = Purchases::<T>::get(uid).ok_or("it is sold")?.seller;
		#[extrinsic_call]
		_(RawOrigin::Signed(seller), uid, false);
		assert!(Purchases::<T>::get(uid).is_some_and(|purchase| !purchase.renewable));
		Ok(())
	}

	#[benchmark]
	fn set_reservable() -> Result<(), BenchmarkError> {
		let (seller, uid) = listed::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(seller), uid, reservable::<T>());
		assert!(Listings::<T>::get(uid).is_some_and(|listing| listing.reservable.is_some()));
		Ok(())
	}

	#[benchmark]
	fn reserve() -> Result<(), BenchmarkError> {
		let (seller, uid) = listed::<T>()?;
		Pallet::<T>::do_set_reservable(seller, uid, reservable::<T>())?;
		let buyer = rich::<T>("buyer");
		// Two ahead: the call is made in block 1, whatever its preparation was made in.
		let start = Pallet::<T>::now().saturating_add(2);
		#[extrinsic_call]
		_(RawOrigin::Signed(buyer), uid, start, 2, Balance::MAX);
		assert!(Purchases::<T>::get(uid).is_some_and(|purchase| purchase.start == start));
		Ok(())
	}

	/// Replaces an offer.
	#[benchmark]
	fn sublet() -> Result<(), BenchmarkError> {
		let (holder, uid) = offered::<T>()?;
		let until = Pallet::<T>::now().saturating_add(2);
		#[extrinsic_call]
		_(RawOrigin::Signed(holder), uid, 1, until);
		assert_eq!(Sublets::<T>::get(uid).map(|record| record.price), Some(1));
		Ok(())
	}

	#[benchmark]
	fn withdraw_sublet() -> Result<(), BenchmarkError> {
		let (holder, uid) = offered::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(holder), uid);
		assert!(!Sublets::<T>::contains_key(uid));
		Ok(())
	}

	#[benchmark]
	fn take_sublet() -> Result<(), BenchmarkError> {
		let (_, uid) = offered::<T>()?;
		let subtenant = rich::<T>("subtenant");
		#[extrinsic_call]
		_(RawOrigin::Signed(subtenant), uid, Balance::MAX);
		assert!(Pallet::<T>::is_let(uid));
		Ok(())
	}

	/// Pays the landlord, a fee and a refund.
	#[benchmark]
	fn end_sublet() -> Result<(), BenchmarkError> {
		let (_, uid) = offered::<T>()?;
		let subtenant = rich::<T>("subtenant");
		Pallet::<T>::do_take_sublet(subtenant.clone(), uid, Balance::MAX)?;
		pass::<T>(1);
		#[extrinsic_call]
		_(RawOrigin::Signed(subtenant), uid);
		assert!(!Sublets::<T>::contains_key(uid));
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
