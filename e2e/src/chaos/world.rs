//! The world in which things go wrong: a chain, three machines, two tenants.

use std::{
	collections::{BTreeMap, BTreeSet},
	path::Path,
	thread::{self, ScopedJoinHandle},
	time::{Duration, Instant},
};

use eyre::{ensure, eyre, Result, WrapErr};
use serde_json::Value;

use super::{
	look::{self, Lease, Seen, Sort, Verdict},
	machine::Machine,
	market::Tenant,
};
use crate::{
	agent::Engine,
	cli::text,
	docker, images,
	ledger::{self, Ledger},
	main_job::{identifier, publish_by, Listener},
	wait, Cli, DockerDaemon, NodeProcess,
};

/// Who own machines.
pub(super) const OWNERS: [&str; 3] = ["//Bob", "//Dave", "//Eve"];
/// Runs modules.
const MODULES: (&str, u64) = ("//Charlie", 3);
/// Runs containers.
const CONTAINERS: (&str, u64) = ("//Ferdie", 2);
/// Between two looks: a look starts some programs.
const PAUSE: Duration = Duration::from_secs(1);
/// Blocks between two heartbeats that the DAO decides on: the fewest that it can. A machine is gone after twice
/// as many.
const HEARTBEAT_PERIOD: &str = "20";
/// Whose votes decide that.
const VOTERS: [&str; 4] = ["//Alice", "//Bob", "//Dave", "//Eve"];
/// The account that keeps what was paid and not earned yet.
const ESCROW: &str = "pallet usu/escr";

/// Everything that runs. Fields stop in their order: agents, engine, chain.
#[derive(Debug)]
pub(super) struct World {
	/// The machines.
	pub(super) machines: Vec<Machine>,
	/// The engine that they share, each with containers of its own.
	pub(super) engine: Option<DockerDaemon>,
	/// The chain.
	pub(super) chain: NodeProcess,
	tenants: Vec<Tenant>,
	anybody: Cli,
	/// What each resource is for.
	sorts: BTreeMap<u64, Sort>,
	/// Where any lease ever answered.
	known: BTreeMap<String, u64>,
	/// Every lease that was ever seen, by its replica.
	pub(super) leases: BTreeMap<u64, (u64, u64)>,
	/// Those that were seen to run as they should.
	pub(super) well: BTreeSet<u64>,
	/// Those that were seen to run more than once.
	pub(super) twice: BTreeSet<u64>,
	/// Those that were there at the last look.
	open: Vec<Lease>,
	/// Those that their tenants ended.
	terminated: BTreeSet<u64>,
	/// Those whose replicas the chain gave up.
	pub(super) given_up: BTreeSet<u64>,
	before: Ledger,
}

/// The chain at one moment, as the command line lists it.
#[derive(Debug)]
struct Listed {
	leases: Value,
	requests: Value,
	nodes: Value,
	resources: Value,
}

impl World {
	/// Starts everything below `folder` and waits until all that the tenants want runs.
	pub(super) fn begin(
		folder: &Path,
		engine: Option<DockerDaemon>,
		own_disks: bool,
		listener: &mut dyn Listener,
	) -> Result<Self> {
		listener.step("A development chain of one validator starts");
		let chain = NodeProcess::start(folder)?;
		let url = chain.url();
		let before = Ledger::read(&chain.http_url())?;
		vote(&url)?;
		listener.detail(&format!(
			"the DAO votes that machines say every {HEARTBEAT_PERIOD} blocks that they are there"
		));

		listener.step("Three owners start their agents");
		let kind = engine
			.as_ref()
			.map_or(Engine::Wasm, |engine| Engine::Docker(engine.host()));
		let start = |owner: &&str| Machine::start(folder, &chain, owner, &kind, own_disks);
		let mut machines = OWNERS.iter().map(start).collect::<Result<Vec<_>>>()?;
		let mut sorts = BTreeMap::new();
		let with_containers = engine.is_some();
		thread::scope(|scope| {
			let machines = machines.iter_mut();
			all(machines
				.map(|machine| scope.spawn(move || machine.wait_registered(with_containers)))
				.collect())
		})?;
		for machine in &machines {
			sorts.extend(machine.slots().iter().map(|slot| (slot.vid, slot.sort)));
			let (name, node) = (&machine.name, machine.node);
			let count = machine.slots().len();
			listener.detail(&format!("node {node} of {name}, cut into {count}"));
		}

		listener.step("Tenants ask for workspaces");
		let tenants = tenants(&url, folder, engine.as_ref())?;
		for tenant in &tenants {
			let (sort, wanted) = (tenant.sort, tenant.wanted());
			listener.detail(&format!("{wanted} replicas of a {sort:?}"));
		}
		let anybody = Cli::new(&url, "//Alice")?;
		Ok(Self {
			machines,
			engine,
			chain,
			tenants,
			anybody,
			sorts,
			known: BTreeMap::new(),
			leases: BTreeMap::new(),
			well: BTreeSet::new(),
			twice: BTreeSet::new(),
			open: Vec::new(),
			terminated: BTreeSet::new(),
			given_up: BTreeSet::new(),
			before,
		})
	}

	/// Waits until everything is as it should be, while people do what they would do; gives how long it took.
	/// Fails with what is wrong where that takes longer than `patience`.
	pub(super) fn settle(&mut self, patience: Duration) -> Result<Duration> {
		let begun = Instant::now();
		loop {
			wait::check_stopped()?;
			let verdict = self.tend_and_look()?;
			if verdict.troubles.is_empty() {
				return Ok(begun.elapsed());
			}
			ensure!(
				begun.elapsed() < patience,
				"not well again after {} s: {}\n{}",
				patience.as_secs(),
				verdict.troubles.join("; "),
				self.logs()
			);
			wait::pause(PAUSE)?;
		}
	}

	/// One round of what owners and tenants do, and of looking.
	pub(super) fn tend_and_look(&mut self) -> Result<Verdict> {
		for machine in &mut self.machines {
			machine.supervise()?;
		}
		let listed = self.list()?;
		let absent: Vec<String> = self.absent(&listed)?;
		self.tend(&listed, absent.is_empty())?;
		let mut verdict = self.look(&listed)?;
		verdict.troubles.extend(absent);
		for tenant in &self.tenants {
			let missing = tenant.missing(&listed.requests);
			let wanted = tenant.wanted();
			if missing > 0 || tenant.live(&listed.requests) != wanted {
				let sort = tenant.sort;
				verdict
					.troubles
					.push(format!("{missing} of {wanted} {sort:?}s have no machine"));
			}
		}
		Ok(verdict)
	}

	/// What owners and tenants do, all at once: each waits for blocks.
	fn tend(&mut self, listed: &Listed, all_machines_are_there: bool) -> Result<()> {
		thread::scope(|scope| {
			let mut people = Vec::new();
			for machine in &mut self.machines {
				people.push(scope.spawn(|| machine.tend(&listed.resources, &listed.nodes)));
			}
			for tenant in &mut self.tenants {
				people.push(
					scope.spawn(move || tenant.tend(&listed.requests, all_machines_are_there)),
				);
			}
			all(people)
		})
	}

	/// The machines that are not there, in words.
	fn absent(&self, listed: &Listed) -> Result<Vec<String>> {
		let mut absent = Vec::new();
		for machine in &self.machines {
			let name = &machine.name;
			if !machine.is_ready() {
				absent.push(format!("{name}'s agent is not ready"));
			}
			let nodes = listed.nodes.as_array().into_iter().flatten();
			let mut own = nodes.filter(|node| node["node"] == machine.node);
			let status = own
				.next()
				.map_or("gone", |node| text(node, "status").unwrap_or("?"));
			if status != "Online" {
				absent.push(format!("{name}'s machine is {status}"));
			}
		}
		Ok(absent)
	}

	/// Looks at everything that may run, and notes what was seen.
	fn look(&mut self, listed: &Listed) -> Result<Verdict> {
		let leases = look::leases(&listed.leases)?;
		for lease in &leases {
			self.leases.insert(lease.lease, lease.replica);
			if !lease.endpoint.is_empty() {
				self.known.insert(lease.endpoint.clone(), lease.lease);
			}
		}
		self.note_given_up(&leases, listed)?;
		let verdict = look::judge(&self.see(leases)?, &self.sorts, &self.known);
		self.twice.extend(&verdict.twice);
		self.well.extend(&verdict.well);
		Ok(verdict)
	}

	fn note_given_up(&mut self, leases: &[Lease], listed: &Listed) -> Result<()> {
		let requests = listed.requests.as_array().into_iter().flatten();
		let missing = requests
			.map(|request| {
				Ok((
					identifier(request, "request")?,
					identifier(request, "missing")?,
				))
			})
			.collect::<Result<BTreeMap<u64, u64>>>()?;
		let now = u64::from(self.chain.best_block()?);
		let gone = look::given_up(&self.open, leases, &missing, now);
		let by_chain = gone
			.into_iter()
			.filter(|lease| !self.terminated.contains(lease));
		self.given_up.extend(by_chain);
		self.open = leases.to_vec();
		Ok(())
	}

	fn see(&self, leases: Vec<Lease>) -> Result<Seen> {
		let engine = self.engine.as_ref();
		// An engine that is down runs nothing; the leases that miss their containers say so.
		let containers = engine.map(|engine| look::containers(&engine.host()).unwrap_or_default());
		Ok(Seen {
			leases,
			containers: containers.unwrap_or_default(),
			answers: look::ask(self.known.keys().cloned())?,
			agents: self
				.machines
				.iter()
				.map(|machine| (machine.node, machine.leases().ok()))
				.collect(),
		})
	}

	fn list(&self) -> Result<Listed> {
		Ok(Listed {
			leases: self.anybody.run(&["workspace", "leases"])?,
			requests: self.anybody.run(&["workspace", "list"])?,
			nodes: self.anybody.run(&["node", "list"])?,
			resources: self.anybody.run(&["resource", "list"])?,
		})
	}

	/// The leases that the chain has.
	pub(super) fn open_leases(&self) -> Result<Vec<Lease>> {
		look::leases(&self.anybody.run(&["workspace", "leases"])?)
	}

	/// Has the tenant of a lease end it.
	pub(super) fn terminate(&mut self, lease: u64) -> Result<()> {
		self.terminated.insert(lease);
		for tenant in &self.tenants {
			let ended = tenant
				.person
				.try_run(&["workspace", "terminate", &lease.to_string()])?;
			if ended.is_ok() {
				break;
			}
		}
		Ok(())
	}

	/// Requests that were made, and replicas that were taken back.
	pub(super) fn asked(&self) -> (u64, u64) {
		let sum = |of: fn(&Tenant) -> u64| self.tenants.iter().map(of).sum();
		(sum(|tenant| tenant.asked), sum(|tenant| tenant.taken_back))
	}

	/// Starts every agent that does not run, and mends every line: after a fault that was not survived.
	pub(super) fn revive(&mut self) -> Result<()> {
		for machine in &mut self.machines {
			machine.line.mend();
			machine.revive()?;
		}
		Ok(())
	}

	/// Ends all that the tenants have, and waits until nothing runs any more. Gives how many leases they ended.
	pub(super) fn end(&mut self, patience: Duration) -> Result<u64> {
		let leases = self.open_leases()?;
		self.terminated
			.extend(leases.iter().map(|lease| lease.lease));
		let open = leases.len() as u64;
		let begun = Instant::now();
		loop {
			let listed = self.list()?;
			for tenant in &self.tenants {
				tenant.give_up(&listed.requests, &listed.leases)?;
			}
			let verdict = self.look(&listed)?;
			let requests = listed.requests.as_array().map_or(0, Vec::len);
			let leases = listed.leases.as_array().map_or(0, Vec::len);
			if verdict.troubles.is_empty() && (requests, leases) == (0, 0) {
				return Ok(open);
			}
			ensure!(
				begun.elapsed() < patience,
				"{requests} requests and {leases} leases are left after {} s; {}",
				patience.as_secs(),
				verdict.troubles.join("; ")
			);
			wait::pause(PAUSE)?;
		}
	}

	/// What is still held of the tenants' money, or lies in escrow, that was not before; in the smallest unit.
	/// Fails unless all accounts together have what was issued.
	pub(super) fn not_returned(&self) -> Result<i128> {
		let after = Ledger::read(&self.chain.http_url())?;
		let changes = after.changes_since(&self.before)?;
		let escrow: i128 = changes
			.iter()
			.filter(|(name, _)| name == ESCROW)
			.map(|(_, change)| change)
			.sum();
		let mut sum = escrow;
		for tenant in &self.tenants {
			sum = sum.saturating_add(tenant.held()?);
		}
		Ok(sum)
	}

	/// What changed for whom since before the first request, in words.
	pub(super) fn changes(&self) -> Result<Vec<String>> {
		let after = Ledger::read(&self.chain.http_url())?;
		let changes = after.changes_since(&self.before)?;
		let shown = changes
			.iter()
			.map(|(name, change)| format!("{name:<28} {:>16} USU", ledger::usu(*change)));
		Ok(shown.collect())
	}

	/// The ends of the agents' logs.
	fn logs(&self) -> String {
		let ends = self.machines.iter().map(|machine| {
			let (name, log) = (&machine.name, machine.log_tail(12));
			format!("the end of the log of {name}'s agent:\n{log}\n")
		});
		ends.collect()
	}
}

/// Waits for all of them; gives the first error, if there is one.
fn all(threads: Vec<ScopedJoinHandle<'_, Result<()>>>) -> Result<()> {
	let ended: Vec<Result<()>> = threads
		.into_iter()
		.map(|thread| {
			thread
				.join()
				.unwrap_or_else(|_| Err(eyre!("a thread panicked")))
		})
		.collect();
	ended.into_iter().collect()
}

/// Proposes the shortest period of heartbeats and votes for it; it is decided while other things happen.
fn vote(url: &str) -> Result<()> {
	let proposer = Cli::new(url, VOTERS[0])?;
	let proposed = proposer.run(&[
		"dao",
		"propose",
		"heartbeat-period",
		HEARTBEAT_PERIOD,
		"--yes",
	])?;
	let referendum = identifier(&proposed, "referendum")?.to_string();
	for voter in VOTERS {
		Cli::new(url, voter)?.run(&[
			"dao",
			"vote",
			&referendum,
			"aye",
			"--amount",
			"900000",
			"--yes",
		])?;
	}
	Ok(())
}

/// The tenants, with their images published.
fn tenants(url: &str, folder: &Path, engine: Option<&DockerDaemon>) -> Result<Vec<Tenant>> {
	let (key, wanted) = MODULES;
	let mut tenants = vec![Tenant::new(url, key, Sort::Module, wanted, |person| {
		publish_by(person, &Engine::Wasm, folder)
	})?];
	if let Some(engine) = engine {
		let (key, wanted) = CONTAINERS;
		let engine = Engine::Docker(engine.host());
		tenants.push(Tenant::new(url, key, Sort::Container, wanted, |person| {
			publish_by(person, &engine, folder)
		})?);
	}
	Ok(tenants)
}

/// An engine of the run's own below `folder`; why there is none, where containers cannot be run here.
pub(super) fn engine(folder: &Path) -> Result<DockerDaemon> {
	images::busybox()?;
	ensure!(
		docker::can_guard(),
		"containers are walled off as root, with nftables"
	);
	DockerDaemon::start(folder).wrap_err("start a container engine")
}
