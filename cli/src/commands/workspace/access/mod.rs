//! `usufruct workspace logs`, `exec`, `forward`, `copy`, `progress`, `secret`, `restart`: what goes through
//! the agent of the machine that a workspace runs on.

mod copy;
mod door;
mod exec;
mod forward;
mod secret;

use std::{io::Write, time::Duration};

use serde_json::{json, Value};
use usufruct_access::{
	link::TlsReader,
	message::{Channel, FromAgent, Progress, Request, Step},
};

use super::done;
use crate::{
	context::Context,
	output::{Failure, Outcome},
};

/// The agent says something at least so often while a request lasts.
const SILENCE: Duration = Duration::from_secs(90);
/// Most bytes of output that are put in one JSON document.
const MAX_DOCUMENT: usize = 8 << 20;

/// What the holder of a lease's use right can do with its workspace.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Show what a workspace wrote
	Logs {
		/// The lease
		lease: u64,
		/// So many lines from the end, at most 10000
		#[arg(long, default_value_t = 100)]
		tail: u32,
		/// Go on with what it writes
		#[arg(long, short)]
		follow: bool,
	},
	/// Run a command in a workspace; ends with the command's status, with --json with 0
	Exec(exec::Exec),
	/// Let a local port lead to a port of a workspace, until Ctrl-C
	Forward {
		/// The lease
		lease: u64,
		/// LOCAL:REMOTE, or one number for both; a local port of 0 is any that is free
		ports: forward::Ports,
	},
	/// Copy a file or folder to or from a workspace, which needs `tar`
	///
	/// One of both is LEASE:PATH. A target that ends with / is a folder to copy into, otherwise it is the
	/// new name; nothing on this machine is overwritten.
	Copy {
		/// What to copy
		source: String,
		/// Where to
		target: String,
	},
	/// Show how far the image of a workspace is, layer by layer
	Progress {
		/// The lease
		lease: u64,
		/// Show each change, until it is ready or has failed
		#[arg(long, short)]
		follow: bool,
	},
	/// Show what a workspace used: processor time and memory, or fuel of WebAssembly
	///
	/// As its machine's agent counts: nothing on the chain hangs on it.
	Usage {
		/// The lease
		lease: u64,
	},
	/// Secrets that a workspace sees, and nobody else
	#[command(subcommand)]
	Secret(secret::Command),
	/// Start a workspace again, with the secrets that it has now; what it kept in its container is lost
	Restart {
		/// The lease
		lease: u64,
	},
}

pub(super) async fn run(context: &Context, command: Command) -> Outcome {
	match command {
		Command::Logs {
			lease,
			tail,
			follow,
		} => {
			let (reader, _writer) =
				door::request(context, lease, Request::Logs { tail, follow }).await?;
			if follow && context.is_json() {
				return lines(reader).await;
			}
			let Received { out, err, .. } = receive(reader, context.is_json()).await?;
			Ok(document(
				context,
				json!({ "lease": lease, "stdout": out, "stderr": err }),
			))
		}
		Command::Exec(exec) => exec::run(context, exec).await,
		Command::Forward { lease, ports } => forward::run(context, lease, ports).await,
		Command::Copy { source, target } => copy::run(context, &source, &target).await,
		Command::Progress { lease, follow } => progress(context, lease, follow).await,
		Command::Usage { lease } => usage(context, lease).await,
		Command::Secret(command) => secret::run(context, command).await,
		Command::Restart { lease } => {
			door::at_once(context, lease, Request::Restart).await?;
			Ok(done("stopped; the agent starts it again"))
		}
	}
}

/// Programs get a document; people have seen all of it.
fn document(context: &Context, value: Value) -> Value {
	if context.is_json() {
		value
	} else {
		Value::Null
	}
}

/// What came of a request.
#[derive(Debug, Default)]
struct Received {
	out: String,
	err: String,
	status: Option<i64>,
}

/// The next message, which comes within [`SILENCE`].
async fn next(reader: &mut TlsReader) -> Result<FromAgent, Failure> {
	match reader.expect(SILENCE).await {
		Ok(FromAgent::Refused(refusal)) => Err(door::refused(&refusal)),
		Ok(said) => Ok(said),
		Err(error) => Err(Failure::Gone(format!(
			"{error}; what was asked for may be half done"
		))),
	}
}

/// Shows output as it comes, or keeps it where `keep`.
async fn receive(mut reader: TlsReader, keep: bool) -> Result<Received, Failure> {
	let (mut out, mut err) = (Vec::new(), Vec::new());
	loop {
		match next(&mut reader).await? {
			FromAgent::Data(channel, bytes) if keep => {
				let kept = match channel {
					Channel::Out => &mut out,
					Channel::Err => &mut err,
				};
				kept.extend_from_slice(&bytes);
				if kept.len() > MAX_DOCUMENT {
					return Err(Failure::Gone(format!(
						"the output has more than {MAX_DOCUMENT} bytes; ask without --json, or for less"
					)));
				}
			}
			FromAgent::Data(channel, bytes) => show(channel, &bytes)?,
			FromAgent::Done { status } => {
				let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
				return Ok(Received {
					out: text(out),
					err: text(err),
					status,
				});
			}
			_ => {}
		}
	}
}

fn show(channel: Channel, bytes: &[u8]) -> Result<(), Failure> {
	let shown = match channel {
		Channel::Out => {
			let mut out = std::io::stdout();
			out.write_all(bytes).and_then(|()| out.flush())
		}
		Channel::Err => std::io::stderr().write_all(bytes),
	};
	shown.map_err(|error| Failure::Gone(format!("nobody reads on: {error}")))
}

/// Each piece of a log as a line of JSON, while it is followed.
async fn lines(mut reader: TlsReader) -> Outcome {
	loop {
		match next(&mut reader).await? {
			FromAgent::Data(channel, bytes) => {
				let name = match channel {
					Channel::Out => "stdout",
					Channel::Err => "stderr",
				};
				let line = json!({ name: String::from_utf8_lossy(&bytes) }).to_string();
				show(Channel::Out, format!("{line}\n").as_bytes())?;
			}
			FromAgent::Done { .. } => return Ok(Value::Null),
			_ => {}
		}
	}
}

async fn usage(context: &Context, lease: u64) -> Outcome {
	let (mut reader, _writer) = door::request(context, lease, Request::Usage).await?;
	let mut shown = Value::Null;
	loop {
		match next(&mut reader).await? {
			FromAgent::Usage(usage) => {
				shown = json!({
					"lease": lease,
					"processor_millis": usage.processor_millis,
					"fuel": usage.fuel,
					"memory_bytes": usage.memory,
				});
			}
			FromAgent::Done { .. } => return Ok(shown),
			_ => {}
		}
	}
}

async fn progress(context: &Context, lease: u64, follow: bool) -> Outcome {
	let request = Request::Progress { follow };
	let (mut reader, _writer) = door::request(context, lease, request).await?;
	let mut last = Progress {
		step: Step::Queued,
		layers: Vec::new(),
	};
	loop {
		match next(&mut reader).await? {
			FromAgent::Progress(progress) => {
				if follow {
					tell(context, lease, &last, &progress)?;
				}
				last = progress;
			}
			FromAgent::Done { .. } => break,
			_ => {}
		}
	}
	let layers: Vec<Value> = last
		.layers
		.iter()
		.map(|layer| {
			json!({
				"layer": door::clean(&layer.id),
				"state": door::clean(&layer.step.to_string()),
				"current": layer.current,
				"total": layer.total,
			})
		})
		.collect();
	Ok(json!({ "lease": lease, "state": door::clean(&last.step.to_string()), "layers": layers }))
}

/// Tells what changed: people on stderr, programs as a line of JSON.
fn tell(context: &Context, lease: u64, last: &Progress, now: &Progress) -> Result<(), Failure> {
	let mut changes = Vec::new();
	for layer in &now.layers {
		let before = last.layers.iter().find(|before| before.id == layer.id);
		if before.is_none_or(|before| before.step != layer.step) {
			changes.push((Some(&layer.id), &layer.step));
		}
	}
	if now.step != last.step {
		changes.push((None, &now.step));
	}
	for (layer, step) in changes {
		let step = door::clean(&step.to_string());
		let layer = layer.map(|id| door::clean(id));
		if context.is_json() {
			let line = json!({ "lease": lease, "layer": layer, "state": step });
			show(Channel::Out, format!("{line}\n").as_bytes())?;
		} else {
			let name = layer.map_or_else(|| format!("lease {lease}"), |id| format!("  layer {id}"));
			context.say(&format!("{name}: {step}"));
		}
	}
	Ok(())
}
