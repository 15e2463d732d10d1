//! What does it cost to rent, against a transfer? The calls of one settled rent cycle by their declared fees and by the
//! time that they take here; income for one holder and for 10,000; bytes of state per machine, listing and lease.
//!
//! `cargo bench -p usufruct-runtime --bench costs`
#![allow(
	clippy::print_stdout,
	clippy::unwrap_used,
	reason = "it prints, and ends where it cannot"
)]

#[path = "../tests/chain/mod.rs"]
mod chain;

use std::time::{Duration, Instant};

use frame_support::dispatch::GetDispatchInfo;
use pallet_market::Holders;
use pallet_workspaces::{ImageKind, Proposal, WorkspaceSpec};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie};
use sp_runtime::traits::Dispatchable;
use usufruct_primitives::{
	traits::RevenueShares, Capacity, HardwareKind, Hid, IsolationClass, NodeId, Requirement, Uid,
	Vid,
};
use usufruct_runtime::{
	constants::currency::{MILLI, USU},
	presets::{self, CPU_X86_64},
	AccountId, Hash, NodeRegistry, RevenueRights, Runtime, RuntimeCall, RuntimeOrigin, System,
	UseRights, Workspaces,
};

/// How often each is measured; the median counts.
const TIMES: usize = 501;
const TERM: u32 = 100;

fn signed(who: sp_keyring::Sr25519Keyring) -> RuntimeOrigin {
	RuntimeOrigin::signed(who.to_account_id())
}

fn hash(number: u64) -> Hash {
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
fn machine() -> (NodeId, Hid) {
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
fn minted(hid: Hid) -> (Vid, Uid) {
	let vid = pallet_use_rights::NextVid::<Runtime>::get();
	let uid = pallet_use_rights::NextUid::<Runtime>::get();
	let parts = vec![hid].try_into().unwrap();
	UseRights::create_resource(signed(Bob), parts, capacity(64), IsolationClass::Wasm).unwrap();
	UseRights::mint(signed(Bob), vid).unwrap();
	(vid, uid)
}

fn list(uid: Uid) -> RuntimeCall {
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

/// The time and the declared weight of a call.
fn run(who: sp_keyring::Sr25519Keyring, call: RuntimeCall) -> (Duration, u64) {
	let weight = call.get_dispatch_info().call_weight.ref_time();
	let begun = Instant::now();
	call.dispatch(signed(who)).unwrap();
	(begun.elapsed(), weight)
}

fn pass(blocks: u32) {
	System::set_block_number(System::block_number() + blocks);
	System::reset_events();
}

fn median(mut times: Vec<Duration>) -> Duration {
	times.sort_unstable();
	times[times.len() / 2]
}

fn transfer() -> (Duration, u64) {
	let call: RuntimeCall = pallet_balances::Call::transfer_keep_alive {
		dest: Charlie.to_account_id().into(),
		value: MILLI,
	}
	.into();
	let weight = call.get_dispatch_info().call_weight.ref_time();
	let times = (0..TIMES).map(|_| run(Alice, call.clone()).0).collect();
	(median(times), weight)
}

/// A right is listed, bought, paid for, its income settled, and it ends: one line for each call.
fn cycle(hid: Hid) -> Vec<(&'static str, Duration, u64)> {
	let (vid, first) = minted(hid);
	let mut names = Vec::new();
	let mut times: Vec<Vec<Duration>> = Vec::new();
	let mut uid = first;
	for _ in 0..TIMES {
		let steps: [(&str, _, RuntimeCall); 5] = [
			("market.list", Bob, list(uid)),
			(
				"market.buy",
				Charlie,
				pallet_market::Call::buy {
					uid,
					term: TERM,
					max_price: MILLI,
				}
				.into(),
			),
			(
				"market.accrue",
				Bob,
				pallet_market::Call::accrue { uid }.into(),
			),
			(
				"revenueRights.settle",
				Bob,
				pallet_revenue_rights::Call::settle { vid }.into(),
			),
			(
				"market.cancel",
				Charlie,
				pallet_market::Call::cancel { uid }.into(),
			),
		];
		names.clear();
		for (number, (name, who, call)) in steps.into_iter().enumerate() {
			let (took, weight) = run(who, call);
			names.push((name, weight));
			times.resize_with(times.len().max(number + 1), Vec::new);
			times[number].push(took);
			pass(1);
		}
		uid = pallet_use_rights::NextUid::<Runtime>::get();
		UseRights::mint(signed(Bob), vid).unwrap();
		NodeRegistry::heartbeat(signed(Bob), 0).unwrap();
	}
	let medians = times.into_iter().map(median);
	names
		.into_iter()
		.zip(medians)
		.map(|((name, weight), time)| (name, time, weight))
		.collect()
}

/// What it takes to give income to so many holders.
fn income(vid: Vid, holders: u32) -> Duration {
	RevenueRights::create(vid, &[(Bob.to_account_id(), 10_000)]).unwrap();
	for number in 1..holders {
		let holder = AccountId::from(hash(number.into()).0);
		RevenueRights::transfer(signed(Bob), vid, holder, 1).unwrap();
	}
	let market = Alice.to_account_id();
	let times = (0..TIMES).map(|_| {
		let begun = Instant::now();
		RevenueRights::distribute(vid, &market, MILLI).unwrap();
		begun.elapsed()
	});
	let median = median(times.collect());
	System::reset_events();
	median
}

/// Keys and values of the whole state.
fn state_bytes() -> usize {
	let mut bytes = 0;
	let mut key = Vec::new();
	while let Some(next) = sp_io::storage::next_key(&key) {
		bytes += next.len() + sp_io::storage::get(&next).map_or(0, |value| value.len());
		key = next;
	}
	bytes
}

/// What the step adds to the state, events left out.
fn bytes_of(step: impl FnOnce()) -> usize {
	System::reset_events();
	let before = state_bytes();
	step();
	System::reset_events();
	state_bytes().saturating_sub(before)
}

fn lease(uid: Uid) {
	let digest = hash(7);
	let tenant = || signed(Charlie);
	Workspaces::publish_image(tenant(), digest, ImageKind::Wasm, Default::default(), 1).unwrap();
	let spec = WorkspaceSpec {
		image: digest,
		command: Default::default(),
		port: Some(80),
		requirement: Requirement {
			capacity: capacity(1),
			max_price: MILLI,
			..Default::default()
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

fn main() {
	chain::within(presets::DEVELOPMENT, || {
		pass(1);
		let mut hid = 0;
		let of_machine = bytes_of(|| hid = machine().1);
		let (time, weight) = transfer();
		println!(
			"{:<22} {time:>10.1?} {:>8} µs declared",
			"balances.transfer",
			weight / 1_000_000
		);
		let mut sum = (Duration::ZERO, 0);
		for (name, time, weight) in cycle(hid) {
			println!(
				"{name:<22} {time:>10.1?} {:>8} µs declared",
				weight / 1_000_000
			);
			sum = (sum.0 + time, sum.1 + weight);
		}
		let ratio = sum.0.as_secs_f64() / time.as_secs_f64();
		println!(
			"a settled rent cycle / a transfer: {ratio:.1} by time, {:.1} by declared weight",
			sum.1 as f64 / weight as f64
		);
		let (one, many) = (income(1_000, 1), income(1_001, 10_000));
		println!(
			"income for one holder {one:.1?}, for 10,000 {many:.1?}: ratio {:.2}",
			many.as_secs_f64() / one.as_secs_f64()
		);
		let (_, uid) = minted(hid);
		let of_listing = bytes_of(|| {
			run(Bob, list(uid));
		});
		let of_lease = bytes_of(|| lease(uid));
		println!("bytes of state: a machine with hardware {of_machine}, a first listing {of_listing}, a lease with its image and request {of_lease}");
	});
}
