//! What tenants do with what runs here: read its log, run a command in it, connect to its ports, start
//! it again. Who may, was decided before.

use std::{net::IpAddr, pin::Pin, sync::Arc, time::Duration};

use bollard::{
	container::LogOutput,
	exec::{CreateExecOptions, ResizeExecOptions, StartExecOptions, StartExecResults},
	models::{ContainerInspectResponse, ContainerStateStatusEnum},
	query_parameters::{LogsOptionsBuilder, StatsOptionsBuilder},
};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use tokio::{io::AsyncWrite, net::TcpStream, sync::watch};
use tokio_util::io::ReaderStream;
use usufruct_access::message::{Channel, Code, Progress, Refusal, Step, Usage, MAX_PIECE};

use super::{docker::DockerEngine, log::Log, Engines, GENERATION};
use crate::domain::Condition;

/// So often the engine is asked for a command's status whose output ended.
const STATUS_LOOKS: u32 = 60;
/// Between two of these looks.
const STATUS_PAUSE: Duration = Duration::from_millis(50);

/// What comes out of a workspace.
pub type Output = Pin<Box<dyn Stream<Item = Result<(Channel, Bytes), Refusal>> + Send>>;
/// What goes into it.
pub type Input = Pin<Box<dyn AsyncWrite + Send>>;

/// Both ends of something in a workspace.
pub struct Attached {
	/// What comes out; its end is the end.
	pub output: Output,
	/// What goes in, where anything does.
	pub input: Option<Input>,
	/// How it is steered.
	pub control: Control,
}

impl std::fmt::Debug for Attached {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.write_str("Attached")
	}
}

/// How something in a workspace is steered.
#[derive(Clone, Debug)]
pub enum Control {
	/// Not at all.
	None,
	/// It is a command in a container.
	Command(Command),
}

/// A command that runs in a container.
#[derive(Clone, Debug)]
pub struct Command {
	docker: bollard::Docker,
	id: String,
}

impl Control {
	/// Gives its terminal other columns and rows.
	pub async fn resize(&self, columns: u16, rows: u16) {
		if let Self::Command(command) = self {
			let size = ResizeExecOptions {
				width: columns,
				height: rows,
			};
			// A command that ended has no terminal; nothing else hangs on it.
			let _: Result<(), bollard::errors::Error> =
				command.docker.resize_exec(&command.id, size).await;
		}
	}

	/// The exit status, where it is a command and has ended.
	pub async fn status(&self) -> Option<i64> {
		let Self::Command(command) = self else {
			return None;
		};
		// The engine hears of the end a moment later than of the end of the output, and tells nobody.
		for _ in 0..STATUS_LOOKS {
			let found = command.docker.inspect_exec(&command.id).await.ok()?;
			if found.running != Some(true) {
				return found.exit_code;
			}
			tokio::time::sleep(STATUS_PAUSE).await;
		}
		None
	}

	/// Ends a command that still runs: nobody is there any more who could use it.
	pub async fn end(&self) {
		let Self::Command(command) = self else {
			return;
		};
		let Ok(found) = command.docker.inspect_exec(&command.id).await else {
			return;
		};
		if found.running != Some(true) {
			return;
		}
		let container = found.container_id.unwrap_or_default();
		let pid = found.pid.and_then(|pid| i32::try_from(pid).ok());
		match pid.map(|pid| kill(pid, &container)) {
			Some(Ok(())) => {}
			other => tracing::info!(
				?other,
				container,
				"a command of a session that is over runs on, until its workspace ends"
			),
		}
	}
}

/// Kills a process by a handle that is held from before it was looked at: the number cannot come to
/// mean another process in between.
fn kill(pid: i32, container: &str) -> Result<(), String> {
	use rustix::process::{pidfd_open, pidfd_send_signal, Pid, PidfdFlags, Signal};
	let process = Pid::from_raw(pid).ok_or("no process")?;
	let handle = pidfd_open(process, PidfdFlags::empty()).map_err(|error| error.to_string())?;
	let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup"))
		.map_err(|error| error.to_string())?;
	if container.len() < 12 || !groups.contains(container) {
		return Err("it is no process of the container on this machine".into());
	}
	pidfd_send_signal(handle, Signal::KILL).map_err(|error| error.to_string())
}

fn refused(code: Code, text: impl Into<String>) -> Refusal {
	Refusal::new(code, text)
}

fn failed(error: bollard::errors::Error) -> Refusal {
	refused(Code::Failed, format!("the container engine: {error}"))
}

fn not_running(lease: u64) -> Refusal {
	let text = format!(
		"the workspace of lease {lease} does not run now; `usufruct workspace progress {lease}` shows \
		 how far it is"
	);
	refused(Code::NotRunning, text)
}

fn only_in_containers(what: &str) -> Refusal {
	let text = format!(
		"a WebAssembly workspace has no {what}: it is a module that runs once for each request. \
		 `usufruct workspace logs` shows what it wrote, `workspace call` asks it"
	);
	refused(Code::Unsupported, text)
}

fn millis(time: Duration) -> u64 {
	u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn piece(output: LogOutput) -> (Channel, Bytes) {
	match output {
		LogOutput::StdErr { message } => (Channel::Err, message),
		LogOutput::StdOut { message }
		| LogOutput::StdIn { message }
		| LogOutput::Console { message } => (Channel::Out, message),
	}
}

impl Engines {
	/// Whether the lease is a module's.
	pub fn is_wasm(&self, lease: u64) -> bool {
		self.wasm.log(lease).is_some()
	}

	fn docker(&self, lease: u64) -> Result<&DockerEngine, Refusal> {
		self.docker.as_ref().ok_or_else(|| not_running(lease))
	}

	/// The end of a workspace's log, and what will be written where `follow`.
	///
	/// # Errors
	///
	/// Why not.
	pub async fn logs(
		&self,
		(lease, generation): (u64, u32),
		tail: u32,
		follow: bool,
	) -> Result<Attached, Refusal> {
		let output = match self.wasm.log(lease) {
			Some(log) => module_log(log, tail as usize, follow),
			None => {
				self.docker(lease)?
					.logs(lease, generation, tail, follow)
					.await?
			}
		};
		Ok(Attached {
			output,
			input: None,
			control: Control::None,
		})
	}

	/// What a workspace used.
	///
	/// # Errors
	///
	/// Why that is not known.
	pub async fn usage(&self, (lease, generation): (u64, u32)) -> Result<Usage, Refusal> {
		match self.wasm.used(lease) {
			Some((fuel, time)) => Ok(Usage {
				processor_millis: millis(time),
				fuel: Some(fuel),
				memory: None,
			}),
			None => self.docker(lease)?.usage(lease, generation).await,
		}
	}

	/// Runs a command in a workspace.
	///
	/// # Errors
	///
	/// Why not.
	pub async fn exec(
		&self,
		(lease, generation): (u64, u32),
		command: Vec<String>,
		input: bool,
		terminal: Option<(u16, u16)>,
	) -> Result<Attached, Refusal> {
		if self.is_wasm(lease) {
			return Err(only_in_containers("commands and files"));
		}
		let docker = self.docker(lease)?;
		docker
			.exec(lease, generation, command, input, terminal)
			.await
	}

	/// Connects to a port of a workspace.
	///
	/// # Errors
	///
	/// Why not.
	pub async fn connect(
		&self,
		(lease, generation): (u64, u32),
		port: u16,
	) -> Result<Attached, Refusal> {
		if self.is_wasm(lease) {
			return Err(only_in_containers("ports of its own"));
		}
		self.docker(lease)?
			.connect_to(lease, generation, port)
			.await
	}

	/// How far the image of a lease is.
	///
	/// # Errors
	///
	/// Where an engine does not answer.
	pub async fn progress(
		&self,
		(lease, generation): (u64, u32),
	) -> Result<watch::Receiver<Progress>, Refusal> {
		let receiver = self.dispensing.follow(lease, generation);
		if receiver.borrow().step == Step::Queued && !self.is_starting(lease) {
			// It runs since before this agent was started.
			let list = self.list().await;
			let list = list.map_err(|error| refused(Code::Failed, format!("{error:#}")))?;
			let runs = list.iter().any(|found| {
				let is_it = (found.lease, found.generation) == (lease, generation);
				is_it && matches!(found.condition, Condition::Running(_))
			});
			if runs && !self.is_starting(lease) {
				self.dispensing.begin(lease, generation).step(Step::Ready);
			}
		}
		Ok(receiver)
	}

	/// Stops a workspace that runs, so that the reconciler starts it again.
	///
	/// # Errors
	///
	/// Why not.
	pub async fn restart(&self, (lease, generation): (u64, u32)) -> Result<(), Refusal> {
		let lock = self.lock_of(lease);
		let Ok(_guard) = lock.try_lock() else {
			let text = format!("the workspace of lease {lease} is being started; try again then");
			return Err(refused(Code::NotRunning, text));
		};
		let list = self.list().await;
		let list = list.map_err(|error| refused(Code::Failed, format!("{error:#}")))?;
		let found = list.iter().any(|found| {
			let is_it = (found.lease, found.generation) == (lease, generation);
			is_it && matches!(found.condition, Condition::Running(_))
		});
		if !found {
			return Err(not_running(lease));
		}
		let stopped = self.stop(lease).await;
		stopped.map_err(|error| refused(Code::Failed, format!("{error:#}")))
	}
}

fn module_log(log: Arc<Log>, tail: usize, follow: bool) -> Output {
	let news = log.news();
	let first = log.tail(tail);
	let next = first.last().map_or(*news.borrow(), |line| line.number + 1);
	let shown = |line: super::log::Line| Ok((line.channel, Bytes::from(line.bytes)));
	let first = futures::stream::iter(first.into_iter().map(shown));
	if !follow {
		return Box::pin(first);
	}
	let rest =
		futures::stream::unfold((log, news, next), move |(log, mut news, next)| async move {
			loop {
				// Marked as seen before looking: what is written in between is news again.
				news.borrow_and_update();
				let (lines, after) = log.since(next);
				if !lines.is_empty() {
					let lines: Vec<_> = lines.into_iter().map(shown).collect();
					return Some((futures::stream::iter(lines), (log, news, after)));
				}
				news.changed().await.ok()?;
			}
		});
	Box::pin(first.chain(rest.flatten()))
}

impl DockerEngine {
	/// The container of a lease in its generation.
	async fn found(
		&self,
		lease: u64,
		generation: u32,
	) -> Result<ContainerInspectResponse, Refusal> {
		let found = match self.docker.inspect_container(&self.name(lease), None).await {
			Ok(found) => found,
			Err(bollard::errors::Error::DockerResponseServerError {
				status_code: 404, ..
			}) => return Err(not_running(lease)),
			Err(error) => return Err(failed(error)),
		};
		let labels = found
			.config
			.as_ref()
			.and_then(|config| config.labels.as_ref());
		let label = labels.and_then(|labels| labels.get(GENERATION));
		if label != Some(&generation.to_string()) {
			return Err(not_running(lease));
		}
		Ok(found)
	}

	/// The container of a lease in its generation, which runs.
	async fn running(
		&self,
		lease: u64,
		generation: u32,
	) -> Result<ContainerInspectResponse, Refusal> {
		let found = self.found(lease, generation).await?;
		let status = found.state.as_ref().and_then(|state| state.status);
		if status != Some(ContainerStateStatusEnum::RUNNING) {
			return Err(not_running(lease));
		}
		Ok(found)
	}

	async fn logs(
		&self,
		lease: u64,
		generation: u32,
		tail: u32,
		follow: bool,
	) -> Result<Output, Refusal> {
		let found = self.found(lease, generation).await?;
		let options = LogsOptionsBuilder::default()
			.follow(follow)
			.stdout(true)
			.stderr(true)
			.tail(&tail.to_string())
			.build();
		let logs = self
			.docker
			.logs(&found.id.unwrap_or_default(), Some(options));
		Ok(Box::pin(logs.map(|part| part.map(piece).map_err(failed))))
	}

	async fn usage(&self, lease: u64, generation: u32) -> Result<Usage, Refusal> {
		let found = self.running(lease, generation).await?;
		let once = StatsOptionsBuilder::default()
			.stream(false)
			.one_shot(true)
			.build();
		let id = found.id.unwrap_or_default();
		let mut told = Box::pin(self.docker.stats(&id, Some(once)));
		let told = told.next().await.ok_or_else(|| not_running(lease))?;
		let told = told.map_err(failed)?;
		let processor = told.cpu_stats.and_then(|stats| stats.cpu_usage);
		let nanos = processor.and_then(|usage| usage.total_usage).unwrap_or(0);
		Ok(Usage {
			processor_millis: millis(Duration::from_nanos(nanos)),
			fuel: None,
			memory: told.memory_stats.and_then(|stats| stats.usage),
		})
	}

	async fn exec(
		&self,
		lease: u64,
		generation: u32,
		command: Vec<String>,
		input: bool,
		terminal: Option<(u16, u16)>,
	) -> Result<Attached, Refusal> {
		let found = self.running(lease, generation).await?;
		let options = CreateExecOptions {
			attach_stdin: Some(input),
			attach_stdout: Some(true),
			attach_stderr: Some(true),
			tty: Some(terminal.is_some()),
			cmd: Some(command),
			privileged: Some(false),
			..Default::default()
		};
		let id = found.id.unwrap_or_default();
		let created = self
			.docker
			.create_exec(&id, options)
			.await
			.map_err(failed)?;
		let start = StartExecOptions {
			detach: false,
			tty: terminal.is_some(),
			output_capacity: Some(MAX_PIECE),
		};
		let started = self.docker.start_exec(&created.id, Some(start)).await;
		let StartExecResults::Attached { output, input: end } = started.map_err(failed)? else {
			return Err(refused(Code::Failed, "the command did not attach"));
		};
		let control = Control::Command(Command {
			docker: self.docker.clone(),
			id: created.id,
		});
		if let Some((columns, rows)) = terminal {
			control.resize(columns, rows).await;
		}
		Ok(Attached {
			output: Box::pin(output.map(|part| part.map(piece).map_err(failed))),
			input: input.then_some(end),
			control,
		})
	}

	/// The container of a lease, and its address in its own network.
	pub(crate) async fn address(
		&self,
		lease: u64,
		generation: u32,
	) -> Result<(Option<String>, IpAddr), Refusal> {
		let found = self.running(lease, generation).await?;
		let networks = found
			.network_settings
			.and_then(|settings| settings.networks);
		let address = networks
			.unwrap_or_default()
			.into_values()
			.find_map(|network| network.ip_address.filter(|address| !address.is_empty()))
			.and_then(|address| address.parse().ok());
		match address {
			Some(address) => Ok((found.id, address)),
			None => {
				let text = format!("the container of lease {lease} has no address");
				Err(refused(Code::Failed, text))
			}
		}
	}

	/// The container's own address alone is connected to, never one that a tenant names.
	async fn connect_to(
		&self,
		lease: u64,
		generation: u32,
		port: u16,
	) -> Result<Attached, Refusal> {
		let (id, address) = self.address(lease, generation).await?;
		let connecting = TcpStream::connect((address, port));
		let stream = tokio::time::timeout(usufruct_access::link::HANDSHAKE, connecting).await;
		let why = match stream {
			Ok(Ok(stream)) => {
				// The address could have become another's, had the container ended in between.
				if self.address(lease, generation).await?.0 != id {
					return Err(not_running(lease));
				}
				let (read, write) = stream.into_split();
				let read = ReaderStream::with_capacity(read, MAX_PIECE);
				let broken = |error: std::io::Error| refused(Code::Failed, error.to_string());
				return Ok(Attached {
					output: Box::pin(
						read.map(move |part| part.map(|part| (Channel::Out, part)).map_err(broken)),
					),
					input: Some(Box::pin(write)),
					control: Control::None,
				});
			}
			Ok(Err(error)) => error.to_string(),
			Err(_) => "no answer".into(),
		};
		let text = format!(
			"nothing answers at port {port} of the workspace: {why}. It must listen on all addresses of \
			 its container, not on its loopback alone"
		);
		Err(refused(Code::Failed, text))
	}
}
