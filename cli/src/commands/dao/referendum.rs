//! Referenda as they are: on which track, about what, how the votes are, what is missing.

use std::time::Duration;

use serde_json::{json, Value};
use usufruct_client::{amount, api, decode_call, AccountId32, AtBlock, H256};

use super::{effect, proposal::whitelisted_hash};
use crate::{
	commands::{entries, entry, number, storage, unreadable},
	context::Context,
	output::{Failure, Outcome},
};

use api::runtime_types::{
	frame_support::traits::preimages::Bounded,
	pallet_conviction_voting::{types::Tally, vote::Voting},
	pallet_dao::types::Power,
	pallet_referenda::types::{Curve, ReferendumInfo, ReferendumStatus},
	sp_arithmetic::per_things::Perbill,
	sp_runtime::traits::BlakeTwo256,
	usufruct_runtime::OriginCaller,
};

type Info =
	ReferendumInfo<u16, OriginCaller, u32, Proposal, u128, Tally<u128>, AccountId32, (u32, u32)>;
type Status =
	ReferendumStatus<u16, OriginCaller, u32, Proposal, u128, Tally<u128>, AccountId32, (u32, u32)>;
type Proposal = Bounded<api::Call, BlakeTwo256>;

/// A track and what it takes to win on it.
#[derive(Clone, Debug)]
pub(crate) struct Track {
	id: u16,
	pub(crate) name: String,
	max_deciding: u32,
	decision_deposit: u128,
	prepare_period: u32,
	pub(crate) decision_period: u32,
	confirm_period: u32,
	min_enactment_period: u32,
	approval: Curve,
	support: Curve,
}

impl Track {
	pub(crate) fn document(&self) -> Value {
		json!({
			"track": self.name,
			"decided_at_once": self.max_deciding,
			"decision_deposit": amount::show(self.decision_deposit),
			"prepare_blocks": self.prepare_period,
			"decision_blocks": self.decision_period,
			"confirm_blocks": self.confirm_period,
			"enactment_blocks": self.min_enactment_period,
			"approval_percent": format!("{} to {}", percent(&self.approval, 0.0), percent(&self.approval, 1.0)),
			"support_percent": format!("{} to {}", percent(&self.support, 0.0), percent(&self.support, 1.0)),
		})
	}
}

/// What a curve asks for, in percent, when `part` (0 to 1) of the decision's time is over. Ours are
/// all linear.
fn percent(curve: &Curve, part: f64) -> f64 {
	let of = |value: &Perbill| f64::from(value.0) / 1e7;
	match curve {
		Curve::LinearDecreasing {
			length,
			floor,
			ceil,
		} => {
			let part = (part * 100.0 / of(length)).min(1.0);
			of(ceil) - (of(ceil) - of(floor)) * part
		}
		Curve::SteppedDecreasing { end, .. } => of(end),
		Curve::Reciprocal { .. } => 0.0,
	}
}

/// All tracks of this chain.
pub(crate) fn tracks(at: &AtBlock) -> Result<Vec<Track>, Failure> {
	let tracks = at
		.constants()
		.entry(api::constants().referenda().tracks())
		.map_err(unreadable)?;
	Ok(tracks
		.into_iter()
		.map(|(id, info)| Track {
			id,
			name: info.name.trim_end_matches('\0').into(),
			max_deciding: info.max_deciding,
			decision_deposit: info.decision_deposit,
			prepare_period: info.prepare_period,
			decision_period: info.decision_period,
			confirm_period: info.confirm_period,
			min_enactment_period: info.min_enactment_period,
			approval: info.min_approval,
			support: info.min_support,
		})
		.collect())
}

/// The track of an origin that has one.
pub(crate) fn track_of(at: &AtBlock, origin: &OriginCaller) -> Result<Track, Failure> {
	let OriginCaller::Dao(power) = origin else {
		return Err(Failure::Usage("nobody can vote for this power".into()));
	};
	let name = match power {
		Power::Upgrade => "upgrade",
		Power::Membership => "membership",
		Power::Treasury => "treasury",
		Power::MarketAdmin => "market_admin",
		Power::ProofParameters => "proof_parameters",
		Power::Canceller => "canceller",
	};
	tracks(at)?
		.into_iter()
		.find(|track| track.name == name)
		.ok_or_else(|| Failure::Gone(format!("this chain has no track {name}")))
}

/// What proposing on a track takes as deposits.
pub(crate) fn deposits(at: &AtBlock, track: &Track) -> Result<u128, Failure> {
	let submission = at
		.constants()
		.entry(api::constants().referenda().submission_deposit())
		.map_err(unreadable)?;
	Ok(track.decision_deposit.saturating_add(submission))
}

async fn fetch(at: &AtBlock, index: u32) -> Result<Info, Failure> {
	entry!(at, storage().referenda().referendum_info_for(), (index,))
		.ok_or_else(|| Failure::Gone(format!("there is no referendum {index}")))
}

/// The call that is proposed; `None` where only its hash is known yet.
async fn call_of(at: &AtBlock, proposal: &Proposal) -> Result<Option<api::Call>, Failure> {
	let bytes = match proposal {
		Bounded::Inline(bytes) => Some(bytes.0.clone()),
		Bounded::Lookup { hash, len } => preimage(at, *hash, *len).await?,
		Bounded::Legacy { .. } | Bounded::__Ignore(_) => None,
	};
	Ok(match bytes {
		Some(bytes) => Some(decode_call(at, &bytes)?),
		None => None,
	})
}

async fn preimage(at: &AtBlock, hash: H256, len: u32) -> Result<Option<Vec<u8>>, Failure> {
	let noted = entry!(at, storage().preimage().preimage_for(), ((hash, len),));
	Ok(noted.map(|bytes| bytes.0))
}

/// What a referendum that is under way changes.
pub(crate) async fn effects(context: &Context, index: u32) -> Result<Vec<String>, Failure> {
	let at = context.state().await?;
	match fetch(&at, index).await? {
		Info::Ongoing(status) => effects_of(&at, &status).await,
		over => Err(Failure::Gone(format!(
			"referendum {index} is over: {}",
			verdict(&over)
		))),
	}
}

async fn effects_of(at: &AtBlock, status: &Status) -> Result<Vec<String>, Failure> {
	match call_of(at, &status.proposal).await? {
		Some(call) => effect::of(at, &call).await,
		None => Ok(vec![
			"nobody has shown yet what this changes: its preimage is missing".into(),
		]),
	}
}

fn verdict(info: &Info) -> &'static str {
	match info {
		Info::Ongoing(_) => "ongoing",
		Info::Approved(..) => "approved",
		Info::Rejected(..) => "rejected",
		Info::Cancelled(..) => "cancelled",
		Info::TimedOut(..) => "timed out",
		Info::Killed(_) => "killed",
	}
}

/// How far a referendum is that is under way.
fn stage(status: &Status) -> &'static str {
	match (&status.deciding, &status.decision_deposit) {
		(Some(deciding), _) if deciding.confirming.is_some() => "confirming",
		(Some(_), _) => "deciding",
		(None, None) => "waiting for its decision deposit",
		(None, Some(_)) if status.in_queue => "queued",
		(None, Some(_)) => "preparing",
	}
}

async fn document(at: &AtBlock, index: u32, info: &Info) -> Outcome {
	let Info::Ongoing(status) = info else {
		return Ok(json!({ "referendum": index, "state": verdict(info) }));
	};
	let track = tracks(at)?
		.into_iter()
		.find(|track| track.id == status.track)
		.ok_or_else(|| Failure::Gone(format!("this chain has no track {}", status.track)))?;
	let now = number(at) as u32;
	let tally = &status.tally;
	let part = status.deciding.as_ref().map_or(0.0, |deciding| {
		f64::from(now.saturating_sub(deciding.since)) / f64::from(track.decision_period.max(1))
	});
	let issuance = entry!(at, storage().balances().total_issuance(), ()).unwrap_or(0);
	let inactive = entry!(at, storage().balances().inactive_issuance(), ()).unwrap_or(0);
	let electorate = issuance.saturating_sub(inactive);
	let ends = status.deciding.as_ref().map(|deciding| {
		deciding
			.confirming
			.unwrap_or(deciding.since.saturating_add(track.decision_period))
	});
	let call = call_of(at, &status.proposal).await?;
	let whitelisted = match &call {
		Some(call) => whitelisted_hash(at, call)?,
		None => None,
	};
	Ok(json!({
		"referendum": index,
		"state": stage(status),
		"track": track.name,
		"effect": effects_of(at, status).await?.join("; "),
		"proposed_by": status.submission_deposit.who.to_string(),
		"ayes": amount::show(tally.ayes),
		"nays": amount::show(tally.nays),
		"approval_percent": share(tally.ayes, tally.ayes.saturating_add(tally.nays)),
		"approval_needed": round(percent(&track.approval, part)),
		"support_percent": share(tally.support, electorate),
		"support_needed": round(percent(&track.support, part)),
		"ends_at": ends,
		"whitelist_hash": whitelisted.map(|hash| format!("{hash:?}")),
	}))
}

/// `part` of `whole` in percent; 0 of nothing.
fn share(part: u128, whole: u128) -> f64 {
	match whole {
		0 => 0.0,
		_ => round(part as f64 / whole as f64 * 100.0),
	}
}

fn round(percent: f64) -> f64 {
	(percent * 100.0).round() / 100.0
}

pub(crate) async fn show(context: &Context, index: u32) -> Outcome {
	let at = context.state().await?;
	let info = fetch(&at, index).await?;
	document(&at, index, &info).await
}

/// What a list tells of a referendum; `show` tells the rest.
const LISTED: [&str; 7] = [
	"referendum",
	"track",
	"state",
	"effect",
	"approval_percent",
	"support_percent",
	"ends_at",
];

pub(crate) async fn list(context: &Context, all: bool) -> Outcome {
	let at = context.state().await?;
	let mut rows = Vec::new();
	for ((index,), info) in entries!(at, storage().referenda().referendum_info_for()) {
		if all || matches!(info, Info::Ongoing(_)) {
			let mut row = document(&at, index, &info).await?;
			if let Some(fields) = row.as_object_mut() {
				fields.retain(|name, _| LISTED.contains(&name.as_str()));
			}
			rows.push(row);
		}
	}
	Ok(rows.into_iter().collect())
}

/// Waits until the referendum is over, telling each step.
pub(crate) async fn follow(context: &Context, index: u32) -> Result<(), Failure> {
	let mut last = "";
	loop {
		let at = context.state().await?;
		let now = match fetch(&at, index).await? {
			Info::Ongoing(status) => stage(&status),
			_ => return Ok(()),
		};
		if now != last {
			context.say(&format!("referendum {index}: {now}"));
			last = now;
		}
		tokio::time::sleep(Duration::from_secs(1)).await;
	}
}

/// The track on which an account voted on a referendum.
pub(crate) async fn track_of_vote(
	at: &AtBlock,
	account: AccountId32,
	index: u32,
) -> Result<u16, Failure> {
	for track in tracks(at)? {
		let voting = entry!(
			at,
			storage().conviction_voting().voting_for(),
			(account, track.id)
		);
		if let Some(Voting::Casting(casting)) = voting {
			if casting.votes.0.iter().any(|(poll, _)| *poll == index) {
				return Ok(track.id);
			}
		}
	}
	Err(Failure::Gone(format!(
		"{account} has no vote on referendum {index}"
	)))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_a_vote_needs_falls_from_the_first_block_to_the_last() {
		let curve = Curve::LinearDecreasing {
			length: Perbill(1_000_000_000),
			floor: Perbill(20_000_000),
			ceil: Perbill(500_000_000),
		};
		assert_eq!(percent(&curve, 0.0), 50.0);
		assert_eq!(percent(&curve, 0.5), 26.0);
		assert_eq!(percent(&curve, 1.0), 2.0);
		assert_eq!(percent(&curve, 9.0), 2.0);
	}

	#[test]
	fn a_share_of_nothing_is_nothing() {
		assert_eq!((share(0, 0), share(1, 3)), (0.0, 33.33));
	}
}
