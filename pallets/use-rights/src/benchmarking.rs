//! What each call costs, in its worst case.

use alloc::vec::Vec;

use frame_benchmarking::v2::*;
use frame_support::traits::fungible::Mutate;
use frame_system::RawOrigin;
use usufruct_primitives::{
	traits::UseRightSale, Balance, BlockNumber, Capacity, Hid, IsolationClass, Uid, Vid, MAX_PARTS,
};

use crate::{Call, Config, NextUid, NextVid, Pallet, Parts, Resources, UseRights};

/// Sets up what the benchmarks need of other pallets.
pub trait BenchmarkHelper<AccountId> {
	/// Registers a machine of the owner with a processor of at least the given capacity and with so
	/// many GPUs, and gives the processor, then the GPUs. Gives the owner what that costs. Called
	/// once in a benchmark.
	fn hardware(owner: &AccountId, capacity: Capacity, gpus: u32) -> Vec<Hid>;
	/// Lets the first right be shown: gives the ledger's account what a collection costs.
	fn prepare_ledger();
}

const CAPACITY: Capacity = Capacity {
	cpu_millis: 1_000,
	memory_mib: 1_024,
	disk_mib: 1_024,
};

/// An account that can pay for a resource.
fn provider<T: Config>() -> T::AccountId {
	let who = account("provider", 0, 0);
	// Whatever deposits are.
	T::Currency::set_balance(&who, Balance::MAX >> 8);
	who
}

/// A processor and as many GPUs as a resource can have.
fn parts<T: Config>(owner: &T::AccountId) -> Parts {
	let hids = T::BenchmarkHelper::hardware(owner, CAPACITY, MAX_PARTS.saturating_sub(1));
	Parts::truncate_from(hids)
}

fn resource<T: Config>(owner: &T::AccountId) -> Result<Vid, BenchmarkError> {
	let parts = parts::<T>(owner);
	let vid = NextVid::<T>::get();
	Pallet::<T>::do_create_resource(owner.clone(), parts, CAPACITY, IsolationClass::Vm)?;
	Ok(vid)
}

fn minted<T: Config>(owner: &T::AccountId) -> Result<(Vid, Uid), BenchmarkError> {
	T::BenchmarkHelper::prepare_ledger();
	let vid = resource::<T>(owner)?;
	let uid = NextUid::<T>::get();
	Pallet::<T>::do_mint(owner.clone(), vid)?;
	Ok((vid, uid))
}

#[benchmarks]
mod benches {
	use super::*;

	/// A processor and seven GPUs.
	#[benchmark]
	fn create_resource() {
		let owner = provider::<T>();
		let parts = parts::<T>(&owner);
		let vid = NextVid::<T>::get();
		#[extrinsic_call]
		_(
			RawOrigin::Signed(owner),
			parts,
			CAPACITY,
			IsolationClass::Vm,
		);
		let gpus = Resources::<T>::get(vid).map(|record| u32::from(record.gpus));
		assert_eq!(gpus, Some(MAX_PARTS.saturating_sub(1)));
	}

	#[benchmark]
	fn remove_resource() -> Result<(), BenchmarkError> {
		let owner = provider::<T>();
		let vid = resource::<T>(&owner)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), vid);
		assert!(!Resources::<T>::contains_key(vid));
		Ok(())
	}

	/// The first, which creates the collection.
	#[benchmark]
	fn mint() -> Result<(), BenchmarkError> {
		T::BenchmarkHelper::prepare_ledger();
		let owner = provider::<T>();
		let vid = resource::<T>(&owner)?;
		let uid = NextUid::<T>::get();
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), vid);
		assert!(UseRights::<T>::contains_key(uid));
		Ok(())
	}

	#[benchmark]
	fn burn() -> Result<(), BenchmarkError> {
		let owner = provider::<T>();
		let (vid, uid) = minted::<T>(&owner)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), uid);
		assert!(!UseRights::<T>::contains_key(uid));
		assert!(Resources::<T>::get(vid).is_some_and(|record| record.bound.is_none()));
		Ok(())
	}

	#[benchmark]
	fn transfer() -> Result<(), BenchmarkError> {
		let owner = provider::<T>();
		let (_, uid) = minted::<T>(&owner)?;
		let (buyer, to): (T::AccountId, T::AccountId) =
			(account("buyer", 0, 0), account("receiver", 0, 0));
		Pallet::<T>::offer(uid, &owner)?;
		Pallet::<T>::sell(uid, &buyer, 0, BlockNumber::MAX)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(buyer), uid, to.clone());
		assert_eq!(UseRights::<T>::get(uid).map(|right| right.holder), Some(to));
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
