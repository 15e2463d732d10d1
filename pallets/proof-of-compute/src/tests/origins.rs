//! Every call by everybody who may not call it, and on challenges that are not there.

use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo};
use sp_runtime::{traits::Dispatchable, DispatchError};
use usufruct_primitives::ChallengeId;
use usufruct_proof::{ClassParams, Reveal};

use super::prover::*;
use crate::{mock::*, Call, Error};

fn set_class() -> RuntimeCall {
	let params = ClassParams {
		version: 2,
		..PARAMS
	};
	Call::set_class {
		id: CLASS,
		class: class(params),
	}
	.into()
}

/// The steps of the machine's owner.
fn answers(challenge: ChallengeId) -> Vec<RuntimeCall> {
	let reveal = Reveal {
		roots: Default::default(),
		openings: Default::default(),
		memory: None,
	};
	let calls: Vec<Call<Test>> = vec![
		Call::commit_first {
			challenge,
			root: [1; 32],
		},
		Call::commit {
			challenge,
			rounds: 2,
			digest: [1; 32],
		},
		Call::reveal {
			challenge,
			reveal: Box::new(reveal),
		},
	];
	calls.into_iter().map(Into::into).collect()
}

/// What any account may do.
fn public(challenge: ChallengeId, hid: u64) -> Vec<RuntimeCall> {
	let calls: Vec<Call<Test>> = vec![
		Call::request_proof { hid, right: None },
		Call::expire { challenge },
	];
	calls.into_iter().map(Into::into).collect()
}

#[test]
fn only_the_dao_sets_classes() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		for origin in [signed(ALICE), signed(CAROL), RuntimeOrigin::none()] {
			assert_noop!(set_class().dispatch(origin), DispatchError::BadOrigin);
		}
		assert_ok!(set_class().dispatch(RuntimeOrigin::root()));
	});
}

#[test]
fn only_the_owner_of_the_machine_answers() {
	ExtBuilder::default()
		.machine(ALICE)
		.machine(BOB)
		.build_and_execute(|| {
			let (id, _) = ready(0, 2);
			for call in answers(id) {
				for stranger in [BOB, CAROL, POOR] {
					assert_noop!(
						call.clone().dispatch(signed(stranger)),
						Error::<Test>::NotProvider
					);
				}
			}
			assert!(Faults::get().is_empty(), "nobody can fail for another");
		});
}

#[test]
fn every_call_but_the_daos_needs_an_account() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let id = request(0);
		for call in answers(id).into_iter().chain(public(id, 0)) {
			for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
				assert_noop!(call.clone().dispatch(origin), DispatchError::BadOrigin);
			}
		}
	});
}

#[test]
fn no_step_is_taken_in_a_challenge_that_does_not_run() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		request(0);
		for id in [1, u64::MAX] {
			let expire = Call::expire { challenge: id }.into();
			for call in answers(id).into_iter().chain([expire]) {
				assert_noop!(
					call.dispatch(signed(ALICE)),
					Error::<Test>::UnknownChallenge
				);
			}
		}
	});
}

#[test]
fn no_call_is_free_of_weight() {
	let calls = answers(0).into_iter().chain(public(0, 0));
	for call in calls.chain([set_class()]) {
		let weight = call.get_dispatch_info().call_weight;
		assert!(weight.ref_time() > 0 && weight.proof_size() > 0, "{call:?}");
	}
}

#[test]
fn a_reveal_is_paid_for_by_what_it_opens() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let (challenge, opened) = ready(0, 2);
		let weight = |reveal: &Reveal| {
			let reveal = Box::new(reveal.clone());
			let call: RuntimeCall = Call::reveal { challenge, reveal }.into();
			call.get_dispatch_info().call_weight
		};
		let full = weight(&opened);
		let mut fewer = opened.clone();
		fewer.openings.pop();
		assert!(weight(&fewer).ref_time() < full.ref_time());
		let mut shorter = opened;
		shorter.roots.pop();
		assert!(weight(&shorter).ref_time() < full.ref_time());
	});
}
