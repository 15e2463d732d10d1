//! `usufruct revenue`.

use serde_json::json;
use usufruct_client::{account_of, amount, api};

use super::{done, entries, storage};
use crate::{
	context::{tx, Context},
	output::Outcome,
};

/// About revenue rights (RIDs).
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Show who holds a revenue right, and what each can settle
	Show {
		/// The resource
		vid: u64,
	},
	/// Take the signing account's income
	Settle {
		/// The resource
		vid: u64,
	},
	/// Give shares to another account
	Transfer {
		/// The resource
		vid: u64,
		/// To whom
		to: String,
		/// How many of the 10,000
		shares: u16,
	},
}

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	let revenue = tx().revenue_rights();
	match command {
		Command::Show { vid } => {
			let at = context.state().await?;
			let rights = entries!(at, storage().revenue_rights().rights());
			let per_share = rights
				.iter()
				.find(|((id,), _)| *id == vid)
				.map_or(0, |(_, right)| right.per_share);
			let mut shares = Vec::new();
			let mut stream = at
				.storage()
				.iter(storage().revenue_rights().shares(), (vid,))
				.await
				.map_err(super::unreadable)?;
			while let Some(entry) = stream.next().await {
				let entry = entry.map_err(super::unreadable)?;
				let (_, who) = entry
					.key()
					.map_err(super::unreadable)?
					.decode()
					.map_err(super::unreadable)?;
				let record = entry.value().decode().map_err(super::unreadable)?;
				let open =
					(per_share - record.settled_at) * u128::from(record.shares) + record.owed;
				shares.push(json!({
					"holder": who.to_string(),
					"shares": record.shares,
					"claimable": amount::show(open),
					"claimable_units": open.to_string(),
				}));
			}
			Ok(shares.into())
		}
		Command::Settle { vid } => {
			let sent = context.submit(&revenue.settle(vid)).await?;
			let event = sent.event::<api::revenue_rights::events::IncomeSettled>()?;
			Ok(json!({
				"vid": vid,
				"amount": amount::show(event.amount),
				"amount_units": event.amount.to_string(),
			}))
		}
		Command::Transfer { vid, to, shares } => {
			context
				.submit(&revenue.transfer(vid, account_of(&to)?, shares))
				.await?;
			Ok(done("transferred"))
		}
	}
}
