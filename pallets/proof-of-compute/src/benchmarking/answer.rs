//! A reveal that is right, made backwards from its positions: honest work of the largest class would take a
//! datacenter. What nobody asks for has no content; the chaining values above it are zeros. It takes as
//! long to check as honest work.

use alloc::{collections::BTreeMap, vec, vec::Vec};

use frame_support::BoundedVec;
use usufruct_proof::{
	commit_digest, element, fill_column, fill_row, kept_row, memory_digest, memory_positions,
	memory_seed, next_pass_seed, next_seed, parent, pass_vectors, path_root, row_sums,
	sample_positions, tile_chaining_value, ClassParams, Commitment, Hash, MemoryCommitment,
	MemoryOpening, MemoryPosition, MemoryReveal, Opening, Position, Reveal, RoundKeys, RowTiles,
	Seeds, ROW_SUMS_BYTES, ROW_TILES, SUMS_BYTES, TILE_BYTES,
};

/// What a proof is made from.
pub(super) struct Sampled {
	/// The class's parameters; the leaves of a pass must be a power of two.
	pub(super) params: ClassParams,
	/// The seed of round 0.
	pub(super) work: Hash,
	/// The randomness of the memory phase.
	pub(super) memory: Hash,
	/// The seed of the positions.
	pub(super) samples: Hash,
}

impl Sampled {
	/// All seeds of a proof with this commitment.
	pub(super) fn seeds(&self, commitment: &Commitment) -> Seeds {
		let memory = self.params.memory;
		Seeds {
			work: self.work,
			memory: memory.map(|_| self.memory_seed(commitment)),
			samples: self.samples,
		}
	}

	/// The seed of the memory phase.
	fn memory_seed(&self, commitment: &Commitment) -> Hash {
		memory_seed(&self.work, &commitment.digest, &self.memory)
	}
}

/// A tree of chunks, of which only some have content. Their number is a power of two.
struct Sparse {
	key: Hash,
	/// From the leaves to the level below the root.
	levels: Vec<BTreeMap<u32, Hash>>,
}

impl Sparse {
	fn new(key: Hash, count: u32, chunks: &BTreeMap<u32, [u8; TILE_BYTES]>) -> Self {
		let value = |(index, chunk): (&u32, &[u8; TILE_BYTES])| {
			(*index, tile_chaining_value(&key, *index, chunk))
		};
		let mut levels: Vec<BTreeMap<u32, Hash>> = vec![chunks.iter().map(value).collect()];
		for _ in 1..count.checked_ilog2().unwrap_or(0) {
			let below = levels.last().cloned().unwrap_or_default();
			let get = |index: u32| below.get(&index).copied().unwrap_or_default();
			let above = |index: &u32| {
				let left = index & !1;
				(index >> 1, parent(&key, &get(left), &get(left | 1)))
			};
			levels.push(below.keys().map(above).collect());
		}
		Self { key, levels }
	}

	fn path(&self, index: u32) -> Vec<Hash> {
		let sibling = |(depth, level): (u32, &BTreeMap<u32, Hash>)| {
			let above = index.checked_shr(depth).unwrap_or(0);
			level.get(&(above ^ 1)).copied().unwrap_or_default()
		};
		(0u32..).zip(&self.levels).map(sibling).collect()
	}

	/// Zeros where nothing has content.
	fn root(&self) -> Hash {
		let count = 1u32.checked_shl(self.levels.len() as u32).unwrap_or(0);
		let first = self.levels.first().and_then(|leaves| leaves.iter().next());
		first
			.and_then(|(index, value)| {
				path_root(&self.key, count, *index, *value, &self.path(*index))
			})
			.unwrap_or_default()
	}
}

/// Writes the sampled element into its tile.
fn compute(params: &ClassParams, keys: &RoundKeys, at: &Position, tile: &mut [u8; TILE_BYTES]) {
	let (mut row, mut column) = (vec![0; params.k as usize], vec![0; params.k as usize]);
	fill_row(keys, at.i, &mut row);
	fill_column(keys, at.j, &mut column);
	let start = at.offset();
	if let Some(place) = tile.get_mut(start..start.saturating_add(4)) {
		place.copy_from_slice(&element(&row, &column).to_le_bytes());
	}
}

type OpenedRow = (RowTiles, Vec<Hash>);

/// The root of a round, the openings of its samples, and its rows that are opened.
fn round(
	params: &ClassParams,
	round_seed: &Hash,
	positions: &[(usize, Position)],
	rows: &[(usize, u32)],
) -> (Hash, Vec<(usize, Opening)>, Vec<(usize, OpenedRow)>) {
	let keys = RoundKeys::new(round_seed);
	let mut tiles: BTreeMap<u32, [u8; TILE_BYTES]> = BTreeMap::new();
	for (_, row) in rows {
		let first = row.saturating_mul(ROW_TILES);
		tiles
			.extend((first..first.saturating_add(ROW_TILES)).map(|index| (index, [0; TILE_BYTES])));
	}
	for (_, position) in positions {
		let tile = tiles
			.entry(position.tile(params))
			.or_insert([0; TILE_BYTES]);
		compute(params, &keys, position, tile);
	}
	let tree = Sparse::new(*round_seed, params.tiles(), &tiles);
	let content = |index: u32| tiles.get(&index).copied().unwrap_or([0; TILE_BYTES]);
	let opened = |(at, position): &(usize, Position)| {
		let index = position.tile(params);
		let opening = Opening {
			tile: content(index),
			path: BoundedVec::truncate_from(tree.path(index)),
		};
		(*at, opening)
	};
	let opened_row = |(at, row): &(usize, u32)| {
		let first = row.saturating_mul(ROW_TILES);
		let mut bytes: RowTiles = [[0; TILE_BYTES]; ROW_TILES as usize];
		for (index, place) in (first..).zip(bytes.iter_mut()) {
			*place = content(index);
		}
		let within = ROW_TILES.checked_ilog2().unwrap_or(0) as usize;
		let path = tree.path(first).into_iter().skip(within).collect();
		(*at, (bytes, path))
	};
	(
		tree.root(),
		positions.iter().map(opened).collect(),
		rows.iter().map(opened_row).collect(),
	)
}

/// The root of a pass, and the leaves of sums of its samples.
fn pass(
	params: &ClassParams,
	pass_seed: &Hash,
	samples: &[(usize, MemoryPosition, RowTiles)],
) -> (Hash, Vec<(usize, [u8; SUMS_BYTES], Vec<Hash>)>) {
	let mut leaves: BTreeMap<u32, [u8; SUMS_BYTES]> = BTreeMap::new();
	let vectors = pass_vectors(pass_seed);
	for (_, position, tiles) in samples {
		let (leaf, start) = position.in_sums();
		let sums = leaves.entry(leaf).or_insert([0; SUMS_BYTES]);
		if let Some(place) = sums.get_mut(start..start.saturating_add(ROW_SUMS_BYTES)) {
			place.copy_from_slice(&row_sums(&kept_row(tiles), &vectors));
		}
	}
	let tree = Sparse::new(*pass_seed, params.sums_leaves(), &leaves);
	let opened = |(at, position, _): &(usize, MemoryPosition, _)| {
		let (leaf, _) = position.in_sums();
		let sums = leaves.get(&leaf).copied().unwrap_or([0; SUMS_BYTES]);
		(*at, sums, tree.path(leaf))
	};
	(tree.root(), samples.iter().map(opened).collect())
}

/// So many rounds and passes, and their right reveal. No passes where the class has no memory phase.
pub(super) fn answer(sampled: &Sampled, rounds: u32, passes: u32) -> (Commitment, Reveal) {
	let params = &sampled.params;
	let positions = sample_positions(params, rounds, &sampled.samples);
	let in_memory = memory_positions(params, passes, &sampled.samples);
	let rows: Vec<(u32, u32)> = in_memory
		.iter()
		.map(|position| position.in_round(params, rounds).unwrap_or_default())
		.collect();
	let (mut current, mut roots, mut openings, mut opened_rows) =
		(sampled.work, vec![], vec![], vec![]);
	for number in 0..rounds {
		let here: Vec<_> = positions
			.iter()
			.copied()
			.enumerate()
			.filter(|(_, position)| position.round == number)
			.collect();
		let rows_here: Vec<_> = rows
			.iter()
			.enumerate()
			.filter(|(_, (round, _))| *round == number)
			.map(|(at, (_, row))| (at, *row))
			.collect();
		let (root, opened, rows) = round(params, &current, &here, &rows_here);
		current = next_seed(&current, &root, number);
		roots.push(root);
		openings.extend(opened);
		opened_rows.extend(rows);
	}
	openings.sort_by_key(|(at, _)| *at);
	opened_rows.sort_by_key(|(at, _)| *at);
	let mut commitment = Commitment {
		first_root: roots.first().copied().unwrap_or_default(),
		rounds,
		digest: commit_digest(&roots),
		memory: None,
	};
	let mut memory = None;
	if params.memory.is_some() {
		let (passed, opened) = pass_over(
			sampled,
			passes,
			sampled.memory_seed(&commitment),
			&in_memory,
			opened_rows.into_iter().map(|(_, row)| row).collect(),
		);
		commitment.memory = Some(MemoryCommitment {
			passes,
			digest: memory_digest(&passed),
		});
		memory = Some(MemoryReveal {
			roots: BoundedVec::truncate_from(passed),
			openings: BoundedVec::truncate_from(opened),
		});
	}
	let reveal = Reveal {
		roots: BoundedVec::truncate_from(roots),
		openings: BoundedVec::truncate_from(openings.into_iter().map(|(_, o)| o).collect()),
		memory,
	};
	(commitment, reveal)
}

/// The roots of so many passes, and the openings of their samples, whose rows are opened.
fn pass_over(
	sampled: &Sampled,
	passes: u32,
	mut current: Hash,
	positions: &[MemoryPosition],
	rows: Vec<OpenedRow>,
) -> (Vec<Hash>, Vec<MemoryOpening>) {
	let (mut roots, mut sums) = (vec![], vec![]);
	for number in 0..passes {
		let here: Vec<_> = positions
			.iter()
			.zip(&rows)
			.enumerate()
			.filter(|(_, (position, _))| position.pass == number)
			.map(|(at, (position, (tiles, _)))| (at, *position, *tiles))
			.collect();
		let (root, opened) = pass(&sampled.params, &current, &here);
		current = next_pass_seed(&current, &root, number);
		roots.push(root);
		sums.extend(opened);
	}
	sums.sort_by_key(|(at, ..)| *at);
	let opening = |((tiles, tiles_path), (_, sums, sums_path))| MemoryOpening {
		tiles,
		tiles_path: BoundedVec::truncate_from(tiles_path),
		sums,
		sums_path: BoundedVec::truncate_from(sums_path),
	};
	(roots, rows.into_iter().zip(sums).map(opening).collect())
}
