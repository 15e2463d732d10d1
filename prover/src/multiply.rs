//! Sixteen rows times sixteen columns of int8, by the best instructions that the processor has.
//!
//! All ways give the same sums to the last bit: they are exact, or exact modulo 2³², where the class's
//! bounds keep the true sums.

use usufruct_proof::{TILE, TILE_BYTES};

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
	/// All that this processor has, from the slowest to the fastest.
	pub fn found() -> Vec<Self> {
		#[cfg(target_arch = "x86_64")]
		let has = |instructions: &Self| match instructions {
			Self::Plain => true,
			Self::Avx2 => is_x86_feature_detected!("avx2"),
			Self::Avx512Vnni => {
				is_x86_feature_detected!("avx512f")
					&& is_x86_feature_detected!("avx512bw")
					&& is_x86_feature_detected!("avx512vnni")
			}
		};
		#[cfg(not(target_arch = "x86_64"))]
		let has = |instructions: &Self| *instructions == Self::Plain;
		[Self::Plain, Self::Avx2, Self::Avx512Vnni]
			.into_iter()
			.filter(has)
			.collect()
	}
}

/// The fastest that this processor has.
pub fn instructions() -> Instructions {
	Instructions::found()
		.last()
		.copied()
		.unwrap_or(Instructions::Plain)
}

/// Sixteen rows times sixteen columns, each of `k` bytes, `k` a multiple of 64: a tile of int32, row by
/// row. What this processor does not have is computed plainly.
#[cfg(target_arch = "x86_64")]
#[expect(
	unsafe_code,
	reason = "a function for certain processors is called after asking for them"
)]
pub fn multiply_tile(
	with: Instructions,
	rows: &[u8],
	columns: &[u8],
	k: usize,
) -> [u8; TILE_BYTES] {
	match with {
		Instructions::Avx512Vnni
			if is_x86_feature_detected!("avx512f")
				&& is_x86_feature_detected!("avx512bw")
				&& is_x86_feature_detected!("avx512vnni") =>
		{
			// SAFETY: the processor has what the function was compiled for.
			unsafe { tile_vnni(rows, columns, k) }
		}
		Instructions::Avx2 if is_x86_feature_detected!("avx2") => {
			// SAFETY: as above.
			unsafe { tile_avx2(rows, columns, k) }
		}
		_ => tile(rows, columns, k, plain),
	}
}

#[cfg(not(target_arch = "x86_64"))]
pub fn multiply_tile(_: Instructions, rows: &[u8], columns: &[u8], k: usize) -> [u8; TILE_BYTES] {
	tile(rows, columns, k, plain)
}

type Block = [[i32; 4]; 4];

/// A tile, block by block of four rows times four columns.
#[inline(always)]
fn tile(
	rows: &[u8],
	columns: &[u8],
	k: usize,
	mut block: impl FnMut([&[u8]; 4], [&[u8]; 4]) -> Block,
) -> [u8; TILE_BYTES] {
	let mut tile = [0u8; TILE_BYTES];
	// Columns outside: four of them stay near while all rows pass.
	for (j, four_columns) in columns.chunks_exact(4 * k).enumerate() {
		for (i, four_rows) in rows.chunks_exact(4 * k).enumerate() {
			let sums = block(quarters(four_rows, k), quarters(four_columns, k));
			for (row, sums) in sums.into_iter().enumerate() {
				for (column, sum) in sums.into_iter().enumerate() {
					let at = ((i * 4 + row) * TILE + j * 4 + column) * 4;
					tile[at..at + 4].copy_from_slice(&sum.to_le_bytes());
				}
			}
		}
	}
	tile
}

#[inline(always)]
fn quarters(four: &[u8], k: usize) -> [&[u8]; 4] {
	let (a, rest) = four.split_at(k);
	let (b, rest) = rest.split_at(k);
	let (c, d) = rest.split_at(k);
	[a, b, c, d]
}

/// Written so that the compiler vectorises it for whatever the surrounding function may use.
#[inline(always)]
fn plain(rows: [&[u8]; 4], columns: [&[u8]; 4]) -> Block {
	rows.map(|row| {
		columns.map(|column| {
			row.iter()
				.zip(column)
				.map(|(a, b)| i32::from(i16::from(*a as i8) * i16::from(*b as i8)))
				.sum()
		})
	})
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn tile_avx2(rows: &[u8], columns: &[u8], k: usize) -> [u8; TILE_BYTES] {
	tile(rows, columns, k, plain)
}

/// `vpdpbusd` multiplies unsigned bytes with signed ones. So 128 is added to each byte of the rows (its
/// highest bit is flipped), and 128 times the sum of the column is taken off in the end. Sums wrap on the
/// way and not in the result.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn tile_vnni(rows: &[u8], columns: &[u8], k: usize) -> [u8; TILE_BYTES] {
	// The columns change after all rows have passed.
	let (mut last, mut taken_off) = (std::ptr::null(), [0; 4]);
	tile(rows, columns, k, |rows, columns| {
		if last != columns[0].as_ptr() {
			last = columns[0].as_ptr();
			taken_off = columns.map(|column| sum(column).wrapping_mul(128));
		}
		block_vnni(rows, columns, taken_off)
	})
}

/// The sum of int8.
#[inline(always)]
fn sum(column: &[u8]) -> i32 {
	column.iter().map(|byte| i32::from(*byte as i8)).sum()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
#[inline]
fn block_vnni(rows: [&[u8]; 4], columns: [&[u8]; 4], taken_off: [i32; 4]) -> Block {
	use std::arch::x86_64::{
		__m512i, _mm512_dpbusd_epi32, _mm512_reduce_add_epi32, _mm512_set1_epi8,
		_mm512_setzero_si512, _mm512_xor_si512,
	};
	let high = _mm512_set1_epi8(i8::MIN);
	let mut sums: [[__m512i; 4]; 4] = [[_mm512_setzero_si512(); 4]; 4];
	let (chunks_of_rows, chunks_of_columns) = (
		rows.map(|row| row.as_chunks::<64>().0),
		columns.map(|column| column.as_chunks::<64>().0),
	);
	let steps = rows[0].len() / 64;
	let (a, b) = (
		chunks_of_rows.map(|row| &row[..steps]),
		chunks_of_columns.map(|column| &column[..steps]),
	);
	for step in 0..steps {
		let columns = [
			load(&b[0][step]),
			load(&b[1][step]),
			load(&b[2][step]),
			load(&b[3][step]),
		];
		for (row, sums) in a.iter().zip(&mut sums) {
			let row = _mm512_xor_si512(load(&row[step]), high);
			for (sum, column) in sums.iter_mut().zip(columns) {
				*sum = _mm512_dpbusd_epi32(*sum, row, column);
			}
		}
	}
	sums.map(|row| {
		let mut result = [0; 4];
		for ((to, sum), off) in result.iter_mut().zip(row).zip(taken_off) {
			*to = _mm512_reduce_add_epi32(sum).wrapping_sub(off);
		}
		result
	})
}

/// 64 bytes as a vector.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
#[inline]
#[expect(unsafe_code, reason = "the intrinsic takes a pointer")]
fn load(bytes: &[u8; 64]) -> std::arch::x86_64::__m512i {
	// SAFETY: 64 bytes may be read, and the intrinsic needs no alignment.
	unsafe { std::arch::x86_64::_mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[cfg(test)]
mod tests {
	use super::*;

	fn bytes(count: usize, step: u32) -> Vec<u8> {
		(0..count as u32)
			.map(|x| (x.wrapping_mul(step) >> 3) as u8)
			.collect()
	}

	#[test]
	fn every_kind_of_instructions_gives_the_sums_of_the_protocol() {
		for k in [64, 192, 4_096] {
			let (rows, columns) = (bytes(TILE * k, 2_654_435_761), bytes(TILE * k, 40_503));
			for with in Instructions::found() {
				let tile = multiply_tile(with, &rows, &columns, k);
				for (index, sum) in tile.chunks_exact(4).enumerate() {
					let (i, j) = (index / TILE, index % TILE);
					let (row, column) = (&rows[i * k..][..k], &columns[j * k..][..k]);
					let expected = usufruct_proof::element(row, column).to_le_bytes();
					assert_eq!(sum, expected, "{with:?}, k {k}, element {i}, {j}");
				}
			}
		}
	}

	#[test]
	fn the_longest_sums_of_the_extremes_do_not_wrap_in_the_result() {
		let k = usufruct_proof::MAX_K as usize;
		for (a, b) in [(0x80, 0x80), (0x80, 0x7f), (0x7f, 0x7f)] {
			let (rows, columns) = (vec![a; TILE * k], vec![b; TILE * k]);
			let expected = i32::from(a as i8) * i32::from(b as i8) * k as i32;
			for with in Instructions::found() {
				let tile = multiply_tile(with, &rows, &columns, k);
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
		let [plain, best] = [Instructions::Plain, Instructions::Avx512Vnni]
			.map(|with| multiply_tile(with, &rows, &columns, 64));
		assert_eq!(plain, best);
	}
}
