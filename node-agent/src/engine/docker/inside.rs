//! How a container is walled off, by the kernel's own word: what was asked of the engine is looked at from
//! outside, in the container's process, once it runs.

use std::{collections::BTreeSet, fs, io, os::unix::fs::FileTypeExt, path::Path};

use crate::domain::Isolation;

/// What a container shares with nobody. Its users are its own only where the engine remaps them.
const NAMESPACES: [&str; 5] = ["ipc", "mnt", "net", "pid", "uts"];
/// Devices that every container has: they are no part of the machine.
const DEVICES: [&str; 8] = [
	"console", "full", "null", "ptmx", "random", "tty", "urandom", "zero",
];
/// File systems in memory or of the kernel's making, which may be written to without touching a disk.
const HARMLESS: [&str; 4] = ["tmpfs", "devpts", "mqueue", "proc"];
/// Where these may be mounted, beside what the container was given.
const PLACES: [&str; 5] = [
	"/dev",
	"/proc",
	"/sys/firmware",
	"/sys/fs/cgroup",
	"/sys/devices/virtual/powercap",
];

/// What is expected of a container's process.
#[derive(Debug)]
pub(super) struct Wall {
	pub(super) isolation: Isolation,
	/// The container's identifier.
	pub(super) id: String,
	/// Where it may write, in memory.
	pub(super) scratch: BTreeSet<String>,
	/// How many GPUs it was given.
	pub(super) gpus: usize,
}

/// What a process shows of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
	status: String,
	mounts: String,
	pub(super) groups: String,
	/// The name of its programme's file.
	program: String,
	/// Namespaces that it shares with this process, or with the machine's first.
	shared: Vec<&'static str>,
	/// Block and character devices in its `/dev`.
	devices: Vec<String>,
}

impl Seen {
	/// Looks at a process.
	///
	/// # Errors
	///
	/// Where it is gone, or this process may not look.
	pub(super) fn look(proc: &Path, pid: i64) -> io::Result<Self> {
		let folder = proc.join(pid.to_string());
		let text = |name: &str| fs::read_to_string(folder.join(name));
		let mut shared = Vec::new();
		for name in NAMESPACES {
			let of = |who: &str| fs::read_link(proc.join(who).join("ns").join(name));
			let own = fs::read_link(folder.join("ns").join(name))?;
			if own == of("self")? || of("1").is_ok_and(|first| own == first) {
				shared.push(name);
			}
		}
		let program = fs::read_link(folder.join("exe"))?;
		Ok(Self {
			status: text("status")?,
			mounts: text("mountinfo")?,
			groups: text("cgroup")?,
			program: program
				.file_name()
				.map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
			shared,
			devices: devices(&folder.join("root/dev"), &folder)?,
		})
	}

	/// Whether the engine's own programme still prepares the container: what was looked at is not the
	/// workspace yet.
	pub(super) fn is_being_made(&self) -> bool {
		self.program.contains("runc") && !self.program.contains("runsc")
	}

	/// What is not as it must be; empty where all is.
	pub(super) fn faults(&self, wall: &Wall) -> Vec<String> {
		let mut faults = Vec::new();
		let mut expect = |holds: bool, what: String| {
			if !holds {
				faults.push(what);
			}
		};
		expect(
			wall.id.len() >= 12 && self.groups.contains(&wall.id),
			"the engine's process is no process of the container on this machine".into(),
		);
		// gVisor's kernel is a process beside others of the machine; those of the workspace are in it alone.
		let is_gvisors = |name: &str| wall.isolation == Isolation::Gvisor && name == "pid";
		for name in self.shared.iter().filter(|name| !is_gvisors(name)) {
			expect(false, format!("it shares the machine's {name} namespace"));
		}
		expect(
			self.field("Seccomp") == Some("2"),
			"its system calls are not filtered (Seccomp)".into(),
		);
		match wall.isolation {
			// What runs is gVisor's own kernel. It keeps rights that the workspace on it has not.
			Isolation::Gvisor => expect(
				self.program.starts_with("runsc") || self.program == "exe",
				format!("it is not gVisor that runs it, but {:?}", self.program),
			),
			_ => self.of_process(wall, &mut expect),
		}
		faults
	}

	fn of_process(&self, wall: &Wall, expect: &mut impl FnMut(bool, String)) {
		for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
			let found = self.field(set).unwrap_or("nothing");
			let is_none = u64::from_str_radix(found, 16) == Ok(0);
			expect(is_none, format!("it has capabilities: {set} is {found}"));
		}
		expect(
			self.field("NoNewPrivs") == Some("1"),
			"it can get new privileges (NoNewPrivs)".into(),
		);
		let mut has_root = false;
		for mount in self.mounts.lines().filter_map(Mount::read) {
			if mount.point == "/" {
				has_root = true;
				expect(mount.is_read_only, "its root can be written to".into());
			} else if !mount.is_read_only {
				let is_own = wall.scratch.contains(mount.point)
					|| PLACES.iter().any(|place| {
						mount
							.point
							.strip_prefix(place)
							.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
					});
				// What NVIDIA's hook mounts of the machine's devices; which ones is looked at below.
				let is_gpu = wall.gpus > 0 && mount.point.starts_with("/dev/nvidia");
				expect(
					is_gpu || (is_own && HARMLESS.contains(&mount.kind)),
					format!("it can write to {}, a {}", mount.point, mount.kind),
				);
			}
		}
		expect(has_root, "its mounts do not name a root".into());
		let is_gpu = |name: &&String| {
			let number = name.strip_prefix("nvidia");
			number.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
		};
		let gpus = self.devices.iter().filter(is_gpu).count();
		expect(
			gpus == wall.gpus,
			format!("it has {gpus} GPUs and was given {}", wall.gpus),
		);
		for device in &self.devices {
			let is_common = DEVICES.contains(&device.as_str())
				|| (wall.gpus > 0 && device.starts_with("nvidia"));
			expect(is_common, format!("it has the device /dev/{device}"));
		}
	}

	fn field(&self, name: &str) -> Option<&str> {
		self.status.lines().find_map(|line| {
			let (key, value) = line.split_once(':')?;
			(key == name).then(|| value.trim())
		})
	}
}

/// A line of `mountinfo`.
struct Mount<'a> {
	point: &'a str,
	is_read_only: bool,
	kind: &'a str,
}

impl<'a> Mount<'a> {
	fn read(line: &'a str) -> Option<Self> {
		let (before, after) = line.split_once(" - ")?;
		let mut fields = before.split(' ').skip(4);
		let (point, options) = (fields.next()?, fields.next()?);
		Some(Self {
			point,
			is_read_only: options.split(',').any(|option| option == "ro"),
			kind: after.split(' ').next()?,
		})
	}
}

/// Device files in a process's `/dev`. gVisor's kernel, which has no files, has no such folder either.
fn devices(folder: &Path, process: &Path) -> io::Result<Vec<String>> {
	let entries = match fs::read_dir(folder) {
		Err(error) if error.kind() == io::ErrorKind::NotFound && process.exists() => {
			return Ok(Vec::new());
		}
		entries => entries?,
	};
	let mut found = Vec::new();
	for entry in entries {
		let entry = entry?;
		let kind = entry.file_type()?;
		if kind.is_block_device() || kind.is_char_device() {
			found.push(entry.file_name().to_string_lossy().into_owned());
		}
	}
	Ok(found)
}

#[cfg(test)]
mod tests {
	use super::*;

	const STATUS: &str = "Name:\thttpd\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n\
		CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\n\
		NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n";
	const MOUNTS: &str = "84 56 0:46 / / ro,relatime master:4 - overlay overlay rw,lowerdir=/l\n\
		85 84 0:49 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw\n\
		86 84 0:50 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755\n\
		88 84 0:52 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro\n\
		89 88 0:53 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,mode=755\n\
		90 84 0:60 / /tmp rw,nosuid,nodev,relatime - tmpfs tmpfs rw,size=65536k\n\
		108 84 254:0 /r/resolv.conf /etc/resolv.conf ro,relatime - ext4 /dev/vda rw\n";
	const ID: &str = "eff4d3ce21c1caf8";

	fn wall() -> Wall {
		Wall {
			isolation: Isolation::Container,
			id: ID.into(),
			scratch: BTreeSet::from(["/tmp".to_string()]),
			gpus: 0,
		}
	}

	fn seen() -> Seen {
		Seen {
			status: STATUS.into(),
			mounts: MOUNTS.into(),
			groups: format!("0::/docker/{ID}\n"),
			program: "busybox".into(),
			shared: vec![],
			devices: ["null", "tty", "zero"].map(String::from).to_vec(),
		}
	}

	/// What is found when one thing is not as it must be.
	fn only_fault(seen: &Seen) -> String {
		let mut faults = seen.faults(&wall());
		assert_eq!(faults.len(), 1, "{faults:?}");
		faults.remove(0)
	}

	#[test]
	fn a_container_as_it_must_be_has_no_fault() {
		assert_eq!(seen().faults(&wall()), Vec::<String>::new());
	}

	#[test]
	fn each_thing_that_is_not_as_it_must_be_is_named() {
		let with = |change: &dyn Fn(&mut Seen)| {
			let mut seen = seen();
			change(&mut seen);
			only_fault(&seen)
		};
		let status =
			|from: &str, to: &str| with(&|seen| seen.status = seen.status.replacen(from, to, 1));
		assert!(
			status("CapEff:\t0000000000000000", "CapEff:\t0000000000000400").contains("CapEff")
		);
		assert!(
			status("CapBnd:\t0000000000000000", "CapBnd:\t00000000a80425fb").contains("CapBnd")
		);
		assert!(status("NoNewPrivs:\t1", "NoNewPrivs:\t0").contains("NoNewPrivs"));
		assert!(status("Seccomp:\t2", "Seccomp:\t0").contains("Seccomp"));
		let mounts =
			|from: &str, to: &str| with(&|seen| seen.mounts = seen.mounts.replacen(from, to, 1));
		assert!(mounts("/ ro,relatime master", "/ rw,relatime master").contains("root"));
		assert!(mounts("resolv.conf ro", "resolv.conf rw").contains("/etc/resolv.conf"));
		assert!(
			mounts(" /tmp rw", " /run rw").contains("/run"),
			"a tmpfs of the machine's"
		);
		assert!(with(&|seen| seen.shared = vec!["net"]).contains("net"));
		assert!(with(&|seen| seen.devices.push("sda".into())).contains("/dev/sda"));
		assert!(with(&|seen| seen.groups = "0::/docker/other".into()).contains("no process"));
	}

	#[test]
	fn a_container_has_as_many_gpus_as_it_was_given() {
		let mut seen = seen();
		seen.devices
			.extend(["nvidia0", "nvidiactl", "nvidia-uvm"].map(String::from));
		let given = |gpus| seen.faults(&Wall { gpus, ..wall() });
		assert!(given(1).is_empty());
		assert_eq!(given(2).len(), 1);
		assert!(!given(0).is_empty());
	}

	#[test]
	fn of_gvisor_its_own_kernel_must_be_what_runs() {
		let wall = Wall {
			isolation: Isolation::Gvisor,
			..wall()
		};
		let mut seen = seen();
		assert_eq!(seen.faults(&wall).len(), 1);
		seen.program = "runsc".into();
		// Its own process has rights that the workspace has not, and is one of the machine's.
		seen.shared = vec!["pid"];
		seen.status = STATUS.replace("CapEff:\t0000000000000000", "CapEff:\t00000000000c0000");
		assert!(seen.faults(&wall).is_empty());
	}

	#[test]
	fn a_process_that_is_not_walled_off_is_told_from_one_that_is() {
		let own = i64::from(std::process::id());
		match Seen::look(Path::new("/proc"), own) {
			Ok(seen) => {
				let faults = seen.faults(&wall()).join("; ");
				for name in NAMESPACES {
					assert!(faults.contains(&format!("{name} namespace")), "{faults}");
				}
				assert!(faults.contains("no process of the container"), "{faults}");
			}
			Err(error) => eprintln!("skipped: this test may not look at itself: {error}"),
		}
	}
}
