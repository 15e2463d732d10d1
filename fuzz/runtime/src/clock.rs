//! Does anything take longer than it declared? Weights are picoseconds of a reference machine that runs the runtime as
//! WebAssembly on a database; here it is native on memory, and still must not be slower.
//!
//! The clock is the thread's processor time: what other processes take does not count. A cache miss or an interrupt
//! does, so a case that seems slow is run again, and only what is slow [`TRIES`] times is an error. Only optimised
//! builds judge: unoptimised code is slower by a factor that says nothing of the weights.

use std::{cell::RefCell, time::Duration};

use rustix::time::{clock_gettime, ClockId};

/// Whether this build is optimised: by `cargo fuzz`, or for release.
const JUDGES: bool = cfg!(fuzzing) || cfg!(not(debug_assertions));

/// How often a case is run before something in it is slow.
const TRIES: usize = 5;

/// What takes no longer is not judged: the clock itself and what a guided build counts are most of it, and forty
/// thousand calls of so little are a block's time. A remark of 6.4 µs took 6.7 once.
const NOISE: Duration = Duration::from_micros(25);

/// Something that took longer than it declared.
struct Slow {
	/// Its place in the case.
	place: usize,
	what: String,
	time: Duration,
	declared: Duration,
}

/// What was measured of a case.
#[derive(Default)]
struct Run {
	places: usize,
	slow: Vec<Slow>,
}

thread_local! {
	static RUN: RefCell<Run> = RefCell::default();
}

/// Runs something, and compares the time that it took with the picoseconds that it declares afterwards.
pub(crate) fn judge<R>(
	run: impl FnOnce() -> R,
	declared: impl FnOnce(&R) -> u64,
	what: impl FnOnce() -> String,
) -> R {
	let begun = now();
	let result = run();
	let time = now().saturating_sub(begun);
	let declared = Duration::from_nanos(declared(&result) / 1_000);
	RUN.with_borrow_mut(|run| {
		run.places += 1;
		if time > declared.max(NOISE) {
			run.slow.push(Slow {
				place: run.places,
				what: what(),
				time,
				declared,
			});
		}
	});
	result
}

fn now() -> Duration {
	Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// Runs a case until nothing in it is slow, [`TRIES`] times at most.
///
/// # Panics
///
/// If something was slow every time.
pub(crate) fn in_time(case: impl Fn()) {
	let mut slow = slow_in(&case);
	if !JUDGES {
		return;
	}
	for _ in 1..TRIES {
		if slow.is_empty() {
			return;
		}
		let again = slow_in(&case);
		slow.retain(|one| again.iter().any(|other| other.place == one.place));
	}
	for one in &slow {
		eprintln!("{:?} of {:?}: {}", one.time, one.declared, one.what);
	}
	assert!(slow.is_empty(), "it took longer than its weight says");
}

/// What was slow when the case was run.
fn slow_in(case: impl Fn()) -> Vec<Slow> {
	RUN.take();
	case();
	RUN.take().slow
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_takes_longer_than_it_declares_is_slow_and_nothing_else() {
		let sum = || (0..10_000_000u64).map(std::hint::black_box).sum::<u64>();
		let slow = slow_in(|| {
			judge(sum, |_| u64::MAX, || "in time".into());
			judge(sum, |_| 1_000, || "late".into());
		});
		let found: Vec<_> = slow.iter().map(|one| (one.place, &*one.what)).collect();
		assert_eq!(found, [(2, "late")]);
	}
}
