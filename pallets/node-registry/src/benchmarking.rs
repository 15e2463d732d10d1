//! What each call costs, in its worst case.

use frame_benchmarking::v2::*;
use frame_support::traits::{
	fungible::{Inspect, Mutate},
	EnsureOrigin, Get,
};
use frame_system::RawOrigin;
use sp_runtime::traits::Saturating;
use usufruct_primitives::{
	traits::ScoreInspect, Balance, BlockNumber, Capacity, ClassId, HardwareKind, Hash, Hid, NodeId,
};

use crate::{
	Call, Config, Endpoint, Hardware, NextHid, NextNodeId, NodeStatus, Nodes, Pallet, Standing,
	Standings,
};

/// An account that can pay for a full node.
fn provider<T: Config>() -> T::AccountId {
	let who = account("provider", 0, 0);
	let deposits = T::HardwareDepositAmount::get().saturating_mul(T::MaxHardware::get().into());
	let wanted = T::NodeBond::get()
		.saturating_add(deposits)
		.saturating_mul(4);
	T::Currency::set_balance(
		&who,
		wanted.max(T::Currency::minimum_balance().saturating_mul(4)),
	);
	who
}

/// The longest endpoint.
fn endpoint() -> Endpoint {
	let mut endpoint = Endpoint::new();
	while endpoint.try_push(b'a').is_ok() {}
	endpoint
}

/// A node that is online.
fn node<T: Config>(owner: &T::AccountId) -> Result<NodeId, BenchmarkError> {
	let node = NextNodeId::<T>::get();
	let machine = Hash::repeat_byte(1);
	let origin = RawOrigin::Signed(owner.clone());
	Pallet::<T>::register(origin.clone().into(), machine, endpoint(), 276)?;
	Pallet::<T>::heartbeat(origin.into(), node)?;
	Ok(node)
}

/// Any class that exists: the genesis of every chain has some.
fn class<T: Config>() -> Result<ClassId, BenchmarkError> {
	(ClassId::MIN..=ClassId::MAX)
		.find(|class| T::Classes::class_exists(*class))
		.ok_or(BenchmarkError::Stop("no resource class exists"))
}

fn capacity() -> Capacity {
	Capacity {
		cpu_millis: u32::MAX,
		memory_mib: u32::MAX,
		disk_mib: u32::MAX,
	}
}

fn hardware<T: Config>(owner: &T::AccountId, node: NodeId) -> Result<Hid, BenchmarkError> {
	let hid = NextHid::<T>::get();
	Pallet::<T>::add_hardware(
		RawOrigin::Signed(owner.clone()).into(),
		node,
		class::<T>()?,
		HardwareKind::Cpu,
		Hash::repeat_byte(2),
		capacity(),
	)?;
	Ok(hid)
}

fn dao<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::ForceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

fn pass<T: Config>(blocks: BlockNumber) {
	let now = frame_system::Pallet::<T>::block_number();
	frame_system::Pallet::<T>::set_block_number(now.saturating_add(blocks.into()));
}

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn register() {
		let owner = provider::<T>();
		let id = NextNodeId::<T>::get();
		#[extrinsic_call]
		_(
			RawOrigin::Signed(owner),
			Hash::repeat_byte(1),
			endpoint(),
			276,
		);
		assert!(Nodes::<T>::contains_key(id));
	}

	#[benchmark]
	fn add_hardware() -> Result<(), BenchmarkError> {
		let owner = provider::<T>();
		let node = node::<T>(&owner)?;
		let (class, device) = (class::<T>()?, Hash::repeat_byte(2));
		let id = NextHid::<T>::get();
		#[extrinsic_call]
		_(
			RawOrigin::Signed(owner),
			node,
			class,
			HardwareKind::Cpu,
			device,
			capacity(),
		);
		assert!(Hardware::<T>::contains_key(id));
		Ok(())
	}

	#[benchmark]
	fn heartbeat() -> Result<(), BenchmarkError> {
		let owner = provider::<T>();
		let node = node::<T>(&owner)?;
		pass::<T>(5);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), node);
		assert_eq!(
			Nodes::<T>::get(node).map(|node| node.status),
			Some(NodeStatus::Online)
		);
		Ok(())
	}

	#[benchmark]
	fn go_offline() -> Result<(), BenchmarkError> {
		let owner = provider::<T>();
		let node = node::<T>(&owner)?;
		pass::<T>(5);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), node);
		assert_eq!(
			Nodes::<T>::get(node).map(|node| node.status),
			Some(NodeStatus::Offline)
		);
		Ok(())
	}

	#[benchmark]
	fn retire() -> Result<(), BenchmarkError> {
		let owner = provider::<T>();
		let node = node::<T>(&owner)?;
		pass::<T>(5);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), node);
		let retiring = |status| matches!(status, NodeStatus::Retiring { .. });
		assert!(Nodes::<T>::get(node).is_some_and(|node| retiring(node.status)));
		Ok(())
	}

	#[benchmark]
	fn withdraw_bond() -> Result<(), BenchmarkError> {
		let owner = provider::<T>();
		let node = node::<T>(&owner)?;
		Pallet::<T>::retire(RawOrigin::Signed(owner.clone()).into(), node)?;
		pass::<T>(T::UnbondingDelay::get());
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), node);
		assert!(!Nodes::<T>::contains_key(node));
		Ok(())
	}

	#[benchmark]
	fn remove_hardware() -> Result<(), BenchmarkError> {
		let owner = provider::<T>();
		let node = node::<T>(&owner)?;
		let hid = hardware::<T>(&owner, node)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), node, hid);
		assert!(!Hardware::<T>::contains_key(hid));
		Ok(())
	}

	#[benchmark]
	fn set_endpoint() -> Result<(), BenchmarkError> {
		let owner = provider::<T>();
		let node = node::<T>(&owner)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), node, endpoint());
		assert_eq!(
			Nodes::<T>::get(node).map(|node| node.endpoint),
			Some(endpoint())
		);
		Ok(())
	}

	#[benchmark]
	fn force_suspend() -> Result<(), BenchmarkError> {
		let node = node::<T>(&provider::<T>())?;
		let origin = dao::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, node);
		assert_eq!(
			Nodes::<T>::get(node).map(|node| node.status),
			Some(NodeStatus::Suspended)
		);
		Ok(())
	}

	#[benchmark]
	fn force_reinstate() -> Result<(), BenchmarkError> {
		let node = node::<T>(&provider::<T>())?;
		let origin = dao::<T>()?;
		Pallet::<T>::force_suspend(origin.clone(), node)?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, node);
		assert_eq!(
			Nodes::<T>::get(node).map(|node| node.status),
			Some(NodeStatus::Offline)
		);
		Ok(())
	}

	#[benchmark]
	fn top_up_bond() -> Result<(), BenchmarkError> {
		let owner = provider::<T>();
		let node = node::<T>(&owner)?;
		let amount: Balance = T::NodeBond::get();
		let bond = amount.saturating_mul(2);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), node, amount);
		assert_eq!(Nodes::<T>::get(node).map(|node| node.bond), Some(bond));
		Ok(())
	}

	#[benchmark]
	fn set_standing() -> Result<(), BenchmarkError> {
		let provider = provider::<T>();
		let origin = dao::<T>()?;
		#[extrinsic_call]
		_(
			origin as T::RuntimeOrigin,
			provider.clone(),
			Some(Standing::Admitted),
		);
		assert_eq!(Standings::<T>::get(provider), Some(Standing::Admitted));
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
