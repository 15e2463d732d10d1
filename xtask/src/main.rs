//! What does a person who changes this repository need to run?
//!
//! One menu, needing cargo alone: `cargo xtask --help`. Each command is one file. Knows no crate of
//! the chain itself, so that the menu is there in seconds; it runs their programs and tests.
#![allow(clippy::print_stdout, reason = "a menu prints")]

mod demo;
mod lint;
mod metadata;
mod ptx;
mod spec;
mod test;
mod tidy;
mod weights;
mod workspace;

use clap::{Parser, Subcommand};

/// What a person who changes Usufruct needs to run.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
	#[command(subcommand)]
	command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
	/// Tell the main job on this machine: a chain, an agent, a tenant, a proof, the money.
	Demo(demo::Arguments),
	/// Check formatting, lints, licences and sources.
	Lint,
	/// Rewrite `client/metadata.scale` from the runtime, or check that it is current.
	Metadata(metadata::Arguments),
	/// Compile the GPU kernels to the PTX that the prover embeds.
	Ptx(ptx::Arguments),
	/// Write a chain's specification, as JSON.
	Spec(spec::Arguments),
	/// Run every check and every test: what `make test` and CI run.
	Test,
	/// Check the repository's own rules: files, versions, documents, dependencies.
	Tidy,
	/// Measure what calls cost and write the pallets' `weights.rs`.
	Weights(weights::Arguments),
}

fn main() -> eyre::Result<()> {
	match Arguments::parse().command {
		Command::Demo(arguments) => demo::run(arguments),
		Command::Lint => lint::run(),
		Command::Metadata(arguments) => metadata::run(arguments),
		Command::Ptx(arguments) => ptx::run(arguments),
		Command::Spec(arguments) => spec::run(arguments),
		Command::Test => test::run(),
		Command::Tidy => tidy::run(),
		Command::Weights(arguments) => weights::run(arguments),
	}
}
