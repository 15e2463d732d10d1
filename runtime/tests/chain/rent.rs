//! Bob's machines and what Charlie rents of them, by calls.

use pallet_market::Holders;
use pallet_workspaces::{ImageKind, Proposal, Restart, Workload, WorkspaceSpec};
use sp_keyring::Sr25519Keyring::{Bob, Charlie};
use usufruct_primitives::{
	traits::RevenueShares, Capacity, HardwareKind, Hid, IsolationClass, NodeId, Requirement, Uid,
	Vid,
};
use usufruct_runtime::{
	constants::currency::{MILLI, USU},
	presets::CPU_X86_64,
	AccountId, Hash, NodeRegistry, RevenueRights, Runtime, RuntimeCall, RuntimeOrigin, System,
	UseRights, Workspaces,
};

/// The longest term of what is listed, and that of what is leased.
pub(crate) const TERM: u32 = 100;

pub(crate) fn signed(who: sp_keyring::Sr25519Keyring) -> RuntimeOrigin {
	RuntimeOrigin::signed(who.to_account_id())
}

pub(crate) fn hash(number: u64) -> Hash {
	Hash::from_low_u64_be(number)
}

fn capacity(cpu_millis: u32) -> Capacity {
	Capacity {
		cpu_millis,
		memory_mib: cpu_millis,
		disk_mib: 0,
	}
}

/// A machine of Bob that is online, with a processor.
pub(crate) fn machine() -> (NodeId, Hid) {
	let node = pallet_node_registry::NextNodeId::<Runtime>::get();
	let hid = pallet_node_registry::NextHid::<Runtime>::get();
	NodeRegistry::register(signed(Bob), hash(node.into()), Default::default(), 276).unwrap();
	NodeRegistry::heartbeat(signed(Bob), node).unwrap();
	NodeRegistry::add_hardware(
		signed(Bob),
		node,
		CPU_X86_64,
		HardwareKind::Cpu,
		hash(hid),
		capacity(64_000),
	)
	.unwrap();
	(node, hid)
}

/// A resource of it, with the right to use it.
pub(crate) fn minted(hid: Hid) -> (Vid, Uid) {
	let vid = pallet_use_rights::NextVid::<Runtime>::get();
	let uid = pallet_use_rights::NextUid::<Runtime>::get();
	let parts = vec![hid].try_into().unwrap();
	UseRights::create_resource(signed(Bob), parts, capacity(64), IsolationClass::Wasm).unwrap();
	UseRights::mint(signed(Bob), vid).unwrap();
	(vid, uid)
}

pub(crate) fn list(uid: Uid) -> RuntimeCall {
	let vid = <UseRights as usufruct_primitives::traits::ResourceInspect<AccountId>>::vid_of(uid);
	let is_first = !vid.is_some_and(RevenueRights::exists);
	let holder = is_first.then(|| (Bob.to_account_id(), 10_000));
	let holders = Holders::truncate_from(holder.into_iter().collect());
	pallet_market::Call::list {
		uid,
		price: MILLI,
		min_term: 1,
		max_term: TERM,
		holders,
	}
	.into()
}

/// Charlie publishes what it runs.
pub(crate) fn publish() {
	let (digest, kind) = (hash(7), ImageKind::Wasm);
	Workspaces::publish_image(signed(Charlie), digest, kind, Default::default(), 1).unwrap();
}

/// Charlie runs that on a right that is for sale.
pub(crate) fn lease(uid: Uid) {
	let tenant = || signed(Charlie);
	let spec = WorkspaceSpec {
		workload: Workload {
			image: hash(7),
			port: Some(80),
			restart: Restart::OF_SERVICES,
			..Default::default()
		},
		requirement: Requirement {
			capacity: capacity(1),
			max_price: MILLI,
			..Requirement::default()
		},
		replicas: 1,
		term: TERM,
	};
	let request = pallet_workspaces::NextRequestId::<Runtime>::get();
	Workspaces::request(tenant(), spec, USU, 0, 100).unwrap();
	let proposal = Proposal {
		request,
		attempt: 0,
		replica: 0,
		uid,
		computed_at: System::block_number(),
	};
	Workspaces::propose_signed(tenant(), proposal).unwrap();
}
