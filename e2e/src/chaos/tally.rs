//! The counts at the end.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use super::fault::{Fault, Kind};

/// One fault, over.
#[derive(Clone, Debug, Serialize)]
pub struct Done {
	/// Its number, from 1.
	pub number: usize,
	/// Seconds since the run began when it happened.
	pub at_s: u64,
	/// What went wrong.
	pub fault: Fault,
	/// To whom, in words.
	pub whom: String,
	/// Seconds for which it lasted.
	pub lasted_s: u64,
	/// Seconds from its end until all was well again.
	pub recovery_s: u64,
}

/// What a run came to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
	/// The seed.
	pub seed: u64,
	/// Faults that were asked for.
	pub asked: usize,
	/// Each fault that was survived.
	pub faults: Vec<Done>,
	/// Kinds that could not be had on this machine, and why.
	pub left_out: Vec<(Kind, String)>,
	/// Seconds that the whole took.
	pub took_s: u64,
	/// Leases that were opened.
	pub opened: u64,
	/// Of these, leases that were seen running and to give the right answer.
	pub ran: u64,
	/// Leases for a replica that had one before: lost and matched anew.
	pub rematched: u64,
	/// Leases that ended before the end: lost, or by their terms.
	pub ended: u64,
	/// Leases that ran when it was all over, and were ended by their tenants.
	pub ended_by_tenant: u64,
	/// Requests that tenants made.
	pub requests: u64,
	/// Replicas that tenants took back because no machine was left for them, with their money.
	pub taken_back: u64,
	/// Replicas that the chain gave up although their tenants had done nothing wrong, with their money.
	pub given_up: u64,
	/// Times that an agent ended by itself and its service manager started it again.
	pub restarts: u64,
	/// Leases that were seen to run more than once.
	pub ran_twice: u64,
	/// What was seen to run without a lease when all was to be well again.
	pub ran_without: u64,
	/// What is still held of the tenants' money or lies in escrow when all is over, in the smallest unit.
	pub not_returned: i128,
	/// Why it did not get to its end.
	pub failure: Option<String>,
}

/// What a kind of fault came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct OfKind {
	count: u64,
	sum: u64,
	longest: u64,
}

impl Report {
	/// Whether everything was as it must be.
	pub fn holds(&self) -> bool {
		self.failure.is_none()
			&& self.faults.len() == self.asked
			&& (self.ran_twice, self.ran_without, self.not_returned) == (0, 0, 0)
	}

	/// As people read it.
	pub fn table(&self) -> String {
		let mut kinds: BTreeMap<Kind, OfKind> = BTreeMap::new();
		for done in &self.faults {
			let of = kinds.entry(done.fault.kind).or_default();
			of.count = of.count.saturating_add(1);
			of.sum = of.sum.saturating_add(done.recovery_s);
			of.longest = of.longest.max(done.recovery_s);
		}
		let mut text = format!(
			"{:<22} {:>7} {:>14} {:>14}\n",
			"fault", "times", "well after, s", "at most, s"
		);
		for (kind, of) in &kinds {
			let mean = of.sum.checked_div(of.count).unwrap_or(0);
			text += &format!(
				"{:<22} {:>7} {mean:>14} {:>14}\n",
				kind.name(),
				of.count,
				of.longest
			);
		}
		for (kind, why) in &self.left_out {
			text += &format!("{:<22} left out: {why}\n", kind.name());
		}
		text += &format!(
			"{:<22} {:>7} of {}, seed {}, in {}\n\n",
			"all",
			self.faults.len(),
			self.asked,
			self.seed,
			span(Duration::from_secs(self.took_s))
		);
		for (what, count) in [
			("leases opened", self.opened),
			("  seen running, once", self.ran),
			("  matched anew for a lost replica", self.rematched),
			("  ended before the end", self.ended),
			("  ended by their tenants at the end", self.ended_by_tenant),
			("requests made", self.requests),
			("replicas taken back, with their money", self.taken_back),
			("replicas given up by the chain", self.given_up),
			("agents that ended and were started again", self.restarts),
			("leases that ran twice", self.ran_twice),
			("workspaces that ran without a lease", self.ran_without),
		] {
			text += &format!("{what:<42} {count:>6}\n");
		}
		let left = crate::ledger::usu(self.not_returned);
		text += &format!(
			"{:<42} {left:>6} USU\n",
			"held or in escrow when all is over"
		);
		text
	}
}

/// A span of time as people read it.
pub fn span(time: Duration) -> String {
	let seconds = time.as_secs();
	format!(
		"{}:{:02}:{:02}",
		seconds / 3_600,
		seconds / 60 % 60,
		seconds % 60
	)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::chaos::fault::draw;

	fn report() -> Report {
		let faults = draw(1, Kind::ALL.len(), &Kind::ALL, 3);
		let done = |(index, fault): (usize, &Fault)| Done {
			number: index + 1,
			at_s: 0,
			fault: *fault,
			whom: String::new(),
			lasted_s: 1,
			recovery_s: 10 * (index as u64 + 1),
		};
		Report {
			asked: faults.len(),
			faults: faults.iter().enumerate().map(done).collect(),
			..Report::default()
		}
	}

	#[test]
	fn the_table_has_a_line_for_each_kind() {
		let table = report().table();
		for kind in Kind::ALL {
			assert!(table.contains(kind.name()), "{table}");
		}
	}

	#[test]
	fn a_run_holds_only_if_nothing_ran_twice_or_without_a_lease_and_all_money_is_back() {
		let good = report();
		assert!(good.holds());
		let bad: [fn(&mut Report); 5] = [
			|report| report.ran_twice = 1,
			|report| report.ran_without = 1,
			|report| report.not_returned = -1,
			|report| report.asked += 1,
			|report| report.failure = Some("it did not get well".into()),
		];
		for spoil in bad {
			let mut report = good.clone();
			spoil(&mut report);
			assert!(!report.holds());
		}
	}

	#[test]
	fn a_span_is_read_as_hours_minutes_and_seconds() {
		assert_eq!(span(Duration::from_secs(3_725)), "1:02:05");
	}
}
