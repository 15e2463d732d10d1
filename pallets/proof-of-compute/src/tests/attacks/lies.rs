//! Committing to what was not computed.

use sp_io::hashing::blake2_256;
use usufruct_proof::{
	sample_positions, verify, ClassParams, Hash, RoundKeys, VerifyError, TILE, TILE_BYTES,
};

use super::Attack;
use crate::{mock::*, tests::prover::*, CurrentEpoch, Entries, EntryState, Histories};

/// 1,024 tiles in four rounds, audited like a real class.
const MANY: ClassParams = ClassParams {
	m: 256,
	n: 256,
	k: 64,
	samples: 32,
	..PARAMS
};
const ROUNDS: u32 = 4;
const SEED: Hash = [7; 32];

fn sampling(trial: u32) -> Hash {
	blake2_256(&trial.to_le_bytes())
}

/// Skips a part of the tiles and is audited again and again. Gives the part of audits that found it.
fn detection(per_cent: u32) -> f64 {
	const TRIALS: u32 = 4_000;
	// Not every hundredth: the part is spread without a pattern, and exact.
	let mut tiles: Vec<(Hash, u32, u32)> = (0..ROUNDS)
		.flat_map(|round| (0..MANY.tiles()).map(move |tile| (round, tile)))
		.map(|(round, tile)| {
			(
				blake2_256(&(round * 4_096 + tile).to_le_bytes()),
				round,
				tile,
			)
		})
		.collect();
	tiles.sort_unstable();
	tiles.truncate(tiles.len() * per_cent as usize / 100);
	let skipped = |round, tile| tiles.iter().any(|(_, r, t)| (*r, *t) == (round, tile));
	let work = Work::skipping(MANY, SEED, ROUNDS, skipped);
	let is_hit = |trial| {
		sample_positions(&MANY, ROUNDS, &sampling(trial))
			.iter()
			.any(|position| skipped(position.round, position.tile(&MANY)))
	};
	// The chain's own check finds what the positions hit, and nothing else.
	for trial in 0..12 {
		let sample_seed = sampling(trial);
		let reveal = work.open(&sample_seed);
		let verdict = verify(&MANY, &work.seeds(sample_seed), &work.commitment(), &reveal);
		let expected = match is_hit(trial) {
			true => Err(VerifyError::Element),
			false => Ok(()),
		};
		assert_eq!(verdict, expected, "trial {trial} of {per_cent} %");
	}
	f64::from((0..TRIALS).filter(|trial| is_hit(*trial)).count() as u32) / f64::from(TRIALS)
}

pub(super) fn skipping_tiles() -> Attack {
	let mut seen = Vec::new();
	for per_cent in [1, 5, 10, 20] {
		let found = detection(per_cent);
		let tiles = f64::from(ROUNDS * MANY.tiles());
		let part = (tiles * f64::from(per_cent) / 100.0).floor() / tiles;
		let expected = 1.0 - (1.0 - part).powi(MANY.samples as i32);
		// Four standard deviations of a share of 4,000.
		let error = 4.0 * (expected * (1.0 - expected) / 4_000.0).sqrt();
		assert!(
			(found - expected).abs() <= error,
			"{per_cent} %: {found} is not {expected} ± {error}"
		);
		seen.push(format!(
			"{per_cent} %: {:.1} % found, {:.1} % expected",
			found * 100.0,
			expected * 100.0
		));
	}
	Attack {
		name: "Skip a part *f* of the tiles",
		gain: "*f* of the work",
		cost: "the score and a fault's part of the bond, each time it is found",
		why: "An audit of *k* samples finds it with 1 − (1 − *f*)^*k*, here *k* = 32; positions are younger than the commitment",
		seen: seen.join("; "),
	}
}

/// The sum of all elements of a tile, from sums of rows and columns alone: no product of matrices.
fn cheap_sum(params: &ClassParams, seed: &Hash, block_row: u32, block_column: u32) -> i64 {
	use usufruct_proof::{fill_column, fill_row};
	let keys = RoundKeys::new(seed);
	let sums = |first: u32, fill: fn(&RoundKeys, u32, &mut [u8])| {
		let mut sums = vec![0i64; params.k as usize];
		for index in first..first + TILE as u32 {
			let mut vector = vec![0u8; params.k as usize];
			fill(&keys, index, &mut vector);
			for (sum, value) in sums.iter_mut().zip(&vector) {
				*sum += i64::from(*value as i8);
			}
		}
		sums
	};
	let (rows, columns) = (
		sums(block_row * TILE as u32, fill_row),
		sums(block_column * TILE as u32, fill_column),
	);
	rows.iter().zip(columns).map(|(a, b)| a * b).sum()
}

fn sum(tile: &[u8; TILE_BYTES]) -> i64 {
	tile.chunks_exact(4)
		.map(|bytes| i64::from(i32::from_le_bytes(bytes.try_into().expect("four bytes"))))
		.sum()
}

pub(super) fn forging_a_linear_digest() -> Attack {
	let tiles = multiply(&PARAMS, &SEED);
	let across = PARAMS.n / TILE as u32;
	for (index, tile) in (0..).zip(&tiles) {
		let cheap = cheap_sum(&PARAMS, &SEED, index / across, index % across);
		assert_eq!(cheap, sum(tile), "the sum of tile {index} is nearly free");
	}
	// Another tile with the same sum.
	let honest = Work::new(PARAMS, SEED, 2);
	let sample_seed = sampling(0);
	let mut reveal = honest.open(&sample_seed);
	let tile = &mut reveal.openings[0].tile;
	let before = sum(tile);
	let moved = |bytes: &mut [u8], by: i32| {
		let value = i32::from_le_bytes((&*bytes).try_into().expect("four bytes"));
		bytes.copy_from_slice(&(value + by).to_le_bytes());
	};
	moved(&mut tile[0..4], 1);
	moved(&mut tile[4..8], -1);
	assert_eq!(sum(tile), before);
	let verdict = verify(
		&PARAMS,
		&honest.seeds(sample_seed),
		&honest.commitment(),
		&reveal,
	);
	assert_eq!(verdict, Err(VerifyError::Root));
	Attack {
		name: "Forge a tile whose linear digest is right",
		gain: "all of the work, if sums were committed",
		cost: "2·16·*k* additions a tile instead of 16·16·*k* multiplications",
		why: "Only keyed BLAKE3 hashes of tiles are committed; none follows from sums of rows and columns",
		seen: format!(
			"the sums of {} tiles computed without a product, all right; a tile with the same sum: `Root`",
			tiles.len()
		),
	}
}

/// Commits rubbish for these rounds in the epoch that can be entered next, and concludes it.
fn bluff(hid: u64, rounds: u32) {
	let work = enter(hid, 1);
	ProofOfCompute::commit_entry(owner_of(hid), hid, rounds, work.digest()).expect("it is due");
	go_to(entry(hid).disputes_until() + 1);
	ProofOfCompute::conclude(signed(CAROL), hid).expect("it is over");
}

pub(super) fn hoping_not_to_be_drawn() -> Attack {
	const EPOCHS: u32 = 120;
	// Nobody has seen the machine at work.
	ExtBuilder::default()
		.machine(ALICE)
		.machine(BOB)
		.epochs()
		.build_and_execute(|| {
			bluff(0, 8);
			assert_eq!(Faults::get(), [0]);
		});
	// It was honest once, and is one of two of which one is drawn.
	let mut caught = 0;
	ExtBuilder::default()
		.machine(ALICE)
		.machine(BOB)
		.epochs()
		.build_and_execute(|| {
			for _ in 0..EPOCHS {
				if !Histories::<Test>::contains_key(0) {
					score_epoch(&[(0, 8)]);
					next_epoch();
				}
				let before = Faults::get().len();
				let honest = commit_entry(1, 8);
				bluff_beside(&honest);
				caught += (Faults::get().len() - before) as u32;
				next_epoch();
			}
		});
	let rate = f64::from(caught) / f64::from(EPOCHS);
	// One of two is drawn: 1/2, within four standard deviations.
	assert!(
		(rate - 0.5).abs() < 4.0 * (0.25 / f64::from(EPOCHS)).sqrt(),
		"{rate}"
	);
	Attack {
		name: "Commit rounds that were never computed, and hope not to be drawn",
		gain: "the score of an epoch, with probability 1 − p",
		cost: "with probability p all scores of eight epochs and a fault's part of the bond; less where somebody doubts",
		why: "Whoever no audit has seen at this speed is always drawn; others by a lottery that is younger than the commitment, and anybody may force an audit",
		seen: format!(
			"new: drawn, `NotRevealed`, a fault; known, with p = 1/2: caught in {:.0} % of {EPOCHS} epochs",
			rate * 100.0
		),
	}
}

/// Machine 0 bluffs in an epoch in which machine 1 is honest.
fn bluff_beside(honest: &Work) {
	let epoch = CurrentEpoch::<Test>::get().expect("it is under way");
	let first = Work::new(EPOCH_PARAMS, epoch_seed(&epoch, 0), 1);
	ProofOfCompute::enter(signed(ALICE), 0, epoch.id, first.roots[0]).expect("it is due");
	ProofOfCompute::commit_entry(signed(ALICE), 0, 8, first.digest()).expect("it is due");
	go_to(entry(1).timeline().sampled_at());
	if ProofOfCompute::is_audit_due(1) == Some(true) {
		reveal_entry(1, open_entry(1, honest));
	}
	go_to(entry(1).disputes_until() + 1);
	for hid in [0, 1] {
		ProofOfCompute::conclude(signed(CAROL), hid).expect("it is over");
	}
}

pub(super) fn passing_the_audit_by_luck() -> Attack {
	ExtBuilder::default()
		.machine(ALICE)
		.machine(BOB)
		.epochs()
		.build_and_execute(|| {
			score_epoch(&[(0, 8), (1, 8)]);
			next_epoch();
			// Half of the tiles of every round are not computed; suppose that the lottery let it pass.
			let epoch = open_epoch();
			let work = Work::skipping(EPOCH_PARAMS, epoch_seed(&epoch, 0), 8, |_, tile| {
				tile % 2 == 0
			});
			ProofOfCompute::enter(signed(ALICE), 0, epoch.id, work.roots[0]).expect("it is due");
			ProofOfCompute::commit_entry(signed(ALICE), 0, 8, work.digest()).expect("it is due");
			Entries::<Test>::mutate(0, |entry| {
				let entry = entry.as_mut().expect("it entered");
				if let EntryState::Committed { audited, .. } = &mut entry.state {
					*audited = true;
				}
			});
			go_to(entry(0).timeline().reveal_until() + 1);
			let before = free(CAROL);
			// Whoever is sure doubts again where the positions were lucky, as long as there is time.
			let mut doubts = 0;
			while Entries::<Test>::contains_key(0) {
				ProofOfCompute::force_audit(signed(CAROL), 0).expect("there is time");
				reveal_entry(0, open_entry(0, &work));
				doubts += 1;
			}
			assert_eq!(Faults::get(), [0]);
			assert_eq!(before - free(CAROL), (doubts - 1) * BOND);
		});
	Attack {
		name: "Pass the audit by luck",
		gain: "the score of an epoch",
		cost: "all scores and a fault's part of the bond, when somebody who recomputed a round doubts it",
		why: "`force_audit` opens new positions, again and again, for a bond that returns when the doubt was right",
		seen: "half of the tiles skipped and an audit passed: found by forced audits, a fault".into(),
	}
}
