//! Who validates, session by session.

use frame_support::{assert_noop, assert_ok};
use proptest::prelude::*;
use sp_runtime::DispatchResult;

use crate::{mock::*, Error};

#[test]
fn the_validators_of_genesis_validate_from_the_first_block() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(active(), GENESIS);
		go_to(5 * SESSION);
		assert_eq!(active(), GENESIS);
	});
}

#[test]
fn an_admitted_candidate_validates_from_the_session_after_the_next_one_on() {
	ExtBuilder::default()
		.joined(EVE, BOND)
		.build_and_execute(|| {
			assert_ok!(ValidatorSet::force_add(RuntimeOrigin::root(), EVE));
			go_to(2 * SESSION - 1);
			assert_eq!(active(), GENESIS);
			go_to(2 * SESSION);
			assert_eq!(active(), [1, 2, 3, 4, EVE]);
		});
}

#[test]
fn who_leaves_validates_until_the_session_after_the_next_one() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(ValidatorSet::leave(signed(2)));
		go_to(2 * SESSION - 1);
		assert_eq!(active(), GENESIS);
		go_to(2 * SESSION);
		assert_eq!(active(), [1, 3, 4]);
	});
}

#[test]
fn the_set_never_falls_below_its_minimum_by_leaving_or_removal() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(ValidatorSet::leave(signed(1)));
		for who in [2, 3, 4] {
			assert_noop!(
				ValidatorSet::leave(signed(who)),
				Error::<Test>::TooFewValidators
			);
			assert_noop!(
				ValidatorSet::force_remove(RuntimeOrigin::root(), who),
				Error::<Test>::TooFewValidators
			);
		}
		two_sessions_later();
		assert_eq!(active().len(), MIN as usize);
	});
}

#[test]
fn a_candidate_who_was_not_admitted_leaves_at_any_time() {
	ExtBuilder::default()
		.validators(&[1, 2, 3])
		.joined(EVE, BOND)
		.build_and_execute(|| {
			assert_ok!(ValidatorSet::leave(signed(EVE)));
		});
}

#[test]
fn an_admitted_candidate_without_keys_leaves_without_weakening_the_set() {
	ExtBuilder::default()
		.validators(&[1, 2, 3])
		.joined(EVE, BOND)
		.build_and_execute(|| {
			assert_ok!(ValidatorSet::force_add(RuntimeOrigin::root(), EVE));
			assert_ok!(Session::purge_keys(signed(EVE)));
			assert_eq!(ValidatorSet::validators(), [1, 2, 3]);
			assert_ok!(ValidatorSet::leave(signed(EVE)));
			assert_eq!(ValidatorSet::validators(), [1, 2, 3]);
		});
}

#[test]
fn the_dao_removes_a_validator_while_enough_others_stay() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(ValidatorSet::force_remove(RuntimeOrigin::root(), 4));
		assert_noop!(
			ValidatorSet::force_remove(RuntimeOrigin::root(), KEYLESS),
			Error::<Test>::NotCandidate
		);
		two_sessions_later();
		assert_eq!(active(), [1, 2, 3]);
	});
}

#[test]
fn an_admitted_candidate_without_keys_does_not_validate() {
	ExtBuilder::default()
		.joined(EVE, BOND)
		.build_and_execute(|| {
			assert_ok!(Session::purge_keys(signed(EVE)));
			assert_ok!(ValidatorSet::force_add(RuntimeOrigin::root(), EVE));
			two_sessions_later();
			assert_eq!(active(), GENESIS);
			set_keys(EVE);
			two_sessions_later();
			assert_eq!(active(), [1, 2, 3, 4, EVE]);
		});
}

/// Known, and not this pallet's to stop: session keys are purged through pallet-session, which asks
/// nobody and drops validators without keys from the set. A runtime filters that call.
#[test]
fn purged_keys_shrink_the_set_below_its_minimum() {
	ExtBuilder::default()
		.validators(&[1, 2, 3])
		.build_and_execute(|| {
			assert_ok!(Session::purge_keys(signed(1)));
			two_sessions_later();
			assert_eq!(active(), [2, 3]);
		});
}

#[test]
fn the_order_of_the_set_does_not_depend_on_the_order_of_joining() {
	let set = |first, second| {
		let mut validators = Vec::new();
		ExtBuilder::default()
			.joined(first, BOND)
			.joined(second, BOND)
			.build_and_execute(|| {
				for who in [first, second] {
					assert_ok!(ValidatorSet::force_add(RuntimeOrigin::root(), who));
				}
				validators = ValidatorSet::validators();
			});
		validators
	};
	assert_eq!(set(EVE, FRED), set(FRED, EVE));
}

#[test]
#[should_panic(expected = "more validators than there may be")]
fn a_genesis_with_too_many_validators_is_refused() {
	let _: sp_io::TestExternalities = ExtBuilder::default()
		.validators(&[1, 2, 3, 4, 5, 6, 7])
		.build();
}

#[derive(Clone, Copy, Debug)]
enum Step {
	Join(u64),
	BondMore(u64),
	Leave(u64),
	Withdraw(u64),
	Admit(u64),
	Remove(u64),
	Offend(u64, u32),
}

fn step() -> impl Strategy<Value = Step> {
	let who = 1..=FRED;
	prop_oneof![
		who.clone().prop_map(Step::Join),
		who.clone().prop_map(Step::BondMore),
		who.clone().prop_map(Step::Leave),
		who.clone().prop_map(Step::Withdraw),
		who.clone().prop_map(Step::Admit),
		who.clone().prop_map(Step::Remove),
		(who, 0u32..=100).prop_map(|(who, percent)| Step::Offend(who, percent)),
	]
}

proptest! {
	/// Whatever candidates, the DAO and reporters do, enough validate and no money is made or lost.
	#[test]
	fn the_set_stays_large_enough_and_every_bond_is_held(
		steps in prop::collection::vec((0u64..30, step()), 0..40),
	) {
		ExtBuilder::default().build_and_execute(|| {
			let issued = Balances::total_issuance();
			for (pause, step) in steps {
				go_to(System::block_number() + pause);
				// Refusals are as good a history as any.
				let _: DispatchResult = match step {
					Step::Join(who) => ValidatorSet::join(signed(who), BOND),
					Step::BondMore(who) => ValidatorSet::bond_more(signed(who), 77),
					Step::Leave(who) => ValidatorSet::leave(signed(who)),
					Step::Withdraw(who) => ValidatorSet::withdraw(signed(who)),
					Step::Admit(who) => ValidatorSet::force_add(RuntimeOrigin::root(), who),
					Step::Remove(who) => ValidatorSet::force_remove(RuntimeOrigin::root(), who),
					Step::Offend(who, percent) => {
						let session = Session::current_index();
						// A report of what is known already is refused.
						report(&[who], session, session.into(), percent).unwrap_or(());
						Ok(())
					},
				};
				assert!(ValidatorSet::validators().len() >= MIN as usize);
				assert!((MIN as usize..=MAX as usize).contains(&active().len()));
				ValidatorSet::do_try_state().expect("the invariants hold after every step");
			}
			assert_eq!(Balances::total_issuance(), issued);
		});
	}
}
