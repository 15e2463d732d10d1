//! One session: one statement, one request, until it is done, the right ends, or a limit is reached.

use std::{
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};

use bytes::Bytes;
use futures::StreamExt;
use tokio::{io::AsyncWriteExt, net::TcpStream};
use usufruct_access::{
	link::{self, LinkError, TlsReader, TlsWriter, HANDSHAKE},
	message::{
		Channel, Code, FromAgent, FromTenant, Refusal, Request, MAX_COMMAND, MAX_PATH, MAX_PIECE,
		MAX_SEALED, MAX_TAIL,
	},
	sealing::Form,
};

use super::{rights::authorise, Access, Right};
use crate::engine::access::{Attached, Control, Input, Output};

/// A session in which nothing is said for so long ends.
const IDLE: Duration = Duration::from_secs(15 * 60);
/// Where nothing is said to a tenant for so long, it is told so: one that is gone is found out.
const ALIVE: Duration = Duration::from_secs(30);
/// Most bytes in each direction of one session.
const MAX_BYTES: u64 = 64 << 30;
/// Most bytes of one copy.
const MAX_COPY: u64 = 8 << 30;

/// Why a session ends before it is done.
enum Ended {
	/// The tenant should know.
	Refused(Refusal),
	/// The connection is gone.
	Broken(LinkError),
}

impl From<Refusal> for Ended {
	fn from(refusal: Refusal) -> Self {
		Self::Refused(refusal)
	}
}

impl From<LinkError> for Ended {
	fn from(error: LinkError) -> Self {
		Self::Broken(error)
	}
}

/// Serves one connection.
///
/// # Errors
///
/// What broke it; a refusal is no error.
pub(super) async fn run(access: &Arc<Access>, stream: TcpStream) -> Result<(), LinkError> {
	// What a terminal shows should not wait for more of it.
	stream
		.set_nodelay(true)
		.map_err(|error| LinkError::Broken(error.to_string()))?;
	let (mut reader, mut writer, session) = link::accept(stream, access.tls.clone()).await?;
	let greeting = FromAgent::Greeting(access.identity.clone());
	writer.send(&greeting).await?;
	let FromTenant::Ask(ask) = reader.expect(HANDSHAKE).await? else {
		return Err(LinkError::Gibberish("no statement".into()));
	};
	let (lease, generation, name) = (ask.lease, ask.generation, ask.request.name());
	let view = access.views.borrow().clone();
	let chain = access.identity.chain;
	let granted = authorise(view.as_deref(), chain, session, &ask, Instant::now())
		.and_then(|right| Ok((right, access.enter(lease)?)));
	let done = match granted {
		Err(refusal) => Err(Ended::Refused(refusal)),
		Ok((right, _entered)) => {
			tracing::info!(lease, name, "a tenant is let in");
			let work = Work {
				access,
				lease: (lease, generation),
				steered: tokio::sync::Mutex::new(Control::None),
			};
			let done = tokio::select! {
				biased;
				refusal = revoked(access, lease, right) => Err(Ended::Refused(refusal)),
				done = work.perform(ask.request, reader, &mut writer) => done,
			};
			// Nobody sees any more what it does.
			work.steered.lock().await.end().await;
			done
		}
	};
	match done {
		Ok(()) => {}
		Err(Ended::Broken(error)) => return Err(error),
		Err(Ended::Refused(refusal)) => {
			tracing::info!(lease, name, code = ?refusal.code, "a tenant is refused");
			writer.send(&FromAgent::Refused(refusal)).await?;
		}
	}
	writer.close().await
}

/// Ends when the right is not in force any more, or with somebody else, or when nobody knows.
async fn revoked(access: &Access, lease: u64, right: Right) -> Refusal {
	let mut views = access.views.clone();
	loop {
		let view = views.borrow_and_update().clone();
		let (holds, stale) = view.as_ref().map_or((false, true), |view| {
			let holds = view.rights.get(&lease) == Some(&right);
			(holds, view.is_stale(Instant::now()))
		});
		if stale {
			let text =
				"the agent has seen no finalized block for a while: it does not know any more \
			            who holds the right";
			return Refusal::new(Code::NotReady, text);
		}
		if !holds {
			let text = format!("the right of lease {lease} ended, or has another holder now");
			return Refusal::new(Code::Revoked, text);
		}
		// A chain that stands still changes nothing: look at the clock, too.
		let _: Result<_, _> = tokio::time::timeout(Duration::from_secs(5), views.changed()).await;
	}
}

/// What one request needs.
struct Work<'a> {
	access: &'a Arc<Access>,
	lease: (u64, u32),
	/// What runs for it, to be ended with it.
	steered: tokio::sync::Mutex<Control>,
}

fn too_large(what: &str, limit: usize, size: usize) -> Refusal {
	let text = format!("{what} has at most {limit} bytes, this has {size}");
	Refusal::new(Code::TooLarge, text)
}

/// A path in a workspace as `tar` takes it: a folder and what is in it, neither of which is an option.
fn split(path: &str) -> Result<(String, String), Refusal> {
	if path.len() > MAX_PATH {
		return Err(too_large("a path", MAX_PATH, path.len()));
	}
	let trimmed = path.trim_end_matches('/');
	let (folder, name) = trimmed.rsplit_once('/').unwrap_or((".", trimmed));
	if matches!(name, "" | "." | "..") || path.contains('\0') {
		let text = format!("{path:?} names no file or folder that could be copied");
		return Err(Refusal::new(Code::Failed, text));
	}
	let folder = if folder.is_empty() { "/" } else { folder };
	Ok((plain(folder), format!("./{name}")))
}

/// A path that is no option.
fn plain(path: &str) -> String {
	if path.starts_with('/') {
		path.into()
	} else {
		format!("./{path}")
	}
}

fn words(words: &[&str]) -> Vec<String> {
	words.iter().map(|word| (*word).to_string()).collect()
}

impl Work<'_> {
	async fn perform(
		&self,
		request: Request,
		reader: TlsReader,
		writer: &mut TlsWriter,
	) -> Result<(), Ended> {
		let engines = &self.access.engines;
		match request {
			Request::Logs { tail, follow } => {
				let attached = engines.logs(self.lease, tail.min(MAX_TAIL), follow).await?;
				self.pump(attached, reader, writer, MAX_BYTES, None).await
			}
			Request::Exec {
				command,
				input,
				terminal,
			} => {
				let size = command.iter().map(String::len).sum();
				if command.is_empty() || size > MAX_COMMAND {
					return Err(
						too_large("a command, which has a program,", MAX_COMMAND, size).into(),
					);
				}
				let exec = engines.exec(self.lease, command, input, terminal);
				let attached = exec.await?;
				self.pump(attached, reader, writer, MAX_BYTES, Some(IDLE))
					.await
			}
			Request::Forward { port } => {
				let attached = engines.connect(self.lease, port).await?;
				self.pump(attached, reader, writer, MAX_BYTES, Some(IDLE))
					.await
			}
			Request::CopyIn { folder } => {
				if folder.len() > MAX_PATH || folder.contains('\0') {
					return Err(too_large("a path", MAX_PATH, folder.len()).into());
				}
				// Without the owners of the tenant's own machine, who mean nothing here.
				let command = words(&["tar", "-x", "-o", "-f", "-", "-C", &plain(&folder)]);
				let attached = engines.exec(self.lease, command, true, None).await?;
				self.pump(attached, reader, writer, MAX_COPY, Some(IDLE))
					.await
			}
			Request::CopyOut { path } => {
				let (folder, name) = split(&path)?;
				let command = words(&["tar", "-c", "-f", "-", "-C", &folder, &name]);
				let attached = engines.exec(self.lease, command, false, None).await?;
				self.pump(attached, reader, writer, MAX_COPY, Some(IDLE))
					.await
			}
			Request::Progress { follow } => self.progress(follow, reader, writer).await,
			Request::Usage => {
				let usage = engines.usage(self.lease).await?;
				writer.send(&FromAgent::Granted).await?;
				writer.send(&FromAgent::Usage(usage)).await?;
				Ok(writer.send(&FromAgent::Done { status: None }).await?)
			}
			other => {
				let names = self.at_once(other).await?;
				writer.send(&FromAgent::Granted).await?;
				if let Some(names) = names {
					writer.send(&FromAgent::Names(names)).await?;
				}
				Ok(writer.send(&FromAgent::Done { status: None }).await?)
			}
		}
	}

	/// What is done with the answer; gives names where names were asked for.
	async fn at_once(&self, request: Request) -> Result<Option<Vec<String>>, Refusal> {
		let (lease, generation) = self.lease;
		let secrets = self.access.secrets.clone();
		if let Request::Restart = request {
			self.access.engines.restart(self.lease).await?;
			return Ok(None);
		}
		let is_wasm = self.access.engines.is_wasm(lease);
		// The disk is waited for elsewhere.
		let done = tokio::task::spawn_blocking(move || match request {
			Request::SetSecret { sealed } => {
				if sealed.len() > MAX_SEALED {
					return Err(too_large("a sealed secret", MAX_SEALED, sealed.len()));
				}
				let form = secrets.set(lease, generation, &sealed)?;
				if is_wasm && form == Form::File {
					let text =
						"a WebAssembly workspace has no files: the secret is kept and not seen; \
					            set it as a variable";
					return Err(Refusal::new(Code::Unsupported, text));
				}
				Ok(None)
			}
			Request::RemoveSecret { name } => {
				secrets.remove(lease, generation, &name).map(|()| None)
			}
			_ => secrets.names(lease, generation).map(Some),
		});
		done.await
			.map_err(|error| Refusal::new(Code::Failed, error.to_string()))?
	}

	async fn progress(
		&self,
		follow: bool,
		mut reader: TlsReader,
		writer: &mut TlsWriter,
	) -> Result<(), Ended> {
		let mut progress = self.access.engines.progress(self.lease).await?;
		writer.send(&FromAgent::Granted).await?;
		loop {
			let now = progress.borrow_and_update().clone();
			let is_over = now.step.is_final() || !follow;
			writer.send(&FromAgent::Progress(now)).await?;
			if is_over {
				return Ok(writer.send(&FromAgent::Done { status: None }).await?);
			}
			tokio::select! {
				changed = tokio::time::timeout(ALIVE, progress.changed()) => match changed {
					Ok(Ok(())) => {}
					Ok(Err(_)) => return Ok(writer.send(&FromAgent::Done { status: None }).await?),
					Err(_) => writer.send(&FromAgent::Alive).await?,
				},
				gone = gone(&mut reader) => return Err(Ended::Broken(gone)),
			}
		}
	}

	/// Moves what comes out to the tenant and what the tenant says in, until it ends.
	async fn pump(
		&self,
		attached: Attached,
		reader: TlsReader,
		writer: &mut TlsWriter,
		limit: u64,
		idle: Option<Duration>,
	) -> Result<(), Ended> {
		let Attached {
			output,
			input,
			control,
		} = attached;
		*self.steered.lock().await = control.clone();
		writer.send(&FromAgent::Granted).await?;
		let meter = Meter::new(limit, idle);
		// Both ways at once: a command that does not read must not keep what it says from being read.
		tokio::select! {
			biased;
			done = outwards(output, writer, &meter) => done?,
			ended = inwards(input, reader, &control, &meter) => return Err(ended),
			refusal = meter.is_idle() => return Err(Ended::Refused(refusal)),
		}
		let status = control.status().await;
		Ok(writer.send(&FromAgent::Done { status }).await?)
	}
}

/// Counts what a session moves.
struct Meter {
	begun: Instant,
	/// Milliseconds from then on of the last byte.
	last: AtomicU64,
	limit: u64,
	idle: Option<Duration>,
}

impl Meter {
	fn new(limit: u64, idle: Option<Duration>) -> Self {
		Self {
			begun: Instant::now(),
			last: AtomicU64::new(0),
			limit,
			idle,
		}
	}

	/// Counts bytes of one direction.
	fn count(&self, sum: &mut u64, bytes: usize) -> Result<(), Refusal> {
		let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
		self.last.store(now, Ordering::Relaxed);
		*sum = sum.saturating_add(bytes as u64);
		if *sum > self.limit {
			let text = format!("one session moves at most {} bytes", self.limit);
			return Err(Refusal::new(Code::TooLarge, text));
		}
		Ok(())
	}

	/// Ends when nothing was counted for too long.
	async fn is_idle(&self) -> Refusal {
		let Some(idle) = self.idle else {
			return std::future::pending().await;
		};
		loop {
			let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
			let quiet = self.begun.elapsed().saturating_sub(last);
			if quiet >= idle {
				let text = format!("nothing was said for {} s", idle.as_secs());
				return Refusal::new(Code::Idle, text);
			}
			tokio::time::sleep(idle.saturating_sub(quiet)).await;
		}
	}
}

async fn outwards(mut output: Output, writer: &mut TlsWriter, meter: &Meter) -> Result<(), Ended> {
	let mut sum = 0;
	loop {
		let Ok(next) = tokio::time::timeout(ALIVE, output.next()).await else {
			writer.send(&FromAgent::Alive).await?;
			continue;
		};
		let Some(part) = next else {
			return Ok(());
		};
		let (channel, bytes): (Channel, Bytes) = part?;
		meter.count(&mut sum, bytes.len())?;
		for piece in bytes.chunks(MAX_PIECE) {
			writer
				.send(&FromAgent::Data(channel, piece.to_vec()))
				.await?;
		}
	}
}

/// Ends only when the tenant is gone, says nonsense, or too much.
async fn inwards(
	mut input: Option<Input>,
	mut reader: TlsReader,
	control: &Control,
	meter: &Meter,
) -> Ended {
	let mut sum = 0;
	loop {
		let said = match reader.next::<FromTenant>().await {
			Ok(Some(said)) => said,
			Ok(None) => return LinkError::Broken("the tenant left".into()).into(),
			Err(error) => return error.into(),
		};
		match said {
			FromTenant::Data(bytes) => {
				if let Err(refusal) = meter.count(&mut sum, bytes.len()) {
					return refusal.into();
				}
				let Some(open) = &mut input else {
					continue;
				};
				let written = async {
					open.write_all(&bytes).await?;
					open.flush().await
				};
				if written.await.is_err() {
					// It reads no more; what it has to say still comes out.
					input = None;
				}
			}
			FromTenant::Close => {
				if let Some(mut open) = input.take() {
					// What was closed already needs no closing.
					let _: std::io::Result<()> = open.shutdown().await;
				}
			}
			FromTenant::Resize(columns, rows) => control.resize(columns, rows).await,
			FromTenant::Ask(_) => {
				return LinkError::Gibberish("a second statement".into()).into();
			}
		}
	}
}

/// Ends when the tenant is gone.
async fn gone(reader: &mut TlsReader) -> LinkError {
	match reader.next::<FromTenant>().await {
		Ok(_) => LinkError::Broken("the tenant left".into()),
		Err(error) => error,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_path_is_never_an_option_and_never_a_folder_above() {
		let ok = |path| split(path).unwrap();
		assert_eq!(ok("/tmp/x"), ("/tmp".into(), "./x".into()));
		assert_eq!(ok("/tmp/x/"), ("/tmp".into(), "./x".into()));
		assert_eq!(ok("/x"), ("/".into(), "./x".into()));
		assert_eq!(ok("-x"), ("./.".into(), "./-x".into()));
		assert_eq!(ok("-a/-x"), ("./-a".into(), "./-x".into()));
		for path in ["", "/", "/tmp/..", "/tmp/.", "..", "a\0b"] {
			assert!(split(path).is_err(), "{path:?}");
		}
		assert_eq!(
			split(&"x".repeat(MAX_PATH + 1)).unwrap_err().code,
			Code::TooLarge
		);
	}

	#[tokio::test]
	async fn bytes_and_silence_have_limits() {
		let meter = Meter::new(10, Some(Duration::ZERO));
		let mut sum = 0;
		assert_eq!(meter.count(&mut sum, 10), Ok(()));
		assert_eq!(meter.count(&mut sum, 1).unwrap_err().code, Code::TooLarge);
		assert_eq!(meter.is_idle().await.code, Code::Idle);
	}
}
