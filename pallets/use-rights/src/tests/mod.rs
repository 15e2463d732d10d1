//! The rules of resources and use rights, one file per subject.

mod invariants;
mod ledger;
mod model;
mod origins;
mod resources;
mod rights;
mod sales;
mod transfers;
