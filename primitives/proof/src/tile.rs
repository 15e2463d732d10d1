//! Results as a BLAKE3 tree: a tile is exactly one chunk, so the root is a standard keyed hash.

use alloc::vec::Vec;

use blake3::hazmat::{merge_subtrees_non_root, merge_subtrees_root, HasherExt, Mode};

use crate::Hash;

/// Rows and columns of a tile.
pub const TILE: usize = 16;
/// A tile of int32, row by row: one BLAKE3 chunk.
pub const TILE_BYTES: usize = TILE * TILE * 4;

/// The chaining value of tile `index`.
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

/// The root over all tiles' chaining values: their number is a power of two, at least 2.
/// Gives `None` for any other number.
pub fn tile_root(key: &Hash, mut level: Vec<Hash>) -> Option<Hash> {
	if level.len() < 2 || !level.len().is_power_of_two() {
		return None;
	}
	loop {
		if let [left, right] = level.as_slice() {
			return Some(merge_subtrees_root(left, right, Mode::KeyedHash(key)).into());
		}
		level = level
			.chunks_exact(2)
			.filter_map(|pair| match pair {
				[left, right] => Some(parent(key, left, right)),
				_ => None,
			})
			.collect();
	}
}

/// The root that a tile at `index` with the siblings above it leads to, lowest first; `None` where
/// there are no siblings.
pub fn opening_root(
	key: &Hash,
	index: u32,
	tile: &[u8; TILE_BYTES],
	path: &[Hash],
) -> Option<Hash> {
	let (top, below) = path.split_last()?;
	let mut value = tile_chaining_value(key, index, tile);
	let mut position = index;
	for sibling in below {
		value = if position & 1 == 0 {
			parent(key, &value, sibling)
		} else {
			parent(key, sibling, &value)
		};
		position >>= 1;
	}
	let (left, right) = if position & 1 == 0 {
		(&value, top)
	} else {
		(top, &value)
	};
	Some(merge_subtrees_root(left, right, Mode::KeyedHash(key)).into())
}
