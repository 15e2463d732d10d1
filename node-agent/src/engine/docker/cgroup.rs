//! What a container may use, by the kernel's own word: the limits are read back from its control groups,
//! version 1 or 2, after the engine said that it set them.

use std::{
	collections::BTreeSet,
	fs,
	path::{Path, PathBuf},
};

use crate::engine::numa::{parse_list, Place};

/// What was asked of the engine.
#[derive(Debug)]
pub(super) struct Limits {
	/// MiB; 0 where none was bought.
	pub(super) memory_mib: u32,
	/// Thousandths of a core; 0 where none was bought.
	pub(super) cpu_millis: u32,
	/// Processes and threads.
	pub(super) pids: i64,
	/// Processors and memory.
	pub(super) place: Option<Place>,
}

/// Where the control groups of a process are.
#[derive(Debug)]
pub(super) struct Groups {
	/// Of version 2; `None` where the controllers are in version 1.
	unified: Option<PathBuf>,
	/// Of version 1: controllers with their folders.
	split: Vec<(String, PathBuf)>,
}

impl Groups {
	/// From `/proc/<pid>/cgroup` and this process's own `mountinfo`.
	pub(super) fn of(groups: &str, mounts: &str) -> Self {
		let mut unified = None;
		let mut split = Vec::new();
		let folders: Vec<(&str, &str, &str)> = mounts.lines().filter_map(mount).collect();
		for line in groups.lines() {
			let mut parts = line.splitn(3, ':');
			let (Some(_), Some(controllers), Some(path)) =
				(parts.next(), parts.next(), parts.next())
			else {
				continue;
			};
			let below = |point: &str| Path::new(point).join(path.trim_start_matches('/'));
			if controllers.is_empty() {
				let point = folders.iter().find(|(_, kind, _)| *kind == "cgroup2");
				unified = point.map(|(point, ..)| below(point));
				continue;
			}
			let names: BTreeSet<&str> = controllers.split(',').collect();
			let is_it = |options: &str| {
				let options: BTreeSet<&str> = options.split(',').collect();
				names.is_subset(&options)
			};
			let point = folders
				.iter()
				.find(|(_, kind, options)| *kind == "cgroup" && is_it(options));
			if let Some((point, ..)) = point {
				split.extend(names.iter().map(|name| ((*name).to_string(), below(point))));
			}
		}
		Self { unified, split }
	}

	/// A file of a controller: by its name in version 1, and in version 2.
	fn read(&self, controller: &str, v1: &str, v2: &str) -> Option<String> {
		let old = self.split.iter().find(|(name, _)| name == controller);
		let path = match (old, &self.unified) {
			(Some((_, folder)), _) => folder.join(v1),
			(None, Some(folder)) => folder.join(v2),
			(None, None) => return None,
		};
		let text = fs::read_to_string(path).ok()?;
		Some(text.trim().to_string())
	}

	fn is_split(&self, controller: &str) -> bool {
		self.split.iter().any(|(name, _)| name == controller)
	}

	/// What is not as it was asked for; empty where all is.
	pub(super) fn faults(&self, limits: &Limits) -> Vec<String> {
		let mut faults = Vec::new();
		let mut expect = |what: &str, found: Option<String>, expected: String| {
			if found.as_ref() != Some(&expected) {
				let found = found.unwrap_or_else(|| "nowhere to be read".into());
				faults.push(format!("its {what} is {found}, not {expected}"));
			}
		};
		expect(
			"limit of processes",
			self.read("pids", "pids.max", "pids.max"),
			limits.pids.to_string(),
		);
		if limits.memory_mib > 0 {
			let bytes = u64::from(limits.memory_mib) << 20;
			let memory = self.read("memory", "memory.limit_in_bytes", "memory.max");
			expect("memory", memory, bytes.to_string());
			// Version 1 counts memory and swap together. Without swap on the machine there may be no file.
			let (file, both) = ("memory.memsw.limit_in_bytes", self.is_split("memory"));
			let swap = self.read("memory", file, "memory.swap.max");
			if swap.is_some() || has_swap() {
				expect("swap", swap, if both { bytes } else { 0 }.to_string());
			}
		}
		if limits.cpu_millis > 0 {
			let found = match self.is_split("cpu") {
				true => self
					.read("cpu", "cpu.cfs_quota_us", "")
					.zip(self.read("cpu", "cpu.cfs_period_us", ""))
					.and_then(|(quota, period)| millis(&quota, &period)),
				false => self.read("cpu", "", "cpu.max").and_then(|text| {
					let (quota, period) = text.split_once(' ')?;
					millis(quota, period)
				}),
			};
			let found = found.map(|millis| millis.to_string());
			expect(
				"processor time in thousandths",
				found,
				limits.cpu_millis.to_string(),
			);
		}
		if let Some(place) = &limits.place {
			let list = |file| {
				let text = self.read("cpuset", file, file)?;
				Some(format!("{:?}", parse_list(&text)))
			};
			let asked = |ids: &[u32]| format!("{:?}", ids.iter().copied().collect::<BTreeSet<_>>());
			expect("set of processors", list("cpuset.cpus"), asked(&place.cpus));
			expect(
				"set of memory nodes",
				list("cpuset.mems"),
				asked(&place.mems),
			);
		}
		faults
	}
}

fn millis(quota: &str, period: &str) -> Option<u64> {
	let (quota, period) = (quota.parse::<u64>().ok()?, period.parse::<u64>().ok()?);
	(quota * 1_000).checked_div(period)
}

fn has_swap() -> bool {
	// The first line is the heading.
	fs::read_to_string("/proc/swaps").is_ok_and(|text| text.lines().count() > 1)
}

/// Mount point, kind and options of a line of `mountinfo`.
fn mount(line: &str) -> Option<(&str, &str, &str)> {
	let (before, after) = line.split_once(" - ")?;
	let mut after = after.split(' ');
	let (kind, options) = (after.next()?, after.nth(1)?);
	Some((before.split(' ').nth(4)?, kind, options))
}

#[cfg(test)]
mod tests {
	use super::*;

	struct Machine {
		folder: tempfile::TempDir,
		mounts: String,
		groups: &'static str,
	}

	const V1: [(&str, &str); 7] = [
		("memory/docker/x/memory.limit_in_bytes", "67108864"),
		("memory/docker/x/memory.memsw.limit_in_bytes", "67108864"),
		("pids/docker/x/pids.max", "512"),
		("cpu/docker/x/cpu.cfs_quota_us", "50000"),
		("cpu/docker/x/cpu.cfs_period_us", "100000"),
		("cpuset/docker/x/cpuset.cpus", "0-1,3"),
		("cpuset/docker/x/cpuset.mems", "0"),
	];
	const V2: [(&str, &str); 6] = [
		("docker/x/memory.max", "67108864"),
		("docker/x/memory.swap.max", "0"),
		("docker/x/pids.max", "512"),
		("docker/x/cpu.max", "50000 100000"),
		("docker/x/cpuset.cpus", "0-1,3"),
		("docker/x/cpuset.mems", "0"),
	];

	impl Machine {
		fn new(files: &[(&str, &str)]) -> Self {
			let folder = tempfile::tempdir().unwrap();
			for (path, text) in files {
				let path = folder.path().join(path);
				fs::create_dir_all(path.parent().unwrap()).unwrap();
				fs::write(path, format!("{text}\n")).unwrap();
			}
			let root = folder.path().display();
			let line =
				|sub: &str, kind: &str, options: &str| {
					format!("30 25 0:27 / {root}{sub} rw,relatime shared:9 - {kind} {kind} rw{options}\n")
				};
			let (mounts, groups) = if files.len() == V2.len() {
				(line("", "cgroup2", ""), "0::/docker/x\n")
			} else {
				let names = ["memory", "pids", "cpu", "cpuset"];
				let lines =
					names.map(|name| line(&format!("/{name}"), "cgroup", &format!(",{name}")));
				let groups = "4:memory:/docker/x\n3:pids:/docker/x\n2:cpuset:/docker/x\n\
					1:cpu:/docker/x\n0::/docker/x\n";
				(lines.concat(), groups)
			};
			Self {
				folder,
				mounts,
				groups,
			}
		}

		fn faults(&self) -> Vec<String> {
			let limits = Limits {
				memory_mib: 64,
				cpu_millis: 500,
				pids: 512,
				place: Some(Place {
					cpus: vec![3, 0, 1],
					mems: vec![0],
					is_shared: false,
				}),
			};
			Groups::of(self.groups, &self.mounts).faults(&limits)
		}
	}

	#[test]
	fn limits_that_the_kernel_holds_have_no_fault_in_either_version() {
		assert_eq!(Machine::new(&V1).faults(), Vec::<String>::new());
		assert_eq!(Machine::new(&V2).faults(), Vec::<String>::new());
	}

	#[test]
	fn a_limit_that_the_kernel_does_not_hold_is_named() {
		for (files, path, wrong) in [
			(
				&V1[..],
				"memory/docker/x/memory.limit_in_bytes",
				"9223372036854771712",
			),
			(
				&V1[..],
				"memory/docker/x/memory.memsw.limit_in_bytes",
				"134217728",
			),
			(&V1[..], "pids/docker/x/pids.max", "max"),
			(&V1[..], "cpu/docker/x/cpu.cfs_quota_us", "-1"),
			(&V1[..], "cpuset/docker/x/cpuset.cpus", "0-7"),
			(&V2[..], "docker/x/memory.max", "max"),
			(&V2[..], "docker/x/memory.swap.max", "max"),
			(&V2[..], "docker/x/cpu.max", "max 100000"),
			(&V2[..], "docker/x/cpuset.mems", "0-1"),
		] {
			let machine = Machine::new(files);
			fs::write(machine.folder.path().join(path), wrong).unwrap();
			assert_eq!(machine.faults().len(), 1, "{path}: {:?}", machine.faults());
		}
	}

	#[test]
	fn a_limit_that_cannot_be_read_is_a_fault() {
		let machine = Machine::new(&V2);
		fs::remove_file(machine.folder.path().join("docker/x/pids.max")).unwrap();
		assert_eq!(machine.faults().len(), 1);
		let nothing = Groups::of("", "").faults(&Limits {
			memory_mib: 0,
			cpu_millis: 0,
			pids: 1,
			place: None,
		});
		assert_eq!(nothing.len(), 1);
	}
}
