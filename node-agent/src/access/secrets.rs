//! Tenants' secrets: sealed on disk, open in memory alone.
//!
//! On disk lies what the tenant sealed, for the agent's key, so that a restart loses nothing. Files are
//! opened into a folder on a file system in memory that the workspace sees at [`FOLDER`]; variables are
//! opened when the workspace is started.

use std::{
	fs,
	io::Write,
	os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
	path::{Path, PathBuf},
	sync::Arc,
};

use bollard::models::{ContainerCreateBody, Mount, MountType};
use eyre::{bail, eyre, Result, WrapErr};
use tokio::sync::watch;
use usufruct_access::{
	message::{Code, Refusal},
	sealing::{check_name, login_name, Form, SealingKey, Secret},
};

use crate::engine::{docker::Login, Failure};

/// Where containers find the files.
pub(super) const FOLDER: &str = "/run/secrets";
/// Most secrets of one lease.
pub(super) const MAX_SECRETS: usize = 32;
/// File systems in memory, the first that is one and may be written to.
const MEMORY: [&str; 2] = ["/run", "/dev/shm"];

/// The secrets of all leases. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Secrets(Arc<Inner>);

#[derive(Debug)]
struct Inner {
	key: SealingKey,
	sealed: PathBuf,
	/// `None` where there is no file system in memory: then there are no files.
	open: Option<PathBuf>,
	/// Told of each secret that was set.
	changes: watch::Sender<()>,
}

impl Secrets {
	/// Opens the store in the agent's data folder.
	///
	/// # Errors
	///
	/// Where the folder cannot be made.
	pub fn new(data_dir: &Path, key: SealingKey) -> Result<Self> {
		let sealed = data_dir.join("secrets");
		private_folder(&sealed)?;
		let whole = sealed.canonicalize()?;
		let name = blake3::hash(whole.as_os_str().as_encoded_bytes()).to_hex();
		let name = format!("usufruct-agent-{}", &name[..16]);
		let mut open = None;
		for folder in MEMORY.map(|folder| Path::new(folder).join(&name)) {
			match in_memory(&folder) {
				Ok(()) => {
					open = Some(folder);
					break;
				}
				Err(error) => tracing::debug!(folder = %folder.display(), "{error:#}"),
			}
		}
		if open.is_none() {
			tracing::warn!(
				"no file system in memory can be written to: workspaces get no secret files"
			);
		}
		Ok(Self(Arc::new(Inner {
			key,
			sealed,
			open,
			changes: watch::Sender::new(()),
		})))
	}

	/// What tenants seal for.
	pub fn public(&self) -> [u8; 32] {
		self.0.key.public()
	}

	fn of(folder: &Path, lease: u64, generation: u32) -> PathBuf {
		folder.join(format!("{lease}-{generation}"))
	}

	/// Keeps a sealed secret of a lease; a running container sees a file at once, a variable when it is
	/// started again. Gives its form.
	///
	/// # Errors
	///
	/// Where it is not the lease's, there are too many, or the disk does not take it.
	pub fn set(&self, lease: u64, generation: u32, sealed: &[u8]) -> Result<Form, Refusal> {
		let refuse = |code, text: String| Refusal::new(code, text);
		let secret = self.0.key.open(sealed);
		let secret = secret.map_err(|error| refuse(Code::Failed, error.to_string()))?;
		if (secret.lease, secret.generation) != (lease, generation) {
			let text = "the secret was sealed for another lease".to_string();
			return Err(refuse(Code::Failed, text));
		}
		if secret.form == Form::File && self.0.open.is_none() {
			let text = "this machine has no file system in memory; set the secret as a variable";
			return Err(refuse(Code::Unsupported, text.into()));
		}
		let names = self.names(lease, generation)?;
		if names.len() >= MAX_SECRETS && !names.contains(&secret.name) {
			let text = format!("a lease has at most {MAX_SECRETS} secrets; remove one first");
			return Err(refuse(Code::TooLarge, text));
		}
		let folder = Self::of(&self.0.sealed, lease, generation);
		private_folder(&folder)
			.and_then(|()| replace(&folder, &secret.name, sealed, 0o600))
			.and_then(|()| self.show(&secret))
			.map_err(|error| refuse(Code::Failed, format!("{error:#}")))?;
		self.0.changes.send_replace(());
		Ok(secret.form)
	}

	/// Shows a file to a container that may run, and takes a file away that is a variable now.
	fn show(&self, secret: &Secret) -> Result<()> {
		let Some(open) = &self.0.open else {
			return Ok(());
		};
		let folder = Self::of(open, secret.lease, secret.generation);
		if !folder.exists() {
			return Ok(());
		}
		match secret.form {
			// Whoever runs in the container may read it: it is this container's alone.
			Form::File => replace(&folder, &secret.name, &secret.value, 0o444),
			Form::Environment | Form::Login => absent(fs::remove_file(folder.join(&secret.name))),
		}
	}

	/// Forgets a secret. A variable stays in a workspace that runs until it is started again.
	///
	/// # Errors
	///
	/// Where there is none of this name.
	pub fn remove(&self, lease: u64, generation: u32, name: &str) -> Result<(), Refusal> {
		let refuse = |text: String| Refusal::new(Code::Failed, text);
		check_name(name).map_err(|error| refuse(error.to_string()))?;
		let sealed = Self::of(&self.0.sealed, lease, generation).join(name);
		fs::remove_file(sealed).map_err(|_| refuse(format!("there is no secret {name}")))?;
		let Some(open) = &self.0.open else {
			return Ok(());
		};
		absent(fs::remove_file(
			Self::of(open, lease, generation).join(name),
		))
		.map_err(|error| refuse(format!("{error:#}")))
	}

	/// The names of a lease's secrets, by the alphabet.
	///
	/// # Errors
	///
	/// Where the folder cannot be read.
	pub fn names(&self, lease: u64, generation: u32) -> Result<Vec<String>, Refusal> {
		let folder = Self::of(&self.0.sealed, lease, generation);
		let mut names = match fs::read_dir(&folder) {
			Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
			Err(error) => return Err(Refusal::new(Code::Failed, error.to_string())),
			Ok(files) => files
				.filter_map(|file| file.ok()?.file_name().into_string().ok())
				.filter(|name| check_name(name).is_ok())
				.take(MAX_SECRETS)
				.collect(),
		};
		names.sort();
		Ok(names)
	}

	fn all(&self, lease: u64, generation: u32) -> Result<Vec<Secret>, Failure> {
		let folder = Self::of(&self.0.sealed, lease, generation);
		let names = self.names(lease, generation);
		let names = names.map_err(|error| Failure::NoSpace(error.to_string()))?;
		let mut all = Vec::new();
		for name in names {
			let sealed = fs::read(folder.join(&name))
				.map_err(|error| Failure::NoSpace(format!("secret {name}: {error}")))?;
			match self.0.key.open(&sealed) {
				Ok(secret) => all.push(secret),
				// The hot key was changed: the tenant has to set it again, and can.
				Err(error) => tracing::warn!(lease, name, %error, "a secret is lost"),
			}
		}
		Ok(all)
	}

	/// The variables of a lease.
	///
	/// # Errors
	///
	/// Where the disk does not give them.
	pub fn variables(&self, lease: u64, generation: u32) -> Result<Vec<(String, String)>, Failure> {
		let all = self.all(lease, generation)?;
		let variables = all
			.into_iter()
			.filter(|secret| secret.form == Form::Environment);
		Ok(variables
			.filter_map(|secret| Some((secret.name, String::from_utf8(secret.value).ok()?)))
			.collect())
	}

	/// How the lease's tenant logs in to a registry, if it told.
	///
	/// # Errors
	///
	/// Where the disk does not give it.
	pub fn login(
		&self,
		lease: u64,
		generation: u32,
		registry: &str,
	) -> Result<Option<Login>, Failure> {
		let name = login_name(registry);
		let all = self.all(lease, generation)?;
		let found = all.iter().filter(|secret| secret.name == name);
		Ok(found
			.filter_map(Secret::login)
			.map(|(username, password)| Login {
				username: username.into(),
				password: password.into(),
			})
			.next())
	}

	/// Waits until a secret of any lease is set after this was called.
	pub(crate) fn next(&self) -> impl std::future::Future<Output = ()> {
		let mut changes = self.0.changes.subscribe();
		async move {
			// The sender lives as long as this.
			let _ = changes.changed().await;
		}
	}

	/// Lets a container that is about to be made see its secrets.
	///
	/// # Errors
	///
	/// Where they cannot be opened: without them it must not run.
	pub fn give(
		&self,
		lease: u64,
		generation: u32,
		body: &mut ContainerCreateBody,
	) -> Result<(), Failure> {
		let all = self.all(lease, generation)?;
		let variables = self.variables(lease, generation)?;
		let lines = variables
			.into_iter()
			.map(|(name, value)| format!("{name}={value}"));
		body.env.get_or_insert_default().extend(lines);
		let Some(open) = &self.0.open else {
			return Ok(());
		};
		let folder = Self::of(open, lease, generation);
		let full = |error: eyre::Report| Failure::NoSpace(format!("secrets: {error:#}"));
		visible_folder(&folder).map_err(full)?;
		for secret in all.iter().filter(|secret| secret.form == Form::File) {
			replace(&folder, &secret.name, &secret.value, 0o444).map_err(full)?;
		}
		let host = body.host_config.get_or_insert_default();
		host.mounts.get_or_insert_default().push(Mount {
			target: Some(FOLDER.into()),
			source: Some(folder.display().to_string()),
			typ: Some(MountType::BIND),
			read_only: Some(true),
			..Default::default()
		});
		Ok(())
	}

	/// Forgets the secrets of all leases but these.
	pub fn keep(&self, is_kept: impl Fn(u64, u32) -> bool) {
		for folder in self.0.open.iter().chain([&self.0.sealed]) {
			let Ok(entries) = fs::read_dir(folder) else {
				continue;
			};
			for entry in entries.flatten() {
				let name = entry.file_name();
				let parts = name.to_str().and_then(|name| name.split_once('-'));
				let parts = parts.and_then(|(lease, generation)| {
					Some((lease.parse().ok()?, generation.parse().ok()?))
				});
				if parts.is_some_and(|(lease, generation)| is_kept(lease, generation)) {
					continue;
				}
				if let Err(error) = fs::remove_dir_all(entry.path()) {
					tracing::warn!(%error, ?name, "secrets of a lease that is over are left");
				}
			}
		}
	}
}

/// Writes a file beside and renames it: nobody reads a half.
fn replace(folder: &Path, name: &str, bytes: &[u8], mode: u32) -> Result<()> {
	let part = folder.join(format!(".{name}.part"));
	absent(fs::remove_file(&part))?;
	let mut options = fs::OpenOptions::new();
	options.write(true).create_new(true).mode(mode);
	let written = options.open(&part).and_then(|mut file| {
		file.write_all(bytes)?;
		// Whatever the process's mask is.
		file.set_permissions(fs::Permissions::from_mode(mode))?;
		file.sync_all()?;
		fs::rename(&part, folder.join(name))
	});
	written.wrap_err_with(|| format!("write {name} in {}", folder.display()))
}

fn absent(removed: std::io::Result<()>) -> Result<()> {
	match removed {
		Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
		_ => Ok(()),
	}
}

/// A folder that is this user's and nobody else's.
fn private_folder(path: &Path) -> Result<()> {
	let mut builder = fs::DirBuilder::new();
	match builder.mode(0o700).create(path) {
		Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
			return Err(error).wrap_err_with(|| format!("make {}", path.display()));
		}
		_ => {}
	}
	let found = fs::symlink_metadata(path)?;
	let own = rustix::process::geteuid().as_raw();
	if !found.is_dir() || found.uid() != own || found.mode() & 0o077 != 0 {
		bail!(
			"{} must be a folder of user {own} with mode 700; remove what is there",
			path.display()
		);
	}
	Ok(())
}

/// A folder that a container sees; its parent keeps others of this machine out.
fn visible_folder(path: &Path) -> Result<()> {
	absent_or_there(fs::create_dir(path))?;
	fs::set_permissions(path, fs::Permissions::from_mode(0o755))
		.wrap_err_with(|| format!("open {} to its container", path.display()))
}

fn absent_or_there(made: std::io::Result<()>) -> Result<()> {
	match made {
		Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
		_ => Ok(()),
	}
}

/// Makes a private folder, if it is on a file system in memory.
fn in_memory(path: &Path) -> Result<()> {
	const TMPFS: u64 = 0x0102_1994;
	const RAMFS: u64 = 0x8584_58f6;
	let parent = path.parent().ok_or_else(|| eyre!("it has no parent"))?;
	let kind = rustix::fs::statfs(parent)?.f_type as u64;
	if kind != TMPFS && kind != RAMFS {
		bail!("{} is not in memory", parent.display());
	}
	private_folder(path)
}

#[cfg(test)]
mod tests {
	use super::*;

	struct Bench {
		secrets: Secrets,
		folder: tempfile::TempDir,
	}

	impl Bench {
		fn new() -> Self {
			let folder = tempfile::tempdir().unwrap();
			let secrets = Secrets::new(folder.path(), SealingKey::derive("//Hot")).unwrap();
			Self { secrets, folder }
		}

		fn sealed(&self, lease: u64, name: &str, form: Form) -> Vec<u8> {
			let secret = Secret {
				lease,
				generation: 0,
				name: name.into(),
				form,
				value: b"hush".to_vec(),
			};
			secret.seal(&self.secrets.public()).unwrap()
		}
	}

	impl Drop for Bench {
		fn drop(&mut self) {
			self.secrets.keep(|_, _| false);
			if let Some(open) = &self.secrets.0.open {
				let _: std::io::Result<()> = fs::remove_dir(open);
			}
		}
	}

	#[test]
	fn a_secret_lies_on_disk_sealed_and_survives_a_restart() {
		let bench = Bench::new();
		let sealed = bench.sealed(1, "TOKEN", Form::Environment);
		bench.secrets.set(1, 0, &sealed).unwrap();
		let path = bench.folder.path().join("secrets/1-0/TOKEN");
		let kept = fs::read(&path).unwrap();
		assert!(!kept.windows(4).any(|part| part == b"hush"));
		assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
		let again = Secrets::new(bench.folder.path(), SealingKey::derive("//Hot")).unwrap();
		let variables = again.variables(1, 0).unwrap();
		assert_eq!(variables, [("TOKEN".to_string(), "hush".to_string())]);
		assert_eq!(again.variables(1, 1).unwrap(), []);
	}

	#[test]
	fn a_secret_that_was_sealed_for_another_lease_is_refused() {
		let bench = Bench::new();
		let sealed = bench.sealed(1, "TOKEN", Form::Environment);
		for (lease, generation) in [(2, 0), (1, 1)] {
			let refusal = bench.secrets.set(lease, generation, &sealed).unwrap_err();
			assert!(refusal.text.contains("another lease"), "{refusal}");
		}
	}

	#[test]
	fn the_secrets_of_a_lease_are_bounded_and_can_be_replaced_and_removed() {
		let bench = Bench::new();
		for number in 0..MAX_SECRETS {
			let sealed = bench.sealed(1, &format!("S{number}"), Form::Environment);
			bench.secrets.set(1, 0, &sealed).unwrap();
		}
		let more = bench.sealed(1, "MORE", Form::Environment);
		assert_eq!(
			bench.secrets.set(1, 0, &more).unwrap_err().code,
			Code::TooLarge
		);
		let again = bench.sealed(1, "S0", Form::Environment);
		bench.secrets.set(1, 0, &again).unwrap();
		bench.secrets.remove(1, 0, "S0").unwrap();
		bench.secrets.set(1, 0, &more).unwrap();
		assert!(bench.secrets.remove(1, 0, "S0").is_err());
		assert!(bench.secrets.remove(1, 0, "../1-0/S1").is_err());
	}

	#[test]
	fn a_container_sees_its_files_in_memory_and_they_go_with_its_lease() {
		let bench = Bench::new();
		let Some(open) = bench.secrets.0.open.clone() else {
			return eprintln!("skipped: no file system in memory can be written to here");
		};
		let early = bench.sealed(1, "early", Form::File);
		bench.secrets.set(1, 0, &early).unwrap();
		let mut body = ContainerCreateBody::default();
		bench.secrets.give(1, 0, &mut body).unwrap();
		let mounts = body.host_config.unwrap().mounts.unwrap();
		assert_eq!(mounts[0].read_only, Some(true));
		assert_eq!(mounts[0].target.as_deref(), Some(FOLDER));
		let late = bench.sealed(1, "late", Form::File);
		bench.secrets.set(1, 0, &late).unwrap();
		let source = PathBuf::from(mounts[0].source.clone().unwrap());
		assert!(source.starts_with(&open));
		assert_eq!(fs::metadata(&open).unwrap().mode() & 0o777, 0o700);
		for name in ["early", "late"] {
			assert_eq!(fs::read(source.join(name)).unwrap(), b"hush");
		}
		bench.secrets.remove(1, 0, "late").unwrap();
		assert!(!source.join("late").exists());
		bench.secrets.keep(|lease, _| lease == 2);
		assert!(!source.exists());
		assert_eq!(bench.secrets.names(1, 0), Ok(vec![]));
	}
}
