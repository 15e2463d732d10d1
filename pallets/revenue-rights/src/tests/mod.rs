//! The rules of revenue rights, one file per subject.

mod creation;
mod dividends;
mod invariants;
mod model;
mod orders;
mod origins;
mod settlement;
mod transfers;
