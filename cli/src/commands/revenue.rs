//! `usufruct revenue`.

use serde_json::json;
use usufruct_client::{account_of, amount, api, AccountId32, AtBlock};

use super::{done, entries, entry, number, storage};
use crate::{
	context::{tx, Context},
	output::{Failure, Outcome},
};

use api::runtime_types::pallet_revenue_rights::types::{ShareRecord, Side};

/// About revenue rights (RIDs).
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Show who holds a revenue right, and what each can settle
	Show {
		/// The resource
		vid: u64,
	},
	/// Take the signing account's income
	Settle {
		/// The resource
		vid: u64,
	},
	/// Show what an account earned by a revenue right between two blocks
	Statement {
		/// The resource
		vid: u64,
		/// The account; without one, the key's own
		#[arg(long)]
		account: Option<String>,
		/// The first block; what was earned up to it is left out
		#[arg(long, default_value_t = 0)]
		from: u64,
		/// The last block; without one, the newest. A node keeps the state of old blocks only with
		/// `--state-pruning archive`
		#[arg(long)]
		to: Option<u64>,
	},
	/// Give shares to another account
	Transfer {
		/// The resource
		vid: u64,
		/// To whom
		to: String,
		/// How many of the 10,000
		shares: u16,
	},
	/// Show the orders for shares of a revenue right
	Orders {
		/// The resource
		vid: u64,
	},
	/// Offer shares for sale; they earn for the key until somebody takes them
	Sell(Order),
	/// Offer to buy shares; the money is held until somebody sells, or the order is cancelled
	Buy(Order),
	/// Take shares of an order at its price: buys what is for sale, or sells the key's own
	Fill {
		/// The resource
		vid: u64,
		/// The order
		order: u64,
		/// How many of its shares
		shares: u16,
	},
	/// Take back what is left of an order: the key's own, or anybody's that has expired
	Cancel {
		/// The resource
		vid: u64,
		/// The order
		order: u64,
	},
}

/// What an order wants.
#[derive(Debug, clap::Args)]
pub(crate) struct Order {
	/// The resource
	vid: u64,
	/// How many of the 10,000
	shares: u16,
	/// For each share, in USU
	#[arg(long, value_parser = amount::parse)]
	price: u128,
	/// Blocks in which it can be filled
	#[arg(long, default_value_t = 28_800)]
	blocks: u32,
}

/// Places an order. Gives its number.
async fn place(context: &Context, side: Side, order: Order) -> Outcome {
	let now = number(&context.state().await?);
	let expires_at = u32::try_from(now)
		.unwrap_or(u32::MAX)
		.saturating_add(order.blocks);
	let call =
		tx().revenue_rights()
			.place_order(order.vid, side, order.shares, order.price, expires_at);
	let sent = context.submit(&call).await?;
	let event = sent.event::<api::revenue_rights::events::OrderPlaced>()?;
	Ok(json!({ "vid": order.vid, "order": event.order, "expires_at": expires_at }))
}

/// What a holder can settle, where a share earned so much since its right exists.
fn open_income<Ticket>(per_share: u128, record: &ShareRecord<AccountId32, Ticket>) -> u128 {
	let since = per_share.saturating_sub(record.settled_at);
	let income = since.saturating_mul(record.shares.into());
	record.owed.saturating_add(income)
}

/// Shares of an account at a block, and all that it earned by them until then.
async fn earned(at: &AtBlock, vid: u64, who: AccountId32) -> Result<(u16, u128), Failure> {
	let right = entry!(at, storage().revenue_rights().rights(), (vid,));
	let record = entry!(at, storage().revenue_rights().shares(), (vid, who));
	Ok(right.zip(record).map_or((0, 0), |(right, record)| {
		let open = open_income(right.per_share, &record);
		(record.shares, record.paid.saturating_add(open))
	}))
}

async fn statement(
	context: &Context,
	vid: u64,
	account: Option<String>,
	from: u64,
	to: Option<u64>,
) -> Outcome {
	let who = context.account_or_own(account)?;
	let first = context.client.at(from).await?;
	let last = match to {
		Some(to) => context.client.at(to).await?,
		None => context.state().await?,
	};
	let (shares_before, before) = earned(&first, vid, who).await?;
	let (shares_after, after) = earned(&last, vid, who).await?;
	// A record that says nothing any more is forgotten, with what it had been paid.
	let Some(income) = after.checked_sub(before) else {
		return Err(Failure::Gone(format!(
			"{who} gave all its shares away and was paid in between: ask for the time before that"
		)));
	};
	Ok(json!({
		"vid": vid,
		"account": who.to_string(),
		"from": from,
		"to": number(&last),
		"shares_at_from": shares_before,
		"shares_at_to": shares_after,
		"income": amount::show(income),
		"income_units": income.to_string(),
	}))
}

async fn orders(context: &Context, vid: u64) -> Outcome {
	let at = context.state().await?;
	let mut orders = entries!(at, storage().revenue_rights().orders(), (vid,));
	orders.sort_by_key(|((_, id), _)| *id);
	let rows = orders.into_iter().map(|((_, id), order)| {
		json!({
			"order": id,
			"wants_to": if order.side == Side::Sell { "sell" } else { "buy" },
			"shares": order.shares,
			"price": amount::show(order.price),
			"price_units": order.price.to_string(),
			"expires_at": order.expires_at,
			"maker": order.maker.to_string(),
		})
	});
	Ok(rows.collect())
}

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	let revenue = tx().revenue_rights();
	match command {
		Command::Show { vid } => {
			let at = context.state().await?;
			let right = entry!(at, storage().revenue_rights().rights(), (vid,));
			let per_share = right.map_or(0, |right| right.per_share);
			let shares = entries!(at, storage().revenue_rights().shares(), (vid,));
			let rows = shares.into_iter().map(|((_, who), record)| {
				let open = open_income(per_share, &record);
				json!({
					"holder": who.to_string(),
					"shares": record.shares,
					"claimable": amount::show(open),
					"claimable_units": open.to_string(),
				})
			});
			Ok(rows.collect())
		}
		Command::Settle { vid } => {
			let sent = context.submit(&revenue.settle(vid)).await?;
			let event = sent.event::<api::revenue_rights::events::IncomeSettled>()?;
			Ok(json!({
				"vid": vid,
				"amount": amount::show(event.amount),
				"amount_units": event.amount.to_string(),
			}))
		}
		Command::Transfer { vid, to, shares } => {
			context
				.submit(&revenue.transfer(vid, account_of(&to)?, shares))
				.await?;
			Ok(done("transferred"))
		}
		Command::Statement {
			vid,
			account,
			from,
			to,
		} => statement(context, vid, account, from, to).await,
		Command::Orders { vid } => orders(context, vid).await,
		Command::Sell(order) => place(context, Side::Sell, order).await,
		Command::Buy(order) => place(context, Side::Buy, order).await,
		Command::Fill { vid, order, shares } => {
			let sent = context
				.submit(&revenue.fill_order(vid, order, shares))
				.await?;
			let event = sent.event::<api::revenue_rights::events::OrderFilled>()?;
			Ok(json!({
				"vid": vid,
				"order": order,
				"shares": event.shares,
				"amount": amount::show(event.amount),
				"amount_units": event.amount.to_string(),
			}))
		}
		Command::Cancel { vid, order } => {
			context.submit(&revenue.cancel_order(vid, order)).await?;
			Ok(done("cancelled"))
		}
	}
}
