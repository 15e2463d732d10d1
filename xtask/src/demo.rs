//! `cargo xtask demo`: the main job on this machine, told as it happens.

use eyre::Result;

use crate::workspace::{build_programs, programs, run as start, step};

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
	/// What runs the workspace: auto takes Docker where it answers, else WebAssembly
	#[arg(long, default_value = "auto", value_parser = ["auto", "docker", "wasm"])]
	engine: String,
}

/// Builds the programs, then lets them tell it.
pub(crate) fn run(arguments: Arguments) -> Result<()> {
	step(
		"build (most of an hour the first time, then seconds)",
		build_programs,
	)?;
	let program = programs()?.join("usufruct-e2e");
	start(std::process::Command::new(program).args(["demo", "--engine", &arguments.engine]))
}
