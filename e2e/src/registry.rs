//! A registry of images on this machine, that shows them only to its user.

use std::{
	fs,
	path::{Path, PathBuf},
	time::Duration,
};

use eyre::{bail, eyre, Result, WrapErr};

use crate::{docker, process::Process, wait};

/// Where Debian's package puts it.
const PROGRAM: &str = "/usr/bin/docker-registry";
/// The registry's user.
pub const USER: &str = "ferdie";
/// Its password.
pub const PASSWORD: &str = "hush";
/// The same, hashed by bcrypt with the least cost.
const HASH: &str = "$2b$04$CCYvbaIxUBGaTEkcCon9UeAKB6UlejvOCaikjy/0Xhws7Z5DhOQKa";

/// A running registry. Dropping it stops it.
#[derive(Debug)]
pub struct RegistryProcess {
	_process: Process,
	host: String,
	/// What the engine's client knows of it: its login.
	client: PathBuf,
}

impl RegistryProcess {
	/// Starts one that keeps everything below `folder`; fails with the reason where it is not installed.
	pub fn start(folder: &Path) -> Result<Self> {
		if !Path::new(PROGRAM).is_file() {
			bail!("no registry is installed (Debian's package: docker-registry)");
		}
		let folder = folder.join("registry");
		fs::create_dir_all(&folder)?;
		let users = folder.join("users");
		fs::write(&users, format!("{USER}:{HASH}\n"))?;
		let host = format!("127.0.0.1:{}", crate::node::free_port()?);
		let configuration = folder.join("registry.yml");
		let text = format!(
			"version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {host}\n\
			 auth:\n  htpasswd:\n    realm: test\n    path: {}\n",
			folder.join("data").display(),
			users.display()
		);
		fs::write(&configuration, text)?;
		let log = folder.join("registry.log");
		let mut process = Process::start("docker-registry", Path::new(PROGRAM), &log, |command| {
			command.arg("serve").arg(&configuration);
		})?;
		wait::until("the registry", Duration::from_secs(30), || {
			process.check_running()?;
			Ok(std::net::TcpStream::connect(&host).ok().map(drop))
		})?;
		Ok(Self {
			_process: process,
			host,
			client: folder.join("client"),
		})
	}

	/// Where it listens.
	pub fn host(&self) -> &str {
		&self.host
	}

	/// Moves an image of the engine at `engine` here: the engine has it no more. Gives the manifest's digest, without
	/// `sha256:`.
	pub fn take(&self, engine: &str, image: &str) -> Result<String> {
		let client = self.client.to_str();
		let client = client.ok_or_else(|| eyre!("a path that is no text"))?;
		let with = |arguments: &[&str]| {
			let all: Vec<&str> = ["--config", client]
				.iter()
				.chain(arguments)
				.copied()
				.collect();
			docker::client(engine, &all)
		};
		with(&[
			"login",
			&self.host,
			"--username",
			USER,
			"--password",
			PASSWORD,
		])?;
		with(&["push", "--quiet", image]).wrap_err("push an image")?;
		let digests = "{{index .RepoDigests 0}}";
		let named = with(&["image", "inspect", "--format", digests, image])?;
		with(&["rmi", "--force", image])?;
		let digest = named.trim().rsplit_once("@sha256:");
		let digest = digest.ok_or_else(|| eyre!("{named} is no digest"))?.1;
		Ok(digest.into())
	}
}
