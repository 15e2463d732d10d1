//! What machines earn of the network incentive, on the whole runtime.
#![allow(clippy::unwrap_used, reason = "a failed assumption fails the test")]

mod chain;
#[path = "chain/rent.rs"]
#[allow(dead_code, reason = "others need the rest of it")]
mod rent;

use chain::within;
use frame_support::{
	assert_ok,
	traits::{Get, Hooks},
};
use pallet_pomc_rewards::{EarnedBy, RewardRules};
use rent::machine;
use sp_keyring::Sr25519Keyring::Bob;
use usufruct_primitives::{
	traits::{NodeUsage, OnScored},
	BlockNumber, NodeId,
};
use usufruct_runtime::{
	constants::currency::USU, presets, NodeRegistry, PomcRewards, Runtime, RuntimeOrigin, System,
};

/// What the machine earns by an epoch in which it is as good as its class's reference.
fn scored(node: NodeId) -> u128 {
	let points = || {
		let earned = EarnedBy::<Runtime>::get(Bob.to_account_id());
		earned.last().map_or(0, |earned| earned.points.network)
	};
	let before = points();
	PomcRewards::on_scored(node, 1_000_000, 1_000_000);
	points() - before
}

#[test]
fn a_machine_that_broke_a_promise_earns_half_for_the_same_score() {
	within(presets::DEVELOPMENT, || {
		System::set_block_number(1);
		let (node, _) = machine();
		let rules = RewardRules {
			era: 100,
			claim_eras: 2,
			network: USU,
			..RewardRules::default()
		};
		assert_ok!(PomcRewards::set_rules(RuntimeOrigin::root(), rules));
		PomcRewards::on_initialize(1);
		assert_eq!(scored(node), 1_000_000);
		NodeRegistry::note_fault(node);
		assert_eq!(scored(node), 500_000);
		assert_eq!(NodeRegistry::do_try_state(), Ok(()));
		assert_eq!(PomcRewards::do_try_state(), Ok(()));
	});
}

/// Who comes back under a new name earns nothing while the bond of the old one is not free. Who stays, and
/// had lost all quality, loses half of what it earns while that comes back.
#[test]
fn nobody_gains_by_leaving_to_be_rid_of_a_low_quality() {
	let recovery: BlockNumber = <Runtime as pallet_node_registry::Config>::QualityRecovery::get();
	let delay: BlockNumber = <Runtime as pallet_node_registry::Config>::UnbondingDelay::get();
	assert!(recovery / 2 <= delay);
}
