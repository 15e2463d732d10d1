//! `usufruct account`.

use serde_json::json;
use usufruct_client::{account_of, amount};

use super::{done, entry, storage};
use crate::{
	context::{tx, Context},
	output::{Failure, Outcome},
};

/// About accounts.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Show an account's money; without one, the key's own
	Show {
		/// Its address
		account: Option<String>,
	},
	/// Show what is held of an account's money, and why
	Holds {
		/// Its address
		account: Option<String>,
	},
	/// Send money
	Transfer {
		/// To whom
		to: String,
		/// How much, in USU
		#[arg(value_parser = amount::parse)]
		amount: u128,
	},
}

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	let who = |account: Option<String>| match account {
		Some(text) => Ok::<_, Failure>(account_of(&text)?),
		None => context.account(),
	};
	match command {
		Command::Show { account } => {
			let account = who(account)?;
			let at = context.state().await?;
			let info = entry!(at, storage().system().account(), (account.clone(),));
			let (free, held) = info.map_or((0, 0), |info| (info.data.free, info.data.reserved));
			Ok(json!({
				"account": account.to_string(),
				"free": amount::show(free),
				"held": amount::show(held),
				"free_units": free.to_string(),
				"held_units": held.to_string(),
			}))
		}
		Command::Holds { account } => {
			let account = who(account)?;
			let at = context.state().await?;
			let holds = entry!(at, storage().balances().holds(), (account,));
			let rows = holds
				.map(|holds| holds.0)
				.unwrap_or_default()
				.into_iter()
				.map(
					|hold| json!({ "reason": format!("{:?}", hold.id), "amount": amount::show(hold.amount) }),
				);
			Ok(rows.collect())
		}
		Command::Transfer { to, amount } => {
			let to = account_of(&to)?;
			context
				.submit(&tx().balances().transfer_keep_alive(to.into(), amount))
				.await?;
			Ok(done("transferred"))
		}
	}
}
