//! Containers in Docker: by digest, limited, without privileges, each in a network of its own.

use std::{collections::HashMap, path::Path};

use bollard::{
	models::{
		ContainerCreateBody, ContainerSummary, ContainerSummaryStateEnum, DeviceRequest,
		HostConfig, NetworkCreateRequest, PortBinding,
	},
	query_parameters::{
		CreateContainerOptionsBuilder, CreateImageOptionsBuilder, ListContainersOptionsBuilder,
		ListNetworksOptionsBuilder, RemoveContainerOptionsBuilder,
	},
	Docker,
};
use eyre::{Result, WrapErr};
use futures::StreamExt;

use super::{
	progress::{layer_of, Tracker},
	Failure, Started, GENERATION, IDENTITY,
};
use crate::{
	access::Secrets,
	domain::{Actual, Condition, DesiredLease},
};

const LEASE: &str = "usufruct.lease";
const AGENT: &str = "usufruct.agent";
/// Processes of one container.
const PIDS: i64 = 512;

/// Runs containers.
#[derive(Debug)]
pub struct DockerEngine {
	pub(super) docker: Docker,
	/// Tells this agent's containers from those of another on the same machine.
	agent: String,
	public_address: String,
	secrets: Option<Secrets>,
}

impl DockerEngine {
	/// Connects to the engine that `DOCKER_HOST` names, or the local one.
	///
	/// # Errors
	///
	/// Where it does not answer.
	pub async fn connect(
		data_dir: &Path,
		public_address: &str,
		secrets: Option<Secrets>,
	) -> Result<Self> {
		let docker = Docker::connect_with_defaults().wrap_err("connect to Docker")?;
		docker
			.ping()
			.await
			.wrap_err("Docker does not answer; start it, or set DOCKER_HOST")?;
		let whole = data_dir.canonicalize().wrap_err("find the data folder")?;
		let agent =
			hex::encode(&blake3::hash(whole.as_os_str().as_encoded_bytes()).as_bytes()[..8]);
		Ok(Self {
			docker,
			agent,
			public_address: public_address.into(),
			secrets,
		})
	}

	pub(super) fn name(&self, lease: u64) -> String {
		format!("usufruct-{}-{lease}", self.agent)
	}

	/// Everything that belongs to a lease: containers, running or not, and networks without one.
	///
	/// # Errors
	///
	/// Where Docker does not answer.
	pub async fn list(&self) -> Result<Vec<Actual>> {
		let filter = HashMap::from([("label", vec![format!("{AGENT}={}", self.agent)])]);
		let options = ListContainersOptionsBuilder::default()
			.all(true)
			.filters(&filter)
			.build();
		let containers = self.docker.list_containers(Some(options)).await;
		let mut found = Vec::new();
		for container in containers.wrap_err("list containers")? {
			let labels = container.labels.clone().unwrap_or_default();
			if let Some((lease, generation)) = belongs_to(&labels) {
				found.push(Actual {
					lease,
					generation,
					identity: identity(&labels),
					condition: self.condition(container).await?,
				});
			}
		}
		let options = ListNetworksOptionsBuilder::default()
			.filters(&filter)
			.build();
		let networks = self.docker.list_networks(Some(options)).await;
		for network in networks.wrap_err("list networks")? {
			let labels = network.labels.unwrap_or_default();
			if let Some((lease, generation)) = belongs_to(&labels) {
				if found.iter().all(|actual| actual.lease != lease) {
					found.push(Actual {
						lease,
						generation,
						identity: identity(&labels),
						condition: Condition::Partial,
					});
				}
			}
		}
		Ok(found)
	}

	async fn condition(&self, container: ContainerSummary) -> Result<Condition> {
		use ContainerSummaryStateEnum as State;
		match container.state {
			Some(State::RUNNING | State::PAUSED | State::RESTARTING | State::STOPPING) => {
				let port = container
					.ports
					.unwrap_or_default()
					.iter()
					.find_map(|port| port.public_port);
				Ok(Condition::Running(port.map_or_else(String::new, |port| {
					format!("{}:{port}", self.public_address)
				})))
			}
			Some(State::EXITED) => {
				let id = container.id.unwrap_or_default();
				let inspected = self.docker.inspect_container(&id, None).await;
				let state = inspected.wrap_err("look at a container that ended")?.state;
				let state = state.unwrap_or_default();
				Ok(Condition::Ended(
					match (state.exit_code, state.oom_killed) {
						(_, Some(true)) => Err("ended for want of memory".into()),
						(Some(0), _) => Ok(()),
						(code, _) => Err(format!("ended with status {}", code.unwrap_or(-1))),
					},
				))
			}
			_ => Ok(Condition::Partial),
		}
	}

	/// Gets the image and starts the container.
	///
	/// # Errors
	///
	/// [`Failure`]; nothing of the lease is left then.
	pub async fn start(&self, lease: &DesiredLease, tracker: &Tracker) -> Result<Started, Failure> {
		let image = self.dispense(lease, tracker).await?;
		let crashed = |error: bollard::errors::Error| Failure::Crashed(error.to_string());
		// What an interrupted start left behind.
		self.stop(lease.lease)
			.await
			.map_err(|error| Failure::Crashed(format!("{error:#}")))?;
		let name = self.name(lease.lease);
		let labels = HashMap::from([
			(LEASE.to_string(), lease.lease.to_string()),
			(GENERATION.to_string(), lease.generation.to_string()),
			(IDENTITY.to_string(), lease.identity().to_string()),
			(AGENT.to_string(), self.agent.clone()),
		]);
		let network = NetworkCreateRequest {
			name: name.clone(),
			labels: Some(labels.clone()),
			..Default::default()
		};
		self.docker.create_network(network).await.map_err(crashed)?;
		let options = CreateContainerOptionsBuilder::default().name(&name).build();
		let mut body = self.container(lease, image, &name, labels);
		if let Some(secrets) = &self.secrets {
			secrets.give(lease.lease, lease.generation, &mut body)?;
		}
		let created = async {
			self.docker.create_container(Some(options), body).await?;
			self.docker.start_container(&name, None).await
		};
		if let Err(error) = created.await {
			if let Err(left) = self.stop(lease.lease).await {
				tracing::warn!(lease = lease.lease, error = %left, "a failed start left something");
			}
			return Err(crashed(error));
		}
		let listed = self.list().await;
		let listed = listed.map_err(|error| Failure::NoEngine(format!("{error:#}")))?;
		let found = listed.into_iter().find(|found| found.lease == lease.lease);
		match found.map(|found| found.condition) {
			Some(Condition::Running(endpoint)) => Ok(Started::Running(endpoint)),
			// A batch job that was quick.
			Some(Condition::Ended(Ok(()))) if lease.port.is_none() => Ok(Started::Finished),
			Some(Condition::Ended(Err(how))) => Err(Failure::Crashed(how)),
			_ => Err(Failure::Crashed("the container ended at once".into())),
		}
	}

	/// The hardening of every container, and what the lease bought.
	fn container(
		&self,
		lease: &DesiredLease,
		image: String,
		network: &str,
		labels: HashMap<String, String>,
	) -> ContainerCreateBody {
		let memory = (lease.memory_mib > 0).then(|| i64::from(lease.memory_mib) << 20);
		let port = lease.port.map(|port| format!("{port}/tcp"));
		let binding = PortBinding {
			host_ip: Some(self.public_address.clone()),
			// Any free one.
			host_port: Some("0".into()),
		};
		let gpus = (lease.gpus > 0).then(|| {
			vec![DeviceRequest {
				driver: Some("nvidia".into()),
				count: Some(lease.gpus.into()),
				capabilities: Some(vec![vec!["gpu".into()]]),
				..Default::default()
			}]
		});
		ContainerCreateBody {
			image: Some(image),
			cmd: (!lease.command.is_empty()).then(|| lease.command.clone()),
			labels: Some(labels),
			exposed_ports: port.clone().map(|port| vec![port]),
			host_config: Some(HostConfig {
				memory,
				memory_swap: memory,
				nano_cpus: (lease.cpu_millis > 0).then(|| i64::from(lease.cpu_millis) * 1_000_000),
				pids_limit: Some(PIDS),
				readonly_rootfs: Some(true),
				tmpfs: Some(HashMap::from([(
					"/tmp".to_string(),
					"rw,nosuid,nodev,size=64m".to_string(),
				)])),
				cap_drop: Some(vec!["ALL".into()]),
				security_opt: Some(vec!["no-new-privileges".into()]),
				network_mode: Some(network.into()),
				port_bindings: port.map(|port| HashMap::from([(port, Some(vec![binding]))])),
				device_requests: gpus,
				..Default::default()
			}),
			..Default::default()
		}
	}

	/// Whether the image is there.
	pub async fn has_image(&self, lease: &DesiredLease) -> bool {
		let digest = format!("sha256:{}", hex::encode(lease.digest));
		let reference = format!("{}@{digest}", lease.reference);
		self.docker.inspect_image(&digest).await.is_ok()
			|| self.docker.inspect_image(&reference).await.is_ok()
	}

	/// The image's identifier: there already, or pulled by its digest.
	async fn dispense(&self, lease: &DesiredLease, tracker: &Tracker) -> Result<String, Failure> {
		let digest = format!("sha256:{}", hex::encode(lease.digest));
		if self.docker.inspect_image(&digest).await.is_ok() {
			return Ok(digest);
		}
		let reference = format!("{}@{digest}", lease.reference);
		let options = CreateImageOptionsBuilder::default()
			.from_image(&reference)
			.build();
		let mut pull = self.docker.create_image(Some(options), None, None);
		while let Some(step) = pull.next().await {
			let step =
				step.map_err(|error| Failure::ImageNotFound(format!("{reference}: {error}")))?;
			if let Some(layer) = layer_of(&step) {
				tracker.layer(layer);
			}
		}
		self.docker
			.inspect_image(&reference)
			.await
			.map(|_| reference.clone())
			.map_err(|error| Failure::ImageNotFound(format!("{reference}: {error}")))
	}

	/// Stops a lease and removes its container and network.
	///
	/// # Errors
	///
	/// Where Docker does not do it.
	pub async fn stop(&self, lease: u64) -> Result<()> {
		let name = self.name(lease);
		let options = RemoveContainerOptionsBuilder::default()
			.force(true)
			.v(true)
			.build();
		gone(self.docker.remove_container(&name, Some(options)).await)
			.wrap_err_with(|| format!("remove container {name}"))?;
		gone(self.docker.remove_network(&name).await)
			.wrap_err_with(|| format!("remove network {name}"))
	}
}

/// The lease and the generation that something is labelled with.
fn belongs_to(labels: &HashMap<String, String>) -> Option<(u64, u32)> {
	Some((
		labels.get(LEASE)?.parse().ok()?,
		labels.get(GENERATION)?.parse().ok()?,
	))
}

/// Which lease of its number something is labelled with.
fn identity(labels: &HashMap<String, String>) -> Option<u64> {
	labels.get(IDENTITY)?.parse().ok()
}

/// What is not there need not be removed.
fn gone(result: Result<(), bollard::errors::Error>) -> Result<(), bollard::errors::Error> {
	match result {
		Err(bollard::errors::Error::DockerResponseServerError {
			status_code: 404, ..
		}) => Ok(()),
		other => other,
	}
}
