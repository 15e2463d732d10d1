//! What each call costs, in its worst case: as many candidates as there may be, all with keys.

use alloc::{vec, vec::Vec};

use codec::Decode;
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{
		fungible::{Inspect, Mutate},
		EnsureOrigin, Get, ValidatorRegistration,
	},
	weights::Weight,
};
use frame_system::RawOrigin;
use pallet_session::SessionInterface;
use sp_runtime::{
	traits::{BlakeTwo256, Hash, Saturating},
	Perbill,
};
use sp_staking::offence::{OffenceDetails, OnOffenceHandler};
use usufruct_primitives::Balance;

use crate::{Call, Candidate, Candidates, Config, Pallet};

type SessionKeysOf<T> = <T as pallet_session::Config>::Keys;

/// A bond that is certainly enough.
fn bond<T: Config>() -> Balance {
	let existential = <T as Config>::Currency::minimum_balance();
	T::MinimumBond::get().max(existential).saturating_mul(2)
}

/// An account with money and session keys of its own.
fn keyed<T>(index: u32) -> Result<T::AccountId, BenchmarkError>
where
	T: Config
		+ pallet_session::Config<ValidatorId = <T as frame_system::Config>::AccountId>
		+ pallet_session::historical::Config,
{
	let who: T::AccountId = account("candidate", index, 0);
	let money = bond::<T>().saturating_mul(10);
	<T as Config>::Currency::set_balance(&who, money);
	let seed = BlakeTwo256::hash_of(&("keys", index));
	let bytes = seed.as_bytes().repeat(64);
	let keys = SessionKeysOf::<T>::decode(&mut &bytes[..])
		.map_err(|_| BenchmarkError::Stop("session keys are longer than 2 KiB"))?;
	<pallet_session::Pallet<T> as SessionInterface>::set_keys(&who, keys)?;
	assert!(<T as Config>::Keys::is_registered(&who));
	Ok(who)
}

/// Fills the set with admitted candidates; gives one of them, who has bonded.
fn full_set<T>() -> Result<T::AccountId, BenchmarkError>
where
	T: Config
		+ pallet_session::Config<ValidatorId = <T as frame_system::Config>::AccountId>
		+ pallet_session::historical::Config,
{
	let last = candidate::<T>()?;
	Pallet::<T>::force_add(dao::<T>()?, last.clone())?;
	for index in 1..=T::MaxCandidates::get() {
		if Candidates::<T>::count() >= T::MaxCandidates::get() {
			break;
		}
		Candidates::<T>::insert(keyed::<T>(index)?, Candidate::new(0, true));
	}
	Ok(last)
}

/// Somebody who has joined.
fn candidate<T>() -> Result<T::AccountId, BenchmarkError>
where
	T: Config
		+ pallet_session::Config<ValidatorId = <T as frame_system::Config>::AccountId>
		+ pallet_session::historical::Config,
{
	let who = keyed::<T>(0)?;
	Pallet::<T>::join(RawOrigin::Signed(who.clone()).into(), bond::<T>())?;
	Ok(who)
}

fn dao<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::ForceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

#[benchmarks(
	where
		T: pallet_session::Config<ValidatorId = <T as frame_system::Config>::AccountId>
			+ pallet_session::historical::Config,
)]
mod benches {
	use super::*;

	#[benchmark]
	fn join() -> Result<(), BenchmarkError> {
		let who = keyed::<T>(0)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), bond::<T>());
		assert!(Candidates::<T>::contains_key(&who));
		Ok(())
	}

	#[benchmark]
	fn bond_more() -> Result<(), BenchmarkError> {
		let who = candidate::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), bond::<T>());
		let expected = bond::<T>().saturating_mul(2);
		assert_eq!(Candidates::<T>::get(&who).map(|c| c.bond), Some(expected));
		Ok(())
	}

	#[benchmark]
	fn leave() -> Result<(), BenchmarkError> {
		let who = full_set::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert!(Candidates::<T>::get(&who).is_some_and(|c| c.left_at.is_some()));
		Ok(())
	}

	#[benchmark]
	fn withdraw() -> Result<(), BenchmarkError> {
		let who = candidate::<T>()?;
		Pallet::<T>::leave(RawOrigin::Signed(who.clone()).into())?;
		let now = frame_system::Pallet::<T>::block_number();
		let later = now.saturating_add(T::UnbondingDelay::get().into());
		frame_system::Pallet::<T>::set_block_number(later);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert!(!Candidates::<T>::contains_key(&who));
		Ok(())
	}

	#[benchmark]
	fn force_add() -> Result<(), BenchmarkError> {
		let who = candidate::<T>()?;
		let origin = dao::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, who.clone());
		assert!(Candidates::<T>::get(&who).is_some_and(|c| c.admitted));
		Ok(())
	}

	#[benchmark]
	fn force_remove() -> Result<(), BenchmarkError> {
		let who = full_set::<T>()?;
		let origin = dao::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, who.clone());
		assert!(Candidates::<T>::get(&who).is_some_and(|c| c.left_at.is_some()));
		Ok(())
	}

	/// One offender of a full set, slashed and disabled.
	#[benchmark]
	fn slash() -> Result<(), BenchmarkError> {
		let who = full_set::<T>()?;
		let treasury = T::Treasury::get();
		<T as Config>::Currency::set_balance(&treasury, bond::<T>());
		let validators: Vec<T::AccountId> = Pallet::<T>::validators();
		pallet_session::Validators::<T>::put(validators);
		let details = vec![OffenceDetails {
			offender: (who.clone(), who.clone()),
			reporters: Vec::<T::AccountId>::new(),
		}];
		#[block]
		{
			let _: Weight = Pallet::<T>::on_offence(&details, &[Perbill::one()], 0);
		}
		assert_eq!(Candidates::<T>::get(&who).map(|c| c.bond), Some(0));
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
