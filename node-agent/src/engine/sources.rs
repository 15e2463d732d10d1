//! Where what runs may come from, and how much of it is kept.

use std::{collections::HashMap, path::PathBuf};

use super::docker::Login;

/// What the operator says of modules and images.
#[derive(Clone, Debug)]
pub struct Sources {
	/// Tenants may name modules below this folder; `None` = none. Not the whole machine: whether a file exists,
	/// and what its digest is, would be told to whoever asks.
	pub local: Option<PathBuf>,
	/// Whether addresses that only this machine's network reaches may be fetched from. A tenant could make the
	/// agent ask what is behind the provider's firewall.
	pub private: bool,
	/// Most disk that modules take, in MiB.
	pub module_quota_mib: u64,
	/// Most disk that images of containers take, in MiB, those on their way included.
	pub image_quota_mib: u64,
	/// How this machine logs in to registries where its operator has an account, by their names.
	pub logins: HashMap<String, Login>,
}

impl Default for Sources {
	fn default() -> Self {
		Self {
			local: None,
			private: false,
			module_quota_mib: 1_024,
			image_quota_mib: 64 << 10,
			logins: HashMap::new(),
		}
	}
}
