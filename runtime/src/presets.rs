//! With which state a chain begins: `development`, `local` and `staging`.

use alloc::{vec, vec::Vec};
use frame_support::build_struct_json_patch;
use serde_json::Value;
use sp_consensus_babe::AuthorityId as BabeId;
use sp_consensus_grandpa::AuthorityId as GrandpaId;
use sp_genesis_builder::PresetId;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

use crate::{
	constants::currency::USU, AccountId, BabeConfig, BalancesConfig, RuntimeGenesisConfig,
	SessionConfig, SessionKeys, SudoConfig, BABE_GENESIS_EPOCH_CONFIG,
};

/// One validator, a sudo key, rich well-known accounts: for `--dev`.
pub const DEVELOPMENT: &str = "development";
/// Four validators with well-known keys and no sudo: for networks on one machine.
pub const LOCAL: &str = "local";
/// Like a real network: no well-known account has money or authority but the first validators,
/// whose keys are replaced before it opens.
pub const STAGING: &str = "staging";

struct Validator {
	account: AccountId,
	babe: BabeId,
	grandpa: GrandpaId,
}

impl Validator {
	/// A validator whose keys everybody knows.
	fn well_known(account: Sr25519Keyring, grandpa: Ed25519Keyring) -> Self {
		Self {
			account: account.to_account_id(),
			babe: account.public().into(),
			grandpa: grandpa.public().into(),
		}
	}
}

fn genesis(
	validators: Vec<Validator>,
	endowed: Vec<AccountId>,
	endowment: u128,
	sudo: Option<AccountId>,
) -> Value {
	build_struct_json_patch!(RuntimeGenesisConfig {
		balances: BalancesConfig {
			balances: endowed.into_iter().map(|account| (account, endowment)).collect::<Vec<_>>(),
		},
		babe: BabeConfig { epoch_config: BABE_GENESIS_EPOCH_CONFIG },
		session: SessionConfig {
			keys: validators
				.into_iter()
				.map(|v| {
					let keys = SessionKeys { babe: v.babe, grandpa: v.grandpa };
					(v.account.clone(), v.account, keys)
				})
				.collect::<Vec<_>>(),
		},
		sudo: SudoConfig { key: sudo },
	})
}

fn well_known_accounts() -> Vec<AccountId> {
	Sr25519Keyring::well_known().map(|k| k.to_account_id()).collect()
}

fn development() -> Value {
	genesis(
		vec![Validator::well_known(Sr25519Keyring::Alice, Ed25519Keyring::Alice)],
		well_known_accounts(),
		1_000_000 * USU,
		Some(Sr25519Keyring::Alice.to_account_id()),
	)
}

fn local() -> Value {
	genesis(
		vec![
			Validator::well_known(Sr25519Keyring::Alice, Ed25519Keyring::Alice),
			Validator::well_known(Sr25519Keyring::Bob, Ed25519Keyring::Bob),
			Validator::well_known(Sr25519Keyring::Charlie, Ed25519Keyring::Charlie),
			Validator::well_known(Sr25519Keyring::Dave, Ed25519Keyring::Dave),
		],
		well_known_accounts(),
		1_000_000 * USU,
		None,
	)
}

/// The state of the preset as a JSON patch of the default genesis; `None` for an unknown name.
pub fn get(id: &PresetId) -> Option<Vec<u8>> {
	let patch = match id.as_ref() {
		DEVELOPMENT => development(),
		LOCAL => local(),
		_ => return None,
	};
	serde_json::to_string(&patch).ok().map(|json| json.into_bytes())
}

/// The presets' names.
pub fn names() -> Vec<PresetId> {
	[DEVELOPMENT, LOCAL].into_iter().map(PresetId::from).collect()
}
