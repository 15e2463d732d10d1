//! What runs workspaces: WebAssembly in this process, containers in Docker.

pub mod docker;
pub mod wasm;

use std::path::Path;

use crate::{
	config::EngineChoice,
	domain::{Actual, DesiredLease, ImageKind},
};

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
	docker: Option<docker::DockerEngine>,
}

impl Engines {
	/// Prepares the engines; says which Docker was found, or why none.
	///
	/// # Errors
	///
	/// Where Docker was asked for by name and does not answer.
	pub async fn new(
		choice: EngineChoice,
		data_dir: &Path,
		public_address: &str,
	) -> eyre::Result<Self> {
		let wasm = wasm::WasmEngine::new(data_dir, public_address)?;
		let docker = match choice {
			EngineChoice::Wasm => None,
			_ => match docker::DockerEngine::connect(data_dir, public_address).await {
				Ok(engine) => Some(engine),
				Err(error) if choice == EngineChoice::Docker => return Err(error),
				Err(error) => {
					tracing::info!(%error, "no container engine: running WebAssembly alone");
					None
				}
			},
		};
		Ok(Self { wasm, docker })
	}

	/// The engines' names.
	pub fn names(&self) -> Vec<&'static str> {
		let docker = self.docker.as_ref().map(|_| "docker");
		["wasm"].into_iter().chain(docker).collect()
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

	/// Gets the image and starts the lease; tells how much has arrived, in percent.
	///
	/// # Errors
	///
	/// [`Failure`]; nothing of the lease runs then.
	pub async fn start(
		&self,
		lease: &DesiredLease,
		progress: impl Fn(u8) + Send + Sync,
	) -> Result<Started, Failure> {
		match (lease.kind, &self.docker) {
			(ImageKind::Wasm, _) => self.wasm.start(lease, progress).await,
			(ImageKind::Oci, Some(docker)) => docker.start(lease, progress).await,
			(ImageKind::Oci, None) => Err(Failure::NoEngine(
				"this machine has no container engine".into(),
			)),
		}
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
