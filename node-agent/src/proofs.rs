//! Answers a challenge: seed, rounds, commitment, positions, reveal.

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
	chain::{Chain, Challenge, Step},
	journal::{crash_point, Journal, Work},
	server::Metrics,
};

/// Blocks before the deadline at which the last round begins at the latest: the commitment has to
/// get into a block.
const RESERVE: u32 = 4;

/// Waits for a best block of at least this number.
async fn block(chain: &Chain, number: u32) -> Result<usufruct_client::AtBlock> {
	loop {
		let at = chain.best().await?;
		if Chain::number(&at) >= number {
			return Ok(at);
		}
		tokio::time::sleep(Duration::from_millis(500)).await;
	}
}

/// Answers the challenge from the step that it is at.
///
/// Work is kept before it is committed, so that an agent that dies comes back with what it owes: a
/// commitment without a reveal is a fault. Work that was interrupted before is begun anew, with the
/// same seed and so with the same first root, in what is left of the window.
///
/// # Errors
///
/// Where a step was missed, the chain refused one, the connection broke, or the seed changed by a
/// re-organisation. Never leads to a wrong proof; whether to try again follows from the chain's state.
pub async fn answer(
	chain: &Chain,
	journal: &Journal,
	metrics: &Metrics,
	challenge: Challenge,
) -> Result<()> {
	let id = challenge.id;
	let at = block(chain, challenge.opens_at()).await?;
	let seed = chain
		.seed(&at, &challenge)
		.await?
		.ok_or_else(|| eyre!("no block carried randomness for challenge {id}"))?;
	let kept = journal.work(id)?.filter(|work| work.seed == seed);
	let roots = match (challenge.step, kept) {
		(Step::Committed, Some(work)) => work.roots,
		(Step::Committed, None) => {
			return Err(eyre!("what was committed for challenge {id} is lost"))
		}
		(step, Some(work)) => {
			// The first root was in a block that is on no branch any more.
			if let (Step::Issued, Some(first)) = (step, work.roots.first()) {
				chain.commit_first(id, *first).await?;
			}
			commit(chain, &challenge, work.roots).await?
		}
		(_, None) => {
			tracing::info!(challenge = id, "proving compute");
			let roots = compute(chain, metrics, &challenge, seed).await?;
			let work = Work { seed, roots };
			journal.keep_work(id, &work)?;
			crash_point("work-kept");
			commit(chain, &challenge, work.roots).await?
		}
	};
	crash_point("work-committed");

	let at = block(chain, challenge.sampled_at()).await?;
	if chain.seed(&at, &challenge).await? != Some(seed) {
		return Err(eyre!("the seed of challenge {id} changed with its blocks"));
	}
	let sample_seed = chain
		.sample_seed(&at, &challenge, &seed)
		.await?
		.ok_or_else(|| eyre!("too few blocks carried randomness for challenge {id}"))?;
	let params = challenge.params;
	let reveal =
		tokio::task::spawn_blocking(move || prover::open(&params, seed, &roots, &sample_seed))
			.await?
			.ok_or_else(|| eyre!("the proof does not fit into a reveal"))?;
	chain.reveal(id, reveal).await?;
	tracing::info!(challenge = id, "proof revealed");
	Ok(())
}

/// Computes rounds until the commitment is due; sends the root of the first as soon as it is there.
async fn compute(
	chain: &Chain,
	metrics: &Metrics,
	challenge: &Challenge,
	seed: Hash,
) -> Result<Vec<Hash>> {
	let stop = Arc::new(AtomicBool::new(false));
	let (roots_in, mut roots_out) = tokio::sync::mpsc::unbounded_channel();
	let worker = {
		let (params, stop, metrics) = (challenge.params, stop.clone(), metrics.clone());
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
					// Nobody listens any more where the challenge was given up.
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
		if challenge.step == Step::Issued {
			chain.commit_first(challenge.id, first).await?;
		}
		block(chain, challenge.commit_until().saturating_sub(RESERVE)).await
	};
	let ended = window.await;
	// Whatever happened: the processors belong to somebody else now.
	stop.store(true, Ordering::Relaxed);
	ended?;
	Ok(worker.await?)
}

/// Commits to the work. Gives it back.
async fn commit(chain: &Chain, challenge: &Challenge, roots: Vec<Hash>) -> Result<Vec<Hash>> {
	let rounds = u32::try_from(roots.len())?;
	chain
		.commit(challenge.id, rounds, commit_digest(&roots))
		.await?;
	tracing::info!(challenge = challenge.id, rounds, "work committed");
	Ok(roots)
}
