//! `usufruct market`.

use serde_json::json;
use usufruct_client::{account_of, amount, api, AccountId32};

use super::{done, entries, entry, storage};
use crate::{
	context::{tx, Context},
	output::{Failure, Outcome},
};

/// About listings and purchases.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Offer a use right
	List {
		/// The use right
		uid: u64,
		/// Price per block, in USU
		#[arg(long, value_parser = amount::parse)]
		price: u128,
		/// Shortest term, in blocks
		#[arg(long, default_value_t = 1)]
		min_term: u32,
		/// Longest term, in blocks
		#[arg(long, default_value_t = 28_800)]
		max_term: u32,
		/// A holder of the revenue right as ACCOUNT=SHARES, at a resource's first listing: all
		/// shares add up to 10000, the seller comes first
		#[arg(long = "holder", value_parser = holder)]
		holders: Vec<(AccountId32, u16)>,
	},
	/// Take a use right off the market
	Delist {
		/// The use right
		uid: u64,
	},
	/// Show what is for sale
	Listings,
	/// Show what was sold
	Purchases,
	/// Buy a use right
	Buy {
		/// The use right
		uid: u64,
		/// For how many blocks
		#[arg(long)]
		term: u32,
		/// Highest price per block, in USU; without it, the listed one
		#[arg(long, value_parser = amount::parse)]
		max_price: Option<u128>,
	},
	/// End a term early; the unused part returns
	Cancel {
		/// The use right
		uid: u64,
	},
	/// Pay what accrued up to now
	Accrue {
		/// The use right
		uid: u64,
	},
	/// End a term that is over
	Close {
		/// The use right
		uid: u64,
	},
}

fn holder(text: &str) -> Result<(AccountId32, u16), String> {
	let (account, shares) = text
		.split_once('=')
		.ok_or_else(|| format!("“{text}” is not ACCOUNT=SHARES"))?;
	let shares = shares
		.parse()
		.map_err(|error| format!("shares of {account}: {error}"))?;
	Ok((
		account_of(account).map_err(|error| error.to_string())?,
		shares,
	))
}

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	let market = tx().market();
	match command {
		Command::List {
			uid,
			price,
			min_term,
			max_term,
			holders,
		} => {
			let holders = api::runtime_types::bounded_collections::bounded_vec::BoundedVec(holders);
			let call = market.list(uid, price, min_term, max_term, holders);
			let sent = context.submit(&call).await?;
			let event = sent.event::<api::market::events::Listed>()?;
			Ok(json!({ "uid": uid, "vid": event.vid, "price": amount::show(price) }))
		}
		Command::Delist { uid } => {
			context.submit(&market.delist(uid)).await?;
			Ok(done("delisted"))
		}
		Command::Listings => {
			let at = context.state().await?;
			let listings = entries!(at, storage().market().listings());
			Ok(listings
				.iter()
				.map(|((uid,), record)| {
					json!({
						"uid": uid,
						"vid": record.vid,
						"price": amount::show(record.price),
						"min_term": record.min_term,
						"max_term": record.max_term,
						"seller": record.seller.to_string(),
					})
				})
				.collect())
		}
		Command::Purchases => {
			let at = context.state().await?;
			let purchases = entries!(at, storage().market().purchases());
			Ok(purchases
				.iter()
				.map(|((uid,), record)| {
					json!({
						"uid": uid,
						"vid": record.vid,
						"node": record.node,
						"price": amount::show(record.price),
						"escrow": amount::show(record.escrow),
						"start": record.start,
						"end": record.end,
						"buyer": record.buyer.to_string(),
					})
				})
				.collect())
		}
		Command::Buy {
			uid,
			term,
			max_price,
		} => {
			let at = context.state().await?;
			let listing = entry!(at, storage().market().listings(), (uid,))
				.ok_or_else(|| Failure::Gone(format!("use right {uid} is not for sale")))?;
			let price = max_price.unwrap_or(listing.price);
			let total = listing.price.saturating_mul(term.into());
			context.say(&format!(
				"{} per block, {} for {term} blocks, kept in escrow",
				amount::show(listing.price),
				amount::show(total)
			));
			let sent = context.submit(&market.buy(uid, term, price)).await?;
			let event = sent.event::<api::market::events::Bought>()?;
			Ok(json!({ "uid": uid, "until": event.until, "escrow": amount::show(event.escrow) }))
		}
		Command::Cancel { uid } => {
			let sent = context.submit(&market.cancel(uid)).await?;
			let event = sent.event::<api::market::events::Cancelled>()?;
			Ok(json!({ "uid": uid, "refund": amount::show(event.refund) }))
		}
		Command::Accrue { uid } => {
			context.submit(&market.accrue(uid)).await?;
			Ok(done("accrued"))
		}
		Command::Close { uid } => {
			context.submit(&market.close(uid)).await?;
			Ok(done("closed"))
		}
	}
}
