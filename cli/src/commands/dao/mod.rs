//! `usufruct dao`: proposals and votes.

mod effect;
mod proposal;
mod referendum;

use serde_json::json;
use usufruct_client::{amount, api, encode_call, hash_call};

use super::{done, entries, entry, storage};
use crate::{
	context::{tx, Context},
	output::Outcome,
};

use api::runtime_types::{
	bounded_collections::bounded_vec::BoundedVec,
	frame_support::traits::{preimages::Bounded, schedule::DispatchTime},
	pallet_conviction_voting::{
		pallet::Call as Votes,
		vote::{AccountVote, Vote},
	},
	pallet_referenda::pallet::Call as Referenda,
};

/// About the DAO.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// What may be decided, by which power, and what it takes
	Tracks,
	/// List referenda that are under way
	List {
		/// Also those that are over
		#[arg(long)]
		all: bool,
	},
	/// Show a referendum: what it changes, how the votes are, what is missing
	Show {
		/// Its number
		referendum: u32,
		/// Wait until it is decided
		#[arg(long)]
		wait: bool,
	},
	/// Propose a decision, and pay the deposits that it needs
	Propose {
		#[command(subcommand)]
		proposal: proposal::Proposal,
		/// Blocks from approval to the change, at least what the track asks for
		#[arg(long, default_value_t = 0, global = true)]
		after: u32,
		/// Sign without being asked
		#[arg(long, global = true)]
		yes: bool,
	},
	/// Vote on a referendum; what was voted with is locked as long as the conviction says
	Vote {
		/// Its number
		referendum: u32,
		/// For it, against it, or neither
		side: Side,
		/// How much to vote with, in USU
		#[arg(long, value_parser = amount::parse)]
		amount: u128,
		/// 0 = a tenth of a vote, no lock; 1 to 6 = as many votes, locked 1, 2, 4, 8, 16, 32 periods
		#[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=6))]
		conviction: u8,
		/// Sign without being asked
		#[arg(long)]
		yes: bool,
	},
	/// Take a vote back, and unlock what it had locked if its time is over
	Unlock {
		/// The referendum's number
		referendum: u32,
	},
	/// Take the deposits of a referendum back that is over
	Refund {
		/// Its number
		referendum: u32,
	},
	/// As a member of the technical committee: whitelist a call that the DAO may dispatch as root
	Whitelist {
		/// The call's hash, as `dao propose upgrade` and `dao show` tell it
		#[arg(value_parser = super::hash)]
		call: usufruct_client::H256,
		/// Sign without being asked
		#[arg(long)]
		yes: bool,
	},
	/// List the members of the technical committee
	Committee,
}

/// A side of a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Side {
	/// For it
	Aye,
	/// Against it
	Nay,
	/// Neither: counts as support, not as approval
	Abstain,
}

/// Longest call that a referendum carries by itself; a longer one is noted as a preimage.
const INLINE: usize = 128;

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	match command {
		Command::Tracks => {
			let tracks = referendum::tracks(&context.state().await?)?;
			Ok(tracks.iter().map(referendum::Track::document).collect())
		}
		Command::List { all } => referendum::list(context, all).await,
		Command::Show { referendum, wait } => {
			if wait {
				referendum::follow(context, referendum).await?;
			}
			referendum::show(context, referendum).await
		}
		Command::Propose {
			proposal,
			after,
			yes,
		} => propose(context, proposal, after, yes).await,
		Command::Vote {
			referendum,
			side,
			amount,
			conviction,
			yes,
		} => {
			let vote = ballot(side, amount, conviction);
			let mut effects = referendum::effects(context, referendum).await?;
			effects.push(format!(
				"{side:?} with {}, conviction {conviction}",
				amount::show(amount)
			));
			context.confirm(&effects, yes)?;
			context
				.submit(&tx().conviction_voting().vote(referendum, vote))
				.await?;
			Ok(done("voted"))
		}
		Command::Unlock { referendum } => unlock(context, referendum).await,
		Command::Refund { referendum } => {
			let calls = vec![
				api::Call::Referenda(Referenda::refund_decision_deposit { index: referendum }),
				api::Call::Referenda(Referenda::refund_submission_deposit { index: referendum }),
			];
			context.submit(&tx().utility().force_batch(calls)).await?;
			Ok(done("what could be refunded was"))
		}
		Command::Whitelist { call, yes } => whitelist(context, call, yes).await,
		Command::Committee => {
			let at = context.state().await?;
			let members = entry!(at, storage().technical_committee().members(), ());
			Ok(members
				.unwrap_or_default()
				.iter()
				.map(|member| json!({ "account": member.to_string() }))
				.collect())
		}
	}
}

fn ballot(side: Side, amount: u128, conviction: u8) -> AccountVote<u128> {
	match side {
		Side::Abstain => AccountVote::SplitAbstain {
			aye: 0,
			nay: 0,
			abstain: amount,
		},
		// The high bit is the side, the others are the conviction.
		Side::Aye => AccountVote::Standard {
			vote: Vote(conviction | 0x80),
			balance: amount,
		},
		Side::Nay => AccountVote::Standard {
			vote: Vote(conviction),
			balance: amount,
		},
	}
}

async fn propose(
	context: &Context,
	proposal: proposal::Proposal,
	after: u32,
	yes: bool,
) -> Outcome {
	let at = context.state().await?;
	let (power, call) = proposal.call(&at).await?;
	let bytes = encode_call(&at, &call)?;
	let hash = hash_call(&bytes);
	let track = referendum::track_of(&at, &power)?;
	let mut effects = effect::of(&at, &call).await?;
	effects.push(format!(
		"a referendum on the track {} decides, within {} blocks; its deposits are {}",
		track.name,
		track.decision_period,
		amount::show(referendum::deposits(&at, &track)?)
	));
	context.confirm(&effects, yes)?;

	let proposal = match bytes.len() <= INLINE {
		true => Bounded::Inline(BoundedVec(bytes)),
		false => {
			let len = bytes.len() as u32;
			context
				.submit(&tx().preimage().note_preimage(bytes))
				.await?;
			Bounded::Lookup { hash, len }
		}
	};
	let submit = tx()
		.referenda()
		.submit(power, proposal, DispatchTime::After(after));
	let event = context
		.submit(&submit)
		.await?
		.event::<api::referenda::events::Submitted>()?;
	context
		.submit(&tx().referenda().place_decision_deposit(event.index))
		.await?;
	Ok(json!({
		"referendum": event.index,
		"track": track.name,
		"call_hash": format!("{hash:?}"),
		"effects": effects,
	}))
}

/// Takes the vote back where there is one, and unlocks what the account may have back.
async fn unlock(context: &Context, referendum: u32) -> Outcome {
	let at = context.state().await?;
	let account = context.account()?;
	let class = referendum::track_of_vote(&at, account, referendum).await?;
	let calls = vec![
		api::Call::ConvictionVoting(Votes::remove_vote {
			class: Some(class),
			index: referendum,
		}),
		api::Call::ConvictionVoting(Votes::unlock {
			class,
			target: account.into(),
		}),
	];
	context.submit(&tx().utility().batch_all(calls)).await?;
	Ok(done(
		"the vote is taken back; what its conviction locks stays locked until its time",
	))
}

async fn whitelist(context: &Context, call: usufruct_client::H256, yes: bool) -> Outcome {
	let at = context.state().await?;
	let members = entry!(at, storage().technical_committee().members(), ()).unwrap_or_default();
	let threshold = (members.len() * 2).div_ceil(3) as u32;
	let effects = [format!(
		"lets the DAO dispatch call {call:?} as root, once {threshold} of {} members agree",
		members.len()
	)];
	context.confirm(&effects, yes)?;
	let whitelist = api::Call::Whitelist(
		api::runtime_types::pallet_whitelist::pallet::Call::whitelist_call { call_hash: call },
	);
	let bytes = encode_call(&at, &whitelist)?;
	let hash = hash_call(&bytes);
	let motions = entries!(at, storage().technical_committee().voting());
	let committee = tx().technical_committee();
	match motions.iter().find(|((known,), _)| *known == hash) {
		None => {
			context
				.submit(&committee.propose(threshold, whitelist, bytes.len() as u32))
				.await?;
			Ok(done("whitelisted, or proposed to the other members"))
		}
		Some((_, motion)) => {
			let vote = api::Call::TechnicalCommittee(
				api::runtime_types::pallet_collective::pallet::Call::vote {
					proposal: hash,
					index: motion.index,
					approve: true,
				},
			);
			let mut calls = vec![vote];
			let own = context.account()?;
			let others = motion.ayes.iter().filter(|who| **who != own).count();
			if others as u32 + 1 >= motion.threshold {
				calls.push(api::Call::TechnicalCommittee(
					api::runtime_types::pallet_collective::pallet::Call::close {
						proposal_hash: hash,
						index: motion.index,
						proposal_weight_bound: at
							.constants()
							.entry(api::constants().technical_committee().max_proposal_weight())
							.map_err(super::unreadable)?,
						length_bound: bytes.len() as u32,
					},
				));
			}
			context.submit(&tx().utility().batch_all(calls)).await?;
			Ok(done("agreed"))
		}
	}
}
