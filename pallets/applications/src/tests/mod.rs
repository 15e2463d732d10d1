//! The rules of applications, by subject.

mod curation;
mod find;
mod invariants;
mod model;
mod registration;
mod releases;
mod royalties;
