//! Every call by everybody who may not call it.

use frame_support::{assert_noop, dispatch::GetDispatchInfo, weights::Weight};
use sp_runtime::{traits::Dispatchable, DispatchError};
use usufruct_primitives::Balance;

use crate::{mock::*, Call, Error, Holders};

fn calls() -> Vec<RuntimeCall> {
	let calls: Vec<Call<Test>> = vec![
		Call::list {
			uid: UID,
			price: PRICE,
			min_term: 1,
			max_term: 2,
			holders: Holders::truncate_from(vec![(ALICE, 10_000)]),
		},
		Call::delist { uid: UID },
		Call::buy {
			uid: UID,
			term: 1,
			max_price: PRICE,
		},
		Call::cancel { uid: UID },
		Call::accrue { uid: UID },
		Call::close { uid: UID },
		Call::edit {
			uid: UID,
			price: PRICE,
			min_term: 1,
			max_term: 2,
		},
		Call::renew {
			uid: UID,
			blocks: 1,
		},
		Call::set_renewable {
			uid: UID,
			renewable: true,
		},
		Call::lead_in {
			uid: UID,
			first_price: PRICE + 1,
			blocks: 1,
		},
		Call::set_reservable {
			uid: UID,
			reservable: None,
		},
		Call::reserve {
			uid: UID,
			start: 9,
			term: 1,
			max_escrow: Balance::MAX,
		},
		Call::sublet {
			uid: UID,
			price: PRICE,
			until: 9,
		},
		Call::withdraw_sublet { uid: UID },
		Call::take_sublet {
			uid: UID,
			max_price: PRICE,
		},
		Call::end_sublet { uid: UID },
	];
	calls.into_iter().map(Into::into).collect()
}

#[test]
fn every_call_needs_an_account() {
	for builder in [
		ExtBuilder::default(),
		ExtBuilder::default().listed(),
		ExtBuilder::default().sold(1),
	] {
		builder.build_and_execute(|| {
			pass(1);
			for call in calls() {
				for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
					assert_noop!(call.clone().dispatch(origin), DispatchError::BadOrigin);
				}
			}
		});
	}
}

#[test]
fn only_the_seller_delists() {
	ExtBuilder::default().listed().build_and_execute(|| {
		for stranger in [BOB, CAROL, POOR, NOBODY, TREASURY, Market::account()] {
			assert_noop!(
				Market::delist(signed(stranger), UID),
				Error::<Test>::NotSeller
			);
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

#[test]
fn who_ends_a_purchase_pays_for_telling_what_runs_on_it() {
	use crate::WeightInfo;
	let own = <() as WeightInfo>::close();
	for (call, sublet) in [
		(
			Call::<Test>::cancel { uid: UID },
			<() as WeightInfo>::withdraw_sublet(),
		),
		(Call::close { uid: UID }, <() as WeightInfo>::end_sublet()),
	] {
		let told = Weight::from_parts(12, 12);
		let weight = call.get_dispatch_info().call_weight;
		assert_eq!(weight, own + told + sublet);
	}
}

#[test]
fn who_ends_a_purchase_on_which_nothing_runs_gets_the_rest_of_the_fee_back() {
	use crate::WeightInfo;
	ExtBuilder::default().sold(1).build_and_execute(|| {
		let declared = Call::<Test>::cancel { uid: UID }.get_dispatch_info();
		let taken = Market::cancel(signed(CAROL), UID).unwrap().actual_weight;
		let telling = Weight::from_parts(3, 3) + Weight::from_parts(5, 5);
		let not_let = Market::weight_of_sublet(crate::sublets::Let::No);
		let expected = <() as WeightInfo>::close() + telling + not_let;
		assert_eq!(taken, Some(expected));
		assert!(expected.all_lt(declared.call_weight));
	});
}

#[test]
fn who_ends_it_for_another_knows_what_telling_of_income_and_a_sublet_cost() {
	use crate::WeightInfo;
	use usufruct_primitives::traits::Marketplace;
	let told = Weight::from_parts(5, 5) + Market::weight_of_sublet(crate::sublets::Let::Yes);
	assert_eq!(<Market as Marketplace<u64>>::weight_of_telling(), told);
	assert!(told.all_gte(<() as WeightInfo>::end_sublet()));
}

#[test]
fn escrow_is_kept_on_the_account_that_the_pallets_name_says() {
	use sp_runtime::traits::AccountIdConversion;
	let named: u64 = Escrow::get().into_account_truncating();
	assert_eq!(Market::account(), named);
}
