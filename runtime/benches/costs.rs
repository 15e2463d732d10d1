//! What does it cost to rent, against a transfer? One settled rent cycle by the time that its transactions take here, by
//! that of their calls alone, and by the weight that they are charged for; income for one holder and for 10,000; bytes
//! of state per machine, listing and lease.
//!
//! `cargo bench -p usufruct-runtime --bench costs`
#![allow(
	clippy::print_stdout,
	clippy::unwrap_used,
	reason = "it prints, and ends where it cannot"
)]

#[path = "../tests/chain/mod.rs"]
mod chain;
#[path = "../tests/chain/rent.rs"]
mod rent;

use std::time::{Duration, Instant};

use codec::Encode;
use frame_support::dispatch::{extract_actual_weight, GetDispatchInfo};
use rent::{hash, lease, list, machine, minted, publish, signed, TERM};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie};
use sp_runtime::{generic::Era, traits::Dispatchable, MultiSignature};
use usufruct_primitives::{traits::RevenueShares, Hid, Vid};
use usufruct_runtime::{
	constants::currency::MILLI, presets, AccountId, Executive, NodeRegistry, RevenueRights,
	Runtime, RuntimeCall, SignedPayload, System, UncheckedExtrinsic, UseRights,
};

/// How often each is measured; the median counts.
const TIMES: usize = 501;

/// How a call is made.
#[derive(Clone, Copy)]
enum Way {
	/// By itself.
	Call,
	/// As nodes do it: the signature is checked, the fee paid.
	Transaction,
}

/// The time that a call took, and the weight that is charged for it, in picoseconds.
fn run(way: Way, who: sp_keyring::Sr25519Keyring, call: RuntimeCall) -> (Duration, u64) {
	match way {
		Way::Call => {
			let info = call.get_dispatch_info();
			let begun = Instant::now();
			let result = call.dispatch(signed(who));
			let took = begun.elapsed();
			result.unwrap();
			(took, extract_actual_weight(&result, &info).ref_time())
		}
		Way::Transaction => {
			let transaction = transaction(who, call);
			let weight = || {
				frame_system::BlockWeight::<Runtime>::get()
					.total()
					.ref_time()
			};
			let before = weight();
			let begun = Instant::now();
			let result = Executive::apply_extrinsic(transaction);
			let took = begun.elapsed();
			result.unwrap().unwrap();
			(took, weight() - before)
		}
	}
}

fn transaction(who: sp_keyring::Sr25519Keyring, call: RuntimeCall) -> UncheckedExtrinsic {
	let nonce = System::account_nonce(who.to_account_id());
	let extension = (
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckMortality::from(Era::Immortal),
		frame_system::CheckNonce::from(nonce),
		frame_system::CheckWeight::new(),
		pallet_transaction_payment::ChargeTransactionPayment::from(0),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		frame_system::WeightReclaim::new(),
	);
	let payload = SignedPayload::new(call, extension).unwrap();
	let signature = payload.using_encoded(|bytes| who.sign(bytes));
	let (call, extension, _) = payload.deconstruct();
	let signature = MultiSignature::Sr25519(signature);
	UncheckedExtrinsic::new_signed(call, who.to_account_id().into(), signature, extension)
}

/// Begins the block that comes so many after this one.
fn pass(blocks: u32) {
	System::set_block_number(System::block_number() + blocks - 1);
	System::reset_events();
	System::initialize(
		&(System::block_number() + 1),
		&Default::default(),
		&Default::default(),
	);
}

fn median(mut times: Vec<Duration>) -> Duration {
	times.sort_unstable();
	times[times.len() / 2]
}

fn transfer(way: Way) -> (Duration, u64) {
	let call: RuntimeCall = pallet_balances::Call::transfer_keep_alive {
		dest: Charlie.to_account_id().into(),
		value: MILLI,
	}
	.into();
	let mut weight = 0;
	let times = (0..TIMES).map(|_| {
		pass(1);
		let took;
		(took, weight) = run(way, Alice, call.clone());
		took
	});
	(median(times.collect()), weight)
}

/// A right is listed and bought, and ends, which pays for it; its income is settled: one line for each call.
/// Before the end income is taken once, which nobody has to: the end pays it, too.
fn cycle(way: Way, hid: Hid) -> Vec<(&'static str, Duration, u64)> {
	let (vid, first) = minted(hid);
	let mut names = Vec::new();
	let mut times: Vec<Vec<Duration>> = Vec::new();
	let mut uid = first;
	for _ in 0..TIMES {
		NodeRegistry::heartbeat(signed(Bob), 0).unwrap();
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
				"market.cancel",
				Charlie,
				pallet_market::Call::cancel { uid }.into(),
			),
			(
				"revenueRights.settle",
				Bob,
				pallet_revenue_rights::Call::settle { vid }.into(),
			),
		];
		names.clear();
		for (number, (name, who, call)) in steps.into_iter().enumerate() {
			let (took, weight) = run(way, who, call);
			names.push((name, weight));
			times.resize_with(times.len().max(number + 1), Vec::new);
			times[number].push(took);
			pass(1);
		}
		uid = pallet_use_rights::NextUid::<Runtime>::get();
		UseRights::mint(signed(Bob), vid).unwrap();
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

fn main() {
	chain::within(presets::DEVELOPMENT, || {
		pass(1);
		let mut hid = 0;
		let of_machine = bytes_of(|| hid = machine().1);
		for (way, name) in [
			(Way::Call, "calls alone"),
			(Way::Transaction, "transactions"),
		] {
			println!("{name}:");
			let line = |name, time: Duration, weight| {
				println!(
					"  {name:<22} {time:>10.1?} {:>8} µs charged",
					weight / 1_000_000
				);
			};
			let (time, weight) = transfer(way);
			line("balances.transfer", time, weight);
			// What it costs with income taken midway, and without.
			let (mut all, mut least) = ((Duration::ZERO, 0), (Duration::ZERO, 0));
			for (name, time, weight) in cycle(way, hid) {
				line(name, time, weight);
				all = (all.0 + time, all.1 + weight);
				if name != "market.accrue" {
					least = (least.0 + time, least.1 + weight);
				}
			}
			for (name, sum) in [
				("a settled rent cycle", least),
				("with income taken midway", all),
			] {
				println!(
					"  {name} / a transfer: {:.1} by time, {:.1} by charged weight",
					sum.0.as_secs_f64() / time.as_secs_f64(),
					sum.1 as f64 / weight as f64
				);
			}
		}
		let (one, many) = (income(1_000, 1), income(1_001, 10_000));
		println!(
			"income for one holder {one:.1?}, for 10,000 {many:.1?}: ratio {:.2}",
			many.as_secs_f64() / one.as_secs_f64()
		);
		let (_, uid) = minted(hid);
		let of_listing = bytes_of(|| {
			run(Way::Call, Bob, list(uid));
		});
		let of_lease = bytes_of(|| {
			publish();
			lease(uid);
		});
		println!("bytes of state: a machine with hardware {of_machine}, a first listing {of_listing}, a lease with its image and request {of_lease}");
	});
}
