//! Container engines: whether one is reachable, and one of our own for the tests.

use std::{
	os::unix::fs::MetadataExt,
	path::{Path, PathBuf},
	process::Command,
	sync::{Mutex, MutexGuard, PoisonError},
	time::Duration,
};

use eyre::{bail, Result, WrapErr};

use crate::{process::Process, wait};

/// Where gVisor's package puts it.
const GVISOR: &str = "/usr/bin/runsc";
/// The engine sets up its network and storage first.
const START: Duration = Duration::from_secs(60);
/// Two engines would give out the addresses of one bridge twice.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Runs the engine's client against the engine at `host` (`unix://…`). Gives its output.
pub fn client(host: &str, args: &[&str]) -> Result<String> {
	let output = Command::new("docker")
		.env("DOCKER_HOST", host)
		.args(args)
		.output()
		.wrap_err("start docker's client")?;
	if !output.status.success() {
		bail!(
			"docker {}: {}",
			args.join(" "),
			String::from_utf8_lossy(&output.stderr).trim()
		);
	}
	Ok(String::from_utf8(output.stdout)?)
}

/// The engine that a person on this machine uses (`$DOCKER_HOST`, else the usual socket), if it
/// answers; otherwise why not.
pub fn reachable() -> Result<String> {
	let host =
		std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_string());
	client(&host, &["version", "--format", "{{.Server.Version}}"])?;
	Ok(host)
}

/// The ids of the containers, running or not, that carry `label`.
pub fn containers(host: &str, label: &str) -> Result<Vec<String>> {
	let listed = client(host, &["ps", "-aq", "--filter", &format!("label={label}")])?;
	Ok(listed.lines().map(String::from).collect())
}

/// Removes every container that carries `label`, running or not.
pub fn remove_containers(host: &str, label: &str) -> Result<()> {
	for id in containers(host, label)? {
		client(host, &["rm", "-f", &id])?;
	}
	Ok(())
}

/// An engine that belongs to a test: its storage, its sockets, its bridge. Dropping it stops it.
#[derive(Debug)]
pub struct DockerDaemon {
	process: Process,
	folder: PathBuf,
	// Dropped last: the next engine starts when this one has stopped.
	_alone: MutexGuard<'static, ()>,
}

impl DockerDaemon {
	/// Starts an engine that keeps everything below `folder`, once no other of this process runs.
	/// Fails with the reason where that cannot be done on this machine: not installed, not root, no
	/// iptables, no overlay.
	pub fn start(folder: &Path) -> Result<Self> {
		let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
		let config = folder.join("daemon.json");
		std::fs::write(&config, configuration()).wrap_err("write the engine's configuration")?;
		let mut daemon = Self {
			process: spawn(folder)?,
			folder: folder.into(),
			_alone: alone,
		};
		daemon.wait_ready()?;
		Ok(daemon)
	}

	/// Kills it as a crash would. What its containers were given is still there.
	pub fn kill(&mut self) -> Result<()> {
		self.process.kill().map(drop)
	}

	/// Starts it again, with all that it keeps.
	pub fn restart(&mut self) -> Result<()> {
		self.process = spawn(&self.folder)?;
		self.wait_ready()
	}

	fn wait_ready(&mut self) -> Result<()> {
		let host = self.host();
		wait::until("the container engine", START, || {
			self.process.check_running()?;
			Ok(
				client(&host, &["version", "--format", "{{.Server.Version}}"])
					.ok()
					.map(drop),
			)
		})
	}

	/// Where it listens, as `$DOCKER_HOST`.
	pub fn host(&self) -> String {
		format!("unix://{}", socket(&self.folder).display())
	}
}

/// The engine's process, with everything below `folder`.
fn spawn(folder: &Path) -> Result<Process> {
	let program = ["/usr/sbin/dockerd", "/usr/bin/dockerd"]
		.map(PathBuf::from)
		.into_iter()
		.find(|path| path.is_file());
	let Some(program) = program else {
		bail!("dockerd is not installed")
	};
	let log = folder.join("dockerd.log");
	Process::start("dockerd", &program, &log, |command| {
		command
			.arg("--config-file")
			.arg(folder.join("daemon.json"))
			.arg("--data-root")
			.arg(folder.join("data"))
			.arg("--exec-root")
			.arg(folder.join("exec"))
			.arg("--pidfile")
			.arg(folder.join("dockerd.pid"))
			.arg("--host")
			.arg(format!("unix://{}", socket(folder).display()));
	})
}

fn socket(folder: &Path) -> PathBuf {
	folder.join("docker.sock")
}

/// What the engine is told: which other runtime it has, if it is installed.
///
/// Debian's gVisor of 2022 takes each network namespace of Linux 6.11 or newer for the machine's first
/// (<https://github.com/google/gvisor/issues/10704>) unless it uses the container's own.
fn configuration() -> &'static str {
	if has_gvisor() {
		r#"{"runtimes":{"runsc":{"path":"/usr/bin/runsc","runtimeArgs":["--network=host"]}}}"#
	} else {
		"{}"
	}
}

/// Whether gVisor is installed on this machine.
pub fn has_gvisor() -> bool {
	Path::new(GVISOR).is_file()
}

/// Whether this process can set the firewall's rules, as the agent wants to before it runs containers.
pub fn can_guard() -> bool {
	let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
	is_root && Path::new("/usr/sbin/nft").is_file()
}

impl Drop for DockerDaemon {
	fn drop(&mut self) {
		// Best effort: what cannot be removed dies with the engine.
		if let Ok(listed) = client(&self.host(), &["ps", "-aq"]) {
			for id in listed.lines() {
				let _: Result<String> = client(&self.host(), &["rm", "-f", id]);
			}
		}
	}
}
