//! What is tried on processes that are not the workspace's.

use std::{fs, io};

use super::{attempt, escaped, kernel::call, refused, stopped, Attempt, Found};

/// What a process of this workspace is called by.
const OWN: &str = "probe";

pub(super) fn attempts() -> Vec<Attempt> {
	vec![
		attempt("see-processes", "see processes of the machine", |_| {
			foreign_processes()
		}),
		attempt(
			"signal",
			"send a signal to the agent on the machine",
			|targets| refused(call(libc::SYS_kill, &[targets.process as usize, 0])),
		),
		attempt("trace", "trace the agent on the machine", |targets| {
			const ATTACH: usize = 16;
			refused(call(
				libc::SYS_ptrace,
				&[ATTACH, targets.process as usize, 0, 0],
			))
		}),
		attempt(
			"read-memory",
			"read the memory of the agent on the machine",
			|targets| {
				let mut bytes = [0u8; 8];
				// Where, and how many bytes: here, and there.
				let here = [bytes.as_mut_ptr() as usize, bytes.len()];
				let there = [0x40_0000usize, 8];
				let (here, there) = (here.as_ptr() as usize, there.as_ptr() as usize);
				let process = targets.process as usize;
				refused(call(
					libc::SYS_process_vm_readv,
					&[process, here, 1, there, 1, 0],
				))
			},
		),
		attempt(
			"watch-process",
			"open a handle to the agent on the machine",
			|targets| refused(call(libc::SYS_pidfd_open, &[targets.process as usize, 0])),
		),
		attempt(
			"left-open",
			"use a file or folder that the engine left open",
			|_| left_open(),
		),
		attempt("spared", "be spared when memory runs out", |_| {
			refused(fs::write("/proc/self/oom_score_adj", "-1000"))
		})
		.of_own_kernel(),
	]
}

fn foreign_processes() -> Found {
	let mut count = 0;
	let entries = match fs::read_dir("/proc") {
		Ok(entries) => entries,
		Err(error) => return stopped(error.to_string()),
	};
	for entry in entries.flatten() {
		let name = entry.file_name();
		let Some(number) = name.to_str().filter(|name| name.parse::<u32>().is_ok()) else {
			continue;
		};
		let command = fs::read_to_string(format!("/proc/{number}/cmdline")).unwrap_or_default();
		if !command.is_empty() && !command.contains(OWN) {
			return escaped(format!("process {number}: {command}"));
		}
		count += 1;
	}
	stopped(format!("{count} processes are to be seen, all its own"))
}

/// Descriptors that a process of the workspace was started with, beside its three streams.
fn left_open() -> Found {
	let of = |process: &str| -> io::Result<Option<String>> {
		for entry in fs::read_dir(format!("/proc/{process}/fd"))?.flatten() {
			let target = fs::read_link(entry.path()).unwrap_or_default();
			let target = target.to_string_lossy().into_owned();
			let is_known = ["/dev/null", "/proc/", super::LIBRARIES]
				.iter()
				.any(|known| target.starts_with(known));
			if target.starts_with('/') && !is_known {
				return Ok(Some(target));
			}
		}
		Ok(None)
	};
	for process in ["1", "self"] {
		match of(process) {
			Ok(Some(target)) => return escaped(format!("{target}, of process {process}")),
			Ok(None) => {}
			Err(error) => return escaped(format!("its descriptors could not be seen: {error}")),
		}
	}
	stopped("nothing is open but its own")
}
