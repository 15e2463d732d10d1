//! Rules of every pallet: the same files, the same order of thought, a benchmark for every call.

use std::{fs, path::Path};

use eyre::Result;

use super::{read, shown};

/// What every pallet has, from its folder.
const FILES: [&str; 7] = [
	"README.md",
	"src/lib.rs",
	"src/types.rs",
	"src/try_state.rs",
	"src/mock.rs",
	"src/tests/mod.rs",
	"Cargo.toml",
];

/// What every pallet with calls has, beside that.
const FILES_OF_CALLS: [&str; 2] = ["src/benchmarking.rs", "src/weights.rs"];

pub(super) fn problems(root: &Path) -> Result<Vec<String>> {
	let mut problems = Vec::new();
	let mut folders = Vec::new();
	for entry in fs::read_dir(root.join("pallets"))? {
		folders.push(entry?.path());
	}
	folders.sort();
	for pallet in folders {
		let name = shown(&pallet, root);
		let lib = read(&pallet.join("src/lib.rs")).unwrap_or_default();
		let of_calls: &[&str] = match lib.contains("#[pallet::call]") {
			true => &FILES_OF_CALLS,
			false => &[],
		};
		for file in FILES.iter().chain(of_calls) {
			if !pallet.join(file).is_file() {
				problems.push(format!("{name} has no {file}"));
			}
		}
		if !lib.contains("include_str!(\"../README.md\")") {
			problems.push(format!("{name}/src/lib.rs does not include its README.md"));
		}
		let benchmarks = read(&pallet.join("src/benchmarking.rs")).unwrap_or_default();
		for (call, weights) in calls(&lib) {
			if weights.is_empty() {
				problems.push(format!(
					"{name}: the call `{call}` has no weight of its own"
				));
			}
			for weight in weights {
				if !benchmarks.contains(&format!("fn {weight}(")) {
					problems.push(format!(
						"{name}: the weight `{weight}` of `{call}` has no benchmark"
					));
				}
			}
		}
	}
	Ok(problems)
}

/// The functions that carry a call index, each with the benchmarks that its weight names.
fn calls(lib: &str) -> Vec<(&str, Vec<&str>)> {
	let mut calls = Vec::new();
	for part in lib.split("#[pallet::call_index(").skip(1) {
		let Some((attributes, function)) = part.split_once("pub fn ") else {
			continue;
		};
		let weights = attributes
			.split("WeightInfo::")
			.skip(1)
			.filter_map(|rest| rest.split('(').next())
			.collect();
		let name = function.split(['(', '<']).next().unwrap_or_default();
		calls.push((name, weights));
	}
	calls
}

#[cfg(test)]
mod tests {
	#[test]
	fn a_call_is_a_function_with_an_index_and_its_weights_are_those_that_it_names() {
		let lib = "#[pallet::call_index(0)]\n#[pallet::weight(T::WeightInfo::list(1))]\n\
			pub fn list(\n\tpub fn helper(\n\
			#[pallet::call_index(1)]\n#[pallet::weight(7)]\npub fn burn<T>(";
		assert_eq!(
			super::calls(lib),
			[("list", vec!["list"]), ("burn", vec![])]
		);
	}
}
