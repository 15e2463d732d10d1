//! What each call costs at its worst.

use frame_benchmarking::v2::*;
use frame_support::{
	traits::{fungible::Mutate, EnsureOrigin, Get, Hooks},
	BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_runtime::Permill;
use usufruct_primitives::Balance;

use crate::*;

const RULES: RewardRules = RewardRules {
	era: 10,
	claim_eras: MAX_CLAIM_ERAS,
	network: 100,
	validators: 100,
	tasks: 100,
	rebate: Permill::from_percent(80),
	provider: Permill::from_percent(50),
};

fn points(each: u128) -> Points {
	Points {
		network: each,
		validators: each,
		tasks: each,
	}
}

fn rich<T: Config>(name: &'static str) -> T::AccountId {
	let who = account(name, 0, 0);
	T::Currency::set_balance(&who, Balance::MAX >> 8);
	who
}

fn closed(era: EraIndex) -> ClosedEra {
	ClosedEra {
		claim_until: era.saturating_add(MAX_CLAIM_ERAS),
		points: points(200),
		unclaimed: points(200),
		issued: Issued {
			network: 1 << 60,
			validators: 1 << 60,
			tasks: 1 << 60,
		},
		paid: 0,
	}
}

/// An account that earned in as many eras as can be claimed, and in the one under way.
fn earned<T: Config>() -> T::AccountId {
	let who = rich::<T>("provider");
	let treasury = T::Treasury::get();
	T::Currency::set_balance(&treasury, 1 << 60);
	T::Currency::set_balance(&Pallet::<T>::account(), Balance::MAX >> 8);
	let eras = MAX_CLAIM_ERAS.saturating_add(1);
	(0..eras).for_each(|era| Closed::<T>::insert(era, closed(era)));
	NextEra::<T>::put(eras.saturating_add(1));
	NextRules::<T>::put(RULES);
	Current::<T>::put(CurrentEra {
		era: eras,
		began_at: 1,
		rules: RULES,
		points: points(1),
	});
	let earnings = (0..=eras).map(|era| Earned {
		era,
		points: points(1),
	});
	EarnedBy::<T>::insert(&who, BoundedVec::truncate_from(earnings.collect()));
	who
}

#[benchmarks(where BlockNumberFor<T>: From<u32>)]
mod benches {
	use super::*;

	#[benchmark]
	fn set_rules() -> Result<(), BenchmarkError> {
		let origin =
			T::ForceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, RULES);

		assert_eq!(NextRules::<T>::get(), RULES);
		Ok(())
	}

	#[benchmark]
	fn claim() -> Result<(), BenchmarkError> {
		let who = earned::<T>();
		let payee = rich::<T>("payee");
		let origin = RawOrigin::Signed(who.clone());
		Pallet::<T>::set_payee(origin.clone().into(), Some(payee))?;

		#[extrinsic_call]
		_(origin);

		assert_eq!(EarnedBy::<T>::get(&who).len(), 1);
		Ok(())
	}

	#[benchmark]
	fn set_payee() {
		let who = rich::<T>("provider");
		let payee: T::AccountId = account("payee", 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), Some(payee));

		assert!(Payees::<T>::contains_key(&who));
	}

	/// An account that earned in many eras earns once more.
	#[benchmark]
	fn earn() {
		let who = earned::<T>();

		#[block]
		{
			Pallet::<T>::note_author(&who);
		}

		let last = EarnedBy::<T>::get(&who)
			.last()
			.map(|earned| earned.points.validators);
		assert_eq!(last, Some(2));
	}

	/// An era ends, another begins, and one is forgotten.
	#[benchmark]
	fn on_initialize() {
		earned::<T>();
		let block = BlockNumberFor::<T>::from(RULES.era.saturating_add(1));
		frame_system::Pallet::<T>::set_block_number(block);

		#[block]
		{
			Pallet::<T>::on_initialize(block);
		}

		assert!(!Closed::<T>::contains_key(0));
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
