//! `usufruct-agent` as a process, on this very machine.

use std::{path::PathBuf, process::ExitStatus, time::Duration};

use eyre::{Result, WrapErr};

use crate::{binaries, node::free_port, process::Process, rpc, wait};

/// It registers the machine first, and then waits for a finalized block.
const READY: Duration = Duration::from_secs(90);
/// The variable that names the point at which an agent shall die.
const CRASH_VARIABLE: &str = "USUFRUCT_CRASH_AT";

/// How an agent is run.
#[derive(Clone, Debug)]
pub struct AgentOptions {
	/// The node (`ws://…`).
	pub url: String,
	/// The hot key's secret.
	pub key: String,
	/// The account that owns the machine, if it is not the hot key's.
	pub owner: Option<String>,
	/// Where its journal lies. Two runs with the same folder are one agent that was restarted.
	pub data: PathBuf,
	/// What it calls this machine. Two with different names are two machines.
	pub machine: String,
	/// Its engines, separated by commas.
	pub engines: String,
	/// Where the container engine listens.
	pub docker_host: Option<String>,
	/// The named point at which it shall abort.
	pub crash_at: Option<String>,
	/// Where it listens for tenants and for its operator. The same again after a restart.
	pub ports: (u16, u16),
}

impl AgentOptions {
	/// An agent with the WebAssembly engine alone, whose key is the owner's.
	pub fn new(url: &str, key: &str, data: PathBuf) -> Result<Self> {
		Ok(Self {
			url: url.into(),
			key: key.into(),
			owner: None,
			data,
			machine: "usufruct-e2e".into(),
			engines: "wasm".into(),
			docker_host: None,
			crash_at: None,
			ports: (free_port()?, free_port()?),
		})
	}

	fn arguments(&self) -> Vec<String> {
		let address = |port| format!("127.0.0.1:{port}");
		let mut arguments = vec![
			("--url", self.url.clone()),
			("--suri", self.key.clone()),
			("--data", self.data.display().to_string()),
			("--machine-id", self.machine.clone()),
			("--engines", self.engines.clone()),
			("--gateway", address(self.ports.0)),
			("--metrics", address(self.ports.1)),
			("--public-host", "127.0.0.1".into()),
		];
		arguments.extend(self.owner.clone().map(|owner| ("--owner", owner)));
		arguments.extend(self.docker_host.clone().map(|host| ("--docker-host", host)));
		let pairs = arguments
			.into_iter()
			.flat_map(|(flag, value)| [flag.to_string(), value]);
		std::iter::once("run".to_string()).chain(pairs).collect()
	}
}

/// A running agent. Dropping it stops it.
#[derive(Debug)]
pub struct AgentProcess {
	process: Process,
	operator: String,
}

impl AgentProcess {
	/// Starts it. Its log is `agent.log` in the folder above its data.
	pub fn start(options: &AgentOptions) -> Result<Self> {
		std::fs::create_dir_all(&options.data)
			.wrap_err_with(|| format!("make {}", options.data.display()))?;
		let log = options.data.with_file_name("agent.log");
		let program = binaries::find("usufruct-agent")?;
		let process = Process::start("usufruct-agent", &program, &log, |command| {
			command.args(options.arguments());
			if let Some(point) = &options.crash_at {
				command.env(CRASH_VARIABLE, point);
			}
		})?;
		let operator = format!("http://127.0.0.1:{}", options.ports.1);
		Ok(Self { process, operator })
	}

	/// Waits until it follows the chain.
	pub fn wait_ready(&mut self) -> Result<()> {
		let url = format!("{}/health/readiness", self.operator);
		wait::until("the agent to be ready", READY, || {
			self.process.check_running()?;
			// Not listening or not ready yet is the normal case.
			Ok(rpc::get(&url).ok().map(drop))
		})
	}

	/// Waits until it died by itself, as it was told to at a crash point.
	pub fn wait_dead(&mut self, deadline: Duration) -> Result<ExitStatus> {
		wait::until("the agent to die", deadline, || self.process.exit_status())
	}

	/// Its metrics, as Prometheus reads them.
	pub fn metrics(&self) -> Result<String> {
		rpc::get(&format!("{}/metrics", self.operator))
	}

	/// The process.
	pub fn process(&mut self) -> &mut Process {
		&mut self.process
	}
}
