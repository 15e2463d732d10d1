//! `usufruct use-right`.

use serde_json::json;
use usufruct_client::{account_of, api};

use super::{done, entries, storage, workspace};
use crate::{
	context::{tx, Context},
	output::Outcome,
};

use api::{
	runtime_types::pallet_use_rights::pallet::Call as Rights, use_rights::events::UseRightMinted,
};

/// About use rights (UIDs).
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Mint the use rights of free resources, all of them or none
	Mint {
		/// The resources
		#[arg(required = true)]
		vids: Vec<u64>,
	},
	/// List use rights
	List,
	/// Take an unsold use right back
	Burn {
		/// The use right
		uid: u64,
	},
	/// Run an image or an application on a use right that you hold; the right stays yours when the workspace ends
	Run {
		/// The use right
		uid: u64,
		#[command(flatten)]
		subject: workspace::Subject,
		/// Wait until it runs
		#[arg(long)]
		wait: bool,
	},
	/// Give a use right that was sold to another account, with what runs on it
	Transfer {
		/// The use right
		uid: u64,
		/// To whom
		to: String,
	},
}

/// One resource is answered by one document, several by a list.
async fn mint(context: &Context, vids: &[u64]) -> Outcome {
	let shown = |uid: u64, vid: u64| json!({ "uid": uid, "vid": vid });
	if let [vid] = vids {
		let sent = context.submit(&tx().use_rights().mint(*vid)).await?;
		let event = sent.event::<UseRightMinted>()?;
		return Ok(shown(event.uid, event.vid));
	}
	let mint = |vid: &u64| api::Call::UseRights(Rights::mint { vid: *vid });
	let calls = vids.iter().map(mint).collect();
	let sent = context.submit(&tx().utility().batch_all(calls)).await?;
	let mut minted = Vec::new();
	for event in sent.events.find::<UseRightMinted>() {
		let event = event.map_err(super::unreadable)?;
		minted.push(shown(event.uid, event.vid));
	}
	Ok(minted.into())
}

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	let rights = tx().use_rights();
	match command {
		Command::Mint { vids } => mint(context, &vids).await,
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
		Command::Run { uid, subject, wait } => {
			let what = subject.resolve(context).await?;
			let calls = tx().workspaces();
			let call = calls.run(uid, what.workload);
			workspace::start(context, &call, 1, wait).await
		}
		Command::Transfer { uid, to } => {
			context
				.submit(&rights.transfer(uid, account_of(&to)?))
				.await?;
			Ok(done("transferred"))
		}
	}
}
