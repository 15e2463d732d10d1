//! What does a validator run?
//!
//! A BABE + GRANDPA node of the Usufruct chain. It knows nothing of the market: the rules are in
//! the runtime, and so are the off-chain workers that match requests to machines.
#![allow(clippy::result_large_err)]

mod cli;
mod command;
mod rpc;
mod service;

fn main() -> sc_cli::Result<()> {
	command::run()
}
