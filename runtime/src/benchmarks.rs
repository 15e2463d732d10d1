//! What do the calls cost on this chain? Runs every pallet's benchmarks in this runtime.

use alloc::{string::String, vec, vec::Vec};

use frame_benchmarking::{define_benchmarks, BenchmarkBatch, BenchmarkConfig, BenchmarkList};
use frame_support::traits::{
	fungible::Mutate, StorageInfo, StorageInfoTrait, WhitelistedStorageKeys,
};
use pallet_use_rights::Parts;
use sp_runtime::DispatchResult;
use usufruct_primitives::{
	traits::NodeInspect, Capacity, ClassId, HardwareKind, Hid, IsolationClass, NodeId, Uid,
	REVENUE_SHARES,
};

use crate::{
	constants::currency::{MILLI, USU},
	presets::{CPU_X86_64, H200},
	AccountId, AllPalletsWithSystem, Balances, Hash, Market, NodeRegistry, Runtime, RuntimeOrigin,
	UseRights, Workspaces,
};

define_benchmarks!(
	[frame_system, SystemBench::<Runtime>]
	[pallet_applications, crate::Applications]
	[pallet_balances, crate::Balances]
	[pallet_market, crate::Market]
	[pallet_node_registry, crate::NodeRegistry]
	[pallet_pomc_rewards, crate::PomcRewards]
	[pallet_proof_of_compute, crate::ProofOfCompute]
	[pallet_revenue_rights, crate::RevenueRights]
	[pallet_use_rights, crate::UseRights]
	[pallet_validator_set, crate::ValidatorSet]
	[pallet_workspaces, crate::Workspaces]
);

use frame_system_benchmarking::Pallet as SystemBench;

impl frame_system_benchmarking::Config for Runtime {}

/// Which benchmarks there are, and the storage that they may touch.
pub(crate) fn metadata(extra: bool) -> (Vec<BenchmarkList>, Vec<StorageInfo>) {
	let mut list = vec![];
	list_benchmarks!(list, extra);
	(list, AllPalletsWithSystem::storage_info())
}

/// Runs one.
pub(crate) fn dispatch(config: BenchmarkConfig) -> Result<Vec<BenchmarkBatch>, String> {
	let whitelist = AllPalletsWithSystem::whitelisted_storage_keys();
	let mut batches = vec![];
	let params = (&config, &whitelist);
	add_benchmarks!(params, batches);
	Ok(batches)
}

/// What the treasury's own benchmarks spend.
#[derive(Debug)]
pub struct Spending;

impl pallet_treasury::ArgumentsFactory<(), AccountId> for Spending {
	fn create_asset_kind(_: u32) {}

	fn create_beneficiary(seed: [u8; 32]) -> AccountId {
		seed.into()
	}
}

/// Sets up machines and rights by the calls that everybody uses.
#[derive(Debug)]
pub struct Machines;

const CAPACITY: Capacity = Capacity {
	cpu_millis: 8_000,
	memory_mib: 8_192,
	disk_mib: 8_192,
};

fn must(result: DispatchResult) {
	if let Err(error) = result {
		panic!("what a benchmark needs can be set up: {error:?}");
	}
}

fn signed(who: &AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who.clone())
}

/// A machine of the owner, who can pay for it, that is online.
fn machine(owner: &AccountId) -> NodeId {
	must(Balances::mint_into(owner, 1_000 * USU).map(|_| ()));
	let node = pallet_node_registry::NextNodeId::<Runtime>::get();
	let hash = unique(&node);
	must(NodeRegistry::register(
		signed(owner),
		hash,
		Default::default(),
		276,
	));
	must(NodeRegistry::heartbeat(signed(owner), node));
	node
}

fn hardware(
	owner: &AccountId,
	node: NodeId,
	class: ClassId,
	kind: HardwareKind,
	capacity: Capacity,
) -> Hid {
	let hid = pallet_node_registry::NextHid::<Runtime>::get();
	must(NodeRegistry::add_hardware(
		signed(owner),
		node,
		class,
		kind,
		unique(&hid),
		capacity,
	));
	hid
}

/// Never the same for two things of a kind.
fn unique(id: &impl codec::Encode) -> Hash {
	id.using_encoded(sp_io::hashing::blake2_256).into()
}

/// Mints a use right on a processor of the owner, in a machine of its own.
fn minted(owner: &AccountId) -> Uid {
	minted_on(owner, machine(owner))
}

/// Mints a use right on a new processor of the machine.
fn minted_on(owner: &AccountId, node: NodeId) -> Uid {
	<Machines as pallet_use_rights::BenchmarkHelper<_>>::prepare_ledger();
	let cpu = hardware(owner, node, CPU_X86_64, HardwareKind::Cpu, CAPACITY);
	let vid = pallet_use_rights::NextVid::<Runtime>::get();
	let parts = Parts::truncate_from(vec![cpu]);
	must(UseRights::create_resource(
		signed(owner),
		parts,
		CAPACITY,
		IsolationClass::Container,
	));
	let uid = pallet_use_rights::NextUid::<Runtime>::get();
	must(UseRights::mint(signed(owner), vid));
	uid
}

impl pallet_use_rights::BenchmarkHelper<AccountId> for Machines {
	fn hardware(owner: &AccountId, capacity: Capacity, gpus: u32) -> Vec<Hid> {
		let node = machine(owner);
		let mut hids = vec![hardware(
			owner,
			node,
			CPU_X86_64,
			HardwareKind::Cpu,
			capacity,
		)];
		for _ in 0..gpus {
			let memory = Capacity {
				memory_mib: 143_771,
				..Default::default()
			};
			hids.push(hardware(owner, node, H200, HardwareKind::Gpu, memory));
		}
		hids
	}

	fn prepare_ledger() {
		let ledger = crate::configs::ledger_account();
		must(Balances::mint_into(&ledger, USU).map(|_| ()));
	}
}

impl pallet_market::BenchmarkHelper<AccountId> for Machines {
	fn use_right(owner: &AccountId) -> Uid {
		minted(owner)
	}
}

impl pallet_workspaces::BenchmarkHelper<AccountId> for Machines {
	fn listing(seed: u32) -> Uid {
		let owner: AccountId = frame_benchmarking::account("provider", seed, 0);
		let uid = minted(&owner);
		let holders = vec![(owner.clone(), REVENUE_SHARES)];
		let holders = pallet_market::Holders::truncate_from(holders);
		must(Market::list(signed(&owner), uid, MILLI, 1, 1_000, holders));
		uid
	}

	fn take_offline(node: NodeId) {
		if let Some(owner) = NodeRegistry::owner(node) {
			must(NodeRegistry::go_offline(signed(&owner), node));
		}
	}
}

impl pallet_applications::BenchmarkHelper<AccountId> for Machines {
	fn publish(digest: Hash) {
		let author: AccountId = frame_benchmarking::account("publisher", 0, 0);
		must(Balances::mint_into(&author, 1_000 * USU).map(|_| ()));
		must(Workspaces::publish_image(
			signed(&author),
			digest,
			pallet_workspaces::ImageKind::Oci,
			Default::default(),
			1,
		));
	}

	fn machine() -> NodeId {
		let owner: AccountId = frame_benchmarking::account("provider", 0, 0);
		machine(&owner)
	}
}

impl pallet_proof_of_compute::BenchmarkHelper<AccountId> for Machines {
	fn hardware(seed: u32, class: ClassId) -> Hid {
		let owner: AccountId = frame_benchmarking::account("provider", seed, 0);
		let node = machine(&owner);
		hardware(&owner, node, class, HardwareKind::Gpu, CAPACITY)
	}

	fn rent(hid: Hid, tenant: &AccountId) -> Uid {
		let owner = NodeRegistry::hardware(hid)
			.and_then(|info| NodeRegistry::owner(info.node).map(|owner| (info.node, owner)));
		let Some((node, owner)) = owner else {
			panic!("the hardware was added")
		};
		let uid = minted_on(&owner, node);
		let holders = vec![(owner.clone(), REVENUE_SHARES)];
		let holders = pallet_market::Holders::truncate_from(holders);
		must(Market::list(signed(&owner), uid, MILLI, 1, 1_000, holders));
		must(Balances::mint_into(tenant, 1_000 * USU).map(|_| ()));
		must(Market::buy(signed(tenant), uid, 1_000, MILLI));
		uid
	}

	fn occupy(node: NodeId) {
		let listed = pallet_workspaces::LeasesOfNode::<Runtime>::try_append(node, 0);
		must(listed.map_err(|()| sp_runtime::DispatchError::Corruption));
	}
}
