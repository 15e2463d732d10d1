//! Results as a BLAKE3 tree: a tile is exactly one chunk, so the root is a standard keyed hash.

use alloc::vec::Vec;

use blake3::hazmat::{merge_subtrees_non_root, merge_subtrees_root, HasherExt, Mode};

use crate::Hash;

/// Rows and columns of a tile.
pub const TILE: usize = 16;
/// A tile of int32, row by row: one BLAKE3 chunk.
pub const TILE_BYTES: usize = TILE * TILE * 4;

/// The chaining value of the tile at `index`, or of anything else that is one chunk.
pub fn tile_chaining_value(key: &Hash, index: u32, tile: &[u8; TILE_BYTES]) -> Hash {
	blake3::Hasher::new_keyed(key)
		.set_input_offset(u64::from(index).saturating_mul(TILE_BYTES as u64))
		.update(tile)
		.finalize_non_root()
}

/// The chaining value above the tiles from `index` on, one after the other in `tiles`: the same as
/// merging theirs, and many times faster, since BLAKE3 hashes chunks side by side. Their number must be a
/// power of two that divides `index`, and less than all.
pub fn subtree_chaining_value(key: &Hash, index: u32, tiles: &[u8]) -> Hash {
	blake3::Hasher::new_keyed(key)
		.set_input_offset(u64::from(index).saturating_mul(TILE_BYTES as u64))
		.update(tiles)
		.finalize_non_root()
}

/// The chaining value above two others, below the root.
pub fn parent(key: &Hash, left: &Hash, right: &Hash) -> Hash {
	merge_subtrees_non_root(left, right, Mode::KeyedHash(key))
}

/// The root over chaining values, as BLAKE3 builds its tree over any number of chunks: by pairs, and the
/// last of an odd number rises alone. Gives `None` for fewer than two.
pub fn tree_root(key: &Hash, mut level: Vec<Hash>) -> Option<Hash> {
	if level.len() < 2 {
		return None;
	}
	loop {
		if let [left, right] = level.as_slice() {
			return Some(root(key, left, right));
		}
		level = level_above(key, &level);
	}
}

/// The chaining value above a pair, in a level of more than two; the last of an odd number rises alone.
pub fn above(key: &Hash, pair: &[Hash]) -> Hash {
	match pair {
		[left, right] => parent(key, left, right),
		_ => pair.first().copied().unwrap_or_default(),
	}
}

/// The level above these chaining values, of which there are more than two.
fn level_above(key: &Hash, level: &[Hash]) -> Vec<Hash> {
	level.chunks(2).map(|pair| above(key, pair)).collect()
}

/// The siblings above the leaf at `index`, lowest first; `None` where there is no such leaf.
pub fn tree_path(key: &Hash, leaves: &[Hash], index: u32) -> Option<Vec<Hash>> {
	let (mut level, mut at, mut path) = (leaves.to_vec(), index as usize, Vec::new());
	level.get(at)?;
	while level.len() > 1 {
		path.extend(level.get(at ^ 1));
		level = level_above(key, &level);
		at >>= 1;
	}
	Some(path)
}

/// The root that the leaf at `index` of `count` leads to, with its chaining value and the siblings above
/// it, lowest first; `None` where these are not as many as the tree has above it.
pub fn path_root(
	key: &Hash,
	count: u32,
	index: u32,
	mut value: Hash,
	path: &[Hash],
) -> Option<Hash> {
	let (mut count, mut position) = (count, index);
	let mut siblings = path.iter();
	if count < 2 || index >= count {
		return None;
	}
	while count > 1 {
		let rises_alone = position.saturating_add(1) == count && position & 1 == 0;
		if !rises_alone {
			let sibling = siblings.next()?;
			let (left, right) = match position & 1 {
				0 => (&value, sibling),
				_ => (sibling, &value),
			};
			value = match count {
				2 => root(key, left, right),
				_ => parent(key, left, right),
			};
		}
		position >>= 1;
		count = count.div_ceil(2);
	}
	siblings.next().is_none().then_some(value)
}

/// The root above two chaining values.
fn root(key: &Hash, left: &Hash, right: &Hash) -> Hash {
	merge_subtrees_root(left, right, Mode::KeyedHash(key)).into()
}
