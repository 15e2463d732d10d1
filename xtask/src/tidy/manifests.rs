//! Rules of manifests: versions are named once, lints apply everywhere, dependencies point down.

use std::path::Path;

use eyre::{eyre, Result, WrapErr};
use toml::{Table, Value};

use super::read;

/// Who alone may depend on what: `(dependency, the crates that may)`.
const RESERVED: [(&str, &[&str]); 5] = [
	("bollard", &["usufruct-agent"]),
	("nvml-wrapper", &["usufruct-agent"]),
	("wasmtime", &["usufruct-agent"]),
	("comfy-table", &["usufruct-cli"]),
	("subxt", &["usufruct-client"]),
];

/// What a crate must never know: `(crate, the beginning of the names)`.
const FORBIDDEN: [(&str, &[&str]); 4] = [
	(
		"usufruct-offchain-worker",
		&["pallet-", "sp-io", "sp-offchain", "frame-system"],
	),
	("usufruct-primitives", &["pallet-", "frame-system"]),
	(
		"usufruct-proof",
		&["pallet-", "frame-", "sp-io", "sp-core", "sp-runtime"],
	),
	(
		"usufruct-e2e",
		&["pallet-", "sp-", "sc-", "usufruct-runtime"],
	),
];

pub(super) fn problems(root: &Path) -> Result<Vec<String>> {
	let workspace: Table = read(&root.join("Cargo.toml"))?.parse()?;
	let members = workspace
		.get("workspace")
		.and_then(|w| w.get("members"))
		.and_then(Value::as_array)
		.ok_or_else(|| eyre!("Cargo.toml lists no members"))?;
	let mut problems = Vec::new();
	for member in members.iter().filter_map(Value::as_str) {
		let path = root.join(member).join("Cargo.toml");
		let manifest: Table = read(&path)?
			.parse()
			.wrap_err_with(|| format!("{member}/Cargo.toml is not TOML"))?;
		problems.extend(of_member(member, &manifest));
	}
	Ok(problems)
}

fn of_member(member: &str, manifest: &Table) -> Vec<String> {
	let mut problems = Vec::new();
	let is_set = |value: Option<&Value>| {
		value
			.and_then(|v| v.get("workspace"))
			.and_then(Value::as_bool)
			== Some(true)
	};
	if !is_set(manifest.get("lints")) {
		problems.push(format!(
			"{member}/Cargo.toml does not say `[lints] workspace = true`"
		));
	}
	let package = manifest.get("package");
	for key in ["version", "edition", "license", "rust-version"] {
		if !is_set(package.and_then(|p| p.get(key))) {
			problems.push(format!("{member}/Cargo.toml does not inherit `{key}`"));
		}
	}
	let name = package
		.and_then(|p| p.get("name"))
		.and_then(Value::as_str)
		.unwrap_or_default();
	for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
		let Some(table) = manifest.get(section).and_then(Value::as_table) else {
			continue;
		};
		for (dependency, value) in table {
			if !is_set(Some(value)) {
				problems.push(format!(
					"{member}/Cargo.toml: `{dependency}` is not declared once, in the workspace"
				));
			}
			if section == "dependencies" {
				problems.extend(wrong_direction(name, dependency));
			}
		}
	}
	problems
}

fn wrong_direction(name: &str, dependency: &str) -> Option<String> {
	let reserved = RESERVED
		.iter()
		.any(|(crate_, allowed)| *crate_ == dependency && !allowed.contains(&name));
	let forbidden = FORBIDDEN.iter().any(|(crate_, beginnings)| {
		*crate_ == name && beginnings.iter().any(|b| dependency.starts_with(b))
	});
	// Pallets see each other through the traits of `primitives`, wired by the runtime.
	let sideways = name.starts_with("pallet-") && is_own_pallet(dependency);
	(reserved || forbidden || sideways)
		.then(|| format!("{name} must not depend on {dependency}: see docs/ARCHITECTURE.md"))
}

fn is_own_pallet(name: &str) -> bool {
	name.strip_prefix("pallet-").is_some_and(|folder| {
		crate::workspace::root()
			.join("pallets")
			.join(folder)
			.is_dir()
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn only_the_agent_talks_to_docker() {
		assert!(wrong_direction("usufruct-cli", "bollard").is_some());
		assert!(wrong_direction("usufruct-agent", "bollard").is_none());
	}

	#[test]
	fn pallets_do_not_depend_on_each_other() {
		assert!(wrong_direction("pallet-market", "pallet-use-rights").is_some());
		assert!(wrong_direction("pallet-use-rights", "pallet-nfts").is_none());
	}
}
