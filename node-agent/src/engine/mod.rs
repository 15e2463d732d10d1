//! What runs workspaces: WebAssembly in this process, containers in Docker.

pub mod access;
pub mod docker;
mod download;
pub mod log;
pub mod modules;
pub mod numa;
pub mod progress;
pub mod sources;
pub mod wasm;

use std::{
	collections::HashMap,
	path::Path,
	sync::{Arc, Mutex, PoisonError},
};

use usufruct_access::message::Step;

use self::docker::DockerEngine;
use crate::{
	access::Secrets,
	config::EngineChoice,
	domain::{Actual, DesiredLease, Image, ImageKind},
};

/// The label that names the generation of the lease that something belongs to.
const GENERATION: &str = "usufruct.generation";
/// The label that tells a lease from another that had its number on a fork.
const IDENTITY: &str = "usufruct.identity";

/// Why a workspace does not run. The chain knows these reasons by the same names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
	/// The image is not where its reference says.
	#[error("the image is not there: {0}")]
	ImageNotFound(String),
	/// The image is not what its digest says.
	#[error("the image is not what its digest says: {0}")]
	WrongDigest(String),
	/// The machine has no room for it.
	#[error("no room: {0}")]
	NoSpace(String),
	/// It does not start, or ended with an error.
	#[error("crashed: {0}")]
	Crashed(String),
	/// It used more than it may.
	#[error("used more than it may: {0}")]
	LimitExceeded(String),
	/// No engine here runs this kind of image.
	#[error("no engine: {0}")]
	NoEngine(String),
	/// The machine's owner does not let it run here.
	#[error("not run here: {0}")]
	Refused(String),
	/// It runs, but its health check fails.
	#[error("not well: {0}")]
	Unhealthy(String),
}

/// What starting gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
	/// It runs and answers here.
	Running(String),
	/// It was a batch job and is done.
	Finished,
}

/// The engines of this machine.
#[derive(Debug)]
pub struct Engines {
	wasm: wasm::WasmEngine,
	docker: Option<DockerEngine>,
	/// How far the images are.
	dispensing: progress::Dispensing,
	/// Held by whoever starts a lease, or stops it to be started again.
	locks: Mutex<HashMap<u64, Arc<tokio::sync::Mutex<()>>>>,
}

impl Engines {
	/// Prepares the engines; says which Docker was found, or why none. Workspaces see of `secrets` what
	/// is theirs. What `is_weak_allowed` allows is said at [`docker::DockerEngine::connect`].
	///
	/// # Errors
	///
	/// Where Docker was asked for by name and cannot be used.
	pub async fn new(
		choice: EngineChoice,
		data_dir: &Path,
		public_address: &str,
		secrets: Option<Secrets>,
		sources: sources::Sources,
		is_weak_allowed: bool,
	) -> eyre::Result<Self> {
		let docker = match choice {
			EngineChoice::Wasm => None,
			_ => {
				let connected = DockerEngine::connect(
					data_dir,
					public_address,
					secrets.clone(),
					&sources,
					is_weak_allowed,
				);
				match connected.await {
					Ok(engine) => Some(engine),
					Err(error) if choice == EngineChoice::Docker => return Err(error),
					Err(error) => {
						let error = format!("{error:#}");
						tracing::info!(error, "no container engine: running WebAssembly alone");
						None
					}
				}
			}
		};
		let wasm = wasm::WasmEngine::new(data_dir, public_address, secrets, sources)?;
		Ok(Self {
			wasm,
			docker,
			dispensing: progress::Dispensing::default(),
			locks: Mutex::default(),
		})
	}

	fn lock_of(&self, lease: u64) -> Arc<tokio::sync::Mutex<()>> {
		let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
		locks.entry(lease).or_default().clone()
	}

	/// Whether a lease is being started.
	pub fn is_starting(&self, lease: u64) -> bool {
		self.lock_of(lease).try_lock().is_err()
	}

	/// Forgets what is remembered of all leases but these, and those that are being started: the
	/// state that shows them may not have been read yet.
	pub fn keep(&self, is_kept: impl Fn(u64, u32) -> bool) {
		let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
		let is_starting = |lease: u64| {
			let lock = locks.get(&lease);
			lock.is_some_and(|lock| lock.try_lock().is_err())
		};
		self.dispensing
			.keep(|lease, generation| is_kept(lease, generation) || is_starting(lease));
		self.wasm
			.keep(|lease, generation| is_kept(lease, generation) || is_starting(lease));
		locks.retain(|_, lock| lock.try_lock().is_err());
	}

	/// The engines' names.
	pub fn names(&self) -> Vec<&'static str> {
		let docker = self.docker.as_ref().map(|_| "docker");
		["wasm"].into_iter().chain(docker).collect()
	}

	/// What tells how much of the processor leases used.
	pub fn collectors(&self) -> Vec<Box<dyn prometheus::core::Collector>> {
		self.wasm.collectors()
	}

	/// The container engine, where there is one.
	pub fn containers(&self) -> Option<&DockerEngine> {
		self.docker.as_ref()
	}

	/// Tells which GPU a HID is.
	pub fn know_gpu(&self, hid: u64, uuid: &str) {
		if let Some(docker) = &self.docker {
			docker.know_gpu(hid, uuid);
		}
	}

	/// Everything that runs for a lease.
	///
	/// # Errors
	///
	/// Where an engine does not answer: nothing may be concluded from its silence.
	pub async fn list(&self) -> eyre::Result<Vec<Actual>> {
		let mut actual = self.wasm.list();
		if let Some(docker) = &self.docker {
			actual.extend(docker.list().await?);
		}
		Ok(actual)
	}

	/// Whether an image is here, so that nothing has to be fetched.
	pub async fn has_image(&self, image: &Image) -> bool {
		match (image.kind, &self.docker) {
			(ImageKind::Wasm, _) => self.wasm.has_image(image),
			(ImageKind::Oci, Some(docker)) => docker.has_image(image).await,
			(ImageKind::Oci, None) => false,
		}
	}

	/// Gets an image that may be needed soon.
	///
	/// # Errors
	///
	/// [`Failure`]; it is tried again when it is needed.
	pub async fn prefetch(&self, image: &Image) -> Result<(), Failure> {
		match (image.kind, &self.docker) {
			(ImageKind::Wasm, _) => self.wasm.prefetch(image).await,
			(ImageKind::Oci, Some(docker)) => docker.prefetch(image).await,
			(ImageKind::Oci, None) => Ok(()),
		}
	}

	/// Gets the image and starts the lease; tells whoever follows it how far it is.
	///
	/// # Errors
	///
	/// [`Failure`]; nothing of the lease runs then.
	pub async fn start(&self, lease: &DesiredLease) -> Result<Started, Failure> {
		let lock = self.lock_of(lease.lease);
		let _guard = lock.lock().await;
		let tracker = self.dispensing.begin(lease.lease, lease.generation);
		let started = match (lease.kind, &self.docker) {
			(ImageKind::Wasm, _) => self.wasm.start(lease, &tracker).await,
			(ImageKind::Oci, Some(docker)) => docker.start(lease, &tracker).await,
			(ImageKind::Oci, None) => Err(Failure::NoEngine(
				"this machine has no container engine".into(),
			)),
		};
		tracker.step(match &started {
			Ok(_) => Step::Ready,
			Err(failure) => Step::Failed(failure.to_string()),
		});
		started
	}

	/// Stops a lease and removes what belongs to it.
	///
	/// # Errors
	///
	/// Where the engine does not do it; it is tried again.
	pub async fn stop(&self, lease: u64) -> eyre::Result<()> {
		self.wasm.stop(lease);
		match &self.docker {
			Some(docker) => docker.stop(lease).await,
			None => Ok(()),
		}
	}
}
