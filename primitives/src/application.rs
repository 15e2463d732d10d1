//! Releases of applications: which one, and what it asks of whoever runs it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{AccountId, Balance, BlockNumber, Hash, NodeId};

/// An application. Given out in order, never again.
pub type ApplicationId = u32;

/// A release of an application.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct ReleaseId {
	/// The application.
	pub application: ApplicationId,
	/// Which of its releases, counted from 1.
	pub number: u32,
}

/// What a release asks of whoever runs it. Never changes while the release is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseTerms {
	/// Digest of its image.
	pub image: Hash,
	/// For the author, per block that a lease runs, in the smallest unit.
	pub royalty: Balance,
}

/// A lease of a release, when it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use<AccountId = self::AccountId> {
	/// The release.
	pub release: ReleaseId,
	/// Who pays.
	pub payer: AccountId,
	/// The machine, whose availability is counted.
	pub node: NodeId,
	/// The block at which the lease ends.
	pub until: BlockNumber,
}
