//! What holds for whatever runs: how much memory it may take, how long it may run, how much it may burn, and how it is
//! said that it went too far.

use std::{
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::Duration,
};

use wasmtime::{ResourceLimiter, Store, Trap, UpdateDeadline};
use wasmtime_wasi::I32Exit;

use super::{super::Failure, fuel::Account};

/// Most fuel of one run: some seconds.
const FUEL: u64 = 20_000_000_000;
/// Longest run, whether it computes or waits in a function of its host.
const LONGEST: Duration = Duration::from_secs(30);
/// Entries of all tables of one run.
const TABLE_ENTRIES: usize = 100_000;

/// More than was leased.
#[derive(Debug, thiserror::Error)]
#[error("more than {0} bytes of memory")]
struct OverMemory(usize);

/// How much one run may take of its host's memory.
#[derive(Debug)]
pub(super) struct Limits {
	/// Bytes of all memories.
	memory: usize,
	/// Of which are left.
	left: usize,
	entries: usize,
	instances: usize,
	memories: usize,
}

impl Limits {
	/// For a core module, with bytes of memory.
	pub(super) fn of_module(memory: usize) -> Self {
		Self {
			memory,
			left: memory,
			entries: TABLE_ENTRIES,
			instances: 1,
			memories: 1,
		}
	}

	/// For a component, which is made of several modules; its memories together have so many bytes.
	pub(super) fn of_component(memory: usize) -> Self {
		Self {
			instances: 64,
			memories: 16,
			..Self::of_module(memory)
		}
	}
}

impl ResourceLimiter for Limits {
	fn memory_growing(
		&mut self,
		current: usize,
		desired: usize,
		_: Option<usize>,
	) -> wasmtime::Result<bool> {
		let more = desired.saturating_sub(current);
		self.left = self.left.checked_sub(more).ok_or(OverMemory(self.memory))?;
		Ok(true)
	}

	fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
		Err(error)
	}

	fn table_growing(
		&mut self,
		current: usize,
		desired: usize,
		_: Option<usize>,
	) -> wasmtime::Result<bool> {
		let more = desired.saturating_sub(current);
		let too_many =
			|| wasmtime::Error::msg(format!("more than {TABLE_ENTRIES} entries of tables"));
		self.entries = self.entries.checked_sub(more).ok_or_else(too_many)?;
		Ok(true)
	}

	fn table_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
		Err(error)
	}

	fn instances(&self) -> usize {
		self.instances
	}

	fn tables(&self) -> usize {
		self.instances.saturating_mul(4)
	}

	fn memories(&self) -> usize {
		self.memories
	}
}

/// Runs on this thread until it is done, is too much, or its lease ends. The thread must be for this run alone, as one of
/// `spawn_blocking` is: what it takes of the processor is put down to the lease.
///
/// # Errors
///
/// [`Failure`]. `None` where it ended by itself before `work` was through, without an error.
pub(super) fn run<T: Send, R>(
	store: &mut Store<T>,
	account: &Arc<Account>,
	work: impl AsyncFnOnce(&mut Store<T>) -> wasmtime::Result<R>,
) -> Result<Option<R>, Failure> {
	let began = processor_time();
	let counted = meter(store, account).map_err(crashed)?;
	let limited = async {
		tokio::select! {
			done = work(store) => Some(done),
			() = tokio::time::sleep(LONGEST) => None,
			() = account.closed() => Some(Err(wasmtime::Error::msg("its lease ended"))),
		}
	};
	let result = tokio::runtime::Handle::current().block_on(limited);
	let left = store.get_fuel().unwrap_or(0);
	account.burn(counted.load(Ordering::Relaxed).saturating_sub(left));
	account.spend(processor_time().saturating_sub(began));
	match result {
		None => Err(too_long()),
		Some(Ok(done)) => Ok(Some(done)),
		Some(Err(error)) => match failure(&error) {
			Some(failure) => Err(failure),
			None => Ok(None),
		},
	}
}

/// Has what the store's code burns counted, some times in a second, and the code wait for what it burned too much.
/// Gives what of its fuel is not counted yet.
fn meter<T>(store: &mut Store<T>, account: &Arc<Account>) -> wasmtime::Result<Arc<AtomicU64>> {
	store.set_fuel(FUEL)?;
	let counted = Arc::new(AtomicU64::new(FUEL));
	let (account, last) = (account.clone(), counted.clone());
	store.epoch_deadline_callback(move |store| {
		let left = store.get_fuel()?;
		let burned = last.swap(left, Ordering::Relaxed).saturating_sub(left);
		let wait = account.burn(burned);
		// Also without a wait, others on this thread get their turn: what ends it at its limits.
		Ok(if wait.is_zero() {
			UpdateDeadline::Yield(1)
		} else {
			UpdateDeadline::YieldCustom(1, Box::pin(tokio::time::sleep(wait)))
		})
	});
	store.set_epoch_deadline(1);
	Ok(counted)
}

/// What the engine says went wrong, with all of its reasons.
pub(super) fn crashed(error: impl std::fmt::Display) -> Failure {
	Failure::Crashed(format!("{error:#}"))
}

fn too_long() -> Failure {
	Failure::LimitExceeded(format!("more than {} seconds", LONGEST.as_secs()))
}

/// What an error is called; `None` where it is none: it ended as it wanted to.
fn failure(error: &wasmtime::Error) -> Option<Failure> {
	if let Some(I32Exit(code)) = error.downcast_ref() {
		return (*code != 0).then(|| Failure::Crashed(format!("ended with status {code}")));
	}
	if let Some(over) = error.downcast_ref::<OverMemory>() {
		return Some(Failure::LimitExceeded(over.to_string()));
	}
	Some(match error.downcast_ref() {
		Some(Trap::OutOfFuel) => Failure::LimitExceeded(format!("more than {FUEL} instructions")),
		_ => crashed(error),
	})
}

/// What this thread took of the processor.
fn processor_time() -> Duration {
	use rustix::time::{clock_gettime, ClockId};
	let time = clock_gettime(ClockId::ThreadCPUTime);
	let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
	Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn memories_of_one_run_share_what_was_leased() {
		let mut limits = Limits::of_component(3 << 16);
		assert!(limits.memory_growing(0, 2 << 16, None).unwrap());
		assert!(limits.memory_growing(0, 1 << 16, None).unwrap());
		let error = limits
			.memory_growing(1 << 16, (1 << 16) + 1, None)
			.unwrap_err();
		let failure = failure(&error).unwrap();
		assert!(matches!(failure, Failure::LimitExceeded(_)), "{failure}");
	}
}
