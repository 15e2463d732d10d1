//! `usufruct-node` as a process: a development chain of one validator, or a network of four.

use std::{net::TcpListener, path::Path, time::Duration};

use eyre::{Result, WrapErr};

use crate::{binaries, process::Process, rpc, wait};

/// A cold start compiles the runtime first.
const START: Duration = Duration::from_secs(300);
/// Twenty slots: a chain that is this late is broken.
const BLOCKS: Duration = Duration::from_secs(60);

/// A port that is free now.
pub fn free_port() -> Result<u16> {
	let listener = TcpListener::bind(("127.0.0.1", 0)).wrap_err("find a free port")?;
	Ok(listener.local_addr()?.port())
}

/// A running node. Dropping it stops it; what it keeps is in the folder that it was given.
#[derive(Debug)]
pub struct NodeProcess {
	process: Process,
	port: u16,
	p2p: u16,
	metrics: u16,
}

impl NodeProcess {
	/// Starts a chain and waits until it makes blocks. Its log is `folder/node.log`.
	pub fn start(folder: &Path) -> Result<Self> {
		let mut node = Self::spawn(folder, "node", &["--dev", "--tmp"], free_port()?)?;
		node.wait_for_first_block()?;
		Ok(node)
	}

	/// A node with these arguments, and ports of its own; metrics are at `metrics`.
	fn spawn(folder: &Path, name: &str, arguments: &[&str], metrics: u16) -> Result<Self> {
		let (port, p2p) = (free_port()?, free_port()?);
		let program = binaries::find("usufruct-node")?;
		let log = folder.join(format!("{name}.log"));
		let process = Process::start("usufruct-node", &program, &log, |command| {
			command
				.args(arguments)
				.args(["--no-telemetry", "--no-mdns"])
				.args(["--prometheus-port", &metrics.to_string()])
				.args(["--rpc-port", &port.to_string()])
				.args(["--listen-addr", &format!("/ip4/127.0.0.1/tcp/{p2p}")]);
		})?;
		Ok(Self {
			process,
			port,
			p2p,
			metrics,
		})
	}

	fn wait_for_first_block(&mut self) -> Result<()> {
		let url = self.http_url();
		wait::until("the chain's first block", START, || {
			self.process.check_running()?;
			// Not listening yet is the normal case.
			Ok(rpc::best_block(&url).ok().filter(|&n| n >= 1).map(drop))
		})
	}

	/// The four validators of the preset `local`, connected with each other.
	pub fn start_local_network(folder: &Path) -> Result<Vec<Self>> {
		let mut nodes: Vec<Self> = Vec::new();
		for name in ["alice", "bob", "charlie", "dave"] {
			let base = folder.join(name);
			std::fs::create_dir_all(&base)?;
			let base = base.display().to_string();
			let flag = format!("--{name}");
			let mut arguments = vec!["--chain", "local", "--validator", &flag];
			arguments.extend(["--base-path", &base, "--unsafe-force-node-key-generation"]);
			let first = nodes.first().map(Self::address).transpose()?;
			if let Some(first) = &first {
				arguments.extend(["--bootnodes", first]);
			}
			let mut node = Self::spawn(folder, name, &arguments, free_port()?)?;
			let url = node.http_url();
			wait::until("the node to answer", START, || {
				node.process.check_running()?;
				Ok(rpc::best_block(&url).ok().map(drop))
			})?;
			nodes.push(node);
		}
		Ok(nodes)
	}

	/// How others reach it.
	fn address(&self) -> Result<String> {
		let peer = rpc::call(
			&self.http_url(),
			"system_localPeerId",
			serde_json::json!([]),
		)?;
		let peer = peer.as_str().unwrap_or_default();
		Ok(format!("/ip4/127.0.0.1/tcp/{}/p2p/{peer}", self.p2p))
	}

	/// Its metrics, as Prometheus reads them.
	pub fn metrics(&self) -> Result<String> {
		rpc::get(&format!("http://127.0.0.1:{}/metrics", self.metrics))
	}

	/// Where it answers JSON-RPC over HTTP.
	pub fn http_url(&self) -> String {
		format!("http://127.0.0.1:{}", self.port)
	}

	/// Where it answers JSON-RPC over WebSocket.
	pub fn url(&self) -> String {
		format!("ws://127.0.0.1:{}", self.port)
	}

	/// The port of both.
	pub fn port(&self) -> u16 {
		self.port
	}

	/// The process.
	pub fn process(&mut self) -> &mut Process {
		&mut self.process
	}

	/// The number of its best block.
	pub fn best_block(&self) -> Result<u32> {
		rpc::best_block(&self.http_url())
	}

	/// Waits until the best block is at least `number`.
	pub fn wait_for_block(&mut self, number: u32) -> Result<()> {
		let url = self.http_url();
		let best = rpc::best_block(&url)?;
		let patience = BLOCKS + Duration::from_secs(6) * number.saturating_sub(best);
		wait::until(&format!("block {number}"), patience, || {
			self.process.check_running()?;
			Ok((rpc::best_block(&url)? >= number).then_some(()))
		})
	}

	/// Waits until `count` more blocks are there.
	pub fn wait_blocks(&mut self, count: u32) -> Result<()> {
		let best = rpc::best_block(&self.http_url())?;
		self.wait_for_block(best.saturating_add(count))
	}
}
