//! The sums of a pass: many rows times a few vectors, by the best instructions that the processor has. It is
//! meant to wait for memory, not for arithmetic.

use usufruct_proof::{ROW_BYTES, ROW_SUMS_BYTES, VECTORS};

use crate::Instructions;

/// What multiplies rows by the vectors of a pass.
#[derive(Debug)]
pub(crate) struct Multiplier {
	with: Instructions,
	vectors: [[u8; ROW_BYTES]; VECTORS],
	/// 128 times the sum of each vector.
	offsets: [i32; VECTORS],
}

impl Multiplier {
	pub(crate) fn new(vectors: [[u8; ROW_BYTES]; VECTORS]) -> Self {
		Self::with(Instructions::best(), vectors)
	}

	fn with(with: Instructions, vectors: [[u8; ROW_BYTES]; VECTORS]) -> Self {
		let offset =
			|vector: &[u8; ROW_BYTES]| vector.iter().map(|x| i32::from(*x as i8) * 128).sum();
		Self {
			with,
			offsets: vectors.each_ref().map(offset),
			vectors,
		}
	}

	/// Multiplies rows by all vectors. What this processor does not have is computed plainly.
	#[cfg(target_arch = "x86_64")]
	#[expect(
		unsafe_code,
		reason = "functions for certain processors are called after asking for them"
	)]
	pub(crate) fn multiply(&self, rows: &[[u8; ROW_BYTES]], sums: &mut [[u8; ROW_SUMS_BYTES]]) {
		match self.with {
			Instructions::Avx512Vnni if self.with.are_here() => {
				// SAFETY: the processor has what the function was compiled for.
				unsafe { vnni(self, rows, sums) }
			}
			Instructions::Avx2 if self.with.are_here() => {
				// SAFETY: as above.
				unsafe { avx2(self, rows, sums) }
			}
			_ => plain(self, rows, sums),
		}
	}

	/// Multiplies rows by all vectors.
	#[cfg(not(target_arch = "x86_64"))]
	pub(crate) fn multiply(&self, rows: &[[u8; ROW_BYTES]], sums: &mut [[u8; ROW_SUMS_BYTES]]) {
		plain(self, rows, sums);
	}
}

fn write(sums: &mut [u8; ROW_SUMS_BYTES], found: [i32; VECTORS]) {
	for (to, sum) in sums.as_chunks_mut::<4>().0.iter_mut().zip(found) {
		*to = sum.to_le_bytes();
	}
}

/// Inlined where it is called, so that the compiler makes of it what the caller's processor has.
#[inline(always)]
fn plain(multiplier: &Multiplier, rows: &[[u8; ROW_BYTES]], sums: &mut [[u8; ROW_SUMS_BYTES]]) {
	for (row, sums) in rows.iter().zip(sums) {
		let product = |vector: &[u8; ROW_BYTES]| {
			let products = row.iter().zip(vector);
			products
				.map(|(a, b)| i32::from(i16::from(*a as i8) * i16::from(*b as i8)))
				.sum()
		};
		write(sums, multiplier.vectors.each_ref().map(product));
	}
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(multiplier: &Multiplier, rows: &[[u8; ROW_BYTES]], sums: &mut [[u8; ROW_SUMS_BYTES]]) {
	plain(multiplier, rows, sums);
}

/// `vpdpbusd` multiplies unsigned bytes with signed ones. So 128 is added to each byte of a row (its highest
/// bit is flipped), and 128 times the sum of the vector is taken off in the end.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
#[expect(unsafe_code, reason = "the intrinsics take pointers")]
fn vnni(multiplier: &Multiplier, rows: &[[u8; ROW_BYTES]], sums: &mut [[u8; ROW_SUMS_BYTES]]) {
	use std::arch::x86_64::{
		__m512i, _mm512_dpbusd_epi32, _mm512_loadu_si512, _mm512_reduce_add_epi32,
		_mm512_set1_epi8, _mm512_setzero_si512, _mm512_xor_si512,
	};
	let high = _mm512_set1_epi8(i8::MIN);
	let vectors = multiplier.vectors.each_ref().map(|v| v.as_chunks::<64>().0);
	for (row, sums) in rows.iter().zip(sums) {
		let mut found = [_mm512_setzero_si512(); VECTORS];
		for (at, bytes) in row.as_chunks::<64>().0.iter().enumerate() {
			// SAFETY: 64 bytes may be read, and the intrinsic needs no alignment.
			let bytes = unsafe { _mm512_loadu_si512(bytes.as_ptr().cast::<__m512i>()) };
			let bytes = _mm512_xor_si512(bytes, high);
			for (found, vector) in found.iter_mut().zip(vectors) {
				// SAFETY: as above.
				let vector = unsafe { _mm512_loadu_si512(vector[at].as_ptr().cast::<__m512i>()) };
				*found = _mm512_dpbusd_epi32(*found, bytes, vector);
			}
		}
		let mut reduced = [0; VECTORS];
		for ((to, found), offset) in reduced.iter_mut().zip(found).zip(multiplier.offsets) {
			*to = _mm512_reduce_add_epi32(found).wrapping_sub(offset);
		}
		write(sums, reduced);
	}
}

#[cfg(test)]
mod tests {
	use usufruct_proof::row_sums;

	use super::*;

	#[test]
	fn every_kind_of_instructions_gives_the_sums_of_the_protocol() {
		let bytes = |step: u32| {
			std::array::from_fn(|at| ((at as u32).wrapping_mul(step).wrapping_add(step) >> 7) as u8)
		};
		let rows: Vec<[u8; ROW_BYTES]> = (1u32..6)
			.map(|row| bytes(row.wrapping_mul(2_654_435_761)))
			.chain([[0x80; ROW_BYTES], [0x7f; ROW_BYTES]])
			.collect();
		let vectors = [
			bytes(40_503),
			[0x80; ROW_BYTES],
			[0x7f; ROW_BYTES],
			bytes(77),
		];
		for with in Instructions::found() {
			let mut sums = vec![[0; ROW_SUMS_BYTES]; rows.len()];
			Multiplier::with(with, vectors).multiply(&rows, &mut sums);
			for (row, sums) in rows.iter().zip(sums) {
				assert_eq!(sums, row_sums(row, &vectors), "{with:?}");
			}
		}
	}
}
