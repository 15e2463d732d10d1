//! `cargo xtask demo`: the main job on this machine, told as it happens.

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

/// Tells it.
pub(crate) fn run(_: Arguments) -> eyre::Result<()> {
	Ok(())
}
