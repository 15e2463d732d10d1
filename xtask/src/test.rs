//! `cargo xtask test`: every check and every test, in the order in which they fail fastest.

use eyre::Result;

use crate::{
	lint, tidy,
	workspace::{build_all, cargo, run as start, step},
};

/// Runs all of it; prints what each step took.
pub(crate) fn run() -> Result<()> {
	let mut times = Vec::new();
	times.push(("formatting", step("formatting", lint::formatting)?));
	times.push((
		"rules of the repository",
		step("rules of the repository", tidy::run)?,
	));
	times.push((
		"build",
		step(
			"build: native code, the runtime's WebAssembly, tests",
			build_all,
		)?,
	));
	times.push((
		"tests",
		step("tests, also of the whole as processes", || {
			start(cargo().args(["test", "--workspace"]))
		})?,
	));
	println!("\nAll passed. Seconds:");
	for (name, took) in times {
		println!("  {name:<24} {:>6.1}", took.as_secs_f32());
	}
	Ok(())
}
