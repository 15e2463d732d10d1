//! What a prover commits to, and how fast that says it is.

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_crypto_hashing::blake2_256;

use crate::Hash;

/// What was committed.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Commitment {
	/// The root of round 0, which was sent first.
	pub first_root: Hash,
	/// How many rounds.
	pub rounds: u32,
	/// The hash of all their roots, as [`commit_digest`] makes it.
	pub digest: Hash,
	/// The memory phase, once it is here.
	pub memory: Option<MemoryCommitment>,
}

/// What was committed of the memory phase.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct MemoryCommitment {
	/// How many passes.
	pub passes: u32,
	/// The hash of all their roots, as [`memory_digest`] makes it.
	pub digest: Hash,
}

/// What a proof says.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Speed {
	/// Operations per second: a multiplication and an addition are two.
	pub ops_per_second: u64,
	/// Bytes of memory read per second; 0 in a class without a memory phase.
	pub bytes_per_second: u64,
}

impl Speed {
	/// The better of each.
	pub fn max(&self, other: &Self) -> Self {
		Self {
			ops_per_second: self.ops_per_second.max(other.ops_per_second),
			bytes_per_second: self.bytes_per_second.max(other.bytes_per_second),
		}
	}

	/// Whether one of both is more than a twentieth faster than the other's.
	pub fn exceeds(&self, other: &Self) -> bool {
		let is_more = |ours: u64, theirs: u64| {
			let twentieth = theirs.checked_div(20).unwrap_or(0);
			ours > theirs.saturating_add(twentieth)
		};
		is_more(self.ops_per_second, other.ops_per_second)
			|| is_more(self.bytes_per_second, other.bytes_per_second)
	}
}

/// The hash of the number of rounds and of all their roots.
pub fn commit_digest(roots: &[Hash]) -> Hash {
	digest(b"poc1/commit", roots)
}

/// The hash of the number of passes and of all their roots.
pub fn memory_digest(roots: &[Hash]) -> Hash {
	digest(b"poc1/memory-commit", roots)
}

/// BLAKE2b-256 of the domain, the number of roots as u32, and the roots.
fn digest(domain: &[u8], roots: &[Hash]) -> Hash {
	let mut bytes = Vec::with_capacity(roots.len().saturating_mul(32).saturating_add(32));
	bytes.extend_from_slice(domain);
	bytes.extend_from_slice(&(roots.len() as u32).to_le_bytes());
	roots.iter().for_each(|root| bytes.extend_from_slice(root));
	blake2_256(&bytes)
}
