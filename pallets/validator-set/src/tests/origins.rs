//! Every call by everybody who may not call it.

use frame_support::{assert_noop, dispatch::GetDispatchInfo};
use sp_runtime::{traits::Dispatchable, DispatchError};

use crate::{mock::*, Call, Error};

fn own_calls() -> Vec<RuntimeCall> {
	let calls: Vec<Call<Test>> = vec![
		Call::join { bond: BOND },
		Call::bond_more { amount: 1 },
		Call::leave {},
		Call::withdraw {},
	];
	calls.into_iter().map(Into::into).collect()
}

fn dao_calls() -> Vec<RuntimeCall> {
	let calls: Vec<Call<Test>> = vec![Call::force_add { who: EVE }, Call::force_remove { who: 1 }];
	calls.into_iter().map(Into::into).collect()
}

#[test]
fn only_accounts_join_bond_leave_and_withdraw() {
	ExtBuilder::default().build_and_execute(|| {
		for call in own_calls() {
			for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
				assert_noop!(call.clone().dispatch(origin), DispatchError::BadOrigin);
			}
		}
	});
}

#[test]
fn only_the_dao_admits_and_removes() {
	ExtBuilder::default()
		.joined(EVE, BOND)
		.build_and_execute(|| {
			for call in dao_calls() {
				for origin in [signed(1), signed(EVE), RuntimeOrigin::none()] {
					assert_noop!(call.clone().dispatch(origin), DispatchError::BadOrigin);
				}
			}
		});
}

#[test]
fn who_has_not_bonded_has_nothing_to_leave_or_withdraw() {
	ExtBuilder::default().build_and_execute(|| {
		for call in own_calls().into_iter().skip(1) {
			assert_noop!(call.dispatch(signed(EVE)), Error::<Test>::NotCandidate);
		}
	});
}

#[test]
fn no_call_is_free_of_weight() {
	for call in own_calls().into_iter().chain(dao_calls()) {
		let weight = call.get_dispatch_info().call_weight;
		assert!(weight.ref_time() > 0 && weight.proof_size() > 0, "{call:?}");
	}
}
