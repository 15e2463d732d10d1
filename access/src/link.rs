//! A connection: frames over TLS, from either end.

use std::{sync::Arc, time::Duration};

use codec::{Decode, DecodeAll, Encode};
use futures::{SinkExt, StreamExt};
use rustls::{pki_types::ServerName, ServerConfig};
use tokio::{
	io::{AsyncRead, AsyncWrite, ReadHalf, WriteHalf},
	net::TcpStream,
	time::timeout,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use tokio_util::{
	bytes::Bytes,
	codec::{FramedRead, FramedWrite, LengthDelimitedCodec},
};

use crate::{
	identity::Identity,
	message::{FromAgent, FromTenant, Refusal, Request, MAX_FRAME},
	statement::{Ask, Place},
	tls::{self, TlsError},
};

/// How long a handshake, a greeting or an answer may take.
pub const HANDSHAKE: Duration = Duration::from_secs(15);
/// How long one message may take to be sent: who reads no more does not keep a session.
const SEND: Duration = Duration::from_secs(60);

/// Why a connection does not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
	/// Nobody answers.
	#[error("no agent answers at {address}: {error}")]
	Unreachable {
		/// Where.
		address: String,
		/// Why.
		error: String,
	},
	/// TLS does not come about.
	#[error(transparent)]
	Tls(#[from] TlsError),
	/// It broke.
	#[error("the connection broke: {0}")]
	Broken(String),
	/// The other end took too long.
	#[error("the other end did not go on in {0:?}")]
	Slow(Duration),
	/// The other end speaks another language.
	#[error(
		"the other end said what nobody understands: {0}; use the same version of both programs"
	)]
	Gibberish(String),
	/// The agent's greeting is not for its certificate: somebody sits in between.
	#[error("what answers at {0} is not the agent that it says it is: its certificate is not signed for")]
	NotItself(String),
	/// The agent refused.
	#[error(transparent)]
	Refused(#[from] Refusal),
}

fn broken(error: impl std::fmt::Display) -> LinkError {
	LinkError::Broken(error.to_string())
}

/// The reading end.
pub struct Reader<R>(FramedRead<R, LengthDelimitedCodec>);
/// The writing end.
pub struct Writer<W>(FramedWrite<W, LengthDelimitedCodec>);

impl<R> std::fmt::Debug for Reader<R> {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.write_str("Reader")
	}
}

impl<W> std::fmt::Debug for Writer<W> {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.write_str("Writer")
	}
}

/// The reading end of a TLS session.
pub type TlsReader = Reader<ReadHalf<TlsStream<TcpStream>>>;
/// The writing end of a TLS session.
pub type TlsWriter = Writer<WriteHalf<TlsStream<TcpStream>>>;

fn frames() -> LengthDelimitedCodec {
	LengthDelimitedCodec::builder()
		.max_frame_length(MAX_FRAME)
		.new_codec()
}

fn ends(stream: TlsStream<TcpStream>) -> (TlsReader, TlsWriter) {
	let (read, write) = tokio::io::split(stream);
	(
		Reader(FramedRead::new(read, frames())),
		Writer(FramedWrite::new(write, frames())),
	)
}

impl<R: AsyncRead + Unpin> Reader<R> {
	/// The next message; `None` at the end of the connection. Safe to cancel.
	///
	/// # Errors
	///
	/// [`LinkError::Broken`], [`LinkError::Gibberish`].
	pub async fn next<T: Decode>(&mut self) -> Result<Option<T>, LinkError> {
		let Some(frame) = self.0.next().await else {
			return Ok(None);
		};
		let frame = frame.map_err(broken)?;
		T::decode_all(&mut &frame[..])
			.map(Some)
			.map_err(|error| LinkError::Gibberish(error.to_string()))
	}

	/// The next message, which must come, and soon.
	///
	/// # Errors
	///
	/// As [`Self::next`], and [`LinkError::Slow`].
	pub async fn expect<T: Decode>(&mut self, within: Duration) -> Result<T, LinkError> {
		timeout(within, self.next())
			.await
			.map_err(|_| LinkError::Slow(within))??
			.ok_or_else(|| broken("it ended too early"))
	}
}

impl<W: AsyncWrite + Unpin> Writer<W> {
	/// Sends a message.
	///
	/// # Errors
	///
	/// [`LinkError::Broken`], [`LinkError::Slow`].
	pub async fn send<T: Encode>(&mut self, message: &T) -> Result<(), LinkError> {
		let frame = Bytes::from(message.encode());
		timeout(SEND, self.0.send(frame))
			.await
			.map_err(|_| LinkError::Slow(SEND))?
			.map_err(broken)
	}

	/// Ends it, so that the other end hears of it.
	///
	/// # Errors
	///
	/// [`LinkError::Broken`], [`LinkError::Slow`].
	pub async fn close(&mut self) -> Result<(), LinkError> {
		timeout(HANDSHAKE, SinkExt::<Bytes>::close(&mut self.0))
			.await
			.map_err(|_| LinkError::Slow(HANDSHAKE))?
			.map_err(broken)
	}
}

/// The agent's end of a new connection: the handshake, and what the session is known by.
///
/// # Errors
///
/// [`LinkError`].
pub async fn accept(
	stream: TcpStream,
	config: Arc<ServerConfig>,
) -> Result<(TlsReader, TlsWriter, [u8; 32]), LinkError> {
	let stream = timeout(HANDSHAKE, TlsAcceptor::from(config).accept(stream))
		.await
		.map_err(|_| LinkError::Slow(HANDSHAKE))?
		.map_err(|error| TlsError(error.to_string()))?;
	let session = tls::session(stream.get_ref().1)?;
	let (reader, writer) = ends(stream.into());
	Ok((reader, writer, session))
}

/// The tenant's end of a connection to an agent that said who it is and proved to have said so. Whether
/// it is the right one is for the tenant to ask the chain, before it signs anything.
#[derive(Debug)]
pub struct Link {
	/// Who the agent is.
	pub identity: Identity,
	session: [u8; 32],
	reader: TlsReader,
	writer: TlsWriter,
}

impl Link {
	/// Connects to `address` (`host:port`).
	///
	/// # Errors
	///
	/// [`LinkError`].
	pub async fn open(address: &str) -> Result<Self, LinkError> {
		let unreachable = |error: String| LinkError::Unreachable {
			address: address.into(),
			error,
		};
		let stream = timeout(HANDSHAKE, TcpStream::connect(address))
			.await
			.map_err(|_| unreachable(format!("no answer in {HANDSHAKE:?}")))?
			.map_err(|error| unreachable(error.to_string()))?;
		// Keys that a person types should not wait for more of them.
		stream.set_nodelay(true).map_err(broken)?;
		let name = ServerName::try_from(tls::NAME).map_err(broken)?;
		let connecting = TlsConnector::from(tls::client()?).connect(name, stream);
		let stream = timeout(HANDSHAKE, connecting)
			.await
			.map_err(|_| LinkError::Slow(HANDSHAKE))?
			.map_err(|error| TlsError(error.to_string()))?;
		let connection = stream.get_ref().1;
		let session = tls::session(connection)?;
		let certificate = connection
			.peer_certificates()
			.and_then(|chain| chain.first())
			.ok_or_else(|| TlsError("there is no certificate".into()))?
			.to_vec();
		let (mut reader, writer) = ends(stream.into());
		let identity = match reader.expect(HANDSHAKE).await? {
			FromAgent::Greeting(identity) => identity,
			FromAgent::Refused(refusal) => return Err(refusal.into()),
			_ => return Err(LinkError::Gibberish("no greeting".into())),
		};
		if !identity.is_of(&certificate) {
			return Err(LinkError::NotItself(address.into()));
		}
		Ok(Self {
			identity,
			session,
			reader,
			writer,
		})
	}

	/// Where a statement is good that is signed for this connection, to the machine `node`.
	pub fn place(&self, node: u32) -> Place {
		Place {
			chain: self.identity.chain,
			node,
			session: self.session,
		}
	}

	/// Sends a signed request; gives both ends once it is granted.
	///
	/// # Errors
	///
	/// [`LinkError::Refused`], and what breaks.
	pub async fn ask(mut self, ask: Ask) -> Result<(TlsReader, TlsWriter), LinkError> {
		self.writer.send(&FromTenant::Ask(Box::new(ask))).await?;
		match self.reader.expect(HANDSHAKE).await? {
			FromAgent::Granted => Ok((self.reader, self.writer)),
			FromAgent::Refused(refusal) => Err(refusal.into()),
			_ => Err(LinkError::Gibberish("no answer".into())),
		}
	}

	/// Signs and sends a request for a lease on the machine `node`.
	///
	/// # Errors
	///
	/// As [`Self::ask`].
	pub async fn request(
		self,
		node: u32,
		(lease, generation, until): (u64, u32, u32),
		request: Request,
		key: &subxt_signer::sr25519::Keypair,
	) -> Result<(TlsReader, TlsWriter), LinkError> {
		let ask = Ask::sign(&self.place(node), lease, generation, until, request, key);
		self.ask(ask).await
	}
}

#[cfg(test)]
mod tests {
	use subxt_signer::sr25519::dev;
	use tokio::net::TcpListener;

	use super::*;

	/// An agent that greets by a certificate: its own, or another.
	async fn greet(is_own: bool) -> Result<Link, LinkError> {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let address = listener.local_addr().unwrap().to_string();
		let agent = async {
			let (config, own) = tls::server().unwrap();
			let (_, other) = tls::server().unwrap();
			let certificate = if is_own { own } else { other };
			let identity = Identity::sign([1; 32], [2; 32], &certificate, &dev::bob());
			let (stream, _) = listener.accept().await.unwrap();
			let (reader, mut writer, session) = accept(stream, config).await.unwrap();
			writer.send(&FromAgent::Greeting(identity)).await.unwrap();
			(session, reader)
		};
		let ((session, _reader), link) = tokio::join!(agent, Link::open(&address));
		if let Ok(link) = &link {
			assert_eq!(
				link.session, session,
				"both ends know the session by the same value"
			);
		}
		link
	}

	#[tokio::test]
	async fn an_agent_is_known_by_the_key_that_signed_for_its_certificate() {
		let link = greet(true).await.unwrap();
		assert_eq!(link.identity.agent, dev::bob().public_key().0);
	}

	#[tokio::test]
	async fn whoever_repeats_the_greeting_of_another_certificate_is_found_out() {
		assert!(matches!(greet(false).await, Err(LinkError::NotItself(_))));
	}

	#[tokio::test]
	async fn every_session_is_known_by_another_value() {
		let (one, two) = (greet(true).await.unwrap(), greet(true).await.unwrap());
		assert_ne!(one.session, two.session);
	}

	#[tokio::test]
	async fn a_message_that_is_too_large_or_nonsense_is_an_error() {
		let (near, far) = tokio::io::duplex(1 << 20);
		let mut reader = Reader(FramedRead::new(far, frames()));
		let mut writer = Writer(FramedWrite::new(near, LengthDelimitedCodec::new()));
		writer.send(&(9u8, 9u8)).await.unwrap();
		let nonsense = reader.next::<FromTenant>().await;
		assert!(matches!(nonsense, Err(LinkError::Gibberish(_))));
		writer.send(&vec![0u8; MAX_FRAME + 1]).await.unwrap();
		let large = reader.next::<FromTenant>().await;
		assert!(matches!(large, Err(LinkError::Broken(_))));
	}
}
