//! The workspace around the menu: its root, its target folder, its commands.

use std::{
	path::{Path, PathBuf},
	process::Command,
	sync::LazyLock,
	time::{Duration, Instant},
};

use eyre::{bail, Result, WrapErr};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
	// The manifest lies one level below the root. Where it lies is asked of the cargo that runs this: who
	// shares one target folder between clones may be running what another clone built.
	static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
		let manifest = std::env::var_os("CARGO_MANIFEST_DIR");
		let manifest = manifest.map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
		manifest
			.parent()
			.map_or_else(|| ".".into(), Path::to_path_buf)
	});
	&ROOT
}

/// The folder of the built programs: where the menu itself was built.
pub(crate) fn programs() -> Result<PathBuf> {
	let own = std::env::current_exe().wrap_err("find the running program's own path")?;
	Ok(own.parent().map(Path::to_path_buf).unwrap_or_default())
}

/// Cargo, as the person called it.
pub(crate) fn cargo() -> Command {
	let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
	command.current_dir(root());
	command
}

/// Whether cargo has a subcommand here: some are installed apart.
pub(crate) fn has_cargo(subcommand: &str) -> bool {
	cargo()
		.args([subcommand, "--version"])
		.output()
		.is_ok_and(|output| output.status.success())
}

/// Runs a command to its end, with its output shown. Fails where it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
	let status = command
		.status()
		.wrap_err_with(|| format!("start {command:?}"))?;
	if !status.success() {
		bail!("{command:?} failed ({status}); its output above says why");
	}
	Ok(())
}

/// Builds the programs and the tests.
pub(crate) fn build_all() -> Result<()> {
	run(cargo().args(["build", "--workspace", "--all-targets"]))
}

/// Builds the programs alone. Dependencies come out the same as those of [`build_all`].
pub(crate) fn build_programs() -> Result<()> {
	run(cargo().args(["build", "--workspace", "--bins"]))
}

/// Does `work` under a heading on stderr. Gives how long it took.
pub(crate) fn step(heading: &str, work: impl FnOnce() -> Result<()>) -> Result<Duration> {
	eprintln!("== {heading}");
	let start = Instant::now();
	work().wrap_err_with(|| heading.to_string())?;
	Ok(start.elapsed())
}
