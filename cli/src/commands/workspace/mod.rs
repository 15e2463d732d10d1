//! `usufruct workspace`.

mod access;
mod file;
mod plan;
mod requirement;
mod subject;
mod update;
mod upkeep;

use std::{
	collections::BTreeSet,
	path::PathBuf,
	time::{Duration, Instant},
};

use serde_json::json;
use usufruct_client::{amount, api, AccountId32};

use super::{done, entries, entry, hash, storage, text, unreadable};
use crate::{
	context::{tx, Context},
	output::{Failure, Outcome},
};
pub(super) use subject::Subject;

/// About images, requests and leases.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Make an image known: a WebAssembly module from a file, or a container image by its digest
	Publish {
		/// A module; its BLAKE3 is its digest
		#[arg(required_unless_present = "digest")]
		module: Option<PathBuf>,
		/// Digest of a container image, as its registry names it
		#[arg(long, value_parser = hash, conflicts_with = "module", requires = "reference")]
		digest: Option<usufruct_client::H256>,
		/// Where agents get it: a name to pull, or a module's URL. A module's default is its own path, which only
		/// agents read that were told to (`local-modules`)
		#[arg(long)]
		reference: Option<String>,
	},
	/// Ask for a workspace
	Run(Box<Run>),
	/// Ask for the workspace that a file describes
	Deploy {
		/// The file, in YAML; `usufruct workspace schema` says what it may contain
		file: PathBuf,
		/// Wait until all replicas run
		#[arg(long)]
		wait: bool,
	},
	/// Show which listings a file's workspace would be placed on, why others not, and what it would cost
	Plan {
		/// The file, in YAML
		file: PathBuf,
	},
	/// Print the JSON schema of such files, for editors
	Schema,
	/// List requests
	List,
	/// Show a request and its leases
	Show {
		/// The request
		request: u64,
	},
	/// List leases
	Leases,
	/// Call a running workspace over HTTP
	Call {
		/// The lease
		lease: u64,
		/// Sent as the body
		#[arg(long, default_value = "")]
		body: String,
		/// The path
		#[arg(long, default_value = "/")]
		path: String,
	},
	#[command(flatten)]
	Access(access::Command),
	/// Give the replicas of a request another image, command, port, health check or restarts while they run: one
	/// after the other, each when those before it run it
	Update(Box<update::Update>),
	/// Take back what a request has not placed
	Cancel {
		/// The request
		request: u64,
	},
	/// End a lease; the unused part returns
	Terminate {
		/// The lease
		lease: u64,
	},
	/// End a lease that broke its promises, or whose term is over
	Expire {
		/// The lease
		lease: u64,
	},
}

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Run {
	#[command(flatten)]
	subject: Subject,
	/// Highest price per block and replica for the machine, in USU; the price of an application comes on top
	#[arg(long, value_parser = amount::parse)]
	max_price: u128,
	/// For how many blocks
	#[arg(long)]
	term: u32,
	/// How often it runs at once
	#[arg(long, default_value_t = 1)]
	replicas: u8,
	#[command(flatten)]
	wants: Wants,
	/// Most money to be held, in USU; without it, what is needed
	#[arg(long, value_parser = amount::parse)]
	budget: Option<u128>,
	/// Blocks to wait for better proposals
	#[arg(long, default_value_t = 0)]
	window: u32,
	/// Blocks after which what is not placed can be taken back
	#[arg(long, default_value_t = 1_200)]
	lifetime: u32,
	/// Wait until all replicas run
	#[arg(long)]
	wait: bool,
}

/// Longest wait for a workspace.
const PATIENCE: Duration = Duration::from_secs(900);
/// Most bytes read of an answer.
const MAX_ANSWER: u64 = 1 << 20;

mod types {
	pub(super) use super::api::runtime_types::{
		bounded_collections::bounded_vec::BoundedVec,
		pallet_workspaces::types::{EndReason, ImageKind, LeaseRecord, LeaseState, WorkspaceSpec},
		usufruct_primitives::requirement::{Filter, Requirement, Scopes, Weights},
	};
}
pub(super) use requirement::Wants;
use types::{BoundedVec, EndReason, ImageKind, LeaseState};

type Lease = types::LeaseRecord<AccountId32>;

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	let workspaces = tx().workspaces();
	match command {
		Command::Publish {
			module,
			digest,
			reference,
		} => publish(context, module, digest, reference).await,
		Command::Run(run) => request(context, *run).await,
		Command::Deploy { file, wait } => {
			let run = file::read(&file)?;
			request(context, Run { wait, ..run }).await
		}
		Command::Plan { file } => plan::plan(context, file::read(&file)?).await,
		Command::Schema => Ok(file::schema()),
		Command::List => {
			let at = context.state().await?;
			let requests = entries!(at, storage().workspaces().requests());
			Ok(requests
				.iter()
				.map(|((id,), record)| {
					json!({
						"request": id,
						"tenant": record.tenant.to_string(),
						"image": format!("{:?}", record.spec.workload.image),
						"application": record.spec.workload.release.as_ref().map(|release| release.application),
						"release": record.spec.workload.release.as_ref().map(|release| release.number),
						"revision": record.revision,
						"replicas": record.spec.replicas,
						"running": record.placed.0.len(),
						"missing": record.missing.count_ones(),
						"budget": amount::show(record.budget),
						"attempt": record.attempt,
						"expires_at": record.expires_at,
					})
				})
				.collect())
		}
		Command::Show { request } => {
			let leases = leases(context).await?;
			Ok(leases
				.iter()
				.filter(|(_, lease)| lease.request == request)
				.map(|(id, lease)| document(*id, lease))
				.collect())
		}
		Command::Leases => Ok(leases(context)
			.await?
			.iter()
			.map(|(id, lease)| document(*id, lease))
			.collect()),
		Command::Call { lease, body, path } => call(context, lease, &body, &path).await,
		Command::Access(command) => access::run(context, command).await,
		Command::Update(update) => update::update(context, *update).await,
		Command::Cancel { request } => {
			context.submit(&workspaces.cancel_request(request)).await?;
			Ok(done("cancelled"))
		}
		Command::Terminate { lease } => {
			context.submit(&workspaces.terminate(lease)).await?;
			Ok(done("terminated"))
		}
		Command::Expire { lease } => {
			context.submit(&workspaces.expire(lease)).await?;
			Ok(done("expired"))
		}
	}
}

async fn leases(context: &Context) -> Result<Vec<(u64, Lease)>, Failure> {
	let at = context.state().await?;
	let leases = entries!(at, storage().workspaces().leases());
	Ok(leases
		.into_iter()
		.map(|((id,), lease)| (id, lease))
		.collect())
}

fn document(id: u64, lease: &Lease) -> serde_json::Value {
	json!({
		"lease": id,
		"request": lease.request,
		"replica": lease.replica,
		"uid": lease.uid,
		"vid": lease.vid,
		"node": lease.node,
		"generation": lease.generation,
		"revision": lease.revision,
		"not_updated": lease.refused.as_ref().map(|(revision, why)| format!("to {revision}: {why:?}")),
		"state": format!("{:?}", lease.state),
		"endpoint": text(&lease.endpoint.0),
		"ends_at": lease.ends_at,
	})
}

async fn publish(
	context: &Context,
	module: Option<PathBuf>,
	digest: Option<usufruct_client::H256>,
	reference: Option<String>,
) -> Outcome {
	let (digest, kind, reference, size) = match (module, digest) {
		(Some(path), _) => {
			let unreadable = |error: std::io::Error| {
				Failure::Configuration(format!("{} is not readable: {error}", path.display()))
			};
			let bytes = std::fs::read(&path).map_err(unreadable)?;
			if !bytes.starts_with(b"\0asm") {
				return Err(Failure::Configuration(format!(
					"{} is not a WebAssembly module",
					path.display()
				)));
			}
			let whole = path
				.canonicalize()
				.map_err(unreadable)?
				.display()
				.to_string();
			let digest: [u8; 32] = blake3::hash(&bytes).into();
			if reference.is_none() {
				eprintln!(
					"note: agents fetch modules by --reference https://…; {whole} serves only those that were told to take it"
				);
			}
			(
				digest.into(),
				ImageKind::Wasm,
				reference.unwrap_or(whole),
				bytes.len() as u64,
			)
		}
		(None, Some(digest)) => (digest, ImageKind::Oci, reference.unwrap_or_default(), 0),
		(None, None) => return Err(Failure::Usage("give a module or --digest".into())),
	};
	if reference.len() > 256 {
		return Err(Failure::Usage(format!(
			"a reference has at most 256 bytes, this has {}",
			reference.len()
		)));
	}
	let bytes = BoundedVec(reference.clone().into_bytes());
	context
		.submit(&tx().workspaces().publish_image(digest, kind, bytes, size))
		.await?;
	Ok(json!({ "image": format!("{digest:?}"), "reference": reference }))
}

/// The workspace as the chain is asked for it, and what its author asks per block.
async fn specify(
	context: &Context,
	run: Run,
) -> Result<(types::WorkspaceSpec<AccountId32>, u128), Failure> {
	let subject = run.subject.resolve(context).await?;
	let mut requirement = run.wants.into_requirement(run.max_price);
	// What the author says that it needs, and what the tenant asks for beyond that.
	let needs = subject.needs;
	let capacity = &mut requirement.capacity;
	capacity.cpu_millis = capacity.cpu_millis.max(needs.capacity.cpu_millis);
	capacity.memory_mib = capacity.memory_mib.max(needs.capacity.memory_mib);
	capacity.disk_mib = capacity.disk_mib.max(needs.capacity.disk_mib);
	requirement.gpus = requirement.gpus.max(needs.gpus);
	requirement.gpu_memory_mib = requirement.gpu_memory_mib.max(needs.gpu_memory_mib);
	let spec = types::WorkspaceSpec {
		workload: subject.workload,
		requirement,
		replicas: run.replicas,
		term: run.term,
	};
	Ok((spec, subject.royalty))
}

async fn request(context: &Context, run: Run) -> Outcome {
	run.wants.check().map_err(Failure::Usage)?;
	let (max_price, budget) = (run.max_price, run.budget);
	let (window, lifetime) = (run.window, run.lifetime);
	let (wait, replicas, term) = (run.wait, run.replicas, run.term);
	let (spec, royalty) = specify(context, run).await?;
	let needed = max_price
		.checked_add(royalty)
		.and_then(|price| price.checked_mul(term.into()))
		.and_then(|price| price.checked_mul(replicas.into()))
		.ok_or_else(|| Failure::Usage("price × term × replicas is too large".into()))?;
	let author = match royalty {
		0 => String::new(),
		more => format!(" and {} for the author", amount::show(more)),
	};
	context.say(&format!(
		"at most {}{author} per block: {} are held for {term} blocks and {replicas} replicas",
		amount::show(max_price),
		amount::show(needed),
	));
	let budget = budget.unwrap_or(needed);
	let call = tx().workspaces().request(spec, budget, window, lifetime);
	start(context, &call, replicas, wait).await
}

/// Submits a call that asks for a workspace, and waits until all replicas run if that is wanted.
pub(super) async fn start(
	context: &Context,
	call: &impl usufruct_client::Payload,
	replicas: u8,
	wait: bool,
) -> Outcome {
	let before = context.state().await?.block_number();
	let sent = context.submit(call).await?;
	let event = sent.event::<api::workspaces::events::WorkspaceRequested>()?;
	if !wait {
		return Ok(json!({ "request": event.request }));
	}
	follow(context, event.request, replicas.into(), before).await
}

/// Waits until all replicas run, or a batch job is done, telling each step.
async fn follow(context: &Context, request: u64, replicas: usize, from: u64) -> Outcome {
	use api::workspaces::events::{LeaseEnded, LeaseOpened};
	let begun = Instant::now();
	let (mut last, mut block) = (String::new(), from);
	let mut own = BTreeSet::new();
	let mut ends = Vec::new();
	let mut finished = 0;
	while begun.elapsed() < PATIENCE {
		let at = context.state().await?;
		let now = at.block_number();
		let client = &context.client;
		for events in client.events_between(block, now).await? {
			for opened in events.find::<LeaseOpened>() {
				let opened = opened.map_err(unreadable)?;
				if opened.request == request {
					own.insert(opened.lease);
				}
			}
			for ended in events.find::<LeaseEnded>() {
				let ended = ended.map_err(unreadable)?;
				if own.contains(&ended.lease) {
					let end = format!("lease {} ended: {:?}", ended.lease, ended.reason);
					context.say(&end);
					ends.push(end);
					finished += usize::from(ended.reason == EndReason::Finished);
				}
			}
		}
		block = now.max(block);
		let mut mine = leases(context).await?;
		mine.retain(|(_, lease)| lease.request == request);
		let running = |(_, lease): &&(u64, Lease)| lease.state == LeaseState::Running;
		if mine.iter().filter(running).count() + finished == replicas {
			let leases: Vec<_> = mine
				.iter()
				.map(|(id, lease)| document(*id, lease))
				.collect();
			return Ok(json!({ "request": request, "leases": leases, "finished": finished }));
		}
		let record = entry!(at, storage().workspaces().requests(), (request,));
		if now > from && record.is_none() {
			let why = if ends.is_empty() {
				"it was taken back".into()
			} else {
				ends.join("; ")
			};
			return Err(Failure::Gone(format!(
				"request {request} is over and does not run: {why}"
			)));
		}
		let step = match mine.as_slice() {
			[] => "waiting for a machine".into(),
			some => some
				.iter()
				.map(|(id, lease)| format!("lease {id} on node {}: {:?}", lease.node, lease.state))
				.collect::<Vec<_>>()
				.join(", "),
		};
		if step != last {
			context.say(&step);
			last = step;
		}
		tokio::time::sleep(Duration::from_secs(1)).await;
	}
	Err(Failure::Gone(format!(
		"request {request} does not run after 15 minutes. It is still open: `usufruct workspace \
		 cancel {request}` takes it back; `usufruct market listings` shows what there is"
	)))
}

async fn call(context: &Context, lease: u64, body: &str, path: &str) -> Outcome {
	let at = context.state().await?;
	let record = entry!(at, storage().workspaces().leases(), (lease,))
		.ok_or_else(|| Failure::Gone(format!("there is no lease {lease}: it ended")))?;
	let endpoint = text(&record.endpoint.0);
	if endpoint.is_empty() {
		return Err(Failure::Gone(format!(
			"lease {lease} has no endpoint yet: {:?}",
			record.state
		)));
	}
	let (url, body) = (format!("http://{endpoint}{path}"), body.to_string());
	let answer = tokio::task::spawn_blocking(move || {
		let agent: ureq::Agent = ureq::Agent::config_builder()
			.timeout_global(Some(Duration::from_secs(30)))
			.http_status_as_error(false)
			.build()
			.into();
		let mut response = agent
			.post(&url)
			.send(body)
			.map_err(|error| error.to_string())?;
		let status = response.status().as_u16();
		let text = response
			.body_mut()
			.with_config()
			.limit(MAX_ANSWER)
			.read_to_string()
			.map_err(|error| error.to_string())?;
		Ok::<_, String>((status, text))
	})
	.await
	.map_err(|error| Failure::Gone(error.to_string()))?;
	let (status, answer) = answer.map_err(|error| {
		Failure::Gone(format!(
			"the workspace at {endpoint} does not answer: {error}"
		))
	})?;
	Ok(json!({ "lease": lease, "status": status, "answer": answer }))
}
