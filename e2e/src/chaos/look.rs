//! Looking from outside: does what runs agree with what the chain says?
//!
//! Believes neither side: leases are the chain's word, containers the engine's, and an endpoint counts only if it
//! gives the right answer. [`judge`] is pure, so that its rules have tests of their own.

use std::collections::{BTreeMap, BTreeSet};

use eyre::Result;
use serde_json::Value;

use crate::{cli::text, docker, images, main_job::identifier, main_job::list, rpc};

/// What workspaces are asked.
const QUESTION: &str = "usus+et+fructus";

/// What a workspace runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
	/// WebAssembly, in the agent.
	Module,
	/// A container.
	Container,
}

impl Sort {
	/// Its isolation class.
	pub fn isolation(self) -> &'static str {
		match self {
			Self::Module => "wasm",
			Self::Container => "container",
		}
	}
}

/// A lease, as the chain has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
	/// Its identifier.
	pub lease: u64,
	/// The request, and which of its replicas.
	pub replica: (u64, u64),
	/// The resource.
	pub vid: u64,
	/// The machine.
	pub node: u64,
	/// Where it is, as the command line names it.
	pub state: String,
	/// Where it answers; empty before it runs.
	pub endpoint: String,
	/// The block at which its term ends.
	pub ends_at: u64,
}

impl Lease {
	/// Reads what the command line lists.
	pub fn read(value: &Value) -> Result<Self> {
		Ok(Self {
			lease: identifier(value, "lease")?,
			replica: (identifier(value, "request")?, identifier(value, "replica")?),
			vid: identifier(value, "vid")?,
			node: identifier(value, "node")?,
			state: text(value, "state")?.into(),
			endpoint: text(value, "endpoint")?.into(),
			ends_at: identifier(value, "ends_at")?,
		})
	}

	/// Whether the chain says that it runs.
	pub fn runs(&self) -> bool {
		self.state == "Running"
	}
}

/// What was seen at one moment.
#[derive(Clone, Debug, Default)]
pub struct Seen {
	/// All leases.
	pub leases: Vec<Lease>,
	/// How many containers run for each lease, by the engine's word.
	pub containers: BTreeMap<u64, usize>,
	/// Endpoints that gave a right answer, and what runs there.
	pub answers: BTreeMap<String, Sort>,
	/// How many leases each agent says that it runs, by node; `None` where it does not say.
	pub agents: BTreeMap<u64, Option<u64>>,
}

/// What is wrong at one moment, in words; and what must never be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
	/// Whatever is not as it should be.
	pub troubles: Vec<String>,
	/// Leases that run more than once.
	pub twice: BTreeSet<u64>,
	/// What runs for no lease: a lease that ended, or an endpoint.
	pub without: BTreeSet<String>,
	/// Leases that were seen running, and to answer.
	pub well: BTreeSet<u64>,
}

/// Compares what the chain says with what runs. `sorts` says what each resource is for; `known` are the
/// endpoints that any lease ever had.
pub fn judge(seen: &Seen, sorts: &BTreeMap<u64, Sort>, known: &BTreeMap<String, u64>) -> Verdict {
	let mut verdict = Verdict::default();
	let mut owners: BTreeMap<&str, u64> = BTreeMap::new();
	for lease in &seen.leases {
		let id = lease.lease;
		if !lease.runs() {
			let state = &lease.state;
			verdict.troubles.push(format!("lease {id} is {state}"));
			continue;
		}
		if let Some(other) = owners.insert(&lease.endpoint, id) {
			let endpoint = &lease.endpoint;
			verdict
				.troubles
				.push(format!("leases {other} and {id} are both at {endpoint}"));
		}
		let sort = sorts.get(&lease.vid);
		let answers = seen.answers.get(&lease.endpoint);
		if answers.is_none() || answers != sort {
			let (endpoint, node) = (&lease.endpoint, lease.node);
			verdict.troubles.push(format!(
				"lease {id} does not answer at {endpoint} of node {node}"
			));
			continue;
		}
		let count = seen.containers.get(&id).copied().unwrap_or(0);
		if sort == Some(&Sort::Container) && count != 1 {
			verdict
				.troubles
				.push(format!("lease {id} has {count} running containers"));
			continue;
		}
		verdict.well.insert(id);
	}
	for (lease, count) in &seen.containers {
		if *count > 1 {
			verdict.twice.insert(*lease);
			verdict
				.troubles
				.push(format!("{count} containers run for lease {lease}"));
		}
		if seen.leases.iter().all(|known| known.lease != *lease) {
			verdict
				.without
				.insert(format!("a container of lease {lease}"));
		}
	}
	for endpoint in seen.answers.keys() {
		if owners.contains_key(endpoint.as_str()) {
			continue;
		}
		let Some(lease) = known.get(endpoint) else {
			continue;
		};
		let still = seen.leases.iter().find(|found| found.lease == *lease);
		match still {
			// It was restarted, and the old place still answers.
			Some(still) if still.runs() && seen.answers.contains_key(&still.endpoint) => {
				verdict.twice.insert(*lease);
				verdict.troubles.push(format!(
					"lease {lease} answers at {endpoint} and at {}",
					still.endpoint
				));
			}
			// Its agent has not told yet.
			Some(_) => {}
			None => {
				verdict
					.without
					.insert(format!("{endpoint}, once of lease {lease}"));
			}
		}
	}
	for (node, says) in &seen.agents {
		let on = |lease: &&Lease| lease.node == *node;
		let should = seen.leases.iter().filter(on).count() as u64;
		match says {
			Some(runs) if *runs == should => {}
			Some(runs) => verdict.troubles.push(format!(
				"the agent of node {node} runs {runs} leases, and has {should}"
			)),
			None => verdict
				.troubles
				.push(format!("the agent of node {node} does not answer")),
		}
	}
	let without = verdict.without.iter();
	verdict
		.troubles
		.extend(without.map(|what| format!("{what} runs without a lease")));
	verdict
}

/// The leases that are gone since the last look although they had a term left, and whose replicas are neither
/// placed again nor looked for: the chain ended the request, as for a workspace that can run nowhere. `missing` says
/// how many replicas of a request are looked for; `now` is the best block.
pub fn given_up(
	before: &[Lease],
	after: &[Lease],
	missing: &BTreeMap<u64, u64>,
	now: u64,
) -> Vec<u64> {
	let is_there = |lease: &&Lease| {
		let again = after.iter().any(|other| other.replica == lease.replica);
		let request = lease.replica.0;
		again || missing.get(&request).is_some_and(|missing| *missing > 0)
	};
	before
		.iter()
		.filter(|lease| lease.ends_at > now && !is_there(lease))
		.map(|lease| lease.lease)
		.collect()
}

/// Which of these endpoints give a right answer now, and what runs there.
pub fn ask(endpoints: impl Iterator<Item = String>) -> Result<BTreeMap<String, Sort>> {
	let (module, container) = (
		images::wasm_answer(QUESTION),
		images::container_answer(QUESTION)?,
	);
	let mut answers = BTreeMap::new();
	for endpoint in endpoints {
		// A module is asked by the body, a container by the path; each ignores the other.
		let url = format!("http://{endpoint}/cgi-bin/answer?{QUESTION}");
		let Ok(said) = rpc::post(&url, "text/plain", QUESTION) else {
			continue;
		};
		if said == module {
			answers.insert(endpoint, Sort::Module);
		} else if said == container {
			answers.insert(endpoint, Sort::Container);
		}
	}
	Ok(answers)
}

/// How many containers run for each lease on the engine at `host`.
pub fn containers(host: &str) -> Result<BTreeMap<u64, usize>> {
	let format = "{{.Label \"usufruct.lease\"}}";
	let listed = docker::client(
		host,
		&["ps", "--filter", "label=usufruct.lease", "--format", format],
	)?;
	let mut counts = BTreeMap::new();
	for lease in listed.lines().filter_map(|line| line.trim().parse().ok()) {
		let count: &mut usize = counts.entry(lease).or_default();
		*count = count.saturating_add(1);
	}
	Ok(counts)
}

/// The leases in what the command line lists.
pub fn leases(value: &Value) -> Result<Vec<Lease>> {
	list(value).map(Lease::read).collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	fn lease(id: u64, vid: u64, endpoint: &str) -> Lease {
		Lease {
			lease: id,
			replica: (0, id),
			vid,
			node: 0,
			state: "Running".into(),
			endpoint: endpoint.into(),
			ends_at: 100,
		}
	}

	fn sorts() -> BTreeMap<u64, Sort> {
		BTreeMap::from([(1, Sort::Module), (2, Sort::Container)])
	}

	/// A module and a container that run as they should.
	fn well() -> (Seen, BTreeMap<String, u64>) {
		let seen = Seen {
			leases: vec![lease(5, 1, "a:1"), lease(6, 2, "a:2")],
			containers: BTreeMap::from([(6, 1)]),
			answers: BTreeMap::from([
				("a:1".into(), Sort::Module),
				("a:2".into(), Sort::Container),
			]),
			agents: BTreeMap::from([(0, Some(2))]),
		};
		(seen, BTreeMap::from([("a:1".into(), 5), ("a:2".into(), 6)]))
	}

	fn troubles(seen: &Seen, known: &BTreeMap<String, u64>) -> String {
		judge(seen, &sorts(), known).troubles.join("; ")
	}

	#[test]
	fn where_every_lease_answers_once_nothing_is_wrong() {
		let (seen, known) = well();
		let verdict = judge(&seen, &sorts(), &known);
		assert_eq!(verdict.troubles, Vec::<String>::new());
		assert_eq!(verdict.well, BTreeSet::from([5, 6]));
	}

	#[test]
	fn a_lease_that_is_said_to_run_must_answer_as_what_it_is() {
		let (mut seen, known) = well();
		seen.answers.remove("a:1");
		assert!(troubles(&seen, &known).contains("lease 5 does not answer"));
		seen.answers.insert("a:1".into(), Sort::Container);
		assert!(troubles(&seen, &known).contains("lease 5 does not answer"));
	}

	#[test]
	fn a_container_lease_has_one_container_neither_none_nor_two() {
		let (mut seen, known) = well();
		seen.containers.remove(&6);
		assert!(troubles(&seen, &known).contains("lease 6 has 0 running"));
		seen.containers.insert(6, 2);
		assert_eq!(
			judge(&seen, &sorts(), &known).twice,
			BTreeSet::from([6]),
			"two are one too many"
		);
	}

	#[test]
	fn what_runs_for_a_lease_that_ended_runs_without_one() {
		let (mut seen, known) = well();
		seen.leases.clear();
		seen.agents.clear();
		let verdict = judge(&seen, &sorts(), &known);
		let without: Vec<&str> = verdict.without.iter().map(String::as_str).collect();
		assert_eq!(
			without,
			[
				"a container of lease 6",
				"a:1, once of lease 5",
				"a:2, once of lease 6"
			]
		);
	}

	#[test]
	fn a_lease_that_answers_at_its_old_place_too_runs_twice() {
		let (mut seen, mut known) = well();
		known.insert("a:9".into(), 5);
		seen.answers.insert("a:9".into(), Sort::Module);
		assert_eq!(judge(&seen, &sorts(), &known).twice, BTreeSet::from([5]));
	}

	#[test]
	fn a_place_that_was_given_to_another_lease_is_not_the_old_ones() {
		let (seen, mut known) = well();
		known.insert("a:1".into(), 3);
		assert_eq!(troubles(&seen, &known), "");
	}

	#[test]
	fn a_replica_is_given_up_that_had_a_term_left_and_is_neither_placed_nor_looked_for() {
		let before = [lease(5, 1, "a:1")];
		let gone = |after: &[Lease], missing, now| {
			let missing = BTreeMap::from([(0, missing)]);
			given_up(&before, after, &missing, now).len()
		};
		assert_eq!(gone(&[], 0, 99), 1);
		assert_eq!(gone(&[], 0, 100), 0, "its term was over");
		assert_eq!(gone(&[], 1, 99), 0, "it is looked for");
		let mut again = lease(6, 1, "a:2");
		again.replica = before[0].replica;
		assert_eq!(gone(&[again], 0, 99), 0, "it is elsewhere");
	}

	#[test]
	fn an_agent_runs_as_many_leases_as_its_machine_has() {
		let (mut seen, known) = well();
		seen.agents.insert(0, Some(3));
		assert!(troubles(&seen, &known).contains("runs 3 leases, and has 2"));
		seen.agents.insert(0, None);
		assert!(troubles(&seen, &known).contains("does not answer"));
	}
}
