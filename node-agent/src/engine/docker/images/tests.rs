//! Images come from a registry as they must, whatever it does.

use std::{
	sync::atomic::{AtomicBool, AtomicU32, Ordering},
	time::SystemTime,
};

use axum::{
	body::Body,
	extract::State,
	http::{header, HeaderMap, StatusCode, Uri},
	response::{IntoResponse, Response},
	Router,
};
use serde_json::{json, Value};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::{
	super::super::download::PART_LIFE,
	archive::tests::gzip,
	room::{forget_notes, sweep},
	*,
};

const USER: &str = "ferdie";
const PASSWORD: &str = "hush";

/// What a registry on this machine has and does.
#[derive(Debug, Default)]
struct Registry {
	/// By digest: manifests and blobs.
	things: Mutex<HashMap<String, Vec<u8>>>,
	/// Whether it shows things only to its user.
	is_private: AtomicBool,
	/// Whether its tokens are good for no time at all.
	is_hasty: AtomicBool,
	/// The answer to the next request for something large ends here.
	ends_at: Mutex<Option<usize>>,
	tokens: AtomicU32,
	/// What was asked for, and from which byte on.
	asked: Mutex<Vec<(String, usize)>>,
	address: Mutex<String>,
}

impl Registry {
	async fn start() -> Arc<Self> {
		let registry = Arc::new(Self::default());
		let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
		*lock(&registry.address) = listener.local_addr().unwrap().to_string();
		let app = Router::new().fallback(answer).with_state(registry.clone());
		tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
		registry
	}

	fn keep(&self, thing: Vec<u8>) -> Sha {
		let digest: Sha = Sha256::digest(&thing).into();
		lock(&self.things).insert(text_of(&digest), thing);
		digest
	}

	/// Keeps an image of these layers, and an index of it; gives both digests.
	fn keep_image(&self, archives: &[Vec<u8>]) -> (Sha, Sha) {
		let named = |digest: &Sha, size: usize, kind: &str| json!({ "mediaType": kind, "digest": text_of(digest), "size": size });
		let layers: Vec<Value> = archives
			.iter()
			.map(|archive| {
				let blob = gzip(archive);
				let size = blob.len();
				let kind = "application/vnd.oci.image.layer.v1.tar+gzip";
				named(&self.keep(blob), size, kind)
			})
			.collect();
		let archives = archives
			.iter()
			.map(|archive| Sha256::digest(archive).into());
		let archives: Vec<String> = archives.map(|digest| text_of(&digest)).collect();
		let architecture = match std::env::consts::ARCH {
			"aarch64" => "arm64",
			_ => "amd64",
		};
		let config = json!({
			"architecture": architecture,
			"os": "linux",
			"config": {},
			"rootfs": { "type": "layers", "diff_ids": archives },
		})
		.to_string();
		let size = config.len();
		let config = self.keep(config.into());
		let manifest = json!({
			"schemaVersion": 2,
			"mediaType": "application/vnd.oci.image.manifest.v1+json",
			"config": named(&config, size, "application/vnd.oci.image.config.v1+json"),
			"layers": layers,
		})
		.to_string();
		let size = manifest.len();
		let manifest = self.keep(manifest.into());
		let kind = "application/vnd.oci.image.manifest.v1+json";
		let mut own = named(&manifest, size, kind);
		own["platform"] = json!({ "os": "linux", "architecture": architecture });
		let mut other = named(&[9; 32], 10, kind);
		other["platform"] = json!({ "os": "linux", "architecture": "s390x" });
		let index = json!({
			"schemaVersion": 2,
			"mediaType": "application/vnd.oci.image.index.v1+json",
			"manifests": [other, own],
		});
		(manifest, self.keep(index.to_string().into()))
	}
}

fn lock<T>(what: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
	what.lock().unwrap()
}

/// Bytes that do not pack well.
fn noise(seed: u64, bytes: usize) -> Vec<u8> {
	let mut reader = blake3::Hasher::new();
	reader.update(&seed.to_le_bytes());
	let mut noise = vec![0; bytes];
	reader.finalize_xof().fill(&mut noise);
	noise
}

async fn answer(State(registry): State<Arc<Registry>>, uri: Uri, headers: HeaderMap) -> Response {
	let said = headers.get(header::AUTHORIZATION);
	let said = said.map_or("", |said| said.to_str().unwrap());
	let login = registry::basic_of(USER, PASSWORD);
	if uri.path() == "/token" {
		assert!(uri
			.query()
			.unwrap()
			.contains("repository%3Ateam%2Fdemo%3Apull"));
		if said != login {
			return StatusCode::UNAUTHORIZED.into_response();
		}
		let number = registry.tokens.fetch_add(1, Ordering::Relaxed);
		let life = if registry.is_hasty.load(Ordering::Relaxed) {
			1
		} else {
			300
		};
		return json!({ "token": format!("t{number}"), "expires_in": life })
			.to_string()
			.into_response();
	}
	if registry.is_private.load(Ordering::Relaxed) {
		let newest = registry.tokens.load(Ordering::Relaxed).wrapping_sub(1);
		if said != format!("Bearer t{newest}") {
			let realm = format!("http://{}/token", lock(&registry.address));
			let asked = format!("Bearer realm=\"{realm}\",service=\"a, b\",scope=\"x\"");
			return (
				StatusCode::UNAUTHORIZED,
				[(header::WWW_AUTHENTICATE, asked)],
			)
				.into_response();
		}
	}
	let digest = uri.path().rsplit('/').next().unwrap().to_string();
	let range = headers
		.get(header::RANGE)
		.map(|range| range.to_str().unwrap());
	let from = range.map_or(0, |range| {
		let from = range.trim_start_matches("bytes=").trim_end_matches('-');
		from.parse().unwrap()
	});
	lock(&registry.asked).push((digest.clone(), from));
	let Some(thing) = lock(&registry.things).get(&digest).cloned() else {
		return StatusCode::NOT_FOUND.into_response();
	};
	let rest = thing[from..].to_vec();
	let status = match from {
		0 => StatusCode::OK,
		_ => StatusCode::PARTIAL_CONTENT,
	};
	let length = rest.len().to_string();
	let ends_at = match rest.len() > 10_000 {
		true => lock(&registry.ends_at).take(),
		false => None,
	};
	let body = match ends_at {
		None => Body::from(rest),
		Some(end) => {
			let given = bytes::Bytes::from(rest[..end].to_vec());
			let broken = async {
				// What was given goes out first.
				tokio::task::yield_now().await;
				Err(io::Error::other("hung up"))
			};
			let given = futures::stream::iter([Ok(given)]);
			Body::from_stream(given.chain(futures::stream::once(broken)))
		}
	};
	(status, [(header::CONTENT_LENGTH, length)], body).into_response()
}

/// What fetches from it, into a folder.
struct Bench {
	registry: Arc<Registry>,
	folder: TempDir,
}

impl Bench {
	async fn new() -> Self {
		Self {
			registry: Registry::start().await,
			folder: tempfile::tempdir().unwrap(),
		}
	}

	fn job(&self, digest: Sha, login: Option<Login>) -> Job {
		let reference = format!("{}/team/demo", lock(&self.registry.address));
		let (host, name) = parse(&reference).unwrap();
		let http = Http::new(true);
		Job {
			repository: Arc::new(Repository::new(http, host, name, login)),
			digest,
			folder: self.folder.path().join("image"),
			tracker: Tracker::silent(),
		}
	}

	/// Fetches an image; gives the sizes of its archives.
	async fn fetch(&self, digest: Sha, login: Option<Login>) -> Result<Vec<u64>, Refusal> {
		let job = self.job(digest, login);
		blocking(move || {
			let contents = job.repository.contents(&job.digest)?;
			Ok(job.layers(&contents.layers, 1 << 20)?)
		})
		.await
	}
}

fn ferdie() -> Option<Login> {
	Some(Login {
		username: USER.into(),
		password: PASSWORD.into(),
	})
}

fn failure(refusal: Refusal) -> Failure {
	match refusal {
		Refusal::Failed(failure) => failure,
		Refusal::Denied(why) => panic!("denied: {why}"),
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_fetched_by_its_own_digest_or_by_that_of_an_index() {
	let bench = Bench::new().await;
	let archives = [noise(1, 50_000), noise(2, 30_000)];
	let (manifest, index) = bench.registry.keep_image(&archives);
	for digest in [manifest, index] {
		let sizes = bench.fetch(digest, None).await.unwrap();
		assert_eq!(sizes, [50_000, 30_000]);
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_that_was_fetched_in_part_is_gone_on_with() {
	let bench = Bench::new().await;
	let (digest, _) = bench.registry.keep_image(&[noise(1, 300_000)]);
	*lock(&bench.registry.ends_at) = Some(70_000);
	assert_eq!(bench.fetch(digest, None).await.unwrap(), [300_000]);
	let from: Vec<usize> = lock(&bench.registry.asked)
		.iter()
		.map(|(_, from)| *from)
		.filter(|from| *from > 0)
		.collect();
	assert!(matches!(from[..], [1..=70_000]), "{from:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_already_is_not_fetched_again() {
	let bench = Bench::new().await;
	let (digest, _) = bench.registry.keep_image(&[noise(1, 50_000)]);
	bench.fetch(digest, None).await.unwrap();
	let before = lock(&bench.registry.asked).len();
	bench.fetch(digest, None).await.unwrap();
	assert_eq!(
		lock(&bench.registry.asked).len() - before,
		2,
		"manifest and configuration"
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_image_is_shown_to_who_logs_in_and_to_nobody_else() {
	let bench = Bench::new().await;
	let (digest, _) = bench.registry.keep_image(&[noise(1, 50_000)]);
	bench.registry.is_private.store(true, Ordering::Relaxed);
	let wrong = Login {
		username: USER.into(),
		password: "guess".into(),
	};
	for login in [None, Some(wrong)] {
		let refused = bench.fetch(digest, login).await.unwrap_err();
		assert!(matches!(refused, Refusal::Denied(_)), "{refused:?}");
	}
	assert_eq!(bench.fetch(digest, ferdie()).await.unwrap(), [50_000]);
	assert_eq!(bench.registry.tokens.load(Ordering::Relaxed), 1);
	let asks = |login| {
		let job = bench.job(digest, login);
		blocking(move || {
			let shown = job.repository.contents(&job.digest).is_ok();
			Ok::<_, Failure>((shown, job.repository.has_asked()))
		})
	};
	assert_eq!(asks(ferdie()).await.unwrap(), (true, true));
	bench.registry.is_private.store(false, Ordering::Relaxed);
	assert_eq!(asks(ferdie()).await.unwrap(), (true, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_over_is_asked_for_anew() {
	let bench = Bench::new().await;
	let (digest, _) = bench.registry.keep_image(&[noise(1, 50_000)]);
	bench.registry.is_private.store(true, Ordering::Relaxed);
	bench.registry.is_hasty.store(true, Ordering::Relaxed);
	assert_eq!(bench.fetch(digest, ferdie()).await.unwrap(), [50_000]);
	assert!(bench.registry.tokens.load(Ordering::Relaxed) > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_what_its_digest_says_is_refused() {
	let bench = Bench::new().await;
	let (digest, _) = bench.registry.keep_image(&[noise(1, 50_000)]);
	let change = |which: fn(usize) -> bool| {
		let mut things = lock(&bench.registry.things);
		let found = things.values_mut().find(|thing| which(thing.len()));
		*found.unwrap().last_mut().unwrap() ^= 1;
	};
	change(|length| length > 10_000);
	let refused = failure(bench.fetch(digest, None).await.unwrap_err());
	assert!(matches!(refused, Failure::WrongDigest(_)), "{refused}");
	assert!(
		fs::read_dir(bench.folder.path().join("image"))
			.unwrap()
			.next()
			.is_none(),
		"it would be taken for good the next time"
	);
	lock(&bench.registry.things).insert(text_of(&digest), b"{}".to_vec());
	let refused = failure(bench.fetch(digest, None).await.unwrap_err());
	assert!(matches!(refused, Failure::WrongDigest(_)), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_unpacks_to_more_than_there_is_room_for_is_refused() {
	let bench = Bench::new().await;
	let (digest, _) = bench
		.registry
		.keep_image(&[vec![0; 700_000], vec![1; 700_000]]);
	let refused = failure(bench.fetch(digest, None).await.unwrap_err());
	assert!(matches!(refused, Failure::NoSpace(_)), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_image_for_this_machine_is_refused_with_the_reason() {
	let bench = Bench::new().await;
	let (digest, _) = bench.registry.keep_image(&[noise(1, 100)]);
	let of = |digest: &Sha| -> Value {
		let things = lock(&bench.registry.things);
		serde_json::from_slice(&things[&text_of(digest)]).unwrap()
	};
	let good = of(&digest);
	let config: Sha = registry::sha(good["config"]["digest"].as_str().unwrap()).unwrap();
	let mut other = of(&config);
	other["architecture"] = json!("s390x");
	let other = other.to_string();
	let mut elsewhere = good.clone();
	elsewhere["config"]["size"] = json!(other.len());
	elsewhere["config"]["digest"] = json!(text_of(&bench.registry.keep(other.into())));
	let mut more = good.clone();
	let layer = good["layers"][0].clone();
	more["layers"] = json!([layer, layer]);
	let mut tower = good.clone();
	tower["layers"] = Value::Array(vec![layer; 128]);
	for (wrong, why) in [
		(elsewhere, "s390x"),
		(more, "same layers"),
		(tower, "at most 127"),
		(json!({ "manifests": [] }), "index"),
		(json!([]), "manifest"),
	] {
		let digest = bench.registry.keep(wrong.to_string().into());
		let refused = failure(bench.fetch(digest, None).await.unwrap_err());
		assert!(
			matches!(&refused, Failure::ImageNotFound(text) if text.contains(why)),
			"{why}: {refused}"
		);
	}
	let refused = failure(bench.fetch([7; 32], None).await.unwrap_err());
	assert!(refused.to_string().contains("404"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_behind_the_providers_firewall() {
	let bench = Bench::new().await;
	let (digest, _) = bench.registry.keep_image(&[noise(1, 100)]);
	let mut job = bench.job(digest, None);
	let (host, name) = (lock(&bench.registry.address).clone(), "team/demo".into());
	job.repository = Arc::new(Repository::new(Http::new(false), host, name, None));
	let refused = blocking(move || job.repository.contents(&job.digest)).await;
	let refused = failure(refused.unwrap_err());
	assert!(refused.to_string().contains("private-sources"), "{refused}");
	assert_eq!(*lock(&bench.registry.asked), []);
}

#[test]
fn layers_that_an_image_has_from_below_are_the_same() {
	let layer = |number: u8| Layer {
		blob: [0; 32],
		size: 1,
		archive: [number; 32],
	};
	let layers = [layer(1), layer(2), layer(3)];
	assert_eq!(common(&[], &layers), 0);
	assert_eq!(common(&[[1; 32], [2; 32]], &layers), 2);
	assert_eq!(common(&[[1; 32], [3; 32], [3; 32]], &layers), 1);
	assert_eq!(common(&[[1; 32], [2; 32], [3; 32], [4; 32]], &layers), 3);
}

#[test]
fn what_is_on_its_way_counts_and_goes_when_nobody_goes_on_with_it() {
	let folder = tempfile::tempdir().unwrap();
	let keep = |name: &str, bytes: usize, age: Duration| {
		let image = folder.path().join(name);
		fs::create_dir(&image).unwrap();
		let path = image.join("blob.part");
		fs::write(&path, vec![0; bytes]).unwrap();
		let written = SystemTime::now() - age;
		File::options()
			.append(true)
			.open(path)
			.unwrap()
			.set_modified(written)
			.unwrap();
	};
	keep("own", 1, Duration::ZERO);
	keep("young", 20, Duration::from_secs(60));
	keep("old", 300, PART_LIFE + Duration::from_secs(60));
	fs::write(folder.path().join("young.used"), b"").unwrap();
	assert_eq!(sweep(folder.path(), "own").unwrap(), 20);
	assert!(!folder.path().join("old").exists());
}

#[test]
fn what_was_noted_is_forgotten_of_images_that_are_gone() {
	let folder = tempfile::tempdir().unwrap();
	let old = SystemTime::now() - PART_LIFE - Duration::from_secs(60);
	let notes = ["aa.used", "aa.private", "bb.used", "bb.private", "cc"];
	for name in notes {
		let note = File::create(folder.path().join(name)).unwrap();
		note.set_modified(old).unwrap();
	}
	File::create(folder.path().join("dd.private")).unwrap();
	forget_notes(folder.path(), |digest| digest == "aa");
	let there = notes.map(|name| folder.path().join(name).exists());
	assert_eq!(there, [true, true, false, false, true]);
	assert!(
		folder.path().join("dd.private").exists(),
		"it may just have come"
	);
}

#[test]
fn references_name_a_registry_and_a_repository() {
	let of = |reference| parse(reference).unwrap();
	let pair = |host: &str, name: &str| (host.to_string(), name.to_string());
	assert_eq!(of("busybox"), pair("docker.io", "library/busybox"));
	assert_eq!(of("ghcr.io/a/b"), pair("ghcr.io", "a/b"));
	assert_eq!(of("127.0.0.1:5000/a"), pair("127.0.0.1:5000", "a"));
	for wrong in ["", "Not A Name", "http://x/y", "a@b"] {
		assert!(parse(wrong).is_err(), "{wrong}");
	}
}
