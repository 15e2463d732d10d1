//! Every call by everybody who may not call it.

use frame_support::{assert_noop, dispatch::GetDispatchInfo};
use sp_runtime::{traits::Dispatchable, DispatchError};

use crate::{mock::*, Call, Error, Side};

fn calls() -> Vec<RuntimeCall> {
	let calls: Vec<Call<Test>> = vec![
		Call::transfer {
			vid: VID,
			to: CAROL,
			shares: 1,
		},
		Call::settle { vid: VID },
		Call::settle_for {
			vid: VID,
			who: ALICE,
		},
		Call::place_order {
			vid: VID,
			side: Side::Buy,
			shares: 1,
			price: 1,
			expires_at: 2,
		},
		Call::fill_order {
			vid: VID,
			order: 0,
			shares: 1,
		},
		Call::cancel_order { vid: VID, order: 0 },
	];
	calls.into_iter().map(Into::into).collect()
}

#[test]
fn every_call_needs_an_account() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			distribute(VID, 10_000).expect("income");
			for call in calls() {
				for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
					assert_noop!(call.clone().dispatch(origin), DispatchError::BadOrigin);
				}
			}
		});
}

#[test]
fn only_a_holder_moves_shares_and_asks_for_income_of_its_own() {
	ExtBuilder::default()
		.right(&[(ALICE, 10_000)])
		.build_and_execute(|| {
			distribute(VID, 10_000).expect("income");
			for call in calls().into_iter().take(2) {
				for stranger in [BOB, MARKET, POOR, NOBODY, RevenueRights::account()] {
					assert_noop!(
						call.clone().dispatch(signed(stranger)),
						Error::<Test>::NotHolder
					);
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
