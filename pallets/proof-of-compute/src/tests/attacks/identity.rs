//! Being somebody else, or several.

use usufruct_proof::{seed, verify, Hash, Occasion, SeedContext, Seeds, VerifyError};

use super::Attack;
use usufruct_primitives::traits::ScoreInspect;

use crate::{mock::*, tests::prover::*, Error, Ranking};

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
			let seeds = Seeds {
				work: seed(other, &randomness),
				..work.seeds(sample_seed)
			};
			let reveal = work.open(&sample_seed);
			verify(&other.params, &seeds, &work.commitment(), &reveal) == Err(VerifyError::Root)
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
	// What the device does within a window, whoever asks.
	const ROUNDS: u32 = 8;
	let two = || ExtBuilder::default().machine(ALICE).machine(BOB).epochs();
	let mut alone = 0;
	two().build_and_execute(|| {
		score_epoch(&[(0, ROUNDS)]);
		alone = ProofOfCompute::score_ppm(0);
	});
	let mut half = 0;
	two().build_and_execute(|| {
		score_epoch(&[(0, ROUNDS / 2), (1, ROUNDS / 2)]);
		half = EPOCH_PARAMS.score_ppm(&speed(&EPOCH_PARAMS, ROUNDS / 2, 0));
		assert_eq!([0, 1].map(ProofOfCompute::score_ppm), [0, 0]);
		assert!(Ranking::<Test>::get(CLASS).is_empty());
	});
	// The rounds of one identity are none of the other.
	two().build_and_execute(|| {
		let work = commit_entry(0, ROUNDS);
		let epoch = open_epoch().id;
		ProofOfCompute::enter(signed(BOB), 1, epoch, work.roots[0]).expect("it looks right");
		ProofOfCompute::commit_entry(signed(BOB), 1, ROUNDS, work.digest()).expect("so does this");
		reveal_entry(0, open_entry(0, &work));
		reveal_entry(1, open_entry(1, &work));
		assert_eq!(Faults::get(), [1]);
	});
	Attack {
		name: "Register one device as two",
		gain: "two scores",
		cost: "a second bond",
		why: "All hardware proves in the same window of an epoch: each identity has half of the rounds, and below 70 % of the reference earns nothing",
		seen: format!(
			"alone {:.0} % of the reference; as two {:.0} % each, which counts as 0; rounds of one for the other: `WrongReveal`, a fault",
			f64::from(alone) / 1e4,
			f64::from(half) / 1e4
		),
	}
}
