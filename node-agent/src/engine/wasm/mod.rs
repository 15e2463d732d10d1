//! WebAssembly modules as workspaces: WASI preview 1, without files, network or clocks of the host's
//! making, with limits on fuel, memory, time and output.
//!
//! A module with a port is called as WAGI calls it: each HTTP request runs `_start` in a fresh
//! instance, with the body on standard input and `REQUEST_METHOD`, `PATH_INFO` and `QUERY_STRING` in
//! the environment; standard output is the answer. One without a port runs once.

mod module;

use std::{
	collections::HashMap,
	path::Path,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::Duration,
};

use axum::{
	body::{to_bytes, Body},
	http::{Request, StatusCode},
	response::{IntoResponse, Response},
	Router,
};
use tokio::sync::Semaphore;
use usufruct_access::message::{Channel, Step};
use wasmtime::{Config, Engine, Module};

use self::module::Program;
use super::{
	log::Log,
	modules::{Modules, Sources},
	progress::Tracker,
	Failure, Started,
};
use crate::{
	access::Secrets,
	domain::{Actual, Condition, DesiredLease, Identity},
};

/// Largest body of a request, and of an answer.
const MAX_BODY: usize = 1 << 20;
/// Instructions, roughly, of one run: some seconds.
const FUEL: u64 = 20_000_000_000;
/// Longest run in ticks of a tenth of a second: ends what computes without using fuel.
const TICKS: u64 = 300;
/// Longest run: ends what waits in a function of its host, where no instruction is counted.
const LONGEST: Duration = Duration::from_secs(30);
/// Runs at once of one workspace; more wait.
const CONCURRENCY: usize = 4;

struct Running {
	generation: u32,
	identity: Identity,
	endpoint: String,
	server: tokio::task::JoinHandle<()>,
}

impl Drop for Running {
	fn drop(&mut self) {
		self.server.abort();
	}
}

/// Runs modules in this process.
pub struct WasmEngine {
	engine: Engine,
	modules: Arc<Modules>,
	public_address: String,
	running: Mutex<HashMap<u64, Running>>,
	logs: Mutex<HashMap<u64, (u32, Arc<Log>)>>,
	secrets: Option<Secrets>,
}

impl std::fmt::Debug for WasmEngine {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_struct("WasmEngine")
			.field("modules", &self.modules)
			.finish_non_exhaustive()
	}
}

impl WasmEngine {
	/// Prepares the engine.
	///
	/// # Errors
	///
	/// Where the modules' folder cannot be created or the compiler does not know the processor.
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
		let modules = Modules::new(data_dir.join("modules"), sources)?;
		Ok(Self {
			engine,
			modules: modules.into(),
			public_address: public_address.into(),
			running: Mutex::default(),
			logs: Mutex::default(),
			secrets,
		})
	}

	fn logs(&self) -> MutexGuard<'_, HashMap<u64, (u32, Arc<Log>)>> {
		self.logs.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// What the lease's module wrote; `None` where no module was started for it.
	pub fn log(&self, lease: u64) -> Option<Arc<Log>> {
		self.logs().get(&lease).map(|(_, log)| log.clone())
	}

	/// Forgets the logs of all leases but these.
	pub fn keep_logs(&self, is_kept: impl Fn(u64, u32) -> bool) {
		self.logs()
			.retain(|lease, (generation, _)| is_kept(*lease, *generation));
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

	/// Stops a lease.
	pub fn stop(&self, lease: u64) {
		self.running().remove(&lease);
	}

	/// Gets the module and starts it.
	///
	/// # Errors
	///
	/// [`Failure`].
	pub async fn start(&self, lease: &DesiredLease, tracker: &Tracker) -> Result<Started, Failure> {
		let bytes = self.dispense(lease, tracker).await?;
		tracker.step(Step::Extracting);
		let engine = self.engine.clone();
		let module = tokio::task::spawn_blocking(move || Module::new(&engine, bytes))
			.await
			.map_err(|error| Failure::Crashed(error.to_string()))?
			.map_err(|error| Failure::Crashed(format!("not a module that runs here: {error:#}")))?;
		let log = Arc::new(Log::default());
		self.logs()
			.insert(lease.lease, (lease.generation, log.clone()));
		let variables = match &self.secrets {
			Some(secrets) => secrets.variables(lease.lease, lease.generation)?,
			None => Vec::new(),
		};
		let program = Program {
			variables,
			log,
			engine: self.engine.clone(),
			module,
			memory: (lease.memory_mib.clamp(1, 4_096) as usize) << 20,
			arguments: lease.command.clone(),
		};
		if lease.port.is_none() {
			let run = move || {
				let output = program.run(Vec::new(), &[])?;
				program.log.write(Channel::Out, &output);
				Ok(())
			};
			tokio::task::spawn_blocking(run)
				.await
				.map_err(|error| Failure::Crashed(error.to_string()))??;
			return Ok(Started::Finished);
		}
		let address = format!("{}:0", self.public_address);
		let listener = tokio::net::TcpListener::bind(&address)
			.await
			.map_err(|error| Failure::NoSpace(format!("no port on {address}: {error}")))?;
		let endpoint = listener
			.local_addr()
			.map_err(|error| Failure::NoSpace(error.to_string()))?
			.to_string();
		let gate = Arc::new(Semaphore::new(CONCURRENCY));
		let router = Router::new()
			.fallback(move |request: Request<Body>| answer(program.clone(), gate.clone(), request));
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
		};
		self.running().insert(lease.lease, running);
		Ok(Started::Running(endpoint))
	}

	/// Whether the module is there.
	pub fn has_image(&self, lease: &DesiredLease) -> bool {
		self.modules.has(&lease.digest)
	}

	/// The module's bytes, which are what the digest says.
	async fn dispense(&self, lease: &DesiredLease, tracker: &Tracker) -> Result<Vec<u8>, Failure> {
		let (modules, tracker) = (self.modules.clone(), tracker.clone());
		let (digest, reference) = (lease.digest, lease.reference.clone());
		tokio::task::spawn_blocking(move || modules.get(digest, &reference, &tracker))
			.await
			.map_err(|error| Failure::Crashed(error.to_string()))?
	}
}

async fn answer(program: Program, gate: Arc<Semaphore>, request: Request<Body>) -> Response {
	let Ok(_permit) = gate.acquire_owned().await else {
		return StatusCode::SERVICE_UNAVAILABLE.into_response();
	};
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
	let log = program.log.clone();
	let run = tokio::task::spawn_blocking(move || program.run(body.to_vec(), &environment));
	match run.await {
		Ok(Ok(output)) => output.into_response(),
		Ok(Err(failure)) => {
			let text = format!("{failure}\n");
			log.write(Channel::Err, text.as_bytes());
			(StatusCode::BAD_GATEWAY, text).into_response()
		}
		Err(error) => (StatusCode::BAD_GATEWAY, format!("{error}\n")).into_response(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::domain::{ImageKind, Isolation};

	const ECHO: &str = r#"(module
		(import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
		(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
		(memory (export "memory") 1)
		(func (export "_start")
			(i32.store (i32.const 0) (i32.const 64))
			(i32.store (i32.const 4) (i32.const 1024))
			(drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
			(i32.store (i32.const 4) (i32.load (i32.const 8)))
			(drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

	/// Modules come from the test's own folder.
	fn local(folder: &Path) -> Sources {
		Sources {
			local: Some(folder.into()),
			..Default::default()
		}
	}

	struct Bench {
		engine: WasmEngine,
		folder: tempfile::TempDir,
	}

	impl Bench {
		fn new() -> Self {
			let folder = tempfile::tempdir().unwrap();
			Self {
				engine: WasmEngine::new(folder.path(), "127.0.0.1", None, local(folder.path()))
					.unwrap(),
				folder,
			}
		}

		fn lease(&self, text: &str, port: Option<u16>) -> DesiredLease {
			let bytes = wat::parse_str(text).unwrap();
			let path = self.folder.path().join("module.wasm");
			std::fs::write(&path, &bytes).unwrap();
			DesiredLease {
				lease: 1,
				generation: 0,
				kind: ImageKind::Wasm,
				isolation: Isolation::Wasm,
				release: None,
				digest: blake3::hash(&bytes).into(),
				reference: path.display().to_string(),
				command: vec![],
				port,
				cpu_millis: 0,
				memory_mib: 4,
				parts: vec![],
				gpus: 0,
				opened_at: 1,
				endpoint: None,
				..Default::default()
			}
		}

		async fn batch(&self, text: &str) -> Result<Started, Failure> {
			self.engine
				.start(&self.lease(text, None), &Tracker::silent())
				.await
		}
	}

	#[tokio::test]
	async fn a_module_with_a_port_answers_what_it_is_asked() {
		use tokio::io::{AsyncReadExt, AsyncWriteExt};
		let bench = Bench::new();
		let Started::Running(endpoint) = bench
			.engine
			.start(&bench.lease(ECHO, Some(80)), &Tracker::silent())
			.await
			.unwrap()
		else {
			panic!("it has a port")
		};
		let mut stream = tokio::net::TcpStream::connect(&endpoint).await.unwrap();
		let request =
			"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello";
		stream.write_all(request.as_bytes()).await.unwrap();
		let mut text = String::new();
		stream.read_to_string(&mut text).await.unwrap();
		assert!(
			text.starts_with("HTTP/1.1 200") && text.ends_with("hello"),
			"{text}"
		);
		assert_eq!(
			bench.engine.list()[0].condition,
			Condition::Running(endpoint)
		);
		bench.engine.stop(1);
		assert!(bench.engine.list().is_empty());
	}

	#[tokio::test]
	async fn a_module_that_traps_crashes_alone() {
		let bench = Bench::new();
		let trap = r#"(module (memory (export "memory") 1) (func (export "_start") unreachable))"#;
		assert!(matches!(bench.batch(trap).await, Err(Failure::Crashed(_))));
		assert_eq!(bench.batch(ECHO).await, Ok(Started::Finished));
	}

	#[tokio::test]
	async fn a_module_that_loops_without_end_runs_out() {
		let endless =
			r#"(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))"#;
		assert!(matches!(
			Bench::new().batch(endless).await,
			Err(Failure::LimitExceeded(_))
		));
	}

	#[tokio::test]
	async fn a_module_that_waits_without_end_is_ended_and_frees_its_thread() {
		let sleeps = r#"(module
			(import "wasi_snapshot_preview1" "poll_oneoff"
				(func $wait (param i32 i32 i32 i32) (result i32)))
			(memory (export "memory") 1)
			(func (export "_start")
				(i32.store (i32.const 16) (i32.const 1))
				(i64.store (i32.const 24) (i64.const 3600000000000))
				(drop (call $wait (i32.const 0) (i32.const 400) (i32.const 1) (i32.const 480)))))"#;
		let failure = Bench::new().batch(sleeps).await.unwrap_err();
		assert!(
			matches!(&failure, Failure::LimitExceeded(text) if text.contains("seconds")),
			"{failure}"
		);
	}

	#[tokio::test]
	async fn a_module_that_grows_without_end_is_stopped_at_its_limit() {
		let hungry = r#"(module (memory (export "memory") 1)
			(func (export "_start") (loop (drop (memory.grow (i32.const 16))) (br 0))))"#;
		let failure = Bench::new().batch(hungry).await.unwrap_err();
		assert!(
			matches!(&failure, Failure::LimitExceeded(text) if text.contains("memory")),
			"{failure}"
		);
	}

	#[tokio::test]
	async fn a_module_that_is_not_what_its_digest_says_does_not_run() {
		let bench = Bench::new();
		let mut lease = bench.lease(ECHO, None);
		lease.digest[0] ^= 1;
		let result = bench.engine.start(&lease, &Tracker::silent()).await;
		assert!(matches!(result, Err(Failure::WrongDigest(_))));
	}

	#[tokio::test]
	async fn a_module_that_is_nowhere_is_named() {
		let bench = Bench::new();
		let mut lease = bench.lease(ECHO, None);
		lease.reference = "/nowhere.wasm".into();
		let failure = bench
			.engine
			.start(&lease, &Tracker::silent())
			.await
			.unwrap_err();
		assert!(matches!(&failure, Failure::ImageNotFound(text) if text.contains("/nowhere.wasm")));
	}
}
