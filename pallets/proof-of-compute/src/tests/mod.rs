//! The rules of proofs, one file per subject.

mod attacks;
mod audits;
mod classes;
mod commitments;
mod entries;
mod epochs;
mod expiry;
mod histories;
mod invariants;
mod memory;
mod model;
mod origins;
mod prover;
mod randomness;
mod ranking;
mod requests;
mod reveals;
