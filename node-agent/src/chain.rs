//! What the agent reads from the chain and tells it, in the agent's own words.

mod access;
mod candidates;
mod proofs;
mod trust;

pub use candidates::Likely;
pub use proofs::{Due, Task};

use std::{future::Future, time::Duration};

use eyre::{eyre, Result, WrapErr};
use usufruct_client::{
	account_of, api, keypair, AccountId32, AtBlock, Client, Keypair, Wait, H256,
};

use crate::{
	config::Config,
	domain::{DesiredLease, HealthCheck, ImageKind, Isolation, Restart},
	engine::Failure,
	inventory::{Device, Machine},
};

use api::runtime_types::{
	bounded_collections::bounded_vec::BoundedVec,
	pallet_node_registry::pallet::Call as Registry,
	pallet_workspaces::{
		pallet::Call as Workspaces,
		types::{FailureReason, ImageKind as Kind, LeaseState, Placed, Progress},
		workload as chain,
	},
	usufruct_primitives::hardware::{Capacity, HardwareKind, IsolationClass},
};

/// A connection on behalf of one owner.
#[derive(Clone, Debug)]
pub struct Chain {
	client: Client,
	key: Keypair,
	owner: AccountId32,
}

/// How the hot key and its owner stand on the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
	/// Address of the hot key.
	pub hot_key: String,
	/// Whether it may act for the owner.
	pub may_act: bool,
	/// Its free money.
	pub fees: u128,
	/// The owner's free money.
	pub owner_free: u128,
	/// What registering the machine with its hardware holds of the owner's money.
	pub needed: u128,
	/// The machine's node, where it is registered.
	pub node: Option<u32>,
	/// Classes of its hardware that the chain does not have.
	pub unknown_classes: Vec<u16>,
}

fn isolation(class: &IsolationClass) -> Isolation {
	match class {
		IsolationClass::Container => Isolation::Container,
		IsolationClass::Gvisor => Isolation::Gvisor,
		IsolationClass::Wasm => Isolation::Wasm,
		IsolationClass::Vm => Isolation::Vm,
	}
}

fn kind_of(kind: &Kind) -> ImageKind {
	match kind {
		Kind::Oci => ImageKind::Oci,
		Kind::Wasm => ImageKind::Wasm,
	}
}

fn text(bytes: &[u8]) -> String {
	String::from_utf8_lossy(bytes).into_owned()
}

fn health(check: &chain::HealthCheck) -> HealthCheck {
	let seconds = |number: u16| Duration::from_secs(number.into());
	HealthCheck {
		path: match &check.probe {
			chain::HealthProbe::Tcp => None,
			chain::HealthProbe::Http { path } => Some(text(&path.0)),
		},
		every: seconds(check.every),
		timeout: seconds(check.timeout.into()),
		failures: check.failures,
		grace: seconds(check.grace),
	}
}

fn unreadable(error: impl std::fmt::Display) -> eyre::Report {
	eyre!("the chain's state is not readable: {error}")
}

/// A node answers within milliseconds, and all questions of a pass within seconds. Where the network swallows what is
/// sent, no connection breaks by itself before the machine's heartbeats are missed.
const SILENCE: Duration = Duration::from_secs(30);

/// What the node answers, unless it says nothing for so long.
async fn answered<T>(within: Duration, question: impl Future<Output = Result<T>>) -> Result<T> {
	match tokio::time::timeout(within, question).await {
		Ok(answer) => answer,
		Err(_) => Err(eyre!("the node has said nothing for {within:?}")),
	}
}

/// What is stored at an address, in a state.
macro_rules! fetch {
	($at:expr, $address:expr, $key:expr) => {
		match $at
			.storage()
			.try_fetch($address, $key)
			.await
			.map_err(unreadable)?
		{
			Some(value) => Some(value.decode().map_err(unreadable)?),
			None => None,
		}
	};
}

use fetch;

impl Chain {
	/// Connects, trying again until `patience` is over.
	///
	/// # Errors
	///
	/// Where no node answers, or key and owner are not usable.
	pub async fn connect(config: &Config, patience: Duration) -> Result<Self> {
		let key = keypair(&config.key.0)?;
		let owner = account_of(&config.owner)?;
		let begun = std::time::Instant::now();
		loop {
			match Client::connect(&config.url).await {
				Ok(client) => return Ok(Self { client, key, owner }),
				Err(error) if begun.elapsed() > patience => return Err(error.into()),
				Err(error) => {
					tracing::warn!(%error, "no connection yet");
					tokio::time::sleep(Duration::from_secs(2)).await;
				}
			}
		}
	}

	/// The newest state: for what can be undone.
	///
	/// # Errors
	///
	/// Where the connection broke.
	pub async fn best(&self) -> Result<AtBlock> {
		answered(SILENCE, async { Ok(self.client.best().await?) }).await
	}

	/// The finalized state: for what costs money.
	///
	/// # Errors
	///
	/// Where the connection broke.
	pub async fn finalized(&self) -> Result<AtBlock> {
		answered(SILENCE, async { Ok(self.client.finalized().await?) }).await
	}

	/// What was read, if the connection is there after it.
	///
	/// The library gives what a connection did not bring because it broke as absent. From an absence much follows:
	/// no leases, so that what runs is stopped; no proofs, so that their work is forgotten.
	async fn whole<T>(&self, read: impl Future<Output = Result<T>>) -> Result<T> {
		let checked = async {
			let found = read.await?;
			// Never absent, and asked of the connection itself.
			self.client.genesis().await?;
			Ok(found)
		};
		answered(SILENCE, checked).await
	}

	/// A block's number.
	pub fn number(at: &AtBlock) -> u32 {
		u32::try_from(at.block_number()).unwrap_or(u32::MAX)
	}

	async fn submit(&self, call: api::Call) -> Result<()> {
		self.client
			.submit_for(&self.owner, call, &self.key, Wait::InBlock, |_| {})
			.await
			.map(|_| ())
			.map_err(Into::into)
	}

	/// The node of the machine; `None` where it is not registered.
	///
	/// # Errors
	///
	/// Where the connection broke, or another account owns it.
	pub async fn node(&self, at: &AtBlock, machine: &Machine) -> Result<Option<(u32, u32, bool)>> {
		self.whole(self.read_node(at, machine)).await
	}

	async fn read_node(&self, at: &AtBlock, machine: &Machine) -> Result<Option<(u32, u32, bool)>> {
		let registry = api::storage().node_registry();
		let machine = H256(machine.identity);
		let Some(node) = fetch!(at, registry.node_of_machine(), (machine,)) else {
			return Ok(None);
		};
		let Some(record) = fetch!(at, registry.nodes(), (node,)) else {
			return Ok(None);
		};
		if record.owner != self.owner {
			return Err(eyre!(
				"this machine is registered as node {node} of {}; use that owner, or another data folder",
				record.owner
			));
		}
		use api::runtime_types::pallet_node_registry::types::NodeStatus;
		Ok(Some((
			node,
			record.last_heartbeat,
			record.status == NodeStatus::Online,
		)))
	}

	/// How the hot key and its owner stand, for a machine that may not be registered yet.
	///
	/// # Errors
	///
	/// Where the connection broke, or another account owns the machine.
	pub async fn standing(&self, at: &AtBlock, machine: &Machine) -> Result<Standing> {
		use api::runtime_types::usufruct_runtime::configs::accounts::ProxyType;
		let hot_key = AccountId32(self.key.public_key().0);
		let proxies = fetch!(at, api::storage().proxy().proxies(), (self.owner,));
		let may_act = proxies.is_some_and(|(list, _)| {
			list.0.iter().any(|proxy| {
				let enough = matches!(proxy.proxy_type, ProxyType::Any | ProxyType::NodeAgent);
				proxy.delegate == hot_key && enough && proxy.delay == 0
			})
		});
		let accounts = api::storage().system().account();
		let hot = fetch!(at, accounts, (hot_key,));
		let accounts = api::storage().system().account();
		let owner = fetch!(at, accounts, (self.owner,));
		let registry = api::constants().node_registry();
		let bond = at
			.constants()
			.entry(registry.node_bond())
			.map_err(unreadable)?;
		let registry = api::constants().node_registry();
		let deposit = at
			.constants()
			.entry(registry.hardware_deposit_amount())
			.map_err(unreadable)?;
		let mut unknown_classes = Vec::new();
		for device in &machine.devices {
			let classes = api::storage().proof_of_compute().classes();
			if fetch!(at, classes, (device.class,)).is_none() {
				unknown_classes.push(device.class);
			}
		}
		Ok(Standing {
			hot_key: hot_key.to_string(),
			may_act,
			fees: hot.map_or(0, |account| account.data.free),
			owner_free: owner.map_or(0, |account| account.data.free),
			needed: bond.saturating_add(deposit.saturating_mul(machine.devices.len() as u128)),
			node: self.node(at, machine).await?.map(|(node, ..)| node),
			unknown_classes,
		})
	}

	/// Registers the machine.
	///
	/// # Errors
	///
	/// What the chain refused.
	pub async fn register(&self, machine: &Machine, endpoint: &str, region: u16) -> Result<()> {
		self.submit(api::Call::NodeRegistry(Registry::register {
			machine: H256(machine.identity),
			endpoint: BoundedVec(endpoint.as_bytes().to_vec()),
			region,
		}))
		.await
		.wrap_err("register the machine")
	}

	/// Adds a device that the chain does not know yet; gives its HID where it does.
	///
	/// # Errors
	///
	/// What the chain refused.
	pub async fn add_device(
		&self,
		at: &AtBlock,
		node: u32,
		device: &Device,
	) -> Result<Option<u64>> {
		let registry = api::storage().node_registry();
		if let Some(hid) = fetch!(at, registry.hid_of_device(), (H256(device.serial),)) {
			return Ok(Some(hid));
		}
		let call = Registry::add_hardware {
			node,
			class: device.class,
			kind: if device.gpu.is_some() {
				HardwareKind::Gpu
			} else {
				HardwareKind::Cpu
			},
			device: H256(device.serial),
			capacity: Capacity {
				cpu_millis: device.cpu_millis,
				memory_mib: device.memory_mib,
				disk_mib: device.disk_mib,
			},
		};
		self.submit(api::Call::NodeRegistry(call))
			.await
			.wrap_err_with(|| format!("add {}", device.name))?;
		Ok(None)
	}

	/// Says that the machine is there.
	///
	/// # Errors
	///
	/// What the chain refused.
	pub async fn heartbeat(&self, node: u32) -> Result<()> {
		self.submit(api::Call::NodeRegistry(Registry::heartbeat { node }))
			.await
			.wrap_err("heartbeat")
	}

	/// Takes the machine off, before the agent stops.
	///
	/// # Errors
	///
	/// What the chain refused.
	pub async fn go_offline(&self, node: u32) -> Result<()> {
		self.submit(api::Call::NodeRegistry(Registry::go_offline { node }))
			.await
			.wrap_err("go offline")
	}

	/// The leases that should run on the node.
	///
	/// # Errors
	///
	/// Where the connection broke.
	pub async fn leases(&self, at: &AtBlock, node: u32) -> Result<Vec<DesiredLease>> {
		self.whole(self.read_leases(at, node)).await
	}

	async fn read_leases(&self, at: &AtBlock, node: u32) -> Result<Vec<DesiredLease>> {
		let workspaces = api::storage().workspaces();
		let list = fetch!(at, workspaces.leases_of_node(), (node,)).map(|list| list.0);
		let now = Self::number(at);
		let mut desired = Vec::new();
		for id in list.unwrap_or_default() {
			let Some(lease) = fetch!(at, workspaces.leases(), (id,)) else {
				continue;
			};
			let Some(request) = fetch!(at, workspaces.requests(), (lease.request,)) else {
				continue;
			};
			let Some(image) = fetch!(at, workspaces.images(), (request.spec.workload.image,))
			else {
				continue;
			};
			let resources = api::storage().use_rights().resources();
			let Some(resource) = fetch!(at, resources, (lease.vid,)) else {
				continue;
			};
			// Nothing outlives its term, whether or not somebody has closed it on chain.
			if now >= lease.ends_at {
				continue;
			}
			let may_update = match &lease.refused {
				Some((refused, _)) if *refused == request.revision => false,
				_ if lease.revision == request.revision => true,
				_ => {
					let before = request.placed.0.iter();
					let before = before.filter(|placed| placed.replica < lease.replica);
					self.all_run(at, before, request.revision).await?
				}
			};
			let workload = &request.spec.workload;
			desired.push(DesiredLease {
				lease: id,
				generation: lease.generation,
				tenant: lease.tenant.0,
				kind: kind_of(&image.kind),
				isolation: isolation(&resource.isolation),
				release: workload
					.release
					.as_ref()
					.map(|release| (release.application, release.number)),
				digest: workload.image.0,
				reference: text(&image.reference.0),
				command: workload
					.command
					.0
					.iter()
					.map(|part| text(&part.0))
					.collect(),
				port: workload.port,
				cpu_millis: resource.capacity.cpu_millis,
				memory_mib: resource.capacity.memory_mib,
				disk_mib: resource.capacity.disk_mib,
				parts: resource.parts.0.clone(),
				gpus: resource.gpus,
				opened_at: lease.opened_at,
				endpoint: (lease.state == LeaseState::Running).then(|| text(&lease.endpoint.0)),
				health: workload.health.as_ref().map(health),
				restart: match workload.restart {
					chain::Restart::Never => Restart::Never,
					chain::Restart::OnFailure { most } => Restart::OnFailure(most),
					chain::Restart::Always { most } => Restart::Always(most),
				},
				revision: request.revision,
				reported_revision: lease.revision,
				may_update,
			});
		}
		Ok(desired)
	}

	/// Whether these replicas run a revision of their request.
	async fn all_run(
		&self,
		at: &AtBlock,
		replicas: impl Iterator<Item = &Placed<AccountId32>>,
		revision: u32,
	) -> Result<bool> {
		for placed in replicas {
			let leases = api::storage().workspaces().leases();
			let Some(lease) = fetch!(at, leases, (placed.lease,)) else {
				continue;
			};
			if lease.state != LeaseState::Running || lease.revision != revision {
				return Ok(false);
			}
		}
		Ok(true)
	}

	/// Whether a lease is still there in the newest state, in this generation.
	///
	/// # Errors
	///
	/// Where the connection broke.
	pub async fn is_open(&self, lease: u64, generation: u32) -> Result<bool> {
		let best = self.best().await?;
		let found = fetch!(best, api::storage().workspaces().leases(), (lease,));
		Ok(found.is_some_and(|record| record.generation == generation))
	}

	async fn report(&self, lease: u64, generation: u32, progress: Progress) -> Result<()> {
		let call = Workspaces::report_progress {
			lease,
			generation,
			progress,
		};
		self.submit(api::Call::Workspaces(call))
			.await
			.wrap_err_with(|| format!("report lease {lease}"))
	}

	/// Tells how much of the image has arrived.
	///
	/// # Errors
	///
	/// What the chain refused.
	pub async fn report_dispensing(&self, lease: u64, generation: u32, percent: u8) -> Result<()> {
		self.report(lease, generation, Progress::Dispensing { percent })
			.await
	}

	/// Tells where a lease answers, and which revision of it.
	///
	/// # Errors
	///
	/// What the chain refused.
	pub async fn report_running(
		&self,
		lease: u64,
		generation: u32,
		endpoint: &str,
		revision: u32,
	) -> Result<()> {
		let endpoint = BoundedVec(endpoint.as_bytes().to_vec());
		let progress = Progress::Running { endpoint, revision };
		self.report(lease, generation, progress).await
	}

	/// Tells that a batch job is done.
	///
	/// # Errors
	///
	/// What the chain refused.
	pub async fn report_finished(&self, lease: u64, generation: u32) -> Result<()> {
		self.report(lease, generation, Progress::Finished).await
	}

	/// Tells that a lease cannot be run here.
	///
	/// # Errors
	///
	/// What the chain refused.
	pub async fn report_failed(
		&self,
		lease: u64,
		generation: u32,
		failure: &Failure,
	) -> Result<()> {
		let reason = reason(failure);
		self.report(lease, generation, Progress::Failed { reason })
			.await
	}

	/// Tells that what runs goes on, since the newest revision cannot be run here.
	///
	/// # Errors
	///
	/// What the chain refused.
	pub async fn report_not_updated(
		&self,
		lease: u64,
		generation: u32,
		revision: u32,
		failure: &Failure,
	) -> Result<()> {
		let reason = reason(failure);
		self.report(lease, generation, Progress::NotUpdated { revision, reason })
			.await
	}
}

fn reason(failure: &Failure) -> FailureReason {
	match failure {
		Failure::ImageNotFound(_) => FailureReason::ImageNotFound,
		Failure::WrongDigest(_) => FailureReason::WrongDigest,
		Failure::NoSpace(_) => FailureReason::NoSpace,
		Failure::Crashed(_) => FailureReason::Crashed,
		Failure::LimitExceeded(_) => FailureReason::LimitExceeded,
		Failure::NoEngine(_) => FailureReason::NoEngine,
		Failure::Refused(_) => FailureReason::Refused,
		Failure::Unhealthy(_) => FailureReason::Unhealthy,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[tokio::test]
	async fn a_node_that_says_nothing_is_not_waited_for_until_heartbeats_are_missed() {
		let silent = std::future::pending::<Result<()>>();
		let error = answered(Duration::from_millis(1), silent).await;
		let error = error.unwrap_err().to_string();
		assert!(error.contains("said nothing"), "{error}");
	}
}
