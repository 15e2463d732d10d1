//! A workspace as a file: what `usufruct workspace deploy` and `plan` read.

use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;
use usufruct_client::amount;

use super::{Prefer, Run};
use crate::{
	commands::{hardware::Capacity, hash, resource::Isolation},
	output::Failure,
};

/// More bytes than any workspace needs.
const MAX_BYTES: u64 = 64 << 10;

/// A workspace for `usufruct workspace deploy`: what to run, on what, and for how much.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
	/// Digest of a published image, in hexadecimal.
	image: String,
	/// The command with its arguments; without it, the image's own.
	#[serde(default)]
	command: Vec<String>,
	/// The port that it listens on; without it, a batch job.
	port: Option<u16>,
	/// How often it runs at once, 1 to 8.
	#[serde(default = "one")]
	replicas: u8,
	/// For how many blocks.
	term: u32,
	/// Highest price per block and replica, in USU.
	max_price: String,
	/// Most money to be held, in USU; without it, what is needed.
	budget: Option<String>,
	/// Blocks to wait for better proposals.
	#[serde(default)]
	window: u32,
	/// Blocks after which what is not placed can be taken back.
	#[serde(default = "an_hour")]
	lifetime: u32,
	/// What it needs.
	#[serde(default)]
	requires: Requires,
	/// What counts most among machines that satisfy all of that.
	#[serde(default)]
	prefer: Prefer,
}

/// What a machine must have, at least.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Requires {
	/// Any of these resource classes; none = any class.
	classes: Vec<u16>,
	/// GPUs.
	gpus: u8,
	/// Memory of each GPU, in MiB.
	gpu_memory_mib: u32,
	/// Processor, in thousandths of a core.
	cpu_millis: u32,
	/// Memory, in MiB.
	memory_mib: u32,
	/// Disk, in MiB.
	disk_mib: u32,
	/// Exactly this isolation.
	isolation: Option<Isolation>,
	/// Proved score, in parts per million of the class's reference.
	min_score_ppm: u32,
}

fn one() -> u8 {
	1
}

fn an_hour() -> u32 {
	1_200
}

/// Reads a file. What is wrong is said with its line and column.
pub(super) fn read(path: &Path) -> Result<Run, Failure> {
	let wrong = |why: String| Failure::Configuration(format!("{}: {why}", path.display()));
	let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
	if size.len() > MAX_BYTES {
		return Err(wrong(format!(
			"it has {} bytes, a workspace at most {MAX_BYTES}",
			size.len()
		)));
	}
	let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
	parse(&text).map_err(wrong)
}

fn parse(text: &str) -> Result<Run, String> {
	let file: File = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
	let field = |name: &str, error: String| format!("{name}: {error}");
	Ok(Run {
		image: hash(&file.image).map_err(|error| field("image", error))?,
		max_price: amount::parse(&file.max_price).map_err(|error| field("max_price", error))?,
		term: file.term,
		port: file.port,
		replicas: file.replicas,
		classes: file.requires.classes,
		gpus: file.requires.gpus,
		gpu_memory: file.requires.gpu_memory_mib,
		capacity: Capacity {
			cpu: file.requires.cpu_millis,
			memory: file.requires.memory_mib,
			disk: file.requires.disk_mib,
		},
		isolation: file.requires.isolation,
		min_score: file.requires.min_score_ppm,
		prefer: file.prefer,
		budget: file
			.budget
			.map(|budget| amount::parse(&budget))
			.transpose()
			.map_err(|error| field("budget", error))?,
		window: file.window,
		lifetime: file.lifetime,
		wait: false,
		command: file.command,
	})
}

/// The JSON schema of such a file, for editors.
pub(super) fn schema() -> serde_json::Value {
	schemars::schema_for!(File).to_value()
}

#[cfg(test)]
mod tests {
	use super::*;

	const WHOLE: &str = r#"
image: "0x0101010101010101010101010101010101010101010101010101010101010101"
command: [serve, --verbose]
port: 8080
replicas: 2
term: 28800
max_price: 0.01
budget: "600"
window: 20
requires:
  classes: [1, 2]
  memory_mib: 512
  isolation: wasm
prefer: cheapest
"#;

	#[test]
	fn a_file_says_all_that_the_command_line_does() {
		let run = parse(WHOLE).unwrap();
		assert_eq!(run.image.0, [1; 32]);
		assert_eq!(run.command, ["serve", "--verbose"]);
		assert_eq!((run.port, run.replicas, run.term), (Some(8_080), 2, 28_800));
		assert_eq!(run.max_price, 10_000_000_000);
		assert_eq!(run.budget, Some(600_000_000_000_000));
		assert_eq!((run.window, run.lifetime), (20, 1_200));
		assert_eq!(run.classes, [1, 2]);
		assert!(matches!(run.isolation, Some(Isolation::Wasm)));
		assert!(matches!(run.prefer, Prefer::Cheapest));
		assert_eq!(run.capacity.memory, 512);
	}

	#[test]
	fn what_is_wrong_is_said_with_its_line() {
		let unknown = WHOLE.replace("window:", "windwo:");
		let missing = WHOLE.replace("term: 28800\n", "");
		let negative = WHOLE.replace("replicas: 2", "replicas: -2");
		let broken = WHOLE.replace("[1, 2]", "[1, 2");
		for (text, words) in [
			(unknown, ["windwo", "line 9"]),
			(missing, ["term", "line"]),
			(negative, ["-2", "line 5"]),
			(broken, ["line", "column"]),
		] {
			let error = parse(&text).unwrap_err();
			for word in words {
				assert!(error.contains(word), "“{word}” is not in: {error}");
			}
		}
	}

	#[test]
	fn a_value_of_the_wrong_kind_names_its_field() {
		let image = WHOLE.replace("0x0101", "0x01");
		assert!(parse(&image).unwrap_err().starts_with("image: "));
		let price = WHOLE.replace("max_price: 0.01", "max_price: much");
		assert!(parse(&price).unwrap_err().starts_with("max_price: "));
	}

	#[test]
	fn the_published_schema_is_current() {
		let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/workspace.schema.json");
		let current = format!("{:#}\n", schema());
		if std::env::var_os("UPDATE_DOCS").is_some() {
			std::fs::write(path, &current).unwrap();
		}
		let published = std::fs::read_to_string(path).unwrap();
		assert!(
			published == current,
			"{path} is not current: write it with UPDATE_DOCS=1"
		);
	}
}
