//! Waiting: for something that can be seen, with a deadline, and not after the person said stop.

use std::{
	sync::atomic::{AtomicBool, Ordering},
	time::{Duration, Instant},
};

use eyre::{bail, Result};

/// Between two looks. Short against a slot of 3 s, long against the cost of a look.
const POLL: Duration = Duration::from_millis(200);

static STOPPED: AtomicBool = AtomicBool::new(false);

/// Makes every wait, now and later, fail with "interrupted".
pub fn stop_all() {
	STOPPED.store(true, Ordering::SeqCst);
}

/// Fails once [`stop_all`] was called.
pub fn check_stopped() -> Result<()> {
	if STOPPED.load(Ordering::SeqCst) {
		bail!("interrupted");
	}
	Ok(())
}

/// Lets time pass, for what is measured in it: how long a fault lasts. What can be seen is waited for by [`until`].
pub fn pause(time: Duration) -> Result<()> {
	let start = Instant::now();
	while start.elapsed() < time {
		check_stopped()?;
		std::thread::sleep(POLL.min(time.saturating_sub(start.elapsed())));
	}
	Ok(())
}

/// Looks until `look` gives something. Fails with its error, or at the deadline with what was
/// waited for.
pub fn until<T>(
	what: &str,
	deadline: Duration,
	mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
	let start = Instant::now();
	loop {
		check_stopped()?;
		if let Some(found) = look()? {
			return Ok(found);
		}
		if start.elapsed() > deadline {
			bail!("waited {} s in vain for {what}", deadline.as_secs());
		}
		std::thread::sleep(POLL);
	}
}
