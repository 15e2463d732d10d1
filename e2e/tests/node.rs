//! The node by itself: a development chain makes blocks, finalizes them, and its money adds up.

use std::time::Duration;

use usufruct_e2e::{ledger::Ledger, rpc, wait, NodeProcess};

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
