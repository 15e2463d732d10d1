//! Answers a challenge: seed, rounds, commitment, positions, reveal.

use std::{
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};

use eyre::{eyre, Result};
use usufruct_proof::commit_digest;

use crate::{
	chain::{Chain, Challenge},
	prover,
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

/// Answers the challenge from its beginning.
///
/// # Errors
///
/// Where a step was missed, the chain refused one, or the seed changed by a re-organisation: the
/// challenge then ends without a proof, never with a wrong one.
pub async fn answer(chain: Chain, challenge: Challenge) -> Result<()> {
	let at = block(&chain, challenge.opens_at()).await?;
	let seed = chain
		.seed(&at, &challenge)
		.await?
		.ok_or_else(|| eyre!("no block carried randomness for challenge {}", challenge.id))?;
	tracing::info!(challenge = challenge.id, "proving compute");
	let stop = Arc::new(AtomicBool::new(false));
	let (roots_in, mut roots_out) = tokio::sync::mpsc::unbounded_channel();
	let worker = {
		let (params, stop) = (challenge.params, stop.clone());
		let begun = Instant::now();
		tokio::task::spawn_blocking(move || {
			prover::prove(
				&params,
				seed,
				|_| !stop.load(Ordering::Relaxed),
				|round, root| {
					tracing::debug!(round, seconds = begun.elapsed().as_secs_f32(), "round done");
					// Nobody listens any more where the challenge was given up.
					let _: Result<(), _> = roots_in.send(*root);
				},
			)
		})
	};
	let result = commit(&chain, &challenge, &stop, &mut roots_out, worker).await;
	// Whatever happened: the processors belong to somebody else now.
	stop.store(true, Ordering::Relaxed);
	let roots = result?;

	let at = block(&chain, challenge.sampled_at()).await?;
	let sample_seed = chain
		.sample_seed(&at, &challenge, &seed)
		.await?
		.ok_or_else(|| {
			eyre!(
				"too few blocks carried randomness for challenge {}",
				challenge.id
			)
		})?;
	if chain.seed(&at, &challenge).await? != Some(seed) {
		return Err(eyre!(
			"the seed of challenge {} changed with its blocks",
			challenge.id
		));
	}
	let params = challenge.params;
	let reveal =
		tokio::task::spawn_blocking(move || prover::open(&params, seed, &roots, &sample_seed))
			.await?
			.ok_or_else(|| eyre!("the proof does not fit into a reveal"))?;
	chain.reveal(challenge.id, reveal).await?;
	tracing::info!(challenge = challenge.id, "proof revealed");
	Ok(())
}

async fn commit(
	chain: &Chain,
	challenge: &Challenge,
	stop: &AtomicBool,
	roots: &mut tokio::sync::mpsc::UnboundedReceiver<[u8; 32]>,
	worker: tokio::task::JoinHandle<Vec<[u8; 32]>>,
) -> Result<Vec<[u8; 32]>> {
	let first = roots
		.recv()
		.await
		.ok_or_else(|| eyre!("no round was computed"))?;
	chain.commit_first(challenge.id, first).await?;
	block(chain, challenge.commit_until().saturating_sub(RESERVE)).await?;
	stop.store(true, Ordering::Relaxed);
	let roots = worker.await?;
	let rounds = u32::try_from(roots.len())?;
	chain
		.commit(challenge.id, rounds, commit_digest(&roots))
		.await?;
	tracing::info!(challenge = challenge.id, rounds, "work committed");
	Ok(roots)
}
