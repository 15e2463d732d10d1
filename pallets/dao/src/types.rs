//! The powers, and how a call asks for one.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::EnsureOrigin;
use scale_info::TypeInfo;

/// Identifies a track of referenda.
pub type TrackId = u16;

/// A power that the DAO voted to use.
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
pub enum Power {
	/// Dispatches as root what the technical committee has whitelisted.
	#[codec(index = 0)]
	Upgrade,
	/// Says who provides, validates, and sits in the committee.
	#[codec(index = 1)]
	Membership,
	/// Spends from the treasury.
	#[codec(index = 2)]
	Treasury,
	/// Sets the market's parameters.
	#[codec(index = 3)]
	MarketAdmin,
	/// Sets resource classes and the difficulty of their proofs.
	#[codec(index = 4)]
	ProofParameters,
	/// Ends harmful referenda.
	#[codec(index = 5)]
	Canceller,
}

impl Power {
	/// All of them, by their tracks.
	pub const ALL: [Self; 6] = [
		Self::Upgrade,
		Self::Membership,
		Self::Treasury,
		Self::MarketAdmin,
		Self::ProofParameters,
		Self::Canceller,
	];

	/// The track of referenda that ask for it.
	pub const fn track(self) -> TrackId {
		self as TrackId
	}
}

/// Lets pass what has the power of the track `TRACK`, and nothing else: not root either, which a
/// runtime adds where it wants it.
#[derive(Debug)]
pub struct EnsurePower<const TRACK: TrackId>;

impl<O, const TRACK: TrackId> EnsureOrigin<O> for EnsurePower<TRACK>
where
	O: Into<Result<Power, O>> + From<Power>,
{
	type Success = ();

	fn try_origin(origin: O) -> Result<(), O> {
		match origin.into()? {
			power if power.track() == TRACK => Ok(()),
			other => Err(other.into()),
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin() -> Result<O, ()> {
		Power::ALL
			.into_iter()
			.find(|power| power.track() == TRACK)
			.map(Into::into)
			.ok_or(())
	}
}

/// Asks for [`Power::Upgrade`].
pub type Upgrade = EnsurePower<{ Power::Upgrade.track() }>;
/// Asks for [`Power::Membership`].
pub type Membership = EnsurePower<{ Power::Membership.track() }>;
/// Asks for [`Power::Treasury`].
pub type Treasury = EnsurePower<{ Power::Treasury.track() }>;
/// Asks for [`Power::MarketAdmin`].
pub type MarketAdmin = EnsurePower<{ Power::MarketAdmin.track() }>;
/// Asks for [`Power::ProofParameters`].
pub type ProofParameters = EnsurePower<{ Power::ProofParameters.track() }>;
/// Asks for [`Power::Canceller`].
pub type Canceller = EnsurePower<{ Power::Canceller.track() }>;
