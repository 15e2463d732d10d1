//! A release as a file: what `usufruct application release --file` reads.

use std::path::Path;

use serde::Deserialize;
use usufruct_client::{amount, H256};

use super::Release;
use crate::{
	commands::{hardware::Capacity, hash},
	output::Failure,
};

/// More bytes than any release needs.
const MAX_BYTES: u64 = 64 << 10;

/// What can be run of an application.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
	/// The application's name.
	application: String,
	/// Digest of a published image, in hexadecimal.
	image: Option<String>,
	/// The command with its arguments; without it, the image's own.
	#[serde(default)]
	command: Vec<String>,
	/// The port that it listens on; without it, a batch job.
	port: Option<u16>,
	/// An SPDX expression.
	licence: String,
	/// Per block that it runs, in USU; without it, free.
	price: Option<String>,
	/// What it needs at least.
	#[serde(default)]
	needs: Needs,
}

/// What a machine should have, at least.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Needs {
	gpus: u8,
	gpu_memory_mib: u32,
	cpu_millis: u32,
	memory_mib: u32,
	disk_mib: u32,
}

/// Reads a file. What is wrong is said with its line and column.
pub(super) fn read(path: &Path) -> Result<Release, Failure> {
	let wrong = |why: String| Failure::Configuration(format!("{}: {why}", path.display()));
	let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
	if size.len() > MAX_BYTES {
		return Err(wrong(format!(
			"it has {} bytes, a release at most {MAX_BYTES}",
			size.len()
		)));
	}
	let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
	parse(&text).map_err(wrong)
}

fn parse(text: &str) -> Result<Release, String> {
	let file: File = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
	let image: Option<Result<H256, String>> = file.image.as_deref().map(hash);
	Ok(Release {
		name: Some(
			file.application
				.parse()
				.map_err(|error| format!("application: {error}"))?,
		),
		file: None,
		image: image
			.transpose()
			.map_err(|error| format!("image: {error}"))?,
		port: file.port,
		licence: Some(file.licence),
		price: file
			.price
			.map(|price| amount::parse(&price))
			.transpose()
			.map_err(|error| format!("price: {error}"))?,
		gpus: file.needs.gpus,
		gpu_memory: file.needs.gpu_memory_mib,
		capacity: Capacity {
			cpu: file.needs.cpu_millis,
			memory: file.needs.memory_mib,
			disk: file.needs.disk_mib,
		},
		command: file.command,
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	const WHOLE: &str = r#"
application: server
image: "sha256:0101010101010101010101010101010101010101010101010101010101010101"
command: [serve, --verbose]
port: 8080
licence: MIT OR Apache-2.0
price: 0.001
needs: { cpu_millis: 500, memory_mib: 256, gpus: 1, gpu_memory_mib: 8000 }
"#;

	#[test]
	fn a_file_says_all_that_a_release_does() {
		let release = parse(WHOLE).unwrap();
		assert_eq!(release.image.unwrap().0, [1; 32]);
		assert_eq!(release.command, ["serve", "--verbose"]);
		assert_eq!(
			(release.port, release.price),
			(Some(8_080), Some(1_000_000_000))
		);
		assert_eq!(release.licence.as_deref(), Some("MIT OR Apache-2.0"));
		assert_eq!((release.gpus, release.gpu_memory), (1, 8_000));
		assert_eq!((release.capacity.cpu, release.capacity.memory), (500, 256));
	}

	#[test]
	fn what_is_wrong_is_said_with_its_line_or_field() {
		for (from, to, words) in [
			("port: 8080", "prot: 8080", ["prot", "line 5"]),
			("licence: MIT OR Apache-2.0\n", "", ["licence", "line"]),
			("port: 8080", "port: 80800", ["80800", "line 5"]),
			("price: 0.001", "price: dear", ["price:", "dear"]),
			("server", "a server", ["application:", "a server"]),
		] {
			let error = parse(&WHOLE.replacen(from, to, 1)).unwrap_err();
			for word in words {
				assert!(error.contains(word), "“{word}” is not in: {error}");
			}
		}
	}

	#[test]
	fn the_workspaces_that_come_with_it_are_described_by_such_files() {
		let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docker/workspaces");
		for name in ["inference", "jupyter", "batch"] {
			let path = Path::new(folder).join(name).join("application.yaml");
			let release = read(&path).unwrap_or_else(|error| panic!("{}", error.message()));
			assert_eq!(release.name.unwrap().to_string(), name);
		}
	}
}
