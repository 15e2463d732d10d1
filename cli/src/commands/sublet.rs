//! `usufruct market sublet`.

use serde_json::json;
use usufruct_client::{amount, api};

use super::{done, entries, entry, storage};
use crate::{
	context::{tx, Context},
	output::{Failure, Outcome},
};

use api::market::events::{SubletEnded, SubletOffered, SubletTaken};

/// About parts of terms that are let to others.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Offer a part of your term; whoever takes it holds the right, with what runs on it, until then
	Offer {
		/// The use right
		uid: u64,
		/// Price per block, in USU
		#[arg(long, value_parser = amount::parse)]
		price: u128,
		/// The block at which the right returns to you
		#[arg(long)]
		end: u32,
	},
	/// Take an offer back that nobody took
	Withdraw {
		/// The use right
		uid: u64,
	},
	/// Show what is offered and what is taken
	List,
	/// Take an offered part of a term
	Take {
		/// The use right
		uid: u64,
		/// Highest price per block, in USU; without it, the offered one
		#[arg(long, value_parser = amount::parse)]
		max_price: Option<u128>,
	},
	/// Return a right to who let it: yours at any time, another's when it is over; the unused part returns
	End {
		/// The use right
		uid: u64,
	},
}

pub(super) async fn run(context: &Context, command: Command) -> Outcome {
	let market = tx().market();
	match command {
		Command::Offer { uid, price, end } => {
			let sent = context.submit(&market.sublet(uid, price, end)).await?;
			let event = sent.event::<SubletOffered>()?;
			Ok(json!({ "uid": uid, "price": amount::show(event.price), "until": event.until }))
		}
		Command::Withdraw { uid } => {
			context.submit(&market.withdraw_sublet(uid)).await?;
			Ok(done("withdrawn"))
		}
		Command::List => {
			let at = context.state().await?;
			let sublets = entries!(at, storage().market().sublets());
			Ok(sublets
				.iter()
				.map(|((uid,), record)| {
					json!({
						"uid": uid,
						"price": amount::show(record.price),
						"until": record.until,
						"state": if record.taken.is_some() { "taken" } else { "offered" },
						"escrow": record.taken.as_ref().map(|meter| amount::show(meter.escrow)),
						"landlord": record.landlord.to_string(),
					})
				})
				.collect())
		}
		Command::Take { uid, max_price } => {
			let at = context.state().await?;
			let offer = entry!(at, storage().market().sublets(), (uid,))
				.filter(|offer| offer.taken.is_none())
				.ok_or_else(|| {
					Failure::Gone(format!(
						"nobody sublets use right {uid}: `usufruct market sublet list` shows what is offered"
					))
				})?;
			context.say(&format!(
				"{} per block until block {}, kept in escrow",
				amount::show(offer.price),
				offer.until
			));
			let call = market.take_sublet(uid, max_price.unwrap_or(offer.price));
			let sent = context.submit(&call).await?;
			let event = sent.event::<SubletTaken>()?;
			Ok(json!({ "uid": uid, "until": event.until, "escrow": amount::show(event.escrow) }))
		}
		Command::End { uid } => {
			let sent = context.submit(&market.end_sublet(uid)).await?;
			let event = sent.event::<SubletEnded>()?;
			Ok(json!({ "uid": uid, "refund": amount::show(event.refund) }))
		}
	}
}
