//! What each call costs at its worst.

use alloc::{vec, vec::Vec};

use frame_benchmarking::v2::*;
use frame_support::{
	pallet_prelude::TransactionSource,
	traits::{fungible::Mutate, Authorize, Get},
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_core::H256;
use usufruct_primitives::{
	traits::{Marketplace, NodeInspect},
	Balance, BlockNumber, Filter, LeaseId, Listed, NodeId, RequestId, Requirement, Scopes, Uid,
};

use crate::*;

/// Sets up what the benchmarks need of other pallets.
pub trait BenchmarkHelper<AccountId> {
	/// Offers a use right of a new machine that is online, isolated as a container, for any term up
	/// to 1,000 blocks. The same seed is used once.
	fn listing(seed: u32) -> Uid;
	/// Takes a machine offline.
	fn take_offline(node: NodeId);
}

const IMAGE: H256 = H256::repeat_byte(7);
const TERM: BlockNumber = 1_000;

fn account_with_money<T: Config>(name: &'static str) -> T::AccountId {
	let who: T::AccountId = account(name, 0, 0);
	let rich = Balance::MAX >> 8;
	let _: Result<_, _> = T::Currency::mint_into(&who, rich);
	who
}

fn listing<T: Config>(seed: u32) -> (Uid, Balance) {
	let uid = T::BenchmarkHelper::listing(seed);
	(
		uid,
		T::Market::listing(uid).map_or(1, |listing| listing.price),
	)
}

fn publish<T: Config>() -> T::AccountId {
	let author = account_with_money::<T>("author");
	let reference = vec![b'x'; 256].try_into().unwrap_or_default();
	let origin = RawOrigin::Signed(author.clone()).into();
	let _: sp_runtime::DispatchResult =
		Pallet::<T>::publish_image(origin, IMAGE, ImageKind::Oci, reference, 1);
	author
}

/// `N` of something, ascending.
fn listed<T, const N: usize>(entry: impl Fn(u8) -> T) -> Listed<T>
where
	T: Ord,
{
	let mut all: Vec<T> = (1..=N as u8).map(entry).collect();
	all.sort();
	all.try_into().unwrap_or_default()
}

/// As long as one can be.
fn workload(port: u16) -> Workload {
	let word: Text = vec![b'x'; 256].try_into().unwrap_or_default();
	let path = vec![b'/'; 128].try_into().unwrap_or_default();
	Workload {
		image: IMAGE,
		release: None,
		command: vec![word; 16].try_into().unwrap_or_default(),
		port: Some(port),
		health: Some(HealthCheck {
			probe: HealthProbe::Http { path },
			every: 10,
			timeout: 5,
			failures: 3,
			grace: 60,
		}),
		restart: Restart::OF_SERVICES,
	}
}

/// As much as a requirement can say, so that all of it is judged.
fn spec<T: Config>(replicas: u8, price: Balance) -> WorkspaceSpec<T::AccountId> {
	WorkspaceSpec {
		workload: workload(80),
		requirement: Requirement {
			max_price: price,
			providers: Filter::Except(listed::<_, 8>(|seed| account("denied", seed.into(), 0))),
			apart: Scopes {
				node: true,
				..Default::default()
			},
			..Default::default()
		},
		replicas,
		term: TERM,
	}
}

/// A request with a window of a block; gives the tenant and the request.
fn open<T: Config>(replicas: u8, price: Balance) -> (T::AccountId, RequestId) {
	publish::<T>();
	let tenant = account_with_money::<T>("tenant");
	let id = NextRequestId::<T>::get();
	let origin = RawOrigin::Signed(tenant.clone()).into();
	let lifetime = T::MaxLifetime::get();
	Pallet::<T>::request(
		origin,
		spec::<T>(replicas, price),
		Balance::MAX,
		1,
		lifetime,
	)
	.unwrap_or_else(|error| panic!("a request is possible: {error:?}"));
	(tenant, id)
}

fn proposal<T: Config>(request: RequestId, replica: u8, uid: Uid) -> Proposal {
	Proposal {
		request,
		attempt: 0,
		replica,
		uid,
		computed_at: Pallet::<T>::now(),
	}
}

fn propose<T: Config>(request: RequestId, replica: u8, uid: Uid) {
	// Who is paid whenever the lease pays.
	let matcher: T::AccountId = account("matcher", 0, 0);
	Pallet::<T>::do_propose(proposal::<T>(request, replica, uid), Some(matcher))
		.unwrap_or_else(|error| panic!("a proposal is valid: {error:?}"));
}

fn pass<T: Config>(blocks: BlockNumber)
where
	BlockNumberFor<T>: From<u32>,
{
	let now = Pallet::<T>::now().saturating_add(blocks);
	frame_system::Pallet::<T>::set_block_number(now.into());
}

/// A lease; gives it with its tenant.
fn leased<T: Config>() -> (T::AccountId, LeaseId)
where
	BlockNumberFor<T>: From<u32>,
{
	let (uid, price) = listing::<T>(1);
	let (tenant, request) = open::<T>(1, price);
	pass::<T>(1);
	propose::<T>(request, 0, uid);
	(tenant, NextLeaseId::<T>::get().saturating_sub(1))
}

/// A request whose window is over, with two proposals for each replica; gives a further listing.
fn contested<T: Config>(replicas: u8) -> (RequestId, Uid)
where
	BlockNumberFor<T>: From<u32>,
{
	let (further, price) = listing::<T>(1);
	let (_, request) = open::<T>(replicas, price);
	for replica in 0..replicas {
		for second in 0..2 {
			let seed = u32::from(replica).saturating_mul(2).saturating_add(second);
			let (uid, _) = listing::<T>(seed.saturating_add(2));
			// The second of two equals may rank lower: it becomes the runner-up.
			propose::<T>(request, replica, uid);
		}
	}
	pass::<T>(1);
	(request, further)
}

#[benchmarks(where BlockNumberFor<T>: From<u32>)]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn publish_image() {
		let author = account_with_money::<T>("author");
		let reference = vec![b'x'; 256].try_into().unwrap_or_default();

		#[extrinsic_call]
		_(
			RawOrigin::Signed(author),
			IMAGE,
			ImageKind::Oci,
			reference,
			1,
		);

		assert!(Images::<T>::contains_key(IMAGE));
	}

	#[benchmark]
	fn retract_image() {
		let author = publish::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(author), IMAGE);

		assert!(!Images::<T>::contains_key(IMAGE));
	}

	#[benchmark]
	fn request() {
		publish::<T>();
		let tenant = account_with_money::<T>("tenant");
		let lifetime = T::MaxLifetime::get();

		#[extrinsic_call]
		_(
			RawOrigin::Signed(tenant),
			spec::<T>(8, 1),
			Balance::MAX,
			1,
			lifetime,
		);

		assert_eq!(OpenRequests::<T>::iter().count(), 1);
	}

	#[benchmark]
	fn cancel_request() {
		let (tenant, id) = open::<T>(8, 1);

		#[extrinsic_call]
		_(RawOrigin::Signed(tenant), id);

		assert!(!Requests::<T>::contains_key(id));
	}

	#[benchmark]
	fn propose() {
		let (id, uid) = contested::<T>(1);
		let best = proposal::<T>(id, 0, uid);

		#[extrinsic_call]
		_(RawOrigin::Authorized, best);

		assert_eq!(Leases::<T>::iter().count(), 1);
	}

	#[benchmark]
	fn authorize_propose() {
		let (id, uid) = contested::<T>(1);
		let call = Call::<T>::propose {
			proposal: proposal::<T>(id, 0, uid),
		};
		let authorized;

		#[block]
		{
			authorized = call.authorize(TransactionSource::InBlock);
		}

		assert!(authorized.is_some_and(|validity| validity.is_ok()));
	}

	#[benchmark]
	fn settle() {
		let (id, _) = contested::<T>(8);

		#[extrinsic_call]
		_(RawOrigin::Authorized, id);

		assert_eq!(Leases::<T>::iter().count(), 8);
	}

	#[benchmark]
	fn authorize_settle() {
		let (id, _) = contested::<T>(8);
		let call = Call::<T>::settle { request: id };
		let authorized;

		#[block]
		{
			authorized = call.authorize(TransactionSource::InBlock);
		}

		assert!(authorized.is_some_and(|validity| validity.is_ok()));
	}

	#[benchmark]
	fn report_progress() -> Result<(), BenchmarkError> {
		let (_, lease) = leased::<T>();
		let record = Leases::<T>::get(lease).ok_or("there is a lease")?;
		let owner = T::Nodes::owner(record.node).ok_or("its machine has an owner")?;
		let progress = Progress::Failed {
			reason: FailureReason::NoSpace,
		};

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), lease, 0, progress);

		assert!(!Leases::<T>::contains_key(lease));
		Ok(())
	}

	#[benchmark]
	fn terminate() {
		let (tenant, lease) = leased::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(tenant), lease);

		assert!(!Leases::<T>::contains_key(lease));
	}

	#[benchmark]
	fn expire() -> Result<(), BenchmarkError> {
		let (_, lease) = leased::<T>();
		let record = Leases::<T>::get(lease).ok_or("there is a lease")?;
		T::BenchmarkHelper::take_offline(record.node);

		#[extrinsic_call]
		_(RawOrigin::Authorized, lease);

		assert!(OpenRequests::<T>::contains_key(record.request));
		Ok(())
	}

	#[benchmark]
	fn authorize_expire() -> Result<(), BenchmarkError> {
		let (_, lease) = leased::<T>();
		let record = Leases::<T>::get(lease).ok_or("there is a lease")?;
		T::BenchmarkHelper::take_offline(record.node);
		let call = Call::<T>::expire { lease };
		let authorized;

		#[block]
		{
			authorized = call.authorize(TransactionSource::InBlock);
		}

		assert!(authorized.is_some_and(|validity| validity.is_ok()));
		Ok(())
	}

	#[benchmark]
	fn expire_request() {
		let (_, id) = open::<T>(8, 1);
		pass::<T>(T::MaxLifetime::get());

		#[extrinsic_call]
		_(RawOrigin::Authorized, id);

		assert!(!Requests::<T>::contains_key(id));
	}

	#[benchmark]
	fn authorize_expire_request() {
		let (_, id) = open::<T>(8, 1);
		pass::<T>(T::MaxLifetime::get());
		let call = Call::<T>::expire_request { request: id };
		let authorized;

		#[block]
		{
			authorized = call.authorize(TransactionSource::InBlock);
		}

		assert!(authorized.is_some_and(|validity| validity.is_ok()));
	}

	#[benchmark]
	fn run() -> Result<(), BenchmarkError> {
		publish::<T>();
		let (uid, _) = listing::<T>(1);
		let tenant = account_with_money::<T>("tenant");
		T::Market::buy(uid, &tenant, TERM, None)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(tenant), uid, workload(80));

		assert!(LeaseOfUid::<T>::contains_key(uid));
		Ok(())
	}

	#[benchmark]
	fn update() {
		let (id, _) = contested::<T>(8);
		let _: sp_runtime::DispatchResult = Pallet::<T>::do_settle(id);
		let tenant = account_with_money::<T>("tenant");

		#[extrinsic_call]
		_(RawOrigin::Signed(tenant), id, workload(81));

		assert!(Requests::<T>::get(id).is_some_and(|record| record.revision == 1));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
