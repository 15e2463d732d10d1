//! Sixteen rows times sixteen columns of int8, by the best instructions that the processor has.
//!
//! Sixteen vectors lie together as a [`Panels`] panel: four bytes of each, then the next four of each. A
//! line of a cache then holds the same four bytes of sixteen columns, and one instruction multiplies them
//! with four bytes of a row. All ways give the same sums to the last bit: they are exact, or exact modulo
//! 2³², where the class's bounds keep the true sums.

use rayon::prelude::*;
use usufruct_proof::{TILE, TILE_BYTES};

/// Bytes of a vector that are taken at once.
const WORD: usize = 4;
/// The same bytes of all vectors of a panel.
const LINE: usize = WORD * TILE;

/// Ways to multiply, from the slowest to the fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instructions {
	/// What the compiler makes of plain code.
	Plain,
	/// 256 bits: sixteen products of int16 at once.
	Avx2,
	/// 512 bits: 64 products of bytes at once, summed by fours.
	Avx512Vnni,
}

impl Instructions {
	/// Whether this processor has them.
	pub fn are_here(self) -> bool {
		#[cfg(target_arch = "x86_64")]
		return match self {
			Self::Plain => true,
			Self::Avx2 => is_x86_feature_detected!("avx2"),
			Self::Avx512Vnni => {
				is_x86_feature_detected!("avx512f")
					&& is_x86_feature_detected!("avx512bw")
					&& is_x86_feature_detected!("avx512vnni")
			}
		};
		#[cfg(not(target_arch = "x86_64"))]
		return self == Self::Plain;
	}

	/// All that this processor has, from the slowest to the fastest.
	pub fn found() -> Vec<Self> {
		[Self::Plain, Self::Avx2, Self::Avx512Vnni]
			.into_iter()
			.filter(|instructions| instructions.are_here())
			.collect()
	}

	/// The fastest that this processor has.
	pub fn best() -> Self {
		Self::found().last().copied().unwrap_or(Self::Plain)
	}
}

/// The rows or the columns of a matrix, sixteen by sixteen.
#[derive(Debug)]
pub struct Panels {
	bytes: Vec<u8>,
	/// The sum of each vector.
	sums: Vec<i32>,
	/// Bytes of a vector.
	k: usize,
}

impl Panels {
	/// Room for `count` vectors of `k` bytes, all zero: `k` is a multiple of 4, `count` of 16.
	///
	/// # Panics
	///
	/// Where they are not.
	pub fn new(count: usize, k: usize) -> Self {
		assert!(k.is_multiple_of(WORD) && count.is_multiple_of(TILE));
		Self {
			bytes: vec![0; count * k],
			sums: vec![0; count],
			k,
		}
	}

	/// Fills all panels anew, on all cores. `fill` writes the sixteen vectors of the panel of that number,
	/// one after the other, into bytes that may hold anything.
	pub fn fill(&mut self, fill: impl Fn(usize, &mut [u8]) + Sync) {
		let k = self.k;
		let panels = self.bytes.par_chunks_exact_mut(TILE * k);
		panels
			.zip(self.sums.par_chunks_exact_mut(TILE))
			.enumerate()
			.for_each_init(
				|| vec![0u8; TILE * k],
				|vectors, (index, (panel, sums))| {
					fill(index, vectors);
					interleave(vectors, k, panel);
					for (sum, vector) in sums.iter_mut().zip(vectors.chunks_exact(k)) {
						*sum = vector.iter().map(|byte| i32::from(*byte as i8)).sum();
					}
				},
			);
	}

	fn panel(&self, index: usize) -> &[[u8; LINE]] {
		let length = TILE * self.k;
		self.bytes[index * length..][..length].as_chunks().0
	}
}

/// Lays sixteen vectors of `k` bytes together. Sixteen lines at a time: what is read and written then fits
/// into the smallest cache.
fn interleave(vectors: &[u8], k: usize, panel: &mut [u8]) {
	const WORDS: usize = LINE / WORD;
	for (index, lines) in panel.chunks_mut(WORDS * LINE).enumerate() {
		let words = lines.as_chunks_mut::<WORD>().0;
		for (at, vector) in vectors.chunks_exact(k).enumerate() {
			let end = k.min((index + 1) * LINE);
			let from = vector[index * LINE..end].as_chunks::<WORD>().0;
			for (line, word) in words.chunks_exact_mut(TILE).zip(from) {
				line[at] = *word;
			}
		}
	}
}

type Sums = [[i32; TILE]; TILE];

/// The tile of a panel of rows and a panel of columns: int32, row by row. What this processor does not
/// have is computed plainly.
pub fn multiply_tile(
	with: Instructions,
	rows: (&Panels, usize),
	columns: (&Panels, usize),
) -> [u8; TILE_BYTES] {
	let lines = (rows.0.panel(rows.1), columns.0.panel(columns.1));
	let of_rows = &rows.0.sums[rows.1 * TILE..][..TILE];
	let sums = multiply(with, lines.0, lines.1, of_rows);
	let mut tile = [0u8; TILE_BYTES];
	for (to, sum) in tile.chunks_exact_mut(4).zip(sums.as_flattened()) {
		to.copy_from_slice(&sum.to_le_bytes());
	}
	tile
}

#[cfg(target_arch = "x86_64")]
#[expect(
	unsafe_code,
	reason = "a function for certain processors is called after asking for them"
)]
fn multiply(
	with: Instructions,
	rows: &[[u8; LINE]],
	columns: &[[u8; LINE]],
	of_rows: &[i32],
) -> Sums {
	match with {
		Instructions::Avx512Vnni if with.are_here() => {
			// SAFETY: the processor has what the function was compiled for.
			unsafe { vnni(rows, columns, of_rows) }
		}
		Instructions::Avx2 if with.are_here() => {
			// SAFETY: as above.
			unsafe { avx2(rows, columns) }
		}
		_ => plain(rows, columns),
	}
}

#[cfg(not(target_arch = "x86_64"))]
fn multiply(_: Instructions, rows: &[[u8; LINE]], columns: &[[u8; LINE]], _: &[i32]) -> Sums {
	plain(rows, columns)
}

fn plain(rows: &[[u8; LINE]], columns: &[[u8; LINE]]) -> Sums {
	let mut sums = [[0i32; TILE]; TILE];
	for (rows, columns) in rows.iter().zip(columns) {
		for (row, sums) in rows.as_chunks::<WORD>().0.iter().zip(&mut sums) {
			for (column, sum) in columns.as_chunks::<WORD>().0.iter().zip(sums) {
				let products = row.iter().zip(column);
				*sum += products
					.map(|(a, b)| i32::from(*a as i8) * i32::from(*b as i8))
					.sum::<i32>();
			}
		}
	}
	sums
}

/// Four rows at a time: bytes become int16, `vpmaddwd` multiplies them and adds pairs; a column has two
/// such sums, which are added in the end.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[expect(unsafe_code, reason = "the intrinsics take pointers")]
fn avx2(rows: &[[u8; LINE]], columns: &[[u8; LINE]]) -> Sums {
	use std::arch::x86_64::{
		__m128i, __m256i, _mm256_add_epi32, _mm256_cvtepi8_epi16, _mm256_madd_epi16,
		_mm256_setzero_si256, _mm256_storeu_si256, _mm_loadu_si128, _mm_set1_epi32,
	};
	let mut sums = [[0i32; TILE]; TILE];
	for (four, sums) in sums.chunks_exact_mut(4).enumerate() {
		// Half of the columns at a time: all accumulators stay in registers.
		for half in 0..2 {
			let mut found: [[__m256i; 2]; 4] = [[_mm256_setzero_si256(); 2]; 4];
			for (rows, columns) in rows.iter().zip(columns) {
				let load = |part: usize| {
					let bytes: &[u8; 16] = &columns.as_chunks().0[half * 2 + part];
					// SAFETY: sixteen bytes may be read, and the intrinsic needs no alignment.
					let bytes = unsafe { _mm_loadu_si128(bytes.as_ptr().cast::<__m128i>()) };
					_mm256_cvtepi8_epi16(bytes)
				};
				let columns = [load(0), load(1)];
				let words = &rows.as_chunks::<WORD>().0[four * 4..][..4];
				for (word, found) in words.iter().zip(&mut found) {
					let row = _mm256_cvtepi8_epi16(_mm_set1_epi32(i32::from_le_bytes(*word)));
					for (found, column) in found.iter_mut().zip(columns) {
						*found = _mm256_add_epi32(*found, _mm256_madd_epi16(row, column));
					}
				}
			}
			for (sums, found) in sums.iter_mut().zip(found) {
				let sums = sums[half * 8..][..8].chunks_exact_mut(4);
				for (sums, found) in sums.zip(found) {
					let mut pairs = [0i32; 8];
					// SAFETY: eight int32 may be written, and the intrinsic needs no alignment.
					unsafe { _mm256_storeu_si256(pairs.as_mut_ptr().cast::<__m256i>(), found) };
					for (sum, pair) in sums.iter_mut().zip(pairs.chunks_exact(2)) {
						*sum = pair[0].wrapping_add(pair[1]);
					}
				}
			}
		}
	}
	sums
}

/// `vpdpbusd` multiplies unsigned bytes with signed ones. So 128 is added to each byte of the columns (its
/// highest bit is flipped), and 128 times the sum of the row is taken off in the end. Sums wrap on the way
/// and not in the result.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
#[expect(unsafe_code, reason = "the intrinsics take pointers")]
fn vnni(rows: &[[u8; LINE]], columns: &[[u8; LINE]], of_rows: &[i32]) -> Sums {
	use std::arch::x86_64::{
		__m512i, _mm512_dpbusd_epi32, _mm512_loadu_si512, _mm512_set1_epi32, _mm512_set1_epi8,
		_mm512_setzero_si512, _mm512_storeu_si512, _mm512_xor_si512,
	};
	let high = _mm512_set1_epi8(i8::MIN);
	let mut found = [_mm512_setzero_si512(); TILE];
	for (rows, columns) in rows.iter().zip(columns) {
		// SAFETY: 64 bytes may be read, and the intrinsic needs no alignment.
		let columns = unsafe { _mm512_loadu_si512(columns.as_ptr().cast::<__m512i>()) };
		let columns = _mm512_xor_si512(columns, high);
		for (found, word) in found.iter_mut().zip(rows.as_chunks::<WORD>().0) {
			let row = _mm512_set1_epi32(i32::from_le_bytes(*word));
			*found = _mm512_dpbusd_epi32(*found, columns, row);
		}
	}
	let mut sums = [[0i32; TILE]; TILE];
	for ((sums, found), of_row) in sums.iter_mut().zip(found).zip(of_rows) {
		// SAFETY: sixteen int32 may be written, and the intrinsic needs no alignment.
		unsafe { _mm512_storeu_si512(sums.as_mut_ptr().cast::<__m512i>(), found) };
		for sum in sums {
			*sum = sum.wrapping_sub(of_row.wrapping_mul(128));
		}
	}
	sums
}

#[cfg(test)]
mod tests {
	use super::*;

	fn bytes(count: usize, step: u32) -> Vec<u8> {
		(0..count as u32)
			.map(|x| (x.wrapping_mul(step) >> 3) as u8)
			.collect()
	}

	fn panels(vectors: &[u8], k: usize) -> Panels {
		let mut panels = Panels::new(vectors.len() / k, k);
		panels.fill(|index, into| into.copy_from_slice(&vectors[index * TILE * k..][..TILE * k]));
		panels
	}

	#[test]
	fn every_kind_of_instructions_gives_the_sums_of_the_protocol() {
		for k in [64, 192, 4_096] {
			let vectors = 2 * TILE;
			let (rows, columns) = (
				bytes(vectors * k, 2_654_435_761),
				bytes(vectors * k, 40_503),
			);
			let (a, b) = (panels(&rows, k), panels(&columns, k));
			for with in Instructions::found() {
				for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
					let tile = multiply_tile(with, (&a, i), (&b, j));
					for (index, sum) in tile.chunks_exact(4).enumerate() {
						let (row, column) = (i * TILE + index / TILE, j * TILE + index % TILE);
						let vectors = (&rows[row * k..][..k], &columns[column * k..][..k]);
						let expected = usufruct_proof::element(vectors.0, vectors.1).to_le_bytes();
						assert_eq!(sum, expected, "{with:?}, k {k}, element {row}, {column}");
					}
				}
			}
		}
	}

	#[test]
	fn the_longest_sums_of_the_extremes_do_not_wrap_in_the_result() {
		let k = usufruct_proof::MAX_K as usize;
		for (a, b) in [(0x80, 0x80), (0x80, 0x7f), (0x7f, 0x80), (0x7f, 0x7f)] {
			let rows = panels(&vec![a; TILE * k], k);
			let columns = panels(&vec![b; TILE * k], k);
			let expected = i32::from(a as i8) * i32::from(b as i8) * k as i32;
			for with in Instructions::found() {
				let tile = multiply_tile(with, (&rows, 0), (&columns, 0));
				assert_eq!(
					tile[..4],
					expected.to_le_bytes(),
					"{with:?}, {a:#x} · {b:#x}"
				);
			}
		}
	}

	#[test]
	fn what_the_processor_lacks_is_computed_plainly() {
		let (rows, columns) = (bytes(TILE * 64, 7), bytes(TILE * 64, 11));
		let (rows, columns) = (panels(&rows, 64), panels(&columns, 64));
		let [plain, best] = [Instructions::Plain, Instructions::Avx512Vnni]
			.map(|with| multiply_tile(with, (&rows, 0), (&columns, 0)));
		assert_eq!(plain, best);
	}
}
