//! What should run, what runs, and what to do about the difference.

use std::collections::BTreeMap;

/// What an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageKind {
	/// A container image.
	Oci,
	/// A WebAssembly module.
	Wasm,
}

/// How well a workspace is walled off from its machine; the chain knows these classes by the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
	/// A container on the machine's kernel.
	Container,
	/// A container on a kernel of its own.
	Gvisor,
	/// A WebAssembly sandbox.
	Wasm,
	/// A virtual machine.
	Vm,
}

/// A lease that should run on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredLease {
	/// Its identifier.
	pub lease: u64,
	/// Its generation: reports of another are refused.
	pub generation: u32,
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
	/// The HIDs that it is cut from.
	pub parts: Vec<u64>,
	/// Number of GPUs among them.
	pub gpus: u8,
	/// Block in which the lease was opened.
	pub opened_at: u32,
	/// What the chain believes: the endpoint of a running lease, `None` before it runs.
	pub endpoint: Option<String>,
}

impl DesiredLease {
	/// Tells it from any other that ever had or will have its number: on a fork that came to nothing, the same
	/// number may have been given to something else.
	pub fn identity(&self) -> u64 {
		let mut hasher = blake3::Hasher::new();
		let mut add = |bytes: &[u8]| {
			hasher.update(&(bytes.len() as u64).to_le_bytes());
			hasher.update(bytes);
		};
		add(&self.lease.to_le_bytes());
		add(&self.opened_at.to_le_bytes());
		add(&[self.kind as u8, self.isolation as u8, self.gpus]);
		for part in &self.parts {
			add(&part.to_le_bytes());
		}
		add(&self.digest);
		add(self.reference.as_bytes());
		add(&self
			.port
			.map_or_else(Vec::new, |port| port.to_le_bytes().into()));
		add(&self.cpu_millis.to_le_bytes());
		add(&self.memory_mib.to_le_bytes());
		for word in &self.command {
			add(word.as_bytes());
		}
		let mut bytes = [0; 8];
		hasher.finalize_xof().fill(&mut bytes);
		u64::from_le_bytes(bytes)
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
			(lease.lease, lease.identity()),
			Wanted {
				lease,
				is_open: false,
			},
		);
	}
	for lease in newest {
		let key = (lease.lease, lease.identity());
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
	pub identity: Option<u64>,
	/// How it is.
	pub condition: Condition,
}

impl Actual {
	/// Whether it was started for this lease as it is now.
	fn is_of(&self, lease: &DesiredLease) -> bool {
		self.generation == lease.generation && self.identity == Some(lease.identity())
	}
}

/// How something that belongs to a lease is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
	/// It runs and answers here; empty for a batch job.
	Running(String),
	/// It came to an end by itself: well, or as it says.
	Ended(Result<(), String>),
	/// An interrupted start or stop left parts of it.
	Partial,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
	/// Dispense and start it.
	Start(DesiredLease),
	/// Stop it and remove what belongs to it.
	Stop {
		/// The lease.
		lease: u64,
	},
	/// See to one that came to an end by itself.
	Conclude {
		/// The lease.
		lease: DesiredLease,
		/// How it ended.
		ended: Result<(), String>,
	},
	/// Tell the chain where it answers.
	Report {
		/// The lease.
		lease: u64,
		/// Its generation.
		generation: u32,
		/// Where it answers.
		endpoint: String,
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
			Some(found) => match &found.condition {
				Condition::Partial => Some(Action::Start(lease.clone())),
				Condition::Ended(ended) => Some(Action::Conclude {
					lease: lease.clone(),
					ended: ended.clone(),
				}),
				Condition::Running(endpoint) => {
					(lease.endpoint.as_ref() != Some(endpoint)).then(|| Action::Report {
						lease: lease.lease,
						generation: lease.generation,
						endpoint: endpoint.clone(),
					})
				}
			},
		});
	stops.chain(rest).collect()
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
			parts: vec![],
			gpus: 0,
			opened_at: 1,
			endpoint: endpoint.map(Into::into),
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
			digest: [1; 32],
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
	fn leases_that_differ_in_anything_but_their_endpoint_are_told_apart() {
		let lease = desired(1, 0, None);
		let same = desired(1, 0, Some("host:1"));
		assert_eq!(lease.identity(), same.identity());
		let others: [fn(&mut DesiredLease); 10] = [
			|lease| lease.isolation = Isolation::Gvisor,
			|lease| lease.parts = vec![1],
			|lease| lease.lease = 2,
			|lease| lease.opened_at = 2,
			|lease| lease.kind = ImageKind::Oci,
			|lease| lease.digest = [1; 32],
			|lease| lease.reference = "x".into(),
			|lease| lease.command = vec!["x".into()],
			|lease| lease.port = None,
			|lease| lease.memory_mib = 65,
		];
		for change in others {
			let mut other = lease.clone();
			change(&mut other);
			assert_ne!(lease.identity(), other.identity(), "{other:?}");
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
		let ended = Ok(());
		assert_eq!(
			plan(&[lease.clone()], &[over]),
			[Action::Conclude { lease, ended }]
		);
	}

	/// Does the actions on a model of the machine and the chain.
	fn apply(actions: &[Action], desired: &mut Vec<DesiredLease>, actual: &mut Vec<Actual>) {
		for action in actions {
			match action {
				Action::Start(lease) => {
					let runs = |found: &Actual| matches!(found.condition, Condition::Running(_));
					let same = |found: &Actual| found.lease == lease.lease;
					assert!(
						!actual.iter().any(|found| same(found) && runs(found)),
						"run twice"
					);
					actual.retain(|found| !same(found));
					actual.push(super::tests::actual(lease.lease, lease.generation));
				}
				Action::Conclude { lease, .. } => {
					desired.retain(|wanted| wanted.lease != lease.lease);
				}
				Action::Stop { lease } => actual.retain(|found| found.lease != *lease),
				Action::Report {
					lease, endpoint, ..
				} => desired
					.iter_mut()
					.filter(|wanted| wanted.lease == *lease)
					.for_each(|wanted| wanted.endpoint = Some(endpoint.clone())),
			}
		}
	}

	proptest! {
		#[test]
		fn from_any_state_four_passes_lead_to_what_is_desired(
			wanted in prop::collection::btree_map(0u64..8, 0u32..3, 0..6),
			found in prop::collection::btree_map(0u64..8, (0u32..3, 0u8..4), 0..6),
		) {
			let mut wanted: Vec<_> =
				wanted.into_iter().map(|(lease, g)| desired(lease, g, None)).collect();
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
						_ => Condition::Running("elsewhere:1".into()),
					},
				})
				.collect();
			for _ in 0..4 {
				let actions = plan(&wanted, &found);
				apply(&actions, &mut wanted, &mut found);
			}
			prop_assert_eq!(plan(&wanted, &found), []);
			prop_assert_eq!(wanted.len(), found.len());
		}
	}
}
