//! The matrices: any row of A and any column of B in O(k), from the round's seed.

use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};

use crate::Hash;

/// The keys of a round's two matrices.
#[derive(Clone, Copy, Debug)]
pub struct RoundKeys {
	a: Hash,
	b: Hash,
}

impl RoundKeys {
	/// `BLAKE3 derive_key("poc1/A" | "poc1/B", seed of the round)`.
	pub fn new(round_seed: &Hash) -> Self {
		Self {
			a: blake3::derive_key("poc1/A", round_seed),
			b: blake3::derive_key("poc1/B", round_seed),
		}
	}

	/// The key of A: its rows, one after the other, are the keystream from its beginning.
	pub fn of_a(&self) -> &Hash {
		&self.a
	}

	/// The key of B: its columns, one after the other, are the keystream from its beginning.
	pub fn of_b(&self) -> &Hash {
		&self.b
	}
}

/// Vector `index` of `into.len()` bytes from the key's ChaCha8 stream: keystream blocks
/// `[index·k/64, (index+1)·k/64)`, nonce 0, 64-bit block counter.
fn fill(key: &Hash, index: u32, into: &mut [u8]) {
	let mut stream = ChaCha8Rng::from_seed(*key);
	let words_per_vector = (into.len() as u128).saturating_div(4);
	stream.set_word_pos(u128::from(index).saturating_mul(words_per_vector));
	stream.fill_bytes(into);
}

/// Row `i` of A; `row` has k bytes, each an int8.
pub fn fill_row(keys: &RoundKeys, i: u32, row: &mut [u8]) {
	fill(&keys.a, i, row);
}

/// Column `j` of B; `column` has k bytes, each an int8.
pub fn fill_column(keys: &RoundKeys, j: u32, column: &mut [u8]) {
	fill(&keys.b, j, column);
}

/// One element of the product: Σ row·column in int32, exact for k up to [`crate::MAX_K`].
pub fn element(row: &[u8], column: &[u8]) -> i32 {
	row.iter().zip(column).fold(0i32, |sum, (a, b)| {
		let product = i32::from(*a as i8).wrapping_mul(i32::from(*b as i8));
		sum.wrapping_add(product)
	})
}
