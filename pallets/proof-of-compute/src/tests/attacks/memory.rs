//! Claiming memory that is not there.

use sp_io::hashing::blake2_256;
use usufruct_proof::{memory_positions, verify, Commitment, Hash, Seeds, VerifyError, ROW_BYTES};

use super::Attack;
use crate::{mock::*, tests::prover::*};

const SEED: Hash = [7; 32];
const MEMORY: Hash = [8; 32];
const ROUNDS: u32 = 16;
const PASSES: u32 = 8;

fn verdict(work: &Work, passes: &Passes, samples: Hash) -> Result<(), VerifyError> {
	let commitment = Commitment {
		memory: Some(passes.commitment()),
		..work.commitment()
	};
	let seeds = Seeds {
		memory: Some(MEMORY),
		..work.seeds(samples)
	};
	let reveal = work.open_with(passes, &samples);
	verify(&MEMORY_PARAMS, &seeds, &commitment, &reveal)
}

/// A part of the rows is not kept: their sums are made of zeros.
pub(super) fn keeping_less() -> Attack {
	const TRIALS: u32 = 400;
	let work = Work::new(MEMORY_PARAMS, SEED, ROUNDS);
	let honest = work.pass_over(MEMORY, PASSES);
	assert_eq!(verdict(&work, &honest, [0; 32]), Ok(()));
	let rows = MEMORY_PARAMS.kept_rows();
	let samples = MEMORY_PARAMS.memory.expect("it has one").samples;
	let mut seen = Vec::new();
	for per_cent in [10, 25, 50] {
		let lost = rows * per_cent / 100;
		let is_lost = |row: u32| row * 7 % rows < lost;
		let passes = work.pass_over_what(MEMORY, PASSES, |row, kept| match is_lost(row) {
			true => [0; ROW_BYTES],
			false => *kept,
		});
		let mut found = 0;
		for trial in 0..TRIALS {
			let sampling = blake2_256(&trial.to_le_bytes());
			let is_hit = memory_positions(&MEMORY_PARAMS, PASSES, &sampling)
				.iter()
				.any(|position| is_lost(position.row));
			// The chain's own check finds what the positions hit, and nothing else.
			if trial < 12 {
				let expected = match is_hit {
					true => Err(VerifyError::Sums),
					false => Ok(()),
				};
				assert_eq!(verdict(&work, &passes, sampling), expected);
			}
			found += u32::from(is_hit);
		}
		let found = f64::from(found) / f64::from(TRIALS);
		let part = f64::from(lost) / f64::from(rows);
		let expected = 1.0 - (1.0 - part).powi(samples as i32);
		// Four standard deviations of a share of 400.
		let error = 4.0 * (expected * (1.0 - expected) / f64::from(TRIALS)).sqrt();
		assert!((found - expected).abs() <= error, "{found} {expected}");
		seen.push(format!(
			"{per_cent} %: {:.0} % found, {:.0} % expected",
			found * 100.0,
			expected * 100.0
		));
	}
	Attack {
		name: "Keep only a part of the memory that is claimed",
		gain: "*f* of the memory, or its speed",
		cost: "all scores and a fault's part of the bond, each time it is found; or the time to compute the missing rows again in every pass",
		why: "Every pass takes every row, with vectors that follow from the pass before; a row costs 2·*k* operations a byte pair to compute again, and one read to keep",
		seen: format!("{samples} samples of passes: {}", seen.join("; ")),
	}
}

/// How many bits of entropy a byte has, where each place in a word is looked at by itself.
fn bits_a_byte(words: &[Vec<u8>]) -> f64 {
	let places = words[0].len();
	let of_place = |place: usize| {
		let mut counts = [0u32; 256];
		words
			.iter()
			.for_each(|word| counts[usize::from(word[place])] += 1);
		let all = words.len() as f64;
		let part = |count: &u32| {
			let part = f64::from(*count) / all;
			-part * part.log2()
		};
		let seen = counts.iter().filter(|count| **count > 0);
		seen.map(part).sum::<f64>()
	};
	(0..places).map(of_place).sum::<f64>() / places as f64
}

/// The elements are sums: their upper bytes say little.
pub(super) fn compressing_what_is_kept() -> Attack {
	let tiles = multiply(&MEMORY_PARAMS, &SEED).concat();
	let whole: Vec<Vec<u8>> = tiles.chunks(4).map(<[u8]>::to_vec).collect();
	let kept: Vec<Vec<u8>> = tiles.chunks(4).map(|word| word[..2].to_vec()).collect();
	let (whole, kept) = (bits_a_byte(&whole), bits_a_byte(&kept));
	assert!(whole < 6.5 && kept > 7.9, "{whole} {kept}");
	Attack {
		name: "Keep the memory compressed",
		gain: "memory and bandwidth that are not there",
		cost: "nothing, if whole elements were kept",
		why: "Only the two lower bytes of an element are kept: of a sum of *k* products the upper ones are mostly its sign",
		seen: format!("bits of entropy a byte: {whole:.1} in whole elements, {kept:.1} in what is kept"),
	}
}

/// The passes are made before their window.
pub(super) fn passing_early() -> Attack {
	ExtBuilder::default()
		.machine(ALICE)
		.params(MEMORY_PARAMS)
		.build_and_execute(|| {
			let (id, work) = committed(0, ROUNDS);
			// By a seed that was guessed; the right one depends on blocks after the commitment.
			let early = work.pass_over(MEMORY, PASSES);
			go_to(challenge(id).timeline().memory_opens_at());
			let digest = early.commitment().digest;
			ProofOfCompute::commit_memory(provider(id), id, PASSES, digest)
				.expect("it looks right");
			reveal(id, work.open_with(&early, &sample_seed_of(id)));
			assert_eq!(Faults::get(), [0]);
		});
	Attack {
		name: "Make the passes before their window, or go on after it",
		gain: "more passes than the window holds",
		cost: "a fault's part of the bond",
		why: "The seed of the passes follows from the rounds that were committed and from blocks after that; positions come from blocks after the passes' commitment",
		seen: "passes by a guessed seed: `WrongReveal`, a fault".into(),
	}
}
