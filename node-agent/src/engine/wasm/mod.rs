//! WebAssembly as workspaces, in this process: core modules of WASI preview 1 ([`module`]) and components of preview 2
//! ([`component`]); an image's bytes say which it is. Both have limits on fuel, memory, time, output and how many run at once, and burn
//! what their lease bought of the processor ([`fuel`]). Components have files, too ([`files`]), and may ask others by HTTP
//! ([`outgoing`]).
//!
//! A module with a port is called as WAGI calls it: each HTTP request runs `_start` in a fresh
//! instance, with the body on standard input and `REQUEST_METHOD`, `PATH_INFO` and `QUERY_STRING` in
//! the environment; standard output is the answer. A component with a port answers by `wasi:http`. What has no port runs once.

mod body;
mod component;
mod files;
pub mod fuel;
mod ledger;
mod limits;
mod module;
mod outgoing;
mod sockets;
#[cfg(test)]
mod tests;

use std::{
	borrow::Cow,
	collections::HashMap,
	fs, io,
	os::unix::fs::DirBuilderExt,
	path::{Path, PathBuf},
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::Duration,
};

use axum::{
	body::{to_bytes, Body},
	http::{header, Request, StatusCode},
	response::{IntoResponse, Response},
	Router,
};
use prometheus::core::Collector;
use tokio::sync::{oneshot, Semaphore};
use usufruct_access::message::{Channel, Step};
use wasmtime::{Config, Engine};

use self::{
	files::Folder,
	fuel::{Account, Usage},
	module::MAX_BODY,
	outgoing::Outgoing,
};
use super::{log::Log, modules::Modules, progress::Tracker, sources::Sources, Failure, Started};
use crate::{
	access::Secrets,
	domain::{Actual, Condition, DesiredLease, Identity, Image},
};

/// Runs at once of one workspace; more wait.
const CONCURRENCY: usize = 4;
/// Longest that they do.
const QUEUE: Duration = Duration::from_secs(30);

struct Running {
	generation: u32,
	identity: Identity,
	endpoint: String,
	server: tokio::task::JoinHandle<()>,
	gate: Arc<Semaphore>,
}

impl Drop for Running {
	fn drop(&mut self) {
		// Connections that tenants keep open outlive the server; nothing runs for them any more.
		self.gate.close();
		self.server.abort();
	}
}

/// What a lease gives to whatever runs for it.
struct Tenant {
	/// In bytes.
	memory: usize,
	arguments: Vec<String>,
	/// The tenant's variables, which may be secret.
	variables: Vec<(String, String)>,
	log: Arc<Log>,
	account: Arc<Account>,
}

/// What is kept of a lease for as long as it is open, whether or not it runs.
struct Kept {
	generation: u32,
	log: Arc<Log>,
	account: Arc<Account>,
	/// Where disk was bought.
	folder: Option<Folder>,
}

/// Runs WebAssembly in this process.
pub struct WasmEngine {
	engine: Engine,
	modules: Arc<Modules>,
	public_address: String,
	/// Where the folders of leases are.
	folders: PathBuf,
	running: Mutex<HashMap<u64, Running>>,
	kept: Mutex<HashMap<u64, Kept>>,
	usage: Usage,
	outgoing: Outgoing,
	secrets: Option<Secrets>,
}

impl std::fmt::Debug for WasmEngine {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_struct("WasmEngine")
			.field("modules", &self.modules)
			.finish_non_exhaustive()
	}
}

/// What an image is.
#[derive(Clone)]
enum Program {
	Module(module::Program),
	Component(component::Program),
}

/// Whether bytes are a component, and not a core module: what the two bytes after the version say.
fn is_component(bytes: &[u8]) -> bool {
	matches!(bytes, [0, b'a', b's', b'm', _, _, 1, 0, ..])
}

/// Opens the lease's folder, where disk was bought, and removes those of others that had its number: on a fork, or in an
/// earlier generation. It stays when the lease gets another workload. One that is open goes on to be used, since what is
/// being ended may write to it still: two ledgers would each let as much be written as was bought. Blocks.
fn open_folder(
	folders: &Path,
	lease: &DesiredLease,
	open: Option<Folder>,
) -> io::Result<Option<Folder>> {
	let (number, generation) = (lease.lease, lease.generation);
	let name = format!("{number}-{generation}-{:016x}", lease.identity().lease);
	let of_lease = format!("{number}-");
	remove_folders(folders, |other| {
		other.starts_with(&of_lease) && other != name
	})?;
	if lease.disk_mib == 0 {
		return Ok(None);
	}
	let (path, limit) = (folders.join(name), u64::from(lease.disk_mib) << 20);
	match open.filter(|open| open.is(&path, limit)) {
		Some(open) => Ok(Some(open)),
		None => Folder::open(path, limit).map(Some),
	}
}

/// Removes the folders of leases whose names this says of. Blocks.
fn remove_folders(folders: &Path, is_over: impl Fn(&str) -> bool) -> io::Result<()> {
	for entry in fs::read_dir(folders)? {
		let entry = entry?;
		if entry.file_name().to_str().is_some_and(&is_over) {
			fs::remove_dir_all(entry.path())?;
		}
	}
	Ok(())
}

impl WasmEngine {
	/// Prepares the engine.
	///
	/// # Errors
	///
	/// Where a folder cannot be created or the compiler does not know the processor.
	pub fn new(
		data_dir: &Path,
		public_address: &str,
		secrets: Option<Secrets>,
		sources: Sources,
	) -> eyre::Result<Self> {
		let mut config = Config::new();
		config
			.async_support(true)
			// Shared memory is not counted by a store's limits, and nothing here starts threads.
			.wasm_threads(false)
			.consume_fuel(true)
			.epoch_interruption(true);
		let engine = Engine::new(&config).map_err(|error| eyre::eyre!("{error:#}"))?;
		let ticker = engine.weak();
		// Ends with the engine: nothing is left to tick for.
		std::thread::Builder::new()
			.name("wasm-epochs".into())
			.spawn(move || {
				while let Some(engine) = ticker.upgrade() {
					engine.increment_epoch();
					drop(engine);
					std::thread::sleep(Duration::from_millis(100));
				}
			})?;
		let outgoing = Outgoing::new(sources.private)?;
		let modules = Modules::new(data_dir.join("modules"), sources)?;
		let folders = data_dir.join("files");
		// Tenants' files are nobody's business but the agent's.
		fs::DirBuilder::new()
			.recursive(true)
			.mode(0o700)
			.create(&folders)?;
		Ok(Self {
			engine,
			modules: modules.into(),
			public_address: public_address.into(),
			folders,
			running: Mutex::default(),
			kept: Mutex::default(),
			usage: Usage::new()?,
			outgoing,
			secrets,
		})
	}

	fn kept(&self) -> MutexGuard<'_, HashMap<u64, Kept>> {
		self.kept.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// What the lease's workspace wrote; `None` where none was started for it.
	pub fn log(&self, lease: u64) -> Option<Arc<Log>> {
		self.kept().get(&lease).map(|kept| kept.log.clone())
	}

	/// Fuel and processor time that a lease used; `None` where nothing was started for it.
	pub fn used(&self, lease: u64) -> Option<(u64, Duration)> {
		self.log(lease).map(|_| self.usage.of(lease))
	}

	/// What tells how much leases used.
	pub fn collectors(&self) -> Vec<Box<dyn Collector>> {
		self.usage.collectors()
	}

	/// Forgets the logs, counts and files of all leases but these.
	pub fn keep(&self, is_kept: impl Fn(u64, u32) -> bool) {
		self.kept().retain(|lease, kept| {
			let stays = is_kept(*lease, kept.generation);
			if !stays {
				kept.account.close();
				self.usage.forget(*lease);
			}
			stays
		});
		let is_over = |name: &str| {
			let mut numbers = name.split('-');
			let lease = numbers.next().and_then(|text| text.parse().ok());
			let generation = numbers.next().and_then(|text| text.parse().ok());
			matches!((lease, generation), (Some(lease), Some(generation)) if !is_kept(lease, generation))
		};
		if let Err(error) = remove_folders(&self.folders, is_over) {
			// A run that is being ended may have one file open still: it is tried again with the next block.
			tracing::debug!(%error, "the files of a lease that is over are not removed yet");
		}
	}

	fn running(&self) -> MutexGuard<'_, HashMap<u64, Running>> {
		self.running.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Everything that runs for a lease.
	pub fn list(&self) -> Vec<Actual> {
		let alive = |running: &&Running| !running.server.is_finished();
		self.running()
			.iter()
			.filter(|(_, running)| alive(running))
			.map(|(lease, running)| Actual {
				lease: *lease,
				generation: running.generation,
				identity: Some(running.identity),
				condition: Condition::Running(running.endpoint.clone()),
			})
			.collect()
	}

	/// Stops a lease, and whatever runs for it.
	pub fn stop(&self, lease: u64) {
		self.running().remove(&lease);
		if let Some(kept) = self.kept().get(&lease) {
			kept.account.close();
		}
	}

	/// Gets the image and starts it.
	///
	/// # Errors
	///
	/// [`Failure`].
	pub async fn start(&self, lease: &DesiredLease, tracker: &Tracker) -> Result<Started, Failure> {
		let bytes = self.dispense(&lease.image(), tracker).await?;
		tracker.step(Step::Extracting);
		let program = self.prepare(lease, bytes).await?;
		let Some(_) = lease.port else {
			tokio::task::spawn_blocking(move || program.run())
				.await
				.map_err(|error| Failure::Crashed(error.to_string()))??;
			return Ok(Started::Finished);
		};
		let address = format!("{}:0", self.public_address);
		let listener = tokio::net::TcpListener::bind(&address)
			.await
			.map_err(|error| Failure::NoSpace(format!("no port on {address}: {error}")))?;
		let endpoint = listener
			.local_addr()
			.map_err(|error| Failure::NoSpace(error.to_string()))?
			.to_string();
		let gate = Arc::new(Semaphore::new(CONCURRENCY));
		let router = Router::new().fallback({
			let gate = gate.clone();
			move |request: Request<Body>| answer(program.clone(), gate.clone(), request)
		});
		let server = tokio::spawn(async move {
			if let Err(error) = axum::serve(listener, router).await {
				tracing::warn!(%error, "a workspace's server ended");
			}
		});
		let running = Running {
			generation: lease.generation,
			identity: lease.identity(),
			endpoint: endpoint.clone(),
			server,
			gate,
		};
		self.running().insert(lease.lease, running);
		Ok(Started::Running(endpoint))
	}

	/// The folder of a lease that ran here before, and may run still.
	fn open_folder(&self, lease: u64) -> Option<Folder> {
		self.kept().get(&lease)?.folder.clone()
	}

	/// Makes ready what runs for a lease.
	async fn prepare(&self, lease: &DesiredLease, bytes: Vec<u8>) -> Result<Program, Failure> {
		let log = Arc::new(Log::default());
		let account = self.usage.open(lease.lease, lease.cpu_millis);
		let mut kept = Kept {
			generation: lease.generation,
			log: log.clone(),
			account: account.clone(),
			folder: None,
		};
		let open = self.open_folder(lease.lease);
		let variables = match &self.secrets {
			Some(secrets) => secrets.variables(lease.lease, lease.generation)?,
			None => Vec::new(),
		};
		let tenant = Arc::new(Tenant {
			variables,
			log,
			account,
			memory: (lease.memory_mib.clamp(1, 4_096) as usize) << 20,
			arguments: lease.command.clone(),
		});
		let (engine, is_service) = (self.engine.clone(), lease.port.is_some());
		let outgoing = self.outgoing.for_another();
		let (folders, wanted) = (self.folders.clone(), lease.clone());
		let compile = move || {
			let folder = open_folder(&folders, &wanted, open)
				.map_err(|error| Failure::NoSpace(format!("no folder for the lease: {error}")))?;
			let given = folder.clone();
			let bytes: Cow<'_, [u8]> = wat::parse_bytes(&bytes)
				.map_err(|error| Failure::Crashed(format!("not WebAssembly: {error}")))?;
			let program = if is_component(&bytes) {
				component::Program::new(&engine, &bytes, is_service, tenant, given, outgoing)
					.map(Program::Component)
			} else {
				module::Program::new(&engine, &bytes, tenant).map(Program::Module)
			};
			program.map(|program| (program, folder))
		};
		let (program, folder) = tokio::task::spawn_blocking(compile)
			.await
			.map_err(|error| Failure::Crashed(error.to_string()))??;
		kept.folder = folder;
		// What ran before an update goes on until there is something in its place.
		if let Some(before) = self.kept().insert(lease.lease, kept) {
			before.account.close();
		}
		Ok(program)
	}

	/// Whether the image is there.
	pub fn has_image(&self, image: &Image) -> bool {
		self.modules.has(&image.digest)
	}

	/// Gets a module that may be needed soon.
	///
	/// # Errors
	///
	/// [`Failure`].
	pub async fn prefetch(&self, image: &Image) -> Result<(), Failure> {
		self.dispense(image, &Tracker::silent()).await.map(drop)
	}

	/// The image's bytes, which are what the digest says.
	async fn dispense(&self, image: &Image, tracker: &Tracker) -> Result<Vec<u8>, Failure> {
		let (modules, tracker) = (self.modules.clone(), tracker.clone());
		let (digest, reference) = (image.digest, image.reference.clone());
		tokio::task::spawn_blocking(move || modules.get(digest, &reference, &tracker))
			.await
			.map_err(|error| Failure::Crashed(error.to_string()))?
	}
}

impl Program {
	fn tenant(&self) -> &Tenant {
		match self {
			Self::Module(program) => program.tenant(),
			Self::Component(program) => program.tenant(),
		}
	}

	/// Runs a job, on this thread.
	fn run(&self) -> Result<(), Failure> {
		match self {
			Self::Module(program) => {
				let output = program.run(Vec::new(), &[])?;
				program.tenant().log.write(Channel::Out, &output);
				Ok(())
			}
			Self::Component(program) => program.run(),
		}
	}
}

async fn answer(program: Program, gate: Arc<Semaphore>, request: Request<Body>) -> Response {
	let Ok(Ok(permit)) = tokio::time::timeout(QUEUE, gate.acquire_owned()).await else {
		return later(QUEUE, "too many requests are being answered");
	};
	if let Err(wait) = program.tenant().account.ready().await {
		return later(wait, "the lease's share of the processor is used up");
	}
	let answered = match program {
		Program::Module(program) => answer_of_module(program, request).await,
		Program::Component(program) => return answer_of_component(program, permit, request).await,
	};
	drop(permit);
	answered
}

async fn answer_of_module(program: module::Program, request: Request<Body>) -> Response {
	let (parts, body) = request.into_parts();
	let environment = [
		("REQUEST_METHOD", parts.method.to_string()),
		("PATH_INFO", parts.uri.path().to_string()),
		("QUERY_STRING", parts.uri.query().unwrap_or("").to_string()),
	];
	let Ok(body) = to_bytes(body, MAX_BODY).await else {
		let text = format!("a body has at most {MAX_BODY} bytes\n");
		return (StatusCode::PAYLOAD_TOO_LARGE, text).into_response();
	};
	let run = move || {
		let output = program.run(body.to_vec(), &environment);
		output.inspect_err(|failure| tell(program.tenant(), failure))
	};
	match tokio::task::spawn_blocking(run).await {
		Ok(Ok(output)) => output.into_response(),
		Ok(Err(failure)) => bad_gateway(failure),
		Err(error) => bad_gateway(error),
	}
}

/// The answer comes when the component gives it, and its body as the component writes it; the run goes on until the
/// component returns, and counts as one until then.
async fn answer_of_component(
	program: component::Program,
	permit: tokio::sync::OwnedSemaphorePermit,
	request: Request<Body>,
) -> Response {
	let (sender, answer) = oneshot::channel();
	let run = tokio::task::spawn_blocking(move || {
		let _permit = permit;
		let result = program.answer(request, sender);
		result.inspect_err(|failure| tell(program.tenant(), failure))
	});
	match answer.await {
		Ok(Ok(answer)) => component::passed_on(answer),
		Ok(Err(code)) => bad_gateway(code),
		// It gave none: how it ended says why.
		Err(_) => match run.await {
			Ok(Ok(())) => bad_gateway("the component gave no answer"),
			Ok(Err(failure)) => bad_gateway(failure),
			Err(error) => bad_gateway(error),
		},
	}
}

fn tell(tenant: &Tenant, failure: &Failure) {
	let text = format!("{failure}\n");
	tenant.log.write(Channel::Err, text.as_bytes());
}

fn later(wait: Duration, why: &str) -> Response {
	let seconds = wait.as_secs().saturating_add(1).to_string();
	let head = [(header::RETRY_AFTER, seconds)];
	let text = format!("{why}; ask again later\n");
	(StatusCode::SERVICE_UNAVAILABLE, head, text).into_response()
}

fn bad_gateway(why: impl std::fmt::Display) -> Response {
	(StatusCode::BAD_GATEWAY, format!("{why}\n")).into_response()
}
