//! The rules of the market, one file per subject.

mod accrual;
mod endings;
mod invariants;
mod listings;
mod model;
mod origins;
mod purchases;
mod renewals;
mod reservations;
mod search;
mod sublets;
