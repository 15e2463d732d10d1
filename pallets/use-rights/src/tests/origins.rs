//! Every call by everybody who may not call it.

use frame_support::{assert_noop, dispatch::GetDispatchInfo};
use sp_runtime::{traits::Dispatchable, DispatchError};
use usufruct_primitives::IsolationClass;

use crate::{mock::*, Call, Error};

fn calls() -> Vec<RuntimeCall> {
	let calls: Vec<Call<Test>> = vec![
		Call::create_resource {
			parts: parts(&[CPU]),
			capacity: half(),
			isolation: IsolationClass::Container,
		},
		Call::remove_resource { vid: 0 },
		Call::mint { vid: 0 },
		Call::burn { uid: 0 },
		Call::transfer { uid: 0, to: BOB },
	];
	calls.into_iter().map(Into::into).collect()
}

#[test]
fn every_call_needs_an_account() {
	for state in [
		ExtBuilder::default().resource(),
		ExtBuilder::default().minted(),
		ExtBuilder::default().sold(10),
	] {
		state.build_and_execute(|| {
			for call in calls() {
				for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
					assert_noop!(call.clone().dispatch(origin), DispatchError::BadOrigin);
				}
			}
		});
	}
}

#[test]
fn a_stranger_may_do_nothing() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		for call in calls() {
			let expected: DispatchError = match call {
				RuntimeCall::UseRights(Call::burn { .. } | Call::transfer { .. }) => {
					Error::<Test>::NotHolder.into()
				}
				_ => Error::<Test>::NotOwner.into(),
			};
			for stranger in [BOB, NOBODY, LEDGER] {
				assert_noop!(call.clone().dispatch(signed(stranger)), expected);
			}
		}
	});
}

#[test]
fn no_call_is_free_of_weight() {
	for call in calls() {
		let weight = call.get_dispatch_info().call_weight;
		assert!(weight.ref_time() > 0 && weight.proof_size() > 0, "{call:?}");
	}
}
