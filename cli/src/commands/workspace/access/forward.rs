//! `usufruct workspace forward`.

use std::{net::SocketAddr, str::FromStr};

use futures::{stream::FuturesUnordered, StreamExt};
use serde_json::{json, Value};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, TcpStream},
};
use usufruct_access::{
	link::{TlsReader, TlsWriter},
	message::{Channel, FromAgent, FromTenant, Request, MAX_PIECE},
};

use super::{door, next, show};
use crate::{
	context::Context,
	output::{Failure, Outcome},
};

/// Connections at once; the agent takes no more of one lease either.
const MAX_CONNECTIONS: usize = 24;

/// A local port and the workspace's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ports {
	local: u16,
	remote: u16,
}

impl FromStr for Ports {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let (local, remote) = text.split_once(':').unwrap_or((text, text));
		let port = |text: &str| {
			text.parse::<u16>()
				.map_err(|_| format!("“{text}” is not a port from 0 to 65535"))
		};
		let (local, remote) = (port(local)?, port(remote)?);
		if remote == 0 {
			return Err("a workspace has no port 0".into());
		}
		Ok(Self { local, remote })
	}
}

pub(super) async fn run(context: &Context, lease: u64, ports: Ports) -> Outcome {
	// Refused now rather than at the first connection.
	door::request(context, lease, Request::Progress { follow: false }).await?;
	let wanted = SocketAddr::from(([127, 0, 0, 1], ports.local));
	let listener = TcpListener::bind(wanted).await.map_err(|error| {
		Failure::Usage(format!(
			"{wanted} cannot be listened on: {error}; name another port"
		))
	})?;
	let local = listener
		.local_addr()
		.map_err(|error| Failure::Usage(error.to_string()))?;
	let line = json!({ "lease": lease, "local": local.to_string(), "remote": ports.remote });
	if context.is_json() {
		show(Channel::Out, format!("{line}\n").as_bytes())?;
	}
	context.say(&format!(
		"{local} leads to port {} of lease {lease}; Ctrl-C ends",
		ports.remote
	));
	let mut connections = FuturesUnordered::new();
	loop {
		tokio::select! {
			_ = tokio::signal::ctrl_c() => return Ok(Value::Null),
			Some(done) = connections.next() => {
				if let Err(failure) = done {
					let failure: Failure = failure;
					eprintln!("a connection ended: {}", failure.message());
				}
			}
			accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => {
				let (stream, _) = accepted.map_err(|error| Failure::Gone(error.to_string()))?;
				connections.push(connection(context, lease, ports.remote, stream));
			}
		}
	}
}

async fn connection(
	context: &Context,
	lease: u64,
	port: u16,
	stream: TcpStream,
) -> Result<(), Failure> {
	let (reader, writer) = door::request(context, lease, Request::Forward { port }).await?;
	// What is typed should not wait for more of it; without this it is only slower.
	let _: std::io::Result<()> = stream.set_nodelay(true);
	let (read, write) = stream.into_split();
	tokio::select! {
		done = back(reader, write) => done,
		failure = forth(read, writer) => Err(failure),
	}
}

async fn back(
	mut reader: TlsReader,
	mut local: tokio::net::tcp::OwnedWriteHalf,
) -> Result<(), Failure> {
	loop {
		match next(&mut reader).await? {
			FromAgent::Data(_, bytes) => local
				.write_all(&bytes)
				.await
				.map_err(|error| Failure::Gone(error.to_string()))?,
			FromAgent::Done { .. } => return Ok(()),
			_ => {}
		}
	}
}

/// Ends only when it does not work.
async fn forth(mut local: tokio::net::tcp::OwnedReadHalf, mut writer: TlsWriter) -> Failure {
	let mut buffer = vec![0; MAX_PIECE];
	loop {
		let message = match local.read(&mut buffer).await {
			Ok(0) => FromTenant::Close,
			Ok(count) => FromTenant::Data(buffer[..count].to_vec()),
			Err(error) => return Failure::Gone(error.to_string()),
		};
		if let Err(error) = writer.send(&message).await {
			return Failure::Gone(error.to_string());
		}
		if message == FromTenant::Close {
			// What the workspace has to say still comes.
			return std::future::pending().await;
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn ports_are_two_numbers_or_one_for_both() {
		let ports = |local, remote| Ok(Ports { local, remote });
		assert_eq!("8080:80".parse(), ports(8080, 80));
		assert_eq!("80".parse(), ports(80, 80));
		assert_eq!("0:80".parse(), ports(0, 80));
		for text in ["", "80:", ":80", "80:0", "70000:1", "a:1", "1:2:3"] {
			assert!(text.parse::<Ports>().is_err(), "{text}");
		}
	}
}
