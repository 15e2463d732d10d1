//! What a component may ask of others: HTTP, at addresses that the whole internet knows, and nothing nearer.
//!
//! The name is resolved here, all that it stands for is looked at, and what is connected to is one of the addresses that were looked at. A
//! component could otherwise ask what is behind the provider's firewall, or what the cloud's metadata service tells this machine.

use std::{
	net::{IpAddr, SocketAddr},
	sync::Arc,
	time::Duration,
};

use http_body_util::BodyExt;
use hyper::{client::conn::http1, Request, Uri};
use rustls::{pki_types::ServerName, ClientConfig, RootCertStore};
use tokio::{
	io::{AsyncRead, AsyncWrite},
	net::{lookup_host, TcpStream, UdpSocket},
	sync::Semaphore,
	time::timeout,
};
use tokio_rustls::TlsConnector;
use wasmtime_wasi::runtime::{spawn, AbortOnDropJoinHandle};
use wasmtime_wasi_http::{
	bindings::http::types::{DnsErrorPayload, ErrorCode},
	body::{HyperIncomingBody, HyperOutgoingBody},
	hyper_request_error,
	io::TokioIo,
	types::{HostFutureIncomingResponse, IncomingResponse, OutgoingRequestConfig},
};

use super::{super::download::is_public, body::bounded};

/// Connections at once of one workspace.
const CONNECTIONS: usize = 8;
/// Longest that is waited for a name, a connection, an answer's beginning, or its next piece.
const PATIENCE: Duration = Duration::from_secs(20);

/// What one lease's components ask others.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
	/// Whether addresses that only this machine's network reaches may be asked, too.
	private: bool,
	connections: Arc<Semaphore>,
	tls: Arc<ClientConfig>,
}

impl Outgoing {
	/// With `private`, addresses are not looked at.
	///
	/// # Errors
	///
	/// Where no version of TLS can be used.
	pub(super) fn new(private: bool) -> eyre::Result<Self> {
		let roots = RootCertStore {
			roots: webpki_roots::TLS_SERVER_ROOTS.into(),
		};
		Self::trusting(roots, private)
	}

	fn trusting(roots: RootCertStore, private: bool) -> eyre::Result<Self> {
		let provider = Arc::new(rustls::crypto::ring::default_provider());
		let tls = ClientConfig::builder_with_provider(provider)
			.with_safe_default_protocol_versions()?
			.with_root_certificates(roots)
			.with_no_client_auth();
		Ok(Self {
			private,
			connections: Arc::new(Semaphore::new(CONNECTIONS)),
			tls: Arc::new(tls),
		})
	}

	/// The same for another lease, which has connections of its own.
	pub(super) fn for_another(&self) -> Self {
		Self {
			connections: Arc::new(Semaphore::new(CONNECTIONS)),
			..self.clone()
		}
	}

	/// Sends a request. It is given up when what is given here is dropped.
	pub(super) fn send(
		&self,
		request: Request<HyperOutgoingBody>,
		config: OutgoingRequestConfig,
	) -> HostFutureIncomingResponse {
		let outgoing = self.clone();
		let answer = async move { Ok(outgoing.ask(request, config).await) };
		HostFutureIncomingResponse::pending(spawn(answer))
	}

	async fn ask(
		&self,
		mut request: Request<HyperOutgoingBody>,
		config: OutgoingRequestConfig,
	) -> Result<IncomingResponse, ErrorCode> {
		let connections = self.connections.clone();
		let permit = connections.try_acquire_owned();
		let permit = permit.map_err(|_| ErrorCode::ConnectionLimitReached)?;
		let host = request.uri().host().unwrap_or_default();
		let host = host
			.trim_start_matches('[')
			.trim_end_matches(']')
			.to_owned();
		let usual = if config.use_tls { 443 } else { 80 };
		let port = request.uri().port_u16().unwrap_or(usual);
		let addresses = self.resolve(&host, port).await?;
		let connect = TcpStream::connect(&addresses[..]);
		let stream = patient(
			config.connect_timeout,
			connect,
			ErrorCode::ConnectionTimeout,
		)
		.await?;
		let stream = stream.map_err(|_| ErrorCode::ConnectionRefused)?;
		// What is asked is the path alone: the rest said where.
		let path = request.uri().path_and_query().cloned();
		let path = path.map_or_else(|| Uri::from_static("/"), Uri::from);
		*request.uri_mut() = path;
		let (mut sender, worker) = if config.use_tls {
			let name = ServerName::try_from(host).map_err(|_| ErrorCode::TlsProtocolError)?;
			let connector = TlsConnector::from(self.tls.clone());
			let connect = connector.connect(name, stream);
			let stream = patient(
				config.connect_timeout,
				connect,
				ErrorCode::ConnectionTimeout,
			)
			.await?;
			begin(stream.map_err(|_| ErrorCode::TlsProtocolError)?, permit).await?
		} else {
			begin(stream, permit).await?
		};
		let answer = sender.send_request(request);
		let late = ErrorCode::ConnectionReadTimeout;
		let answer = patient(config.first_byte_timeout, answer, late).await?;
		let answer = answer.map_err(hyper_request_error)?;
		Ok(IncomingResponse {
			resp: answer.map(|body| -> HyperIncomingBody {
				let too_long = |most| ErrorCode::HttpResponseBodySize(Some(most));
				bounded(body, hyper_request_error, too_long).boxed()
			}),
			worker: Some(worker),
			between_bytes_timeout: config.between_bytes_timeout.min(PATIENCE),
		})
	}

	/// What a name stands for, where all of it may be asked.
	async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, ErrorCode> {
		let unknown = || {
			ErrorCode::DnsError(DnsErrorPayload {
				rcode: Some("the name is not known".into()),
				info_code: None,
			})
		};
		let found = patient(PATIENCE, lookup_host((host, port)), ErrorCode::DnsTimeout).await?;
		let found: Vec<SocketAddr> = found.map_err(|_| unknown())?.collect();
		if found.is_empty() {
			return Err(unknown());
		}
		for address in &found {
			if !self.private && (!is_public(address.ip()) || is_own(address.ip()).await) {
				return Err(ErrorCode::DestinationIpProhibited);
			}
		}
		Ok(found)
	}
}

/// Whether an address is this machine's, which may have a public one: only then can it be listened at.
async fn is_own(address: IpAddr) -> bool {
	UdpSocket::bind((address, 0)).await.is_ok()
}

/// Waits as long as was asked for, within bounds.
async fn patient<T>(
	asked: Duration,
	work: impl std::future::Future<Output = T>,
	late: ErrorCode,
) -> Result<T, ErrorCode> {
	timeout(asked.min(PATIENCE), work).await.map_err(|_| late)
}

/// Begins to speak HTTP; the connection is counted until it is over.
async fn begin(
	stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
	permit: tokio::sync::OwnedSemaphorePermit,
) -> Result<
	(
		http1::SendRequest<HyperOutgoingBody>,
		AbortOnDropJoinHandle<()>,
	),
	ErrorCode,
> {
	let (sender, connection) = http1::handshake(TokioIo::new(stream))
		.await
		.map_err(hyper_request_error)?;
	let worker = spawn(async move {
		let _permit = permit;
		if let Err(error) = connection.await {
			tracing::debug!(%error, "a connection of a component's broke");
		}
	});
	Ok((sender, worker))
}

#[cfg(test)]
mod tests {
	use super::*;

	async fn resolve(private: bool, host: &str) -> Result<Vec<SocketAddr>, ErrorCode> {
		Outgoing::new(private).unwrap().resolve(host, 80).await
	}

	#[tokio::test]
	async fn only_what_the_whole_internet_knows_is_asked() {
		for host in [
			"127.0.0.1",
			"169.254.169.254",
			"10.0.0.1",
			"::1",
			"localhost",
		] {
			let error = resolve(false, host).await.unwrap_err();
			assert!(
				matches!(error, ErrorCode::DestinationIpProhibited),
				"{host}: {error}"
			);
		}
		let there = resolve(false, "1.1.1.1").await.unwrap();
		assert_eq!(there, [SocketAddr::from(([1, 1, 1, 1], 80))]);
	}

	#[tokio::test]
	async fn an_owner_may_let_the_machines_network_be_asked() {
		assert!(resolve(true, "127.0.0.1").await.is_ok());
	}

	#[tokio::test]
	async fn an_address_of_this_machine_is_known_for_one() {
		assert!(is_own(IpAddr::from([127, 0, 0, 1])).await);
		assert!(!is_own(IpAddr::from([1, 1, 1, 1])).await);
	}

	/// Asks a server of this machine that shows a certificate for `localhost`; gives the status, and what it was asked.
	async fn over_tls(is_trusted: bool) -> Result<(u16, String), ErrorCode> {
		use tokio::io::{AsyncReadExt, AsyncWriteExt};
		let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
		let key = rustls::pki_types::PrivateKeyDer::try_from(own.signing_key.serialize_der());
		let provider = Arc::new(rustls::crypto::ring::default_provider());
		let config = rustls::ServerConfig::builder_with_provider(provider)
			.with_safe_default_protocol_versions()
			.unwrap()
			.with_no_client_auth()
			.with_single_cert(vec![own.cert.der().clone()], key.unwrap())
			.unwrap();
		let listener = tokio::net::TcpListener::bind("localhost:0").await.unwrap();
		let port = listener.local_addr().unwrap().port();
		let server = tokio::spawn(async move {
			let (stream, _) = listener.accept().await.unwrap();
			let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
			let mut stream = acceptor.accept(stream).await.ok()?;
			let mut asked = [0; 1_024];
			let length = stream.read(&mut asked).await.unwrap();
			let answer = "HTTP/1.1 204 x\r\nconnection: close\r\n\r\n";
			stream.write_all(answer.as_bytes()).await.unwrap();
			Some(String::from_utf8_lossy(&asked[..length]).into_owned())
		});
		let mut roots = RootCertStore::empty();
		if is_trusted {
			roots.add(own.cert.der().clone()).unwrap();
		}
		let nothing = http_body_util::Empty::new().map_err(|never| match never {});
		let request = Request::get(format!("https://localhost:{port}/path"))
			.body(nothing.boxed())
			.unwrap();
		let config = OutgoingRequestConfig {
			use_tls: true,
			connect_timeout: PATIENCE,
			first_byte_timeout: PATIENCE,
			between_bytes_timeout: PATIENCE,
		};
		let outgoing = Outgoing::trusting(roots, true).unwrap();
		let answer = outgoing.ask(request, config).await?;
		let asked = server.await.unwrap().unwrap();
		Ok((answer.resp.status().as_u16(), asked))
	}

	#[tokio::test]
	async fn who_is_asked_by_tls_must_be_who_it_says() {
		let (status, asked) = over_tls(true).await.unwrap();
		assert!(
			status == 204 && asked.starts_with("GET /path HTTP/1.1"),
			"{status} {asked}"
		);
		let error = over_tls(false).await.unwrap_err();
		assert!(matches!(error, ErrorCode::TlsProtocolError), "{error}");
	}

	#[tokio::test]
	async fn only_so_many_connections_are_open_at_once() {
		let outgoing = Outgoing::new(true).unwrap();
		let all = u32::try_from(CONNECTIONS).unwrap();
		let _held = outgoing
			.connections
			.clone()
			.acquire_many_owned(all)
			.await
			.unwrap();
		assert!(outgoing.for_another().connections.try_acquire().is_ok());
		let nothing = http_body_util::Empty::new().map_err(|never| match never {});
		let request = Request::get("http://localhost:1/")
			.body(nothing.boxed())
			.unwrap();
		let config = OutgoingRequestConfig {
			use_tls: false,
			connect_timeout: PATIENCE,
			first_byte_timeout: PATIENCE,
			between_bytes_timeout: PATIENCE,
		};
		let refused = outgoing.ask(request, config).await;
		assert!(matches!(refused, Err(ErrorCode::ConnectionLimitReached)));
	}
}
