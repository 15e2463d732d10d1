//! Containers, put to the test from outside: three throw-away workspaces, one that tries everything, one that it tries
//! to reach, one that takes all memory.

use std::{
	net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket},
	path::Path,
	time::Duration,
};

use eyre::{bail, eyre, Result, WrapErr};
use futures::StreamExt;

use super::{
	image,
	inside::{Targets, DONE},
	Class, Outcome, Verdict,
};
use crate::{
	config::EngineChoice,
	domain::{Condition, DesiredLease, ImageKind, Isolation},
	engine::{docker::DockerEngine, sources::Sources, Engines, Failure, Started},
};

/// The leases that these workspaces are of; the chain counts from zero.
const TRIES: u64 = u64::MAX;
const NEIGHBOUR: u64 = u64::MAX - 1;
const HUNGRY: u64 = u64::MAX - 2;
/// The port of the workspace that is to be reached.
const PORT: u16 = 8_080;
const MEMORY_MIB: u32 = 512;
const CPU_MILLIS: u32 = 1_000;
/// For all attempts; each has a minute.
const PATIENCE: Duration = Duration::from_secs(600);
/// Between two looks whether a workspace ended.
const PAUSE: Duration = Duration::from_millis(200);

/// A folder of its own: another agent than the one that runs here, with networks and rules of its own.
pub(super) async fn check(
	class: Class,
	data_dir: &Path,
	is_weak_allowed: bool,
) -> Result<Option<Vec<Verdict>>> {
	let folder = data_dir.join("isolation-check");
	std::fs::create_dir_all(&folder).wrap_err_with(|| format!("make {}", folder.display()))?;
	// The other workspace has to be published where this one could reach it.
	let everywhere = "0.0.0.0";
	let choice = EngineChoice::Docker;
	let sources = Sources::default();
	let engines = Engines::new(choice, &folder, everywhere, None, sources, is_weak_allowed).await?;
	let docker = engines
		.containers()
		.ok_or_else(|| eyre!("there is no engine"))?;
	let isolation = match class {
		Class::Gvisor => Isolation::Gvisor,
		_ => Isolation::Container,
	};
	if !docker.classes().contains(&isolation) {
		return Ok(None);
	}
	let packing = folder.clone();
	let packed = tokio::task::spawn_blocking(move || image::pack(&packing)).await??;
	let archive = tokio::fs::File::open(&packed.archive).await?;
	let digest = docker.import(archive).await?;
	let trial = Trial {
		class,
		isolation,
		digest,
		command: packed.command,
		engines: &engines,
		docker,
	};
	let verdicts = trial.run().await;
	let mut left = Vec::new();
	for lease in [TRIES, NEIGHBOUR, HUNGRY] {
		left.extend(engines.stop(lease).await.err());
	}
	left.extend(docker.forget_image(digest).await.err());
	left.extend(std::fs::remove_dir_all(&folder).err().map(Into::into));
	for error in left {
		tracing::warn!(
			error = format!("{error:#}"),
			"the check left something behind"
		);
	}
	verdicts.map(Some)
}

struct Trial<'a> {
	class: Class,
	isolation: Isolation,
	digest: [u8; 32],
	command: Vec<String>,
	engines: &'a Engines,
	docker: &'a DockerEngine,
}

impl Trial<'_> {
	fn lease(&self, lease: u64, port: Option<u16>, arguments: &[&str]) -> DesiredLease {
		let arguments = arguments.iter().map(ToString::to_string);
		DesiredLease {
			lease,
			generation: 0,
			kind: ImageKind::Oci,
			isolation: self.isolation,
			release: None,
			digest: self.digest,
			reference: "probe".into(),
			command: self.command.iter().cloned().chain(arguments).collect(),
			port,
			cpu_millis: CPU_MILLIS,
			memory_mib: MEMORY_MIB,
			disk_mib: 0,
			parts: vec![],
			gpus: 0,
			opened_at: 0,
			endpoint: None,
			..Default::default()
		}
	}

	async fn start(&self, lease: &DesiredLease) -> Result<Started> {
		let started = self.engines.start(lease).await;
		started.map_err(|failure| eyre!("a workspace of the check does not run: {failure}"))
	}

	async fn run(&self) -> Result<Vec<Verdict>> {
		let port = PORT.to_string();
		let listens = self.lease(NEIGHBOUR, Some(PORT), &["probe", "--listen", &port]);
		let Started::Running(published) = self.start(&listens).await? else {
			bail!("the workspace that is to be reached ended at once");
		};
		let published: SocketAddr = published.parse().wrap_err("read its endpoint")?;
		let address = self.docker.address(NEIGHBOUR, 0).await;
		let (_, address) = address.map_err(|refusal| eyre!("{}", refusal.text))?;
		// Else that it cannot be reached would show nothing.
		for address in [
			SocketAddr::new(address, PORT),
			SocketAddr::from(([127, 0, 0, 1], published.port())),
		] {
			let reached = reach(address).await;
			reached.wrap_err_with(|| format!("the machine itself cannot reach {address}"))?;
		}
		let listener = TcpListener::bind("0.0.0.0:0").wrap_err("listen on this machine")?;
		let processors = self.processors();
		let targets = Targets {
			class: self.class,
			process: i32::try_from(std::process::id())?,
			host_port: listener.local_addr()?.port(),
			host: own_address(),
			neighbour: SocketAddr::new(address, PORT),
			neighbour_port: published.port(),
			processors,
		};
		let targets = serde_json::to_string(&targets)?;
		let tries = self.lease(TRIES, None, &["probe", "--targets", &targets]);
		self.start(&tries).await?;
		let told = tokio::time::timeout(PATIENCE, self.verdicts()).await;
		let mut verdicts = told.wrap_err("the attempts do not end")??;
		verdicts.push(self.of_firewall().await);
		drop(listener);
		verdicts.push(self.of_memory().await?);
		Ok(verdicts)
	}

	/// Processors that a lease of a whole core is pinned to; all of the machine's where nothing is pinned.
	fn processors(&self) -> usize {
		let all = std::thread::available_parallelism().map_or(1, usize::from);
		if self.docker.pins() {
			CPU_MILLIS.div_ceil(1_000) as usize
		} else {
			all
		}
	}

	/// What the workspace says, until it has tried everything.
	async fn verdicts(&self) -> Result<Vec<Verdict>> {
		let logs = self.engines.logs((TRIES, 0), 10_000, true).await;
		let mut output = logs.map_err(|refusal| eyre!("{}", refusal.text))?.output;
		let mut text = String::new();
		while let Some(piece) = output.next().await {
			let (_, bytes) = piece.map_err(|refusal| eyre!("{}", refusal.text))?;
			text.push_str(&String::from_utf8_lossy(&bytes));
			if text.lines().any(|line| line == DONE) {
				let lines = text.lines().filter(|line| line.starts_with('{'));
				return lines
					.map(|line| serde_json::from_str(line).wrap_err("read what was tried"))
					.collect();
			}
		}
		let last = text.lines().last().unwrap_or("nothing").to_string();
		bail!("the workspace ended before it had tried everything; it said last: {last}")
	}

	/// That it was the firewall that stopped the attempts, and not that nobody was there.
	async fn of_firewall(&self) -> Verdict {
		let (outcome, how) = match self.docker.dropped(TRIES).await {
			Ok(0) => (Outcome::Escaped, "it dropped nothing".into()),
			Ok(packets) => (Outcome::Stopped, format!("it dropped {packets} packets")),
			Err(error) => (Outcome::Escaped, format!("{error:#}")),
		};
		Verdict {
			name: "firewall-counts".into(),
			tried: "have packets to what is private pass the firewall unseen".into(),
			outcome,
			how,
		}
	}

	/// What takes all memory ends, with what was leased.
	async fn of_memory(&self) -> Result<Verdict> {
		let hungry = self.lease(HUNGRY, None, &["probe", "--take-memory"]);
		let ended = match self.engines.start(&hungry).await {
			Ok(Started::Running(_)) => self.end_of(HUNGRY).await?,
			Ok(Started::Finished) => Ok(()),
			Err(Failure::Crashed(how)) => Err(how),
			Err(failure) => bail!("a workspace of the check does not run: {failure}"),
		};
		let (outcome, how) = match ended {
			Ok(()) => (Outcome::Escaped, "it took 64 GiB".into()),
			Err(how) => (Outcome::Stopped, how),
		};
		Ok(Verdict {
			name: "take-memory".into(),
			tried: format!("take more memory than the {MEMORY_MIB} MiB of its lease"),
			outcome,
			how,
		})
	}

	async fn end_of(&self, lease: u64) -> Result<Result<(), String>> {
		let end = async {
			loop {
				let list = self.engines.list().await?;
				let found = list.into_iter().find(|found| found.lease == lease);
				match found.map(|found| found.condition) {
					Some(Condition::Running(_)) => tokio::time::sleep(PAUSE).await,
					Some(Condition::Ended(how)) => return Ok(how),
					_ => bail!("a workspace of the check is gone"),
				}
			}
		};
		let ended = tokio::time::timeout(PATIENCE, end).await;
		ended.wrap_err("a workspace that takes all memory does not end")?
	}
}

/// Connects from the machine; what was started a moment ago may not listen yet.
async fn reach(address: SocketAddr) -> Result<()> {
	let try_it = move || TcpStream::connect_timeout(&address, Duration::from_secs(1));
	for _ in 0..50 {
		if tokio::task::spawn_blocking(try_it).await?.is_ok() {
			return Ok(());
		}
		tokio::time::sleep(PAUSE).await;
	}
	bail!("nobody answers")
}

/// The machine's address in the network around it: the one that it would ask the world from. Nothing is sent.
fn own_address() -> Option<IpAddr> {
	let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
	socket.connect(("192.0.2.1", 9)).ok()?;
	let address = socket.local_addr().ok()?.ip();
	(!address.is_loopback() && !address.is_unspecified()).then_some(address)
}
