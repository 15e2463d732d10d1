//! `usufruct account`.

use std::path::{Path, PathBuf};

use serde_json::json;
use usufruct_client::{account_of, amount, api, new_phrase, write_key_file};

use super::{done, entry, storage};
use crate::{
	context::{tx, Context},
	output::Outcome,
};

use api::runtime_types::{
	pallet_applications::pallet as applications, pallet_market::pallet as market,
	pallet_node_registry::pallet as node_registry, pallet_pomc_rewards::pallet as pomc_rewards,
	pallet_proof_of_compute::pallet as proof_of_compute,
	pallet_revenue_rights::pallet as revenue_rights, pallet_use_rights::pallet as use_rights,
	pallet_validator_set::pallet as validator_set, pallet_workspaces::pallet as workspaces,
	usufruct_runtime::RuntimeHoldReason,
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

/// Why the chain holds money, and when it returns.
fn why_held(reason: &RuntimeHoldReason) -> (String, &'static str) {
	let (what, until) = match reason {
		RuntimeHoldReason::Applications(applications::HoldReason::Application) => (
			"deposits of applications and their releases",
			"they are removed, or retracted and neither used nor judged",
		),
		RuntimeHoldReason::Applications(applications::HoldReason::Verdict) => {
			("deposits of verdicts on releases", "they are withdrawn")
		}
		RuntimeHoldReason::Applications(applications::HoldReason::Curator) => (
			"bond of a curator, lost where the DAO bars it",
			"the office is left",
		),
		RuntimeHoldReason::Applications(applications::HoldReason::Royalty) => (
			"prices of applications that run",
			"their leases end: the author is paid for the blocks that they ran, the rest returns",
		),
		RuntimeHoldReason::Market(market::HoldReason::Listing) => {
			("deposits of listings", "they are sold or delisted")
		}
		RuntimeHoldReason::Market(market::HoldReason::Sublet) => (
			"deposits of offers to sublet",
			"they are withdrawn, or what was let is over",
		),
		RuntimeHoldReason::NodeRegistry(node_registry::HoldReason::NodeBond) => (
			"bonds of machines, lost in part for each fault",
			"seven days after a machine is retired",
		),
		RuntimeHoldReason::NodeRegistry(node_registry::HoldReason::Hardware) => {
			("deposits of hardware (HIDs)", "the hardware is removed")
		}
		RuntimeHoldReason::PomcRewards(pomc_rewards::HoldReason::Payee) => (
			"deposit of a payee of rewards",
			"rewards go to the account itself again",
		),
		RuntimeHoldReason::ProofOfCompute(proof_of_compute::HoldReason::Challenge) => (
			"deposits of proofs that were asked for",
			"they are answered or overdue",
		),
		RuntimeHoldReason::ProofOfCompute(proof_of_compute::HoldReason::Audit) => (
			"bonds of audits that were forced",
			"the entry is concluded; lost where it was right",
		),
		RuntimeHoldReason::RevenueRights(revenue_rights::HoldReason::Shares) => (
			"deposits of share records",
			"their holders have neither shares nor income",
		),
		RuntimeHoldReason::RevenueRights(revenue_rights::HoldReason::Order) => (
			"orders for shares: deposits, and the money of those to buy",
			"they are filled or cancelled",
		),
		RuntimeHoldReason::UseRights(use_rights::HoldReason::Resource) => {
			("deposits of resources (VIDs)", "they are removed")
		}
		RuntimeHoldReason::ValidatorSet(validator_set::HoldReason::ValidatorBond) => (
			"bond of a validator, lost in part for an offence",
			"a day after it left the set",
		),
		RuntimeHoldReason::Workspaces(workspaces::HoldReason::Image) => {
			("deposits of images", "they are retracted")
		}
		RuntimeHoldReason::Workspaces(workspaces::HoldReason::Request) => (
			"deposits of requests",
			"they are cancelled, or all their leases ended",
		),
		RuntimeHoldReason::Workspaces(workspaces::HoldReason::Budget) => (
			"budgets of replicas that are not placed",
			"they are placed, or the request is cancelled or expires",
		),
		other => return (format!("{other:?}"), "its pallet releases it"),
	};
	(what.into(), until)
}

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	match command {
		Command::New { file } => create(&file),
		Command::Show { account } => {
			let account = context.account_or_own(account)?;
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
			let account = context.account_or_own(account)?;
			let at = context.state().await?;
			let holds = entry!(at, storage().balances().holds(), (account,));
			let rows = holds
				.map(|holds| holds.0)
				.unwrap_or_default()
				.into_iter()
				.map(|hold| {
					let (reason, until) = why_held(&hold.id);
					json!({
						"reason": reason,
						"until": until,
						"amount": amount::show(hold.amount),
						"amount_units": hold.amount.to_string(),
					})
				});
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
