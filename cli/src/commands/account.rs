//! `usufruct account`.

use std::path::{Path, PathBuf};

use serde_json::json;
use usufruct_client::{account_of, amount, new_phrase, write_key_file};

use super::{done, entry, storage};
use crate::{
	context::{tx, Context},
	output::{Failure, Outcome},
};

/// About accounts.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Make a new key in a new file; needs no node
	New {
		/// The file; it must not exist
		file: PathBuf,
	},
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

/// Makes a new key; shows its account, never the key.
pub(crate) fn create(file: &Path) -> Outcome {
	let (phrase, account) = new_phrase()?;
	write_key_file(file, &phrase)?;
	Ok(json!({
		"account": account.to_string(),
		"key_file": file.display().to_string(),
		"note": "whoever has this file has the money; keep a copy of it where nobody else can read it",
	}))
}

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	let who = |account: Option<String>| match account {
		Some(text) => Ok::<_, Failure>(account_of(&text)?),
		None => context.account(),
	};
	match command {
		Command::New { file } => create(&file),
		Command::Show { account } => {
			let account = who(account)?;
			let at = context.state().await?;
			let info = entry!(at, storage().system().account(), (account,));
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
