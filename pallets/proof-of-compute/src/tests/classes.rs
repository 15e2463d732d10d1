//! What the DAO may set a class to.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::BuildStorage;
use usufruct_primitives::traits::ScoreInspect;
use usufruct_proof::{ClassParams, MAX_K, MAX_ROUNDS, MAX_SAMPLES, MAX_SIDE};

use super::prover::*;
use crate::{mock::*, Challenges, Classes, Error, Event, ResourceClass};
use usufruct_proof::RANDOMNESS_KEPT;

fn set(id: u16, params: ClassParams) -> sp_runtime::DispatchResult {
	ProofOfCompute::set_class(RuntimeOrigin::root(), id, class(params))
}

#[test]
fn a_class_is_added_by_setting_it() {
	ExtBuilder::default().build_and_execute(|| {
		assert!(!ProofOfCompute::class_exists(9));
		assert_ok!(set(
			9,
			ClassParams {
				version: 0,
				..PARAMS
			}
		));
		assert_eq!(events(), [Event::ClassSet { class: 9 }]);
		assert!(ProofOfCompute::class_exists(9));
		assert_eq!(params_of(9).version, 0);
	});
}

#[test]
fn a_changed_class_has_a_greater_version() {
	ExtBuilder::default().build_and_execute(|| {
		for version in [0, PARAMS.version] {
			let params = ClassParams { version, ..PARAMS };
			assert_noop!(set(CLASS, params), Error::<Test>::VersionNotGrown);
		}
		let params = ClassParams {
			k: 64,
			version: 2,
			..PARAMS
		};
		assert_ok!(set(CLASS, params));
		assert_eq!(events(), [Event::ClassSet { class: CLASS }]);
		assert_eq!(params_of(CLASS), params);
		assert_noop!(set(CLASS, params), Error::<Test>::VersionNotGrown);
	});
}

#[test]
fn parameters_out_of_bounds_are_refused() {
	let bad = [
		ClassParams { m: 16, ..PARAMS },
		ClassParams { m: 48, ..PARAMS },
		ClassParams {
			n: MAX_SIDE * 2,
			..PARAMS
		},
		ClassParams { k: 0, ..PARAMS },
		ClassParams { k: 65, ..PARAMS },
		ClassParams {
			k: MAX_K + 64,
			..PARAMS
		},
		ClassParams {
			samples: 0,
			..PARAMS
		},
		ClassParams {
			samples: MAX_SAMPLES + 1,
			..PARAMS
		},
		ClassParams {
			window: 2,
			first_root: 1,
			..PARAMS
		},
		ClassParams {
			first_root: 0,
			..PARAMS
		},
		ClassParams {
			first_root: PARAMS.window,
			..PARAMS
		},
		ClassParams {
			reveal: 0,
			..PARAMS
		},
		ClassParams {
			min_rounds: 0,
			..PARAMS
		},
		ClassParams {
			min_rounds: 9,
			..PARAMS
		},
		ClassParams {
			max_rounds: MAX_ROUNDS + 1,
			..PARAMS
		},
		ClassParams {
			reference_ops: 0,
			..PARAMS
		},
	];
	ExtBuilder::default().build_and_execute(|| {
		for params in bad {
			let params = ClassParams {
				version: 2,
				..params
			};
			assert_noop!(set(CLASS, params), Error::<Test>::BadParams);
			assert_noop!(set(9, params), Error::<Test>::BadParams);
		}
	});
}

#[test]
fn parameters_at_their_bounds_are_accepted() {
	ExtBuilder::default().build_and_execute(|| {
		let largest = ClassParams {
			m: MAX_SIDE,
			n: MAX_SIDE,
			k: MAX_K,
			samples: MAX_SAMPLES,
			max_rounds: MAX_ROUNDS,
			..PARAMS
		};
		let smallest = ClassParams {
			m: 32,
			n: 32,
			k: 64,
			samples: 1,
			window: 3,
			first_root: 1,
			reveal: 1,
			min_rounds: 1,
			max_rounds: 1,
			reference_ops: 1,
			memory: None,
			version: 0,
		};
		assert_ok!(set(8, largest));
		assert_ok!(set(9, smallest));
	});
}

#[test]
fn a_challenge_may_not_outlast_the_randomness_that_it_is_checked_with() {
	ExtBuilder::default().build_and_execute(|| {
		// A request, two blocks and one for the seed, four and one for the positions.
		let longest = RANDOMNESS_KEPT - 8 - PARAMS.reveal;
		for window in [longest + 1, RANDOMNESS_KEPT, u32::MAX] {
			assert_noop!(
				set(9, ClassParams { window, ..PARAMS }),
				Error::<Test>::BadParams
			);
		}
		for reveal in [RANDOMNESS_KEPT - 8 - PARAMS.window + 1, u32::MAX] {
			assert_noop!(
				set(9, ClassParams { reveal, ..PARAMS }),
				Error::<Test>::BadParams
			);
		}
		assert_ok!(set(
			9,
			ClassParams {
				window: longest,
				..PARAMS
			}
		));
	});
}

#[test]
fn the_longest_challenge_is_proved_in_its_last_block() {
	let params = ClassParams {
		window: 500,
		reveal: RANDOMNESS_KEPT - 8 - 500,
		..PARAMS
	};
	ExtBuilder::default()
		.machine(ALICE)
		.params(params)
		.build_and_execute(|| {
			let (id, opened) = ready(0, 2);
			go_to(challenge(id).timeline().reveal_until());
			reveal(id, opened);
			assert!(matches!(events()[..], [Event::Proved { .. }]));
		});
}

#[test]
fn a_challenge_keeps_the_parameters_it_began_with() {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let id = request(0);
		let changed = ClassParams {
			k: 64,
			window: 20,
			samples: 1,
			version: 2,
			..PARAMS
		};
		assert_ok!(set(CLASS, changed));
		assert_eq!(challenge(id).params, PARAMS);
		let work = work(id, 2);
		commit(id, &work);
		reveal(id, work.open(&sample_seed_of(id)));
		assert!(!Challenges::<Test>::contains_key(id));
		assert!(proved(0) > 0);
		let next = request(0);
		assert_eq!(challenge(next).params, changed);
	});
}

#[test]
fn genesis_brings_its_classes() {
	ExtBuilder::default().build_and_execute(|| {
		let classes: Vec<(u16, ResourceClass)> = Classes::<Test>::iter().collect();
		assert_eq!(classes, [(CLASS, class(PARAMS))]);
	});
}

#[test]
#[should_panic(expected = "class 7 has parameters out of bounds")]
fn genesis_refuses_a_class_out_of_bounds() {
	let classes = vec![(
		CLASS,
		class(ClassParams {
			window: RANDOMNESS_KEPT,
			..PARAMS
		}),
	)];
	let _: Result<_, _> = crate::GenesisConfig::<Test> {
		epoch_rules: None,
		classes,
		phantom: Default::default(),
	}
	.build_storage();
}
