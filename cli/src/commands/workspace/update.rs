//! Giving the replicas of a request another image, command, port or upkeep while they run.

use serde_json::json;
use usufruct_client::{api, H256};

use super::{leases, subject::command, types::LeaseState, upkeep::Upkeep};
use crate::{
	commands::{application::Named, entry, hash, storage},
	context::{tx, Context},
	output::{Failure, Outcome},
};

use api::workspaces::events::WorkspaceUpdated;

/// What becomes another; what is left out stays as it is.
#[derive(Debug, clap::Args)]
pub(crate) struct Update {
	/// The request
	request: u64,
	/// Digest of a published image
	#[arg(long, value_parser = hash)]
	image: Option<H256>,
	/// A release of the request's application as NAME@NUMBER; without a number, the newest
	#[arg(long, conflicts_with = "image")]
	application: Option<Named>,
	/// The port that it listens on
	#[arg(long)]
	port: Option<u16>,
	#[command(flatten)]
	upkeep: Upkeep,
	/// Check its health no more
	#[arg(long, conflicts_with = "health")]
	no_health: bool,
	/// Wait until all replicas run it
	#[arg(long)]
	wait: bool,
	/// The command with its arguments, after --
	#[arg(last = true)]
	command: Vec<String>,
}

/// Asks for it; with `--wait` tells each replica as it follows, and ends with an error where one cannot.
pub(super) async fn update(context: &Context, update: Update) -> Outcome {
	let at = context.state().await?;
	let record = entry!(at, storage().workspaces().requests(), (update.request,))
		.ok_or_else(|| Failure::Gone(format!("there is no request {}", update.request)))?;
	let mut workload = record.spec.workload;
	if let Some(named) = update.application {
		let found = named.release(&at).await?;
		workload.image = found.record.spec.image;
		workload.release = Some(found.id);
		workload.command = found.record.spec.command;
	}
	if let Some(image) = update.image {
		workload.image = image;
	}
	if !update.command.is_empty() {
		workload.command = command(update.command);
	}
	workload.port = update.port.or(workload.port);
	update.upkeep.check(workload.port).map_err(Failure::Usage)?;
	if update.upkeep.health.is_some() || update.no_health {
		workload.health = update.upkeep.health();
	}
	if let Some(restart) = update.upkeep.restart {
		workload.restart = restart.into();
	}
	let call = tx().workspaces().update(update.request, workload);
	let sent = context.submit(&call).await?;
	let revision = sent.event::<WorkspaceUpdated>()?.revision;
	if update.wait {
		follow(context, update.request, revision).await?;
	}
	Ok(json!({ "request": update.request, "revision": revision }))
}

/// Waits until all replicas that have a lease run a revision.
async fn follow(context: &Context, request: u64, revision: u32) -> Result<(), Failure> {
	let begun = std::time::Instant::now();
	let mut last = String::new();
	while begun.elapsed() < super::PATIENCE {
		let mut mine = leases(context).await?;
		mine.retain(|(_, lease)| lease.request == request);
		if mine.is_empty() {
			return Err(Failure::Gone(format!(
				"request {request} has no lease any more"
			)));
		}
		let refused = mine.iter().find_map(|(id, lease)| match &lease.refused {
			Some((refused, why)) if *refused == revision => Some((id, why)),
			_ => None,
		});
		if let Some((id, why)) = refused {
			return Err(Failure::Gone(format!(
				"lease {id} cannot run revision {revision} ({why:?}) and runs on as it was; those after it wait. \
				 `usufruct workspace update {request}` tries it again, or gives it another"
			)));
		}
		let is_new =
			|lease: &super::Lease| lease.revision == revision && lease.state == LeaseState::Running;
		if mine.iter().all(|(_, lease)| is_new(lease)) {
			return Ok(());
		}
		let done = mine.iter().filter(|(_, lease)| is_new(lease)).count();
		let step = format!("{done} of {} replicas run revision {revision}", mine.len());
		if step != last {
			context.say(&step);
			last = step;
		}
		tokio::time::sleep(std::time::Duration::from_secs(1)).await;
	}
	Err(Failure::Gone(format!(
		"request {request} is not updated after 15 minutes: `usufruct workspace show {request}` shows who waits"
	)))
}
