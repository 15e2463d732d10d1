//! Does the whole survive what goes wrong on real machines?
//!
//! Three owners' agents on one chain run what two tenants ask for, while [faults](fault) happen one after the
//! other. After each, owners and tenants do what they would do ([`market`]), until every lease runs exactly once
//! or its money is back, and nothing runs without a lease, judged from outside ([`look`]).
//!
//! ```text
//!   draw ─▶ inflict ─▶ settle ─┬─▶ … ─▶ end ─▶ Report
//!            ▲                 │
//!            └─────────────────┘
//! ```

pub mod disk;
pub mod fault;
mod inflict;
pub mod line;
pub mod look;
mod machine;
mod market;
mod tally;
mod world;

use std::{
	path::Path,
	time::{Duration, Instant},
};

use eyre::Result;

use self::{disk::Disk, world::World};
use crate::{main_job::Listener, wait, DockerDaemon};

pub use fault::{Fault, Kind};
pub use tally::{span, Done, Report};

/// What is to go wrong.
#[derive(Clone, Debug)]
pub struct Plan {
	/// How many faults.
	pub faults: usize,
	/// What they are drawn from.
	pub seed: u64,
	/// What kinds, at most: what this machine cannot give is left out.
	pub kinds: Vec<Kind>,
	/// Whether containers run, too, where an engine can be started.
	pub containers: bool,
	/// How long after a fault all may take to be well again.
	pub patience: Duration,
}

/// Does what is planned below `folder`, and tells each fault when it is survived.
///
/// # Errors
///
/// Where the world could not be set up. What went wrong later is in the report.
pub fn run(plan: &Plan, folder: &Path, listener: &mut dyn Listener) -> Result<Report> {
	let begun = Instant::now();
	let mut report = Report {
		seed: plan.seed,
		asked: plan.faults,
		..Report::default()
	};
	let engine = has_engine(plan, folder, &mut report, listener);
	let own_disks = has_disks(plan, folder, &mut report);
	let mut world = World::begin(folder, engine, own_disks, listener)?;
	listener.detail(&format!(
		"all of it runs after {} s",
		world.settle(plan.patience)?.as_secs()
	));
	let left_out: Vec<Kind> = report.left_out.iter().map(|(kind, _)| *kind).collect();
	let kinds: Vec<Kind> = Kind::ALL
		.into_iter()
		.filter(|kind| plan.kinds.contains(kind) && !left_out.contains(kind))
		.collect();
	let faults = fault::draw(plan.seed, plan.faults, &kinds, world.machines.len());
	listener.step("Things go wrong");
	if let Err(error) = go_wrong(plan, &mut world, &faults, begun, &mut report, listener) {
		report.failure = Some(format!("{error:#}"));
	}
	count(&mut world, plan, &mut report, listener);
	report.took_s = begun.elapsed().as_secs();
	Ok(report)
}

/// An engine where containers are wanted and can be run; else notes what is left out.
fn has_engine(
	plan: &Plan,
	folder: &Path,
	report: &mut Report,
	listener: &mut dyn Listener,
) -> Option<DockerDaemon> {
	let reason = if plan.containers {
		match world::engine(folder) {
			Ok(engine) => return Some(engine),
			Err(reason) => format!("{reason:#}"),
		}
	} else {
		"modules alone were asked for".into()
	};
	listener.detail(&format!("no containers: {reason}"));
	if plan.kinds.contains(&Kind::KillEngine) {
		report.left_out.push((Kind::KillEngine, reason));
	}
	None
}

/// Whether the agents' data folders can be disks of their own; else notes what is left out.
fn has_disks(plan: &Plan, folder: &Path, report: &mut Report) -> bool {
	if !plan.kinds.contains(&Kind::FillDisk) {
		return false;
	}
	match Disk::mount(&folder.join("disk"), 1) {
		Ok(_) => true,
		Err(reason) => {
			report
				.left_out
				.push((Kind::FillDisk, format!("{reason:#}")));
			false
		}
	}
}

fn go_wrong(
	plan: &Plan,
	world: &mut World,
	faults: &[Fault],
	begun: Instant,
	report: &mut Report,
	listener: &mut dyn Listener,
) -> Result<()> {
	for (index, fault) in faults.iter().enumerate() {
		wait::check_stopped()?;
		let number = index.saturating_add(1);
		let fault = &world.aim(fault)?;
		let (at, whom) = (begun.elapsed(), world.whom(fault));
		let told = format!(
			"{number:>4}  {}  {:<20}  {whom:<15}",
			span(at),
			fault.kind.name()
		);
		let happened = Instant::now();
		let settled = world.inflict(fault).and_then(|()| {
			let lasted = happened.elapsed();
			Ok((lasted, world.settle(plan.patience)?))
		});
		let (lasted, recovery) = match settled {
			Ok(times) => times,
			Err(error) => {
				listener.detail(&format!("{told}  NOT SURVIVED"));
				return Err(error.wrap_err(format!("fault {number}, {}", fault.kind.name())));
			}
		};
		listener.detail(&format!(
			"{told}  lasted {:>3} s, well again after {:>3} s",
			lasted.as_secs(),
			recovery.as_secs()
		));
		report.faults.push(Done {
			number,
			at_s: at.as_secs(),
			fault: *fault,
			whom,
			lasted_s: lasted.as_secs(),
			recovery_s: recovery.as_secs(),
		});
	}
	Ok(())
}

/// Ends everything and counts.
fn count(world: &mut World, plan: &Plan, report: &mut Report, listener: &mut dyn Listener) {
	listener.step("The tenants end what they have; nothing may run, and all money is back");
	if report.failure.is_some() {
		// What cannot be revived is in the failure already.
		let _: Result<()> = world.revive();
		// What runs without a lease now was not stopped in all the time that there was.
		if let Ok(verdict) = world.tend_and_look() {
			report.ran_without = verdict.without.len() as u64;
		}
	}
	let ended = world.end(plan.patience).and_then(|ended| {
		report.ended_by_tenant = ended;
		report.not_returned = world.not_returned()?;
		for line in world.changes()? {
			listener.detail(&line);
		}
		Ok(())
	});
	if let Err(error) = ended {
		report.failure.get_or_insert(format!("{error:#}"));
	}
	// Leases are numbered as they are opened.
	let newest = world.leases.keys().next_back();
	report.opened = newest.map_or(0, |newest| newest.saturating_add(1));
	let replicas: std::collections::BTreeSet<_> = world.leases.values().collect();
	report.rematched = (world.leases.len() as u64).saturating_sub(replicas.len() as u64);
	report.ran = world.well.len() as u64;
	report.ran_twice = world.twice.len() as u64;
	report.given_up = world.given_up.len() as u64;
	report.ended = report.opened.saturating_sub(report.ended_by_tenant);
	(report.requests, report.taken_back) = world.asked();
	report.restarts = world
		.machines
		.iter()
		.map(|machine| u64::from(machine.restarts))
		.sum();
}
