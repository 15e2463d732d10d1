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

/// A lease that should run on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredLease {
	/// Its identifier.
	pub lease: u64,
	/// Its generation: reports of another are refused.
	pub generation: u32,
	/// Container or module.
	pub kind: ImageKind,
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
	/// Number of GPUs.
	pub gpus: u8,
	/// What the chain believes: the endpoint of a running lease, `None` before it runs.
	pub endpoint: Option<String>,
}

/// What an engine runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actual {
	/// The lease that it belongs to.
	pub lease: u64,
	/// Its generation.
	pub generation: u32,
	/// How it is.
	pub condition: Condition,
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

/// What turns `actual` into `desired`. Stops come first: they free what starts need. Doing it twice
/// does nothing more than doing it once.
pub fn plan(desired: &[DesiredLease], actual: &[Actual]) -> Vec<Action> {
	let wanted: BTreeMap<u64, &DesiredLease> =
		desired.iter().map(|lease| (lease.lease, lease)).collect();
	let running: BTreeMap<u64, &Actual> = actual.iter().map(|found| (found.lease, found)).collect();
	let stops = running
		.values()
		.filter(|found| {
			wanted
				.get(&found.lease)
				.is_none_or(|lease| lease.generation != found.generation)
		})
		.map(|found| Action::Stop { lease: found.lease });
	let rest = wanted
		.values()
		.filter_map(|lease| match running.get(&lease.lease) {
			None => Some(Action::Start((*lease).clone())),
			// Stopped in this pass, started in the next.
			Some(found) if found.generation != lease.generation => None,
			Some(found) => match &found.condition {
				Condition::Partial => Some(Action::Start((*lease).clone())),
				Condition::Ended(ended) => Some(Action::Conclude {
					lease: (*lease).clone(),
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
			digest: [0; 32],
			reference: String::new(),
			command: vec![],
			port: Some(80),
			cpu_millis: 0,
			memory_mib: 64,
			gpus: 0,
			endpoint: endpoint.map(Into::into),
		}
	}

	fn actual(lease: u64, generation: u32) -> Actual {
		Actual {
			lease,
			generation,
			condition: Condition::Running(format!("host:{lease}")),
		}
	}

	fn found(lease: u64, condition: Condition) -> Actual {
		Actual {
			lease,
			generation: 0,
			condition,
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
