//! Makes the machine what the chain says, again and again.
//!
//! Each pass reads the whole: no event is needed twice, and what a crash interrupted is found by the
//! next pass. Services begin with the best block, whose fork may come to nothing, so that tenants need not
//! wait for finality; jobs begin, and everything ends, with finalized ones. Heartbeats and proofs, which a fork
//! can undo, follow the best one.

use std::{
	collections::{HashMap, HashSet},
	future::Future,
	sync::{Arc, Mutex},
	time::Duration,
};

use eyre::Result;

use crate::{
	chain::{Chain, Due, Task},
	config::Config,
	domain::{is_busy, plan, wanted, Action, DesiredLease, Ending, Wanted},
	engine::{Engines, Failure, Started},
	health::Monitor,
	inventory::Machine,
	journal::{crash_point, Journal, Outcome},
	prefetch::Prefetcher,
	proofs::{lock, Prover},
	server::{seconds, Metrics},
	trust::Trust,
};

/// Between two passes: a third of a slot.
const PAUSE: Duration = Duration::from_secs(1);

/// The agent at work.
#[derive(Debug)]
pub struct Reconciler {
	config: Config,
	chain: Chain,
	engines: Arc<Engines>,
	journal: Arc<Journal>,
	machine: Machine,
	metrics: Metrics,
	/// Leases that are being started.
	starting: Arc<Mutex<HashSet<u64>>>,
	monitor: Arc<Monitor>,
	prover: Prover,
	prefetcher: Prefetcher,
	/// Steps of proofs that are being taken.
	proving: Arc<Mutex<HashSet<String>>>,
	/// HIDs by serial number, once the chain knows them.
	hids: HashMap<[u8; 32], u64>,
}

impl Reconciler {
	/// Puts the agent together.
	pub fn new(
		config: Config,
		chain: Chain,
		engines: Arc<Engines>,
		journal: Journal,
		machine: Machine,
		metrics: Metrics,
	) -> Self {
		let journal = Arc::new(journal);
		let prover = Prover {
			chain: chain.clone(),
			journal: journal.clone(),
			metrics: metrics.clone(),
			gpus: Arc::default(),
			proved: Arc::default(),
		};
		let prefetcher = Prefetcher::new(engines.clone(), config.trust.clone());
		Self {
			config,
			chain,
			engines,
			journal,
			machine,
			metrics,
			starting: Arc::default(),
			monitor: Arc::default(),
			prefetcher,
			prover,
			proving: Arc::default(),
			hids: HashMap::new(),
		}
	}

	/// Works until `shutdown`; then takes the machine off the market, unless it has leases, and stops.
	/// Containers go on: an agent that is updated must not end what tenants run.
	pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
		tokio::pin!(shutdown);
		loop {
			let pass = tokio::select! {
				biased;
				() = &mut shutdown => break,
				pass = self.pass() => pass,
			};
			if let Err(error) = pass {
				self.metrics.failures.inc();
				tracing::warn!(
					error = format!("{error:#}"),
					"this pass failed; the next one tries again"
				);
				if let Ok(chain) = Chain::connect(&self.config, Duration::ZERO).await {
					self.prover.chain = chain.clone();
					self.chain = chain;
				}
			}
			tokio::select! {
				biased;
				() = &mut shutdown => break,
				() = tokio::time::sleep(PAUSE) => {},
			}
		}
		tracing::info!("stopping");
		let offline = async {
			let at = self.chain.best().await?;
			match self.chain.node(&at, &self.machine).await? {
				// Machines that are away lose their leases, and a part of their bond for each: one that has any is
				// away only if it is not back before its heartbeats are missed.
				Some((node, ..)) if self.chain.leases(&at, node).await?.is_empty() => {
					self.chain.go_offline(node).await?;
					Ok(true)
				}
				_ => Ok::<_, eyre::Report>(false),
			}
		};
		match tokio::time::timeout(Duration::from_secs(10), offline).await {
			Ok(Ok(true)) => tracing::info!("the chain knows that this machine is away"),
			Ok(Ok(false)) => tracing::info!("leases wait for this machine to be back"),
			Ok(Err(error)) => tracing::warn!(%error, "the chain could not be told"),
			Err(_) => tracing::warn!("the chain could not be told in time"),
		}
	}

	async fn pass(&mut self) -> Result<()> {
		let best = self.chain.best().await?;
		let Some((node, last_heartbeat, online)) = self.chain.node(&best, &self.machine).await?
		else {
			tracing::info!("registering this machine");
			return self
				.chain
				.register(
					&self.machine,
					&self.config.access_address(),
					self.config.region,
				)
				.await;
		};
		for device in &self.machine.devices {
			if !self.hids.contains_key(&device.serial) {
				match self.chain.add_device(&best, node, device).await? {
					Some(hid) => {
						tracing::info!(hid, name = device.name, "hardware is registered");
						self.hids.insert(device.serial, hid);
						if let Some(uuid) = &device.gpu {
							self.prover.know_gpu(hid, uuid);
							self.engines.know_gpu(hid, uuid);
						}
					}
					// Found in the next pass.
					None => return Ok(()),
				}
			}
		}
		if !online || Chain::number(&best) >= last_heartbeat + self.config.heartbeat_blocks {
			self.chain.heartbeat(node).await?;
			self.metrics.heartbeats.inc();
		}
		let newest = self.chain.leases(&best, node).await?;
		self.prove(&best, node, &newest).await?;
		let finalized = self.chain.finalized().await?;
		self.metrics.saw_block(Chain::number(&finalized));
		let settled = self.chain.leases(&finalized, node).await?;
		let mut actual = self.engines.list().await?;
		let running = actual.iter().filter(|found| found.endpoint().is_some());
		self.metrics.leases.set(i64::try_from(running.count())?);
		let wanted: Vec<Wanted> = wanted(newest, settled);
		self.monitor.look(&wanted, &mut actual);
		for action in plan(&wanted, &actual) {
			self.act(action).await?;
		}
		self.prefetcher.look(&self.chain, &best, node).await
	}

	/// Does what is due of proofs, each once at a time. What failed is tried again in the next pass, from
	/// the step that the chain knows, as long as that is not over.
	async fn prove(
		&self,
		at: &usufruct_client::AtBlock,
		node: u32,
		leases: &[DesiredLease],
	) -> Result<()> {
		let hardware: Vec<(u64, bool)> = self
			.machine
			.devices
			.iter()
			.filter_map(|device| {
				let hid = self.hids.get(&device.serial)?;
				let is_gpu = device.gpu.is_some();
				Some((*hid, is_busy(is_gpu, device.cpu_millis, leases)))
			})
			.collect();
		let tasks = self.chain.tasks(at, node, &hardware).await?;
		let names = |task: &Task| [task.name(), task.memory_name()];
		let open: Vec<String> = tasks.iter().flat_map(names).collect();
		if lock(&self.proving).is_empty() {
			self.journal.forget_other_work(&open)?;
		}
		for task in tasks {
			let step = format!("{}: {}", task.name(), task.due.step());
			if task.due == Due::Nothing || !lock(&self.proving).insert(step.clone()) {
				continue;
			}
			let (prover, proving) = (self.prover.clone(), self.proving.clone());
			tokio::spawn(async move {
				let done = async {
					prover.go_on(&task).await?;
					// The state that shows it comes with the next block at the latest.
					prover.next_block().await
				};
				if let Err(error) = done.await {
					let error = format!("{error:#}");
					tracing::warn!(task = step, error, "not done; tried again");
				}
				lock(&proving).remove(&step);
			});
		}
		Ok(())
	}

	async fn act(&self, action: Action) -> Result<()> {
		match action {
			Action::Stop { lease } => {
				tracing::info!(lease, "stopping a workspace");
				self.engines.stop(lease).await
			}
			Action::Report {
				lease,
				generation,
				endpoint,
				revision,
			} => {
				if lock(&self.starting).contains(&lease) {
					return Ok(());
				}
				self.chain
					.report_running(lease, generation, &endpoint, revision)
					.await
			}
			Action::Start(lease) => {
				self.work_on(lease, Work::Start);
				Ok(())
			}
			Action::Update(lease) => {
				self.work_on(lease, Work::Update);
				Ok(())
			}
			Action::Conclude { lease, ended } => {
				self.work_on(lease, Work::Conclude(ended));
				Ok(())
			}
		}
	}

	/// Starts a lease, or sees to its end, beside the passes; once at a time.
	fn work_on(&self, lease: DesiredLease, work: Work) {
		if lock(&self.starting).insert(lease.lease) {
			let task = Start {
				chain: self.chain.clone(),
				engines: self.engines.clone(),
				journal: self.journal.clone(),
				starting: self.starting.clone(),
				monitor: self.monitor.clone(),
				metrics: self.metrics.clone(),
				trust: self.config.trust.clone(),
			};
			tokio::spawn(task.run(lease, work));
		}
	}
}

/// What is to be done for a lease.
enum Work {
	/// Nothing runs: start it.
	Start,
	/// An earlier revision runs: replace it.
	Update,
	/// It ended so, or is not well.
	Conclude(Ending),
}

/// Starts one lease beside the passes: an image may take minutes.
struct Start {
	chain: Chain,
	engines: Arc<Engines>,
	journal: Arc<Journal>,
	starting: Arc<Mutex<HashSet<u64>>>,
	monitor: Arc<Monitor>,
	metrics: Metrics,
	trust: Trust,
}

impl Start {
	async fn run(self, lease: DesiredLease, work: Work) {
		let id = lease.lease;
		let done = async {
			// It may have ended a moment ago.
			if !self.chain.is_open(id, lease.generation).await? {
				return Ok(());
			}
			match work {
				Work::Start => self.start(&lease, false).await,
				Work::Update => self.start(&lease, true).await,
				Work::Conclude(ended) => self.conclude(&lease, ended).await,
			}
		};
		if let Err(error) = done.await {
			tracing::warn!(
				lease = id,
				error = format!("{error:#}"),
				"not done; tried again"
			);
		}
		// Whatever was started is to be looked at anew.
		self.monitor.forget(id);
		lock(&self.starting).remove(&id);
	}

	/// A job that ended well is finished. What is to be started again is, as often in a row as its tenant said:
	/// its machine may have restarted, or it may be broken.
	async fn conclude(&self, lease: &DesiredLease, ending: Ending) -> Result<()> {
		let (id, generation) = (lease.lease, lease.generation);
		if self.may_restart(lease, &ending)? {
			return self.start(lease, false).await;
		}
		match ending {
			Ending::Well => {
				self.journal.write(id, generation, Outcome::Finished)?;
				crash_point("after-outcome");
				self.chain.report_finished(id, generation).await
			}
			Ending::Failed(how) => self.failed(id, generation, &Failure::Crashed(how)).await,
			Ending::Ill(why) => self.failed(id, generation, &Failure::Unhealthy(why)).await,
		}
	}

	/// Counts an end, and says whether the lease is to be started again after it.
	fn may_restart(&self, lease: &DesiredLease, ending: &Ending) -> Result<bool> {
		let most = lease.restart.most(ending);
		if most == 0 {
			return Ok(false);
		}
		let id = lease.lease;
		let times = self.journal.count_end(id, lease.generation, seconds())?;
		tracing::warn!(
			lease = id,
			times,
			most,
			?ending,
			"a workspace came to an end"
		);
		if times <= most {
			self.metrics.restarts.inc();
		}
		Ok(times <= most)
	}

	/// Gets the image and starts the lease, in place of an earlier revision where it is an update.
	async fn start(&self, lease: &DesiredLease, is_update: bool) -> Result<()> {
		let (id, generation) = (lease.lease, lease.generation);
		// A batch job that was finished must not run again because its report was lost.
		let known = self.journal.read(id, generation)?;
		if known == Some(Outcome::Finished) {
			return self.chain.report_finished(id, generation).await;
		}
		// What runs already goes on, whatever is thought of it by now.
		if (is_update || known != Some(Outcome::Started)) && !self.trust.is_open() {
			let subject = self
				.chain
				.subject(lease.digest, lease.release, &self.trust.curators)
				.await?;
			if let Err(why) = self.trust.admit(&subject) {
				return self
					.not_started(lease, is_update, Failure::Refused(why))
					.await;
			}
		}
		crash_point("before-intent");
		self.journal.write(id, generation, Outcome::Intended)?;
		crash_point("after-intent");
		tracing::info!(lease = id, "starting a workspace");
		// Where nothing has to be fetched, that it runs is told as soon.
		if lease.endpoint.is_none() && !self.engines.has_image(&lease.image()).await {
			self.chain.report_dispensing(id, generation, 0).await?;
		}
		let started = self.engines.start(lease).await;
		crash_point("after-start");
		match started {
			Ok(Started::Running(endpoint)) => {
				self.journal.write(id, generation, Outcome::Started)?;
				crash_point("after-outcome");
				// A revision that is to be checked counts as running when that succeeded.
				let revision = match is_update && lease.health.is_some() {
					true => lease.reported_revision,
					false => lease.revision,
				};
				self.chain
					.report_running(id, generation, &endpoint, revision)
					.await?;
				tracing::info!(lease = id, endpoint, "workspace runs");
			}
			Ok(Started::Finished) => {
				self.journal.write(id, generation, Outcome::Finished)?;
				crash_point("after-outcome");
				self.chain.report_finished(id, generation).await?;
			}
			Err(failure) => self.not_started(lease, is_update, failure).await?,
		}
		crash_point("after-report");
		Ok(())
	}

	/// What ran before an update goes on where the update could not be dispensed; what crashed at once is tried again
	/// as often as its tenant said.
	async fn not_started(
		&self,
		lease: &DesiredLease,
		is_update: bool,
		failure: Failure,
	) -> Result<()> {
		let (id, generation) = (lease.lease, lease.generation);
		if is_update {
			let actual = self.engines.list().await?;
			let mut own = actual.iter().filter(|found| found.lease == id);
			if own.any(|found| found.endpoint().is_some()) {
				let revision = lease.revision;
				tracing::warn!(lease = id, revision, %failure, "a workspace is not updated");
				return self
					.chain
					.report_not_updated(id, generation, revision, &failure)
					.await;
			}
		}
		if let Failure::Crashed(how) | Failure::LimitExceeded(how) = &failure {
			// In the next pass, which finds that nothing runs.
			if self.may_restart(lease, &Ending::Failed(how.clone()))? {
				return Ok(());
			}
		}
		self.failed(id, generation, &failure).await
	}

	async fn failed(&self, id: u64, generation: u32, failure: &Failure) -> Result<()> {
		tracing::warn!(lease = id, %failure, "workspace cannot run here");
		self.journal.write(id, generation, Outcome::Failed)?;
		crash_point("after-outcome");
		self.chain.report_failed(id, generation, failure).await
	}
}
