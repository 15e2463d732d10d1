//! A machine that a person registers by hand, without an agent: for tests of what needs no agent.

use eyre::Result;

use crate::{
	main_job::{cut_and_list, identifier, Offer},
	Cli,
};

/// A machine on the chain.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
	/// Its node.
	pub node: u64,
	/// Its processor, of eight cores.
	pub hid: u64,
}

/// Thirty-two bytes in hexadecimal that stand for a machine or a device.
pub fn hash(seed: u8) -> String {
	format!("0x{}", format!("{seed:02x}").repeat(32))
}

/// Registers a machine with a processor, online.
pub fn machine(owner: &Cli, seed: u8) -> Result<Machine> {
	let registered = owner.run(&["node", "register", "--machine", &hash(seed)])?;
	let node = identifier(&registered, "node")?;
	owner.run(&["node", "heartbeat", &node.to_string()])?;
	let device = hash(seed);
	let added = owner.run(&[
		"hardware",
		"add",
		&node.to_string(),
		"--class",
		"1",
		"--device",
		&device,
		"--cpu",
		"8000",
		"--memory",
		"8192",
		"--disk",
		"8192",
	])?;
	Ok(Machine {
		node,
		hid: identifier(&added, "hid")?,
	})
}

/// Cuts a core from a processor, mints its use right, and lists it with all shares for `holder`.
pub fn offer(owner: &Cli, hid: u64, holder: &str) -> Result<Offer> {
	cut_and_list(owner, hid, "wasm", &[format!("{holder}=10000")])
}
