//! `cargo xtask test`: every check and every test, in the order in which they fail fastest.

use eyre::Result;

use crate::{
	lint, tidy,
	workspace::{build_all, cargo, run as start, step},
};

/// Tests of the whole wait for blocks more than they compute: more of them at once than cores. Not many more: a
/// machine that is too busy proves less than its class is expected to, and is not ranked.
const AT_ONCE: usize = 3;

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
			let cores = std::thread::available_parallelism().map_or(1, usize::from);
			let at_once = cores.max(AT_ONCE).to_string();
			start(
				cargo()
					.args(["test", "--workspace"])
					.env("RUST_TEST_THREADS", at_once),
			)
		})?,
	));
	println!("\nAll passed. Seconds:");
	for (name, took) in times {
		println!("  {name:<24} {:>6.1}", took.as_secs_f32());
	}
	Ok(())
}
