//! Below which versions of the engine, its runtime, and NVIDIA's parts does a container not hold what it should?
//!
//! One table: for each known hole, the versions that closed it. What is older is refused, or only told, where no
//! build without the hole is to be had on a system that many have.

use std::cmp::Ordering;

use bollard::models::SystemVersion;

/// What a version is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
	/// The container engine.
	Engine,
	/// What it starts containers with.
	Runc,
	/// What gives containers their GPUs.
	Toolkit,
	/// The GPUs' driver.
	Driver,
}

impl Part {
	/// As people call it.
	pub fn name(self) -> &'static str {
		match self {
			Self::Engine => "Docker",
			Self::Runc => "runc",
			Self::Toolkit => "NVIDIA's container toolkit",
			Self::Driver => "NVIDIA's driver",
		}
	}

	/// Whether only those workspaces need it that have a GPU.
	pub fn is_of_gpus(self) -> bool {
		matches!(self, Self::Toolkit | Self::Driver)
	}
}

/// A known hole.
#[derive(Debug, PartialEq, Eq)]
pub struct Hole {
	/// What it is in.
	pub part: Part,
	/// Its name.
	pub name: &'static str,
	/// What somebody gains by it.
	pub gain: &'static str,
	/// How many leading numbers of a version name a branch that gets fixes of its own.
	branch: usize,
	/// The first version without it, of each branch. Branches above the highest never had it; other branches
	/// that are not here have it.
	closed: &'static [&'static str],
	/// Builds of distributions that have the fix, though the version says that they are older.
	built: &'static [&'static str],
	/// Whether a machine that has it must not run containers.
	is_refused: bool,
	/// Who says so.
	pub source: &'static str,
}

/// All holes that are looked for.
pub const HOLES: [Hole; 6] = [
	Hole {
		part: Part::Engine,
		name: "CVE-2021-41091, CVE-2021-41089",
		gain: "the machine's users reach into containers' files, and copies out of one change files of the machine",
		branch: 0,
		closed: &["20.10.9"],
		built: &[],
		is_refused: true,
		source: "https://github.com/moby/moby/pull/42907",
	},
	Hole {
		part: Part::Runc,
		name: "CVE-2024-21626",
		gain: "an image, or a command run in a container, gets a folder of the machine",
		branch: 2,
		closed: &["1.1.12"],
		// Its changelog names the fix.
		built: &["1.1.5+ds1-1+deb12u"],
		is_refused: true,
		source: "https://github.com/opencontainers/runc/security/advisories/GHSA-xr7r-f8xq-vfvv",
	},
	Hole {
		part: Part::Runc,
		name: "CVE-2025-31133, CVE-2025-52565, CVE-2025-52881",
		gain: "the runtime is led astray while it prepares a container's view of the kernel",
		branch: 2,
		closed: &["1.2.8", "1.3.3"],
		built: &[],
		// Not yet: Debian 12 has no build with the fix.
		is_refused: false,
		source: "https://github.com/containerd/containerd/pull/12475",
	},
	Hole {
		part: Part::Toolkit,
		name: "CVE-2024-0132, CVE-2025-23266",
		gain: "a crafted image reaches files of the machine when it is given a GPU",
		branch: 0,
		closed: &["1.17.8"],
		built: &[],
		is_refused: true,
		source: "https://github.com/microsoft/azurelinux/pull/14382",
	},
	Hole {
		part: Part::Driver,
		name: "CVE-2025-23244",
		gain: "who may use the driver gets more rights than it has",
		branch: 1,
		closed: &["535.247.01", "550.163.01", "570.133.07", "575.51.02"],
		built: &[],
		is_refused: true,
		source: "https://github.com/flatcar/Flatcar/issues/1731",
	},
	Hole {
		part: Part::Driver,
		name: "CVE-2026-24187 and eleven others of May 2026",
		gain: "who may use the driver reads or changes what is not its own",
		branch: 1,
		closed: &["535.309.01", "580.159.03", "595.71.05"],
		built: &[],
		is_refused: false,
		source: "https://github.com/flatcar/Flatcar/issues/2155",
	},
];

/// A version that was found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Found {
	/// Of what.
	pub part: Part,
	/// As it names itself.
	pub version: String,
	/// As its distribution names the build, where that is more than the version.
	pub build: String,
}

impl Found {
	fn new(part: Part, version: &str) -> Self {
		Self {
			part,
			version: version.into(),
			build: version.into(),
		}
	}

	/// The holes that it has.
	pub fn holes(&self) -> impl Iterator<Item = &'static Hole> + '_ {
		HOLES
			.iter()
			.filter(|hole| hole.part == self.part && hole.is_in(self))
	}

	/// The holes for which it is refused, in words; `None` where there is none.
	pub fn refusal(&self) -> Option<String> {
		let refused: Vec<String> = self
			.holes()
			.filter(|hole| hole.is_refused)
			.map(|hole| format!("{} ({})", hole.name, hole.source))
			.collect();
		let what = self.part.name();
		(!refused.is_empty()).then(|| {
			let (version, holes) = (&self.version, refused.join("; "));
			format!("{what} {version} has {holes}: update it")
		})
	}
}

impl Hole {
	/// Whether a machine that has it must not run containers, or none with a GPU.
	pub fn is_refused(&self) -> bool {
		self.is_refused
	}

	/// The first versions without it.
	pub fn closed(&self) -> String {
		self.closed.join(", ")
	}

	fn is_in(&self, found: &Found) -> bool {
		let is_fixed_build = |build: &&&str| found.build.starts_with(**build);
		if self.built.iter().any(|build| is_fixed_build(&build)) {
			return false;
		}
		let version = numbers(&found.version);
		// A version that cannot be read is as old as can be.
		let Some(branch) = version.get(..self.branch) else {
			return true;
		};
		let mut is_above_all = true;
		for closed in self.closed.iter().map(|closed| numbers(closed)) {
			match branch.cmp(&closed[..self.branch]) {
				Ordering::Equal => return version < closed,
				Ordering::Less => is_above_all = false,
				Ordering::Greater => {}
			}
		}
		!is_above_all
	}
}

/// The numbers that a version begins with: `1.1.5+ds1` is 1, 1, 5.
fn numbers(version: &str) -> Vec<u32> {
	let numeric = version
		.trim_start_matches('v')
		.split(|symbol: char| !symbol.is_ascii_digit() && symbol != '.')
		.next()
		.unwrap_or_default();
	numeric
		.split('.')
		.map_while(|number| number.parse().ok())
		.collect()
}

/// What the engine says of itself and its runtime.
pub fn of_engine(version: &SystemVersion) -> Vec<Found> {
	let mut found = Vec::new();
	if let Some(engine) = &version.version {
		found.push(Found::new(Part::Engine, engine));
	}
	let runc = version.components.iter().flatten();
	for component in runc.filter(|component| component.name == "runc") {
		let details = component.details.as_ref();
		let build = details.and_then(|details| details.get("GitCommit"));
		found.push(Found {
			// Debian tells its build where others tell a commit.
			build: build.cloned().unwrap_or_default(),
			..Found::new(Part::Runc, &component.version)
		});
	}
	found
}

/// What gives containers their GPUs here: the toolkit and the driver. Empty without a driver.
pub async fn of_gpus() -> Vec<Found> {
	let Ok(nvml) = nvml_wrapper::Nvml::init() else {
		return Vec::new();
	};
	let driver = nvml.sys_driver_version().unwrap_or_default();
	let mut command = tokio::process::Command::new("nvidia-ctk");
	command.arg("--version").kill_on_drop(true);
	let ended = tokio::time::timeout(std::time::Duration::from_secs(10), command.output()).await;
	let said = match ended {
		Ok(Ok(output)) => String::from_utf8_lossy(&output.stdout).into_owned(),
		_ => String::new(),
	};
	let toolkit = said.lines().next().and_then(|line| line.rsplit(' ').next());
	vec![
		Found::new(Part::Driver, &driver),
		Found::new(Part::Toolkit, toolkit.unwrap_or("none")),
	]
}

#[cfg(test)]
mod tests {
	use super::*;

	fn refused(part: Part, version: &str) -> bool {
		Found::new(part, version).refusal().is_some()
	}

	#[test]
	fn what_is_older_than_the_fix_is_refused_and_what_has_it_is_not() {
		for (part, old, new) in [
			(Part::Engine, "20.10.8", "20.10.9"),
			(Part::Engine, "19.03.15", "28.0.1"),
			(Part::Runc, "1.1.11", "1.1.12"),
			(Part::Runc, "1.0.3", "1.2.0"),
			(Part::Toolkit, "1.17.7", "1.17.8"),
			(Part::Toolkit, "none", "1.18.0"),
			(Part::Driver, "535.183.06", "535.247.01"),
			(Part::Driver, "560.35.05", "570.133.07"),
			(Part::Driver, "", "580.65.06"),
		] {
			assert!(refused(part, old), "{part:?} {old}");
			assert!(!refused(part, new), "{part:?} {new}");
		}
	}

	#[test]
	fn a_distributions_build_with_the_fix_is_not_refused() {
		let of = |build: &str| Found {
			build: build.into(),
			..Found::new(Part::Runc, "1.1.5+ds1")
		};
		assert!(of("1.1.5+ds1-1+deb12u1").refusal().is_none());
		assert!(of("1.1.5+ds1-1").refusal().is_some());
	}

	#[test]
	fn a_hole_that_is_not_refused_is_told_all_the_same() {
		let runc = Found::new(Part::Runc, "1.1.12");
		assert_eq!(runc.refusal(), None);
		assert_eq!(runc.holes().count(), 1);
		assert_eq!(Found::new(Part::Runc, "1.3.3").holes().count(), 0);
		assert_eq!(Found::new(Part::Runc, "1.4.0").holes().count(), 0);
	}

	#[test]
	fn every_hole_has_a_source_and_versions_in_order() {
		for hole in &HOLES {
			assert!(hole.source.starts_with("https://"), "{}", hole.name);
			let closed: Vec<_> = hole.closed.iter().map(|closed| numbers(closed)).collect();
			assert!(closed.is_sorted() && !closed.is_empty(), "{}", hole.name);
			assert!(closed.iter().all(|closed| closed.len() > hole.branch));
		}
	}

	#[test]
	fn the_engine_is_read_as_it_answers() {
		let answer = r#"{"Components":[{"Name":"Engine","Version":"20.10.24+dfsg1"},
			{"Name":"runc","Version":"1.1.5+ds1","Details":{"GitCommit":"1.1.5+ds1-1+deb12u1"}}],
			"Version":"20.10.24+dfsg1"}"#;
		let found = of_engine(&serde_json::from_str(answer).unwrap());
		assert_eq!(found.len(), 2);
		assert!(found.iter().all(|found| found.refusal().is_none()));
	}
}
