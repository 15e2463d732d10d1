//! `cargo xtask tidy`: the repository's own rules, each a function that names what breaks it.

mod documents;
mod lock;
mod manifests;
mod pallets;
mod sources;

use std::{
	fs,
	path::{Path, PathBuf},
};

use eyre::{bail, Result, WrapErr};

use crate::workspace::root;

/// Checks every rule; lists everything that breaks one.
pub(crate) fn run() -> Result<()> {
	let rules: [(&str, fn(&Path) -> Result<Vec<String>>); 5] = [
		("sources", sources::problems),
		("pallets", pallets::problems),
		("versions", lock::problems),
		("manifests", manifests::problems),
		("documents", documents::problems),
	];
	let mut count = 0;
	for (name, rule) in rules {
		for problem in rule(root())? {
			eprintln!("{name}: {problem}");
			count += 1;
		}
	}
	if count > 0 {
		bail!("{count} rules broken, listed above");
	}
	Ok(())
}

/// The files below `folder` with one of these extensions, sorted, without what git ignores.
fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
	let mut found = Vec::new();
	let mut folders = vec![folder.to_path_buf()];
	while let Some(next) = folders.pop() {
		for entry in fs::read_dir(&next).wrap_err_with(|| format!("read {}", next.display()))? {
			let path = entry?.path();
			let name = path.file_name().unwrap_or_default().to_string_lossy();
			let skipped = name.starts_with('.') || name == "target" || name == "node_modules";
			if path.is_dir() && !path.is_symlink() && !skipped {
				folders.push(path);
			} else if path.extension().is_some_and(|e| e == extension) {
				found.push(path);
			}
		}
	}
	found.sort();
	Ok(found)
}

fn read(path: &Path) -> Result<String> {
	fs::read_to_string(path).wrap_err_with(|| format!("read {}", path.display()))
}

/// The path as people write it: from the root.
fn shown<'a>(path: &'a Path, root: &Path) -> std::path::Display<'a> {
	path.strip_prefix(root).unwrap_or(path).display()
}

#[cfg(test)]
mod tests {
	#[test]
	fn the_repository_keeps_its_rules() {
		super::run().unwrap();
	}
}
