//! The whole, put to the test as real processes.
//!
//! One program, so that the tests run side by side: they wait for blocks more than they compute.
#![allow(clippy::unwrap_used, reason = "a failed assumption fails the test")]
#![allow(clippy::print_stdout, reason = "a long test says how far it is")]

mod access;
mod applications;
mod bad_images;
mod bad_input;
mod chaos;
mod crashes;
mod dao;
mod deploy;
mod held;
mod images;
mod isolation;
mod main_job;
mod node;
mod registry;
mod rewards;
mod trade;
mod upkeep;
mod wallet;
