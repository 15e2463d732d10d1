//! `usufruct bench lease`: how long is it from an order to the first answer?

use std::time::{Duration, Instant};

use serde_json::{json, Value};
use usufruct_client::{amount, api, keypair, AtBlock, Keypair, Wait, H256};

use super::rounded;
use crate::{
	commands::{entries, entry, hash, storage, text, workspace::Wants},
	context::{tx, Context},
	output::{Failure, Outcome},
};

use api::runtime_types::{
	bounded_collections::bounded_vec::BoundedVec,
	pallet_market::pallet::Call as Market,
	pallet_use_rights::pallet::Call as UseRights,
	pallet_workspaces::{
		types::{LeaseState, WorkspaceSpec},
		workload::{Restart, Workload},
	},
};

/// What to lease.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
	/// Digest of a published image that answers HTTP
	#[arg(long, value_parser = hash)]
	image: H256,
	/// The port that it listens on
	#[arg(long, default_value_t = 8080)]
	port: u16,
	/// How many, one after the other
	#[arg(long, default_value_t = 50)]
	leases: u32,
	/// Highest price per block, in USU
	#[arg(long, value_parser = amount::parse, default_value = "0.001")]
	max_price: u128,
	/// Key of the provider, who lists again what was used: a right ends with its lease. Without it there must be
	/// as many listings as leases
	#[arg(long)]
	provider_key: Option<String>,
	#[command(flatten)]
	wants: Wants,
}

/// Blocks that a lease is for.
const TERM: u32 = 100;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);
/// For one lease.
const PATIENCE: Duration = Duration::from_secs(120);
/// What is promised: blocks from the order to the first answer, for all but one in twenty.
const GOAL: u64 = 3;
const STAGES: [&str; 4] = ["in a block", "leased", "running", "answered"];

/// When a stage was reached, since the order.
#[derive(Clone, Copy, Debug, Default)]
struct Reached {
	after: Duration,
	blocks: u64,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Outcome {
	let tenant = context.key()?;
	let provider = arguments.provider_key.as_deref().map(keypair).transpose()?;
	arguments.wants.check().map_err(Failure::Usage)?;
	let mut samples = Vec::new();
	for number in 1..=arguments.leases {
		let (sample, lease, vid) = measure(context, &tenant, &arguments).await?;
		let last = sample[STAGES.len() - 1];
		context.say(&format!(
			"{number} of {}: {} blocks, {:.1} s",
			arguments.leases,
			last.blocks,
			last.after.as_secs_f64()
		));
		samples.push(sample);
		let end = tx().workspaces().terminate(lease);
		let client = &context.client;
		client.submit(&end, &tenant, Wait::InBlock, |_| {}).await?;
		if let (Some(provider), true) = (&provider, number < arguments.leases) {
			list_again(context, provider, vid, arguments.max_price).await?;
		}
	}
	Ok(table(context, &samples))
}

fn table(context: &Context, samples: &[[Reached; STAGES.len()]]) -> Value {
	let mut rows = Vec::new();
	for (index, stage) in STAGES.into_iter().enumerate() {
		let at = |sample: &[Reached; STAGES.len()]| sample.get(index).copied().unwrap_or_default();
		let mut seconds: Vec<f64> = samples.iter().map(|s| at(s).after.as_secs_f64()).collect();
		let mut blocks: Vec<u64> = samples.iter().map(|s| at(s).blocks).collect();
		seconds.sort_by(f64::total_cmp);
		blocks.sort_unstable();
		rows.push(json!({
			"until": stage,
			"leases": samples.len(),
			"blocks_median": quantile(&blocks, 50),
			"blocks_p95": quantile(&blocks, 95),
			"seconds_median": quantile(&seconds, 50).map(rounded),
			"seconds_p95": quantile(&seconds, 95).map(rounded),
			"seconds_most": seconds.last().copied().map(rounded),
		}));
	}
	let within = rows.last().and_then(|row| row["blocks_p95"].as_u64());
	let verdict = match within {
		Some(blocks) if blocks <= GOAL => "kept",
		_ => "missed",
	};
	context.say(&format!(
		"goal of {GOAL} blocks at the 95th percentile: {verdict}"
	));
	Value::Array(rows)
}

/// The smallest value that so many per cent of the sorted ones do not exceed; `None` without values.
fn quantile<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
	let rank = (sorted.len() * percent).div_ceil(100);
	sorted.get(rank.saturating_sub(1)).copied()
}

/// One lease: when each stage was reached, its number and its resource.
async fn measure(
	context: &Context,
	tenant: &Keypair,
	arguments: &Arguments,
) -> Result<([Reached; STAGES.len()], u64, u64), Failure> {
	let client = &context.client;
	let budget = arguments.max_price.saturating_mul(TERM.into());
	let spec = WorkspaceSpec {
		workload: Workload {
			image: arguments.image,
			release: None,
			command: BoundedVec(vec![]),
			port: Some(arguments.port),
			health: None,
			restart: Restart::Never,
		},
		requirement: arguments
			.wants
			.clone()
			.into_requirement(arguments.max_price),
		replicas: 1,
		term: TERM,
	};
	let order = tx().workspaces().request(spec, budget, 0, 100);
	let (begun, first) = (Instant::now(), client.best().await?.block_number());
	let reached = |at: &AtBlock| Reached {
		after: begun.elapsed(),
		blocks: at.block_number().saturating_sub(first),
	};
	let sent = client.submit(&order, tenant, Wait::InBlock, |_| {}).await?;
	let request = sent
		.event::<api::workspaces::events::WorkspaceRequested>()?
		.request;
	let mut sample = [Reached::default(); STAGES.len()];
	sample[0] = reached(&client.best().await?);
	while begun.elapsed() < PATIENCE {
		let at = client.best().await?;
		let leases = entries!(at, storage().workspaces().leases());
		let own = leases
			.into_iter()
			.find(|(_, lease)| lease.request == request);
		let Some(((lease,), record)) = own else {
			tokio::time::sleep(LOOK).await;
			continue;
		};
		if sample[1].blocks == 0 {
			sample[1] = reached(&at);
		}
		if record.state == LeaseState::Running {
			sample[2] = reached(&at);
			let endpoint = text(&record.endpoint.0);
			answers(&endpoint, begun).await?;
			sample[3] = reached(&client.best().await?);
			return Ok((sample, lease, record.vid));
		}
		tokio::time::sleep(LOOK).await;
	}
	Err(Failure::Gone(format!(
		"request {request} does not run after {} s: `usufruct workspace show {request}` says how far it is, and \
		 `usufruct market listings` what there is",
		PATIENCE.as_secs()
	)))
}

/// Returns when the workspace has answered.
async fn answers(endpoint: &str, begun: Instant) -> Result<(), Failure> {
	let url = format!("http://{endpoint}/");
	while begun.elapsed() < PATIENCE {
		let url = url.clone();
		let asked = tokio::task::spawn_blocking(move || {
			let agent: ureq::Agent = ureq::Agent::config_builder()
				.timeout_global(Some(Duration::from_secs(5)))
				.http_status_as_error(false)
				.build()
				.into();
			agent.get(&url).call().is_ok()
		});
		if asked.await.is_ok_and(|answered| answered) {
			return Ok(());
		}
		tokio::time::sleep(LOOK).await;
	}
	Err(Failure::Gone(format!(
		"the workspace at {endpoint} does not answer"
	)))
}

/// Mints the right of the resource again and lists it. It has its revenue right from before.
async fn list_again(
	context: &Context,
	provider: &Keypair,
	vid: u64,
	price: u128,
) -> Result<(), Failure> {
	let at = context.client.best().await?;
	let uid = entry!(at, storage().use_rights().next_uid(), ()).unwrap_or(0);
	let calls = vec![
		api::Call::UseRights(UseRights::mint { vid }),
		api::Call::Market(Market::list {
			uid,
			price,
			min_term: 1,
			max_term: TERM,
			holders: BoundedVec(vec![]),
		}),
	];
	let batch = tx().utility().batch_all(calls);
	let client = &context.client;
	client
		.submit(&batch, provider, Wait::InBlock, |_| {})
		.await?;
	Ok(())
}
