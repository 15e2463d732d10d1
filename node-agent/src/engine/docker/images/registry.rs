//! What registries are asked, and how one is let in: the OCI distribution specification, version 1.1, and Docker's
//! token authentication.
//!
//! Not by a client of crates.io: what tenants name is fetched from public addresses alone, also behind redirections
//! and behind what a registry says about where tokens are, and `oci-client` takes no resolver.

use std::{
	io::Read,
	sync::{Mutex, PoisonError},
	time::{Duration, Instant},
};

use base64::prelude::{Engine as _, BASE64_STANDARD};
use oci_spec::{
	distribution::Reference,
	image::{Arch, Descriptor, DigestAlgorithm, ImageConfiguration, ImageIndex, ImageManifest, Os},
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use ureq::http::{header, StatusCode};

use super::super::super::{download::Http, Failure};

/// Largest manifest, index or configuration, in bytes: what registries themselves take.
const MAX_DOCUMENT: u64 = 4 << 20;
/// Most layers of an image: as many as Docker puts over each other.
const MAX_LAYERS: usize = 127;
/// Longest answer to who asks for a token, in bytes.
const MAX_TOKEN: u64 = 64 << 10;
/// How long a token is good where its registry does not say, by Docker's specification.
const TOKEN_LIFE: Duration = Duration::from_secs(60);
/// A token that is good for less than this is not used any more.
const MARGIN: Duration = Duration::from_secs(10);
/// What a manifest may be.
const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
	application/vnd.oci.image.manifest.v1+json, \
	application/vnd.docker.distribution.manifest.list.v2+json, \
	application/vnd.docker.distribution.manifest.v2+json";

/// SHA-256 of what registries keep.
pub(in super::super) type Sha = [u8; 32];

/// Who asks.
#[derive(Clone)]
pub struct Login {
	/// The user.
	pub username: String,
	/// Its password, or a token in place of it.
	pub password: String,
}

impl std::fmt::Debug for Login {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(f, "Login({}, hidden)", self.username)
	}
}

/// Why a registry gave nothing.
#[derive(Debug)]
pub(in super::super) enum Refusal {
	/// It wants to know who asks, or somebody else.
	Denied(String),
	/// Anything else.
	Failed(Failure),
}

impl From<Refusal> for Failure {
	fn from(refusal: Refusal) -> Self {
		match refusal {
			Refusal::Denied(why) => Self::ImageNotFound(why),
			Refusal::Failed(failure) => failure,
		}
	}
}

impl From<Failure> for Refusal {
	fn from(failure: Failure) -> Self {
		Self::Failed(failure)
	}
}

/// One repository of a registry.
#[derive(Debug)]
pub(super) struct Repository {
	pub(super) http: Http,
	/// The registry, with its port.
	host: String,
	name: String,
	login: Option<Login>,
	access: Mutex<Access>,
}

impl std::fmt::Display for Repository {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(f, "{}/{}", self.host, self.name)
	}
}

/// How the registry lets in.
#[derive(Debug, Default)]
enum Access {
	/// Without asking, so far.
	#[default]
	Open,
	/// By name and password each time.
	Basic,
	/// By a token that is had there.
	Token {
		realm: String,
		service: Option<String>,
		held: Option<(String, Instant)>,
	},
}

/// What an image is made of.
#[derive(Debug)]
pub(super) struct Contents {
	/// Its configuration, as it lies in the registry.
	pub config: Vec<u8>,
	/// From below.
	pub layers: Vec<Layer>,
}

/// One layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layer {
	/// Of the blob.
	pub blob: Sha,
	/// Bytes of the blob.
	pub size: u64,
	/// Of the archive in it.
	pub archive: Sha,
}

/// The registry that a reference names, and the repository in it.
///
/// # Errors
///
/// Where it is no reference.
pub(in super::super) fn parse(reference: &str) -> Result<(String, String), Failure> {
	let parsed: Reference = reference.parse().map_err(|error| {
		Failure::ImageNotFound(format!(
			"{reference:?} names no repository of a registry: {error}"
		))
	})?;
	Ok((parsed.registry().into(), parsed.repository().into()))
}

impl Repository {
	pub(super) fn new(http: Http, host: String, name: String, login: Option<Login>) -> Self {
		Self {
			http,
			host,
			name,
			login,
			access: Mutex::default(),
		}
	}

	/// Whether it wanted to know who asks.
	pub(super) fn has_asked(&self) -> bool {
		let access = self.access.lock().unwrap_or_else(PoisonError::into_inner);
		!matches!(*access, Access::Open)
	}

	/// Where a blob is.
	pub(super) fn blob(&self, digest: &Sha) -> String {
		format!("{}/blobs/{}", self.base(), text_of(digest))
	}

	fn base(&self) -> String {
		let name = self.host.split(':').next().unwrap_or_default();
		// As Docker does: what is on this machine needs no certificate.
		let is_local = matches!(name, "localhost" | "127.0.0.1");
		let scheme = if is_local { "http" } else { "https" };
		// Docker's own is elsewhere than it is called.
		let host = match self.host.as_str() {
			"docker.io" => "registry-1.docker.io",
			other => other,
		};
		format!("{scheme}://{host}/v2/{}", self.name)
	}

	/// What the image of this digest is made of; where the digest is an index's, this machine's image in it.
	///
	/// # Errors
	///
	/// [`Refusal`]: not there, not for this machine, or larger than an image may be.
	pub(super) fn contents(&self, digest: &Sha) -> Result<Contents, Refusal> {
		let mut document = self.document("manifests", digest, MAX_DOCUMENT)?;
		if let Some(index) = as_index(&document)? {
			let (inner, size) = of_this_machine(&index)?;
			document = self.document("manifests", &inner, size)?;
		}
		let manifest: ImageManifest = read(&document, "manifest")?;
		let (config, size) = named(manifest.config())?;
		if size > MAX_DOCUMENT || manifest.layers().len() > MAX_LAYERS {
			return Err(Failure::ImageNotFound(format!(
				"it has {} layers and a configuration of {size} bytes; at most {MAX_LAYERS} and {MAX_DOCUMENT} are taken",
				manifest.layers().len()
			))
			.into());
		}
		let config = self.document("blobs", &config, size)?;
		let layers = layers(&manifest, &config)?;
		Ok(Contents { config, layers })
	}

	/// Something small, which is what its digest says.
	fn document(&self, kind: &str, digest: &Sha, most: u64) -> Result<Vec<u8>, Refusal> {
		let url = format!("{}/{kind}/{}", self.base(), text_of(digest));
		let mut is_first = true;
		loop {
			let mut request = self.http.agent().get(&url).header(header::ACCEPT, ACCEPT);
			if let Some(who) = self.authorize()? {
				request = request.header(header::AUTHORIZATION, who);
			}
			let response = request.call();
			let mut response = response.map_err(|error| missing(&url, &error))?;
			match response.status() {
				StatusCode::OK => {
					let body = response.body_mut().as_reader();
					let bytes = bounded(body, most.min(MAX_DOCUMENT));
					let bytes = bytes.map_err(|error| missing(&url, &error))?;
					if Sha256::digest(&bytes)[..] != digest[..] {
						let is_not = format!("{url} is something else");
						return Err(Failure::WrongDigest(is_not).into());
					}
					return Ok(bytes);
				}
				StatusCode::UNAUTHORIZED if is_first => {
					is_first = false;
					let asked = response.headers().get(header::WWW_AUTHENTICATE);
					self.learn(asked.and_then(|asked| asked.to_str().ok()).unwrap_or(""))?;
				}
				StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
					return Err(self.denied());
				}
				status => return Err(missing(&url, &format!("answered {status}")).into()),
			}
		}
	}

	fn denied(&self) -> Refusal {
		let (host, name) = (&self.host, &self.name);
		Refusal::Denied(match &self.login {
			None => format!("{host} shows {name} only to those who log in"),
			Some(login) => format!("{host} does not show {name} to {}", login.username),
		})
	}

	/// Learns how it lets in.
	fn learn(&self, asked: &str) -> Result<(), Refusal> {
		let challenges = http_auth::parse_challenges(asked).unwrap_or_default();
		let of = |scheme: &str| {
			let mut all = challenges.iter();
			all.find(|challenge| challenge.scheme.eq_ignore_ascii_case(scheme))
		};
		let learnt = if let Some(bearer) = of("bearer") {
			let parameter = |name: &str| {
				let mut all = bearer.params.iter();
				let found = all.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
				Some(found.1.to_unescaped())
			};
			let realm = parameter("realm").ok_or_else(|| self.denied())?;
			// Passwords do not travel in the open.
			if !realm.starts_with("https://") && self.base().starts_with("https://") {
				return Err(Refusal::Denied(format!(
					"{} gives tokens at {realm}, in the open",
					self.host
				)));
			}
			Access::Token {
				realm,
				service: parameter("service"),
				held: None,
			}
		} else if of("basic").is_some() && self.login.is_some() {
			Access::Basic
		} else {
			return Err(self.denied());
		};
		*self.access.lock().unwrap_or_else(PoisonError::into_inner) = learnt;
		Ok(())
	}

	/// What is said to be let in.
	///
	/// # Errors
	///
	/// Where no token is given.
	pub(super) fn authorize(&self) -> Result<Option<String>, Refusal> {
		let mut access = self.access.lock().unwrap_or_else(PoisonError::into_inner);
		match &mut *access {
			Access::Open => Ok(None),
			Access::Basic => Ok(self.login.as_ref().map(basic)),
			Access::Token {
				realm,
				service,
				held,
			} => {
				let now = Instant::now();
				if let Some((token, _)) = held.as_ref().filter(|(_, until)| now < *until) {
					return Ok(Some(format!("Bearer {token}")));
				}
				let (token, life) = self.token(realm, service.as_deref())?;
				*held = Some((token.clone(), now + life.saturating_sub(MARGIN)));
				Ok(Some(format!("Bearer {token}")))
			}
		}
	}

	fn token(&self, realm: &str, service: Option<&str>) -> Result<(String, Duration), Refusal> {
		let scope = format!("repository:{}:pull", self.name);
		let asked = [("scope", scope.as_str())].into_iter();
		let asked = asked.chain(service.map(|service| ("service", service)));
		let mut request = self.http.agent().get(realm).query_pairs(asked);
		if let Some(login) = &self.login {
			request = request.header(header::AUTHORIZATION, basic(login));
		}
		let response = request.call();
		let mut response = response.map_err(|error| missing(realm, &error))?;
		match response.status() {
			StatusCode::OK => {}
			StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(self.denied()),
			status => return Err(missing(realm, &format!("answered {status}")).into()),
		}
		let given = bounded(response.body_mut().as_reader(), MAX_TOKEN);
		let given = given.map_err(|error| missing(realm, &error))?;
		let given: Given = read(&given, "token")?;
		let token = given.token.or(given.access_token);
		let token = token.ok_or_else(|| missing(realm, &"it gives no token"))?;
		let life = given.expires_in.map_or(TOKEN_LIFE, Duration::from_secs);
		Ok((token, life))
	}
}

/// The answer to who asks for a token.
#[derive(Deserialize)]
struct Given {
	token: Option<String>,
	access_token: Option<String>,
	expires_in: Option<u64>,
}

fn basic(login: &Login) -> String {
	basic_of(&login.username, &login.password)
}

/// What HTTP's basic authentication says (RFC 7617).
pub(super) fn basic_of(username: &str, password: &str) -> String {
	let both = BASE64_STANDARD.encode(format!("{username}:{password}"));
	format!("Basic {both}")
}

fn missing(url: &str, why: &dyn std::fmt::Display) -> Failure {
	Failure::ImageNotFound(format!("{url}: {why}"))
}

fn bounded(body: impl Read, most: u64) -> std::io::Result<Vec<u8>> {
	let mut bytes = Vec::new();
	body.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
	if bytes.len() as u64 > most {
		let text = format!("more than {most} bytes");
		return Err(std::io::Error::other(text));
	}
	Ok(bytes)
}

fn read<T: serde::de::DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, Failure> {
	serde_json::from_slice(bytes)
		.map_err(|error| Failure::ImageNotFound(format!("its {what} cannot be read: {error}")))
}

/// As registries and Docker write it: to Docker an image's own name, where it is of its configuration.
pub(in super::super) fn text_of(digest: &Sha) -> String {
	format!("sha256:{}", hex::encode(digest))
}

/// What [`text_of`] wrote; `None` where it is no SHA-256.
pub(super) fn sha(text: &str) -> Option<Sha> {
	let mut digest = Sha::default();
	hex::decode_to_slice(text.strip_prefix("sha256:")?, &mut digest).ok()?;
	Some(digest)
}

/// The digest of what is named, and its length.
fn named(descriptor: &Descriptor) -> Result<(Sha, u64), Failure> {
	let digest = descriptor.digest();
	let known = Some(digest)
		.filter(|digest| *digest.algorithm() == DigestAlgorithm::Sha256)
		.and_then(|digest| sha(digest.as_ref()));
	let known = known.ok_or_else(|| {
		Failure::ImageNotFound(format!("{digest} is no SHA-256, which alone is known here"))
	})?;
	Ok((known, descriptor.size()))
}

/// The index, where the document is one.
fn as_index(document: &[u8]) -> Result<Option<ImageIndex>, Failure> {
	#[derive(Deserialize)]
	struct Shape {
		manifests: Option<serde_json::Value>,
	}
	let shape: Shape = read(document, "manifest")?;
	shape
		.manifests
		.is_some()
		.then(|| read(document, "index"))
		.transpose()
}

/// This machine's architecture, as images name it.
fn architecture() -> Arch {
	match std::env::consts::ARCH {
		"aarch64" => Arch::ARM64,
		_ => Arch::Amd64,
	}
}

fn of_this_machine(index: &ImageIndex) -> Result<(Sha, u64), Failure> {
	let fits = |one: &&Descriptor| {
		let platform = one.platform().as_ref();
		platform.is_some_and(|platform| {
			*platform.os() == Os::Linux && *platform.architecture() == architecture()
		})
	};
	let found = index.manifests().iter().find(fits).ok_or_else(|| {
		Failure::ImageNotFound(format!("it has no image for Linux on {}", architecture()))
	})?;
	named(found)
}

/// The layers, with what the configuration says of their archives.
fn layers(manifest: &ImageManifest, config: &[u8]) -> Result<Vec<Layer>, Failure> {
	let config: ImageConfiguration = read(config, "configuration")?;
	if *config.os() != Os::Linux || *config.architecture() != architecture() {
		return Err(Failure::ImageNotFound(format!(
			"it is for {} on {}, and this machine is Linux on {}",
			config.os(),
			config.architecture(),
			architecture()
		)));
	}
	let archives = config.rootfs().diff_ids();
	if archives.len() != manifest.layers().len() {
		return Err(Failure::ImageNotFound(
			"its manifest and its configuration do not have the same layers".into(),
		));
	}
	let both = manifest.layers().iter().zip(archives);
	both.map(|(layer, archive)| {
		let (blob, size) = named(layer)?;
		let archive = sha(archive).ok_or_else(|| {
			Failure::ImageNotFound(format!(
				"{archive} is no SHA-256, which alone is known here"
			))
		})?;
		Ok(Layer {
			blob,
			size,
			archive,
		})
	})
	.collect()
}
