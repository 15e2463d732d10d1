//! With what state does a chain begin?
//!
//! The presets themselves are in the runtime, where off-line tools find them too; here they become
//! chain specifications: a name, an identifier, and the properties that wallets show.
#![allow(clippy::result_large_err)]

use std::path::PathBuf;

use sc_service::{ChainType, Properties};
use usufruct_runtime::{presets, WASM_BINARY};

/// Digits after the point of one USU.
pub const TOKEN_DECIMALS: u8 = 12;
/// The token's symbol.
pub const TOKEN_SYMBOL: &str = "USU";
/// The prefix of addresses.
pub const SS58_PREFIX: u16 = 42;

/// A chain specification of this chain.
pub type ChainSpec = sc_service::GenericChainSpec;

/// The chains that are built in, each with a sentence about it.
pub const BUILT_IN: [(&str, &str); 3] = [
	(
		"dev",
		"one validator on this machine, with a sudo key and rich well-known accounts",
	),
	(
		"local",
		"four validators with well-known keys, without sudo",
	),
	(
		"staging",
		"the state of a public network before it opens, without well-known money",
	),
];

/// Loads a built-in chain by its name, or else the specification in the file of that name.
///
/// # Errors
///
/// Says which names are built in where there is no such file either.
pub fn load(id: &str) -> Result<ChainSpec, String> {
	match id {
		"dev" => built_in("Usufruct Development", "usufruct_dev", ChainType::Development, presets::DEVELOPMENT),
		"" | "local" => built_in("Usufruct Local", "usufruct_local", ChainType::Local, presets::LOCAL),
		"staging" => built_in("Usufruct Staging", "usufruct_staging", ChainType::Live, presets::STAGING),
		path => ChainSpec::from_json_file(PathBuf::from(path)).map_err(|error| {
			let names: Vec<_> = BUILT_IN.iter().map(|(name, _)| *name).collect();
			format!(
				"there is no built-in chain “{path}” (there are {}) and no readable specification in a file of that name: {error}",
				names.join(", ")
			)
		}),
	}
}

fn built_in(name: &str, id: &str, kind: ChainType, preset: &str) -> Result<ChainSpec, String> {
	let code = WASM_BINARY.ok_or(
		"this binary was built without the runtime's WebAssembly; build it again without SKIP_WASM_BUILD",
	)?;
	let mut properties = Properties::new();
	properties.insert("tokenSymbol".into(), TOKEN_SYMBOL.into());
	properties.insert("tokenDecimals".into(), TOKEN_DECIMALS.into());
	properties.insert("ss58Format".into(), SS58_PREFIX.into());
	Ok(ChainSpec::builder(code, None)
		.with_name(name)
		.with_id(id)
		.with_protocol_id("usufruct")
		.with_chain_type(kind)
		.with_properties(properties)
		.with_genesis_config_preset_name(preset)
		.build())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_unknown_chain_is_refused_with_the_names_that_exist() {
		let error = load("mainnet").err().unwrap();
		for (name, _) in BUILT_IN {
			assert!(error.contains(name), "{error}");
		}
	}
}
