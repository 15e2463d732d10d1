//! The images of containers: fetched by their digests from registries, checked, and handed to the engine.
//!
//! The engine could fetch them by itself. It would ask whatever address a tenant names, also one behind the
//! provider's firewall; a fetch that is interrupted would begin anew; what is packed small could fill the disk; and
//! what is there would stay for ever. So the agent does it: each layer is fetched from where it was left, hashed,
//! unpacked within bounds and hashed again, and only then the engine sees it. Layers that the engine has under
//! another image are not fetched. What was used for longest ago makes room.

mod archive;
mod registry;
#[cfg(test)]
mod tests;

use std::{
	collections::HashMap,
	fs::{self, File},
	io,
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicUsize, Ordering},
		Arc, Mutex, PoisonError,
	},
	time::{Duration, SystemTime},
};

use bollard::{
	query_parameters::{ImportImageOptions, ListImagesOptionsBuilder, RemoveImageOptions},
	Docker,
};
use futures::StreamExt;
use tokio_util::io::{ReaderStream, SyncIoBridge};
use usufruct_access::message::{Layer as Progress, Step};

pub use self::registry::Login;
pub(super) use self::registry::{parse, Refusal, Sha};
use self::{
	archive::{file_name, Unpacked},
	registry::{text_of, Contents, Layer, Repository},
};
use super::{
	super::{
		download::{length, no_space, Http, Wanted},
		progress::Tracker,
		sources::Sources,
		Failure,
	},
	blame,
};

/// How long fetching a layer may take.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// How long what was fetched in part is kept.
const PART_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// Layers that are fetched side by side.
const CONNECTIONS: usize = 3;
/// Bytes that are on the way to the engine.
const ON_THE_WAY: usize = 1 << 20;

/// The images that this agent fetched. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Images(Arc<Inner>);

#[derive(Debug)]
struct Inner {
	docker: Docker,
	/// What comes of images until the engine has them, and when each was used.
	folder: PathBuf,
	http: Http,
	/// Most bytes that they take, those on their way included.
	quota: u64,
	/// How this machine logs in, by registry.
	logins: HashMap<String, Login>,
	/// The name of all of them, which tells them from those of others: their tags are the digests.
	name: String,
	/// Whether the engine takes an image of which it has some layers without these.
	is_layered: bool,
	/// Held by whoever fetches an image: two leases of one fetch it once.
	locks: Mutex<HashMap<Sha, Arc<tokio::sync::Mutex<()>>>>,
	/// Held while room is made.
	clearing: tokio::sync::Mutex<()>,
}

/// What is to be fetched.
#[derive(Clone, Debug)]
pub(super) struct Source {
	/// The manifest's, or an index's.
	pub digest: Sha,
	/// The repository, with its registry.
	pub reference: String,
	/// How the tenant logs in there, if it told.
	pub login: Option<Login>,
	/// Whether something that is paid for waits for it: else no other image makes room for it, which any tenant
	/// could bring about by asking and taking it back.
	pub is_leased: bool,
}

/// Where an image is that was fetched, before the engine has it.
struct Fetched {
	contents: Contents,
	folder: PathBuf,
	/// How many of its layers the engine has.
	known: usize,
	/// Bytes of the archives of the others.
	sizes: Vec<u64>,
}

impl Images {
	/// Keeps what is on its way in a folder, which is created. `agent` tells this agent's images from another's.
	///
	/// # Errors
	///
	/// Where it cannot be.
	pub(super) fn new(
		docker: Docker,
		folder: PathBuf,
		agent: &str,
		sources: &Sources,
		is_layered: bool,
	) -> io::Result<Self> {
		fs::create_dir_all(&folder)?;
		Ok(Self(Arc::new(Inner {
			docker,
			folder,
			http: Http::new(sources.private),
			quota: sources.image_quota_mib.saturating_mul(1 << 20),
			logins: sources.logins.clone(),
			name: format!("usufruct-{agent}"),
			is_layered,
			locks: Mutex::default(),
			clearing: tokio::sync::Mutex::default(),
		})))
	}

	/// The name of an image that was fetched, for the engine.
	pub(super) fn tag(&self, digest: &Sha) -> String {
		format!("{}:{}", self.0.name, hex::encode(digest))
	}

	/// Notes that it is used now.
	pub(super) fn touch(&self, digest: &Sha) {
		let path = self.used(&hex::encode(digest));
		if let Err(error) = File::create(&path) {
			tracing::debug!(path = %path.display(), %error, "cannot note the use of an image");
		}
	}

	fn used(&self, digest: &str) -> PathBuf {
		self.0.folder.join(format!("{digest}.used"))
	}

	/// Fetches an image into the engine; gives its name there.
	///
	/// # Errors
	///
	/// [`Refusal`]. What came of it is kept for the next attempt, for a day.
	pub(super) async fn fetch(&self, source: Source, tracker: &Tracker) -> Result<String, Refusal> {
		let lock = {
			let mut locks = self.0.locks.lock().unwrap_or_else(PoisonError::into_inner);
			locks.retain(|_, lock| Arc::strong_count(lock) > 1);
			locks.entry(source.digest).or_default().clone()
		};
		let _guard = lock.lock().await;
		let tag = self.tag(&source.digest);
		if self.0.docker.inspect_image(&tag).await.is_ok() {
			self.touch(&source.digest);
			return Ok(tag);
		}
		let has = match self.0.is_layered {
			true => self.layers_there().await?,
			false => Vec::new(),
		};
		let fetched = self.fetch_without(&source, &has, tracker).await?;
		let known = fetched.known;
		match self.hand_over(&source, fetched, tracker).await {
			// What the engine had a moment ago it may have forgotten.
			Err(failure) if known > 0 => {
				tracing::info!(%failure, "fetching all layers of an image");
				let all = self.fetch_without(&source, &[], tracker).await?;
				self.hand_over(&source, all, tracker).await?;
			}
			other => other?,
		}
		self.touch(&source.digest);
		Ok(tag)
	}

	/// The layers of each image that the engine has, from below.
	async fn layers_there(&self) -> Result<Vec<Vec<Sha>>, Failure> {
		let mut all = Vec::new();
		for id in self.list(HashMap::new()).await?.into_keys() {
			// It may be gone by now.
			if let Ok(image) = self.0.docker.inspect_image(&id).await {
				let layers = image.root_fs.and_then(|root| root.layers);
				all.push(
					layers
						.unwrap_or_default()
						.iter()
						.map_while(|layer| registry::sha(layer))
						.collect(),
				);
			}
		}
		Ok(all)
	}

	/// Images of the engine: their identifiers, sizes in bytes, and tags.
	async fn list(
		&self,
		filters: HashMap<String, Vec<String>>,
	) -> Result<HashMap<String, (u64, Vec<String>)>, Failure> {
		let options = ListImagesOptionsBuilder::default()
			.filters(&filters)
			.build();
		let images = self.0.docker.list_images(Some(options)).await;
		let images = images.map_err(|error| blame(&error, Failure::NoEngine))?;
		Ok(images
			.into_iter()
			.map(|image| {
				let size = image.size.try_into().unwrap_or(0);
				(image.id, (size, image.repo_tags))
			})
			.collect())
	}

	/// Fetches and checks all layers but those that lie under an image that the engine has.
	async fn fetch_without(
		&self,
		source: &Source,
		has: &[Vec<Sha>],
		tracker: &Tracker,
	) -> Result<Fetched, Refusal> {
		let (host, name) = parse(&source.reference)?;
		let own = self.0.logins.get(&host);
		let login = source.login.as_ref().or(own).cloned();
		let job = Job {
			http: self.0.http.clone(),
			repository: Arc::new(Repository::new(self.0.http.clone(), host, name, login)),
			digest: source.digest,
			folder: self.0.folder.join(hex::encode(source.digest)),
			tracker: tracker.clone(),
		};
		let asking = job.clone();
		let contents = blocking(move || asking.repository.contents(&asking.digest)).await?;
		let known = has
			.iter()
			.map(|there| common(there, &contents.layers))
			.max()
			.unwrap_or(0);
		for layer in &contents.layers[..known] {
			tracker.layer(step_of(layer, Step::Ready, layer.size));
		}
		let missing = contents.layers.get(known..).unwrap_or_default().to_vec();
		for layer in &missing {
			tracker.layer(step_of(layer, Step::Queued, 0));
		}
		let there: u64 = missing
			.iter()
			.map(|layer| length(&job.path(&layer.blob)))
			.sum();
		let bytes = missing
			.iter()
			.fold(0, |sum: u64, layer| sum.saturating_add(layer.size));
		self.make_room(source, bytes.saturating_sub(there)).await?;
		let most = self.0.quota;
		let folder = job.folder.clone();
		let sizes = blocking(move || job.layers(&missing, most)).await?;
		Ok(Fetched {
			contents,
			folder,
			known,
			sizes,
		})
	}

	/// Gives the engine what was fetched, and forgets it here.
	async fn hand_over(
		&self,
		source: &Source,
		fetched: Fetched,
		tracker: &Tracker,
	) -> Result<(), Failure> {
		let bytes = fetched
			.sizes
			.iter()
			.fold(0, |a: u64, b| a.saturating_add(*b));
		self.make_room(source, bytes).await?;
		let tag = self.tag(&source.digest);
		let expected = archive::identifier(&fetched.contents.config);
		let folder = fetched.folder.clone();
		let (writer, reader) = tokio::io::duplex(ON_THE_WAY);
		let writer = SyncIoBridge::new(writer);
		let (name, telling) = (tag.clone(), tracker.clone());
		let written = tokio::task::spawn_blocking(move || {
			let tell = |number: usize| {
				let layer = &fetched.contents.layers[number];
				telling.layer(step_of(layer, Step::Extracting, layer.size));
			};
			archive::write(
				&fetched.contents,
				&name,
				&fetched.folder,
				fetched.known,
				&fetched.sizes,
				writer,
				&tell,
			)
		});
		let body = bollard::body_try_stream(ReaderStream::new(reader));
		let options = ImportImageOptions::default();
		// It says nothing before it has read all of it.
		let patient = self.0.docker.clone().with_timeout(LONGEST);
		let mut steps = patient.import_image(options, body, None);
		let mut taken = Ok(());
		while let Some(step) = steps.next().await {
			let step = step.map_err(|error| blame(&error, Failure::ImageNotFound));
			taken = taken.and(step.map(drop));
		}
		drop(steps);
		match (taken, written.await) {
			(Ok(()), Ok(Ok(()))) => {}
			// An archive that ends early is refused: why it did is what matters.
			(_, Ok(Err(error))) if error.kind() != io::ErrorKind::BrokenPipe => {
				return Err(no_space(&folder, &error));
			}
			(Err(failure), _) => return Err(failure),
			(Ok(()), Ok(Err(error))) => return Err(no_space(&folder, &error)),
			(Ok(()), Err(error)) => return Err(Failure::NoEngine(error.to_string())),
		}
		let image = self.0.docker.inspect_image(&tag).await;
		let image = image.map_err(|error| blame(&error, Failure::ImageNotFound))?;
		// Where the engine names images by their configurations, as it did before it kept them in containerd.
		if self.0.is_layered && image.id.as_deref() != Some(&expected) {
			return Err(Failure::WrongDigest(format!(
				"the engine made {} of {expected}",
				image.id.unwrap_or_default()
			)));
		}
		if let Err(error) = fs::remove_dir_all(&folder) {
			tracing::warn!(folder = %folder.display(), %error, "what was fetched stays");
		}
		Ok(())
	}

	/// Makes room for so many bytes more of an image: forgets what nobody fetches any more, and images that were
	/// used for longest ago and from which nothing runs.
	async fn make_room(&self, source: &Source, bytes: u64) -> Result<(), Failure> {
		let _guard = self.0.clearing.lock().await;
		let quota = self.0.quota;
		let own = hex::encode(source.digest);
		let on_disk = sweep(&self.0.folder, &own);
		let on_disk = on_disk.map_err(|error| no_space(&self.0.folder, &error))?;
		let filter = HashMap::from([("reference".into(), vec![self.0.name.clone()])]);
		let mut kept: Vec<(SystemTime, u64, String)> = Vec::new();
		for (size, tags) in self.list(filter).await?.into_values() {
			for tag in tags {
				let Some((_, digest)) = tag.split_once(':') else {
					continue;
				};
				if digest != own {
					let used = fs::metadata(self.used(digest)).and_then(|about| about.modified());
					kept.push((used.unwrap_or(SystemTime::UNIX_EPOCH), size, tag));
				}
			}
		}
		kept.sort();
		let known = |digest: &str| kept.iter().any(|(_, _, tag)| tag.ends_with(digest));
		forget_uses(&self.0.folder, |digest| digest == own || known(digest));
		let mut sum = kept
			.iter()
			.fold(on_disk, |sum, (_, size, _)| sum.saturating_add(*size));
		for (_, size, tag) in kept {
			if !source.is_leased || sum.saturating_add(bytes) <= quota {
				break;
			}
			let gone = RemoveImageOptions::default();
			// What a container is made of stays.
			if self
				.0
				.docker
				.remove_image(&tag, Some(gone), None)
				.await
				.is_ok()
			{
				tracing::info!(tag, "forgot an image to make room");
				sum = sum.saturating_sub(size);
				if let Some((_, digest)) = tag.split_once(':') {
					let _ = fs::remove_file(self.used(digest));
				}
			}
		}
		if sum.saturating_add(bytes) <= quota {
			return Ok(());
		}
		Err(Failure::NoSpace(format!(
			"the image needs {bytes} bytes, and of the {quota} that this machine keeps of all, {sum} are in use"
		)))
	}
}

/// How many layers are the same, from below.
fn common(there: &[Sha], layers: &[Layer]) -> usize {
	let pairs = there.iter().zip(layers);
	pairs
		.take_while(|(there, layer)| **there == layer.archive)
		.count()
}

/// Forgets when images were used that somebody else removed.
fn forget_uses(folder: &Path, is_known: impl Fn(&str) -> bool) {
	for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
		let name = entry.file_name();
		let digest = name.to_str().and_then(|name| name.strip_suffix(".used"));
		if digest.is_some_and(|digest| !is_known(digest)) {
			let _ = fs::remove_file(entry.path());
		}
	}
}

/// Forgets what was left in part long ago; says how many bytes lie in the folder, but for those of `own`.
fn sweep(folder: &Path, own: &str) -> io::Result<u64> {
	let mut bytes = 0u64;
	for entry in fs::read_dir(folder)?.flatten() {
		let path = entry.path();
		if !path.is_dir() || entry.file_name() == *own {
			continue;
		}
		let (mut size, mut latest) = (0u64, SystemTime::UNIX_EPOCH);
		for file in fs::read_dir(&path)?.flatten() {
			let Ok(about) = file.metadata() else { continue };
			size = size.saturating_add(about.len());
			latest = latest.max(about.modified().unwrap_or(latest));
		}
		if latest.elapsed().is_ok_and(|age| age > PART_LIFE) {
			fs::remove_dir_all(&path)?;
		} else {
			bytes = bytes.saturating_add(size);
		}
	}
	Ok(bytes)
}

/// Does what blocks beside what must not.
async fn blocking<T: Send + 'static, E: From<Failure> + Send + 'static>(
	work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
	match tokio::task::spawn_blocking(work).await {
		Ok(done) => done,
		Err(error) => Err(Failure::NoEngine(error.to_string()).into()),
	}
}

/// How far a layer is, for who follows.
fn step_of(layer: &Layer, step: Step, current: u64) -> Progress {
	Progress {
		id: hex::encode(&layer.blob[..6]),
		step,
		current,
		total: layer.size,
	}
}

/// Fetches one image, in threads that may wait.
#[derive(Clone)]
struct Job {
	http: Http,
	repository: Arc<Repository>,
	digest: Sha,
	folder: PathBuf,
	tracker: Tracker,
}

impl Job {
	fn path(&self, blob: &Sha) -> PathBuf {
		self.folder.join(file_name(blob))
	}

	/// Fetches these layers side by side; gives the sizes of their archives, which may be `most` all together.
	fn layers(&self, layers: &[Layer], most: u64) -> Result<Vec<u64>, Failure> {
		fs::create_dir_all(&self.folder).map_err(|error| no_space(&self.folder, &error))?;
		let next = AtomicUsize::new(0);
		let failed = Mutex::new(None);
		std::thread::scope(|scope| {
			for _ in 0..CONNECTIONS.min(layers.len()) {
				scope.spawn(|| {
					while let Some(layer) = layers.get(next.fetch_add(1, Ordering::Relaxed)) {
						if let Err(failure) = self.layer(layer) {
							// The others need not begin another.
							next.store(layers.len(), Ordering::Relaxed);
							let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
							failed.get_or_insert(failure);
						}
					}
				});
			}
		});
		if let Some(failure) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
			return Err(failure);
		}
		let mut sizes = Vec::new();
		let mut left = most;
		for layer in layers {
			self.tracker
				.layer(step_of(layer, Step::Verifying, layer.size));
			let size = self.unpacked(layer, left)?;
			left = left.saturating_sub(size);
			sizes.push(size);
			self.tracker
				.layer(step_of(layer, Step::Extracting, layer.size));
		}
		Ok(sizes)
	}

	/// Fetches a layer, unless it is there.
	fn layer(&self, layer: &Layer) -> Result<(), Failure> {
		let path = self.path(&layer.blob);
		let unreadable = |error: io::Error| no_space(&path, &error);
		// What an earlier attempt brought.
		if path.exists() && archive::is_blob(&path, &layer.blob).map_err(unreadable)? {
			return Ok(());
		}
		let part = path.with_extension("part");
		self.http.fetch(&Wanted {
			url: &self.repository.blob(&layer.blob),
			part: &part,
			most: layer.size,
			longest: LONGEST,
			authorize: &|| self.repository.authorize().map_err(Failure::from),
			// It was made for all layers together.
			make_room: &|_| Ok(()),
			tell: &|current, _| self.tracker.layer(step_of(layer, Step::Pulling, current)),
		})?;
		self.tracker
			.layer(step_of(layer, Step::Verifying, layer.size));
		if !archive::is_blob(&part, &layer.blob).map_err(unreadable)? {
			// It would be found again, and be no better.
			let _ = fs::remove_file(&part);
			let blob = text_of(&layer.blob);
			return Err(Failure::WrongDigest(format!(
				"what {} gives as layer {blob} is something else",
				self.repository
			)));
		}
		fs::rename(&part, &path).map_err(unreadable)
	}

	fn unpacked(&self, layer: &Layer, most: u64) -> Result<u64, Failure> {
		let path = self.path(&layer.blob);
		let unpacked = archive::unpack(&path, layer, most);
		let why = match unpacked.map_err(|error| no_space(&path, &error))? {
			Unpacked::Good(bytes) => return Ok(bytes),
			Unpacked::Other => {
				let is_not = "is not the archive that its configuration names";
				return Err(Failure::WrongDigest(format!(
					"layer {} {is_not}",
					text_of(&layer.blob)
				)));
			}
			Unpacked::Refused(why) => why,
		};
		Err(Failure::NoSpace(format!(
			"layer {} cannot be unpacked: {why}",
			text_of(&layer.blob)
		)))
	}
}
