//! One owner's machine: its agent, the line to the chain, the disk, and what the owner does by hand.

use std::{
	fs,
	path::{Path, PathBuf},
	time::Duration,
};

use eyre::{ensure, eyre, Result, WrapErr};
use serde_json::Value;

use super::{
	disk::Disk,
	fault::Damage,
	line::Line,
	market::{Slot, Slots},
};
use crate::{
	agent::{AgentOptions, AgentProcess, Engine},
	main_job::{identifier, list},
	rpc, wait, Cli, NodeProcess,
};

/// MiB of a data folder that is a disk of its own: a journal, modules and secrets are small.
const DISK_MIB: u32 = 32;
/// Blocks between two heartbeats: well below half of the shortest period that the chain accepts.
const HEARTBEAT_BLOCKS: u32 = 8;
/// Registration and the first heartbeat take some blocks, for three machines at once.
const REGISTERED: Duration = Duration::from_secs(240);
/// An agent that cannot use its journal says so before it does anything else.
const REFUSED: Duration = Duration::from_secs(60);

/// Bytes of a page of the journal.
const PAGE: usize = 4_096;

/// A machine of its own owner.
#[derive(Debug)]
pub(super) struct Machine {
	/// The agent, unless it is dead. Declared first: it stops before its line and its disk go.
	agent: Option<AgentProcess>,
	/// Its owner's name, without slashes.
	pub(super) name: String,
	/// Its node on the chain.
	pub(super) node: u64,
	/// What its owner does on the chain.
	pub(super) owner: Cli,
	/// What is sold of it.
	slots: Slots,
	/// Between agent and chain.
	pub(super) line: Line,
	options: AgentOptions,
	/// The disk that the data folder is, where one could be mounted.
	pub(super) disk: Option<Disk>,
	/// How often the agent was started because it had ended by itself.
	pub(super) restarts: u32,
}

impl Machine {
	/// Starts an agent of `owner` below `folder`; it registers beside what the caller does next. With
	/// `own_disk`, its data folder is a disk that can be filled.
	pub(super) fn start(
		folder: &Path,
		chain: &NodeProcess,
		owner: &str,
		engine: &Engine,
		own_disk: bool,
	) -> Result<Self> {
		let name = owner.trim_start_matches('/').to_string();
		let key = format!("{owner}//agent");
		let person = Cli::new(&chain.url(), owner)?;
		person.run(&["node", "add-agent", &key, "--fund", "1000"])?;
		let data = folder.join(name.to_lowercase()).join("data");
		let disk = own_disk.then(|| Disk::mount(&data, DISK_MIB)).transpose()?;
		let line = Line::to(chain.port())?;
		let url = format!("ws://127.0.0.1:{}", line.port());
		let mut options = AgentOptions::new(&url, &key, owner, data)?;
		options.engine = engine.clone();
		options.file = Some(format!("heartbeat-blocks = {HEARTBEAT_BLOCKS}\n"));
		fs::create_dir_all(&options.data)?;
		let agent = AgentProcess::start(&options)?;
		Ok(Self {
			name,
			node: 0,
			owner: person,
			slots: Slots::default(),
			line,
			agent: Some(agent),
			options,
			disk,
			restarts: 0,
		})
	}

	/// Waits until the machine is registered and online; cuts it into what is sold of it.
	pub(super) fn wait_registered(&mut self, with_containers: bool) -> Result<()> {
		let address = self.owner.run(&["account", "show"])?["account"].clone();
		let found = wait::until("the machine to be online", REGISTERED, || {
			if let Some(agent) = &mut self.agent {
				agent.process().check_running()?;
			}
			let nodes = self.owner.run(&["node", "list"])?;
			let own = list(&nodes).find(|node| node["owner"] == address);
			let Some(own) = own.filter(|node| node["status"] == "Online") else {
				return Ok(None);
			};
			let hardware = self.owner.run(&["hardware", "list"])?;
			let device = list(&hardware).find(|device| device["node"] == own["node"]);
			let Some(device) = device else {
				return Ok(None);
			};
			Ok(Some((identifier(own, "node")?, identifier(device, "hid")?)))
		})?;
		let (node, hid) = found;
		self.node = node;
		self.slots = Slots::cut(&self.owner, hid, with_containers)?;
		Ok(())
	}

	/// What its owner does on the market.
	pub(super) fn tend(&mut self, resources: &Value, nodes: &Value) -> Result<()> {
		self.slots.tend(&self.owner, self.node, resources, nodes)
	}

	/// The resources that are sold of it.
	pub(super) fn slots(&self) -> &[Slot] {
		self.slots.all()
	}

	/// Kills the agent as a power cut would.
	pub(super) fn kill(&mut self) -> Result<()> {
		if let Some(mut agent) = self.agent.take() {
			agent.process().kill()?;
		}
		Ok(())
	}

	/// Stops the agent in good order.
	pub(super) fn stop(&mut self) -> Result<()> {
		if let Some(mut agent) = self.agent.take() {
			agent.process().stop()?;
		}
		Ok(())
	}

	/// Starts the agent, if it does not run.
	pub(super) fn revive(&mut self) -> Result<()> {
		if self.agent.is_none() {
			self.agent = Some(AgentProcess::start(&self.options)?);
		}
		Ok(())
	}

	/// What the operator's service manager does: an agent that ended by itself is started again.
	pub(super) fn supervise(&mut self) -> Result<()> {
		let Some(agent) = &mut self.agent else {
			return Ok(());
		};
		if agent.process().exit_status()?.is_some() {
			self.agent = None;
			self.restarts = self.restarts.saturating_add(1);
			self.revive()?;
		}
		Ok(())
	}

	/// What the agent says that it runs; why not, where it does not say.
	pub(super) fn leases(&self) -> Result<u64> {
		let agent = self.agent.as_ref();
		let agent = agent.ok_or_else(|| eyre!("the agent is dead"))?;
		let metrics = agent.metrics()?;
		let line = metrics
			.lines()
			.find_map(|line| line.strip_prefix("usufruct_agent_leases "));
		Ok(line
			.ok_or_else(|| eyre!("no count of leases in the agent's metrics"))?
			.parse()?)
	}

	/// Whether the agent follows the chain.
	pub(super) fn is_ready(&self) -> bool {
		let url = format!("http://127.0.0.1:{}/health/readiness", self.options.port);
		self.agent.is_some() && rpc::get(&url).is_ok()
	}

	/// The end of the agent's log.
	pub(super) fn log_tail(&self, lines: usize) -> String {
		let path = self.options.data.with_file_name("agent.log");
		let text = fs::read(path).unwrap_or_default();
		let text = String::from_utf8_lossy(&text);
		let all: Vec<&str> = text.lines().collect();
		all[all.len().saturating_sub(lines)..].join("\n")
	}

	fn journal(&self) -> PathBuf {
		self.options.data.join("journal.sqlite")
	}

	/// Ends the agent and damages its journal, with what was not written back to it yet. Gives whether that shows.
	pub(super) fn damage_journal(&mut self, damage: Damage) -> Result<bool> {
		match damage {
			Damage::Head | Damage::Emptied => self.kill()?,
			Damage::Pages => self.stop()?,
		}
		let path = self.journal();
		let mut bytes = fs::read(&path).wrap_err_with(|| format!("read {}", path.display()))?;
		match damage {
			Damage::Head => bytes.iter_mut().take(100).for_each(|byte| *byte = 0x55),
			Damage::Pages => {
				// The first bytes of a page say what is in it.
				let rest = bytes.iter_mut().enumerate().skip(PAGE);
				rest.filter(|(at, _)| at % PAGE < 512)
					.for_each(|(_, byte)| *byte = 0x55);
			}
			Damage::Emptied => bytes.clear(),
		}
		let shows = bytes.len() > PAGE || damage == Damage::Head;
		fs::write(&path, bytes)?;
		// What is in the log beside it would heal it.
		for beside in ["journal.sqlite-wal", "journal.sqlite-shm"] {
			let beside = self.options.data.join(beside);
			if beside.exists() {
				fs::remove_file(&beside)?;
			}
		}
		Ok(shows)
	}

	/// Starts the agent on its damaged journal; fails unless it ends and names the journal and the way out.
	pub(super) fn expect_refusal(&mut self) -> Result<()> {
		let mut agent = AgentProcess::start(&self.options)?;
		let status = agent
			.wait_dead(REFUSED)
			.wrap_err("the agent works with a damaged journal")?;
		// The way to the error may be told after it, call by call.
		let said = agent.log_tail(60);
		ensure!(
			!status.success() && said.contains("journal.sqlite") && said.contains("move it away"),
			"the agent did not say that its journal is damaged ({status}):\n{said}"
		);
		Ok(())
	}

	/// The operator's way out, as the agent names it.
	pub(super) fn move_journal_away(&self) -> Result<()> {
		let path = self.journal();
		fs::rename(&path, path.with_extension("damaged")).wrap_err("move the journal away")
	}
}
