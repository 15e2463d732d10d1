//! The node by itself: alone it makes blocks, finalizes them, and its money adds up; four of them do so
//! together, and go on when one leaves.

use std::time::Duration;

use serde_json::json;
use usufruct_e2e::{by_hand, cli, ledger::Ledger, main_job, rpc, wait, Cli, NodeProcess};

#[test]
fn a_development_chain_finalizes_blocks_and_its_money_adds_up() {
	let folder = tempfile::tempdir().unwrap();
	let mut node = NodeProcess::start(folder.path()).unwrap();
	let url = node.http_url();
	let before = Ledger::read(&url).unwrap();
	node.wait_blocks(2).unwrap();
	wait::until("a finalized block", Duration::from_secs(60), || {
		Ok((rpc::finalized_block(&url)? >= 1).then_some(()))
	})
	.unwrap();
	let after = Ledger::read(&url).unwrap();
	after.changes_since(&before).unwrap();
}

#[test]
fn a_node_stops_in_good_order_when_asked() {
	let folder = tempfile::tempdir().unwrap();
	let mut node = NodeProcess::start(folder.path()).unwrap();
	let status = node.process().stop().unwrap();
	assert!(status.success(), "{status}: {}", node.process().log_tail(5));
}

#[test]
fn transactions_that_one_key_sends_from_many_processes_at_once_are_all_taken() {
	const SENDERS: u128 = 6;
	const UNIT: u128 = 1_000_000_000_000;
	let folder = tempfile::tempdir().unwrap();
	let node = NodeProcess::start(folder.path()).unwrap();
	let alice = Cli::new(&node.url(), "//Alice").unwrap();
	let bob = Cli::new(&node.url(), "//Bob").unwrap();
	let free = || cli::number(&bob.run(&["account", "show"]).unwrap(), "free_units").unwrap();
	let before = free();
	std::thread::scope(|scope| {
		for _ in 0..SENDERS {
			scope.spawn(|| alice.run(&["account", "transfer", "//Bob", "3"]).unwrap());
		}
	});
	assert_eq!(free() - before, SENDERS * 3 * UNIT);
}

#[test]
fn a_node_speaks_the_legacy_and_the_new_json_rpc_and_tells_its_metrics() {
	let folder = tempfile::tempdir().unwrap();
	let node = NodeProcess::start(folder.path()).unwrap();
	let methods = rpc::call(&node.http_url(), "rpc_methods", json!([])).unwrap();
	let methods: Vec<&str> = methods["methods"]
		.as_array()
		.unwrap()
		.iter()
		.filter_map(|name| name.as_str())
		.collect();
	for method in [
		"author_submitExtrinsic",
		"author_rotateKeysWithOwner",
		"chain_getBlock",
		"chain_subscribeFinalizedHeads",
		"payment_queryInfo",
		"state_getMetadata",
		"system_accountNextIndex",
		"babe_epochAuthorship",
		"grandpa_roundState",
		"chainHead_v1_follow",
		"chainSpec_v1_genesisHash",
		"transaction_v1_broadcast",
	] {
		assert!(
			methods.contains(&method),
			"{method} is missing: {methods:?}"
		);
	}
	let block = rpc::call(&node.http_url(), "chain_getBlock", json!([])).unwrap();
	let inherent = &block["block"]["extrinsics"][0];
	assert!(
		inherent.as_str().is_some_and(|hex| hex.starts_with("0x")),
		"{inherent}"
	);
	let metrics = node.metrics().unwrap();
	assert!(metrics.contains("substrate_block_height{"), "{metrics}");
}

#[test]
fn four_validators_agree_match_a_request_once_and_go_on_when_one_leaves() {
	let folder = tempfile::tempdir().unwrap();
	let mut nodes = NodeProcess::start_local_network(folder.path()).unwrap();
	let finalized = |node: &NodeProcess, least: u32| {
		let url = node.http_url();
		wait::until(
			&format!("block {least} to be final"),
			Duration::from_secs(120),
			|| Ok((rpc::finalized_block(&url)? >= least).then_some(())),
		)
		.unwrap();
	};
	let block = |node: &NodeProcess, number: u32| {
		rpc::call(&node.http_url(), "chain_getBlockHash", json!([number])).unwrap()
	};
	nodes.iter().for_each(|node| finalized(node, 2));
	for node in &nodes[1..] {
		assert_eq!(block(node, 2), block(&nodes[0], 2));
	}
	// Every validator's off-chain worker finds the same listing for the same request.
	let at = |node: &NodeProcess, key: &str| Cli::new(&node.url(), key).unwrap();
	let provider = at(&nodes[0], "//Eve");
	let machine = by_hand::machine(&provider, 1).unwrap();
	for _ in 0..3 {
		by_hand::offer(&provider, machine.hid, "//Eve").unwrap();
	}
	let tenant = at(&nodes[1], "//Ferdie");
	let module = folder.path().join("module.wasm");
	std::fs::write(&module, b"\0asm\x01\0\0\0").unwrap();
	let image = main_job::publish_module(&tenant, &module).unwrap();
	let want = [
		"--max-price",
		"0.02",
		"--term",
		"100",
		"--isolation",
		"wasm",
		"--replicas",
		"2",
	];
	tenant
		.run(&[&["workspace", "run", "--image", &image], &want[..]].concat())
		.unwrap();
	let reader = at(&nodes[2], "//Ferdie");
	let count = |what: &[&str]| reader.run(what).unwrap().as_array().map_or(0, Vec::len);
	wait::until(
		"both replicas to have a lease",
		Duration::from_secs(60),
		|| Ok((count(&["workspace", "leases"]) >= 2).then_some(())),
	)
	.unwrap();
	// Were one of the four to buy twice, it would do so within the next blocks.
	nodes[2].wait_blocks(3).unwrap();
	assert_eq!(
		count(&["workspace", "leases"]),
		2,
		"a lease for each replica"
	);
	assert_eq!(
		count(&["market", "purchases"]),
		2,
		"no right was bought for nothing"
	);
	assert_eq!(
		count(&["market", "listings"]),
		1,
		"the third is still for sale"
	);

	nodes.pop().unwrap().process().stop().unwrap();
	let next = rpc::best_block(&nodes[0].http_url()).unwrap() + 2;
	nodes.iter().for_each(|node| finalized(node, next));
	assert_eq!(block(&nodes[2], next), block(&nodes[0], next));
}
