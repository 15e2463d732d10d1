//! `usufruct-node` as a process: a development chain of one validator.

use std::{net::TcpListener, path::Path, time::Duration};

use eyre::{Result, WrapErr};

use crate::{binaries, process::Process, rpc, wait};

/// A cold start compiles the runtime first.
const START: Duration = Duration::from_secs(90);
/// Twenty slots: a chain that is this late is broken.
const BLOCKS: Duration = Duration::from_secs(60);

/// A port that is free now.
pub fn free_port() -> Result<u16> {
	let listener = TcpListener::bind(("127.0.0.1", 0)).wrap_err("find a free port")?;
	Ok(listener.local_addr()?.port())
}

/// A running development chain. Dropping it stops it; it keeps nothing on disk.
#[derive(Debug)]
pub struct NodeProcess {
	process: Process,
	port: u16,
}

impl NodeProcess {
	/// Starts a chain and waits until it makes blocks. Its log is `folder/node.log`.
	pub fn start(folder: &Path) -> Result<Self> {
		let (port, p2p) = (free_port()?, free_port()?);
		let program = binaries::find("usufruct-node")?;
		let process = Process::start(
			"usufruct-node",
			&program,
			&folder.join("node.log"),
			|command| {
				command
					.args([
						"--dev",
						"--tmp",
						"--no-prometheus",
						"--no-telemetry",
						"--no-mdns",
					])
					.args(["--rpc-port", &port.to_string()])
					.args(["--listen-addr", &format!("/ip4/127.0.0.1/tcp/{p2p}")]);
			},
		)?;
		let mut node = Self { process, port };
		let url = node.http_url();
		wait::until("the chain's first block", START, || {
			node.process.check_running()?;
			// Not listening yet is the normal case.
			Ok(rpc::best_block(&url).ok().filter(|&n| n >= 1))
		})?;
		Ok(node)
	}

	/// Where it answers JSON-RPC over HTTP.
	pub fn http_url(&self) -> String {
		format!("http://127.0.0.1:{}", self.port)
	}

	/// Where it answers JSON-RPC over WebSocket.
	pub fn url(&self) -> String {
		format!("ws://127.0.0.1:{}", self.port)
	}

	/// The process.
	pub fn process(&mut self) -> &mut Process {
		&mut self.process
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
