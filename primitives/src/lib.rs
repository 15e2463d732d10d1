//! Which words and formats do chain, agent and clients share?
//!
//! Identifiers and amounts ([`ids`]), hardware ([`hardware`]), what a request asks for
//! ([`requirement`]), releases of applications ([`application`]), what is held for what is stored ([`deposit`]), and
//! the traits by which pallets see each other ([`traits`]). Knows no storage.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
	not(test),
	deny(
		clippy::arithmetic_side_effects,
		clippy::indexing_slicing,
		clippy::expect_used
	)
)]

extern crate alloc;

pub mod application;
pub mod deposit;
pub mod hardware;
pub mod ids;
pub mod requirement;
pub mod traits;

pub use application::{ApplicationId, ReleaseId};
pub use hardware::{Capacity, HardwareInfo, HardwareKind, IsolationClass};
pub use ids::{
	AccountId, Balance, BlockNumber, ChallengeId, ClassId, EpochId, Hash, Hid, LeaseId, NodeId,
	Nonce, RequestId, Signature, Uid, Vid,
};
pub use requirement::{Filter, Listed, Malformed, Requirement, Scopes, Weights, MAX_LISTED};

/// Shares of one revenue right (RID). A fixed number, so that a share is one basis point.
pub const REVENUE_SHARES: u16 = 10_000;

/// Hardware units (HIDs) that one resource (VID) may be cut from.
pub const MAX_PARTS: u32 = 8;
