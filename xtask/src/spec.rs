//! `cargo xtask spec`: a chain's specification as JSON, to start a network from.

use std::{fs::File, path::PathBuf, process::Command};

use eyre::{Result, WrapErr};

use crate::workspace::{programs, run as start};

/// Arguments of `spec`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
	/// The preset: `dev`, `local` or `staging`.
	preset: String,
	/// Where to write it.
	#[arg(long, short, default_value = "chain.json")]
	output: PathBuf,
	/// As state instead of as a genesis patch: what nodes of other versions agree on.
	#[arg(long)]
	raw: bool,
}

/// Writes it with the built node.
pub(crate) fn run(arguments: Arguments) -> Result<()> {
	let file = File::create(&arguments.output)
		.wrap_err_with(|| format!("write {}", arguments.output.display()))?;
	let mut command = Command::new(programs()?.join("usufruct-node"));
	command.args([
		"build-spec",
		"--chain",
		&arguments.preset,
		"--disable-default-bootnode",
	]);
	if arguments.raw {
		command.arg("--raw");
	}
	start(command.stdout(file))
}
