//! What tenants reach through the agent: their workspaces' logs, commands, ports, files and secrets.
//!
//! One connection is one request. It is granted to the present holder of the lease's use right, by the
//! last finalized block, and ends when that changes ([`rights`]); `docs/tenant-access.md` has the whole
//! and what it protects against.
//!
//! ```text
//!   connection ──▶ TLS, greeting ──▶ statement ──▶ granted ──▶ done
//!        │               │               │            │
//!     too many       too slow         refused     right ended, idle, too much
//! ```

pub mod rights;
mod secrets;
mod session;

pub use rights::{Right, View, Views};
pub use secrets::Secrets;

use std::{
	collections::HashMap,
	net::SocketAddr,
	sync::{Arc, Mutex, PoisonError},
};

use eyre::{Result, WrapErr};
use rustls::ServerConfig;
use tokio::{net::TcpListener, sync::watch, sync::Semaphore};
use usufruct_access::{
	identity::Identity,
	message::{Code, Refusal},
	tls,
};

use crate::{chain::Chain, config::Config, engine::Engines};

/// Connections at once, those that have not said who they are counted; more are dropped.
const MAX_CONNECTIONS: usize = 256;
/// Sessions at once of one lease.
const MAX_SESSIONS: usize = 32;

/// What all sessions share.
#[derive(Debug)]
pub struct Access {
	identity: Identity,
	tls: Arc<ServerConfig>,
	engines: Arc<Engines>,
	secrets: Secrets,
	views: Views,
	sessions: Mutex<HashMap<u64, usize>>,
}

impl Access {
	/// Makes a certificate for this run and signs for it.
	///
	/// # Errors
	///
	/// Where the system gives no randomness.
	pub fn new(
		chain: [u8; 32],
		key: &usufruct_client::Keypair,
		engines: Arc<Engines>,
		secrets: Secrets,
		views: Views,
	) -> Result<Arc<Self>> {
		let (tls, certificate) = tls::server()?;
		let identity = Identity::sign(chain, secrets.public(), &certificate, key);
		Ok(Arc::new(Self {
			identity,
			tls,
			engines,
			secrets,
			views,
			sessions: Mutex::default(),
		}))
	}

	/// Serves until the process ends. Gives the address, for whoever asked for any free port.
	///
	/// # Errors
	///
	/// Where the address is taken.
	pub async fn serve(self: &Arc<Self>, address: &str) -> Result<SocketAddr> {
		let listener = TcpListener::bind(address).await.wrap_err_with(|| {
			format!("listen for tenants on {address}; name another with --access-port")
		})?;
		let bound = listener.local_addr()?;
		let (access, gate) = (self.clone(), Arc::new(Semaphore::new(MAX_CONNECTIONS)));
		tokio::spawn(async move {
			loop {
				let stream = match listener.accept().await {
					Ok((stream, _)) => stream,
					Err(error) => {
						// Out of file handles, for example: some will be free again.
						tracing::warn!(%error, "a tenant could not be accepted");
						tokio::time::sleep(std::time::Duration::from_millis(200)).await;
						continue;
					}
				};
				let Ok(permit) = gate.clone().try_acquire_owned() else {
					tracing::debug!("too many connections: one more is dropped");
					continue;
				};
				let access = access.clone();
				tokio::spawn(async move {
					if let Err(error) = session::run(&access, stream).await {
						tracing::debug!(%error, "a tenant's session broke");
					}
					drop(permit);
				});
			}
		});
		Ok(bound)
	}

	/// Counts a session of a lease until the guard is dropped.
	fn enter(self: &Arc<Self>, lease: u64) -> Result<Entered, Refusal> {
		let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
		let count = sessions.entry(lease).or_default();
		if *count >= MAX_SESSIONS {
			let text = format!("lease {lease} has {MAX_SESSIONS} sessions already; end one first");
			return Err(Refusal::new(Code::TooMany, text));
		}
		*count += 1;
		Ok(Entered {
			access: self.clone(),
			lease,
		})
	}
}

/// A session that counts.
struct Entered {
	access: Arc<Access>,
	lease: u64,
}

impl Drop for Entered {
	fn drop(&mut self) {
		let sessions = self.access.sessions.lock();
		let mut sessions = sessions.unwrap_or_else(PoisonError::into_inner);
		if let Some(count) = sessions.get_mut(&self.lease) {
			*count -= 1;
			if *count == 0 {
				sessions.remove(&self.lease);
			}
		}
	}
}

/// Follows who may use what, forgets what nobody may use any more, and lets tenants in.
///
/// # Errors
///
/// Where the address is taken, or the node does not answer.
pub async fn start(
	config: &Config,
	chain: &Chain,
	machine: [u8; 32],
	engines: Arc<Engines>,
	secrets: Secrets,
) -> Result<()> {
	let (sender, views) = watch::channel(None);
	let genesis = chain.genesis().await?;
	let access = Access::new(
		genesis,
		chain.key(),
		engines.clone(),
		secrets.clone(),
		views.clone(),
	)?;
	let address = access.serve(&config.access_address()).await?;
	tracing::info!(%address, "tenants reach their workspaces here");
	tokio::spawn(rights::follow(
		config.clone(),
		chain.clone(),
		machine,
		sender,
	));
	tokio::spawn(forget(views, engines, secrets));
	Ok(())
}

/// Forgets what was kept for leases that are over, block by block.
async fn forget(mut views: Views, engines: Arc<Engines>, secrets: Secrets) {
	while views.changed().await.is_ok() {
		let Some(view) = views.borrow_and_update().clone() else {
			continue;
		};
		// A service runs before its lease is final.
		let running = match engines.list().await {
			Ok(found) => found,
			Err(error) => {
				tracing::debug!(%error, "an engine does not answer: nothing is forgotten");
				continue;
			}
		};
		let is_kept = |lease: u64, generation: u32| {
			let right = view.rights.get(&lease);
			right.is_some_and(|right| right.generation == generation)
				|| running
					.iter()
					.any(|found| found.lease == lease && found.generation == generation)
		};
		engines.keep(is_kept);
		secrets.keep(|lease, generation| is_kept(lease, generation) || engines.is_starting(lease));
	}
}
