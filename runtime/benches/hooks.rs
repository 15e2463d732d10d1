//! Does a block cost more when there are more machines? The hooks of our pallets with 100 and with 100,000
//! machines that are online and in an epoch, in turns; the ratio of medians, which is to be at most 1.1.
//!
//! `cargo bench -p usufruct-runtime --bench hooks`
#![allow(clippy::print_stdout, reason = "it prints")]

use std::time::{Duration, Instant};

use frame_support::traits::Hooks;
use pallet_node_registry::{NodeRecord, NodeStatus};
use pallet_proof_of_compute::{
	CurrentEpoch, Entries, Entry, EntryState, Epoch, EpochRules, Histories, History,
	NextEpochRules, OpenEntries,
};
use sp_io::TestExternalities;
use usufruct_proof::ClassParams;
use usufruct_runtime::{
	presets::CPU_X86_64, AccountId, BlockNumber, Market, NodeRegistry, PomcRewards, ProofOfCompute,
	RevenueRights, Runtime, System, UseRights, Workspaces,
};

/// Each turn is the median of so many blocks.
const BLOCKS: u32 = 2_000;
/// Odd, so that one of them is the median.
const TURNS: usize = 11;

const PARAMS: ClassParams = ClassParams {
	m: 1_024,
	n: 1_024,
	k: 4_096,
	samples: 32,
	window: 12,
	first_root: 4,
	reveal: 10,
	min_rounds: 1,
	max_rounds: 512,
	reference_ops: 20_000_000_000,
	memory: None,
	version: 1,
};

/// A chain with so many machines, each with one piece of hardware that has entered an epoch.
fn chain(machines: u32) -> TestExternalities {
	let mut ext = TestExternalities::default();
	ext.execute_with(|| {
		System::set_block_number(1);
		let rules = EpochRules {
			pause: 1,
			entry: 10,
			span: 200,
			disputes: 100,
			audits: 100,
		};
		let epoch = Epoch {
			id: 1,
			began_at: 1,
			rules,
		};
		NextEpochRules::<Runtime>::put(rules);
		CurrentEpoch::<Runtime>::put(epoch);
		OpenEntries::<Runtime>::put(machines);
		for number in 0..machines {
			let hid = u64::from(number);
			let owner = AccountId::from([7; 32]);
			pallet_node_registry::Nodes::<Runtime>::insert(
				number,
				NodeRecord {
					owner,
					machine: Default::default(),
					endpoint: Default::default(),
					region: 276,
					status: NodeStatus::Online,
					registered_at: 1,
					last_heartbeat: 1,
					window: 400,
					available: 0,
					bond: 1,
					hardware: 1,
					users: 1,
					faults: 0,
				},
			);
			Histories::<Runtime>::insert(hid, History::default());
			let entry = Entry {
				epoch,
				node: number,
				class: CPU_X86_64,
				params: PARAMS,
				committed_at: None,
				opened_at: None,
				state: EntryState::Started {
					first_root: [1; 32],
				},
			};
			Entries::<Runtime>::insert(hid, entry);
		}
	});
	ext.commit_all().expect("the state is complete");
	ext
}

/// What our hooks take in a block, as the median of many. Epochs end and begin among them.
fn median_of_blocks(ext: &mut TestExternalities) -> Duration {
	ext.execute_with(|| {
		let begin = System::block_number();
		let mut times: Vec<Duration> = (begin..begin + BLOCKS)
			.map(|block: BlockNumber| {
				System::set_block_number(block + 1);
				let begun = Instant::now();
				NodeRegistry::on_initialize(block);
				UseRights::on_initialize(block);
				RevenueRights::on_initialize(block);
				Market::on_initialize(block);
				Workspaces::on_initialize(block);
				ProofOfCompute::on_initialize(block);
				PomcRewards::on_initialize(block);
				begun.elapsed()
			})
			.collect();
		System::reset_events();
		times.sort_unstable();
		times[times.len() / 2]
	})
}

fn main() {
	let mut chains = [100, 100_000].map(|machines| (machines, chain(machines), Vec::new()));
	for _ in 0..TURNS {
		for (_, ext, turns) in &mut chains {
			turns.push(median_of_blocks(ext));
		}
	}
	let medians = chains.map(|(machines, _, mut turns)| {
		turns.sort_unstable();
		let median = turns[TURNS / 2];
		println!("{machines:>7} machines: {median:?} a block");
		median.as_secs_f64()
	});
	println!("ratio {:.3}", medians[1] / medians[0]);
}
