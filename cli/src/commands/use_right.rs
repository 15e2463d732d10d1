//! `usufruct use-right`.

use serde_json::json;
use usufruct_client::{account_of, api};

use super::{done, entries, storage};
use crate::{
	context::{tx, Context},
	output::Outcome,
};

/// About use rights (UIDs).
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Mint the use right of a free resource
	Mint {
		/// The resource
		vid: u64,
	},
	/// List use rights
	List,
	/// Take an unsold use right back
	Burn {
		/// The use right
		uid: u64,
	},
	/// Give a use right in force to another account
	Transfer {
		/// The use right
		uid: u64,
		/// To whom
		to: String,
	},
}

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	let rights = tx().use_rights();
	match command {
		Command::Mint { vid } => {
			let sent = context.submit(&rights.mint(vid)).await?;
			let event = sent.event::<api::use_rights::events::UseRightMinted>()?;
			Ok(json!({ "uid": event.uid, "vid": event.vid }))
		}
		Command::List => {
			let at = context.state().await?;
			let rights = entries!(at, storage().use_rights().use_rights());
			Ok(rights
				.iter()
				.map(|((uid,), record)| {
					json!({
						"uid": uid,
						"vid": record.vid,
						"holder": record.holder.to_string(),
						"state": format!("{:?}", record.state),
					})
				})
				.collect())
		}
		Command::Burn { uid } => {
			context.submit(&rights.burn(uid)).await?;
			Ok(done("burned"))
		}
		Command::Transfer { uid, to } => {
			context
				.submit(&rights.transfer(uid, account_of(&to)?))
				.await?;
			Ok(done("transferred"))
		}
	}
}
