//! Being too early, too late, or at the right place.

use sp_io::hashing::blake2_256;
use usufruct_proof::{mix, sample_positions, sample_seed, ClassParams, Hash};

use super::Attack;
use crate::{mock::*, tests::prover::*, Challenges, Error, FailureReason};

pub(super) fn precomputing() -> Attack {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let id = request(0);
		let opens_at = challenge(id).timeline().opens_at();
		let guessed = Work::new(PARAMS, [7; 32], 2);
		for block in now()..opens_at {
			go_to(block);
			assert_eq!(ProofOfCompute::seed(id), None);
			let early = ProofOfCompute::commit_first(signed(ALICE), id, guessed.roots[0]);
			assert_eq!(early, Err(Error::<Test>::TooEarly.into()));
		}
		go_to(opens_at);
		commit(id, &guessed);
		reveal(id, guessed.open(&sample_seed_of(id)));
		assert_eq!(Faults::get(), [0]);
	});
	Attack {
		name: "Compute before the seed is known",
		gain: "more rounds than the window holds",
		cost: "a fault's part of the bond for a wrong guess",
		why: "The seed is mixed from two blocks after the request. The author of the second knows it a slot early: one block of a window more",
		seen: "no seed and no step before its block; a guess: `WrongReveal`".into(),
	}
}

pub(super) fn coming_late() -> Attack {
	ExtBuilder::default()
		.machine(ALICE)
		.machine(BOB)
		.build_and_execute(|| {
			let ids = [request(0), request(1)];
			let works = ids.map(|id| work(id, 2));
			start(ids[0], &works[0]);
			go_to(challenge(ids[1]).timeline().first_root_until() + 1);
			let first = ProofOfCompute::commit_first(signed(BOB), ids[1], works[1].roots[0]);
			assert_eq!(first, Err(Error::<Test>::TooLate.into()));
			go_to(challenge(ids[0]).timeline().commit_until() + 1);
			let late = ProofOfCompute::commit(signed(ALICE), ids[0], 2, works[0].digest());
			assert_eq!(late, Err(Error::<Test>::TooLate.into()));
		});
	Attack {
		name: "Go on after the window",
		gain: "more rounds",
		cost: "the score",
		why: "Each step has a last block; positions are drawn from blocks after it",
		seen: "a late first root and a late commitment: `TooLate`".into(),
	}
}

pub(super) fn hiring_after_the_draw() -> Attack {
	let due = ExtBuilder::default()
		.machine(ALICE)
		.build()
		.execute_with(|| {
			let id = request(0);
			let record = challenge(id);
			record.timeline().first_root_until() - record.timeline().opens_at()
		});
	assert!(due < PARAMS.window / 2);
	Attack {
		name: "Hire a machine, or relay to one, after the draw",
		gain: "a score for hardware that is not there",
		cost: "hiring a machine of the class within seconds",
		why: "The root of round 0 is due early in the window. A relay to hardware that stands ready **passes**: the proof is of arithmetic, not of place",
		seen: format!("the first root is due {due} of {} blocks after the seed", PARAMS.window),
	}
}

/// The part of skippers of a tenth of the tiles that are not found, where the last author of four may
/// publish its block or not, whichever hides them.
fn escapes(rolls: u32) -> f64 {
	const TRIALS: u32 = 20_000;
	const AUDITED: ClassParams = ClassParams {
		samples: 32,
		..PARAMS
	};
	let output = |trial: u32, block: u32| blake2_256(&(trial * 8 + block).to_le_bytes());
	let escaped = (0..TRIALS).filter(|trial| {
		let outputs: Vec<Hash> = (0..4).map(|block| output(*trial, block)).collect();
		let published = [&outputs[..], &outputs[..3]];
		published.iter().take(rolls as usize).any(|outputs| {
			let positions = sample_positions(&AUDITED, 4, &sample_seed(&[7; 32], &mix(outputs)));
			// A tenth of what can be sampled, by the first two bytes of a hash of the position.
			positions.iter().all(|position| {
				let hash = blake2_256(
					&[position.round, position.i, position.j]
						.map(u32::to_le_bytes)
						.concat(),
				);
				u16::from_le_bytes([hash[0], hash[1]]) >= 6_554
			})
		})
	});
	f64::from(escaped.count() as u32) / f64::from(TRIALS)
}

pub(super) fn grinding_by_a_block_author() -> Attack {
	let one = 0.9f64.powi(32);
	let two = 1.0 - (1.0 - one).powi(2);
	let (once, twice) = (escapes(1), escapes(2));
	for (found, expected) in [(once, one), (twice, two)] {
		let error = 4.0 * (expected * (1.0 - expected) / 20_000.0).sqrt();
		assert!(
			(found - expected).abs() <= error,
			"{found} is not {expected}"
		);
	}
	Attack {
		name: "Withhold a block to re-roll the positions",
		gain: "a second draw of the positions",
		cost: "the block, and the bond if the second draw finds it too",
		why: "Positions are mixed from four blocks: an author has one re-roll, by giving its block up, and two of the four must have an output",
		seen: format!(
			"a tenth skipped escapes with {:.1} %, with a re-roll {:.1} % ({:.1} % and {:.1} % expected)",
			once * 100.0,
			twice * 100.0,
			one * 100.0,
			two * 100.0
		),
	}
}

pub(super) fn staying_silent_after_the_draw() -> Attack {
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let (id, _) = committed(0, 2);
		go_to(challenge(id).timeline().reveal_until() + 1);
		ProofOfCompute::expire(signed(BOB), id).expect("it is late");
		assert_eq!(Faults::get(), [0]);
		assert!(!Challenges::<Test>::contains_key(id));
		let reasons: Vec<_> = events()
			.into_iter()
			.filter_map(|event| match event {
				crate::Event::ProofFailed { reason, .. } => Some(reason),
				_ => None,
			})
			.collect();
		assert_eq!(reasons, [FailureReason::NotRevealed]);
	});
	Attack {
		name: "Commit, see the positions, and say nothing",
		gain: "no audit when it would find something",
		cost: "the score and a fault's part of the bond",
		why: "A commitment without a reveal is a fault, and anybody may end it",
		seen: "`NotRevealed`, a fault".into(),
	}
}
