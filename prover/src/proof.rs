//! A proof on any device: rounds, passes, and their openings.

use rayon::prelude::*;
use usufruct_proof::{
	above, commit_digest, element, fill_column, fill_row, memory_positions, next_pass_seed,
	next_seed, sample_positions, tile_chaining_value, verify, ClassParams, Commitment, Hash,
	MemoryOpening, MemoryReveal, Opening, Reveal, RoundKeys, RowTiles, Seeds, ROW_TILES,
	SUMS_BYTES, TILE, TILE_BYTES,
};

use crate::{Device, Failure};

/// Samples by which a device is checked before anybody relies on it.
const CHECKED_SAMPLES: u32 = 8;

/// Computes rounds until `go_on` says no, at most the class's limit; tells each root to `done`. Gives the roots.
/// A round is never left half done: whoever stops waits for the one that runs.
///
/// # Errors
///
/// Where the device fails.
pub fn prove(
	device: &mut dyn Device,
	params: &ClassParams,
	seed: Hash,
	mut go_on: impl FnMut(u32) -> bool,
	mut done: impl FnMut(u32, &Hash),
) -> Result<Vec<Hash>, Failure> {
	let (mut roots, mut current) = (Vec::new(), seed);
	for round in 0..params.max_rounds {
		if !go_on(round) {
			break;
		}
		let root = device.round(&current, round)?;
		done(round, &root);
		current = next_seed(&current, &root, round);
		roots.push(root);
	}
	Ok(roots)
}

/// The seeds of all rounds that have these roots.
fn seeds_of(seed: Hash, roots: &[Hash]) -> Vec<Hash> {
	let mut current = seed;
	let next = |(round, root): (u32, &Hash)| {
		let seed = current;
		current = next_seed(&current, root, round);
		seed
	};
	(0u32..).zip(roots).map(next).collect()
}

/// Computes again what the memory phase keeps of rounds that have these roots, on a device that has not just
/// computed them.
///
/// # Errors
///
/// Where the device fails, or its roots are others.
pub fn keep_again(
	device: &mut dyn Device,
	params: &ClassParams,
	seed: Hash,
	roots: &[Hash],
) -> Result<(), Failure> {
	let kept = params
		.memory
		.map_or(0, |memory| memory.kept_rounds as usize);
	let first = roots.len().saturating_sub(kept);
	let rounds = (0u32..).zip(seeds_of(seed, roots)).zip(roots);
	for ((round, round_seed), root) in rounds.skip(first) {
		if device.round(&round_seed, round)? != *root {
			return Err(Failure::Wrong(device.name()));
		}
	}
	Ok(())
}

/// Passes over what was kept of so many rounds until `go_on` says no, at most the class's limit; tells each root to
/// `done`. Gives the roots: none where fewer rounds were computed than are kept. A pass is never left half done.
///
/// # Errors
///
/// Where the device fails.
pub fn pass_over(
	device: &mut dyn Device,
	params: &ClassParams,
	rounds: u32,
	memory_seed: Hash,
	mut go_on: impl FnMut(u32) -> bool,
	mut done: impl FnMut(u32, &Hash),
) -> Result<Vec<Hash>, Failure> {
	let (mut roots, mut current) = (Vec::new(), memory_seed);
	let memory = params.memory.filter(|memory| rounds >= memory.kept_rounds);
	for pass in 0..memory.map_or(0, |memory| memory.max_passes) {
		if !go_on(pass) {
			break;
		}
		let root = device.pass(&current, rounds)?;
		done(pass, &root);
		current = next_pass_seed(&current, &root, pass);
		roots.push(root);
	}
	Ok(roots)
}

/// The passes of a memory phase.
#[derive(Clone, Copy, Debug)]
pub struct Passes<'a> {
	/// The seed of the first.
	pub seed: Hash,
	/// Their roots.
	pub roots: &'a [Hash],
}

/// A tile, computed from its rows and columns alone.
fn tile(params: &ClassParams, round_seed: &Hash, index: u32) -> [u8; TILE_BYTES] {
	let keys = RoundKeys::new(round_seed);
	let across = params.n / TILE as u32;
	let (first_row, first_column) = (index / across * 16, index % across * 16);
	type Fill = fn(&RoundKeys, u32, &mut [u8]);
	let vectors = |fill: Fill, first: u32| {
		(first..).take(TILE).map(move |index| {
			let mut vector = vec![0; params.k as usize];
			fill(&keys, index, &mut vector);
			vector
		})
	};
	let columns: Vec<Vec<u8>> = vectors(fill_column, first_column).collect();
	let mut tile = [0; TILE_BYTES];
	let mut places = tile.as_chunks_mut::<4>().0.iter_mut();
	for row in vectors(fill_row, first_row) {
		for (column, place) in columns.iter().zip(&mut places) {
			*place = element(&row, column).to_le_bytes();
		}
	}
	tile
}

/// Opens the positions of `sample_seed`, computing again the rounds and the passes that they are in. `None`
/// where there are more roots than a reveal holds.
///
/// # Errors
///
/// Where the device fails.
pub fn open(
	device: &mut dyn Device,
	params: &ClassParams,
	seed: Hash,
	roots: &[Hash],
	passes: Option<Passes<'_>>,
	sample_seed: &Hash,
) -> Result<Option<Reveal>, Failure> {
	let seeds = seeds_of(seed, roots);
	let count = roots.len() as u32;
	let positions = sample_positions(params, count, sample_seed);
	let rows: Option<Vec<(u32, u32)>> = match passes {
		Some(passes) => memory_positions(params, passes.roots.len() as u32, sample_seed)
			.iter()
			.map(|position| position.in_round(params, count))
			.collect(),
		None => Some(Vec::new()),
	};
	let Some(rows) = rows else {
		return Ok(None);
	};
	let mut openings: Vec<Option<Opening>> = vec![None; positions.len()];
	let mut opened_rows: Vec<Option<OpenedRow>> = vec![None; rows.len()];
	let mut rounds: Vec<u32> = positions.iter().map(|position| position.round).collect();
	rounds.extend(rows.iter().map(|(round, _)| round));
	rounds.sort_unstable();
	rounds.dedup();
	for round in rounds {
		let Some(round_seed) = seeds.get(round as usize) else {
			return Ok(None);
		};
		let tree = Tree::new(round_seed, device.tile_values(round_seed)?);
		for (position, opening) in positions.iter().zip(&mut openings) {
			if position.round == round {
				let index = position.tile(params);
				*opening = open_tile(params, round_seed, &tree, index);
			}
		}
		for ((at, row), opened) in rows.iter().zip(&mut opened_rows) {
			if *at == round {
				*opened = open_row(params, round_seed, &tree, *row);
			}
		}
	}
	let memory = match passes {
		Some(passes) => {
			keep_again(device, params, seed, roots)?;
			let sums = open_sums(device, params, count, passes, sample_seed)?;
			let Some(memory) = memory_reveal(passes.roots, opened_rows, sums) else {
				return Ok(None);
			};
			Some(memory)
		}
		None => None,
	};
	let openings: Option<Vec<Opening>> = openings.into_iter().collect();
	let whole = openings.and_then(|openings| {
		Some(Reveal {
			roots: roots.to_vec().try_into().ok()?,
			openings: openings.try_into().ok()?,
			memory,
		})
	});
	Ok(whole)
}

fn open_tile(params: &ClassParams, round_seed: &Hash, tree: &Tree, index: u32) -> Option<Opening> {
	Some(Opening {
		tile: tile(params, round_seed, index),
		path: tree.path(index)?.try_into().ok()?,
	})
}

/// A tree of chaining values, all of it: of the largest class there are millions, and several of them are
/// opened. By all cores.
struct Tree(Vec<Vec<Hash>>);

impl Tree {
	fn new(key: &Hash, leaves: Vec<Hash>) -> Self {
		let mut levels = vec![leaves];
		while let Some(below) = levels.last().filter(|below| below.len() > 2) {
			let pairs = below.par_chunks(2);
			levels.push(pairs.map(|pair| above(key, pair)).collect());
		}
		Self(levels)
	}

	/// The siblings above a leaf, lowest first; `None` where there is no such leaf.
	fn path(&self, leaf: u32) -> Option<Vec<Hash>> {
		self.0.first()?.get(leaf as usize)?;
		let sibling =
			|(depth, level): (usize, &Vec<Hash>)| level.get((leaf as usize >> depth) ^ 1).copied();
		Some(self.0.iter().enumerate().filter_map(sibling).collect())
	}
}

/// A row's tiles, and the siblings above them.
type OpenedRow = (RowTiles, Vec<Hash>);
/// A leaf of sums, and the siblings above it.
type OpenedSums = ([u8; SUMS_BYTES], Vec<Hash>);

fn open_row(params: &ClassParams, round_seed: &Hash, tree: &Tree, row: u32) -> Option<OpenedRow> {
	let first = row * ROW_TILES;
	let mut tiles: RowTiles = [[0; TILE_BYTES]; ROW_TILES as usize];
	for (index, place) in (first..).zip(&mut tiles) {
		*place = tile(params, round_seed, index);
	}
	let path = tree.path(first)?;
	// The lowest siblings are in the row itself.
	Some((tiles, path.get(ROW_TILES.ilog2() as usize..)?.to_vec()))
}

/// Opens the leaves of sums that the samples are in.
fn open_sums(
	device: &mut dyn Device,
	params: &ClassParams,
	rounds: u32,
	passes: Passes<'_>,
	sample_seed: &Hash,
) -> Result<Vec<Option<OpenedSums>>, Failure> {
	let positions = memory_positions(params, passes.roots.len() as u32, sample_seed);
	let mut opened: Vec<Option<OpenedSums>> = vec![None; positions.len()];
	let mut current = passes.seed;
	for (pass, root) in (0u32..).zip(passes.roots) {
		if positions.iter().any(|position| position.pass == pass) {
			let sums = device.sums(&current, rounds)?;
			let leaves = sums.as_chunks::<SUMS_BYTES>().0;
			let values = leaves
				.par_iter()
				.enumerate()
				.map(|(leaf, sums)| tile_chaining_value(&current, leaf as u32, sums));
			let tree = Tree::new(&current, values.collect());
			for (position, opened) in positions.iter().zip(&mut opened) {
				if position.pass == pass {
					let (leaf, _) = position.in_sums();
					let sums = leaves.get(leaf as usize).copied();
					*opened = sums.zip(tree.path(leaf));
				}
			}
		}
		current = next_pass_seed(&current, root, pass);
	}
	Ok(opened)
}

fn memory_reveal(
	roots: &[Hash],
	rows: Vec<Option<OpenedRow>>,
	sums: Vec<Option<OpenedSums>>,
) -> Option<MemoryReveal> {
	let opening = |(row, sums): (Option<OpenedRow>, Option<OpenedSums>)| {
		let ((tiles, tiles_path), (sums, sums_path)) = row.zip(sums)?;
		Some(MemoryOpening {
			tiles,
			tiles_path: tiles_path.try_into().ok()?,
			sums,
			sums_path: sums_path.try_into().ok()?,
		})
	};
	let openings: Option<Vec<MemoryOpening>> = rows.into_iter().zip(sums).map(opening).collect();
	Some(MemoryReveal {
		roots: roots.to_vec().try_into().ok()?,
		openings: openings?.try_into().ok()?,
	})
}

/// Audits rounds as the chain would, at positions of one's own, before they are committed: a device that
/// computes wrong results costs an epoch, not a bond. Computes the rounds again that the positions are in.
///
/// # Errors
///
/// `Wrong` where an element or a hash is; or where the device fails.
pub fn audit_own(
	device: &mut dyn Device,
	params: &ClassParams,
	seed: Hash,
	roots: &[Hash],
	sample_seed: &Hash,
) -> Result<(), Failure> {
	let params = ClassParams {
		samples: CHECKED_SAMPLES.min(params.samples),
		memory: None,
		..*params
	};
	let reveal = open(device, &params, seed, roots, None, sample_seed)?;
	let commitment = Commitment {
		first_root: roots.first().copied().unwrap_or_default(),
		rounds: roots.len() as u32,
		digest: commit_digest(roots),
		memory: None,
	};
	let seeds = Seeds {
		work: seed,
		memory: None,
		samples: *sample_seed,
	};
	let params = ClassParams {
		min_rounds: 1,
		..params
	};
	match reveal.map(|reveal| verify(&params, &seeds, &commitment, &reveal)) {
		Some(Ok(())) => Ok(()),
		_ => Err(Failure::Wrong(device.name())),
	}
}

#[cfg(test)]
mod tests {
	use usufruct_proof::{memory_digest, MemoryCommitment};

	use super::*;
	use crate::{testing::*, Cpu};

	#[test]
	fn what_is_proved_and_opened_is_accepted_by_the_chain() {
		assert_eq!(verdict(&mut Cpu::new(&PARAMS), &PARAMS, 6), Ok(()));
	}

	#[test]
	fn passes_over_what_was_kept_are_accepted_by_the_chain() {
		// With and without rounds that are not kept.
		for rounds in [96, 99] {
			let device = &mut Cpu::new(&WITH_MEMORY);
			assert_eq!(verdict(device, &WITH_MEMORY, rounds), Ok(()));
		}
	}

	#[test]
	fn a_tree_gives_the_paths_of_the_protocol() {
		for count in [2u32, 3, 4, 7, 8, 13] {
			let leaves: Vec<Hash> = (0..count).map(|leaf| [leaf as u8; 32]).collect();
			let tree = Tree::new(&SEED, leaves.clone());
			for leaf in 0..count + 1 {
				assert_eq!(
					tree.path(leaf),
					usufruct_proof::tree_path(&SEED, &leaves, leaf),
					"leaf {leaf} of {count}"
				);
			}
		}
	}

	#[test]
	fn what_is_kept_again_is_what_was_kept() {
		let mut device = Cpu::new(&WITH_MEMORY);
		let roots = prove(&mut device, &WITH_MEMORY, SEED, |r| r < 98, |_, _| {}).unwrap();
		let mut again = Cpu::new(&WITH_MEMORY);
		keep_again(&mut again, &WITH_MEMORY, SEED, &roots).unwrap();
		assert_eq!(again.sums(&[9; 32], 98), device.sums(&[9; 32], 98));
		let mut others = roots;
		others[97][0] ^= 1;
		let wrong = keep_again(&mut again, &WITH_MEMORY, SEED, &others);
		assert!(matches!(wrong, Err(Failure::Wrong(_))));
	}

	#[test]
	fn fewer_rounds_than_are_kept_leave_nothing_to_pass_over() {
		let mut device = Cpu::new(&WITH_MEMORY);
		let passed = pass_over(&mut device, &WITH_MEMORY, 95, SEED, |_| true, |_, _| {});
		assert_eq!(passed, Ok(vec![]));
	}

	#[test]
	fn proving_stops_when_told() {
		let mut device = Cpu::new(&PARAMS);
		let roots = prove(&mut device, &PARAMS, SEED, |round| round < 2, |_, _| {});
		assert_eq!(roots.unwrap().len(), 2);
	}

	/// A device whose rounds from some number on are wrong.
	#[derive(Debug)]
	struct Broken(Cpu, u32);

	impl Device for Broken {
		fn name(&self) -> String {
			"broken".into()
		}

		fn round(&mut self, seed: &Hash, round: u32) -> Result<Hash, Failure> {
			let mut root = self.0.round(seed, round)?;
			root[0] ^= u8::from(round >= self.1);
			Ok(root)
		}

		fn tile_values(&mut self, seed: &Hash) -> Result<Vec<Hash>, Failure> {
			self.0.tile_values(seed)
		}

		fn pass(&mut self, seed: &Hash, rounds: u32) -> Result<Hash, Failure> {
			self.0.pass(seed, rounds)
		}

		fn sums(&mut self, seed: &Hash, rounds: u32) -> Result<Vec<u8>, Failure> {
			self.0.sums(seed, rounds)
		}
	}

	#[test]
	fn a_device_that_computes_wrong_results_is_found_before_anything_is_committed() {
		for (wrong_from, found) in [(6, false), (3, true), (0, true)] {
			let mut device = Broken(Cpu::new(&PARAMS), wrong_from);
			let roots = prove(&mut device, &PARAMS, SEED, |_| true, |_, _| {}).unwrap();
			let audited = audit_own(&mut device, &PARAMS, SEED, &roots, &SAMPLES);
			assert_eq!(audited.is_err(), found, "{wrong_from}");
		}
	}

	/// What the chain says of a proof that the device makes.
	fn verdict(
		device: &mut dyn Device,
		params: &ClassParams,
		rounds: u32,
	) -> Result<(), usufruct_proof::VerifyError> {
		let roots = prove(device, params, SEED, |round| round < rounds, |_, _| {}).unwrap();
		assert_eq!(roots.len(), rounds as usize);
		let passed = pass_over(device, params, rounds, MEMORY, |_| true, |_, _| {}).unwrap();
		let passes = params.memory.map(|_| Passes {
			seed: MEMORY,
			roots: &passed,
		});
		let reveal = open(device, params, SEED, &roots, passes, &SAMPLES);
		let commitment = Commitment {
			first_root: roots[0],
			rounds,
			digest: commit_digest(&roots),
			memory: params.memory.map(|_| MemoryCommitment {
				passes: passed.len() as u32,
				digest: memory_digest(&passed),
			}),
		};
		let seeds = Seeds {
			work: SEED,
			memory: params.memory.map(|_| MEMORY),
			samples: SAMPLES,
		};
		verify(params, &seeds, &commitment, &reveal.unwrap().unwrap())
	}
}
