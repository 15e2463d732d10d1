//! The rule book: each test's name is a rule.

mod applications;
mod catalogue;
mod held;
mod images;
mod invariants;
mod leases;
mod model;
mod placement;
mod pool;
mod proposals;
mod requests;
mod updates;
mod windows;
mod worker;
mod workloads;
