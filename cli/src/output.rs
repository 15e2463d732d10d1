//! Tables for people, JSON for programs, errors for both.

use std::{collections::BTreeSet, io::Write};

use comfy_table::{presets::NOTHING, Table};
use serde_json::{json, Value};
use usufruct_client::{amount, Error};

/// Why a command failed. Its kind is the exit status.
#[derive(Debug)]
pub(crate) enum Failure {
	/// The command line is wrong.
	Usage(String),
	/// A file or key is wrong.
	Configuration(String),
	/// The chain, or the way to it.
	Chain(Error),
	/// What was waited for did not happen.
	Gone(String),
	/// A command in a workspace ended with this status, which becomes the program's.
	Ended(i64),
	/// Nothing: the person only asked for the fee, in the smallest unit.
	OnlyFee(u128),
}

impl Failure {
	/// The exit status.
	pub(crate) fn status(&self) -> i32 {
		match self {
			Self::Usage(_) => 2,
			Self::Configuration(_) => 3,
			Self::Chain(Error::Key { .. } | Error::KeyFile { .. } | Error::Account { .. }) => 3,
			Self::Chain(Error::Unreachable { .. } | Error::Broken { .. }) => 5,
			Self::Chain(_) | Self::Gone(_) => 4,
			// A program has eight bits for it; what does not fit is no success.
			Self::Ended(status) => i32::from(u8::try_from(*status).unwrap_or(u8::MAX)),
			Self::OnlyFee(_) => 0,
		}
	}

	/// What is wrong, in words.
	pub(crate) fn message(&self) -> String {
		match self {
			Self::Usage(text) | Self::Configuration(text) | Self::Gone(text) => text.clone(),
			Self::Chain(error) => error.to_string(),
			Self::Ended(status) => format!("the command ended with status {status}"),
			Self::OnlyFee(fee) => format!("it would cost {}", amount::show(*fee)),
		}
	}
}

impl From<Error> for Failure {
	fn from(error: Error) -> Self {
		Self::Chain(error)
	}
}

/// The result of a command.
pub(crate) type Outcome = Result<Value, Failure>;

/// Shows why a command failed, on stderr.
pub(crate) fn failure(failure: &Failure, json: bool) {
	if json {
		eprintln!(
			"{}",
			json!({ "error": failure.message(), "status": failure.status() })
		);
	} else {
		eprintln!("error: {}", failure.message());
	}
}

/// Columns that say which thing a row is about, in this order before all others.
const FIRST: [&str; 19] = [
	"calls",
	"rank",
	"referendum",
	"track",
	"challenge",
	"request",
	"lease",
	"replica",
	"uid",
	"vid",
	"hid",
	"node",
	"class",
	"name",
	"release",
	"account",
	"holder",
	"reason",
	"state",
];

/// Shows a command's document: an object as lines, a list of objects as a table. A command that has shown
/// everything by itself has no document.
pub(crate) fn show(value: &Value, json: bool) {
	if value.is_null() {
		return;
	}
	let text = if json { value.to_string() } else { text(value) };
	// Who reads no further, as `head` does, has what it wanted.
	let _: std::io::Result<()> = writeln!(std::io::stdout(), "{text}");
}

fn text(value: &Value) -> String {
	match value {
		Value::Array(rows) if rows.is_empty() => "nothing".into(),
		Value::Array(rows) => table(rows).to_string(),
		Value::Object(fields) => {
			let mut lines = Table::new();
			lines.load_preset(NOTHING);
			let mut lists = String::new();
			for name in columns(std::slice::from_ref(value)) {
				match &fields[&name] {
					Value::Array(rows) if rows.iter().any(Value::is_object) => {
						lists.push_str(&format!("\n{name}\n{}", table(rows)));
					}
					other => {
						lines.add_row([name, cell(other)]);
					}
				}
			}
			format!("{lines}{lists}")
		}
		other => cell(other),
	}
}

/// The names of all fields of all rows: those in [`FIRST`], then the others by the alphabet.
fn columns(rows: &[Value]) -> Vec<String> {
	let names: BTreeSet<String> = rows
		.iter()
		.filter_map(Value::as_object)
		.flat_map(|fields| fields.keys().cloned())
		.collect();
	let mut names: Vec<String> = names.into_iter().collect();
	names.sort_by_key(|name| {
		FIRST
			.iter()
			.position(|first| first == name)
			.unwrap_or(FIRST.len())
	});
	names
}

fn table(rows: &[Value]) -> Table {
	let mut table = Table::new();
	table.load_preset(NOTHING);
	let columns = columns(rows);
	if !columns.is_empty() {
		table.set_header(columns.iter().map(|name| name.to_uppercase()));
	}
	for row in rows {
		match row {
			Value::Object(fields) => table.add_row(
				columns
					.iter()
					.map(|name| fields.get(name).map_or_else(String::new, cell)),
			),
			other => table.add_row([cell(other)]),
		};
	}
	table
}

fn cell(value: &Value) -> String {
	match value {
		Value::String(text) => text.clone(),
		Value::Null => "–".into(),
		Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join("; "),
		other => other.to_string(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_a_row_is_about_comes_first_and_the_rest_by_the_alphabet() {
		let rows = [json!({ "price": 1, "vid": 7, "uid": 3, "bond": 2 })];
		assert_eq!(columns(&rows), ["uid", "vid", "bond", "price"]);
	}

	#[test]
	fn a_row_without_a_field_leaves_its_cell_empty() {
		let shown = text(&json!([{ "calls": "a", "sent": 9 }, { "calls": "b", "rate": 5 }]));
		let lines: Vec<&str> = shown.lines().map(str::trim).collect();
		assert_eq!(
			lines[0].split_whitespace().collect::<Vec<_>>(),
			["CALLS", "RATE", "SENT"]
		);
		assert_eq!(lines[1].split_whitespace().collect::<Vec<_>>(), ["a", "9"]);
		assert!(lines[1].find('9') > lines[2].find('5'), "{shown}");
	}

	#[test]
	fn a_list_of_words_is_one_cell() {
		let shown = text(&json!({ "effects": ["this", "that"] }));
		assert!(shown.contains("this; that"), "{shown}");
	}

	#[test]
	fn a_list_within_a_document_is_a_table_below_it() {
		let shown = text(&json!({ "request": 4, "leases": [{ "lease": 1 }] }));
		assert!(
			shown.contains("request") && shown.contains("\nleases\n"),
			"{shown}"
		);
		assert!(shown.contains("LEASE") && !shown.contains('{'), "{shown}");
	}
}
