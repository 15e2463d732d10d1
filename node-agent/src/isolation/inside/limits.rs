//! What is tried to be used up.

use std::{
	fs,
	io::{self, Write},
	sync::{Arc, Barrier},
};

use super::{attempt, escaped, kernel::call, stopped, Attempt, Found};

/// No workspace is given so many processes.
const MANY: usize = 4_096;
/// Nor so much of any file system, in MiB.
const LARGE: usize = 1_024;

pub(super) fn attempts() -> Vec<Attempt> {
	vec![
		attempt("fork-bomb", "start processes without end", |_| start_many()),
		attempt("fill-tmp", "fill its scratch space without end", |_| {
			fill("/tmp")
		}),
		attempt("fill-shm", "fill its shared memory without end", |_| {
			fill("/dev/shm")
		}),
		attempt("fill-dev", "fill its folder of devices without end", |_| {
			fill("/dev")
		}),
		attempt(
			"processors",
			"use processors that are not its own",
			|targets| every_processor(targets.processors),
		),
	]
}

/// Threads count as processes do.
fn start_many() -> Found {
	// More than ever come: who waits, waits until the process ends.
	let end = Arc::new(Barrier::new(MANY + 1));
	let mut started = 0;
	while started < MANY {
		let end = end.clone();
		let thread = std::thread::Builder::new()
			.stack_size(64 << 10)
			.spawn(move || end.wait());
		match thread {
			Ok(_) => started += 1,
			Err(error) => return stopped(format!("after {started}: {error}")),
		}
	}
	escaped(format!("{MANY} were started"))
}

fn fill(folder: &str) -> Found {
	let path = format!("{folder}/.probe");
	let piece = vec![1u8; 1 << 20];
	let mut written = 0;
	let result = fs::File::create(&path).and_then(|mut file| {
		while written < LARGE {
			file.write_all(&piece)?;
			written += 1;
		}
		Ok(())
	});
	// It goes with the workspace in any case.
	let _: io::Result<()> = fs::remove_file(&path);
	match result {
		Ok(()) => escaped(format!("{LARGE} MiB were written")),
		Err(error) => stopped(format!("after {written} MiB: {error}")),
	}
}

fn every_processor(allowed: usize) -> Found {
	let every = [u64::MAX; 16];
	let size = size_of_val(&every);
	// Refused, or cut down to those that are allowed.
	let asked = call(
		libc::SYS_sched_setaffinity,
		&[0, size, every.as_ptr() as usize],
	);
	let mut given = [0u64; 16];
	let read = call(
		libc::SYS_sched_getaffinity,
		&[0, size, given.as_mut_ptr() as usize],
	);
	if let Err(error) = read {
		return escaped(format!("it could not be tried: {error}"));
	}
	let count: u32 = given.iter().map(|word| word.count_ones()).sum();
	if count as usize > allowed {
		return escaped(format!("it has {count} and was given {allowed}"));
	}
	match asked {
		Ok(_) => stopped(format!("it has {count} and no more")),
		Err(error) => stopped(error.to_string()),
	}
}
