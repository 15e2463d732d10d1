//! Bytes that are no reveal.

use codec::{Decode, DecodeAll, Encode};
use frame_support::{traits::Get, BoundedVec};
use usufruct_proof::{verify, Hash, Reveal, MAX_ROUNDS};

use super::Attack;
use crate::{mock::*, tests::prover::*};

const SEED: Hash = [7; 32];
const SAMPLES: Hash = [9; 32];
const ROUNDS: u32 = 4;

fn is_refused(work: &Work, reveal: &Reveal) -> bool {
	verify(
		&PARAMS,
		&SEED,
		ROUNDS,
		&work.digest(),
		&work.roots[0],
		&SAMPLES,
		reveal,
	)
	.is_err()
}

fn reversed<T: Clone, S: Get<u32>>(list: &BoundedVec<T, S>) -> BoundedVec<T, S> {
	let reversed: Vec<T> = list.iter().rev().cloned().collect();
	reversed.try_into().ok().expect("as many as before")
}

pub(super) fn malformed_reveals() -> Attack {
	let work = Work::new(PARAMS, SEED, ROUNDS);
	let honest = work.open(&SAMPLES);
	assert!(!is_refused(&work, &honest));
	let bytes = honest.encode();

	let cut = (0..bytes.len())
		.filter(|end| Reveal::decode(&mut &bytes[..*end]).is_err())
		.count();
	assert_eq!(cut, bytes.len());
	assert!(Reveal::decode_all(&mut &[&bytes[..], &[0]].concat()[..]).is_err());

	// More roots than a reveal may hold, announced and sent.
	let oversized = (vec![[0u8; 32]; MAX_ROUNDS as usize + 1], Vec::<u8>::new()).encode();
	assert!(Reveal::decode(&mut &oversized[..]).is_err());
	// Four thousand million roots, announced and not sent: nothing is allocated for them.
	let announced = [&codec::Compact(u32::MAX).encode()[..], &[0; 64]].concat();
	assert!(Reveal::decode(&mut &announced[..]).is_err());

	type Change = fn(&mut Reveal);
	let changes: [(&str, Change); 9] = [
		("no roots", |r| r.roots = Default::default()),
		("a root less", |r| drop(r.roots.pop())),
		("a root more", |r| {
			r.roots.try_push([1; 32]).expect("there is room");
		}),
		("roots in another order", |r| {
			r.roots = reversed(&r.roots);
		}),
		("an opening less", |r| drop(r.openings.pop())),
		("an opening twice", |r| {
			let first = r.openings[0].clone();
			r.openings
				.iter_mut()
				.for_each(|opening| *opening = first.clone());
		}),
		("openings in another order", |r| {
			r.openings = reversed(&r.openings);
		}),
		("a shorter path", |r| drop(r.openings[0].path.pop())),
		("a path of other dimensions", |r| {
			r.openings[0].path.try_push([1; 32]).expect("there is room");
		}),
	];
	for (name, change) in changes {
		let mut reveal = honest.clone();
		change(&mut reveal);
		assert!(is_refused(&work, &reveal), "{name}");
	}
	Attack {
		name: "Malformed reveals: cut, oversized, of other dimensions, with one opening for all positions",
		gain: "a crash, or a check that looks elsewhere",
		cost: "a fee; a fault where it decodes",
		why: "Every length is bounded by its type before anything is read, and compared with the class's before anything is computed",
		seen: format!(
			"{cut} cuts and 3 sizes do not decode; {} changes are refused",
			changes.len()
		),
	}
}
