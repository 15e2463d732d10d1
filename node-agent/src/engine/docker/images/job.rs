//! The layers of one image, fetched and checked by threads that may wait.

use std::{
	fs, io,
	path::PathBuf,
	sync::{
		atomic::{AtomicUsize, Ordering},
		Arc, Mutex, PoisonError,
	},
};

use usufruct_access::message::{Layer as Progress, Step};

use super::{
	super::super::{
		download::{no_space, Wanted},
		progress::Tracker,
		Failure,
	},
	archive::{self, file_name, Unpacked},
	registry::{text_of, Layer, Repository},
	Sha, LONGEST,
};

/// Layers that are fetched side by side.
const CONNECTIONS: usize = 3;

/// Does what blocks beside what must not.
pub(super) async fn blocking<T: Send + 'static, E: From<Failure> + Send + 'static>(
	work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
	match tokio::task::spawn_blocking(work).await {
		Ok(done) => done,
		Err(error) => Err(Failure::NoEngine(error.to_string()).into()),
	}
}

/// How far a layer is, for who follows.
pub(super) fn step_of(layer: &Layer, step: Step, current: u64) -> Progress {
	Progress {
		id: hex::encode(&layer.blob[..6]),
		step,
		current,
		total: layer.size,
	}
}

/// Fetches one image, in threads that may wait.
#[derive(Clone)]
pub(super) struct Job {
	pub repository: Arc<Repository>,
	pub digest: Sha,
	pub folder: PathBuf,
	pub tracker: Tracker,
}

impl Job {
	pub(super) fn path(&self, blob: &Sha) -> PathBuf {
		self.folder.join(file_name(blob))
	}

	/// Fetches these layers side by side; gives the sizes of their archives, which may be `most` all together.
	pub(super) fn layers(&self, layers: &[Layer], most: u64) -> Result<Vec<u64>, Failure> {
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
		self.repository.http.fetch(&Wanted {
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
