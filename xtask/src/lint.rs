//! `cargo xtask lint`: formatting, clippy, and `cargo deny` where they are installed.

use eyre::Result;

use crate::workspace::{cargo, has_cargo, run as start, step};

/// Runs all of them.
pub(crate) fn run() -> Result<()> {
	step("formatting", formatting)?;
	step("clippy", || {
		start(cargo().args([
			"clippy",
			"--workspace",
			"--all-targets",
			"--",
			"-D",
			"warnings",
		]))
	})?;
	step("licences, sources, duplicates", || {
		if !has_cargo("deny") {
			eprintln!("skipped: `cargo install cargo-deny` first");
			return Ok(());
		}
		start(cargo().args(["deny", "check", "licenses", "bans", "sources"]))
	})?;
	Ok(())
}

/// Every file is as `rustfmt` writes it.
pub(crate) fn formatting() -> Result<()> {
	if !has_cargo("fmt") {
		eprintln!("skipped: this toolchain has no rustfmt (`rustup component add rustfmt`)");
		return Ok(());
	}
	start(cargo().args(["fmt", "--all", "--check"]))
}
