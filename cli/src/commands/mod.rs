//! One file per noun; each gives a document that `output` shows.

mod account;
mod application;
mod bench;
mod chain;
mod dao;
mod hardware;
mod market;
mod node;
mod proof;
mod resource;
mod revenue;
mod reward;
mod sublet;
mod use_right;
mod workspace;

use serde_json::Value;
use usufruct_client::{api, AtBlock};

use crate::{
	context::{Context, Global},
	output::{self, Failure},
};

/// What can be done, by noun.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Accounts and their money
	#[command(subcommand)]
	Account(account::Command),
	/// The chain itself
	#[command(subcommand)]
	Chain(chain::Command),
	/// Machines
	#[command(subcommand)]
	Node(node::Command),
	/// Hardware in machines (HIDs)
	#[command(subcommand)]
	Hardware(hardware::Command),
	/// Resources cut from hardware (VIDs)
	#[command(subcommand)]
	Resource(resource::Command),
	/// Rights to use resources (UIDs)
	#[command(subcommand)]
	UseRight(use_right::Command),
	/// Listings and purchases
	#[command(subcommand)]
	Market(market::Command),
	/// Applications: images that are found by name, and who vouches for them
	#[command(subcommand)]
	Application(application::Command),
	/// Images, requests and leases
	#[command(subcommand)]
	Workspace(workspace::Command),
	/// Proofs of compute
	#[command(subcommand)]
	Proof(proof::Command),
	/// Revenue rights (RIDs) and their income
	#[command(subcommand)]
	Revenue(revenue::Command),
	/// Rewards for what was proved, authored and used
	#[command(subcommand)]
	Reward(reward::Command),
	/// The best hardware of a class
	Rank(proof::Rank),
	/// Proposals, votes, and what they change
	#[command(subcommand)]
	Dao(dao::Command),
	/// How fast a chain is
	#[command(subcommand)]
	Bench(bench::Command),
}

/// Runs a command and shows its document.
pub(crate) async fn run(global: Global, command: Command) -> Result<(), Failure> {
	let json = global.json;
	// The one thing that a person does before there is a chain.
	if let Command::Account(account::Command::New { file }) = &command {
		output::show(&account::create(file)?, json);
		return Ok(());
	}
	let context = Context::new(global).await?;
	let done = match command {
		Command::Account(command) => account::run(&context, command).await,
		Command::Application(command) => application::run(&context, command).await,
		Command::Bench(command) => bench::run(&context, command).await,
		Command::Chain(command) => chain::run(&context, command).await,
		Command::Dao(command) => dao::run(&context, command).await,
		Command::Node(command) => node::run(&context, command).await,
		Command::Hardware(command) => hardware::run(&context, command).await,
		Command::Resource(command) => resource::run(&context, command).await,
		Command::UseRight(command) => use_right::run(&context, command).await,
		Command::Market(command) => market::run(&context, command).await,
		Command::Workspace(command) => workspace::run(&context, command).await,
		Command::Proof(command) => proof::run(&context, command).await,
		Command::Revenue(command) => revenue::run(&context, command).await,
		Command::Reward(command) => reward::run(&context, command).await,
		Command::Rank(command) => proof::rank(&context, command).await,
	};
	let value = match done {
		Err(Failure::OnlyFee(fee)) => serde_json::json!({
			"fee": usufruct_client::amount::show(fee),
			"fee_units": fee.to_string(),
		}),
		done => done?,
	};
	output::show(&value, json);
	Ok(())
}

/// An error of reading state.
pub(crate) fn unreadable(error: impl std::fmt::Display) -> Failure {
	usufruct_client::Error::incompatible(error).into()
}

/// All entries of a map, ascending by key; with the first part of its keys, those of a double map, as they
/// come.
macro_rules! entries {
	($at:expr, $address:expr) => {{
		let mut entries = $crate::commands::entries!($at, $address, ());
		entries.sort_by(|a, b| a.0.cmp(&b.0));
		entries
	}};
	($at:expr, $address:expr, $prefix:expr) => {{
		let mut entries = Vec::new();
		let mut stream = $at
			.storage()
			.iter($address, $prefix)
			.await
			.map_err($crate::commands::unreadable)?;
		while let Some(entry) = stream.next().await {
			let entry = entry.map_err($crate::commands::unreadable)?;
			let key = entry
				.key()
				.map_err($crate::commands::unreadable)?
				.decode()
				.map_err($crate::commands::unreadable)?;
			let value = entry
				.value()
				.decode()
				.map_err($crate::commands::unreadable)?;
			entries.push((key, value));
		}
		entries
	}};
}
pub(crate) use entries;

/// One entry of a map; `None` where it is not there.
macro_rules! entry {
	($at:expr, $address:expr, $key:expr) => {
		match $at
			.storage()
			.try_fetch($address, $key)
			.await
			.map_err($crate::commands::unreadable)?
		{
			Some(value) => Some(value.decode().map_err($crate::commands::unreadable)?),
			None => None,
		}
	};
}
pub(crate) use entry;

/// Text that the chain keeps as bytes.
pub(crate) fn text(bytes: &[u8]) -> String {
	String::from_utf8_lossy(bytes).into_owned()
}

/// A 32-byte value in hexadecimal, with or without 0x, or with sha256: as container engines write it.
pub(crate) fn hash(text: &str) -> Result<usufruct_client::H256, String> {
	let digits = text.strip_prefix("sha256:").unwrap_or(text);
	let bytes = hex::decode(digits.trim_start_matches("0x")).map_err(|error| error.to_string())?;
	let bytes: [u8; 32] = bytes
		.try_into()
		.map_err(|bytes: Vec<u8>| format!("32 bytes are needed, {} were given", bytes.len()))?;
	Ok(bytes.into())
}

/// The document of a command that only has to work.
pub(crate) fn done(what: &str) -> Value {
	serde_json::json!({ "done": what })
}

/// Storage addresses.
pub(crate) fn storage() -> api::StorageApi {
	api::storage()
}

/// The number of a block.
pub(crate) fn number(at: &AtBlock) -> u64 {
	at.block_number()
}
