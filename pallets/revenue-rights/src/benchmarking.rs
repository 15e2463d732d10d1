//! What each call costs, in its worst case.

use frame_benchmarking::v2::*;
use frame_support::traits::{
	fungible::{Inspect, Mutate},
	Get,
};
use frame_system::RawOrigin;
use usufruct_primitives::{traits::RevenueShares, Balance, Vid, REVENUE_SHARES};

use crate::{Call, Config, Orders, Pallet, Rights, Shares, Side};

/// A resource that no chain begins with.
const VID: Vid = Vid::MAX;

/// An account that can pay for share records and an income.
fn rich<T: Config>(name: &'static str) -> T::AccountId {
	let who = account(name, 0, 0);
	// Whatever deposits are.
	T::Currency::set_balance(&who, Balance::MAX >> 8);
	who
}

/// Divides evenly, and is enough for an account that does not exist.
fn income<T: Config>() -> Balance {
	T::Currency::minimum_balance()
		.saturating_mul(REVENUE_SHARES.into())
		.max(REVENUE_SHARES.into())
}

/// A right with as many holders as it can begin with, and income that nobody settled. Gives its
/// first holder, who paid for all records.
fn right<T: Config>() -> Result<T::AccountId, BenchmarkError> {
	let records = T::MaxInitialHolders::get().max(1);
	let first = rich::<T>("first");
	let mut holders = alloc::vec![];
	for n in 1..records {
		holders.push((account("holder", n, 0), 1u16));
	}
	let others = u16::try_from(holders.len()).unwrap_or(REVENUE_SHARES);
	holders.insert(0, (first.clone(), REVENUE_SHARES.saturating_sub(others)));
	<Pallet<T> as RevenueShares<_>>::create(VID, &holders)?;
	earn::<T>()?;
	Ok(first)
}

/// Distributes an income. The account that keeps it has something of its own, as on every chain.
fn earn<T: Config>() -> Result<(), BenchmarkError> {
	let account = Pallet::<T>::account();
	if T::Currency::balance(&account) < T::Currency::minimum_balance() {
		T::Currency::set_balance(&account, T::Currency::minimum_balance());
	}
	Pallet::<T>::distribute(VID, &rich::<T>("market"), income::<T>())?;
	Ok(())
}

#[benchmarks]
mod benches {
	use super::*;

	/// To an account without a record, of all shares, with income that is not settled: a record is
	/// made, and one is kept.
	#[benchmark]
	fn transfer() -> Result<(), BenchmarkError> {
		let from = right::<T>()?;
		let shares = Shares::<T>::get(VID, &from)
			.ok_or("it holds shares")?
			.shares;
		let to: T::AccountId = account("receiver", 0, 0);
		#[extrinsic_call]
		_(RawOrigin::Signed(from), VID, to.clone(), shares);
		assert_eq!(
			Shares::<T>::get(VID, to).map(|record| record.shares),
			Some(shares)
		);
		Ok(())
	}

	/// The last income of a former holder: its record is closed and the deposit returns to whoever
	/// paid it.
	#[benchmark]
	fn settle() -> Result<(), BenchmarkError> {
		let first = right::<T>()?;
		let holder = rich::<T>("former");
		Pallet::<T>::do_transfer(VID, first.clone(), holder.clone(), 1)?;
		earn::<T>()?;
		Pallet::<T>::do_transfer(VID, holder.clone(), first, 1)?;
		let paid = Rights::<T>::get(VID).ok_or("it exists")?.paid;
		#[extrinsic_call]
		_(RawOrigin::Signed(holder.clone()), VID);
		assert!(!Shares::<T>::contains_key(VID, holder));
		assert!(Rights::<T>::get(VID).is_some_and(|right| right.paid > paid));
		Ok(())
	}

	/// As `settle`, to an account that does not exist yet.
	#[benchmark]
	fn settle_for() -> Result<(), BenchmarkError> {
		let first = right::<T>()?;
		let holder: T::AccountId = account("nobody", 0, 0);
		Pallet::<T>::do_transfer(VID, first.clone(), holder.clone(), 1)?;
		earn::<T>()?;
		Pallet::<T>::do_transfer(VID, holder.clone(), first.clone(), 1)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(first), VID, holder.clone());
		assert!(!Shares::<T>::contains_key(VID, &holder));
		assert!(T::Currency::balance(&holder) > 0);
		Ok(())
	}

	/// To buy: money is held beside the deposits.
	#[benchmark]
	fn place_order() -> Result<(), BenchmarkError> {
		right::<T>()?;
		let maker = rich::<T>("maker");
		let expires_at = T::MaxOrderLife::get();
		#[extrinsic_call]
		_(RawOrigin::Signed(maker), VID, Side::Buy, 1, 1, expires_at);
		assert!(Orders::<T>::contains_key(VID, 0));
		Ok(())
	}

	/// All of an order to buy: both sides' income is settled, a record is made, and the order ends.
	#[benchmark]
	fn fill_order() -> Result<(), BenchmarkError> {
		let first = right::<T>()?;
		let maker = rich::<T>("maker");
		let price = T::Currency::minimum_balance();
		let expires_at = T::MaxOrderLife::get();
		Pallet::<T>::do_place_order(maker.clone(), VID, Side::Buy, 1, price, expires_at)?;
		earn::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(first), VID, 0, 1);
		assert!(Shares::<T>::contains_key(VID, maker));
		assert!(!Orders::<T>::contains_key(VID, 0));
		Ok(())
	}

	/// To sell: shares return beside the deposit.
	#[benchmark]
	fn cancel_order() -> Result<(), BenchmarkError> {
		let first = right::<T>()?;
		let expires_at = T::MaxOrderLife::get();
		Pallet::<T>::do_place_order(first.clone(), VID, Side::Sell, 1, 1, expires_at)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(first), VID, 0);
		assert!(!Orders::<T>::contains_key(VID, 0));
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
