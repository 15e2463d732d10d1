//! What is looked for in files: the machine's devices and disks, the kernel's settings, the engine's sockets, and places
//! where something could be left.

use std::{
	fs::{File, OpenOptions},
	io::{self, Read},
	os::unix::net::UnixStream,
	path::Path,
};

use super::{all, attempt, escaped, stopped, Attempt, Found};

const SETTINGS: [&str; 7] = [
	"/proc/sys/kernel/core_pattern",
	"/proc/sys/kernel/modprobe",
	"/proc/sys/kernel/hostname",
	"/proc/sys/kernel/randomize_va_space",
	"/proc/sys/fs/binfmt_misc/register",
	"/proc/sys/vm/overcommit_memory",
	"/proc/sys/net/ipv4/ip_forward",
];
const DISKS: [&str; 9] = [
	"/dev/sda",
	"/dev/vda",
	"/dev/xvda",
	"/dev/nvme0n1",
	"/dev/dm-0",
	"/dev/md0",
	"/dev/loop0",
	"/dev/loop-control",
	"/dev/mapper/control",
];
const DEVICES: [&str; 11] = [
	"/dev/kvm",
	"/dev/fuse",
	"/dev/net/tun",
	"/dev/vhost-net",
	"/dev/kmsg",
	"/dev/nvidia0",
	"/dev/nvidiactl",
	"/dev/dri/card0",
	"/dev/uinput",
	"/dev/cpu/0/msr",
	"/dev/tpm0",
];
const MEMORY: [&str; 4] = ["/dev/mem", "/dev/kmem", "/dev/port", "/proc/kcore"];
const HIDDEN: [&str; 6] = [
	"/proc/keys",
	"/proc/timer_list",
	"/proc/latency_stats",
	"/proc/sched_debug",
	"/proc/scsi/scsi",
	"/sys/firmware/acpi/tables/DSDT",
];
const SOCKETS: [&str; 7] = [
	"/var/run/docker.sock",
	"/run/docker.sock",
	"/run/containerd/containerd.sock",
	"/run/crio/crio.sock",
	"/run/podman/podman.sock",
	"/run/dbus/system_bus_socket",
	"/run/systemd/private",
];
const SYSFS: [&str; 5] = [
	"/sys/kernel/uevent_helper",
	"/sys/power/state",
	"/sys/kernel/mm/ksm/run",
	"/sys/module/kernel/parameters/panic",
	"/sys/devices/system/cpu/cpu0/online",
];
const ENGINES_FILES: [&str; 3] = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"];
const GROUPS: &str = "/sys/fs/cgroup";

/// Opens without creating, emptying or writing: what was allowed harms nothing.
fn to_write(path: &str) -> io::Result<File> {
	OpenOptions::new().write(true).open(path)
}

fn opened_to_write(paths: &'static [&'static str]) -> Found {
	all(paths.iter().map(|path| (*path, to_write(path))))
}

/// A file with nothing in it is hidden.
fn with_content(path: &str) -> io::Result<()> {
	let mut byte = [0u8; 1];
	match File::open(path)?.read(&mut byte)? {
		0 => Err(io::Error::other("it is empty")),
		_ => Ok(()),
	}
}

pub(super) fn attempts() -> Vec<Attempt> {
	let own = |attempt: Attempt| attempt.of_own_kernel();
	vec![
		attempt("sysrq", "open the kernel's emergency keys", |_| {
			opened_to_write(&["/proc/sysrq-trigger"])
		}),
		own(attempt(
			"kernel-settings",
			"open settings of the kernel to write, the core pattern among them",
			|_| opened_to_write(&SETTINGS),
		)),
		attempt("sysfs", "open settings of devices to write", |_| {
			opened_to_write(&SYSFS)
		}),
		own(attempt(
			"release-agent",
			"open files of control groups to write",
			|_| in_groups(&["release_agent", "notify_on_release"]),
		)),
		own(attempt(
			"leave-groups",
			"move itself to other control groups",
			|_| in_groups(&["cgroup.procs", "tasks"]),
		)),
		own(attempt(
			"raise-limits",
			"raise its limits in its control groups",
			|_| {
				in_groups(&[
					"memory.max",
					"memory.limit_in_bytes",
					"pids.max",
					"cpu.max",
					"cpu.cfs_quota_us",
				])
			},
		)),
		attempt("machine-memory", "read the machine's memory", |_| {
			all(MEMORY.iter().map(|path| (*path, with_content(path))))
		}),
		attempt("disks", "open the machine's disks", |_| {
			all(DISKS.iter().map(|path| (*path, File::open(path))))
		}),
		attempt("devices", "open the machine's devices", |_| {
			all(DEVICES.iter().map(|path| (*path, File::open(path))))
		}),
		attempt(
			"hidden",
			"read what proc and sysfs tell of the machine",
			|_| all(HIDDEN.iter().map(|path| (*path, with_content(path)))),
		),
		attempt("engine-sockets", "talk to the container engine", |_| {
			all(SOCKETS
				.iter()
				.map(|path| (*path, UnixStream::connect(path))))
		}),
		attempt(
			"abstract-sockets",
			"find sockets of the machine that have no file",
			|_| {
				let unix = std::fs::read_to_string("/proc/net/unix").unwrap_or_default();
				match unix.lines().find(|line| line.contains(" @")) {
					Some(line) => escaped(line.to_string()),
					None => stopped("there are none in its network"),
				}
			},
		),
		attempt("root-folders", "write to every folder of its root", |_| {
			root_folders()
		}),
		attempt(
			"engines-files",
			"write to the files that the engine mounts",
			|_| opened_to_write(&ENGINES_FILES),
		),
		attempt(
			"own-program",
			"write to the programme that runs, as it runs",
			|_| opened_to_write(&["/proc/self/exe", "/proc/1/exe", super::PROGRAM]),
		),
		attempt("up-and-out", "go up from its root to another", |_| {
			use std::os::unix::fs::MetadataExt;
			let of = |path: &str| std::fs::metadata(path).map(|found| (found.dev(), found.ino()));
			match (of("/"), of("/../../../..")) {
				(Ok(root), Ok(above)) if root != above => escaped("there is something above"),
				_ => stopped("above its root is its root"),
			}
		}),
	]
}

/// Files of any control group that is to be seen.
fn in_groups(names: &[&str]) -> Found {
	let below = std::fs::read_dir(GROUPS).into_iter().flatten().flatten();
	let mut folders = vec![Path::new(GROUPS).to_path_buf()];
	folders.extend(below.map(|entry| entry.path()).filter(|path| path.is_dir()));
	let paths: Vec<String> = folders
		.iter()
		.flat_map(|folder| {
			names
				.iter()
				.map(|name| folder.join(name).display().to_string())
		})
		.collect();
	all(paths.iter().map(|path| (path.as_str(), to_write(path))))
}

fn root_folders() -> Found {
	let is_given = |name: &str| matches!(name, "proc" | "sys" | "dev" | "tmp");
	let folders: Vec<String> = std::fs::read_dir("/")
		.into_iter()
		.flatten()
		.flatten()
		.filter(|entry| entry.path().is_dir())
		.map(|entry| entry.file_name().to_string_lossy().into_owned())
		.filter(|name| !is_given(name))
		.collect();
	let made = |name: &str| {
		let path = Path::new("/").join(name).join(".probe");
		OpenOptions::new().write(true).create_new(true).open(path)
	};
	let folders = folders.iter().map(String::as_str).chain([""]);
	all(folders.map(|name| (name, made(name))))
}
