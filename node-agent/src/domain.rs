//! What should run, what runs, and what to do about the difference.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

/// What an image is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImageKind {
	/// A container image.
	#[default]
	Oci,
	/// A WebAssembly module.
	Wasm,
}

/// How well a workspace is walled off from its machine; the chain knows these classes by the same names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
	/// A container on the machine's kernel.
	#[default]
	Container,
	/// A container on a kernel of its own.
	Gvisor,
	/// A WebAssembly sandbox.
	Wasm,
	/// A virtual machine.
	Vm,
}

/// How to find out whether a service is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
	/// The path to `GET`; `None` = a connection is enough.
	pub path: Option<String>,
	/// Between two tries.
	pub every: Duration,
	/// For an answer.
	pub timeout: Duration,
	/// Tries in a row that fail before it counts as ill.
	pub failures: u8,
	/// From the start on, in which failures do not count unless a try succeeded.
	pub grace: Duration,
}

/// Whether what ended is started again here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restart {
	/// No.
	#[default]
	Never,
	/// Where it failed or was not well, at most so often in a row.
	OnFailure(u8),
	/// However it ended, at most so often in a row.
	Always(u8),
}

impl Restart {
	/// How often in a row it is started again after such an end.
	pub fn most(self, ending: &Ending) -> u32 {
		match (self, ending) {
			(Self::Never, _) | (Self::OnFailure(_), Ending::Well) => 0,
			(Self::OnFailure(most) | Self::Always(most), _) => most.into(),
		}
	}
}

/// A lease that should run on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DesiredLease {
	/// Its identifier.
	pub lease: u64,
	/// Its generation: reports of another are refused.
	pub generation: u32,
	/// The account that asked for it.
	pub tenant: [u8; 32],
	/// Container or module.
	pub kind: ImageKind,
	/// How its tenant was promised that it is walled off.
	pub isolation: Isolation,
	/// The release that it is of, by application and number; `None` = of no application.
	pub release: Option<(u32, u32)>,
	/// Digest of the image.
	pub digest: [u8; 32],
	/// Where to get the image.
	pub reference: String,
	/// The command with its arguments; empty = the image's own.
	pub command: Vec<String>,
	/// The port that it listens on; `None` = a batch job.
	pub port: Option<u16>,
	/// Processor in thousandths of a core; 0 = no limit was bought.
	pub cpu_millis: u32,
	/// Memory in MiB.
	pub memory_mib: u32,
	/// Disk in MiB; 0 = none was bought.
	pub disk_mib: u32,
	/// The HIDs that it is cut from.
	pub parts: Vec<u64>,
	/// Number of GPUs among them.
	pub gpus: u8,
	/// Block in which the lease was opened.
	pub opened_at: u32,
	/// What the chain believes: the endpoint of a running lease, `None` before it runs.
	pub endpoint: Option<String>,
	/// How to find out whether it is well; `None` = it is while it runs.
	pub health: Option<HealthCheck>,
	/// Whether it is started again here when it ends by itself, or is not well.
	pub restart: Restart,
	/// Which revision of its request this is.
	pub revision: u32,
	/// Which revision the chain believes to run.
	pub reported_revision: u32,
	/// Whether it may replace what runs of an earlier revision: it is its turn, and it was not tried in vain.
	pub may_update: bool,
}

/// An image: known by its digest, had by its reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
	/// Container or module.
	pub kind: ImageKind,
	/// Its digest: of a container's manifest SHA-256, of a module BLAKE3.
	pub digest: [u8; 32],
	/// Where to get it.
	pub reference: String,
}

impl DesiredLease {
	/// Its image.
	pub fn image(&self) -> Image {
		Image {
			kind: self.kind,
			digest: self.digest,
			reference: self.reference.clone(),
		}
	}
}

/// Which lease something was started for, and what of it.
///
/// On a fork that came to nothing, the same number may have been given to something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
	/// Tells the lease and what it bought from any other that ever had or will have its number.
	pub lease: u64,
	/// Tells what runs from what ran before an update.
	pub workload: u64,
}

impl fmt::Display for Identity {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}-{}", self.lease, self.workload)
	}
}

impl FromStr for Identity {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let number = |text: &str| text.parse().map_err(|error| format!("{text:?}: {error}"));
		let (lease, workload) = text.split_once('-').ok_or("one number, not two")?;
		Ok(Self {
			lease: number(lease)?,
			workload: number(workload)?,
		})
	}
}

/// Hashes fields, each with its length.
fn hashed<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> u64 {
	let mut hasher = blake3::Hasher::new();
	for field in fields {
		hasher.update(&(field.len() as u64).to_le_bytes());
		hasher.update(field);
	}
	let mut bytes = [0; 8];
	hasher.finalize_xof().fill(&mut bytes);
	u64::from_le_bytes(bytes)
}

impl DesiredLease {
	/// What is written on all that is started for it.
	pub fn identity(&self) -> Identity {
		let parts: Vec<u8> = self
			.parts
			.iter()
			.flat_map(|part| part.to_le_bytes())
			.collect();
		let bought = [
			&self.lease.to_le_bytes()[..],
			&self.opened_at.to_le_bytes(),
			&self.tenant,
			&[self.isolation as u8, self.gpus],
			&parts,
			&self.cpu_millis.to_le_bytes(),
			&self.memory_mib.to_le_bytes(),
			&self.disk_mib.to_le_bytes(),
		];
		let port = self.port.map(u16::to_le_bytes);
		// Neither health check nor restarts: a change of these needs no other container.
		let runs = [
			&[self.kind as u8][..],
			&self.digest,
			self.reference.as_bytes(),
			port.as_ref().map_or(&[], |port| &port[..]),
		];
		let words = self.command.iter().map(String::as_bytes);
		Identity {
			lease: hashed(bought),
			workload: hashed(runs.into_iter().chain(words)),
		}
	}
}

/// A lease, and what each of two states says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
	/// It, as the newer state knows it.
	pub lease: DesiredLease,
	/// Whether the newest state has it: if not, it ended, though not finally.
	pub is_open: bool,
}

/// What two states together want of this machine. A service begins as soon as the newest state has it, so that
/// its tenant need not wait for finality; a job, which has effects once, when that is final. Nothing ends
/// before its end is final.
pub fn wanted(newest: Vec<DesiredLease>, finalized: Vec<DesiredLease>) -> Vec<Wanted> {
	let mut all = BTreeMap::new();
	for lease in finalized {
		all.insert(
			(lease.lease, lease.identity().lease),
			Wanted {
				lease,
				is_open: false,
			},
		);
	}
	for lease in newest {
		let key = (lease.lease, lease.identity().lease);
		let is_final = all.contains_key(&key);
		if !is_final && lease.port.is_none() {
			continue;
		}
		// On two forks one number may be two leases: the final one is the one.
		if !is_final && all.range((key.0, 0)..=(key.0, u64::MAX)).next().is_some() {
			continue;
		}
		all.insert(
			key,
			Wanted {
				lease,
				is_open: true,
			},
		);
	}
	all.into_values().collect()
}

/// What an engine runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actual {
	/// The lease that it belongs to.
	pub lease: u64,
	/// Its generation.
	pub generation: u32,
	/// Which lease of that number it was started for; `None` where that is not known.
	pub identity: Option<Identity>,
	/// How it is.
	pub condition: Condition,
}

impl Actual {
	/// Whether it was started for this lease.
	fn is_of(&self, lease: &DesiredLease) -> bool {
		let lease_of = |identity: Identity| identity.lease;
		self.generation == lease.generation
			&& self.identity.map(lease_of) == Some(lease.identity().lease)
	}

	/// Whether it is of an earlier revision than the lease, or of a later one on a fork that came to nothing.
	fn is_outdated(&self, lease: &DesiredLease) -> bool {
		self.identity != Some(lease.identity())
	}

	/// Whether it answers tenants, and where.
	pub fn endpoint(&self) -> Option<&str> {
		match &self.condition {
			Condition::Running(endpoint)
			| Condition::Unproven(endpoint)
			| Condition::Ill { endpoint, .. } => Some(endpoint),
			Condition::Ended(_) | Condition::Partial => None,
		}
	}
}

/// How something that belongs to a lease is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
	/// It runs and answers here; empty for a batch job.
	Running(String),
	/// It runs, but no health check of it has succeeded yet.
	Unproven(String),
	/// It runs, but is not well.
	Ill {
		/// Where it should answer.
		endpoint: String,
		/// What is wrong.
		why: String,
	},
	/// It came to an end by itself: well, or as it says.
	Ended(Result<(), String>),
	/// An interrupted start or stop left parts of it.
	Partial,
}

/// How something came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
	/// By itself, well.
	Well,
	/// By itself, as it says.
	Failed(String),
	/// It runs, but is not well.
	Ill(String),
}

impl From<Result<(), String>> for Ending {
	fn from(ended: Result<(), String>) -> Self {
		ended.map_or_else(Self::Failed, |()| Self::Well)
	}
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
	/// Dispense and start it.
	Start(DesiredLease),
	/// Dispense it, and replace what runs of an earlier revision.
	Update(DesiredLease),
	/// Stop it and remove what belongs to it.
	Stop {
		/// The lease.
		lease: u64,
	},
	/// See to one that came to an end, or is not well.
	Conclude {
		/// The lease.
		lease: DesiredLease,
		/// How it ended.
		ended: Ending,
	},
	/// Tell the chain where it answers.
	Report {
		/// The lease.
		lease: u64,
		/// Its generation.
		generation: u32,
		/// Where it answers.
		endpoint: String,
		/// The revision that runs.
		revision: u32,
	},
}

/// What turns `actual` into what is wanted. Stops come first: they free what starts need. Doing it twice
/// does nothing more than doing it once.
pub fn plan(wanted: &[Wanted], actual: &[Actual]) -> Vec<Action> {
	let wanted: BTreeMap<u64, &Wanted> = wanted
		.iter()
		.map(|wanted| (wanted.lease.lease, wanted))
		.collect();
	let running: BTreeMap<u64, &Actual> = actual.iter().map(|found| (found.lease, found)).collect();
	let stops = running
		.values()
		.filter(|found| {
			wanted
				.get(&found.lease)
				.is_none_or(|wanted| !found.is_of(&wanted.lease))
		})
		.map(|found| Action::Stop { lease: found.lease });
	let rest = wanted
		.values()
		// One that ended needs nothing any more but to be stopped, when that is final.
		.filter(|wanted| wanted.is_open)
		.map(|wanted| &wanted.lease)
		.filter_map(|lease| match running.get(&lease.lease) {
			None => Some(Action::Start(lease.clone())),
			// Stopped in this pass, started in the next.
			Some(found) if !found.is_of(lease) => None,
			Some(found) => next(lease, found),
		});
	stops.chain(rest).collect()
}

/// What a lease needs for which something was started already.
fn next(lease: &DesiredLease, found: &Actual) -> Option<Action> {
	let is_outdated = found.is_outdated(lease);
	let (endpoint, is_well) = match &found.condition {
		Condition::Running(endpoint) => (endpoint, true),
		Condition::Unproven(endpoint) => (endpoint, false),
		Condition::Partial => return Some(Action::Start(lease.clone())),
		// There is nothing left to be kept running until its turn comes.
		Condition::Ended(_) if is_outdated => return Some(Action::Start(lease.clone())),
		Condition::Ended(ended) => {
			return Some(Action::Conclude {
				lease: lease.clone(),
				ended: ended.clone().into(),
			})
		}
		Condition::Ill { why, .. } if !is_outdated || !lease.may_update => {
			return Some(Action::Conclude {
				lease: lease.clone(),
				ended: Ending::Ill(why.clone()),
			})
		}
		Condition::Ill { endpoint, .. } => (endpoint, false),
	};
	if is_outdated && lease.may_update {
		return Some(Action::Update(lease.clone()));
	}
	// A new revision counts as running when it is known to be well, for the next replica waits for that.
	let revision = match is_well && !is_outdated {
		true => lease.revision,
		false => lease.reported_revision,
	};
	let is_known = lease.endpoint.as_ref() == Some(endpoint) && revision == lease.reported_revision;
	(!is_known).then(|| Action::Report {
		lease: lease.lease,
		generation: lease.generation,
		endpoint: endpoint.clone(),
		revision,
	})
}

/// The part of a processor that may be leased while it still proves, in tenths: what is left reaches the
/// score below which an epoch counts as none.
const LEASED_TENTHS: u64 = 3;

/// Whether leases leave too little of a device to prove what it can do: any lease of GPUs of a GPU, and
/// more than three tenths of a processor. A lease without a limit takes all of it.
pub fn is_busy(is_gpu: bool, cpu_millis: u32, leases: &[DesiredLease]) -> bool {
	if is_gpu {
		return leases.iter().any(|lease| lease.gpus > 0);
	}
	let leased: u64 = leases
		.iter()
		.map(|lease| match lease.cpu_millis {
			0 => u64::from(cpu_millis),
			limit => limit.into(),
		})
		.sum();
	leased * 10 > u64::from(cpu_millis) * LEASED_TENTHS
}

#[cfg(test)]
#[allow(clippy::cloned_ref_to_slice_refs, reason = "a list reads better")]
mod tests {
	use proptest::prelude::*;

	use super::*;

	#[test]
	fn a_processor_is_busy_when_leases_take_more_than_three_tenths() {
		let lease = |cpu_millis, gpus| DesiredLease {
			cpu_millis,
			gpus,
			..desired(1, 0, None)
		};
		assert!(!is_busy(false, 4_000, &[]));
		assert!(!is_busy(false, 4_000, &[lease(600, 0), lease(600, 0)]));
		assert!(is_busy(false, 4_000, &[lease(600, 0), lease(601, 0)]));
		assert!(is_busy(false, 4_000, &[lease(0, 0)]), "without a limit");
		assert!(!is_busy(true, 0, &[lease(4_000, 0)]));
		assert!(is_busy(true, 0, &[lease(1, 1)]));
	}

	fn desired(lease: u64, generation: u32, endpoint: Option<&str>) -> DesiredLease {
		DesiredLease {
			lease,
			generation,
			kind: ImageKind::Wasm,
			isolation: Isolation::Wasm,
			release: None,
			digest: [0; 32],
			reference: String::new(),
			command: vec![],
			port: Some(80),
			cpu_millis: 0,
			memory_mib: 64,
			disk_mib: 0,
			parts: vec![],
			gpus: 0,
			opened_at: 1,
			endpoint: endpoint.map(Into::into),
			may_update: true,
			..Default::default()
		}
	}

	/// Wants the leases in both states.
	fn plan(leases: &[DesiredLease], actual: &[Actual]) -> Vec<Action> {
		super::plan(&wanted(leases.to_vec(), leases.to_vec()), actual)
	}

	fn actual(lease: u64, generation: u32) -> Actual {
		Actual {
			lease,
			generation,
			identity: Some(desired(lease, generation, None).identity()),
			condition: Condition::Running(format!("host:{lease}")),
		}
	}

	fn found(lease: u64, condition: Condition) -> Actual {
		Actual {
			lease,
			generation: 0,
			identity: Some(desired(lease, 0, None).identity()),
			condition,
		}
	}

	#[test]
	fn a_service_begins_before_its_lease_is_final_and_a_job_does_not() {
		let service = desired(1, 0, None);
		let job = DesiredLease {
			port: None,
			..desired(2, 0, None)
		};
		let newest = vec![service.clone(), job.clone()];
		let early = wanted(newest.clone(), vec![]);
		assert_eq!(super::plan(&early, &[]), [Action::Start(service.clone())]);
		let late = wanted(newest.clone(), newest);
		let both = [Action::Start(service), Action::Start(job)];
		assert_eq!(super::plan(&late, &[]), both);
	}

	#[test]
	fn what_ended_goes_on_until_that_is_final_and_is_not_started_again() {
		let lease = desired(1, 0, None);
		let ending = wanted(vec![], vec![lease]);
		assert_eq!(super::plan(&ending, &[actual(1, 0)]), []);
		assert_eq!(super::plan(&ending, &[]), []);
		let ended = wanted(vec![], vec![]);
		let stop = [Action::Stop { lease: 1 }];
		assert_eq!(super::plan(&ended, &[actual(1, 0)]), stop);
	}

	#[test]
	fn what_was_started_on_a_fork_that_came_to_nothing_is_stopped() {
		let other = |lease: DesiredLease| DesiredLease {
			tenant: [1; 32],
			..lease
		};
		let on_the_fork = desired(1, 0, None);
		let on_the_chain = other(on_the_fork.clone());
		let stop = [Action::Stop { lease: 1 }];
		assert_eq!(super::plan(&[], &[actual(1, 0)]), stop);
		// Its number was given to something else there.
		let now = wanted(vec![on_the_chain.clone()], vec![]);
		assert_eq!(super::plan(&now, &[actual(1, 0)]), stop);
		let next = [Action::Start(on_the_chain.clone())];
		assert_eq!(super::plan(&now, &[]), next);
		// And what is final is right, whatever the newest state says.
		let final_one = wanted(vec![on_the_fork], vec![on_the_chain]);
		assert_eq!(super::plan(&final_one, &[actual(1, 0)]), stop);
	}

	#[test]
	fn leases_that_differ_in_what_they_are_or_run_are_told_apart() {
		let lease = desired(1, 0, None);
		let same = DesiredLease {
			restart: Restart::Always(1),
			revision: 1,
			..desired(1, 0, Some("host:1"))
		};
		assert_eq!(lease.identity(), same.identity());
		let others: [fn(&mut DesiredLease); 7] = [
			|lease| lease.disk_mib = 1,
			|lease| lease.tenant = [1; 32],
			|lease| lease.isolation = Isolation::Gvisor,
			|lease| lease.parts = vec![1],
			|lease| lease.lease = 2,
			|lease| lease.opened_at = 2,
			|lease| lease.memory_mib = 65,
		];
		let workloads: [fn(&mut DesiredLease); 6] = [
			|lease| lease.kind = ImageKind::Oci,
			|lease| lease.digest = [1; 32],
			|lease| lease.reference = "x".into(),
			|lease| lease.command = vec!["x".into()],
			|lease| lease.command = vec![String::new()],
			|lease| lease.port = None,
		];
		let changed = |change: fn(&mut DesiredLease)| {
			let mut other = lease.clone();
			change(&mut other);
			other.identity()
		};
		for other in others.map(changed) {
			assert_ne!(lease.identity().lease, other.lease);
			assert_eq!(lease.identity().workload, other.workload);
		}
		for other in workloads.map(changed) {
			assert_eq!(lease.identity().lease, other.lease);
			assert_ne!(lease.identity().workload, other.workload);
		}
	}

	#[test]
	fn an_identity_is_read_as_it_was_written_and_nothing_else_is_one() {
		let identity = desired(1, 0, None).identity();
		assert_eq!(identity.to_string().parse(), Ok(identity));
		for text in [
			"",
			"1",
			"1-",
			"-1",
			"1-2-3",
			"x-1",
			"18446744073709551616-1",
		] {
			assert!(text.parse::<Identity>().is_err(), "{text}");
		}
	}

	/// The lease in its next revision, of which the chain knows that revision 0 runs.
	fn updated(may_update: bool) -> DesiredLease {
		DesiredLease {
			digest: [1; 32],
			revision: 1,
			may_update,
			..desired(1, 0, Some("host:1"))
		}
	}

	#[test]
	fn an_update_replaces_what_runs_when_it_is_its_turn_and_not_before() {
		let waiting = updated(false);
		assert_eq!(plan(&[waiting], &[actual(1, 0)]), []);
		let lease = updated(true);
		let update = [Action::Update(lease.clone())];
		assert_eq!(plan(&[lease.clone()], &[actual(1, 0)]), update);
		let ill = Condition::Ill {
			endpoint: "host:1".into(),
			why: "status 500".into(),
		};
		assert_eq!(plan(&[lease], &[found(1, ill)]), update);
	}

	#[test]
	fn what_ended_before_its_turn_begins_with_the_new_revision() {
		let lease = updated(false);
		let over = found(1, Condition::Ended(Err("status 1".into())));
		assert_eq!(plan(&[lease.clone()], &[over]), [Action::Start(lease)]);
	}

	#[test]
	fn a_new_revision_is_reported_when_it_is_known_to_be_well_and_its_endpoint_at_once() {
		let lease = updated(true);
		let runs = |condition| Actual {
			identity: Some(lease.identity()),
			..found(1, condition)
		};
		let report = |endpoint: &str, revision| Action::Report {
			lease: 1,
			generation: 0,
			endpoint: endpoint.into(),
			revision,
		};
		let plan = |condition| plan(&[lease.clone()], &[runs(condition)]);
		assert_eq!(plan(Condition::Unproven("host:1".into())), []);
		let moved = plan(Condition::Unproven("host:2".into()));
		assert_eq!(moved, [report("host:2", 0)]);
		let well = plan(Condition::Running("host:2".into()));
		assert_eq!(well, [report("host:2", 1)]);
	}

	#[test]
	fn an_update_of_health_and_restarts_alone_is_reported_and_replaces_nothing() {
		let lease = DesiredLease {
			restart: Restart::Always(9),
			revision: 1,
			..desired(1, 0, Some("host:1"))
		};
		let report = Action::Report {
			lease: 1,
			generation: 0,
			endpoint: "host:1".into(),
			revision: 1,
		};
		assert_eq!(plan(&[lease], &[actual(1, 0)]), [report]);
	}

	#[test]
	fn what_is_not_well_is_concluded() {
		let lease = desired(1, 0, Some("host:1"));
		let why = "status 500".to_string();
		let ill = found(
			1,
			Condition::Ill {
				endpoint: "host:1".into(),
				why: why.clone(),
			},
		);
		let ended = Ending::Ill(why);
		assert_eq!(
			plan(&[lease.clone()], &[ill]),
			[Action::Conclude { lease, ended }]
		);
	}

	#[test]
	fn restarts_are_as_many_as_the_policy_says_of_such_an_end() {
		let failed = Ending::Failed("status 1".into());
		let ill = Ending::Ill("status 500".into());
		for (restart, most) in [
			(Restart::Never, [0, 0, 0]),
			(Restart::OnFailure(3), [0, 3, 3]),
			(Restart::Always(2), [2, 2, 2]),
		] {
			let found = [&Ending::Well, &failed, &ill].map(|ending| restart.most(ending));
			assert_eq!(found, most, "{restart:?}");
		}
	}

	#[test]
	fn a_lease_that_does_not_run_is_started() {
		let lease = desired(1, 0, None);
		assert_eq!(plan(&[lease.clone()], &[]), [Action::Start(lease)]);
	}

	#[test]
	fn what_runs_without_a_lease_is_stopped() {
		assert_eq!(plan(&[], &[actual(1, 0)]), [Action::Stop { lease: 1 }]);
	}

	#[test]
	fn an_old_generation_is_stopped_before_the_new_one_starts() {
		assert_eq!(
			plan(&[desired(1, 2, None)], &[actual(1, 1)]),
			[Action::Stop { lease: 1 }]
		);
	}

	#[test]
	fn a_running_lease_is_reported_until_the_chain_knows_its_endpoint() {
		let report = Action::Report {
			lease: 1,
			generation: 0,
			endpoint: "host:1".into(),
			revision: 0,
		};
		assert_eq!(
			plan(&[desired(1, 0, None)], &[actual(1, 0)]),
			[report.clone()]
		);
		assert_eq!(
			plan(&[desired(1, 0, Some("old:1"))], &[actual(1, 0)]),
			[report]
		);
		assert_eq!(plan(&[desired(1, 0, Some("host:1"))], &[actual(1, 0)]), []);
	}

	#[test]
	fn what_is_left_of_a_lease_that_is_over_is_removed_whatever_its_condition() {
		for condition in [
			Condition::Partial,
			Condition::Ended(Ok(())),
			Condition::Ended(Err("status 1".into())),
		] {
			assert_eq!(
				plan(&[], &[found(1, condition)]),
				[Action::Stop { lease: 1 }]
			);
		}
	}

	#[test]
	fn what_an_interrupted_start_left_is_started_again() {
		let lease = desired(1, 0, None);
		let left = found(1, Condition::Partial);
		assert_eq!(plan(&[lease.clone()], &[left]), [Action::Start(lease)]);
	}

	#[test]
	fn what_ended_by_itself_is_concluded_and_never_started_by_the_plan() {
		let lease = desired(1, 0, None);
		let over = found(1, Condition::Ended(Ok(())));
		let ended = Ending::Well;
		assert_eq!(
			plan(&[lease.clone()], &[over]),
			[Action::Conclude { lease, ended }]
		);
	}

	/// What an engine has started.
	fn started(lease: &DesiredLease) -> Actual {
		Actual {
			identity: Some(lease.identity()),
			..actual(lease.lease, lease.generation)
		}
	}

	/// Does the actions on a model of the machine and the chain.
	fn apply(actions: &[Action], desired: &mut Vec<DesiredLease>, actual: &mut Vec<Actual>) {
		for action in actions {
			match action {
				// The engine replaces one by the other.
				Action::Update(lease) => {
					actual.retain(|found| found.lease != lease.lease);
					actual.push(started(lease));
				}
				Action::Start(lease) => {
					let runs = |found: &Actual| found.endpoint().is_some();
					let same = |found: &Actual| found.lease == lease.lease;
					assert!(
						!actual.iter().any(|found| same(found) && runs(found)),
						"run twice"
					);
					actual.retain(|found| !same(found));
					actual.push(started(lease));
				}
				Action::Conclude { lease, .. } => {
					desired.retain(|wanted| wanted.lease != lease.lease);
				}
				Action::Stop { lease } => actual.retain(|found| found.lease != *lease),
				Action::Report {
					lease,
					endpoint,
					revision,
					..
				} => desired
					.iter_mut()
					.filter(|wanted| wanted.lease == *lease)
					.for_each(|wanted| {
						wanted.endpoint = Some(endpoint.clone());
						wanted.reported_revision = *revision;
					}),
			}
		}
	}

	proptest! {
		#[test]
		fn from_any_state_four_passes_lead_to_what_is_desired(
			wanted in prop::collection::btree_map(0u64..8, (0u32..3, 0u32..3), 0..6),
			found in prop::collection::btree_map(0u64..8, (0u32..3, 0u8..6), 0..6),
		) {
			let mut wanted: Vec<_> =
				wanted
					.into_iter()
					.map(|(lease, (generation, revision))| DesiredLease {
						// Each but the first is another workload.
						port: Some(80 + revision as u16),
						revision,
						..desired(lease, generation, None)
					})
					.collect();
			let mut found: Vec<_> = found
				.into_iter()
				.map(|(lease, (generation, condition))| Actual {
					lease,
					generation,
					identity: Some(desired(lease, generation, None).identity()),
					condition: match condition {
						0 => Condition::Partial,
						1 => Condition::Ended(Ok(())),
						2 => Condition::Ended(Err("status 1".into())),
						3 => Condition::Unproven("elsewhere:1".into()),
						4 => Condition::Ill {
							endpoint: "elsewhere:1".into(),
							why: "status 500".into(),
						},
						_ => Condition::Running("elsewhere:1".into()),
					},
				})
				.collect();
			for _ in 0..4 {
				let actions = plan(&wanted, &found);
				apply(&actions, &mut wanted, &mut found);
			}
			// What is not proven yet waits to be.
			found.retain(|found| !matches!(found.condition, Condition::Unproven(_)));
			wanted.retain(|wanted| found.iter().any(|found| found.lease == wanted.lease));
			prop_assert_eq!(plan(&wanted, &found), []);
			prop_assert_eq!(wanted.len(), found.len());
		}
	}
}
