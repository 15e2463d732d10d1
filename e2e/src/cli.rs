//! `usufruct`, as a script uses it: one command, one JSON document, one exit status.

use std::{path::PathBuf, process::Command};

use eyre::{eyre, Result, WrapErr};
use serde_json::Value;

use crate::{binaries, wait};

/// The command line on behalf of one person.
#[derive(Clone, Debug)]
pub struct Cli {
	program: PathBuf,
	url: String,
	key: String,
}

/// What a refused command said.
#[derive(Clone, Debug)]
pub struct CliError {
	/// The command's arguments.
	pub command: String,
	/// Its exit status; `None` if a signal ended it.
	pub status: Option<i32>,
	/// What it said on stderr.
	pub message: String,
}

impl std::fmt::Display for CliError {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		let status = self
			.status
			.map_or("a signal".to_string(), |status| status.to_string());
		write!(
			f,
			"`usufruct {}` ended with {status}: {}",
			self.command,
			self.message.trim()
		)
	}
}

impl std::error::Error for CliError {}

impl Cli {
	/// For the person with the key `key` (`//Bob`), at the node at `url` (`ws://…`).
	pub fn new(url: &str, key: &str) -> Result<Self> {
		Ok(Self {
			program: binaries::find("usufruct")?,
			url: url.into(),
			key: key.into(),
		})
	}

	/// The person's key (`//Bob`).
	pub fn key(&self) -> &str {
		&self.key
	}

	/// A command with `--json`, to be started by whoever talks with it while it runs.
	pub fn command(&self, arguments: &[&str]) -> Command {
		let mut command = Command::new(&self.program);
		command
			.args([
				"--json", "--until", "in-block", "--url", &self.url, "--key", &self.key,
			])
			.args(arguments);
		command
	}

	/// Runs a command with `--json`. Gives its document, or why it was refused.
	pub fn try_run(&self, arguments: &[&str]) -> Result<Result<Value, CliError>> {
		wait::check_stopped()?;
		let output = self
			.command(arguments)
			.output()
			.wrap_err("start usufruct")?;
		if output.status.success() {
			let text = String::from_utf8(output.stdout)?;
			let value = serde_json::from_str(&text)
				.wrap_err_with(|| format!("`{}` printed no JSON: {text}", arguments.join(" ")))?;
			return Ok(Ok(value));
		}
		Ok(Err(CliError {
			command: arguments.join(" "),
			status: output.status.code(),
			message: String::from_utf8_lossy(&output.stderr).into_owned(),
		}))
	}

	/// Runs a command that must work.
	pub fn run(&self, arguments: &[&str]) -> Result<Value> {
		Ok(self.try_run(arguments)??)
	}

	/// Runs a command that must be refused. Gives what it said.
	pub fn refused(&self, arguments: &[&str]) -> Result<CliError> {
		match self.try_run(arguments)? {
			Err(refusal) => Ok(refusal),
			Ok(value) => Err(eyre!("`{}` was not refused: {value}", arguments.join(" "))),
		}
	}
}

/// A whole number in a document, by its key; also where it is written as text.
pub fn number(value: &Value, key: &str) -> Result<u128> {
	let found = &value[key];
	let parsed = match found {
		Value::String(text) => text.parse().ok(),
		other => other.as_u64().map(u128::from),
	};
	parsed.ok_or_else(|| eyre!("no number `{key}` in {value}"))
}

/// A text in a document, by its key.
pub fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
	value[key]
		.as_str()
		.ok_or_else(|| eyre!("no text `{key}` in {value}"))
}
