//! Rules of documents: they name only files that exist, and the map stays a map.

use std::path::Path;

use eyre::Result;

use super::{files, read, shown};

/// The longest that the map may grow.
const MAX_MAP_LINES: usize = 500;

pub(super) fn problems(root: &Path) -> Result<Vec<String>> {
	let mut problems = Vec::new();
	for path in files(root, "md")? {
		let text = read(&path)?;
		let folder = path.parent().unwrap_or(root);
		for name in named_files(&text, root) {
			if !root.join(name).exists() && !folder.join(name).exists() {
				problems.push(format!(
					"{} names {name}, which does not exist",
					shown(&path, root)
				));
			}
		}
	}
	let map = root.join("docs/ARCHITECTURE.md");
	let lines = read(&map)?.lines().count();
	if lines >= MAX_MAP_LINES {
		problems.push(format!(
			"docs/ARCHITECTURE.md has {lines} lines: a map has fewer"
		));
	}
	Ok(problems)
}

/// What a document links to in this repository, and the paths that it writes as code: whatever
/// begins with one of the repository's folders.
fn named_files<'a>(text: &'a str, root: &Path) -> Vec<&'a str> {
	let links = text
		.split("](")
		.skip(1)
		.filter_map(|rest| rest.split([')', '#']).next());
	let links = links.filter(|link| !link.is_empty() && !link.contains("://") && is_plain(link));
	// Code spans stand at the odd places between backticks, outside of fenced blocks.
	let prose = text.split("```").step_by(2);
	let spans = prose.flat_map(|part| part.split('`').skip(1).step_by(2));
	let paths = spans.filter(|span| {
		let first = span.split('/').next().unwrap_or_default();
		span.contains('/') && is_plain(span) && !first.is_empty() && root.join(first).is_dir()
	});
	links.chain(paths).collect()
}

fn is_plain(path: &str) -> bool {
	path.chars()
		.all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn links_and_paths_are_found_and_addresses_and_patterns_are_not() {
		let text =
			"[map](docs/MAP.md#top) [out](https://example.org/x) `docs/x.md` `docs/*.md` `a/b`";
		let root = crate::workspace::root();
		assert_eq!(named_files(text, root), ["docs/MAP.md", "docs/x.md"]);
	}
}
