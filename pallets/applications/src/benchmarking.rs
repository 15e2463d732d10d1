//! What each call costs at its worst, and what the hooks of leases cost.

use alloc::vec;

use frame_benchmarking::v2::*;
use frame_support::traits::{fungible::Mutate, EnsureOrigin};
use frame_system::RawOrigin;
use sp_runtime::traits::Saturating;
use usufruct_primitives::{
	application::Use, traits::ApplicationUse, ApplicationId, Balance, Hash, LeaseId, NodeId,
	ReleaseId,
};

use crate::*;

/// Sets up what the benchmarks need of other pallets.
pub trait BenchmarkHelper<AccountId> {
	/// Publishes an image with this digest.
	fn publish(digest: Hash);
	/// A machine that is online.
	fn machine() -> NodeId;
}

const IMAGE: Hash = Hash::repeat_byte(7);
const LEASE: LeaseId = 3;

fn account_with_money<T: Config>(name: &'static str) -> T::AccountId {
	let who: T::AccountId = account(name, 0, 0);
	let _: Result<_, _> = T::Currency::mint_into(&who, Balance::MAX >> 8);
	who
}

fn must(result: sp_runtime::DispatchResult) {
	if let Err(error) = result {
		panic!("what a benchmark needs can be set up: {error:?}");
	}
}

fn name() -> Name {
	vec![b'x'; MAX_NAME as usize].try_into().unwrap_or_default()
}

fn text() -> Text {
	vec![b'x'; 256].try_into().unwrap_or_default()
}

/// As much as a release can say.
fn spec() -> ReleaseSpec {
	ReleaseSpec {
		image: IMAGE,
		command: vec![text(); 16].try_into().unwrap_or_default(),
		port: Some(80),
		licence: vec![b'x'; 64].try_into().unwrap_or_default(),
		royalty: 1,
		needs: Needs::default(),
	}
}

fn registered<T: Config>() -> (T::AccountId, ApplicationId) {
	let author = account_with_money::<T>("author");
	let application = NextApplicationId::<T>::get();
	must(Pallet::<T>::do_register(author.clone(), name(), text()));
	(author, application)
}

fn published<T: Config>() -> (T::AccountId, ReleaseId) {
	let (author, application) = registered::<T>();
	T::BenchmarkHelper::publish(IMAGE);
	must(Pallet::<T>::do_publish_release(
		author.clone(),
		application,
		spec(),
	));
	let number = 1;
	(
		author,
		ReleaseId {
			application,
			number,
		},
	)
}

fn curator<T: Config>() -> T::AccountId {
	let curator = account_with_money::<T>("curator");
	must(Pallet::<T>::do_become_curator(curator.clone()));
	curator
}

/// A flag on a release that goes with it.
fn flagged<T: Config>() -> (T::AccountId, ReleaseId) {
	let (author, release) = published::<T>();
	let curator = curator::<T>();
	must(Pallet::<T>::do_judge(
		curator.clone(),
		release,
		Judgement::Flagged {
			reason: FlagReason::Other,
			text: IMAGE,
		},
	));
	must(Pallet::<T>::do_retract_release(author, release));
	(curator, release)
}

/// A lease that runs.
fn running<T: Config>() -> T::AccountId {
	let (_, release) = published::<T>();
	let payer = account_with_money::<T>("payer");
	must(<Pallet<T> as ApplicationUse<_>>::acquire(release));
	must(<Pallet<T> as ApplicationUse<_>>::open(
		LEASE,
		Use {
			release,
			payer: payer.clone(),
			node: T::BenchmarkHelper::machine(),
			until: Pallet::<T>::now().saturating_add(1_000),
		},
	));
	<Pallet<T> as ApplicationUse<_>>::begin(LEASE);
	let later = frame_system::Pallet::<T>::block_number().saturating_add(10u32.into());
	frame_system::Pallet::<T>::set_block_number(later);
	payer
}

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn register() {
		let author = account_with_money::<T>("author");
		#[extrinsic_call]
		_(RawOrigin::Signed(author), name(), text());
		assert!(NamedApplication::<T>::contains_key(name()));
	}

	#[benchmark]
	fn publish_release() {
		let (author, application) = registered::<T>();
		T::BenchmarkHelper::publish(IMAGE);
		#[extrinsic_call]
		_(RawOrigin::Signed(author), application, spec());
		assert!(Releases::<T>::contains_key(application, 1));
	}

	#[benchmark]
	fn retract_release() {
		let (author, release) = published::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(author), release);
		assert!(Pallet::<T>::known(release).is_err());
	}

	#[benchmark]
	fn transfer_application() {
		let (author, application) = registered::<T>();
		let successor: T::AccountId = account("successor", 0, 0);
		#[extrinsic_call]
		_(RawOrigin::Signed(author), application, Some(successor));
		assert!(Applications::<T>::get(application).is_some_and(|one| one.successor.is_some()));
	}

	#[benchmark]
	fn accept_application() {
		let (author, application) = registered::<T>();
		let successor = account_with_money::<T>("successor");
		must(Pallet::<T>::do_transfer(
			author,
			application,
			Some(successor.clone()),
		));
		#[extrinsic_call]
		_(RawOrigin::Signed(successor.clone()), application);
		assert!(Applications::<T>::get(application).is_some_and(|one| one.author == successor));
	}

	#[benchmark]
	fn remove() {
		let (author, application) = registered::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(author), application);
		assert!(!Applications::<T>::contains_key(application));
	}

	#[benchmark]
	fn become_curator() {
		let who = account_with_money::<T>("curator");
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert!(Pallet::<T>::is_curator(&who));
	}

	#[benchmark]
	fn leave() {
		let who = curator::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert!(!Pallet::<T>::is_curator(&who));
	}

	#[benchmark]
	fn attest() {
		let (_, release) = published::<T>();
		let who = curator::<T>();
		let before = Judgement::Flagged {
			reason: FlagReason::Other,
			text: IMAGE,
		};
		must(Pallet::<T>::do_judge(who.clone(), release, before));
		#[extrinsic_call]
		_(RawOrigin::Signed(who), release);
		assert!(Pallet::<T>::known(release).is_ok_and(|one| one.attestations == 1));
	}

	#[benchmark]
	fn flag() {
		let (_, release) = published::<T>();
		let who = curator::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(who), release, FlagReason::Other, IMAGE);
		assert!(Pallet::<T>::known(release).is_ok_and(|one| one.flags == 1));
	}

	#[benchmark]
	fn withdraw_verdict() {
		let (curator, release) = flagged::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(curator), release);
		assert!(Pallet::<T>::known(release).is_err());
	}

	#[benchmark]
	fn clear_verdict() {
		let (curator, release) = flagged::<T>();
		must(Pallet::<T>::do_set_barred(curator.clone(), true));
		let anybody: T::AccountId = account("anybody", 0, 0);
		#[extrinsic_call]
		_(RawOrigin::Signed(anybody), release, curator);
		assert!(Pallet::<T>::known(release).is_err());
	}

	#[benchmark]
	fn set_barred() -> Result<(), BenchmarkError> {
		let origin =
			T::ForceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let who = curator::<T>();
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, who.clone(), true);
		assert!(!Pallet::<T>::is_curator(&who));
		Ok(())
	}

	#[benchmark]
	fn open_royalty() {
		let (_, release) = published::<T>();
		let payer = account_with_money::<T>("payer");
		let of = Use {
			release,
			payer,
			node: T::BenchmarkHelper::machine(),
			until: Pallet::<T>::now().saturating_add(1_000),
		};
		let opened;
		#[block]
		{
			opened = <Pallet<T> as ApplicationUse<_>>::acquire(release)
				.and_then(|()| <Pallet<T> as ApplicationUse<_>>::open(LEASE, of));
		}
		must(opened);
		assert!(Royalties::<T>::contains_key(LEASE));
	}

	#[benchmark]
	fn extend_royalty() {
		running::<T>();
		let other = account_with_money::<T>("other");
		let until = Pallet::<T>::now().saturating_add(2_000);
		let extended;
		#[block]
		{
			extended = <Pallet<T> as ApplicationUse<_>>::extend(LEASE, &other, until);
		}
		must(extended);
		assert!(Royalties::<T>::get(LEASE).is_some_and(|royalty| royalty.payer == other));
	}

	#[benchmark]
	fn close_royalty() {
		running::<T>();
		let release = Royalties::<T>::get(LEASE).map(|royalty| royalty.release);
		#[block]
		{
			<Pallet<T> as ApplicationUse<_>>::close(LEASE, false);
			if let Some(release) = release {
				<Pallet<T> as ApplicationUse<_>>::release(release);
			}
		}
		assert!(!Royalties::<T>::contains_key(LEASE));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
