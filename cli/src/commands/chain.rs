//! `usufruct chain`.

use serde_json::json;

use super::number;
use crate::{context::Context, output::Outcome};

/// About the chain.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Show its newest blocks
	Status,
}

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	match command {
		Command::Status => {
			let (best, finalized) = (
				context.client.best().await?,
				context.client.finalized().await?,
			);
			Ok(json!({
				"genesis": format!("{:?}", context.client.online().genesis_hash()),
				"best": number(&best),
				"finalized": number(&finalized),
			}))
		}
	}
}
