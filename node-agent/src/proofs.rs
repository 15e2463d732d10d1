//! Makes the proofs that the hardware owes: seed, rounds, commitment; and later positions, reveal.

use std::{
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};

use eyre::{eyre, Result};
use usufruct_proof::{commit_digest, Hash};
use usufruct_prover as prover;

use crate::{
	chain::{Chain, Due, Task},
	journal::{crash_point, Journal, Work},
	server::Metrics,
};

/// Blocks before the deadline at which the last round begins at the latest: the commitment has to
/// get into a block.
const RESERVE: u32 = 4;

/// Who proves.
#[derive(Clone, Debug)]
pub struct Prover {
	/// The chain.
	pub chain: Chain,
	/// Keeps what was computed.
	pub journal: Arc<Journal>,
	/// Tells how it goes.
	pub metrics: Metrics,
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

	/// What was computed with this seed.
	fn kept(&self, task: &Task, seed: Hash) -> Result<Option<Work>> {
		Ok(self
			.journal
			.work(&task.name())?
			.filter(|work| work.seed == seed))
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
		let work = match self.kept(task, seed)? {
			Some(work) => {
				// The first root was in a block that is on no branch any more.
				if let (false, Some(first)) = (is_started, work.roots.first()) {
					self.chain.send_first_root(task, *first).await?;
				}
				work
			}
			None => {
				tracing::info!(task = name, "proving compute");
				let roots = self.compute(task, is_started, seed).await?;
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
	async fn compute(&self, task: &Task, is_started: bool, seed: Hash) -> Result<Vec<Hash>> {
		let stop = Arc::new(AtomicBool::new(false));
		let (roots_in, mut roots_out) = tokio::sync::mpsc::unbounded_channel();
		let params = task.timeline.params;
		let worker = {
			let (stop, metrics) = (stop.clone(), self.metrics.clone());
			let begun = Instant::now();
			tokio::task::spawn_blocking(move || {
				prover::prove(
					&params,
					seed,
					|_| !stop.load(Ordering::Relaxed),
					|round, root| {
						let seconds = begun.elapsed().as_secs_f64();
						tracing::debug!(round, seconds, "round done");
						let ops = params.ops_per_round() as f64 * f64::from(round + 1);
						metrics.rounds.inc();
						metrics.speed.set((ops / seconds) as i64);
						// Nobody listens any more where the proof was given up.
						let _: Result<(), _> = roots_in.send(*root);
					},
				)
			})
		};
		let window = async {
			let first = roots_out
				.recv()
				.await
				.ok_or_else(|| eyre!("no round was computed"))?;
			if !is_started {
				self.chain.send_first_root(task, first).await?;
			}
			let last = task.timeline.commit_until().saturating_sub(RESERVE);
			self.block(last).await
		};
		let ended = window.await;
		// Whatever happened: the processors belong to somebody else now.
		stop.store(true, Ordering::Relaxed);
		ended?;
		Ok(worker.await?)
	}

	async fn reveal(&self, task: &Task, sampled_from: u32) -> Result<()> {
		let (name, seed) = (task.name(), self.seed(task).await?);
		let Some(Work { roots, .. }) = self.kept(task, seed)? else {
			return Err(eyre!(
				"what was committed for {name} is lost, or its seed changed with its blocks"
			));
		};
		let at = self.chain.best().await?;
		let sample_seed = self
			.chain
			.sample_seed(&at, &seed, sampled_from)
			.await?
			.ok_or_else(|| eyre!("too few blocks carried randomness for {name}"))?;
		let params = task.timeline.params;
		let reveal =
			tokio::task::spawn_blocking(move || prover::open(&params, seed, &roots, &sample_seed))
				.await?
				.ok_or_else(|| eyre!("the proof does not fit into a reveal"))?;
		self.chain.reveal(task, reveal).await?;
		self.metrics.proofs.inc();
		tracing::info!(task = name, "proof revealed");
		Ok(())
	}
}
