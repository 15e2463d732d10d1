//! Records of applications, their releases, what curators think of them, and what leases of them pay.

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use usufruct_primitives::{ApplicationId, Balance, BlockNumber, Capacity, Hash, NodeId, ReleaseId};

/// Shortest name of an application, in bytes.
pub const MIN_NAME: usize = 3;
/// Longest name of an application, in bytes.
pub const MAX_NAME: u32 = 32;
/// Most applications that one call of a view function gives.
pub const MAX_FOUND: u32 = 100;
/// Most applications, or verdicts, that one call of a view function looks at.
pub const MAX_SCANNED: u32 = 500;

/// A name: a to z, 0 to 9 and hyphens within.
pub type Name = BoundedVec<u8, ConstU32<MAX_NAME>>;
/// Text of at most 256 bytes.
pub type Text = BoundedVec<u8, ConstU32<256>>;
/// A licence as an SPDX expression, such as `MIT OR Apache-2.0`. The chain does not parse it.
pub type Licence = BoundedVec<u8, ConstU32<64>>;
/// A command with its arguments: at most 16.
pub type Command = BoundedVec<Text, ConstU32<16>>;

/// Whether a name can be given.
pub fn is_name(name: &[u8]) -> bool {
	let fits = (MIN_NAME..=MAX_NAME as usize).contains(&name.len());
	let known = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
	let hyphen = Some(&b'-');
	fits && name.iter().all(known) && name.first() != hyphen && name.last() != hyphen
}

/// An application.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ApplicationRecord<AccountId, Ticket> {
	/// What it is found by.
	pub name: Name,
	/// Who publishes releases, and is paid by those who run them.
	pub author: AccountId,
	/// Who may take it over.
	pub successor: Option<AccountId>,
	/// What it is, in a sentence.
	pub description: Text,
	/// The number of its next release; the first is 1.
	pub next_release: u32,
	/// Releases that are stored.
	pub releases: u32,
	/// When it was registered.
	pub registered_at: BlockNumber,
	/// For what is held of the author's money for the record.
	pub deposit: Ticket,
}

/// What a release needs at least: a hint for whoever asks for a machine, which the chain does not enforce.
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
pub struct Needs {
	/// Processor, main memory and disk.
	pub capacity: Capacity,
	/// Number of GPUs.
	pub gpus: u8,
	/// Memory of each GPU in MiB.
	pub gpu_memory_mib: u32,
}

/// What an author says of a release.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ReleaseSpec {
	/// Digest of a published image.
	pub image: Hash,
	/// The command with its arguments unless a request says otherwise; empty = the image's own.
	pub command: Command,
	/// The port that it listens on; `None` = a batch job.
	pub port: Option<u16>,
	/// Under which licence it may be used.
	pub licence: Licence,
	/// For the author, per block that a lease runs, in the smallest unit; 0 = free.
	pub royalty: Balance,
	/// What it needs at least.
	pub needs: Needs,
}

/// A release. What its author said of it never changes: a correction is another release.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ReleaseRecord<AccountId, Ticket> {
	/// Who published it, whom the deposit returns to.
	pub publisher: AccountId,
	/// What it is.
	pub spec: ReleaseSpec,
	/// When it was published.
	pub published_at: BlockNumber,
	/// Whether it can be requested no more. Then it goes when neither requests nor verdicts name it.
	pub is_retracted: bool,
	/// Requests that use it.
	pub uses: u32,
	/// Curators who attest it.
	pub attestations: u32,
	/// Curators who flag it.
	pub flags: u32,
	/// For what is held of the publisher's money for the record.
	pub deposit: Ticket,
}

impl<AccountId, Ticket> ReleaseRecord<AccountId, Ticket> {
	/// Whether nothing keeps the record.
	pub fn is_over(&self) -> bool {
		self.is_retracted && self.uses == 0 && self.attestations == 0 && self.flags == 0
	}
}

/// Why a curator warns of a release.
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
pub enum FlagReason {
	/// It harms who runs it.
	Malware,
	/// It is not what it says it is.
	Deceptive,
	/// Its author may not publish it, or not under this licence.
	Licence,
	/// It has a known way to be broken into.
	Vulnerable,
	/// It does not work.
	Broken,
	/// Something else, which the text says.
	Other,
}

/// What a curator thinks of a release.
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
pub enum Judgement {
	/// It is what it says it is, and does no harm.
	Attested,
	/// It is better not run.
	Flagged {
		/// Why, in a word.
		reason: FlagReason,
		/// BLAKE3 of a text that says why, wherever it is published; zeros where there is none.
		text: Hash,
	},
}

/// A curator's verdict on a release.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct VerdictRecord<Ticket> {
	/// What it says.
	pub judgement: Judgement,
	/// Since when.
	pub since: BlockNumber,
	/// For what is held of the curator's money for the record.
	pub deposit: Ticket,
}

/// A curator, one who was, or one who may not be.
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
pub struct CuratorRecord {
	/// What is held for the office; 0 where it is not held.
	pub bond: Balance,
	/// Verdicts that are stored.
	pub verdicts: u32,
	/// Whether the DAO barred the account.
	pub is_barred: bool,
}

/// What a lease of a release with a price pays.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct RoyaltyRecord<AccountId> {
	/// The release.
	pub release: ReleaseId,
	/// Whose money is held.
	pub payer: AccountId,
	/// The machine.
	pub node: NodeId,
	/// Price per block.
	pub price: Balance,
	/// What is held: the price of all blocks from the last reckoning to `until`.
	pub held: Balance,
	/// The block at which the lease ends.
	pub until: BlockNumber,
	/// The machine's available blocks when the lease began to run; when it was opened, before that.
	pub available: u64,
	/// Whether the lease runs.
	pub is_running: bool,
}

impl<AccountId> RoyaltyRecord<AccountId> {
	/// What the author has earned when the machine's available blocks are so many: never more than is held.
	pub fn due(&self, available: u64) -> Balance {
		let ran = Balance::from(available.saturating_sub(self.available));
		self.price.saturating_mul(ran).min(self.held)
	}
}

/// The newest release of an application that can be requested, for who looks around.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Newest {
	/// Its number.
	pub number: u32,
	/// Digest of its image.
	pub image: Hash,
	/// Its licence.
	pub licence: Licence,
	/// Per block, for the author.
	pub royalty: Balance,
	/// Curators who attest it.
	pub attestations: u32,
	/// Curators who flag it.
	pub flags: u32,
}

/// An application that was found.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Found<AccountId> {
	/// The application.
	pub application: ApplicationId,
	/// Its name.
	pub name: Name,
	/// Its author.
	pub author: AccountId,
	/// What it is.
	pub description: Text,
	/// What can be run of it; `None` where nothing can.
	pub newest: Option<Newest>,
}

/// A page of applications that were found.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Page<AccountId> {
	/// Ascending by identifier.
	pub found: Vec<Found<AccountId>>,
	/// Where to go on; `None` where all were looked at.
	pub next: Option<ApplicationId>,
}

/// A verdict, with who gave it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Verdict<AccountId> {
	/// The curator.
	pub curator: AccountId,
	/// What it says.
	pub judgement: Judgement,
	/// Since when.
	pub since: BlockNumber,
}

/// A page of verdicts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct VerdictPage<AccountId> {
	/// Those of curators in office, in no order that says anything.
	pub verdicts: Vec<Verdict<AccountId>>,
	/// After whom to go on; `None` where all were looked at.
	pub next: Option<AccountId>,
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_name_has_3_to_32_small_letters_digits_and_hyphens_within() {
		for name in ["abc", "a-b", "007", "llm-server-2", &"x".repeat(32)] {
			assert!(is_name(name.as_bytes()), "{name}");
		}
		for name in [
			"",
			"ab",
			"-ab",
			"ab-",
			"Abc",
			"a b",
			"a.b",
			"äbc",
			&"x".repeat(33),
		] {
			assert!(!is_name(name.as_bytes()), "{name}");
		}
	}
}
