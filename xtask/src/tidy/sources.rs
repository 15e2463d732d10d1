//! Rules of every source file: it says what it is for, it is short enough to be read, and its tests run.

use std::path::Path;

use eyre::Result;

use super::{files, read, shown};

/// A file that is longer is two subjects.
const MAX_LINES: usize = 1_000;

pub(super) fn problems(root: &Path) -> Result<Vec<String>> {
	let mut problems = Vec::new();
	for path in files(root, "rs")? {
		let text = read(&path)?;
		let name = shown(&path, root);
		if !text.starts_with("//!") && !text.starts_with("#![doc = include_str!(") {
			problems.push(format!(
				"{name} does not open with `//!`, which says what it is for"
			));
		}
		if text
			.lines()
			.any(|line| line.trim_start().starts_with("#[ignore"))
		{
			problems.push(format!("{name} switches a test off: mend it, or remove it"));
		}
		let lines = text.lines().count();
		if lines > MAX_LINES {
			problems.push(format!(
				"{name} has {lines} lines, more than {MAX_LINES}: cut it"
			));
		}
	}
	Ok(problems)
}
