//! Does what walls tenants off hold? Tries to get out, for real.
//!
//! A throw-away workspace is started as a lease's is, by the same code, and attempts what somebody would who wants out
//! of it: each attempt says what it tried and how it was stopped. One that is not stopped is a hole in this
//! machine's isolation.

pub(crate) mod component;
mod container;
mod image;
pub mod inside;
mod wasm;

use std::path::Path;

use eyre::Result;
use serde::{Deserialize, Serialize};

/// What is put to the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Class {
	/// Containers on the machine's kernel
	#[value(alias = "runc")]
	Container,
	/// Containers on a kernel of their own, where the engine has the runtime `runsc`
	Gvisor,
	/// WebAssembly modules and components
	Wasm,
}

/// How an attempt went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
	/// It was refused, or nothing was there.
	Stopped,
	/// It came about within the workspace's own sandbox, and touched nothing of the machine's.
	Contained,
	/// It came about.
	Escaped,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
	/// Its name.
	pub name: String,
	/// What it tried.
	pub tried: String,
	/// How it went.
	pub outcome: Outcome,
	/// By what it was stopped, or what it reached.
	pub how: String,
}

/// All attempts against one class.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
	/// The class.
	pub class: Class,
	/// The attempts, in order.
	pub verdicts: Vec<Verdict>,
}

impl Report {
	/// Whether nothing came about that must not.
	pub fn holds(&self) -> bool {
		let mut verdicts = self.verdicts.iter();
		verdicts.all(|verdict| verdict.outcome != Outcome::Escaped)
	}
}

/// Puts a class to the test. `None` where this machine cannot give it: then it is not offered.
///
/// # Errors
///
/// Where the attempts could not be made: that says nothing about the isolation.
pub async fn check(class: Class, data_dir: &Path, is_weak_allowed: bool) -> Result<Option<Report>> {
	let verdicts = match class {
		Class::Wasm => Some(wasm::check(data_dir).await?),
		Class::Container | Class::Gvisor => {
			container::check(class, data_dir, is_weak_allowed).await?
		}
	};
	Ok(verdicts.map(|verdicts| Report { class, verdicts }))
}

/// Prints a report.
///
/// # Errors
///
/// Where it cannot be encoded.
#[allow(clippy::print_stdout)]
pub fn show(report: &Report, json: bool) -> Result<()> {
	if json {
		println!("{}", serde_json::to_string(report)?);
		return Ok(());
	}
	let count = report.verdicts.len();
	println!("{:?}: {count} attempts", report.class);
	for verdict in &report.verdicts {
		let word = match verdict.outcome {
			Outcome::Stopped => "stopped  ",
			Outcome::Contained => "contained",
			Outcome::Escaped => "ESCAPED  ",
		};
		println!("{word} {:<22} {}", verdict.name, verdict.tried);
		println!("          {:<22} → {}", "", verdict.how);
	}
	Ok(())
}
