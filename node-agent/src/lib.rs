//! What happens on a provider's machine?
//!
//! The agent registers the machine, keeps it alive on chain, runs the leases that the chain says
//! should run ([`reconciler`]) and the owner lets run ([`trust`]), lets those who hold them in ([`access`]), and proves
//! what the hardware can do ([`proofs`]). What leaves the process is behind [`chain`] and [`engine`]; what must survive a
//! crash is in [`journal`].

pub mod access;
pub mod chain;
pub mod check;
pub mod config;
pub mod domain;
pub mod engine;
pub mod health;
pub mod inventory;
pub mod isolation;
pub mod journal;
pub mod power;
mod prefetch;
pub mod proofs;
pub mod reconciler;
pub mod server;
pub mod trust;
