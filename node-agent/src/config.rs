//! One TOML file, the environment, flags: each overrides what comes before it.

use std::{
	collections::HashMap,
	net::SocketAddr,
	path::{Path, PathBuf},
};

use eyre::{eyre, Result, WrapErr};
use serde::Deserialize;

use crate::engine::{docker::Login, sources::Sources};
use crate::trust::Trust;

/// What the agent may be told, all of it optional.
#[derive(Clone, Debug, Default, Deserialize, clap::Args)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
	/// The node to talk to [default: ws://127.0.0.1:9944]
	#[arg(long, env = "USUFRUCT_AGENT_URL")]
	pub url: Option<String>,
	/// The hot key: a phrase, or a well-known name such as //Bob//agent. Holds money for fees only
	#[arg(long, env = "USUFRUCT_AGENT_KEY", hide_env_values = true)]
	pub key: Option<String>,
	/// A file that holds the hot key; nobody else may be able to read it
	#[arg(long, env = "USUFRUCT_AGENT_KEY_FILE", conflicts_with = "key")]
	pub key_file: Option<PathBuf>,
	/// The cold account that owns the machine and gave the hot key its proxy
	#[arg(long, env = "USUFRUCT_AGENT_OWNER")]
	pub owner: Option<String>,
	/// Where the agent keeps its journal and modules [default: ./usufruct-agent]
	#[arg(long, env = "USUFRUCT_AGENT_DATA_DIR")]
	pub data_dir: Option<PathBuf>,
	/// Address of /health and /metrics [default: 127.0.0.1:9616]
	#[arg(long, env = "USUFRUCT_AGENT_LISTEN")]
	pub listen: Option<SocketAddr>,
	/// The address that tenants reach workspaces at [default: 127.0.0.1]
	#[arg(long, env = "USUFRUCT_AGENT_PUBLIC_ADDRESS")]
	pub public_address: Option<String>,
	/// Port of the public address at which tenants reach logs, exec, files and secrets [default: 9617]
	#[arg(long, env = "USUFRUCT_AGENT_ACCESS_PORT")]
	pub access_port: Option<u16>,
	/// Which engines may run workspaces: auto, docker, wasm [default: auto]
	#[arg(long, env = "USUFRUCT_AGENT_ENGINE")]
	pub engine: Option<EngineChoice>,
	/// A folder whose modules tenants may name by their paths: for trying things out [default: none]
	#[arg(long, env = "USUFRUCT_AGENT_LOCAL_MODULES")]
	pub local_modules: Option<PathBuf>,
	/// Fetch modules and images from private addresses, too: a tenant can then make this machine ask what is behind its firewall
	#[arg(long, env = "USUFRUCT_AGENT_PRIVATE_SOURCES", num_args = 0..=1, default_missing_value = "true")]
	pub private_sources: Option<bool>,
	/// Most disk that fetched modules may take, in MiB [default: 1024]
	#[arg(long, env = "USUFRUCT_AGENT_MODULE_QUOTA_MIB")]
	pub module_quota_mib: Option<u64>,
	/// Most disk that fetched images of containers may take, in MiB [default: 65536]
	#[arg(long, env = "USUFRUCT_AGENT_IMAGE_QUOTA_MIB")]
	pub image_quota_mib: Option<u64>,
	/// Country of the machine, ISO 3166 numeric [default: 0, not told]
	#[arg(long, env = "USUFRUCT_AGENT_REGION")]
	pub region: Option<u16>,
	/// Blocks between two heartbeats: at most half of the chain's period [default: 15]
	#[arg(long, env = "USUFRUCT_AGENT_HEARTBEAT_BLOCKS")]
	pub heartbeat_blocks: Option<u32>,
	/// Run containers although this agent can neither keep them from this machine's network nor look into
	/// them: it is not root, or `nft` is missing [default: false]
	#[arg(long, env = "USUFRUCT_AGENT_ALLOW_WEAK_ISOLATION", num_args = 0..=1,
		default_missing_value = "true")]
	pub allow_weak_isolation: Option<bool>,
	/// Where the owner has an account that images may be fetched with; in the file alone.
	#[arg(skip)]
	pub registry: Option<Vec<Account>>,
	/// What may run here; in the file alone.
	#[arg(skip)]
	pub trust: Option<Trust>,
}

/// An account at a registry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Account {
	/// The registry as images name it, such as `ghcr.io` or `docker.io`, with its port where it has one.
	pub host: String,
	/// The user's name there.
	pub username: String,
	/// A file with the password, or a token; nobody else may be able to read it.
	pub password_file: PathBuf,
}

/// Which engines may run workspaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum EngineChoice {
	/// Docker where it is reachable, and WebAssembly
	#[default]
	Auto,
	/// Docker, and it must be reachable
	Docker,
	/// WebAssembly alone
	Wasm,
}

/// Reads the file, where one is named.
///
/// # Errors
///
/// As [`read`].
pub fn read_if(path: Option<&Path>) -> Result<Settings> {
	path.map_or_else(|| Ok(Settings::default()), read)
}

/// What the agent does.
#[derive(Clone, Debug)]
pub struct Config {
	/// The node to talk to.
	pub url: String,
	/// The hot key's secret URI.
	pub key: Secret,
	/// The owner's address.
	pub owner: String,
	/// Where the agent keeps its data.
	pub data_dir: PathBuf,
	/// Address of health and metrics.
	pub listen: SocketAddr,
	/// The address that tenants reach workspaces at.
	pub public_address: String,
	/// Port of that address at which tenants reach the agent.
	pub access_port: u16,
	/// Which engines may run workspaces.
	pub engine: EngineChoice,
	/// Where modules and images may come from, and how much of them is kept.
	pub sources: Sources,
	/// Country of the machine.
	pub region: u16,
	/// Blocks between two heartbeats.
	pub heartbeat_blocks: u32,
	/// Whether containers run though they are not kept from this machine's network.
	pub allow_weak_isolation: bool,
	/// What may run here.
	pub trust: Trust,
}

/// Text that is never shown.
#[derive(Clone)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.write_str("(hidden)")
	}
}

impl Settings {
	/// Fills in from the file what neither flags nor environment say.
	pub fn or(self, file: Self) -> Self {
		let (key, key_file) = match (self.key, self.key_file) {
			(None, None) => (file.key, file.key_file),
			own => own,
		};
		Self {
			url: self.url.or(file.url),
			key,
			key_file,
			owner: self.owner.or(file.owner),
			data_dir: self.data_dir.or(file.data_dir),
			listen: self.listen.or(file.listen),
			public_address: self.public_address.or(file.public_address),
			access_port: self.access_port.or(file.access_port),
			engine: self.engine.or(file.engine),
			local_modules: self.local_modules.or(file.local_modules),
			private_sources: self.private_sources.or(file.private_sources),
			module_quota_mib: self.module_quota_mib.or(file.module_quota_mib),
			image_quota_mib: self.image_quota_mib.or(file.image_quota_mib),
			registry: self.registry.or(file.registry),
			region: self.region.or(file.region),
			heartbeat_blocks: self.heartbeat_blocks.or(file.heartbeat_blocks),
			allow_weak_isolation: self.allow_weak_isolation.or(file.allow_weak_isolation),
			trust: self.trust.or(file.trust),
		}
	}
}

/// Reads the file.
///
/// # Errors
///
/// Names the file, the line and the key that is unknown or has a wrong value.
pub fn read(path: &Path) -> Result<Settings> {
	let text = std::fs::read_to_string(path)
		.wrap_err_with(|| format!("read the configuration {}", path.display()))?;
	toml::from_str(&text).map_err(|error| {
		eyre!(
			"the configuration {} is not usable: {error}",
			path.display()
		)
	})
}

impl Config {
	/// Where tenants reach the agent, as the chain tells them.
	pub fn access_address(&self) -> String {
		access_address(Some(&self.public_address), Some(self.access_port))
	}

	/// Where health and metrics are, unless told otherwise.
	pub fn default_listen() -> SocketAddr {
		SocketAddr::from(([127, 0, 0, 1], 9616))
	}

	/// Where the agent keeps its data, unless told otherwise.
	pub fn default_data_dir() -> PathBuf {
		"usufruct-agent".into()
	}

	/// Fills in what is left out.
	///
	/// # Errors
	///
	/// Names what has no default and is missing.
	pub fn new(settings: Settings) -> Result<Self> {
		let missing = |what: &str, flag: &str| {
			eyre!(
				"{what} is missing: give {flag}, or `{}` in the configuration file",
				&flag[2..]
			)
		};
		let key = match (settings.key, settings.key_file) {
			(Some(key), _) => key,
			(None, Some(path)) => usufruct_client::read_key_file(&path)?,
			(None, None) => return Err(missing("the hot key", "--key-file")),
		};
		Ok(Self {
			url: settings.url.unwrap_or_else(|| "ws://127.0.0.1:9944".into()),
			key: Secret(key),
			owner: settings
				.owner
				.ok_or_else(|| missing("the owner", "--owner"))?,
			data_dir: settings.data_dir.unwrap_or_else(Self::default_data_dir),
			listen: settings.listen.unwrap_or_else(Self::default_listen),
			public_address: settings.public_address.unwrap_or_else(|| LOOPBACK.into()),
			access_port: settings
				.access_port
				.unwrap_or(usufruct_access::DEFAULT_PORT),
			engine: settings.engine.unwrap_or_default(),
			sources: Sources {
				local: settings.local_modules,
				private: settings.private_sources.unwrap_or_default(),
				module_quota_mib: settings
					.module_quota_mib
					.unwrap_or(Sources::default().module_quota_mib),
				image_quota_mib: settings
					.image_quota_mib
					.unwrap_or(Sources::default().image_quota_mib),
				logins: logins(settings.registry.unwrap_or_default())?,
			},
			region: settings.region.unwrap_or(0),
			heartbeat_blocks: settings.heartbeat_blocks.unwrap_or(15).max(1),
			allow_weak_isolation: settings.allow_weak_isolation.unwrap_or(false),
			trust: settings.trust.unwrap_or_default(),
		})
	}
}

fn logins(accounts: Vec<Account>) -> Result<HashMap<String, Login>> {
	let logins = accounts.into_iter().map(|account| {
		let path = account.password_file.display();
		let password = usufruct_client::read_key_file(&account.password_file)
			.wrap_err_with(|| format!("read the password for {} in {path}", account.host))?;
		let login = Login {
			username: account.username,
			password,
		};
		Ok((account.host, login))
	});
	logins.collect()
}

/// The usual public address: this machine alone.
const LOOPBACK: &str = "127.0.0.1";

/// `host:port` at which tenants reach the agent.
pub(crate) fn access_address(host: Option<&str>, port: Option<u16>) -> String {
	let (host, port) = (
		host.unwrap_or(LOOPBACK),
		port.unwrap_or(usufruct_access::DEFAULT_PORT),
	);
	if host.contains(':') {
		return format!("[{host}]:{port}");
	}
	format!("{host}:{port}")
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn tenants_find_the_agent_at_its_public_address_and_port() {
		assert_eq!(access_address(None, None), "127.0.0.1:9617");
		assert_eq!(access_address(Some("::1"), Some(5)), "[::1]:5");
	}

	#[test]
	fn an_unknown_key_is_refused_by_its_name() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("agent.toml");
		std::fs::write(&path, "url = \"ws://127.0.0.1:1\"\nheartbeet = 3\n").unwrap();
		let error = read(&path).unwrap_err().to_string();
		assert!(
			error.contains("heartbeet") && error.contains("agent.toml"),
			"{error}"
		);
	}

	#[test]
	fn flags_win_over_the_file_and_the_file_over_defaults() {
		let file: Settings = toml::from_str("key = \"//A\"\nowner = \"o\"\nregion = 7").unwrap();
		let flags = Settings {
			region: Some(8),
			..Default::default()
		};
		let config = Config::new(flags.or(file)).unwrap();
		assert_eq!(
			(
				config.region,
				config.owner.as_str(),
				config.heartbeat_blocks
			),
			(8, "o", 15)
		);
	}

	#[test]
	fn a_missing_key_is_named_with_its_flag() {
		let error = Config::new(Settings::default()).unwrap_err();
		assert!(error.to_string().contains("--key-file"), "{error}");
	}

	#[test]
	fn a_key_may_come_from_a_file_and_a_flag_wins_over_it() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("hot.key");
		usufruct_client::write_key_file(&path, "//Hot").unwrap();
		let file = Settings {
			key_file: Some(path),
			owner: Some("o".into()),
			..Default::default()
		};
		let config = Config::new(Settings::default().or(file.clone())).unwrap();
		assert_eq!(config.key.0, "//Hot");
		let flags = Settings {
			key: Some("//Other".into()),
			..Default::default()
		};
		assert_eq!(Config::new(flags.or(file)).unwrap().key.0, "//Other");
	}

	#[test]
	fn a_secret_is_not_shown() {
		assert_eq!(format!("{:?}", Secret("//Bob".into())), "(hidden)");
	}
}
