//! What who holds an agent's hot key may do for its owner: what an agent does, and nothing that moves
//! money or rights.

use frame_support::traits::InstanceFilter;
use sp_core::H256;
use usufruct_runtime::{configs::ProxyType, AccountId, Runtime, RuntimeCall};

const SOMEBODY: AccountId = AccountId::new([7; 32]);

/// What an agent sends.
fn of_agents() -> Vec<RuntimeCall> {
	use pallet_node_registry::Call as Registry;
	use pallet_proof_of_compute::Call as Proofs;
	use pallet_workspaces::{Call as Workspaces, Progress};
	use usufruct_primitives::HardwareKind;
	let registry: Vec<Registry<Runtime>> = vec![
		Registry::register {
			machine: H256::zero(),
			endpoint: Default::default(),
			region: 0,
		},
		Registry::add_hardware {
			node: 0,
			class: 1,
			kind: HardwareKind::Cpu,
			device: H256::zero(),
			capacity: Default::default(),
		},
		Registry::heartbeat { node: 0 },
		Registry::go_offline { node: 0 },
		Registry::set_endpoint {
			node: 0,
			endpoint: Default::default(),
		},
	];
	let proofs: Vec<Proofs<Runtime>> = vec![
		Proofs::commit_first {
			challenge: 0,
			root: [0; 32],
		},
		Proofs::commit {
			challenge: 0,
			rounds: 1,
			digest: [0; 32],
		},
		Proofs::commit_memory {
			challenge: 0,
			passes: 1,
			digest: [0; 32],
		},
		Proofs::enter {
			hid: 0,
			epoch: 1,
			first_root: [0; 32],
		},
		Proofs::commit_entry {
			hid: 0,
			rounds: 1,
			digest: [0; 32],
		},
		Proofs::commit_entry_memory {
			hid: 0,
			passes: 1,
			digest: [0; 32],
		},
		Proofs::conclude { hid: 0 },
		Proofs::excuse { hid: 0 },
	];
	let progress = Workspaces::<Runtime>::report_progress {
		lease: 0,
		generation: 0,
		progress: Progress::Finished,
	};
	let registry = registry.into_iter().map(Into::into);
	registry
		.chain(proofs.into_iter().map(Into::into))
		.chain([progress.into()])
		.collect()
}

/// What would let the thief of a hot key take something.
fn of_owners() -> Vec<RuntimeCall> {
	use pallet_market::Call as Market;
	use pallet_node_registry::Call as Registry;
	use pallet_revenue_rights::Call as Revenue;
	use pallet_use_rights::Call as Rights;
	use pallet_workspaces::Call as Workspaces;
	let own: Vec<RuntimeCall> = vec![
		Registry::<Runtime>::retire { node: 0 }.into(),
		Registry::<Runtime>::withdraw_bond { node: 0 }.into(),
		Registry::<Runtime>::top_up_bond { node: 0, amount: 1 }.into(),
		Rights::<Runtime>::mint { vid: 0 }.into(),
		Rights::<Runtime>::transfer {
			uid: 0,
			to: SOMEBODY,
		}
		.into(),
		Revenue::<Runtime>::transfer {
			vid: 0,
			to: SOMEBODY,
			shares: 1,
		}
		.into(),
		Market::<Runtime>::buy {
			uid: 0,
			term: 1,
			max_price: 1,
		}
		.into(),
		Market::<Runtime>::delist { uid: 0 }.into(),
		Workspaces::<Runtime>::terminate { lease: 0 }.into(),
	];
	let others: Vec<RuntimeCall> = vec![
		pallet_balances::Call::<Runtime>::transfer_allow_death {
			dest: SOMEBODY.into(),
			value: 1,
		}
		.into(),
		pallet_proxy::Call::<Runtime>::add_proxy {
			delegate: SOMEBODY.into(),
			proxy_type: ProxyType::Any,
			delay: 0,
		}
		.into(),
		pallet_utility::Call::<Runtime>::batch { calls: vec![] }.into(),
		pallet_sudo::Call::<Runtime>::remove_key {}.into(),
		pallet_nfts::Call::<Runtime>::transfer {
			collection: 0,
			item: 0,
			dest: SOMEBODY.into(),
		}
		.into(),
	];
	own.into_iter().chain(others).collect()
}

#[test]
fn a_hot_key_does_what_an_agent_does() {
	for call in of_agents() {
		assert!(ProxyType::NodeAgent.filter(&call), "{call:?}");
	}
}

#[test]
fn a_hot_key_moves_neither_money_nor_rights_and_makes_no_further_proxies() {
	for call in of_owners() {
		assert!(!ProxyType::NodeAgent.filter(&call), "{call:?}");
	}
}

#[test]
fn a_proxy_without_transfers_moves_neither_money_nor_rights() {
	let of_third: RuntimeCall = pallet_balances::Call::transfer_all {
		dest: SOMEBODY.into(),
		keep_alive: false,
	}
	.into();
	let moves: Vec<RuntimeCall> = vec![
		pallet_proxy::Call::<Runtime>::proxy {
			real: SOMEBODY.into(),
			force_proxy_type: None,
			call: Box::new(of_third),
		}
		.into(),
		pallet_pomc_rewards::Call::<Runtime>::set_payee {
			payee: Some(SOMEBODY),
		}
		.into(),
		pallet_applications::Call::<Runtime>::transfer_application {
			application: 0,
			successor: Some(SOMEBODY),
		}
		.into(),
		pallet_market::Call::<Runtime>::list {
			uid: 0,
			price: 0,
			min_term: 1,
			max_term: 1,
			holders: Default::default(),
		}
		.into(),
		pallet_use_rights::Call::<Runtime>::transfer {
			uid: 0,
			to: SOMEBODY,
		}
		.into(),
		pallet_revenue_rights::Call::<Runtime>::transfer {
			vid: 0,
			to: SOMEBODY,
			shares: 1,
		}
		.into(),
		pallet_market::Call::<Runtime>::buy {
			uid: 0,
			term: 1,
			max_price: 1,
		}
		.into(),
		pallet_balances::Call::<Runtime>::transfer_allow_death {
			dest: SOMEBODY.into(),
			value: 1,
		}
		.into(),
	];
	for call in moves {
		assert!(!ProxyType::NonTransfer.filter(&call), "{call:?}");
	}
}

#[test]
fn no_type_is_above_one_that_may_more() {
	use ProxyType::{Any, NodeAgent, NonTransfer};
	for (one, other, above) in [
		(Any, NonTransfer, true),
		(Any, NodeAgent, true),
		(NonTransfer, NodeAgent, true),
		(NonTransfer, Any, false),
		(NodeAgent, NonTransfer, false),
		(NodeAgent, Any, false),
	] {
		assert_eq!(one.is_superset(&other), above, "{one:?} and {other:?}");
	}
	// What is above another may do all that the other may.
	for call in of_agents() {
		assert!(NonTransfer.filter(&call) && Any.filter(&call), "{call:?}");
	}
}
