//! Which machine should run which request?
//!
//! A function from a snapshot of the chain to proposals: deterministic, bounded, without storage,
//! clock or network. The chain checks each proposal with the same [`check`] and [`Rank`], so any
//! matcher may compete and none is trusted.
//!
//! - [`snapshot`]: what the engine sees ([`Demand`], [`Offer`]) and what it answers ([`Match`]).
//! - [`constraint`]: may this offer serve this demand? The first reason against it is a [`Mismatch`].
//! - [`rank`]: how good is it? A total order that depends on the two alone, never on other offers.
//! - [`assign`](mod@assign): demands in order, each replica the best offer that is left.
//! - [`index`]: the same answer from offers that are grouped and kept, with bounded work.
//! - [`explain`](mod@explain): why a demand finds what it finds, in numbers for a person.
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

pub mod assign;
pub mod constraint;
pub mod explain;
pub mod index;
pub mod rank;
pub mod snapshot;
#[cfg(test)]
mod tests;

pub use assign::assign;
pub use constraint::{admits, check, suffices, suits, Mismatch};
pub use explain::{explain, Explanation};
pub use index::{digest, Index, Work};
pub use rank::{rank, score, tie, Rank, MAX_SCORE};
pub use snapshot::{percent, Demand, Features, Kind, Match, Offer, Place, Quality};
