//! `cargo xtask weights`: measures what each call costs and writes the pallets' `weights.rs`.
//!
//! The runtime is built with its benchmarks into a target folder of its own, so that the next
//! ordinary build finds its own dependencies as they were. Measure on a quiet machine of the kind
//! that validators are told to have: the numbers are that machine's.

use std::{fs, path::PathBuf, process::Command};

use eyre::{bail, ensure, Result, WrapErr};

use crate::workspace::{cargo, programs, root, run as start, step};

/// Arguments of `weights`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
	/// Only these pallets, by the names of their folders; all by default.
	pallets: Vec<String>,
	/// Values of each parameter between its least and its greatest.
	#[arg(long, default_value_t = 20)]
	steps: u32,
	/// Measurements of each value.
	#[arg(long, default_value_t = 20)]
	repeat: u32,
}

const BENCHER: &str = "frame-omni-bencher";
const BENCHER_VERSION: &str = "0.28.0";

/// Measures and writes.
pub(crate) fn run(arguments: Arguments) -> Result<()> {
	ensure!(
		Command::new(BENCHER).arg("--version").output().is_ok(),
		"{BENCHER} is not installed: `cargo install {BENCHER} --version {BENCHER_VERSION} --locked`"
	);
	let target = programs()?.join("../weights");
	step("build: the runtime with its benchmarks", || {
		start(
			cargo()
				.args(["build", "--package", "usufruct-runtime"])
				.args(["--features", "runtime-benchmarks"])
				.arg("--target-dir")
				.arg(&target),
		)
	})?;
	let wasm =
		target.join("debug/wbuild/usufruct-runtime/usufruct_runtime.compact.compressed.wasm");
	ensure!(wasm.is_file(), "the runtime is not at {}", wasm.display());
	for pallet in chosen(&arguments.pallets)? {
		step(&format!("measure {pallet}"), || {
			measure(&arguments, &wasm, &pallet)
		})?;
	}
	start(cargo().args(["fmt", "--all"]))
}

/// The folders of the pallets to measure.
fn chosen(wanted: &[String]) -> Result<Vec<String>> {
	let mut all = Vec::new();
	for entry in fs::read_dir(root().join("pallets"))? {
		all.push(entry?.file_name().to_string_lossy().into_owned());
	}
	all.sort();
	if let Some(unknown) = wanted.iter().find(|name| !all.contains(name)) {
		bail!("there is no pallet {unknown}; there are {}", all.join(", "));
	}
	all.retain(|name| wanted.is_empty() || wanted.contains(name));
	Ok(all)
}

fn measure(arguments: &Arguments, wasm: &PathBuf, pallet: &str) -> Result<()> {
	let output = root().join("pallets").join(pallet).join("src/weights.rs");
	let name = format!("pallet_{}", pallet.replace('-', "_"));
	let status = Command::new(BENCHER)
		.args([
			"v1",
			"benchmark",
			"pallet",
			"--extrinsic",
			"*",
			"--pallet",
			&name,
		])
		.arg("--runtime")
		.arg(wasm)
		.args(["--genesis-builder-preset", "development"])
		.args(["--steps", &arguments.steps.to_string()])
		.args(["--repeat", &arguments.repeat.to_string()])
		.arg("--template")
		.arg(root().join("xtask/src/weights.hbs"))
		.arg("--output")
		.arg(&output)
		.status()
		.wrap_err_with(|| format!("start {BENCHER}"))?;
	ensure!(status.success(), "{BENCHER} failed for {name} ({status})");
	Ok(())
}
