//! Rules of documents: they name only files and tests that exist, and the map stays a map.

use std::{collections::BTreeSet, path::Path};

use eyre::Result;

use super::{files, read, shown};

/// How many words a name in code has at least that can only be a test's.
const WORDS_OF_A_TEST: usize = 5;
/// The longest that the map may grow.
const MAX_MAP_LINES: usize = 500;

pub(super) fn problems(root: &Path) -> Result<Vec<String>> {
	let mut problems = Vec::new();
	let tests = functions(root)?;
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
		for test in named_tests(&text).filter(|test| !tests.contains(*test)) {
			problems.push(format!(
				"{} names the test {test}, which does not exist",
				shown(&path, root)
			));
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
	let paths = spans(text).filter(|span| {
		let first = span.split('/').next().unwrap_or_default();
		span.contains('/') && is_plain(span) && !first.is_empty() && root.join(first).is_dir()
	});
	links.chain(paths).collect()
}

/// What is written as code within the prose.
fn spans(text: &str) -> impl Iterator<Item = &str> {
	// Code spans stand at the odd places between backticks, outside of fenced blocks.
	let prose = text.split("```").step_by(2);
	prose.flat_map(|part| part.split('`').skip(1).step_by(2))
}

/// The tests that a document names: nothing else has names of so many words, but metrics.
fn named_tests(text: &str) -> impl Iterator<Item = &str> {
	spans(text).filter(|span| {
		let is_name = span
			.chars()
			.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
		let is_metric = span.starts_with("usufruct_");
		is_name && !is_metric && span.split('_').count() >= WORDS_OF_A_TEST
	})
}

/// The names of all functions of the repository.
fn functions(root: &Path) -> Result<BTreeSet<String>> {
	let mut names = BTreeSet::new();
	for path in files(root, "rs")? {
		for rest in read(&path)?.split("fn ").skip(1) {
			names.extend(rest.split(['(', '<']).next().map(str::to_owned));
		}
	}
	Ok(names)
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

	#[test]
	fn a_test_is_told_from_other_names_by_its_words() {
		let text = "`max_era_issuance` `a_block_is_paid_once` `usufruct_agent_proof_power_watts` `a b c d e` ```\n`not_in_a_fenced_block`\n```";
		let named: Vec<_> = named_tests(text).collect();
		assert_eq!(named, ["a_block_is_paid_once"]);
	}
}
