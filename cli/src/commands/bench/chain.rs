//! `usufruct bench chain`: what does a chain do in a second, and do its calls cost what they say?

use std::time::Duration;

use serde_json::{json, Value};
use usufruct_client::{amount, api, keypair, new_phrase, AccountId32, Keypair, Wait, H256};

use super::rounded;
use crate::{
	commands::{entries, entry, storage},
	context::{tx, Context},
	output::{Failure, Outcome},
};

use api::runtime_types::{
	bounded_collections::bounded_vec::BoundedVec,
	pallet_market::pallet::Call as Market,
	pallet_use_rights::pallet::Call as UseRights,
	usufruct_primitives::hardware::{Capacity, HardwareKind, IsolationClass},
};

/// How much to send.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
	/// Transfers to send
	#[arg(long, default_value_t = 4_000)]
	transfers: u32,
	/// Use rights to make, list and buy
	#[arg(long, default_value_t = 1_000)]
	purchases: u32,
}

/// Resources that are cut, minted and listed by one transaction.
const BATCH: u32 = 20;
/// For all transactions of a kind.
const PATIENCE: Duration = Duration::from_secs(300);
/// A block's time, which no runtime upgrade can change.
const SLOT_SECONDS: f64 = 3.0;
/// The fullest block is executed so often; the median counts.
const EXECUTIONS: usize = 9;
/// Weight is in picoseconds.
const PICOSECONDS: f64 = 1e12;

pub(super) async fn run(context: &Context, arguments: Arguments) -> Outcome {
	let Arguments {
		transfers,
		purchases,
	} = arguments;
	let buyer = context.key()?;
	let (phrase, seller_account) = new_phrase()?;
	let seller = keypair(&phrase)?;

	context.say(&format!(
		"{purchases} use rights are made and listed by a new account"
	));
	let uids = offer(context, &buyer, &seller, &seller_account, purchases).await?;

	context.say(&format!("{transfers} transfers"));
	let transfer = tx()
		.balances()
		.transfer_keep_alive(seller_account.into(), amount::USU / 1_000);
	let calls: Vec<_> = (0..transfers).map(|_| transfer.clone()).collect();
	let transfers = measure(context, &calls, &buyer).await?;

	context.say(&format!("{purchases} purchases"));
	let calls: Vec<_> = uids
		.iter()
		.map(|uid| tx().market().buy(*uid, 10, u128::MAX))
		.collect();
	let purchases = measure(context, &calls, &buyer).await?;
	let at = context.client.best().await?;
	let mut bought = 0usize;
	for uid in &uids {
		let record = entry!(at, storage().market().purchases(), (*uid,));
		bought += usize::from(record.is_some());
	}
	if bought != uids.len() {
		return Err(Failure::Gone(format!(
			"{} of {} purchases were refused: the measurement is worth nothing",
			uids.len() - bought,
			uids.len()
		)));
	}
	let per_second = |document: &Value| document["per_second"].as_f64().unwrap_or(f64::NAN);
	let ratio = per_second(&purchases) / per_second(&transfers);
	Ok(json!([
		row("transfers", &transfers),
		row("purchases", &purchases),
		{ "calls": "ratio", "per_second": rounded(ratio) },
	]))
}

fn row(calls: &str, document: &Value) -> Value {
	let mut row = json!({ "calls": calls });
	if let (Some(row), Some(document)) = (row.as_object_mut(), document.as_object()) {
		row.extend(document.clone());
	}
	row
}

/// Sends the calls; gives what the fullest block tells.
async fn measure<P: usufruct_client::Payload>(
	context: &Context,
	calls: &[P],
	key: &Keypair,
) -> Outcome {
	let before = context.client.best().await?.block_number();
	context.client.burst(calls, key, PATIENCE).await?;
	let blocks = context.client.blocks_after(before).await?;
	let fullest = blocks
		.iter()
		.max_by_key(|block| block.extrinsics)
		.ok_or_else(|| Failure::Gone("no block was made".into()))?;
	let declared = declared_seconds(context, fullest.hash).await?;
	let mut times = Vec::new();
	for _ in 0..EXECUTIONS {
		times.push(
			context
				.client
				.execute_again(fullest.hash)
				.await?
				.as_secs_f64(),
		);
	}
	times.sort_by(f64::total_cmp);
	let executed = times.get(EXECUTIONS / 2).copied().unwrap_or(f64::NAN);
	// One is the time's, put there by the author.
	let count = fullest.extrinsics.saturating_sub(1);
	Ok(json!({
		"sent": calls.len(),
		"blocks": blocks.iter().filter(|block| block.extrinsics > 1).count(),
		"in_fullest": count,
		"per_second": rounded(count as f64 / SLOT_SECONDS),
		"declared_ms": rounded(declared * 1_000.0),
		"executed_ms": rounded(executed * 1_000.0),
		"executed_of_declared": rounded(executed / declared),
	}))
}

/// The weight that a block's calls declared, as time.
async fn declared_seconds(context: &Context, hash: H256) -> Result<f64, Failure> {
	let at = context.client.online().at_block(hash).await;
	let at = at.map_err(usufruct_client::Error::broken)?;
	let weight = entry!(at, storage().system().block_weight(), ());
	let weight = weight.ok_or_else(|| Failure::Gone("the block has no weight".into()))?;
	let sum = [weight.normal, weight.operational, weight.mandatory]
		.iter()
		.map(|weight| weight.ref_time)
		.sum::<u64>();
	Ok(sum as f64 / PICOSECONDS)
}

/// Makes use rights of a machine that exists on paper only, and lists them; gives their UIDs.
async fn offer(
	context: &Context,
	payer: &Keypair,
	seller: &Keypair,
	account: &AccountId32,
	count: u32,
) -> Result<Vec<u64>, Failure> {
	let client = &context.client;
	let quiet = |_: &str| {};
	let money = amount::USU.saturating_mul(100_u128.saturating_add(count.into()));
	let call = tx()
		.balances()
		.transfer_keep_alive((*account).into(), money);
	client.submit(&call, payer, Wait::InBlock, quiet).await?;
	let registry = tx().node_registry();
	let unique = H256(account.0);
	let call = registry.register(unique, BoundedVec(vec![]), 0);
	let sent = client.submit(&call, seller, Wait::InBlock, quiet).await?;
	let node = sent
		.event::<api::node_registry::events::NodeRegistered>()?
		.node;
	client
		.submit(
			&tx().node_registry().heartbeat(node),
			seller,
			Wait::InBlock,
			quiet,
		)
		.await?;
	let whole = Capacity {
		cpu_millis: u32::MAX,
		memory_mib: u32::MAX,
		disk_mib: u32::MAX,
	};
	let call = tx()
		.node_registry()
		.add_hardware(node, 1, HardwareKind::Cpu, unique, whole);
	let sent = client.submit(&call, seller, Wait::InBlock, quiet).await?;
	let hid = sent
		.event::<api::node_registry::events::HardwareAdded>()?
		.hid;

	let at = client.best().await?;
	let next_vid = entry!(at, storage().use_rights().next_vid(), ()).unwrap_or(0);
	let next_uid = entry!(at, storage().use_rights().next_uid(), ()).unwrap_or(0);
	let calls_of = |n: u32| -> Vec<api::Call> {
		let (vid, uid) = (next_vid + u64::from(n), next_uid + u64::from(n));
		vec![
			api::Call::UseRights(UseRights::create_resource {
				parts: BoundedVec(vec![hid]),
				capacity: Capacity {
					cpu_millis: 1,
					memory_mib: 1,
					disk_mib: 1,
				},
				isolation: IsolationClass::Wasm,
			}),
			api::Call::UseRights(UseRights::mint { vid }),
			api::Call::Market(Market::list {
				uid,
				price: 1_000_000,
				min_term: 1,
				max_term: 1_000,
				holders: BoundedVec(vec![(*account, 10_000)]),
			}),
		]
	};
	let numbers: Vec<u32> = (0..count).collect();
	let batches: Vec<_> = numbers
		.chunks(BATCH as usize)
		.map(|chunk| {
			tx().utility()
				.batch_all(chunk.iter().copied().flat_map(calls_of).collect())
		})
		.collect();
	client.burst(&batches, seller, PATIENCE).await?;
	let at = client.best().await?;
	let listings = entries!(at, storage().market().listings());
	let own: Vec<u64> = listings
		.into_iter()
		.filter(|(_, listing)| listing.seller == *account)
		.map(|((uid,), _)| uid)
		.collect();
	if own.len() != numbers.len() {
		return Err(Failure::Gone(format!(
			"{} of {count} use rights could not be listed: does something else use this chain?",
			numbers.len().saturating_sub(own.len())
		)));
	}
	Ok(own)
}
