//! `usufruct proof` and `usufruct rank`.

use std::time::{Duration, Instant};

use serde_json::json;
use usufruct_client::api;

use super::{entries, entry, storage, text};
use crate::{
	context::{tx, Context},
	output::{Failure, Outcome},
};

/// About proofs of compute.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Challenge hardware to prove what it can do
	Request {
		/// The hardware
		hid: u64,
		/// Wait for the result
		#[arg(long)]
		wait: bool,
	},
	/// Show what hardware proved
	Show {
		/// The hardware
		hid: u64,
	},
	/// List resource classes
	Classes,
}

/// Show the ranking of a class.
#[derive(Debug, clap::Args)]
pub(crate) struct Rank {
	/// The resource class
	class: u16,
}

/// Longest wait for a proof: far longer than any class's window.
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	match command {
		Command::Request { hid, wait } => {
			let sent = context
				.submit(&tx().proof_of_compute().request_proof(hid))
				.await?;
			let event = sent.event::<api::proof_of_compute::events::ProofRequested>()?;
			if wait {
				follow(context, event.challenge).await?;
				return show(context, hid).await;
			}
			Ok(json!({ "challenge": event.challenge, "hid": hid }))
		}
		Command::Show { hid } => show(context, hid).await,
		Command::Classes => {
			let at = context.state().await?;
			let classes = entries!(at, storage().proof_of_compute().classes());
			Ok(classes
				.iter()
				.map(|((id,), class)| {
					json!({
						"class": id,
						"name": text(&class.name.0),
						"kind": format!("{:?}", class.kind),
						"m": class.params.m,
						"n": class.params.n,
						"k": class.params.k,
						"window": class.params.window,
						"reference_ops_per_second": class.params.reference_ops,
					})
				})
				.collect())
		}
	}
}

/// Waits until the challenge is over, telling each step.
async fn follow(context: &Context, challenge: u64) -> Result<(), Failure> {
	let (begun, mut last) = (Instant::now(), String::new());
	while begun.elapsed() < PATIENCE {
		let at = context.state().await?;
		let record = entry!(at, storage().proof_of_compute().challenges(), (challenge,));
		let Some(record) = record else { return Ok(()) };
		let step = format!("{:?}", record.state)
			.split([' ', '{'])
			.next()
			.unwrap_or("")
			.to_string();
		if step != last {
			context.say(&format!("challenge {challenge}: {step}"));
			last = step;
		}
		tokio::time::sleep(Duration::from_secs(1)).await;
	}
	Err(Failure::Gone(format!(
		"challenge {challenge} was not over after 10 minutes"
	)))
}

async fn show(context: &Context, hid: u64) -> Outcome {
	let at = context.state().await?;
	let score = entry!(at, storage().proof_of_compute().scores(), (hid,))
		.ok_or_else(|| Failure::Gone(format!("hardware {hid} has no valid proof")))?;
	let ranking = entries!(at, storage().proof_of_compute().ranking());
	let rank = ranking
		.iter()
		.find_map(|(_, best)| best.0.iter().position(|(other, _)| *other == hid))
		.map(|place| place + 1);
	Ok(json!({
		"hid": hid,
		"ops_per_second": score.ops_per_second,
		"score_ppm": score.score_ppm,
		"rounds": score.rounds,
		"proved_at": score.proved_at,
		"rank": rank,
	}))
}

pub(crate) async fn rank(context: &Context, Rank { class }: Rank) -> Outcome {
	let at = context.state().await?;
	let ranking = entry!(at, storage().proof_of_compute().ranking(), (class,));
	Ok(ranking
		.map(|best| best.0)
		.unwrap_or_default()
		.iter()
		.enumerate()
		.map(|(place, (hid, score))| json!({ "rank": place + 1, "hid": hid, "score_ppm": score }))
		.collect())
}
