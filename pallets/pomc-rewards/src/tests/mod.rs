//! The rules of rewards, one file per concern.

mod claims;
mod earnings;
mod eras;
mod invariants;
mod model;
mod origins;
