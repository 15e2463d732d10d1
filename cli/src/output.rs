//! Tables for people, JSON for programs, errors for both.

use comfy_table::{presets::NOTHING, Table};
use serde_json::{json, Value};
use usufruct_client::Error;

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
		}
	}

	fn message(&self) -> String {
		match self {
			Self::Usage(text) | Self::Configuration(text) | Self::Gone(text) => text.clone(),
			Self::Chain(error) => error.to_string(),
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

/// Shows a command's document: an object as lines, a list of objects as a table.
pub(crate) fn show(value: &Value, json: bool) {
	if json {
		println!("{value}");
		return;
	}
	match value {
		Value::Array(rows) if rows.is_empty() => println!("nothing"),
		Value::Array(rows) => println!("{}", table(rows)),
		Value::Object(fields) => {
			let mut table = Table::new();
			table.load_preset(NOTHING);
			for (name, value) in fields {
				table.add_row([name.clone(), cell(value)]);
			}
			println!("{table}");
		}
		other => println!("{}", cell(other)),
	}
}

fn table(rows: &[Value]) -> Table {
	let mut table = Table::new();
	table.load_preset(NOTHING);
	if let Some(Value::Object(first)) = rows.first() {
		table.set_header(first.keys().map(|name| name.to_uppercase()));
	}
	for row in rows {
		match row {
			Value::Object(fields) => table.add_row(fields.values().map(cell)),
			other => table.add_row([cell(other)]),
		};
	}
	table
}

fn cell(value: &Value) -> String {
	match value {
		Value::String(text) => text.clone(),
		Value::Null => "–".into(),
		other => other.to_string(),
	}
}
