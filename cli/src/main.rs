//! What can a person do from a terminal?
//!
//! `usufruct` groups verbs by noun, prints tables for people and `--json` for programs, and ends
//! with a status that scripts can use: 0 done, 2 wrong usage, 3 bad configuration, 4 refused by the
//! chain, 5 no node reachable.
#![allow(clippy::print_stdout)]

mod commands;
mod context;
mod output;

use clap::Parser;

/// Sell, buy and use compute on the Usufruct chain.
#[derive(Debug, Parser)]
#[command(
	name = "usufruct",
	version,
	after_help = "Examples:\n  \
	usufruct market listings                       what is for sale\n  \
	usufruct workspace publish hello.wasm          make a module known\n  \
	usufruct workspace run --image 0x… --max-price 0.01 --term 100 --port 8080 --wait\n\n\
	Amounts are in USU (12.5), times in blocks of 3 s."
)]
struct Cli {
	#[command(flatten)]
	global: context::Global,
	#[command(subcommand)]
	command: commands::Command,
}

#[tokio::main]
async fn main() {
	let cli = Cli::parse();
	let json = cli.global.json;
	if let Err(failure) = commands::run(cli.global, cli.command).await {
		output::failure(&failure, json);
		std::process::exit(failure.status());
	}
}
