//! Every call by everybody who may not call it, and on nodes that are not there.

use frame_support::{assert_noop, dispatch::GetDispatchInfo};
use sp_core::H256;
use sp_runtime::{traits::Dispatchable, DispatchError};
use usufruct_primitives::{HardwareKind, NodeId};

use crate::{mock::*, Call, Error};

fn owner_calls(node: NodeId) -> Vec<RuntimeCall> {
	let device = H256([9; 32]);
	let calls: Vec<Call<Test>> = vec![
		Call::add_hardware {
			node,
			class: CLASS,
			kind: HardwareKind::Cpu,
			device,
			capacity: cpu(),
		},
		Call::heartbeat { node },
		Call::go_offline { node },
		Call::retire { node },
		Call::withdraw_bond { node },
		Call::remove_hardware { node, hid: 0 },
		Call::set_endpoint {
			node,
			endpoint: endpoint("x:1"),
		},
		Call::top_up_bond { node, amount: 1 },
	];
	calls.into_iter().map(Into::into).collect()
}

fn dao_calls(node: NodeId) -> Vec<RuntimeCall> {
	let calls: Vec<Call<Test>> = vec![Call::force_suspend { node }, Call::force_reinstate { node }];
	calls.into_iter().map(Into::into).collect()
}

#[test]
fn only_the_owner_acts_for_a_node() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		add_cpu(ALICE, 0);
		for call in owner_calls(0) {
			assert_noop!(call.clone().dispatch(signed(BOB)), Error::<Test>::NotOwner);
			for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
				assert_noop!(call.clone().dispatch(origin), DispatchError::BadOrigin);
			}
		}
	});
}

#[test]
fn only_the_dao_suspends_reinstates_admits_and_bars() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		let decide = Call::set_standing {
			provider: BOB,
			standing: None,
		};
		for call in dao_calls(0).into_iter().chain([decide.into()]) {
			for origin in [signed(ALICE), signed(BOB), RuntimeOrigin::none()] {
				assert_noop!(call.clone().dispatch(origin), DispatchError::BadOrigin);
			}
		}
	});
}

#[test]
fn registering_needs_an_account() {
	ExtBuilder::default().build_and_execute(|| {
		for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
			assert_noop!(
				NodeRegistry::register(origin, H256([1; 32]), endpoint("x:1"), 0),
				DispatchError::BadOrigin
			);
		}
	});
}

#[test]
fn no_call_works_on_an_unknown_node() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		for call in owner_calls(1) {
			assert_noop!(call.dispatch(signed(ALICE)), Error::<Test>::UnknownNode);
		}
		for call in dao_calls(1) {
			assert_noop!(
				call.dispatch(RuntimeOrigin::root()),
				Error::<Test>::UnknownNode
			);
		}
	});
}

#[test]
fn no_call_is_free_of_weight() {
	for call in owner_calls(0).into_iter().chain(dao_calls(0)) {
		let weight = call.get_dispatch_info().call_weight;
		assert!(weight.ref_time() > 0 && weight.proof_size() > 0, "{call:?}");
	}
}
