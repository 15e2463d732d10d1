//! `usufruct proof` and `usufruct rank`.

use std::time::{Duration, Instant};

use serde_json::{json, Value};
use usufruct_client::{api, view, AccountId32, AtBlock};
use usufruct_proof::{ClassParams, Commitment, Timeline};

use super::{entries, entry, storage, text};
use crate::{
	context::{tx, Context},
	output::{Failure, Outcome},
};

use api::runtime_types::pallet_proof_of_compute::{
	epoch_types::{Entry, EntryState, Epoch},
	types::{ChallengeRecord, ChallengeState},
};

/// About proofs of compute.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Challenge hardware to prove what it can do: your own, or that of a machine you hold a right to use
	Request {
		/// The hardware
		hid: u64,
		/// The right; found among yours where it is not given
		#[arg(long)]
		right: Option<u64>,
		/// Wait for the result
		#[arg(long)]
		wait: bool,
	},
	/// Show what hardware proved: in epochs, which rank it, and when it was challenged
	Show {
		/// The hardware
		hid: u64,
	},
	/// Show a challenge that is under way: its step, its work, the block of each step
	Challenge {
		/// Its number
		challenge: u64,
	},
	/// Show the epoch that began last, in which all hardware proves at once, and its entries
	Epoch,
	/// Doubt an entry of an epoch: it is opened at new positions. Your bond goes to its owner if all is
	/// right, and back to you if not
	ForceAudit {
		/// The hardware
		hid: u64,
	},
	/// End an entry whose last deadline is over; free where that shows a fault
	Conclude {
		/// The hardware
		hid: u64,
	},
	/// List resource classes
	Classes,
}

/// Show the ranking of a class: the median of the last eight epochs times availability.
#[derive(Debug, clap::Args)]
pub(crate) struct Rank {
	/// The resource class
	class: u16,
}

/// Longest wait for a proof: far longer than any class's window.
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	match command {
		Command::Request { hid, right, wait } => {
			let right = match right {
				Some(right) => Some(right),
				None => right_to(context, hid).await?,
			};
			let sent = context
				.submit(&tx().proof_of_compute().request_proof(hid, right))
				.await?;
			let event = sent.event::<api::proof_of_compute::events::ProofRequested>()?;
			if wait {
				follow(context, event.challenge).await?;
				let at = context.state().await?;
				return proved(&at, hid)
					.await?
					.ok_or_else(|| Failure::Gone(format!("hardware {hid} did not prove it")));
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
			Ok(of_challenge(challenge, &record))
		}
		Command::Epoch => epoch(context).await,
		Command::ForceAudit { hid } => {
			let sent = context
				.submit(&tx().proof_of_compute().force_audit(hid))
				.await?;
			let event = sent.event::<api::proof_of_compute::events::AuditForced>()?;
			Ok(json!({ "hid": hid, "epoch": event.epoch, "state": "disputed" }))
		}
		Command::Conclude { hid } => {
			context
				.submit(&tx().proof_of_compute().conclude(hid))
				.await?;
			show(context, hid).await
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
						"memory_bytes": ClassParams::from(&class.params).kept_bytes(),
						"reference_bytes_per_second": class
							.params
							.memory
							.as_ref()
							.map(|memory| memory.reference_bytes),
					})
				})
				.collect())
		}
	}
}

/// The right by which the caller may challenge hardware; none for its owner.
async fn right_to(context: &Context, hid: u64) -> Result<Option<u64>, Failure> {
	let at = context.state().await?;
	let caller = context.account()?;
	let hardware = entry!(at, storage().node_registry().hardware(), (hid,))
		.ok_or_else(|| Failure::Gone(format!("there is no hardware {hid}")))?;
	let node = entry!(at, storage().node_registry().nodes(), (hardware.node,));
	if node.is_some_and(|node| node.owner == caller) {
		return Ok(None);
	}
	for ((uid,), right) in entries!(at, storage().use_rights().use_rights()) {
		if right.holder != caller {
			continue;
		}
		let resource = entry!(at, storage().use_rights().resources(), (right.vid,));
		if resource.is_some_and(|resource| resource.node == hardware.node) {
			return Ok(Some(uid));
		}
	}
	Err(Failure::Gone(format!(
		"you neither own hardware {hid} nor hold a right to use its machine; `usufruct rank {}` shows what \
		 epochs say of it",
		hardware.class
	)))
}

fn step<Ticket>(record: &ChallengeRecord<AccountId32, Ticket>) -> &'static str {
	match &record.state {
		ChallengeState::Issued => "issued",
		ChallengeState::Started { .. } => "started",
		ChallengeState::Committed { commitment } => {
			step_of_commitment(&(&record.params).into(), &commitment.into())
		}
	}
}

/// How far a commitment is.
fn step_of_commitment(params: &ClassParams, commitment: &Commitment) -> &'static str {
	match params.is_met_by(commitment) {
		true => "committed",
		false => "rounds committed",
	}
}

/// The last blocks of the steps of a proof.
fn deadlines(timeline: &Timeline) -> Value {
	let memory = timeline.params.memory;
	json!({
		"opens_at": timeline.opens_at(),
		"first_root_until": timeline.first_root_until(),
		"commit_until": timeline.commit_until(),
		"memory_opens_at": memory.map(|_| timeline.memory_opens_at()),
		"memory_until": memory.map(|_| timeline.memory_until()),
		"sampled_at": timeline.sampled_at(),
		"reveal_until": timeline.reveal_until(),
	})
}

/// Two objects as one.
fn joined(mut one: Value, other: Value) -> Value {
	if let (Value::Object(fields), Value::Object(more)) = (&mut one, other) {
		fields.extend(more);
	}
	one
}

fn of_challenge<Ticket>(challenge: u64, record: &ChallengeRecord<AccountId32, Ticket>) -> Value {
	let p = &record.params;
	let timeline = Timeline {
		issued_at: record.issued_at,
		params: p.into(),
	};
	joined(
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
			"committed_at": record.committed_at,
		}),
		deadlines(&timeline),
	)
}

fn of_entry(hid: u64, entry: &Entry<AccountId32>) -> Value {
	let state = match &entry.state {
		EntryState::Started { .. } => "started",
		EntryState::Committed {
			audited: false,
			commitment,
		} => step_of_commitment(&(&entry.params).into(), &commitment.into()),
		EntryState::Committed { audited: true, .. } => "audited",
		EntryState::Disputed { .. } => "disputed",
	};
	let commitment = match &entry.state {
		EntryState::Started { .. } => None,
		EntryState::Committed { commitment, .. } | EntryState::Disputed { commitment, .. } => {
			Some(commitment)
		}
	};
	let memory = commitment.and_then(|commitment| commitment.memory.as_ref());
	let timeline = Timeline {
		issued_at: entry.epoch.began_at,
		params: (&entry.params).into(),
	};
	let disputes_until = timeline
		.reveal_until()
		.saturating_add(entry.epoch.rules.disputes);
	joined(
		json!({
			"hid": hid,
			"node": entry.node,
			"class": entry.class,
			"state": state,
			"epoch": entry.epoch.id,
			"version": entry.params.version,
			"rounds": commitment.map(|commitment| commitment.rounds),
			"passes": memory.map(|memory| memory.passes),
			"issued_at": entry.epoch.began_at,
			"committed_at": entry.committed_at,
			"opened_at": entry.opened_at,
			"disputes_until": disputes_until,
		}),
		deadlines(&timeline),
	)
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

/// What hardware proved last when it was challenged.
async fn proved(at: &AtBlock, hid: u64) -> Result<Option<Value>, Failure> {
	let score = entry!(at, storage().proof_of_compute().scores(), (hid,));
	Ok(score.map(|score| {
		json!({
			"hid": hid,
			"ops_per_second": score.speed.ops_per_second,
			"memory_bytes": score.memory_bytes,
			"bytes_per_second": score.speed.bytes_per_second,
			"score_ppm": score.score_ppm,
			"rounds": score.rounds,
			"issued_at": score.issued_at,
			"committed_at": score.committed_at,
			"proved_at": score.proved_at,
		})
	}))
}

async fn show(context: &Context, hid: u64) -> Outcome {
	let at = context.state().await?;
	let hardware = entry!(at, storage().node_registry().hardware(), (hid,))
		.ok_or_else(|| Failure::Gone(format!("there is no hardware {hid}")))?;
	let best = entry!(
		at,
		storage().proof_of_compute().ranking(),
		(hardware.class,)
	);
	let rank = best
		.and_then(|best| best.0.iter().position(|ranked| ranked.hid == hid))
		.map(|place| place + 1);
	let call = api::view_functions().proof_of_compute().score(hid);
	let score: u32 = view(&at, call).await?;
	let history = entry!(at, storage().proof_of_compute().histories(), (hid,));
	let shown = history.as_ref().and_then(|history| history.shown.clone());
	let scores: Vec<Value> = history
		.iter()
		.flat_map(|history| &history.scores.0)
		.map(|score| json!({ "epoch": score.epoch, "score_ppm": score.ppm }))
		.collect();
	let entry = entry!(at, storage().proof_of_compute().entries(), (hid,));
	Ok(json!({
		"hid": hid,
		"node": hardware.node,
		"class": hardware.class,
		"rank": rank,
		"score_ppm": score,
		"epochs": scores,
		"excused_epochs": history.as_ref().map_or(0, |history| history.excused),
		"last_epoch": shown.map(|shown| vec![json!({
			"epoch": shown.epoch,
			"ops_per_second": shown.speed.ops_per_second,
			"rounds": shown.rounds,
			"memory_bytes": shown.memory_bytes,
			"bytes_per_second": shown.speed.bytes_per_second,
			"issued_at": shown.issued_at,
			"committed_at": shown.committed_at,
			"opened_at": shown.opened_at,
			"ranked_at": shown.scored_at,
		})]).unwrap_or_default(),
		"entry": entry.map(|entry| vec![of_entry(hid, &entry)]).unwrap_or_default(),
		"challenged": proved(&at, hid).await?.into_iter().collect::<Vec<_>>(),
	}))
}

async fn epoch(context: &Context) -> Outcome {
	let at = context.state().await?;
	let epoch: Option<Epoch> = entry!(at, storage().proof_of_compute().current_epoch(), ());
	let epoch = epoch.ok_or_else(|| Failure::Gone("no epoch has begun".into()))?;
	let all = entries!(at, storage().proof_of_compute().entries());
	let (began_at, rules) = (epoch.began_at, &epoch.rules);
	let list: Vec<Value> = all
		.iter()
		.map(|((hid,), entry)| of_entry(*hid, entry))
		.collect();
	Ok(json!({
		"epoch": epoch.id,
		"began_at": began_at,
		"entry_until": began_at.saturating_add(rules.entry),
		"over_at": began_at.saturating_add(rules.span),
		"pause": rules.pause,
		"disputes": rules.disputes,
		"audits": rules.audits,
		"entries": list,
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
		.map(|(place, ranked)| {
			json!({
				"rank": place + 1,
				"hid": ranked.hid,
				"score_ppm": ranked.score_ppm,
				"epoch": ranked.epoch,
			})
		})
		.collect())
}
