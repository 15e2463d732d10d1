//! `usufruct workspace exec`.

use std::io::{IsTerminal, Read};

use crossterm::terminal;
use serde_json::json;
use tokio::{
	signal::unix::{signal, SignalKind},
	sync::mpsc,
};
use usufruct_access::{
	link::TlsWriter,
	message::{FromTenant, Request, MAX_PIECE},
};

use super::{document, door, receive};
use crate::{
	context::Context,
	output::{Failure, Outcome},
};

/// A command in a workspace.
#[derive(Debug, clap::Args)]
pub(crate) struct Exec {
	/// The lease
	lease: u64,
	/// Hand standard input on
	#[arg(long, short)]
	interactive: bool,
	/// Give the command a terminal
	#[arg(long, short)]
	terminal: bool,
	/// The command with its arguments, after --
	#[arg(last = true, required = true)]
	command: Vec<String>,
}

/// The terminal as it was, again.
struct Raw;

impl Raw {
	fn begin() -> Result<Self, Failure> {
		terminal::enable_raw_mode()
			.map_err(|error| Failure::Usage(format!("no terminal: {error}")))?;
		Ok(Self)
	}
}

impl Drop for Raw {
	fn drop(&mut self) {
		// Nothing can be done about a terminal that is gone.
		let _: std::io::Result<()> = terminal::disable_raw_mode();
	}
}

pub(super) async fn run(context: &Context, exec: Exec) -> Outcome {
	let wants_terminal = exec.terminal && !context.is_json();
	if exec.terminal && !std::io::stdin().is_terminal() {
		return Err(Failure::Usage(
			"--terminal needs a terminal, and standard input is none; leave it out".into(),
		));
	}
	let size = wants_terminal.then(|| terminal::size().unwrap_or((80, 24)));
	let request = Request::Exec {
		command: exec.command,
		input: exec.interactive,
		terminal: size,
	};
	let (reader, writer) = door::request(context, exec.lease, request).await?;
	let raw = (size.is_some() && exec.interactive)
		.then(Raw::begin)
		.transpose()?;
	let input = exec.interactive.then(standard_input);
	let received = tokio::select! {
		received = receive(reader, context.is_json()) => received,
		failure = send(input, writer, size.is_some()) => Err(failure),
	};
	drop(raw);
	let received = received?;
	let status = received.status.unwrap_or(-1);
	if context.is_json() || status == 0 {
		return Ok(document(
			context,
			json!({
				"lease": exec.lease,
				"status": status,
				"stdout": received.out,
				"stderr": received.err,
			}),
		));
	}
	Err(Failure::Ended(status))
}

/// Standard input by pieces. A thread of its own reads it: reading cannot be interrupted, and the
/// program must be able to end while it waits.
pub(super) fn standard_input() -> mpsc::Receiver<Vec<u8>> {
	let (sender, receiver) = mpsc::channel(4);
	std::thread::spawn(move || {
		let mut buffer = vec![0; MAX_PIECE];
		while let Ok(count @ 1..) = std::io::stdin().read(&mut buffer) {
			if sender.blocking_send(buffer[..count].to_vec()).is_err() {
				return;
			}
		}
	});
	receiver
}

/// Sends input and the terminal's size. Ends only when that does not work.
async fn send(
	input: Option<mpsc::Receiver<Vec<u8>>>,
	mut writer: TlsWriter,
	has_terminal: bool,
) -> Failure {
	let gone = |error: usufruct_access::link::LinkError| Failure::Gone(error.to_string());
	let Ok(mut resized) = signal(SignalKind::window_change()) else {
		return Failure::Gone("the terminal's size cannot be followed".into());
	};
	let mut input = input;
	loop {
		let message = tokio::select! {
			Some(()) = resized.recv(), if has_terminal => match terminal::size() {
				Ok((columns, rows)) => FromTenant::Resize(columns, rows),
				Err(_) => continue,
			},
			piece = piece(&mut input) => piece.map_or(FromTenant::Close, FromTenant::Data),
		};
		if message == FromTenant::Close {
			input = None;
		}
		if let Err(error) = writer.send(&message).await {
			// The agent may have said why already, which is what people should read.
			tokio::time::sleep(std::time::Duration::from_secs(2)).await;
			return gone(error);
		}
	}
}

async fn piece(input: &mut Option<mpsc::Receiver<Vec<u8>>>) -> Option<Vec<u8>> {
	match input {
		Some(input) => input.recv().await,
		None => std::future::pending().await,
	}
}
