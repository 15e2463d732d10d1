//! Has images ready for what this machine is likely to run.

use std::{
	collections::HashSet,
	sync::{Arc, Mutex},
};

use eyre::Result;
use usufruct_client::AtBlock;

use crate::{
	chain::{Chain, Likely},
	engine::Engines,
	proofs::lock,
	trust::Trust,
};

/// Images that are fetched at once.
const AT_ONCE: usize = 2;

/// Fetches images of requests that this machine leads.
#[derive(Debug)]
pub(crate) struct Prefetcher {
	engines: Arc<Engines>,
	trust: Trust,
	/// The block that was looked at last.
	seen: u32,
	/// What is being fetched.
	under_way: Arc<Mutex<HashSet<[u8; 32]>>>,
	/// What was tried while its windows are open: a failure is told by the lease, should there be one.
	tried: HashSet<[u8; 32]>,
}

impl Prefetcher {
	pub(crate) fn new(engines: Arc<Engines>, trust: Trust) -> Self {
		Self {
			engines,
			trust,
			seen: 0,
			under_way: Arc::default(),
			tried: HashSet::new(),
		}
	}

	/// Looks what the machine may have to run soon, once per block, and begins to fetch it.
	///
	/// # Errors
	///
	/// Where the connection broke.
	pub(crate) async fn look(&mut self, chain: &Chain, at: &AtBlock, node: u32) -> Result<()> {
		let block = Chain::number(at);
		if block == self.seen {
			return Ok(());
		}
		let likely = chain.likely(at, node).await?;
		self.seen = block;
		self.tried
			.retain(|digest| likely.iter().any(|one| one.image.digest == *digest));
		for one in likely {
			self.begin(chain, one).await?;
		}
		Ok(())
	}

	async fn begin(&mut self, chain: &Chain, likely: Likely) -> Result<()> {
		let digest = likely.image.digest;
		if self.tried.contains(&digest) || lock(&self.under_way).len() >= AT_ONCE {
			return Ok(());
		}
		self.tried.insert(digest);
		if self.engines.has_image(&likely.image).await {
			return Ok(());
		}
		if !self.trust.is_open() {
			let subject = chain.subject(digest, likely.release, &self.trust.curators);
			if self.trust.admit(&subject.await?).is_err() {
				return Ok(());
			}
		}
		lock(&self.under_way).insert(digest);
		let (engines, under_way) = (self.engines.clone(), self.under_way.clone());
		tokio::spawn(async move {
			let image = hex::encode(digest);
			tracing::info!(image, "fetching what may have to run here soon");
			if let Err(failure) = engines.prefetch(&likely.image).await {
				tracing::info!(image, %failure, "it is not here before it is needed");
			}
			lock(&under_way).remove(&digest);
		});
		Ok(())
	}
}
