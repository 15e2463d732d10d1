//! Being somebody else, or several.

use usufruct_proof::{seed, verify, Hash, Occasion, SeedContext, VerifyError};

use super::Attack;
use crate::{mock::*, tests::prover::*, Error};

pub(super) fn copying_answers() -> Attack {
	ExtBuilder::default()
		.machine(ALICE)
		.machine(BOB)
		.build_and_execute(|| {
			let (alice, bob) = (request(0), request(1));
			let work = work(alice, 4);
			commit(alice, &work);
			commit(bob, &work);
			let opened = work.open(&sample_seed_of(bob));
			reveal(bob, opened);
			reveal(alice, work.open(&sample_seed_of(alice)));
			assert_eq!(Faults::get(), [1]);
		});
	Attack {
		name: "Copy another machine's commitment and reveal",
		gain: "a score without hardware",
		cost: "a fault's part of the bond",
		why: "The seed is bound to the machine and the hardware; another's work has other matrices",
		seen: "the copy: `WrongReveal`, a fault; the original: proved".into(),
	}
}

pub(super) fn replaying_elsewhere() -> Attack {
	let context = SeedContext {
		genesis: [1; 32],
		occasion: Occasion::Challenge(2),
		node: 3,
		hid: 4,
		class: 5,
		params: PARAMS,
	};
	let randomness: Hash = [9; 32];
	let work = Work::new(PARAMS, seed(&context, &randomness), 2);
	let mut newer = PARAMS;
	newer.version += 1;
	let others = [
		SeedContext {
			genesis: [2; 32],
			..context
		},
		SeedContext {
			occasion: Occasion::Challenge(3),
			..context
		},
		SeedContext {
			occasion: Occasion::Epoch(2),
			..context
		},
		SeedContext { node: 4, ..context },
		SeedContext { hid: 5, ..context },
		SeedContext {
			class: 6,
			..context
		},
		SeedContext {
			params: newer,
			..context
		},
	];
	let sample_seed = [3; 32];
	let refused = others
		.iter()
		.filter(|other| {
			verify(
				&other.params,
				&seed(other, &randomness),
				2,
				&work.digest(),
				&work.roots[0],
				&sample_seed,
				&work.open(&sample_seed),
			) == Err(VerifyError::Root)
		})
		.count();
	assert_eq!(refused, others.len());
	Attack {
		name: "Replay a proof on another chain, occasion, machine, hardware, class or version",
		gain: "one proof's work, sold several times",
		cost: "a fault's part of the bond",
		why: "All of them, and every dimension, are hashed into the seed",
		seen: format!("{refused} of {} contexts: `Root`", others.len()),
	}
}

pub(super) fn answering_for_another() -> Attack {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let id = request(0);
		let work = work(id, 2);
		let first = ProofOfCompute::commit_first(signed(BOB), id, work.roots[0]);
		assert_eq!(first, Err(Error::<Test>::NotProvider.into()));
		commit(id, &work);
		let again = ProofOfCompute::commit(signed(ALICE), id, work.rounds(), [0; 32]);
		assert_eq!(again, Err(Error::<Test>::WrongStep.into()));
		let opened = Box::new(work.open(&sample_seed_of(id)));
		let revealed = ProofOfCompute::reveal(signed(BOB), id, opened.clone());
		assert_eq!(revealed, Err(Error::<Test>::NotProvider.into()));
		reveal(id, *opened);
		assert!(Faults::get().is_empty());
	});
	Attack {
		name: "Answer a rival's challenge with rubbish",
		gain: "the rival's fault",
		cost: "a fee",
		why: "Only the machine's owner, or its typed proxy, answers; a step that was taken is not taken again",
		seen: "a stranger's commitment and reveal: `NotProvider`; the rival proved".into(),
	}
}

pub(super) fn one_device_as_two() -> Attack {
	// What the device does alone within a window.
	const ROUNDS: u32 = 10;
	let score = |rounds| PARAMS.score_ppm(PARAMS.ops_per_second(rounds, SLOT));
	let (alone, half) = (score(ROUNDS), score(ROUNDS / 2));
	assert!(alone >= 999_000 && half < 700_000, "{alone}, {half}");
	// The rounds of one identity are none of the other.
	let seeds: [Hash; 2] = [[1; 32], [2; 32]];
	let work = Work::new(PARAMS, seeds[0], 2);
	let sample_seed = [3; 32];
	let verdict = verify(
		&PARAMS,
		&seeds[1],
		2,
		&work.digest(),
		&work.roots[0],
		&sample_seed,
		&work.open(&sample_seed),
	);
	assert_eq!(verdict, Err(VerifyError::Root));
	Attack {
		name: "Register one device as two",
		gain: "two scores",
		cost: "a second bond",
		why: "Challenged at the same time, each identity has half of the rounds, and below 70 % of the reference earns nothing. **Open**: challenges are addressed one by one so far, and a device can answer one after the other",
		seen: format!(
			"alone {:.0} % of the reference, as two {:.0} % each; rounds of one for the other: `Root`",
			f64::from(alone) / 1e4,
			f64::from(half) / 1e4
		),
	}
}
