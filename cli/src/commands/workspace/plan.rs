//! What a request would find, before anybody pays for it.

use std::{cmp::Reverse, collections::BTreeMap};

use serde_json::json;
use usufruct_client::{amount, api, view};

use super::{specify, Run};
use crate::{
	context::Context,
	output::{Failure, Outcome},
};

use api::runtime_types::{
	pallet_workspaces::plan::{Plan, Planned, Seat},
	usufruct_offchain_worker::constraint::Mismatch,
};

/// Of the best listings, how many are asked about for all replicas together.
const SEATED: usize = 500;

/// Why a listing would not do, in words.
fn why(mismatch: &Mismatch) -> &'static str {
	match mismatch {
		Mismatch::Offline => "the machine is offline",
		Mismatch::Own => "it is your own",
		Mismatch::Avoided => "the request failed there before",
		Mismatch::Class => "another resource class",
		Mismatch::Gpus => "too few GPUs, or with too little memory",
		Mismatch::Capacity => "too little processor, memory or disk",
		Mismatch::Isolation => "another isolation, or one that cannot run this image",
		Mismatch::Region => "another region, or it does not say which",
		Mismatch::Score => "not proved, or a lower score",
		Mismatch::Availability => "less available",
		Mismatch::Provider => "a provider that is not accepted",
		Mismatch::Apart => "it shares with another replica what they may not share",
		Mismatch::Together => "it does not share with the other replicas what they must",
		Mismatch::Term => "it is not sold for this term",
		Mismatch::Price => "too dear",
	}
}

/// All listings as the chain would judge them: those that would do, best first, then the others by their reasons.
pub(super) async fn plan(context: &Context, run: Run) -> Outcome {
	let at = context.state().await?;
	let tenant = context.account()?;
	let (term, replicas) = (run.term, run.replicas);
	let (spec, royalty) = specify(context, run).await?;
	let mut all: Vec<Planned> = Vec::new();
	let mut from = Some(0);
	while let Some(uid) = from {
		let call = api::view_functions()
			.workspaces()
			.plan(tenant, spec.clone(), uid, 500);
		let page: Option<Plan> = view(&at, call).await?;
		let page = page.ok_or_else(|| {
			Failure::Gone(format!(
				"image {:?} is not published: `usufruct workspace publish` first",
				spec.workload.image
			))
		})?;
		all.extend(page.listings);
		from = page.next;
	}
	let mut suitable: Vec<&Planned> = all.iter().filter(|one| one.mismatch.is_none()).collect();
	suitable.sort_by_key(|one| (Reverse(one.score), one.uid));
	let mut reasons: BTreeMap<&str, u32> = BTreeMap::new();
	for mismatch in all.iter().filter_map(|one| one.mismatch.as_ref()) {
		*reasons.entry(why(mismatch)).or_default() += 1;
	}
	let for_the_term = |price: u128| price.saturating_add(royalty).saturating_mul(term.into());
	let cost = |one: &Planned| for_the_term(one.price);
	// Replicas may have to be apart, which the chain judges.
	let best: Vec<u64> = suitable.iter().take(SEATED).map(|one| one.uid).collect();
	let call = api::view_functions()
		.workspaces()
		.seats(tenant, spec.clone(), best);
	let seats: Option<Vec<Seat>> = view(&at, call).await?;
	let seats = seats.unwrap_or_default();
	let price: Option<u128> = (seats.len() == usize::from(replicas)).then(|| {
		let price = |seat: &Seat| for_the_term(seat.price);
		seats.iter().map(price).fold(0, u128::saturating_add)
	});
	let placed: Vec<_> = seats
		.iter()
		.map(|seat| {
			json!({
				"replica": seat.replica,
				"uid": seat.uid,
				"score": seat.score,
				"price": amount::show(seat.price),
			})
		})
		.collect();
	let machines: Vec<_> = suitable
		.iter()
		.map(|one| {
			json!({
				"uid": one.uid,
				"node": one.node,
				"score": one.score,
				"price": amount::show(one.price),
				"for_the_term": amount::show(cost(one)),
			})
		})
		.collect();
	let others: Vec<_> = reasons
		.into_iter()
		.map(|(reason, listings)| json!({ "reason": reason, "listings": listings }))
		.collect();
	Ok(json!({
		"replicas": replicas,
		"listings": all.len(),
		"suitable": suitable.len(),
		"would_cost": price.map(amount::show),
		"would_cost_units": price.map(|price| price.to_string()),
		"for_the_author": super::super::application::price(royalty),
		"placed": placed,
		"machines": machines,
		"others": others,
	}))
}
