//! How long does a match take, and how good is it?
//!
//! One thread does all, and the times are its own on a processor.
//!
//! `cargo bench -p usufruct-offchain-worker --bench matching`; with `-- --ads FILE LISTINGS REQUESTS` it
//! writes a market down instead, with what was found in it, for `side_by_side.py`.
#![allow(
	missing_docs,
	clippy::print_stdout,
	clippy::unwrap_used,
	reason = "it prints, and ends where it cannot"
)]

mod optimum;
mod world;

use std::{
	fmt::Write,
	sync::OnceLock,
	time::{Duration, Instant},
};

use codec::{Decode, Encode};
use usufruct_offchain_worker::{assign, digest, Demand, Index, Match, Offer, Work};
use usufruct_primitives::Filter;

/// How often each is measured; the median counts.
const TIMES: usize = 5;
/// What the off-chain worker allows itself in a block.
const WORKER_STEPS: u64 = 1_000_000;

fn main() {
	let arguments: Vec<String> = std::env::args()
		.skip(1)
		.filter(|a| a != "--bench")
		.collect();
	if let [flag, file, listings, requests] = arguments.as_slice() {
		assert_eq!(
			flag, "--ads",
			"{}",
			"the only flag is --ads FILE LISTINGS REQUESTS"
		);
		ads(file, listings.parse().unwrap(), requests.parse().unwrap());
		return;
	}
	full();
	increments();
	optimum::compare();
}

/// Time that this thread had a processor, as the kernel counts it: other work on the machine does not
/// count. Where it is not told, the time that passed.
fn now() -> Duration {
	static BEGUN: OnceLock<Instant> = OnceLock::new();
	let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
	let nanos = told.and_then(|text| text.split(' ').next()?.parse().ok());
	nanos.map_or_else(
		|| BEGUN.get_or_init(Instant::now).elapsed(),
		Duration::from_nanos,
	)
}

/// The median time of what is prepared anew each time.
fn median<S, T>(mut prepare: impl FnMut() -> S, mut run: impl FnMut(S) -> T) -> (Duration, T) {
	let mut times = Vec::new();
	let mut last = None;
	for _ in 0..TIMES {
		let state = prepare();
		let begun = now();
		last = Some(run(state));
		times.push(now() - begun);
	}
	times.sort_unstable();
	(times[TIMES / 2], last.unwrap())
}

fn matched(index: &mut Index<u64>, demands: &[Demand<u64>]) -> (Vec<Match>, u64) {
	let mut work = Work::of(u64::MAX);
	let found = index.assign(demands, usize::MAX, &mut work);
	(found, u64::MAX - work.left)
}

fn total(found: &[Match]) -> u64 {
	found.iter().map(|one| u64::from(one.score)).sum()
}

fn wanted(demands: &[Demand<u64>]) -> usize {
	demands.iter().map(|demand| demand.missing.len()).sum()
}

/// All requests against all listings, from nothing.
fn full() {
	println!("| listings | kinds | requests | replicas | index built | matched in | steps | placed | mean score | full scan |");
	println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
	for (listings, requests) in [
		(100, 10_000),
		(1_000, 10_000),
		(10_000, 10_000),
		(100_000, 100),
		(100_000, 1_000),
		(100_000, 10_000),
	] {
		let offers = world::listings(listings, 1);
		let demands = world::requests(requests, 2);
		let (built, mut index) = median(
			|| offers.clone(),
			|offers| offers.into_iter().collect::<Index<u64>>(),
		);
		let (time, (found, steps)) = median(|| (), |()| matched(&mut index, &demands));
		// The plain way, where it ends in a sensible time.
		let scan = if listings * requests <= 10_000_000 {
			let begun = now();
			assert_eq!(assign(&demands, &offers, usize::MAX), found);
			format!("{:.3} s", (now() - begun).as_secs_f64())
		} else {
			"–".into()
		};
		println!(
			"| {listings} | {} | {requests} | {} | {:.3} s | {:.3} s | {steps} | {} | {} | {scan} |",
			index.kinds(),
			wanted(&demands),
			built.as_secs_f64(),
			time.as_secs_f64(),
			found.len(),
			total(&found) / (found.len() as u64).max(1),
		);
	}
}

/// What a block changes, and what a worker does in it.
fn increments() {
	let offers = world::listings(100_000, 1);
	let index: Index<u64> = offers.iter().cloned().collect();
	let demands = world::requests(256, 3);
	println!("\n| on 100,000 listings | time |");
	println!("| --- | --- |");
	for changes in [16, 256, 1_024] {
		let changed: Vec<Offer<u64>> = world::listings(100_000, 9)
			.into_iter()
			.step_by(100_000 / changes)
			.collect();
		let (time, _) = median(
			|| (index.clone(), changed.clone()),
			|(mut index, changed)| {
				for offer in changed {
					index.insert(offer);
				}
				index
			},
		);
		println!(
			"| {} listings change | {:.3} ms |",
			changed.len(),
			millis(time)
		);
	}
	let (time, bytes) = recall(&offers);
	println!(
		"| {} MB of pages are decoded, checked and indexed | {:.3} ms |",
		bytes / 1_000_000,
		millis(time)
	);
	let (time, (found, left)) = median(
		|| index.clone(),
		|mut index| {
			let mut work = Work::of(WORKER_STEPS);
			(
				index.assign(&demands, usize::MAX, &mut work).len(),
				work.left,
			)
		},
	);
	println!(
		"| 256 requests are matched: {found} of {} replicas, {} steps of {WORKER_STEPS} | {:.3} ms |",
		wanted(&demands),
		WORKER_STEPS - left,
		millis(time)
	);
}

/// What a worker does before anything else: reads its pages of 128 with accounts of 32 bytes.
fn recall(offers: &[Offer<u64>]) -> (Duration, usize) {
	let account = |number: u64| {
		let mut account = [0u8; 32];
		account[..8].copy_from_slice(&number.to_le_bytes());
		account
	};
	let wide = |offer: &Offer<u64>| Offer {
		uid: offer.uid,
		vid: offer.vid,
		node: offer.node,
		owner: account(offer.owner),
		seller: account(offer.seller),
		price: offer.price,
		listed_at: offer.listed_at,
		features: offer.features,
	};
	let pages: Vec<(Vec<u8>, u64)> = offers
		.chunks(128)
		.map(|page| page.iter().map(wide).collect::<Vec<_>>())
		.map(|page| (page.encode(), digest(&page)))
		.collect();
	let (time, known) = median(
		|| (),
		|()| {
			let mut index = Index::<[u8; 32]>::default();
			for (page, expected) in &pages {
				let offers = Vec::<Offer<[u8; 32]>>::decode(&mut &page[..]).unwrap();
				assert_eq!(digest(&offers), *expected);
				for offer in offers {
					index.insert(offer);
				}
			}
			index.len()
		},
	);
	assert_eq!(known, offers.len());
	(time, pages.iter().map(|(page, _)| page.len()).sum())
}

fn millis(time: Duration) -> f64 {
	time.as_secs_f64() * 1_000.0
}

/// Writes a market and what is found in it, a line of JSON each.
fn ads(file: &str, listings: u64, requests: u64) {
	let offers = world::listings(listings, 1);
	let demands = world::requests(requests, 2);
	let begun = now();
	let mut index: Index<u64> = offers.iter().cloned().collect();
	let built = now() - begun;
	let (found, _) = matched(&mut index, &demands);
	// So often that the kernel's clock can tell.
	let (mut runs, begun) = (0, now());
	while now() - begun < Duration::from_millis(200) {
		assert_eq!(matched(&mut index, &demands).0, found);
		runs += 1;
	}
	let time = (now() - begun) / runs;
	let mut text = String::new();
	for offer in &offers {
		let (k, q) = (&offer.features.kind, &offer.features.quality);
		writeln!(
			text,
			r#"{{"is":"machine","uid":{},"node":{},"owner":{},"price":{},"online":{},"class":{},"gpus":{},"gpu_memory":{},"cpu":{},"memory":{},"disk":{},"isolation":{},"region":{},"score":{},"availability":{},"min_term":{},"max_term":{}}}"#,
			offer.uid, offer.node, offer.owner, offer.price, q.online, k.class, k.gpus,
			k.gpu_memory_mib, k.cpu_millis, k.memory_mib, k.disk_mib, k.isolation as u8, k.region,
			q.score_percent, q.availability_percent, k.min_term, k.max_term
		)
		.unwrap();
	}
	for demand in &demands {
		let r = &demand.requirement;
		let regions = match &r.regions {
			Filter::Only(list) => list.to_vec(),
			_ => vec![],
		};
		writeln!(
			text,
			r#"{{"is":"request","request":{},"tenant":{},"replicas":{},"classes":{:?},"gpus":{},"gpu_memory":{},"cpu":{},"memory":{},"disk":{},"regions":{:?},"min_score":{},"min_availability":{},"max_price":{},"weights":[{},{},{}],"apart":{},"wasm":{},"term":{}}}"#,
			demand.request, demand.tenant, demand.missing.len(), r.classes.to_vec(), r.gpus,
			r.gpu_memory_mib, r.capacity.cpu_millis, r.capacity.memory_mib, r.capacity.disk_mib,
			regions, r.min_score_percent, r.min_availability_percent, r.max_price,
			r.weights.price, r.weights.speed, r.weights.reliability, r.apart.node, demand.wasm,
			demand.term
		)
		.unwrap();
	}
	writeln!(
		text,
		r#"{{"is":"result","built":{},"matched":{},"placed":{},"total":{},"wanted":{}}}"#,
		built.as_secs_f64(),
		time.as_secs_f64(),
		found.len(),
		total(&found),
		wanted(&demands)
	)
	.unwrap();
	std::fs::write(file, text).unwrap();
}
