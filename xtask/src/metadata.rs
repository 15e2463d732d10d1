//! `cargo xtask metadata`: the runtime's metadata, from which the client's types are generated.
//!
//! A snapshot beside the client, so that the client builds without the runtime. A test of the
//! runtime compares it; this command runs that test, and lets it write.

use eyre::Result;

use crate::workspace::{cargo, run as start};

/// Arguments of `metadata`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
	/// Only check: fail if the file is stale.
	#[arg(long)]
	check: bool,
}

/// Rewrites the file, or checks it.
pub(crate) fn run(arguments: Arguments) -> Result<()> {
	let mut command = cargo();
	command.args([
		"test",
		"--package",
		"usufruct-runtime",
		"--test",
		"metadata",
	]);
	// The metadata is that of the native code: the WebAssembly would be built for nothing.
	command.env("SKIP_WASM_BUILD", "1");
	if !arguments.check {
		command.env("UPDATE_METADATA", "1");
	}
	start(&mut command)
}
