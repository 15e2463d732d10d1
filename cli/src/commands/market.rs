//! `usufruct market`.

use serde_json::json;
use usufruct_client::{account_of, amount, api, view, AccountId32, AtBlock};

use super::{done, entries, entry, resource::Isolation, storage, sublet};
use crate::{
	context::{tx, Context},
	output::{Failure, Outcome},
};

use api::runtime_types::{
	pallet_market::types::{Filter, Found, Page, Reservable},
	usufruct_primitives::hardware::Capacity,
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
	/// Change what a listing asks; what is not given stays as it is
	Edit {
		/// The use right
		uid: u64,
		/// Price per block, in USU
		#[arg(long, value_parser = amount::parse)]
		price: Option<u128>,
		/// Shortest term, in blocks
		#[arg(long)]
		min_term: Option<u32>,
		/// Longest term, in blocks
		#[arg(long)]
		max_term: Option<u32>,
	},
	/// Let a listing's price fall to its own from a higher one: whoever needs it most buys first
	Auction {
		/// The use right
		uid: u64,
		/// Price per block now, in USU
		#[arg(long, value_parser = amount::parse)]
		first_price: u128,
		/// After how many blocks the price is the listing's
		#[arg(long)]
		blocks: u32,
	},
	/// Show what is for sale now and satisfies all that is given
	Find(Find),
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
	/// Let a term go on at its price; what runs on it goes on
	Renew {
		/// The use right
		uid: u64,
		/// For how many blocks more
		#[arg(long)]
		blocks: u32,
	},
	/// Let a listing be reserved: bought for a term that begins later, at a price for the waiting
	Reservable {
		/// The use right
		uid: u64,
		/// Most blocks between the purchase and the begin of its term; 0 = not any more
		#[arg(long)]
		ahead: u32,
		/// Price per block of waiting, in USU
		#[arg(long, value_parser = amount::parse, default_value = "0")]
		price: u128,
	},
	/// Buy a use right for a term that begins later
	Reserve {
		/// The use right
		uid: u64,
		/// The block at which the term begins
		#[arg(long)]
		start: u32,
		/// For how many blocks from then on
		#[arg(long)]
		term: u32,
		/// Most money that goes to escrow, in USU; without it, what is needed
		#[arg(long, value_parser = amount::parse)]
		max_escrow: Option<u128>,
	},
	/// Let a part of a term to others, or take one
	#[command(subcommand)]
	Sublet(sublet::Command),
	/// Say whether a term of yours may be renewed
	Renewable {
		/// The use right
		uid: u64,
		/// yes or no
		#[arg(action = clap::ArgAction::Set, value_parser = clap::builder::BoolishValueParser::new())]
		renewable: bool,
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

/// What compute must be like.
#[derive(Debug, clap::Args)]
pub(crate) struct Find {
	/// Its resource class
	#[arg(long)]
	class: Option<u16>,
	/// How a workspace on it is walled off
	#[arg(long)]
	isolation: Option<Isolation>,
	/// Where its machine is, by ISO 3166 number
	#[arg(long)]
	region: Option<u16>,
	/// Highest price per block, in USU
	#[arg(long, value_parser = amount::parse)]
	max_price: Option<u128>,
	/// Lowest proved score, in parts per million of its class's reference
	#[arg(long)]
	min_score_ppm: Option<u32>,
	/// A term in blocks that it is sold for
	#[arg(long)]
	term: Option<u32>,
	/// Fewest GPUs
	#[arg(long)]
	gpus: Option<u8>,
	/// Least processor time, in thousandths of a core
	#[arg(long, default_value_t = 0)]
	cpu: u32,
	/// Least memory, in MiB
	#[arg(long, default_value_t = 0)]
	memory: u32,
	/// Least disk, in MiB
	#[arg(long, default_value_t = 0)]
	disk: u32,
	/// Also what is offline
	#[arg(long)]
	offline_too: bool,
}

/// A listing as it is now: its price may fall.
async fn for_sale(at: &AtBlock, uid: u64) -> Result<Found<AccountId32>, Failure> {
	let any = Filter {
		class: None,
		isolation: None,
		region: None,
		max_price: None,
		min_score_ppm: None,
		term: None,
		gpus: None,
		capacity: None,
		offline_too: true,
	};
	let page: Page<AccountId32> =
		view(at, api::view_functions().market().find(any, uid, 1)).await?;
	let first = page.found.into_iter().next();
	first
		.filter(|one| one.uid == uid)
		.ok_or_else(|| Failure::Gone(format!("use right {uid} is not for sale")))
}

/// Asks the chain page by page: no client walks the whole map.
async fn find(context: &Context, find: Find) -> Outcome {
	let at = context.state().await?;
	let capacity = Capacity {
		cpu_millis: find.cpu,
		memory_mib: find.memory,
		disk_mib: find.disk,
	};
	let filter = Filter {
		class: find.class,
		isolation: find.isolation.map(Into::into),
		region: find.region,
		max_price: find.max_price,
		min_score_ppm: find.min_score_ppm,
		term: find.term,
		gpus: find.gpus,
		capacity: Some(capacity),
		offline_too: find.offline_too,
	};
	let mut rows = Vec::new();
	let mut from = Some(0);
	while let Some(uid) = from {
		let call = api::view_functions()
			.market()
			.find(filter.clone(), uid, 100);
		let page: Page<AccountId32> = view(&at, call).await?;
		rows.extend(page.found.into_iter().map(|one| {
			json!({
				"uid": one.uid,
				"vid": one.vid,
				"node": one.node,
				"class": one.class,
				"region": one.region,
				"score_ppm": one.score_ppm,
				"isolation": format!("{:?}", one.isolation).to_lowercase(),
				"price": amount::show(one.price),
				"price_units": one.price.to_string(),
				"min_term": one.min_term,
				"max_term": one.max_term,
				"gpus": one.gpus,
				"cpu_millis": one.capacity.cpu_millis,
				"memory_mib": one.capacity.memory_mib,
				"disk_mib": one.capacity.disk_mib,
				"online": one.is_online,
				"seller": one.seller.to_string(),
			})
		}));
		from = page.next;
	}
	Ok(rows.into())
}

async fn reserve(
	context: &Context,
	uid: u64,
	start: u32,
	term: u32,
	max_escrow: Option<u128>,
) -> Outcome {
	let at = context.state().await?;
	let price = for_sale(&at, uid).await?.price;
	let listing = entry!(at, storage().market().listings(), (uid,));
	let Some(reservable) = listing.and_then(|listing| listing.reservable) else {
		return Err(Failure::Gone(format!(
			"use right {uid} is not reserved ahead: `usufruct market buy` buys it for now"
		)));
	};
	let now = u32::try_from(at.block_number()).unwrap_or(u32::MAX);
	let waiting = u128::from(start.saturating_sub(now)).saturating_mul(reservable.price);
	let needed = price.saturating_mul(term.into()).saturating_add(waiting);
	context.say(&format!(
		"{} for {term} blocks from block {start} on, of which at most {} for the waiting, kept in escrow",
		amount::show(needed),
		amount::show(waiting)
	));
	let call = tx()
		.market()
		.reserve(uid, start, term, max_escrow.unwrap_or(needed));
	let sent = context.submit(&call).await?;
	let event = sent.event::<api::market::events::Bought>()?;
	Ok(json!({
		"uid": uid,
		"from": event.from,
		"until": event.until,
		"escrow": amount::show(event.escrow),
	}))
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
						"reservable_ahead": record.reservable.as_ref().map(|on| on.ahead),
						"waiting_price": record.reservable.as_ref().map(|on| amount::show(on.price)),
						"falls_from": record.lead_in.as_ref().map(|from| amount::show(from.first_price)),
						"min_term": record.min_term,
						"max_term": record.max_term,
						"seller": record.seller.to_string(),
					})
				})
				.collect())
		}
		Command::Edit {
			uid,
			price,
			min_term,
			max_term,
		} => {
			let at = context.state().await?;
			let listing = entry!(at, storage().market().listings(), (uid,))
				.ok_or_else(|| Failure::Gone(format!("use right {uid} is not for sale")))?;
			let call = market.edit(
				uid,
				price.unwrap_or(listing.price),
				min_term.unwrap_or(listing.min_term),
				max_term.unwrap_or(listing.max_term),
			);
			let sent = context.submit(&call).await?;
			let event = sent.event::<api::market::events::Edited>()?;
			Ok(json!({
				"uid": uid,
				"price": amount::show(event.price),
				"min_term": event.min_term,
				"max_term": event.max_term,
			}))
		}
		Command::Auction {
			uid,
			first_price,
			blocks,
		} => {
			let sent = context
				.submit(&market.lead_in(uid, first_price, blocks))
				.await?;
			let event = sent.event::<api::market::events::LeadInBegan>()?;
			Ok(
				json!({ "uid": uid, "price": amount::show(first_price), "falls_until": event.until }),
			)
		}
		Command::Find(what) => find(context, what).await,
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
						"price": amount::show(record.term.price),
						"escrow": amount::show(
							record.term.escrow + record.waiting.as_ref().map_or(0, |on| on.escrow),
						),
						"start": record.start,
						"end": record.term.end,
						"renewable": record.renewable,
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
			let listing = for_sale(&at, uid).await?;
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
		Command::Renew { uid, blocks } => {
			let sent = context.submit(&market.renew(uid, blocks)).await?;
			let event = sent.event::<api::market::events::Renewed>()?;
			Ok(json!({ "uid": uid, "until": event.until, "escrow": amount::show(event.escrow) }))
		}
		Command::Reservable { uid, ahead, price } => {
			let reservable = (ahead > 0).then_some(Reservable { ahead, price });
			let call = market.set_reservable(uid, reservable);
			context.submit(&call).await?;
			Ok(done(if ahead > 0 {
				"can be reserved"
			} else {
				"is bought for now only"
			}))
		}
		Command::Reserve {
			uid,
			start,
			term,
			max_escrow,
		} => reserve(context, uid, start, term, max_escrow).await,
		Command::Sublet(command) => sublet::run(context, command).await,
		Command::Renewable { uid, renewable } => {
			context
				.submit(&market.set_renewable(uid, renewable))
				.await?;
			Ok(done(if renewable {
				"can be renewed"
			} else {
				"ends with its term"
			}))
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
