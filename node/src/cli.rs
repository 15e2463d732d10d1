//! The command line of `usufruct-node`.

use sc_cli::RunCmd;

/// What the node can be told to do.
#[derive(Debug, clap::Parser)]
#[command(after_help = "Examples:\n  \
	usufruct-node --dev --tmp             a throw-away chain with one validator\n  \
	usufruct-node --chain local --alice   one of four validators of a local network\n\n\
	RPC listens on port 9944, Prometheus metrics on port 9615.")]
pub(crate) struct Cli {
	/// Without a subcommand: run the node.
	#[command(subcommand)]
	pub(crate) subcommand: Option<Subcommand>,

	/// How to run it.
	#[clap(flatten)]
	pub(crate) run: RunCmd,
}

/// Everything but running the node.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Subcommand {
	/// Generate, inspect and insert keys.
	#[command(subcommand)]
	Key(sc_cli::KeySubcommand),

	/// Write a chain's specification as JSON.
	ExportChainSpec(sc_cli::ExportChainSpecCmd),

	/// Check blocks that are in the database again.
	CheckBlock(sc_cli::CheckBlockCmd),

	/// Write blocks to a file.
	ExportBlocks(sc_cli::ExportBlocksCmd),

	/// Write the state at a block as a chain specification.
	ExportState(sc_cli::ExportStateCmd),

	/// Read blocks from a file.
	ImportBlocks(sc_cli::ImportBlocksCmd),

	/// Delete a chain's database.
	PurgeChain(sc_cli::PurgeChainCmd),

	/// Take blocks back.
	Revert(sc_cli::RevertCmd),

	/// Show what the database holds.
	ChainInfo(sc_cli::ChainInfoCmd),
}
