//! `usufruct proof` and `usufruct rank`.

use std::time::{Duration, Instant};

use serde_json::{json, Value};
use usufruct_client::{api, AccountId32};

use super::{entries, entry, storage, text};
use crate::{
	context::{tx, Context},
	output::{Failure, Outcome},
};

use api::runtime_types::pallet_proof_of_compute::types::ChallengeState;

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
	/// Show a challenge that is under way: its step, its work, the block of each step
	Challenge {
		/// Its number
		challenge: u64,
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
		Command::Challenge { challenge } => {
			let at = context.state().await?;
			let record = entry!(at, storage().proof_of_compute().challenges(), (challenge,))
				.ok_or_else(|| {
					Failure::Gone(format!("challenge {challenge} is over, or never was"))
				})?;
			Ok(document(challenge, &record))
		}
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
						"samples": class.params.samples,
						"window": class.params.window,
						"version": class.params.version,
						"reference_ops_per_second": class.params.reference_ops,
					})
				})
				.collect())
		}
	}
}

type Record = api::runtime_types::pallet_proof_of_compute::types::ChallengeRecord<AccountId32>;

/// Blocks of the seed, and of the positions' randomness, as the chain has them.
const SEED_BLOCKS: u32 = 2;
const SAMPLE_BLOCKS: u32 = 4;

fn step(record: &Record) -> &'static str {
	match record.state {
		ChallengeState::Issued => "issued",
		ChallengeState::Started { .. } => "started",
		ChallengeState::Committed { .. } => "committed",
	}
}

fn document(challenge: u64, record: &Record) -> Value {
	let p = &record.params;
	let opens_at = record.issued_at + SEED_BLOCKS + 1;
	let commit_until = opens_at + p.window;
	let sampled_at = commit_until + SAMPLE_BLOCKS + 1;
	json!({
		"challenge": challenge,
		"state": step(record),
		"hid": record.hid,
		"node": record.node,
		"class": record.class,
		"requester": record.requester.to_string(),
		"m": p.m,
		"n": p.n,
		"k": p.k,
		"samples": p.samples,
		"version": p.version,
		"issued_at": record.issued_at,
		"opens_at": opens_at,
		"first_root_until": opens_at + p.first_root,
		"commit_until": commit_until,
		"sampled_at": sampled_at,
		"reveal_until": sampled_at + p.reveal,
	})
}

/// Waits until the challenge is over, telling each step.
async fn follow(context: &Context, challenge: u64) -> Result<(), Failure> {
	let (begun, mut last) = (Instant::now(), "");
	while begun.elapsed() < PATIENCE {
		let at = context.state().await?;
		let record = entry!(at, storage().proof_of_compute().challenges(), (challenge,));
		let Some(record) = record else { return Ok(()) };
		let step = step(&record);
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
