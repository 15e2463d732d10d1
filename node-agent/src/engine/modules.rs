//! The modules that this machine has: fetched once by their digest, kept while there is room for them.
//!
//! Whatever a tenant names as the source, it is read only as far as a module may be long, and used only if it is
//! what its digest says. What was fetched in part stays through a restart and is gone on with.

use std::{
	collections::HashMap,
	fs::{self, File},
	io::{self, Read},
	path::{Path, PathBuf},
	sync::{Arc, Mutex, PoisonError},
	time::{Duration, SystemTime},
};

use usufruct_access::message::{Layer, Step};

use super::{
	download::{no_space, Http, Wanted, PART_LIFE},
	progress::Tracker,
	sources::Sources,
	Failure,
};

/// Largest module, in bytes.
pub const MAX_MODULE: u64 = 64 << 20;
/// How long fetching one may take.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// A module's digest, BLAKE3.
pub type Digest = [u8; 32];

/// The modules of this machine.
#[derive(Debug)]
pub struct Modules {
	folder: PathBuf,
	sources: Sources,
	http: Http,
	/// Held by whoever fetches a module: two leases of one fetch it once.
	locks: Mutex<HashMap<Digest, Arc<Mutex<()>>>>,
}

impl Modules {
	/// Keeps modules in a folder, which is created.
	///
	/// # Errors
	///
	/// Where it cannot be.
	pub fn new(folder: PathBuf, sources: Sources) -> io::Result<Self> {
		fs::create_dir_all(&folder)?;
		Ok(Self {
			http: Http::new(sources.private),
			folder,
			sources,
			locks: Mutex::default(),
		})
	}

	/// The module's bytes, which are what the digest says. Blocks.
	///
	/// # Errors
	///
	/// [`Failure`]: not there, too large, or something else than was asked for.
	pub fn get(
		&self,
		digest: Digest,
		reference: &str,
		tracker: &Tracker,
	) -> Result<Vec<u8>, Failure> {
		let lock = {
			let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
			locks.retain(|_, lock| Arc::strong_count(lock) > 1);
			locks.entry(digest).or_default().clone()
		};
		let _guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
		let kept = self.path(&digest, "wasm");
		if kept.exists() {
			tracker.step(Step::Verifying);
			let bytes = read_bounded(&kept)?;
			if is(&bytes, &digest) {
				touch(&kept);
				return Ok(bytes);
			}
			tracing::warn!(path = %kept.display(), "a module is damaged on disk: fetching it again");
			fs::remove_file(&kept).map_err(|error| no_space(&kept, &error))?;
		}
		match reference.split_once("://") {
			Some(("http" | "https", _)) => self.fetch(&digest, reference, tracker),
			Some(("file", path)) => self.take(&digest, Path::new(path), tracker),
			Some(_) => Err(Failure::ImageNotFound(format!(
				"{reference}: modules come by http, https or file"
			))),
			None => self.take(&digest, Path::new(reference), tracker),
		}
	}

	/// Whether the module is kept here.
	pub fn has(&self, digest: &Digest) -> bool {
		self.path(digest, "wasm").exists()
	}

	/// Where the module is kept; with `part`, where it is while it is fetched.
	fn path(&self, digest: &Digest, extension: &str) -> PathBuf {
		self.folder
			.join(format!("{}.{extension}", hex::encode(digest)))
	}

	/// Takes it from the folder that tenants may name files in.
	fn take(&self, digest: &Digest, path: &Path, tracker: &Tracker) -> Result<Vec<u8>, Failure> {
		let refused = || {
			Failure::ImageNotFound(format!(
				"{}: this machine takes no modules from its own disk at that place",
				path.display()
			))
		};
		let local = self.sources.local.as_ref().ok_or_else(refused)?;
		// Links may not lead out of it either.
		let (local, path) = (local.canonicalize(), path.canonicalize());
		let (Ok(local), Ok(path)) = (local, path) else {
			return Err(refused());
		};
		if !path.starts_with(local) {
			return Err(refused());
		}
		tracker.step(Step::Verifying);
		let bytes = read_bounded(&path)?;
		check(&bytes, digest, &path.display())?;
		self.make_room(digest, bytes.len() as u64)?;
		let part = self.path(digest, "part");
		fs::write(&part, &bytes)
			.and_then(|()| fs::rename(&part, self.path(digest, "wasm")))
			.map_err(|error| no_space(&part, &error))?;
		Ok(bytes)
	}

	/// Fetches it, from where it was left.
	fn fetch(&self, digest: &Digest, url: &str, tracker: &Tracker) -> Result<Vec<u8>, Failure> {
		let part = self.path(digest, "part");
		self.http.fetch(&Wanted {
			url,
			part: &part,
			most: MAX_MODULE,
			longest: LONGEST,
			authorize: &|| Ok(None),
			make_room: &|bytes| self.make_room(digest, bytes),
			tell: &|current, total| {
				tracker.layer(Layer {
					id: hex::encode(&digest[..6]),
					step: Step::Pulling,
					current,
					total,
				});
			},
		})?;
		tracker.step(Step::Verifying);
		let bytes = read_bounded(&part)?;
		if let Err(failure) = check(&bytes, digest, &url) {
			// It would be found again, and be no better.
			let _ = fs::remove_file(&part);
			return Err(failure);
		}
		fs::rename(&part, self.path(digest, "wasm")).map_err(|error| no_space(&part, &error))?;
		Ok(bytes)
	}

	/// Makes room for so many bytes: forgets what was not used for longest. What runs is in memory already.
	fn make_room(&self, digest: &Digest, bytes: u64) -> Result<(), Failure> {
		let quota = self.sources.module_quota_mib << 20;
		if bytes > quota {
			return Err(Failure::NoSpace(format!(
				"the module has {bytes} bytes, and this machine keeps {quota} of all"
			)));
		}
		let own = hex::encode(digest);
		let mut others = Vec::new();
		let entries = fs::read_dir(&self.folder).map_err(|error| no_space(&self.folder, &error))?;
		for entry in entries.flatten() {
			let (path, Ok(about)) = (entry.path(), entry.metadata()) else {
				continue;
			};
			if path.file_stem().is_some_and(|name| *name == *own) {
				continue;
			}
			let used = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
			let is_part = path
				.extension()
				.is_some_and(|extension| extension == "part");
			let old = used.elapsed().is_ok_and(|age| age > PART_LIFE);
			if is_part && old {
				let _ = fs::remove_file(&path);
			} else {
				others.push((used, is_part, about.len(), path));
			}
		}
		others.sort();
		let mut sum = others.iter().map(|(.., bytes, _)| bytes).sum::<u64>();
		for (_, is_part, size, path) in others {
			if sum.saturating_add(bytes) <= quota {
				break;
			}
			// Somebody may be writing it.
			if !is_part && fs::remove_file(&path).is_ok() {
				tracing::info!(path = %path.display(), "forgot a module to make room");
				sum = sum.saturating_sub(size);
			}
		}
		match sum.saturating_add(bytes) <= quota {
			true => Ok(()),
			false => Err(Failure::NoSpace(
				"modules that are being fetched take it".into(),
			)),
		}
	}
}

fn too_large() -> Failure {
	Failure::NoSpace(format!("the module is larger than {MAX_MODULE} bytes"))
}

/// Notes that it was used now.
fn touch(path: &Path) {
	let now = SystemTime::now();
	if let Err(error) = File::open(path).and_then(|file| file.set_modified(now)) {
		tracing::debug!(path = %path.display(), %error, "cannot note the use of a module");
	}
}

fn is(bytes: &[u8], digest: &Digest) -> bool {
	blake3::hash(bytes) == *digest
}

fn check(bytes: &[u8], digest: &Digest, source: &dyn std::fmt::Display) -> Result<(), Failure> {
	if is(bytes, digest) {
		return Ok(());
	}
	Err(Failure::WrongDigest(format!(
		"{source} is not {}",
		hex::encode(digest)
	)))
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, Failure> {
	let missing = |error: io::Error| Failure::ImageNotFound(format!("{}: {error}", path.display()));
	let file = File::open(path).map_err(missing)?;
	let mut bytes = Vec::new();
	file.take(MAX_MODULE + 1)
		.read_to_end(&mut bytes)
		.map_err(missing)?;
	if bytes.len() as u64 > MAX_MODULE {
		return Err(too_large());
	}
	Ok(bytes)
}

#[cfg(test)]
mod tests {
	use std::{
		io::{BufRead, BufReader, Write},
		net::TcpListener,
	};

	use super::*;

	/// What a source does with each connection, in order; the last for all after it.
	#[derive(Clone, Copy, Debug)]
	enum Act {
		/// Gives what was asked for.
		Give,
		/// Gives so many bytes of it and hangs up.
		GiveSome(usize),
		/// Gives all whatever was asked for.
		GiveAll,
		/// Answers with a status.
		Status(u16),
	}

	/// A source on this machine: its address, and the ranges that it was asked for.
	fn source(body: Vec<u8>, acts: &'static [Act]) -> (String, Arc<Mutex<Vec<Option<usize>>>>) {
		let listener = TcpListener::bind("127.0.0.1:0").unwrap();
		let url = format!("http://{}/module", listener.local_addr().unwrap());
		let asked = Arc::new(Mutex::new(Vec::new()));
		let seen = asked.clone();
		std::thread::spawn(move || {
			for (number, stream) in listener.incoming().enumerate() {
				let mut stream = stream.unwrap();
				let mut from = None;
				for line in BufReader::new(stream.try_clone().unwrap()).lines() {
					let line = line.unwrap().to_lowercase();
					if line.is_empty() {
						break;
					}
					if let Some(range) = line.strip_prefix("range: bytes=") {
						from = Some(range.trim_end_matches('-').parse::<usize>().unwrap());
					}
				}
				seen.lock().unwrap().push(from);
				let act = acts[number.min(acts.len() - 1)];
				let (status, start) = match (act, from) {
					(Act::Status(status), _) => (status, body.len()),
					(Act::Give | Act::GiveSome(_), Some(from)) if from >= body.len() => (416, from),
					(Act::Give | Act::GiveSome(_), Some(from)) => (206, from),
					_ => (200, 0),
				};
				let rest = body.get(start..).unwrap_or(&[]);
				let head = format!(
					"HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
					rest.len()
				);
				let given = match act {
					Act::GiveSome(bytes) => &rest[..bytes.min(rest.len())],
					_ => rest,
				};
				stream.write_all(head.as_bytes()).unwrap();
				// The other end may have heard enough.
				let _ = stream.write_all(given);
			}
		});
		(url, asked)
	}

	fn body(bytes: usize) -> (Vec<u8>, Digest) {
		let body: Vec<u8> = (0..bytes).map(|n| (n % 251) as u8).collect();
		let digest = blake3::hash(&body).into();
		(body, digest)
	}

	fn modules(folder: &Path, quota_mib: u64) -> Modules {
		let sources = Sources {
			private: true,
			local: Some(folder.join("local")),
			module_quota_mib: quota_mib,
			..Sources::default()
		};
		Modules::new(folder.join("modules"), sources).unwrap()
	}

	fn get(modules: &Modules, digest: Digest, reference: &str) -> Result<Vec<u8>, Failure> {
		modules.get(digest, reference, &Tracker::silent())
	}

	#[test]
	fn a_module_is_fetched_once_and_kept() {
		let folder = tempfile::tempdir().unwrap();
		let modules = modules(folder.path(), 1);
		let (body, digest) = body(200_000);
		let (url, asked) = source(body.clone(), &[Act::Give]);
		assert_eq!(get(&modules, digest, &url).unwrap(), body);
		assert_eq!(
			get(&modules, digest, "http://127.0.0.1:1/gone").unwrap(),
			body
		);
		assert_eq!(*asked.lock().unwrap(), [None]);
	}

	#[test]
	fn what_was_fetched_in_part_is_gone_on_with() {
		let folder = tempfile::tempdir().unwrap();
		let (body, digest) = body(200_000);
		let (url, asked) = source(body.clone(), &[Act::GiveSome(70_000), Act::Give]);
		assert_eq!(get(&modules(folder.path(), 1), digest, &url).unwrap(), body);
		let asked = asked.lock().unwrap().clone();
		assert!(matches!(asked[..], [None, Some(1..=70_000)]), "{asked:?}");
	}

	#[test]
	fn what_was_fetched_before_the_agent_was_killed_is_gone_on_with() {
		let folder = tempfile::tempdir().unwrap();
		let (body, digest) = body(200_000);
		let modules = modules(folder.path(), 1);
		fs::write(modules.path(&digest, "part"), &body[..50_000]).unwrap();
		let (url, asked) = source(body.clone(), &[Act::Give]);
		assert_eq!(get(&modules, digest, &url).unwrap(), body);
		assert_eq!(*asked.lock().unwrap(), [Some(50_000)]);
	}

	#[test]
	fn a_source_that_knows_no_ranges_is_read_from_the_start() {
		let folder = tempfile::tempdir().unwrap();
		let (body, digest) = body(200_000);
		let modules = modules(folder.path(), 1);
		fs::write(modules.path(&digest, "part"), b"something else").unwrap();
		let (url, _) = source(body.clone(), &[Act::GiveAll]);
		assert_eq!(get(&modules, digest, &url).unwrap(), body);
	}

	#[test]
	fn a_part_that_is_longer_than_the_module_is_given_up() {
		let folder = tempfile::tempdir().unwrap();
		let (body, digest) = body(1_000);
		let modules = modules(folder.path(), 1);
		fs::write(modules.path(&digest, "part"), vec![0; 2_000]).unwrap();
		let (url, asked) = source(body.clone(), &[Act::Give]);
		assert_eq!(get(&modules, digest, &url).unwrap(), body);
		assert_eq!(*asked.lock().unwrap(), [Some(2_000), None]);
	}

	#[test]
	fn a_source_that_gives_nothing_is_given_up_and_named() {
		let folder = tempfile::tempdir().unwrap();
		let (_, digest) = body(10);
		for (acts, tries) in [
			(&[Act::Status(404)][..], 1),
			(
				&[Act::Status(503)],
				super::super::download::ATTEMPTS as usize,
			),
		] {
			let (url, asked) = source(Vec::new(), acts);
			let failure = get(&modules(folder.path(), 1), digest, &url).unwrap_err();
			assert!(
				matches!(&failure, Failure::ImageNotFound(text) if text.contains(&url)),
				"{failure}"
			);
			assert_eq!(asked.lock().unwrap().len(), tries);
		}
	}

	#[test]
	fn what_is_not_what_its_digest_says_is_refused_and_forgotten() {
		let folder = tempfile::tempdir().unwrap();
		let modules = modules(folder.path(), 1);
		let (body, mut digest) = body(1_000);
		digest[0] ^= 1;
		let (url, _) = source(body, &[Act::Give]);
		let failure = get(&modules, digest, &url).unwrap_err();
		assert!(matches!(failure, Failure::WrongDigest(_)), "{failure}");
		assert_eq!(
			fs::read_dir(folder.path().join("modules")).unwrap().count(),
			0
		);
	}

	#[test]
	fn a_module_that_is_damaged_on_disk_is_fetched_again() {
		let folder = tempfile::tempdir().unwrap();
		let modules = modules(folder.path(), 1);
		let (body, digest) = body(1_000);
		fs::write(modules.path(&digest, "wasm"), b"damaged").unwrap();
		let (url, _) = source(body.clone(), &[Act::Give]);
		assert_eq!(get(&modules, digest, &url).unwrap(), body);
	}

	#[test]
	fn a_module_larger_than_any_may_be_is_not_read_to_its_end() {
		let folder = tempfile::tempdir().unwrap();
		let (_, digest) = body(10);
		let (url, _) = source(vec![0; (MAX_MODULE + 1) as usize], &[Act::GiveAll]);
		let failure = get(&modules(folder.path(), 1_024), digest, &url).unwrap_err();
		assert!(matches!(failure, Failure::NoSpace(_)), "{failure}");
	}

	#[test]
	fn what_was_not_used_for_longest_makes_room() {
		let folder = tempfile::tempdir().unwrap();
		let modules = modules(folder.path(), 1);
		let digests = [(3, 400_000), (1, 400_001), (2, 200_000)].map(|(age, bytes)| {
			let (body, digest) = body(bytes);
			let path = modules.path(&digest, "wasm");
			fs::write(&path, body).unwrap();
			let used = SystemTime::now() - Duration::from_secs(age);
			File::open(&path).unwrap().set_modified(used).unwrap();
			digest
		});
		let (body, digest) = body(300_000);
		let (url, _) = source(body, &[Act::Give]);
		get(&modules, digest, &url).unwrap();
		let there = digests.map(|digest| modules.path(&digest, "wasm").exists());
		assert_eq!(there, [false, true, true]);
	}

	#[test]
	fn a_module_without_room_is_refused() {
		let folder = tempfile::tempdir().unwrap();
		let (body, digest) = body((1 << 20) + 1);
		let (url, _) = source(body, &[Act::Give]);
		let failure = get(&modules(folder.path(), 1), digest, &url).unwrap_err();
		assert!(matches!(failure, Failure::NoSpace(_)), "{failure}");
	}

	#[test]
	fn files_are_taken_from_the_folder_for_them_and_nowhere_else() {
		let folder = tempfile::tempdir().unwrap();
		let modules = modules(folder.path(), 1);
		let (body, digest) = body(100);
		let local = folder.path().join("local");
		fs::create_dir(&local).unwrap();
		fs::write(local.join("good"), &body).unwrap();
		fs::write(folder.path().join("secret"), &body).unwrap();
		std::os::unix::fs::symlink(folder.path().join("secret"), local.join("link")).unwrap();
		for path in ["secret", "local/../secret", "local/link", "nothing"] {
			let path = folder.path().join(path);
			for reference in [
				path.display().to_string(),
				format!("file://{}", path.display()),
			] {
				let failure = get(&modules, digest, &reference).unwrap_err();
				assert!(matches!(failure, Failure::ImageNotFound(_)), "{failure}");
			}
		}
		let good = local.join("good").display().to_string();
		assert_eq!(get(&modules, digest, &good).unwrap(), body);
	}

	#[test]
	fn nothing_is_fetched_from_behind_the_providers_firewall() {
		let folder = tempfile::tempdir().unwrap();
		let modules = Modules::new(folder.path().into(), Sources::default()).unwrap();
		let (body, digest) = body(100);
		let (url, asked) = source(body, &[Act::Give]);
		let failure = get(&modules, digest, &url).unwrap_err();
		assert!(failure.to_string().contains("private-sources"), "{failure}");
		assert!(asked.lock().unwrap().is_empty());
	}
}
