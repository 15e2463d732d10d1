//! TLS 1.3 between a tenant and an agent.
//!
//! The certificate is nobody's: it is made at each start, and who it belongs to is said in the greeting
//! that follows ([`crate::identity`]). What this gives by itself is a secret channel to *somebody* who
//! has the certificate's key, and a value that both ends derive from the channel's keys.

use std::sync::Arc;

use rustls::{
	client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
	crypto::{ring, verify_tls13_signature, CryptoProvider},
	pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime},
	ClientConfig, DigitallySignedStruct, Error, ServerConfig, SignatureScheme,
};

/// The name in all certificates; nobody is told apart by it.
pub const NAME: &str = "usufruct-agent";
const EXPORTER: &[u8] = b"EXPORTER-usufruct-tenant-access-1";

/// A new certificate and what serves it.
///
/// # Errors
///
/// Where the system gives no randomness.
pub fn server() -> Result<(Arc<ServerConfig>, Vec<u8>), TlsError> {
	let made = rcgen::generate_simple_self_signed(vec![NAME.to_string()])
		.map_err(|error| TlsError(error.to_string()))?;
	let certificate = made.cert.der().clone();
	let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
	let config = ServerConfig::builder_with_provider(provider())
		.with_protocol_versions(&[&rustls::version::TLS13])
		.and_then(|config| {
			config
				.with_no_client_auth()
				.with_single_cert(vec![certificate.clone()], key)
		})
		.map_err(|error| TlsError(error.to_string()))?;
	Ok((Arc::new(config), certificate.to_vec()))
}

/// How a tenant connects: any certificate is good whose key the other side has.
///
/// # Errors
///
/// Never in practice: the protocol versions are this crate's own choice.
pub fn client() -> Result<Arc<ClientConfig>, TlsError> {
	let config = ClientConfig::builder_with_provider(provider())
		.with_protocol_versions(&[&rustls::version::TLS13])
		.map_err(|error| TlsError(error.to_string()))?
		.dangerous()
		.with_custom_certificate_verifier(Arc::new(KeyOnly(provider())))
		.with_no_client_auth();
	Ok(Arc::new(config))
}

/// What both ends of a session know and nobody else.
///
/// # Errors
///
/// Before the handshake is over.
pub fn session<D>(connection: &rustls::ConnectionCommon<D>) -> Result<[u8; 32], TlsError> {
	connection
		.export_keying_material([0; 32], EXPORTER, None)
		.map_err(|error| TlsError(error.to_string()))
}

/// What went wrong in TLS.
#[derive(Clone, Debug, thiserror::Error)]
#[error("TLS: {0}")]
pub struct TlsError(pub String);

fn provider() -> Arc<CryptoProvider> {
	Arc::new(ring::default_provider())
}

/// Accepts a certificate for its key alone. The handshake's signature *is* checked: whoever answers has
/// the key. Who that is says the greeting.
#[derive(Debug)]
struct KeyOnly(Arc<CryptoProvider>);

impl ServerCertVerifier for KeyOnly {
	fn verify_server_cert(
		&self,
		_: &CertificateDer<'_>,
		_: &[CertificateDer<'_>],
		_: &ServerName<'_>,
		_: &[u8],
		_: UnixTime,
	) -> Result<ServerCertVerified, Error> {
		Ok(ServerCertVerified::assertion())
	}

	fn verify_tls12_signature(
		&self,
		_: &[u8],
		_: &CertificateDer<'_>,
		_: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, Error> {
		Err(Error::General("TLS 1.3 is needed".into()))
	}

	fn verify_tls13_signature(
		&self,
		message: &[u8],
		certificate: &CertificateDer<'_>,
		signed: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, Error> {
		verify_tls13_signature(
			message,
			certificate,
			signed,
			&self.0.signature_verification_algorithms,
		)
	}

	fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
		self.0.signature_verification_algorithms.supported_schemes()
	}
}
