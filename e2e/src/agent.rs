//! `usufruct-agent` as a process, on this very machine.

use std::{path::PathBuf, process::ExitStatus, time::Duration};

use eyre::{Result, WrapErr};

use crate::{binaries, docker, node::free_port, process::Process, rpc, wait};

/// It registers the machine first, and then waits for a finalized block.
const READY: Duration = Duration::from_secs(90);
/// The variable that names the point at which an agent shall die.
const CRASH_VARIABLE: &str = "USUFRUCT_CRASH_AT";

/// What runs workspaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Engine {
	/// WebAssembly in the agent itself.
	Wasm,
	/// The container engine that listens here (`unix://…`).
	Docker(String),
}

impl Engine {
	/// As the agent's flag names it.
	pub fn name(&self) -> &'static str {
		match self {
			Self::Wasm => "wasm",
			Self::Docker(_) => "docker",
		}
	}

	/// The isolation class of what runs in it.
	pub fn isolation(&self) -> &'static str {
		match self {
			Self::Wasm => "wasm",
			Self::Docker(_) => "container",
		}
	}
}

/// How an agent is run.
#[derive(Clone, Debug)]
pub struct AgentOptions {
	/// The node (`ws://…`).
	pub url: String,
	/// The hot key's secret.
	pub key: String,
	/// The account that owns the machine.
	pub owner: String,
	/// Where its journal lies. Two runs with the same folder are one agent that was restarted.
	pub data: PathBuf,
	/// What runs workspaces.
	pub engine: Engine,
	/// The named point at which it shall abort.
	pub crash_at: Option<String>,
	/// Where it tells its health. The same again after a restart.
	pub port: u16,
	/// Where tenants reach it.
	pub access_port: u16,
	/// What else its configuration file says, in TOML; `None` = it has no file.
	pub file: Option<String>,
}

impl AgentOptions {
	/// An agent with the WebAssembly engine alone.
	pub fn new(url: &str, key: &str, owner: &str, data: PathBuf) -> Result<Self> {
		Ok(Self {
			url: url.into(),
			key: key.into(),
			owner: owner.into(),
			data,
			engine: Engine::Wasm,
			crash_at: None,
			port: free_port()?,
			access_port: free_port()?,
			file: None,
		})
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
		let listen = format!("127.0.0.1:{}", options.port);
		let file = options.data.with_file_name("agent.toml");
		if let Some(text) = &options.file {
			std::fs::write(&file, text)?;
		}
		let process = Process::start("usufruct-agent", &program, &log, |command| {
			command
				.args(["run", "--url", &options.url, "--key", &options.key])
				.args(["--owner", &options.owner, "--listen", &listen])
				.args(["--engine", options.engine.name()])
				.args(["--access-port", &options.access_port.to_string()])
				// Modules are on this machine, somewhere.
				.args(["--local-modules", "/"])
				.arg("--data-dir")
				.arg(&options.data);
			if options.file.is_some() {
				command.arg("--config").arg(&file);
			}
			if let Engine::Docker(host) = &options.engine {
				command.env("DOCKER_HOST", host);
				// A person's own machine: what runs there is the person's own.
				if !docker::can_guard() {
					command.arg("--allow-weak-isolation");
				}
			}
			if let Some(point) = &options.crash_at {
				command.env(CRASH_VARIABLE, point);
			}
		})?;
		Ok(Self {
			process,
			operator: format!("http://{listen}"),
		})
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

	/// The last `lines` lines of its log.
	pub fn log_tail(&self, lines: usize) -> String {
		self.process.log_tail(lines)
	}

	/// The process.
	pub fn process(&mut self) -> &mut Process {
		&mut self.process
	}
}
