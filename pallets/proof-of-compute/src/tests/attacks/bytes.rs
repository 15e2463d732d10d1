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
	verify(&PARAMS, &work.seeds(SAMPLES), &work.commitment(), reveal).is_err()
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
		("a root less", |r| {
			r.roots.pop();
		}),
		("a root more", |r| {
			r.roots.try_push([1; 32]).expect("there is room");
		}),
		("roots in another order", |r| {
			r.roots = reversed(&r.roots);
		}),
		("an opening less", |r| {
			r.openings.pop();
		}),
		("an opening twice", |r| {
			let first = r.openings[0].clone();
			r.openings
				.iter_mut()
				.for_each(|opening| *opening = first.clone());
		}),
		("openings in another order", |r| {
			r.openings = reversed(&r.openings);
		}),
		("a shorter path", |r| {
			r.openings[0].path.pop();
		}),
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

#[test]
fn no_change_of_a_reveals_bytes_is_accepted_or_leaves_the_state_unsound() {
	use frame_support::storage::{with_transaction, TransactionOutcome};
	use sp_runtime::{traits::Dispatchable, DispatchError};
	ExtBuilder::default().machine(ALICE).build_and_execute(|| {
		let (id, opened) = ready(0, ROUNDS);
		let call: RuntimeCall = crate::Call::reveal {
			challenge: id,
			reveal: Box::new(opened),
		}
		.into();
		let bytes = call.encode();
		let (mut decoded, mut accepted) = (0, 0);
		// Every byte of the small parts, and some of the large.
		for at in (0..bytes.len()).filter(|at| *at < 200 || at % 7 == 0) {
			for flip in [0x01, 0x80, 0xff] {
				let mut changed = bytes.clone();
				changed[at] ^= flip;
				let Ok(call) = RuntimeCall::decode_all(&mut &changed[..]) else {
					continue;
				};
				decoded += 1;
				let proved: Result<bool, DispatchError> = with_transaction(|| {
					let _: Result<_, _> = call.dispatch(signed(ALICE));
					ProofOfCompute::do_try_state().expect("the invariants hold");
					let proved = crate::Scores::<Test>::contains_key(0);
					TransactionOutcome::Rollback(Ok(proved))
				});
				accepted += u32::from(proved.expect("it is rolled back"));
				Faults::set(Vec::new());
			}
		}
		assert!(decoded > 1_000, "{decoded}");
		assert_eq!(accepted, 0);
	});
}
