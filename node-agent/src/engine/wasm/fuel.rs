//! What a lease's workspace computes, counted in fuel and held to the processor that was bought.
//!
//! Fuel is what the engine counts while code runs, one unit for most instructions, and so the same for the same work
//! on whatever machine. A lease's bucket fills with as much as its share of a core burns, holds the fuel of some seconds for
//! what comes in bursts, and pays after the fact: who burned more than was there waits until that is filled up again.

use std::{
	sync::{Arc, Mutex, PoisonError},
	time::{Duration, Instant},
};

use prometheus::{core::Collector, Counter, CounterVec, IntCounter, IntCounterVec, Opts};
use tokio_util::sync::CancellationToken;

/// Fuel that one core burns in a second: what a thousand of a lease's thousandths of a core stand for. The median of seven
/// loops on a Xeon of a cloud: 9.2 thousand million where memory is read in order, 6.4 and 7.6 where numbers are added and mixed, 3.0 for
/// calls, 2.5 for divisions, 1.2 for square roots, 1.1 where memory is read at random.
pub const FUEL_PER_CORE_SECOND: u64 = 3_000_000_000;
/// Seconds of its share that a lease may save up.
const BURST: u64 = 2;
/// Longest that a request waits for the lease's fuel before it is sent away.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Fuel that comes with time. Knows no clock: `now` is the time since any moment that stays the same.
#[derive(Clone, Debug)]
struct Bucket {
	/// Fuel per second; above 0.
	rate: u64,
	/// What is there; below 0 what is owed.
	level: i64,
	/// When what has come was last counted.
	counted: Duration,
}

impl Bucket {
	/// A full one. `None` where there is no limit.
	fn new(cpu_millis: u32) -> Option<Self> {
		let rate = u64::from(cpu_millis) * (FUEL_PER_CORE_SECOND / 1_000);
		(rate > 0).then(|| Self {
			rate,
			level: clamp(rate * BURST),
			counted: Duration::ZERO,
		})
	}

	fn fill(&mut self, now: Duration) {
		let nanos = now.saturating_sub(self.counted).as_nanos();
		let come = nanos * u128::from(self.rate) / 1_000_000_000;
		// What is too little to count stays in the time.
		if come > 0 {
			let come = u64::try_from(come).unwrap_or(u64::MAX);
			self.level = self.level.saturating_add(clamp(come));
			self.level = self.level.min(clamp(self.rate * BURST));
			self.counted = now;
		}
	}

	/// How long until nothing is owed, rounded up.
	fn wait(&mut self, now: Duration) -> Duration {
		self.fill(now);
		let owed = u128::from(self.level.min(0).unsigned_abs());
		let nanos = (owed * 1_000_000_000).div_ceil(u128::from(self.rate));
		Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
	}

	/// Takes what was burned, whether or not it is there; says as [`Self::wait`].
	fn take(&mut self, now: Duration, fuel: u64) -> Duration {
		self.fill(now);
		self.level = self.level.saturating_sub(clamp(fuel));
		self.wait(now)
	}
}

fn clamp(fuel: u64) -> i64 {
	i64::try_from(fuel).unwrap_or(i64::MAX)
}

/// What the workspaces of all leases used, for whoever measures.
#[derive(Clone, Debug)]
pub(super) struct Usage {
	fuel: IntCounterVec,
	processor: CounterVec,
}

impl Usage {
	/// Nothing yet.
	pub(super) fn new() -> prometheus::Result<Self> {
		Ok(Self {
			fuel: IntCounterVec::new(
				Opts::new(
					"usufruct_agent_workspace_fuel_total",
					"Fuel that a lease's WebAssembly burned",
				),
				&["lease"],
			)?,
			processor: CounterVec::new(
				Opts::new(
					"usufruct_agent_workspace_processor_seconds_total",
					"Processor time that a lease's WebAssembly took, its host's part included",
				),
				&["lease"],
			)?,
		})
	}

	/// What tells it.
	pub(super) fn collectors(&self) -> Vec<Box<dyn Collector>> {
		vec![
			Box::new(self.fuel.clone()),
			Box::new(self.processor.clone()),
		]
	}

	/// Opens a lease's account, with what it bought; 0 = no limit. What it used before stays counted.
	pub(super) fn open(&self, lease: u64, cpu_millis: u32) -> Arc<Account> {
		let label = lease.to_string();
		Arc::new(Account {
			bucket: Bucket::new(cpu_millis).map(Mutex::new),
			opened: Instant::now(),
			fuel: self.fuel.with_label_values(&[&label]),
			processor: self.processor.with_label_values(&[&label]),
			end: CancellationToken::new(),
		})
	}

	/// Fuel and processor time of a lease.
	pub(super) fn of(&self, lease: u64) -> (u64, Duration) {
		let label = lease.to_string();
		let fuel = self.fuel.with_label_values(&[&label]).get();
		let seconds = self.processor.with_label_values(&[&label]).get();
		let time = Duration::try_from_secs_f64(seconds).unwrap_or_default();
		(fuel, time)
	}

	/// Forgets a lease.
	pub(super) fn forget(&self, lease: u64) {
		let label = lease.to_string();
		// One that was never counted is forgotten already.
		let _ = self.fuel.remove_label_values(&[&label]);
		let _ = self.processor.remove_label_values(&[&label]);
	}
}

/// What one lease may use, and used.
#[derive(Debug)]
pub(super) struct Account {
	bucket: Option<Mutex<Bucket>>,
	opened: Instant,
	fuel: IntCounter,
	processor: Counter,
	end: CancellationToken,
}

impl Account {
	/// Takes what was burned; says how long until that is paid for.
	pub(super) fn burn(&self, fuel: u64) -> Duration {
		self.fuel.inc_by(fuel);
		self.bucket.as_ref().map_or(Duration::ZERO, |bucket| {
			let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
			bucket.take(self.opened.elapsed(), fuel)
		})
	}

	/// Notes processor time.
	pub(super) fn spend(&self, time: Duration) {
		self.processor.inc_by(time.as_secs_f64());
	}

	/// Waits until nothing is owed.
	///
	/// # Errors
	///
	/// How long that is, where it is longer than anybody should wait.
	pub(super) async fn ready(&self) -> Result<(), Duration> {
		loop {
			let wait = self.burn(0);
			if wait.is_zero() {
				return Ok(());
			}
			if wait > LONGEST_WAIT {
				return Err(wait);
			}
			tokio::time::sleep(wait).await;
		}
	}

	/// Ends everything that runs on it.
	pub(super) fn close(&self) {
		self.end.cancel();
	}

	/// Waits for that.
	pub(super) async fn closed(&self) {
		self.end.cancelled().await;
	}
}

#[cfg(test)]
mod tests {
	use proptest::prelude::*;

	use super::*;

	const MILLIS: u32 = 250;
	const RATE: u64 = FUEL_PER_CORE_SECOND / 4;

	#[test]
	fn a_bucket_holds_the_fuel_of_its_burst_and_no_more() {
		let mut bucket = Bucket::new(MILLIS).unwrap();
		let later = Duration::from_secs(1_000);
		assert_eq!(bucket.take(later, RATE * BURST), Duration::ZERO);
		assert_eq!(bucket.take(later, RATE), Duration::from_secs(1));
	}

	#[test]
	fn what_was_burned_too_much_is_waited_for() {
		let mut bucket = Bucket::new(MILLIS).unwrap();
		let wait = bucket.take(Duration::ZERO, RATE * (BURST + 3));
		assert_eq!(wait, Duration::from_secs(3));
		assert_eq!(bucket.wait(Duration::from_secs(2)), Duration::from_secs(1));
		assert_eq!(bucket.wait(Duration::from_secs(3)), Duration::ZERO);
	}

	#[test]
	fn who_bought_no_limit_never_waits() {
		let account = Usage::new().unwrap().open(1, 0);
		assert_eq!(account.burn(u64::MAX / 2), Duration::ZERO);
	}

	#[test]
	fn what_a_lease_used_is_told_and_forgotten_with_it() {
		let usage = Usage::new().unwrap();
		let account = usage.open(7, 1_000);
		account.burn(3);
		account.spend(Duration::from_millis(1_500));
		let told = |usage: &Usage| -> Vec<f64> {
			let families = usage.collectors().into_iter().flat_map(|one| one.collect());
			let metrics = families.flat_map(|family| family.get_metric().to_vec());
			metrics
				.map(|metric| metric.get_counter().get_value())
				.collect()
		};
		assert_eq!(told(&usage), [3.0, 1.5]);
		usage.forget(7);
		assert_eq!(told(&usage), [0.0; 0]);
	}

	#[tokio::test]
	async fn nobody_waits_longer_than_anybody_should() {
		let account = Usage::new().unwrap().open(1, 1_000);
		account.burn(FUEL_PER_CORE_SECOND * (BURST + 60));
		let wait = account.ready().await.unwrap_err();
		assert!(wait > Duration::from_secs(50), "{wait:?}");
	}

	proptest! {
		/// However it is asked for, and however often it is looked at: over any time nobody gets more than the
		/// time brought, what was saved up, and what was burned last.
		#[test]
		fn nobody_gets_more_than_was_bought(
			millis in 1u32..=64_000,
			steps in prop::collection::vec((0u64..3_000_000_000, 0u64..5_000_000_000), 1..60),
		) {
			let mut bucket = Bucket::new(millis).unwrap();
			let rate = u128::from(bucket.rate);
			let (mut now, mut burned) = (Duration::ZERO, 0u128);
			for (nanos, fuel) in steps {
				now += Duration::from_nanos(nanos);
				// As an engine does: nothing runs before what is owed is paid.
				now += bucket.wait(now);
				let brought = now.as_nanos() * rate / 1_000_000_000;
				prop_assert!(burned <= brought + rate * u128::from(BURST) + 1);
				bucket.take(now, fuel);
				burned += u128::from(fuel);
			}
		}

		/// To look is free: whether it is looked at a hundred times on the way or not at all, as much comes.
		#[test]
		fn to_look_takes_nothing(millis in 1u32..=64_000, looks in 1u32..100, nanos in 1u64..3_000_000_000) {
			let mut looked_at = Bucket::new(millis).unwrap();
			let debt = looked_at.rate * (BURST + 10);
			looked_at.take(Duration::ZERO, debt);
			let mut left_alone = looked_at.clone();
			let end = Duration::from_nanos(nanos);
			for look in 0..looks {
				looked_at.wait(end * look / looks);
			}
			let (one, other) = (looked_at.wait(end), left_alone.wait(end));
			// Each look rounds down by less than a unit of fuel, each wait up by less than a nanosecond.
			let rounding = u128::from(looks) * 1_000_000_000 / u128::from(looked_at.rate) + 2;
			prop_assert!(one.abs_diff(other).as_nanos() <= rounding, "{one:?} {other:?}");
		}
	}
}
