//! `usufruct bench`: how fast is a chain, and how fast is what it sells?

mod chain;
mod lease;

use crate::{
	context::Context,
	output::{Failure, Outcome},
};

/// About speed.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Fill blocks with transfers, then with purchases; show how many of each fit into a second, their
	/// ratio, and how long the fullest blocks take to execute against what their calls declare.
	/// Needs a development chain and a rich key: it spends money
	Chain(chain::Arguments),
	/// Request workspaces one after the other; show how long each takes from the request to its first answer, in
	/// blocks and seconds, by stages. Needs a development chain, a machine with the image, and a rich key
	Lease(Box<lease::Arguments>),
}

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	let kind = context.client.chain_type().await?;
	if kind != "Development" {
		return Err(Failure::Usage(format!(
			"this is a chain of type {kind}, and this command spends money for nothing: start \
			 `usufruct-node --dev --tmp`, and give --key //Alice"
		)));
	}
	match command {
		Command::Chain(arguments) => chain::run(context, arguments).await,
		Command::Lease(arguments) => lease::run(context, *arguments).await,
	}
}

/// A number as it is shown: to the thousandth.
fn rounded(value: f64) -> f64 {
	(value * 1_000.0).round() / 1_000.0
}
