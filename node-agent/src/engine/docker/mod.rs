//! Containers in Docker: by digest, limited, without privileges, each in a network of its own.
//!
//! What a container is made of is [`spec`]; what its network reaches, [`network`]; which processors it gets,
//! [`numa`](super::numa). When it runs, [`inside`] and [`cgroup`] look at what the kernel made of it: one that is not
//! walled off as it must be is stopped. Which versions of the engine are too old for all that is in [`versions`].

mod cgroup;
mod gpus;
mod images;
mod inside;
pub(crate) mod network;
mod spec;
pub mod versions;

use std::{
	collections::{BTreeMap, BTreeSet, HashMap},
	path::Path,
	sync::{Mutex, PoisonError},
	time::{Duration, Instant},
};

use bollard::{
	models::{
		ContainerInspectResponse, ContainerSummary, ContainerSummaryStateEnum, Network, SystemInfo,
	},
	query_parameters::{
		CreateContainerOptionsBuilder, CreateImageOptionsBuilder, ListContainersOptionsBuilder,
		ListNetworksOptionsBuilder, RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder,
	},
	Docker,
};
use eyre::{bail, eyre, Result, WrapErr};
use futures::StreamExt;
use tokio_util::io::ReaderStream;
use usufruct_access::message::Step;

pub use self::images::Login;
use self::{
	cgroup::{Groups, Limits},
	images::{text_of, Images, Refusal, Source},
	inside::{Seen, Wall},
	network::Firewall,
	spec::Spec,
	versions::Found,
};
use super::{
	numa::{self, Held, Node, Place, Want},
	progress::Tracker,
	sources::Sources,
	Failure, Started, GENERATION, IDENTITY,
};
use crate::{
	access::Secrets,
	domain::{Actual, Condition, DesiredLease, Identity, Image, Isolation},
};

const LEASE: &str = "usufruct.lease";
const AGENT: &str = "usufruct.agent";
/// What a container holds of the machine: processors and nodes, and what its lease bought of them.
const CPUS: &str = "usufruct.cpus";
const MEMS: &str = "usufruct.mems";
const CPU_MILLIS: &str = "usufruct.cpu-millis";
const MEMORY_MIB: &str = "usufruct.memory-mib";
/// The engine's name of gVisor.
const GVISOR: &str = "runsc";
/// The engine hands a container over to its workspace within milliseconds.
const HAND_OVER: Duration = Duration::from_millis(20);
/// How long a tenant has to say how to log in to a private registry: well below the time in which a lease must start,
/// since a machine that is late is at fault.
const LOGIN_WAIT: Duration = Duration::from_secs(120);
/// So often it is looked at again meanwhile: for ten seconds.
const LOOKS: u32 = 500;

/// Runs containers.
#[derive(Debug)]
pub struct DockerEngine {
	pub(super) docker: Docker,
	/// Tells this agent's containers from those of another on the same machine.
	agent: String,
	public_address: String,
	secrets: Option<Secrets>,
	info: SystemInfo,
	versions: Vec<Found>,
	images: Images,
	/// `None` where the operator allowed containers without one.
	firewall: Option<Firewall>,
	/// Held while bridges are listed and their rules set: of two lists, the older one must not be set last.
	guarding: tokio::sync::Mutex<()>,
	/// Held while a place is chosen and taken.
	placing: tokio::sync::Mutex<()>,
	nodes: Vec<Node>,
	/// The nodes of GPUs, by UUID.
	nodes_of_gpus: BTreeMap<String, u32>,
	/// The UUIDs of GPUs, by HID.
	gpus: Mutex<HashMap<u64, String>>,
}

impl DockerEngine {
	/// Connects to the engine that `DOCKER_HOST` names, or the local one. Without `is_weak_allowed` it must
	/// be possible to keep containers from this network, and to look into them.
	///
	/// # Errors
	///
	/// Where it does not answer, is too old, or containers could not be walled off.
	pub async fn connect(
		data_dir: &Path,
		public_address: &str,
		secrets: Option<Secrets>,
		sources: &Sources,
		is_weak_allowed: bool,
	) -> Result<Self> {
		let docker = Docker::connect_with_defaults().wrap_err("connect to Docker")?;
		docker
			.ping()
			.await
			.wrap_err("Docker does not answer; start it, or set DOCKER_HOST")?;
		let whole = data_dir.canonicalize().wrap_err("find the data folder")?;
		let agent =
			hex::encode(&blake3::hash(whole.as_os_str().as_encoded_bytes()).as_bytes()[..8]);
		let info = docker
			.info()
			.await
			.wrap_err("ask Docker how it is set up")?;
		let version = docker.version().await.wrap_err("ask Docker for versions")?;
		let mut versions = versions::of_engine(&version);
		let refusals: Vec<String> = versions.iter().filter_map(Found::refusal).collect();
		if !refusals.is_empty() {
			bail!("{}", refusals.join("; "));
		}
		versions.extend(versions::of_gpus().await);
		let firewall = match Firewall::open(&agent) {
			Ok(firewall) => Some(firewall),
			Err(reason) if is_weak_allowed => {
				tracing::warn!(%reason, "containers are not kept from this network, as was allowed");
				None
			}
			Err(reason) => {
				return Err(reason.wrap_err(
					"containers cannot be walled off here (`allow-weak-isolation` runs them all the same)",
				))
			}
		};
		let sys = Path::new("/sys");
		let images = Images::new(
			docker.clone(),
			data_dir.join("images"),
			&agent,
			sources,
			!is_in_containerd(&info),
		)
		.wrap_err("make the folder for images")?;
		let engine = Self {
			docker,
			images,
			agent,
			public_address: public_address.into(),
			secrets,
			info,
			versions,
			firewall,
			guarding: tokio::sync::Mutex::default(),
			placing: tokio::sync::Mutex::default(),
			nodes: numa::nodes(sys),
			nodes_of_gpus: numa::nodes_of_gpus(sys),
			gpus: Mutex::default(),
		};
		engine.guard(true).await?;
		Ok(engine)
	}

	/// The isolation classes that this engine can give.
	pub fn classes(&self) -> Vec<Isolation> {
		let gvisor = self.has_gvisor().then_some(Isolation::Gvisor);
		[Isolation::Container].into_iter().chain(gvisor).collect()
	}

	fn has_gvisor(&self) -> bool {
		let runtimes = self.info.runtimes.as_ref();
		runtimes.is_some_and(|runtimes| runtimes.contains_key(GVISOR))
	}

	/// The versions that matter, here.
	pub fn versions(&self) -> &[Found] {
		&self.versions
	}

	/// Whether containers are pinned to processors here.
	pub fn pins(&self) -> bool {
		self.info.cpu_set == Some(true) && !self.nodes.is_empty()
	}

	/// Whether containers are kept from this machine's network.
	pub fn is_guarded(&self) -> bool {
		self.firewall.is_some()
	}

	/// Whether the engine gives containers users of their own.
	pub fn remaps_users(&self) -> bool {
		let options = self.info.security_options.iter().flatten();
		options
			.into_iter()
			.any(|option| option.split(',').any(|part| part == "name=userns"))
	}

	/// Tells which GPU a HID is.
	pub fn know_gpu(&self, hid: u64, uuid: &str) {
		let mut gpus = self.gpus.lock().unwrap_or_else(PoisonError::into_inner);
		gpus.insert(hid, uuid.into());
	}

	/// How many packets of a lease the firewall dropped since its rules were set.
	///
	/// # Errors
	///
	/// Where there is no firewall, or it does not say.
	pub async fn dropped(&self, lease: u64) -> Result<u64> {
		let firewall = self.firewall.as_ref();
		let firewall = firewall.ok_or_else(|| eyre!("there is no firewall"))?;
		firewall.dropped(&network::bridge(&self.agent, lease)).await
	}

	/// Sets the firewall's rules for all networks of this agent: whether they changed or not, or else as
	/// often as somebody might have changed them.
	async fn guard(&self, is_needed: bool) -> Result<()> {
		let Some(firewall) = &self.firewall else {
			return Ok(());
		};
		let _guard = self.guarding.lock().await;
		let mut bridges: Vec<String> = self
			.networks()
			.await?
			.iter()
			.filter_map(bridge_of)
			.collect();
		bridges.sort();
		if !is_needed && firewall.is_fresh(&bridges) {
			return Ok(());
		}
		firewall.set(bridges).await
	}

	async fn networks(&self) -> Result<Vec<Network>> {
		let options = ListNetworksOptionsBuilder::default()
			.filters(&self.own())
			.build();
		let networks = self.docker.list_networks(Some(options)).await;
		networks.wrap_err("list networks")
	}

	/// What is this agent's, among what the engine has.
	fn own(&self) -> HashMap<String, Vec<String>> {
		HashMap::from([("label".into(), vec![format!("{AGENT}={}", self.agent)])])
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
		if let Err(error) = self.guard(false).await {
			// What runs has the rules that were set before; nothing new starts without its own.
			tracing::error!(
				error = format!("{error:#}"),
				"the firewall's rules could not be set again"
			);
		}
		let mut found = Vec::new();
		for container in self.containers().await? {
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
		for network in self.networks().await? {
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

	async fn containers(&self) -> Result<Vec<ContainerSummary>> {
		let options = ListContainersOptionsBuilder::default()
			.all(true)
			.filters(&self.own())
			.build();
		let containers = self.docker.list_containers(Some(options)).await;
		containers.wrap_err("list containers")
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

	/// Gets the image, starts the container, and looks whether it is walled off as it must be.
	///
	/// # Errors
	///
	/// [`Failure`]; nothing of the lease is left then.
	pub async fn start(&self, lease: &DesiredLease, tracker: &Tracker) -> Result<Started, Failure> {
		let runtime = self.runtime(lease.isolation)?;
		let gpus = self.gpus_of(lease)?;
		let image = self.dispense(lease, tracker).await?;
		let volumes = self.volumes(&image).await?;
		// What an interrupted start left behind.
		self.stop(lease.lease)
			.await
			.map_err(|error| Failure::NoEngine(format!("{error:#}")))?;
		let started = async {
			self.connect_network(lease).await?;
			let wall = self.create(lease, runtime, &gpus, image, &volumes).await?;
			let name = self.name(lease.lease);
			self.docker
				.start_container(&name, None)
				.await
				.map_err(|error| blame(&error, Failure::Crashed))?;
			self.verify(&name, wall.0, &wall.1).await
		};
		if let Err(failure) = started.await {
			if let Err(left) = self.stop(lease.lease).await {
				tracing::warn!(lease = lease.lease, error = %left, "a failed start left something");
			}
			return Err(failure);
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

	/// The engine's runtime for a class; there is no other than the one that was bought.
	fn runtime(&self, isolation: Isolation) -> Result<&'static str, Failure> {
		match isolation {
			Isolation::Container => Ok("runc"),
			Isolation::Gvisor if self.has_gvisor() => Ok(GVISOR),
			Isolation::Gvisor => Err(Failure::NoEngine(format!(
				"this machine's engine has no runtime {GVISOR}, which is gVisor"
			))),
			Isolation::Wasm | Isolation::Vm => Err(Failure::NoEngine(format!(
				"containers are not isolated as {isolation:?} here"
			))),
		}
	}

	/// The UUIDs of a lease's GPUs.
	fn gpus_of(&self, lease: &DesiredLease) -> Result<Vec<String>, Failure> {
		if lease.gpus == 0 {
			return Ok(Vec::new());
		}
		let known = self.gpus.lock().unwrap_or_else(PoisonError::into_inner);
		let parts = lease.parts.iter();
		let uuids: Vec<String> = parts.filter_map(|hid| known.get(hid).cloned()).collect();
		if uuids.len() != usize::from(lease.gpus) {
			return Err(Failure::NoEngine(format!(
				"the lease has {} GPUs, and this machine knows {} of them",
				lease.gpus,
				uuids.len()
			)));
		}
		let of_gpus = self.versions.iter().filter(|found| found.part.is_of_gpus());
		let refusals: Vec<String> = of_gpus.filter_map(Found::refusal).collect();
		if refusals.is_empty() {
			Ok(uuids)
		} else {
			Err(Failure::NoEngine(refusals.join("; ")))
		}
	}

	async fn volumes(&self, image: &str) -> Result<Vec<String>, Failure> {
		let found = self.docker.inspect_image(image).await;
		let found = found.map_err(|error| blame(&error, Failure::ImageNotFound))?;
		let volumes = found.config.and_then(|config| config.volumes);
		spec::check_volumes(volumes.unwrap_or_default()).map_err(Failure::Crashed)
	}

	fn labels(&self, lease: &DesiredLease) -> HashMap<String, String> {
		HashMap::from([
			(LEASE.to_string(), lease.lease.to_string()),
			(GENERATION.to_string(), lease.generation.to_string()),
			(IDENTITY.to_string(), lease.identity().to_string()),
			(AGENT.to_string(), self.agent.clone()),
		])
	}

	/// Makes the network of a lease, with its rules: before there is anything in it.
	async fn connect_network(&self, lease: &DesiredLease) -> Result<(), Failure> {
		let (name, bridge) = (
			self.name(lease.lease),
			network::bridge(&self.agent, lease.lease),
		);
		let network = spec::network(&name, &bridge, self.labels(lease));
		let created = self.docker.create_network(network).await;
		created.map_err(|error| blame(&error, Failure::NoEngine))?;
		if self.firewall.is_some() && !network::is_here(&bridge) {
			return Err(Failure::NoEngine(
				"the engine's networks are not this machine's, so that it cannot keep containers from \
				 others: run the agent where the engine runs"
					.into(),
			));
		}
		let guarded = self.guard(true).await;
		guarded.map_err(|error| Failure::NoEngine(format!("{error:#}")))
	}

	/// Chooses a place and makes the container there; gives what it must show to be when it runs.
	async fn create(
		&self,
		lease: &DesiredLease,
		runtime: &str,
		gpus: &[String],
		image: String,
		volumes: &[String],
	) -> Result<(Wall, Limits), Failure> {
		let crashed = |error: bollard::errors::Error| blame(&error, Failure::Crashed);
		let _placing = self.placing.lock().await;
		let place = self.place(lease, gpus).await;
		let place = place.map_err(|error| Failure::NoEngine(format!("{error:#}")))?;
		let mut labels = self.labels(lease);
		if let Some(place) = place.as_ref().filter(|place| !place.is_shared) {
			labels.insert(CPUS.into(), place.cpus_text());
			labels.insert(MEMS.into(), place.mems_text());
			labels.insert(CPU_MILLIS.into(), lease.cpu_millis.to_string());
			labels.insert(MEMORY_MIB.into(), lease.memory_mib.to_string());
		}
		let name = self.name(lease.lease);
		let spec = Spec {
			lease,
			image,
			network: &name,
			labels,
			public_address: &self.public_address,
			runtime,
			gpus: gpus::request(gpus, gpus::are_cdi(gpus, &self.info)),
			place: place.as_ref(),
			volumes,
		};
		let mut body = spec.body();
		if let Some(secrets) = &self.secrets {
			secrets.give(lease.lease, lease.generation, &mut body)?;
		}
		let host = body.host_config.as_ref();
		let scratch = host.and_then(|host| host.tmpfs.as_ref());
		let scratch: BTreeSet<String> = scratch
			.into_iter()
			.flatten()
			.map(|(at, _)| at.clone())
			.collect();
		let options = CreateContainerOptionsBuilder::default().name(&name).build();
		let created = self.docker.create_container(Some(options), body).await;
		let wall = Wall {
			isolation: lease.isolation,
			id: created.map_err(crashed)?.id,
			scratch,
			gpus: gpus.len(),
		};
		let limits = Limits {
			memory_mib: lease.memory_mib,
			cpu_millis: lease.cpu_millis,
			pids: spec::PIDS,
			place,
		};
		Ok((wall, limits))
	}

	async fn place(&self, lease: &DesiredLease, gpus: &[String]) -> Result<Option<Place>> {
		if self.info.cpu_set != Some(true) {
			return Ok(None);
		}
		let containers = self.containers().await?;
		let held: Vec<Held> = containers
			.iter()
			.filter_map(|container| held_by(container.labels.as_ref()?))
			.collect();
		let want = Want {
			cpu_millis: lease.cpu_millis,
			memory_mib: lease.memory_mib,
			near: gpus
				.first()
				.and_then(|uuid| self.nodes_of_gpus.get(uuid).copied()),
		};
		Ok(numa::place(&self.nodes, &held, &want))
	}

	/// Looks at a container that was started, from outside.
	async fn verify(&self, name: &str, wall: Wall, limits: &Limits) -> Result<(), Failure> {
		let crashed = |error: String| Failure::Crashed(format!("could not be looked at: {error}"));
		for _ in 0..LOOKS {
			let found = self.docker.inspect_container(name, None).await;
			let found = found.map_err(|error| blame(&error, crashed))?;
			let Some(pid) = running(&found) else {
				// Nothing runs that could be let out; how it ended is told by whoever lists it.
				return Ok(());
			};
			let seen = match Seen::look(Path::new("/proc"), pid) {
				Ok(seen) => seen,
				Err(error) if self.firewall.is_none() => {
					tracing::warn!(%error, name, "a container was not looked at, as was allowed");
					return Ok(());
				}
				Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
					tokio::time::sleep(HAND_OVER).await;
					continue;
				}
				Err(error) => return Err(crashed(error.to_string())),
			};
			if seen.is_being_made() {
				tokio::time::sleep(HAND_OVER).await;
				continue;
			}
			let mut faults = seen.faults(&wall);
			let own = std::fs::read_to_string("/proc/self/mountinfo");
			let own = own.map_err(|error| crashed(error.to_string()))?;
			faults.extend(Groups::of(&seen.groups, &own).faults(limits));
			let mut mounts = found.mounts.iter().flatten();
			if mounts.any(|mount| mount.typ.as_deref() == Some("volume")) {
				faults.push("it has a volume, which nothing bounds".into());
			}
			if faults.is_empty() {
				return Ok(());
			}
			let how = faults.join("; ");
			tracing::error!(name, how, "a container was not walled off, and is stopped");
			return Err(Failure::Crashed(format!("it was not walled off: {how}")));
		}
		Err(crashed("its process does not begin".into()))
	}

	/// The name under which the image is there: its own, the one that this agent gives, or that of a registry.
	async fn image(&self, image: &Image) -> Result<Option<String>, Failure> {
		let tag = self.images.tag_of(&image.digest);
		let is_private = self.images.is_private(&image.digest);
		for name in [text_of(&image.digest), tag.clone(), pulled_as(image)] {
			match self.docker.inspect_image(&name).await {
				// The registry is asked first whether this tenant may see it.
				Ok(_) if name == tag && is_private => {}
				Ok(_) => {
					if name == tag {
						self.images.touch(&image.digest);
					}
					return Ok(Some(name));
				}
				Err(error) if answered(&error) => {}
				Err(error) => return Err(blame(&error, Failure::NoEngine)),
			}
		}
		Ok(None)
	}

	/// Whether the image is there.
	pub async fn has_image(&self, image: &Image) -> bool {
		matches!(self.image(image).await, Ok(Some(_)))
	}

	/// Gets an image that may be needed soon. No tenant's login is known of it yet.
	///
	/// # Errors
	///
	/// [`Failure`].
	pub async fn prefetch(&self, image: &Image) -> Result<(), Failure> {
		let source = Source {
			digest: image.digest,
			reference: image.reference.clone(),
			login: None,
			is_leased: false,
		};
		self.images.fetch(source, &Tracker::silent()).await?;
		Ok(())
	}

	/// The image's name: there already, or fetched by its digest. Where a registry shows it only to those who log
	/// in, waits for the tenant to say how, for a while.
	async fn dispense(&self, lease: &DesiredLease, tracker: &Tracker) -> Result<String, Failure> {
		if let Some(name) = self.image(&lease.image()).await? {
			return Ok(name);
		}
		let (registry, _) = images::parse(&lease.reference)?;
		let given_up = Instant::now() + LOGIN_WAIT;
		loop {
			// Asked for before the secrets are read: none that comes in between is missed.
			let next = self.secrets.as_ref().map(Secrets::next);
			let login = match &self.secrets {
				Some(secrets) => secrets.login(lease.lease, lease.generation, &registry)?,
				None => None,
			};
			let source = Source {
				digest: lease.digest,
				reference: lease.reference.clone(),
				login,
				is_leased: true,
			};
			let denied = match self.images.fetch(source, tracker).await {
				Ok(name) => return Ok(name),
				Err(Refusal::Failed(failure)) => return Err(failure),
				Err(Refusal::Denied(why)) => why,
			};
			let lease = lease.lease;
			tracker.step(Step::Waiting(format!(
				"{denied}: `usufruct workspace secret login {lease} {registry}`"
			)));
			let left = given_up.saturating_duration_since(Instant::now());
			let is_told = match next {
				Some(next) => tokio::time::timeout(left, next).await.is_ok(),
				None => false,
			};
			if !is_told {
				return Err(Failure::ImageNotFound(denied));
			}
		}
	}

	/// Makes an image of a file system in an archive; gives its digest.
	///
	/// # Errors
	///
	/// Where the engine does not take it.
	pub(crate) async fn import(&self, archive: tokio::fs::File) -> Result<[u8; 32]> {
		let options = CreateImageOptionsBuilder::default().from_src("-").build();
		let body = bollard::body_try_stream(ReaderStream::with_capacity(archive, 1 << 20));
		let mut steps = self.docker.create_image(Some(options), Some(body), None);
		let mut digest = None;
		while let Some(step) = steps.next().await {
			let said = step.wrap_err("make an image")?.status.unwrap_or_default();
			let hash = said.trim().strip_prefix("sha256:").map(hex::decode);
			if let Some(Ok(hash)) = hash {
				digest = hash.try_into().ok();
			}
		}
		digest.ok_or_else(|| eyre!("the engine made no image"))
	}

	/// Removes an image that nothing runs.
	///
	/// # Errors
	///
	/// Where the engine does not do it.
	pub(crate) async fn forget_image(&self, digest: [u8; 32]) -> Result<()> {
		let name = text_of(&digest);
		let options = RemoveImageOptionsBuilder::default().force(true).build();
		let removed = self.docker.remove_image(&name, Some(options), None).await;
		removed.map(drop).wrap_err("remove an image")
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
			.wrap_err_with(|| format!("remove network {name}"))?;
		self.guard(false).await
	}
}

/// Whether the engine keeps images in containerd, which names them by their manifests and wants all layers.
fn is_in_containerd(info: &SystemInfo) -> bool {
	let status = info.driver_status.iter().flatten();
	status
		.flatten()
		.any(|word| word.contains("io.containerd.snapshotter"))
}

/// Whether the engine answered, though with a refusal.
fn answered(error: &bollard::errors::Error) -> bool {
	use bollard::errors::Error;
	matches!(
		error,
		Error::DockerResponseServerError { .. } | Error::DockerStreamError { .. }
	)
}

/// What an error of the engine is called: a failure of what it was asked for, as `refused` says, only where the
/// engine answered. One that does not, or has no room, is this machine's fault and no tenant's.
fn blame(error: &bollard::errors::Error, refused: impl FnOnce(String) -> Failure) -> Failure {
	let why = error.to_string();
	if !answered(error) {
		Failure::NoEngine(why)
	} else if why.contains("no space left on device") {
		Failure::NoSpace(why)
	} else {
		refused(why)
	}
}

/// The name by which an image is known that somebody pulled here.
fn pulled_as(image: &Image) -> String {
	format!("{}@{}", image.reference, text_of(&image.digest))
}

/// The process of a container that runs.
fn running(found: &ContainerInspectResponse) -> Option<i64> {
	let state = found.state.as_ref()?;
	state
		.pid
		.filter(|pid| *pid > 0 && state.running == Some(true))
}

/// The bridge of a network: the name that it was given, or the engine's own for it.
fn bridge_of(network: &Network) -> Option<String> {
	let named = network
		.options
		.as_ref()
		.and_then(|options| options.get("com.docker.network.bridge.name"));
	named.cloned().or_else(|| {
		let id = network.id.as_deref()?;
		Some(format!("br-{}", id.get(..12)?))
	})
}

/// What a container holds of the machine, as it is labelled.
fn held_by(labels: &HashMap<String, String>) -> Option<Held> {
	Some(Held {
		place: Place::read(labels.get(CPUS)?, labels.get(MEMS)?)?,
		want: Want {
			cpu_millis: labels.get(CPU_MILLIS)?.parse().ok()?,
			memory_mib: labels.get(MEMORY_MIB)?.parse().ok()?,
			near: None,
		},
	})
}

/// The lease and the generation that something is labelled with.
fn belongs_to(labels: &HashMap<String, String>) -> Option<(u64, u32)> {
	Some((
		labels.get(LEASE)?.parse().ok()?,
		labels.get(GENERATION)?.parse().ok()?,
	))
}

/// Which lease of its number something is labelled with.
fn identity(labels: &HashMap<String, String>) -> Option<Identity> {
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

#[cfg(test)]
mod tests {
	use bollard::errors::Error;

	use super::*;

	#[test]
	fn a_tenant_is_blamed_only_for_what_the_engine_answered() {
		let blamed = |error: Error| blame(&error, Failure::Crashed);
		let said = |message: &str| Error::DockerResponseServerError {
			status_code: 500,
			message: message.into(),
		};
		let crashed = blamed(said("exec: not found"));
		assert!(matches!(crashed, Failure::Crashed(_)), "{crashed}");
		let full = blamed(said("write /var/lib/docker: no space left on device"));
		assert!(matches!(full, Failure::NoSpace(_)), "{full}");
		let gone = blamed(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into());
		assert!(matches!(gone, Failure::NoEngine(_)), "{gone}");
		let slow = blamed(Error::RequestTimeoutError);
		assert!(matches!(slow, Failure::NoEngine(_)), "{slow}");
	}
}
