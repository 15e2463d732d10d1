//! Rules of versions: one release of the SDK, each of its crates once.

use std::{collections::BTreeMap, path::Path};

use eyre::{Result, WrapErr};

use super::read;

/// How the SDK's crates are named.
const PREFIXES: [&str; 5] = ["sp-", "sc-", "frame-", "pallet-", "substrate-"];

pub(super) fn problems(root: &Path) -> Result<Vec<String>> {
	let lock: toml::Table = read(&root.join("Cargo.lock"))?
		.parse()
		.wrap_err("Cargo.lock is not TOML")?;
	let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
	for package in lock
		.get("package")
		.and_then(|p| p.as_array())
		.into_iter()
		.flatten()
	{
		let text = |key| {
			package
				.get(key)
				.and_then(|v| v.as_str())
				.unwrap_or_default()
				.to_string()
		};
		versions
			.entry(text("name"))
			.or_default()
			.push(text("version"));
	}
	Ok(duplicates(&versions))
}

fn duplicates(versions: &BTreeMap<String, Vec<String>>) -> Vec<String> {
	versions
		.iter()
		.filter(|(name, found)| {
			PREFIXES.iter().any(|prefix| name.starts_with(prefix)) && found.len() > 1
		})
		.map(|(name, found)| {
			format!(
				"{name} is there in several versions ({}): two releases meet",
				found.join(", ")
			)
		})
		.collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn two_versions_of_an_sdk_crate_are_refused_and_of_another_are_not() {
		let two = vec!["1.0.0".to_string(), "2.0.0".to_string()];
		let found = BTreeMap::from([
			("sp-core".to_string(), two.clone()),
			("syn".to_string(), two),
		]);
		assert_eq!(duplicates(&found).len(), 1);
	}
}
