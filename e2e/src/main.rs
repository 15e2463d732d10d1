//! `usufruct-e2e`: the whole, for a person: tells the main job, or lets things go wrong.
#![allow(clippy::print_stdout, reason = "a story is told")]

mod commands;

use clap::Parser;
use commands::{chaos, demo};
use eyre::{Result, WrapErr};
use usufruct_e2e::wait;

/// The whole of Usufruct as real processes on this machine.
#[derive(Debug, Parser)]
struct Arguments {
	#[command(subcommand)]
	command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
	/// Tell the main job: register, sell, match, run, prove, pay; then sell again
	Demo {
		/// What runs the workspace: auto takes Docker where it answers, else WebAssembly
		#[arg(long, default_value = "auto")]
		engine: demo::Choice,
	},
	/// Let things go wrong, again and again: at the end every lease ran once or was refunded, and nothing runs
	/// without one
	///
	/// Three owners' agents on a chain of one validator run what two tenants ask for. Faults drawn from a seed
	/// happen one after the other: agents and dockerd are killed, the network is cut, disks are full, journals
	/// are damaged, the chain stands still. After each, owners list again what came back and tenants ask again
	/// for what they lost, and all must be well again in time. Ends with the counts, and with status 1 unless
	/// all held.
	///
	/// As root, with dockerd, nftables and busybox-static, all kinds of faults happen; what this machine cannot
	/// give is left out and said. Example: two hundred faults, and their logs to look into:
	///
	///   usufruct-e2e chaos --faults 200 --seed 7 --folder /tmp/chaos
	#[command(verbatim_doc_comment)]
	Chaos(chaos::Arguments),
}

fn main() -> Result<()> {
	let command = Arguments::parse().command;
	// Every wait ends with an error then, and what was started is stopped on the way out.
	ctrlc::set_handler(wait::stop_all).wrap_err("listen for Ctrl-C")?;
	match command {
		Command::Demo { engine } => demo::run(engine),
		Command::Chaos(arguments) => chaos::run(&arguments),
	}
}
