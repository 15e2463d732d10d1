//! Every call by everybody who may not call it.

use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo};
use sp_runtime::{traits::Dispatchable, DispatchError};

use crate::{mock::*, Call};

fn set_rules() -> RuntimeCall {
	Call::set_rules { rules: RULES }.into()
}

fn of_accounts() -> Vec<RuntimeCall> {
	let calls: Vec<Call<Test>> = vec![
		Call::claim {},
		Call::claim_for { who: ALICE },
		Call::set_payee { payee: Some(BOB) },
	];
	calls.into_iter().map(Into::into).collect()
}

#[test]
fn only_the_dao_sets_rules() {
	ExtBuilder::default().build_and_execute(|| {
		for origin in [signed(ALICE), signed(POOR), RuntimeOrigin::none()] {
			assert_noop!(set_rules().dispatch(origin), DispatchError::BadOrigin);
		}
		assert_ok!(set_rules().dispatch(RuntimeOrigin::root()));
	});
}

#[test]
fn every_call_but_the_daos_needs_an_account() {
	ExtBuilder::default().build_and_execute(|| {
		for call in of_accounts() {
			for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
				assert_noop!(call.clone().dispatch(origin), DispatchError::BadOrigin);
			}
		}
	});
}

#[test]
fn no_call_is_free_of_weight() {
	for call in of_accounts().into_iter().chain([set_rules()]) {
		let weight = call.get_dispatch_info().call_weight;
		assert!(weight.ref_time() > 0, "{call:?}");
	}
}
