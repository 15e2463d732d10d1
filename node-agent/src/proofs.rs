//! Makes the proofs that the hardware owes: seed, rounds, commitment; and later positions, reveal.

use std::{
	collections::HashMap,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc, Mutex, MutexGuard, PoisonError,
	},
	time::{Duration, Instant},
};

use eyre::{eyre, Result};
use usufruct_proof::{commit_digest, memory_digest, Hash};
use usufruct_prover::{self as prover, Cpu, Cuda, Device, Passes};

use crate::{
	chain::{Chain, Due, Task},
	journal::{crash_point, Journal, Work},
	power::Meter,
	server::Metrics,
};

/// After so many rounds each the log tells how far a proof is.
const TOLD: u32 = 64;
/// Blocks before the deadline at which the last round begins at the latest: the commitment has to
/// get into a block.
const RESERVE: u32 = 4;
/// The same of the last pass, in its shorter window.
const MEMORY_RESERVE: u32 = 3;

/// Who proves.
#[derive(Clone, Debug)]
pub struct Prover {
	/// The chain.
	pub chain: Chain,
	/// Keeps what was computed.
	pub journal: Arc<Journal>,
	/// Tells how it goes.
	pub metrics: Metrics,
	/// The UUIDs of the GPUs among the hardware, by HID. What is not here is the processor.
	pub gpus: Arc<Mutex<HashMap<u64, String>>>,
	/// By HID, the device that computed its last proof, with that proof's name. It holds as much memory as it
	/// has to prove: of any other proof it is computed again.
	pub proved: Arc<Mutex<HashMap<u64, (String, Box<dyn Device>)>>>,
}

impl Prover {
	/// Does what is due of a proof.
	///
	/// Work is kept before it is committed, so that an agent that dies comes back with what it owes: a
	/// commitment without a reveal is a fault. Work that was interrupted before is begun anew, with the
	/// same seed and so with the same first root, in what is left of the window.
	///
	/// # Errors
	///
	/// Where a step was missed, the chain refused one, the connection broke, or the seed changed by a
	/// re-organisation. Never leads to a wrong proof; whether to try again follows from the chain's state.
	pub async fn go_on(&self, task: &Task) -> Result<()> {
		match task.due {
			Due::Work { is_started } => self.work(task, is_started).await,
			Due::Memory => self.memory(task).await,
			Due::Reveal { sampled_from } => self.reveal(task, sampled_from).await,
			Due::Conclude => self.chain.conclude(task.context.hid).await,
			Due::Excuse => {
				tracing::info!(task = task.name(), "excused: the machine has other work");
				self.chain.excuse(task.context.hid).await
			}
			Due::Nothing => Ok(()),
		}
	}

	/// Waits for a best block of at least this number.
	async fn block(&self, number: u32) -> Result<usufruct_client::AtBlock> {
		loop {
			let at = self.chain.best().await?;
			if Chain::number(&at) >= number {
				return Ok(at);
			}
			tokio::time::sleep(Duration::from_millis(500)).await;
		}
	}

	/// Waits for the next best block.
	///
	/// # Errors
	///
	/// Where the connection broke.
	pub async fn next_block(&self) -> Result<()> {
		let now = Chain::number(&self.chain.best().await?);
		self.block(now.saturating_add(1)).await.map(|_| ())
	}

	/// What was computed under this name with this seed.
	fn known(&self, name: &str, seed: Hash) -> Result<Option<Work>> {
		Ok(self.journal.work(name)?.filter(|work| work.seed == seed))
	}

	/// What computes the proof of a piece of hardware, with room for it.
	async fn device(&self, task: &Task) -> Result<Box<dyn Device>> {
		let (gpu, params) = (self.gpu(task.context.hid), task.timeline.params);
		let open = move || -> Result<Box<dyn Device>> {
			Ok(match gpu {
				Some(uuid) => Box::new(Cuda::open(&uuid, &params)?),
				None => Box::new(Cpu::new(&params)),
			})
		};
		tokio::task::spawn_blocking(open).await?
	}

	/// Notes that this hardware is the GPU with this UUID.
	pub fn know_gpu(&self, hid: u64, uuid: &str) {
		lock(&self.gpus).insert(hid, uuid.to_owned());
	}

	fn gpu(&self, hid: u64) -> Option<String> {
		lock(&self.gpus).get(&hid).cloned()
	}

	/// Puts a device away until the memory phase of the proof that it computed.
	fn put(&self, task: &Task, device: Box<dyn Device>) {
		if task.timeline.params.memory.is_some() {
			lock(&self.proved).insert(task.context.hid, (task.name(), device));
		}
	}

	/// The device that computed this proof, if it did so last.
	fn take(&self, task: &Task) -> Option<Box<dyn Device>> {
		let (name, device) = lock(&self.proved).remove(&task.context.hid)?;
		(name == task.name()).then_some(device)
	}

	async fn seed(&self, task: &Task) -> Result<Hash> {
		let at = self.block(task.timeline.opens_at()).await?;
		self.chain
			.seed(&at, task)
			.await?
			.ok_or_else(|| eyre!("no block carried randomness for {}", task.name()))
	}

	async fn work(&self, task: &Task, is_started: bool) -> Result<()> {
		let (name, seed) = (task.name(), self.seed(task).await?);
		let work = match self.known(&name, seed)? {
			Some(work) => {
				// The first root was in a block that is on no branch any more.
				if let (false, Some(first)) = (is_started, work.roots.first()) {
					self.chain.send_first_root(task, *first).await?;
				}
				work
			}
			None => {
				// What an earlier proof left is in the way.
				drop(self.take(task));
				let (device, roots) = self.compute(task, is_started, seed).await?;
				self.put(task, device);
				let work = Work { seed, roots };
				self.journal.keep_work(&name, &work)?;
				crash_point("work-kept");
				work
			}
		};
		let rounds = u32::try_from(work.roots.len())?;
		self.chain
			.commit(task, rounds, commit_digest(&work.roots))
			.await?;
		tracing::info!(task = name, rounds, "work committed");
		crash_point("work-committed");
		Ok(())
	}

	/// Computes rounds until the commitment is due; sends the root of the first as soon as it is there.
	async fn compute(
		&self,
		task: &Task,
		is_started: bool,
		seed: Hash,
	) -> Result<(Box<dyn Device>, Vec<Hash>)> {
		let mut device = self.device(task).await?;
		tracing::info!(
			task = task.name(),
			device = device.name(),
			"proving compute"
		);
		let stop = Arc::new(AtomicBool::new(false));
		let (roots_in, mut roots_out) = tokio::sync::mpsc::unbounded_channel();
		let params = task.timeline.params;
		let gpu = self.gpu(task.context.hid);
		let worker = {
			let (stop, metrics) = (stop.clone(), self.metrics.clone());
			tokio::task::spawn_blocking(move || -> Result<_> {
				let begun = Instant::now();
				let meter = Meter::start(gpu.clone());
				let roots = prover::prove(
					&mut *device,
					&params,
					seed,
					|_| !stop.load(Ordering::Relaxed),
					|round, root| {
						let seconds = begun.elapsed().as_secs_f64();
						if round % TOLD == TOLD - 1 {
							tracing::info!(rounds = round + 1, seconds, "rounds done");
						}
						let ops = params.ops_per_round() as f64 * f64::from(round + 1);
						metrics.rounds.inc();
						metrics.speed.set((ops / seconds) as i64);
						// Nobody listens any more where the proof was given up.
						let _: Result<(), _> = roots_in.send(*root);
					},
				)?;
				if let Some(watts) = meter.watts() {
					metrics.power.set(watts as i64);
				}
				// Processors that compute wrongly crash; a GPU goes on. A commitment that cannot be opened is a fault.
				if gpu.is_some() {
					let samples = blake3::derive_key("usufruct own audit", &seed);
					prover::audit_own(&mut *device, &params, seed, &roots, &samples)?;
				}
				Ok((device, roots))
			})
		};
		let window = async {
			let Some(first) = roots_out.recv().await else {
				// The worker says why.
				return Ok(());
			};
			if !is_started {
				self.chain.send_first_root(task, first).await?;
			}
			let last = task.timeline.commit_until().saturating_sub(RESERVE);
			self.block(last).await.map(|_| ())
		};
		let ended = window.await;
		// Whatever happened: the processors belong to somebody else now.
		stop.store(true, Ordering::Relaxed);
		ended?;
		worker.await?
	}

	/// The roots of the rounds that were committed.
	fn committed(&self, task: &Task, seed: Hash) -> Result<Vec<Hash>> {
		let name = task.name();
		let known = self.known(&name, seed)?;
		let work = known.ok_or_else(|| {
			eyre!("what was committed for {name} is lost, or its seed changed with its blocks")
		})?;
		Ok(work.roots)
	}

	/// The seed of the passes over rounds with these roots, once it is known.
	async fn memory_seed(&self, task: &Task, seed: Hash, roots: &[Hash]) -> Result<Hash> {
		let at = self.block(task.timeline.memory_opens_at()).await?;
		self.chain
			.memory_seed(&at, task, &seed, &commit_digest(roots))
			.await?
			.ok_or_else(|| eyre!("no block carried randomness for {}", task.memory_name()))
	}

	/// Passes over what was kept of the rounds, and commits to it.
	async fn memory(&self, task: &Task) -> Result<()> {
		let (name, seed) = (task.memory_name(), self.seed(task).await?);
		let roots = self.committed(task, seed)?;
		let kept = self.take(task);
		let memory_seed = self.memory_seed(task, seed, &roots).await?;
		let work = match self.known(&name, memory_seed)? {
			Some(work) => work,
			None => {
				tracing::info!(task = name, "proving memory");
				let roots = self
					.pass_over(task, kept, (seed, roots), memory_seed)
					.await?;
				let work = Work {
					seed: memory_seed,
					roots,
				};
				self.journal.keep_work(&name, &work)?;
				crash_point("passes-kept");
				work
			}
		};
		let passes = u32::try_from(work.roots.len())?;
		self.chain
			.commit_memory(task, passes, memory_digest(&work.roots))
			.await?;
		tracing::info!(task = name, passes, "passes committed");
		crash_point("passes-committed");
		Ok(())
	}

	/// Passes over what the rounds of this seed and with these roots left, until the commitment is due.
	async fn pass_over(
		&self,
		task: &Task,
		kept: Option<Box<dyn Device>>,
		(seed, roots): (Hash, Vec<Hash>),
		memory_seed: Hash,
	) -> Result<Vec<Hash>> {
		let is_kept = kept.is_some();
		let mut device = match kept {
			Some(device) => device,
			None => self.device(task).await?,
		};
		let stop = Arc::new(AtomicBool::new(false));
		let params = task.timeline.params;
		let worker = {
			let (stop, metrics) = (stop.clone(), self.metrics.clone());
			tokio::task::spawn_blocking(move || -> Result<_> {
				if !is_kept {
					prover::keep_again(&mut *device, &params, seed, &roots)?;
				}
				let begun = Instant::now();
				let passed = prover::pass_over(
					&mut *device,
					&params,
					u32::try_from(roots.len())?,
					memory_seed,
					// At least one: nothing can be committed without.
					|pass| pass == 0 || !stop.load(Ordering::Relaxed),
					|pass, _| {
						let bytes = params.kept_bytes() as f64 * f64::from(pass + 1);
						metrics.passes.inc();
						let speed = bytes / begun.elapsed().as_secs_f64();
						metrics.memory_speed.set(speed as i64);
					},
				)?;
				Ok(passed)
			})
		};
		let last = task.timeline.memory_until().saturating_sub(MEMORY_RESERVE);
		let ended = self.block(last).await;
		stop.store(true, Ordering::Relaxed);
		ended?;
		worker.await?
	}

	async fn reveal(&self, task: &Task, sampled_from: u32) -> Result<()> {
		let (name, seed) = (task.name(), self.seed(task).await?);
		let roots = self.committed(task, seed)?;
		let at = self.chain.best().await?;
		let passes =
			match task.timeline.params.memory {
				Some(_) => {
					let seed = self.memory_seed(task, seed, &roots).await?;
					let known = self.known(&task.memory_name(), seed)?;
					Some(known.ok_or_else(|| {
						eyre!("the passes that were committed for {name} are lost")
					})?)
				}
				None => None,
			};
		let sample_seed = self
			.chain
			.sample_seed(&at, &seed, sampled_from)
			.await?
			.ok_or_else(|| eyre!("too few blocks carried randomness for {name}"))?;
		let params = task.timeline.params;
		let mut device = self.device(task).await?;
		let open = move || {
			let passes = passes.as_ref().map(|work| Passes {
				seed: work.seed,
				roots: &work.roots,
			});
			prover::open(&mut *device, &params, seed, &roots, passes, &sample_seed)
		};
		let reveal = tokio::task::spawn_blocking(open)
			.await??
			.ok_or_else(|| eyre!("the proof does not fit into a reveal"))?;
		self.chain.reveal(task, reveal).await?;
		self.metrics.proofs.inc();
		tracing::info!(task = name, "proof revealed");
		Ok(())
	}
}

/// Takes the lock, also after a panic of whoever held it: what it guards is whole after each change.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
	mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
