//! Rules of every pallet: the same files, the same order of thought, a benchmark for every call.

use std::{fs, path::Path};

use eyre::Result;

use super::{read, shown};

/// What every pallet has, from its folder.
const FILES: [&str; 9] = [
	"README.md",
	"src/lib.rs",
	"src/types.rs",
	"src/try_state.rs",
	"src/mock.rs",
	"src/tests/mod.rs",
	"src/benchmarking.rs",
	"src/weights.rs",
	"Cargo.toml",
];

pub(super) fn problems(root: &Path) -> Result<Vec<String>> {
	let mut problems = Vec::new();
	let mut folders = Vec::new();
	for entry in fs::read_dir(root.join("pallets"))? {
		folders.push(entry?.path());
	}
	folders.sort();
	for pallet in folders {
		let name = shown(&pallet, root);
		for file in FILES {
			if !pallet.join(file).is_file() {
				problems.push(format!("{name} has no {file}"));
			}
		}
		let Ok(lib) = read(&pallet.join("src/lib.rs")) else {
			continue;
		};
		if !lib.contains("include_str!(\"../README.md\")") {
			problems.push(format!("{name}/src/lib.rs does not include its README.md"));
		}
		let benchmarks = read(&pallet.join("src/benchmarking.rs")).unwrap_or_default();
		for call in calls(&lib) {
			if !benchmarks.contains(&format!("fn {call}(")) {
				problems.push(format!("{name}: the call `{call}` has no benchmark"));
			}
		}
	}
	Ok(problems)
}

/// The names of the functions that carry a call index.
fn calls(lib: &str) -> Vec<&str> {
	let mut names = Vec::new();
	let mut expected = false;
	for line in lib.lines().map(str::trim) {
		expected |= line.starts_with("#[pallet::call_index(");
		if let (true, Some(rest)) = (expected, line.strip_prefix("pub fn ")) {
			names.extend(rest.split(['(', '<']).next());
			expected = false;
		}
	}
	names
}

#[cfg(test)]
mod tests {
	#[test]
	fn a_call_is_a_function_with_an_index() {
		let lib =
			"#[pallet::call_index(0)]\n#[pallet::weight(1)]\npub fn list(\n\tpub fn helper(\n";
		assert_eq!(super::calls(lib), ["list"]);
	}
}
