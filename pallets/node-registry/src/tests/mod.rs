//! The rules of the registry, one file per subject.

mod admission;
mod availability;
mod faults;
mod hardware;
mod invariants;
mod nodes;
mod origins;
mod retirement;
mod usage;
