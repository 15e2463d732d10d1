//! The rules of proofs, one file per subject.

mod attacks;
mod classes;
mod commitments;
mod expiry;
mod invariants;
mod model;
mod origins;
mod prover;
mod randomness;
mod ranking;
mod requests;
mod reveals;
