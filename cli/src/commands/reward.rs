//! `usufruct reward`.

use serde_json::{json, Value};
use usufruct_client::{account_of, amount, api, view, AccountId32, AtBlock};

use super::{entry, number, storage};
use crate::{
	context::{tx, Context},
	output::{Failure, Outcome},
};

/// About rewards for what was proved, authored and used.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Show the era under way: how long it lasts, what it issues, and what was earned in it
	Era,
	/// Show what an account earned and can claim; without one, the key's own
	Show {
		/// Its address
		account: Option<String>,
	},
	/// Have all rewards of eras that are over paid, to the payee where there is one
	Claim {
		/// Another account whose rewards are paid, to it or its payee
		#[arg(long = "for", value_name = "ACCOUNT")]
		account: Option<String>,
	},
	/// Have the key's rewards paid to another account from now on; without one, to the key's own again
	Payee {
		/// Its address
		payee: Option<String>,
	},
}

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	let rewards = tx().pomc_rewards();
	match command {
		Command::Era => era(&context.state().await?).await,
		Command::Show { account } => {
			let who = context.account_or_own(account)?;
			earned(&context.state().await?, who).await
		}
		Command::Claim { account } => {
			let sent = match account {
				Some(account) => {
					let call = rewards.claim_for(account_of(&account)?);
					context.submit(&call).await?
				}
				None => context.submit(&rewards.claim()).await?,
			};
			let event = sent.event::<api::pomc_rewards::events::Claimed>()?;
			Ok(json!({
				"account": event.who.to_string(),
				"paid_to": event.to.to_string(),
				"amount": amount::show(event.amount),
				"amount_units": event.amount.to_string(),
			}))
		}
		Command::Payee { payee } => {
			let payee = payee.map(|payee| account_of(&payee)).transpose()?;
			let sent = context.submit(&rewards.set_payee(payee)).await?;
			let event = sent.event::<api::pomc_rewards::events::PayeeSet>()?;
			let to = event.payee.unwrap_or(event.who);
			Ok(json!({ "account": event.who.to_string(), "paid_to": to.to_string() }))
		}
	}
}

async fn era(at: &AtBlock) -> Outcome {
	let current = entry!(at, storage().pomc_rewards().current(), ())
		.ok_or_else(|| Failure::Gone("no era is under way: the DAO ended rewards".into()))?;
	let ends_at = u64::from(current.began_at) + u64::from(current.rules.era);
	Ok(json!({
		"era": current.era,
		"began_at": current.began_at,
		"ends_at": ends_at,
		"blocks_left": ends_at.saturating_sub(number(at)),
		"claim_eras": current.rules.claim_eras,
		"for_hardware": amount::show(current.rules.network),
		"for_validators": amount::show(current.rules.validators),
		"for_paid_use_at_most": amount::show(current.rules.tasks),
		"points_of_hardware": current.points.network.to_string(),
		"blocks_authored": current.points.validators.to_string(),
		"earned_by_paid_use": amount::show(current.points.tasks),
	}))
}

/// What the account earned, a row for each era that it can still claim, and what that is worth.
async fn earned(at: &AtBlock, who: AccountId32) -> Outcome {
	let call = api::view_functions().pomc_rewards().claimable(who);
	let claimable: u128 = view(at, call).await?;
	let earnings = entry!(at, storage().pomc_rewards().earned_by(), (who,));
	let payee = entry!(at, storage().pomc_rewards().payees(), (who,));
	let mut eras: Vec<Value> = Vec::new();
	for earned in earnings.map(|earnings| earnings.0).unwrap_or_default() {
		let closed = entry!(at, storage().pomc_rewards().closed(), (earned.era,));
		eras.push(json!({
			"era": earned.era,
			"points_of_hardware": earned.points.network.to_string(),
			"blocks_authored": earned.points.validators.to_string(),
			"earned_by_paid_use": amount::show(earned.points.tasks),
			"claim_until_era": closed.map(|closed| closed.claim_until),
		}));
	}
	Ok(json!({
		"account": who.to_string(),
		"paid_to": payee.map_or_else(|| who.to_string(), |(payee, _)| payee.to_string()),
		"claimable": amount::show(claimable),
		"claimable_units": claimable.to_string(),
		"eras": eras,
	}))
}
