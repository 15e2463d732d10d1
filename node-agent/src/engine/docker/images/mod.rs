//! The images of containers: fetched by their digests from registries, checked, and handed to the engine.
//!
//! The engine could fetch them by itself. It would ask whatever address a tenant names, also one behind the
//! provider's firewall; a fetch that is interrupted would begin anew; what is packed small could fill the disk; and
//! what is there would stay for ever. So the agent does it: each layer is fetched from where it was left, hashed,
//! unpacked within bounds and hashed again, and only then the engine sees it. Layers that the engine has under
//! another image are not fetched. What was used for longest ago makes room.
//!
//! An image that came by a tenant's login is that tenant's to show: whoever knows its digest does not get it because
//! it lies here. Each lease of it asks the registry again, by its own tenant's login.

mod archive;
mod job;
mod registry;
mod room;
#[cfg(test)]
mod tests;

use std::{
	collections::HashMap,
	fs::{self, File},
	io,
	path::PathBuf,
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};

use bollard::{
	query_parameters::{ImportImageOptions, ListImagesOptionsBuilder},
	Docker,
};
use futures::StreamExt;
use tokio_util::io::{ReaderStream, SyncIoBridge};
use usufruct_access::message::Step;

pub use self::registry::Login;
pub(super) use self::registry::{parse, text_of, Refusal, Sha};
use self::{
	job::{blocking, step_of, Job},
	registry::{Contents, Layer, Repository},
};
use super::{
	super::{
		download::{length, no_space, Http},
		progress::Tracker,
		sources::Sources,
		Failure,
	},
	blame,
};

/// How long fetching a layer may take.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// What the files are called that tell when an image was used, and that it came by a tenant's login.
const USED: &str = ".used";
const PRIVATE: &str = ".private";
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
	pub(super) fn tag_of(&self, digest: &Sha) -> String {
		self.tag(&hex::encode(digest))
	}

	fn tag(&self, digest: &str) -> String {
		format!("{}:{digest}", self.0.name)
	}

	/// Notes that it is used now.
	pub(super) fn touch(&self, digest: &Sha) {
		let path = self.used(&hex::encode(digest));
		if let Err(error) = File::create(&path) {
			tracing::debug!(path = %path.display(), %error, "cannot note the use of an image");
		}
	}

	fn used(&self, digest: &str) -> PathBuf {
		self.0.folder.join(format!("{digest}{USED}"))
	}

	/// Whether an image came by a tenant's login, and so is not there for everybody.
	pub(super) fn is_private(&self, digest: &Sha) -> bool {
		self.private(&hex::encode(digest)).exists()
	}

	fn private(&self, digest: &str) -> PathBuf {
		self.0.folder.join(format!("{digest}{PRIVATE}"))
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
		let tag = self.tag_of(&source.digest);
		if self.0.docker.inspect_image(&tag).await.is_ok() {
			if self.is_private(&source.digest) {
				let asking = self.job(&source, tracker)?;
				blocking(move || asking.repository.contents(&asking.digest)).await?;
			}
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

	/// What fetches an image, with the login that is known.
	fn job(&self, source: &Source, tracker: &Tracker) -> Result<Job, Failure> {
		let (host, name) = parse(&source.reference)?;
		let own = self.0.logins.get(&host);
		let login = source.login.as_ref().or(own).cloned();
		Ok(Job {
			repository: Arc::new(Repository::new(self.0.http.clone(), host, name, login)),
			digest: source.digest,
			folder: self.0.folder.join(hex::encode(source.digest)),
			tracker: tracker.clone(),
		})
	}

	/// Fetches and checks all layers but those that lie under an image that the engine has.
	async fn fetch_without(
		&self,
		source: &Source,
		has: &[Vec<Sha>],
		tracker: &Tracker,
	) -> Result<Fetched, Refusal> {
		let job = self.job(source, tracker)?;
		let asking = job.clone();
		let contents = blocking(move || asking.repository.contents(&asking.digest)).await?;
		// Noted before the engine has it. What is shown to everybody by now is so.
		let private = self.private(&hex::encode(source.digest));
		let noted = match source.login.is_some() && job.repository.has_asked() {
			true => File::create(&private).map(drop),
			false => fs::remove_file(&private).or_else(|error| match error.kind() {
				io::ErrorKind::NotFound => Ok(()),
				_ => Err(error),
			}),
		};
		noted.map_err(|error| no_space(&private, &error))?;
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
		let tag = self.tag_of(&source.digest);
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
}

/// How many layers are the same, from below.
fn common(there: &[Sha], layers: &[Layer]) -> usize {
	let pairs = there.iter().zip(layers);
	pairs
		.take_while(|(there, layer)| **there == layer.archive)
		.count()
}
