//! The rules of the set, one file per subject.

mod candidates;
mod invariants;
mod offences;
mod origins;
mod sessions;
