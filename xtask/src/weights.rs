//! `cargo xtask weights`: measures what each call costs and writes the pallets' `weights.rs`.
//!
//! The runtime is built with its benchmarks into a target folder of its own, so that the next
//! ordinary build finds its own dependencies as they were.
//!
//! Calls of the SDK's pallets declare what the SDK's reference hardware takes; ours must not count for more or less
//! because another machine measured them. So a transfer is measured just before each pallet, and all times are
//! scaled by what it is declared to take. The machine must be quiet all the same.

use std::{fs, path::Path, process::Command};

use eyre::{bail, ensure, eyre, Result, WrapErr};

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

/// What the SDK declares for `transfer_allow_death` in picoseconds: `pallet_balances::weights` of version 51.0.2,
/// measured on its reference hardware.
const TRANSFER: u64 = 48_834_000;
/// The line of the template where it is said how times were scaled.
const SCALE: &str = "//! SCALE\n";

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

fn measure(arguments: &Arguments, wasm: &Path, pallet: &str) -> Result<()> {
	let folder = tempfile::tempdir()?;
	let transfer = folder.path().join("transfer.rs");
	bench(
		arguments,
		wasm,
		"balances",
		"transfer_allow_death",
		&transfer,
	)?;
	let measured = first_time(&fs::read_to_string(&transfer)?)?;
	let raw = folder.path().join("weights.rs");
	bench(arguments, wasm, &pallet.replace('-', "_"), "*", &raw)?;
	let output = root().join("pallets").join(pallet).join("src/weights.rs");
	let scaled = scaled(&fs::read_to_string(&raw)?, measured)?;
	fs::write(&output, scaled).wrap_err_with(|| format!("write {}", output.display()))
}

/// Has calls of a pallet measured, into a file.
fn bench(
	arguments: &Arguments,
	wasm: &Path,
	pallet: &str,
	calls: &str,
	output: &Path,
) -> Result<()> {
	let status = Command::new(BENCHER)
		.args(["v1", "benchmark", "pallet", "--extrinsic", calls])
		.args(["--pallet", &format!("pallet_{pallet}")])
		.arg("--runtime")
		.arg(wasm)
		.args(["--genesis-builder-preset", "development"])
		.args(["--steps", &arguments.steps.to_string()])
		.args(["--repeat", &arguments.repeat.to_string()])
		.arg("--template")
		.arg(root().join("xtask/src/weights.hbs"))
		.arg("--output")
		.arg(output)
		.status()
		.wrap_err_with(|| format!("start {BENCHER}"))?;
	ensure!(status.success(), "{BENCHER} failed for {pallet} ({status})");
	Ok(())
}

/// Where a weight's time stands in what the template gives.
const TIME: &str = "Weight::from_parts(";

/// The first time in a file, in picoseconds.
fn first_time(text: &str) -> Result<u64> {
	let (_, rest) = text
		.split_once(TIME)
		.ok_or_else(|| eyre!("no weight was written"))?;
	time(rest).map(|(time, _)| time)
}

/// The number that a text begins with, and what follows it.
fn time(text: &str) -> Result<(u64, &str)> {
	let end = text
		.find(|c: char| !c.is_ascii_digit() && c != '_')
		.unwrap_or(text.len());
	let (digits, rest) = text.split_at(end);
	let number = digits.replace('_', "").parse();
	Ok((number.wrap_err("read a weight")?, rest))
}

/// All times, as they would be on the reference hardware, where a transfer takes [`TRANSFER`] and not `measured`.
fn scaled(text: &str, measured: u64) -> Result<String> {
	ensure!(measured > 0, "a transfer took no time");
	let (here, there) = (tenths(measured), tenths(TRANSFER));
	let said = format!(
		"//! In time of the SDK's reference hardware, where a transfer takes {there} µs; here it took {here} µs.\n"
	);
	let text = text.replacen(SCALE, &said, 1);
	let mut parts = text.split(TIME);
	let mut scaled = parts.next().unwrap_or_default().to_string();
	for part in parts {
		let (time, rest) = time(part)?;
		let scale = u128::from(time) * u128::from(TRANSFER) / u128::from(measured);
		scaled.push_str(TIME);
		scaled.push_str(&grouped(u64::try_from(scale)?));
		scaled.push_str(rest);
	}
	Ok(scaled)
}

/// Picoseconds as microseconds with one digit after the point.
fn tenths(picoseconds: u64) -> String {
	let tenths = picoseconds / 100_000;
	format!("{}.{}", tenths / 10, tenths % 10)
}

/// A number in groups of three digits.
fn grouped(number: u64) -> String {
	let digits = number.to_string();
	let first = digits.len() % 3;
	let groups = digits.as_bytes()[first..].chunks(3);
	let groups = groups.map(|group| String::from_utf8_lossy(group).into_owned());
	let head = (first > 0).then(|| digits[..first].to_string());
	head.into_iter().chain(groups).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn times_are_those_of_the_reference_hardware_and_sizes_stay() {
		let text = "//! x\n//! SCALE\nWeight::from_parts(200_000_001, 3593)\n\
			.saturating_add(Weight::from_parts(1_000, 0).saturating_mul(h.into()))";
		let half = scaled(text, 2 * TRANSFER).unwrap();
		assert_eq!(
			half,
			"//! x\n//! In time of the SDK's reference hardware, where a transfer takes 48.8 µs; here it took 97.6 µs.\n\
			 Weight::from_parts(100_000_000, 3593)\n\
			 .saturating_add(Weight::from_parts(500, 0).saturating_mul(h.into()))"
		);
		assert!(scaled(text, 0).is_err());
		assert!(scaled("Weight::from_parts(x, 0)", 1).is_err());
		assert_eq!(first_time(text).unwrap(), 200_000_001);
		assert!(first_time("").is_err());
	}

	#[test]
	fn numbers_are_in_groups_of_three_digits() {
		let all = [0, 12, 123, 1_234, 123_456, 48_834_000].map(grouped);
		assert_eq!(all, ["0", "12", "123", "1_234", "123_456", "48_834_000"]);
	}
}
