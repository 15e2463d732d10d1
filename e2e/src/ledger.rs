//! Who has how much: every account of the chain and the token's whole issue, at one block.
//!
//! Read as raw state, so that it does not depend on what it checks. These two items are every
//! Substrate chain's; nothing else of the runtime is known here.

use std::collections::BTreeMap;

use eyre::{bail, eyre, Result, WrapErr};
use serde_json::{json, Value};

use crate::rpc;

/// `System.Account`; then 16 bytes of hash and the account itself.
const ACCOUNTS: &str = "0x26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9";
/// `Balances.TotalIssuance`.
const ISSUE: &str = "0xc2261276cc9d1f8598ea4b6a74b15c2f57c875e4cff74148e4628f264b974c80";
/// More accounts than a development chain has.
const MAX_ACCOUNTS: usize = 1_000;

/// The accounts whose keys everybody knows.
const WELL_KNOWN: [(&str, &str); 6] = [
	(
		"d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d",
		"Alice",
	),
	(
		"8eaf04151687736326c9fea17e25fc5287613693c912909cb226aa4794f26a48",
		"Bob",
	),
	(
		"90b5ab205c6974c9ea841be688864633dc9ca8a357843eeacf2314649965fe22",
		"Charlie",
	),
	(
		"306721211d5404bd9da88e0204360a1a9ab8b87c66c1bc2fcdd37f3c2222cc20",
		"Dave",
	),
	(
		"e659a7a1628cdd93febc04a4e0646ea20e9f5f0ce097d9a05290d4a9e054df4e",
		"Eve",
	),
	(
		"1cbd2d43530a44705ad088af313e18f80b53ef16b36177cd4b77b846f2a5f07c",
		"Ferdie",
	),
];

/// The chain's money at one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
	/// Money of each account, free and held together, in the smallest unit. By public key in hex.
	pub accounts: BTreeMap<String, u128>,
	/// All money that there is.
	pub issue: u128,
}

impl Ledger {
	/// Reads the best block of the node at `url` (`http://…`).
	pub fn read(url: &str) -> Result<Self> {
		let block = rpc::call(url, "chain_getBlockHash", json!([]))?;
		let params = json!([ACCOUNTS, MAX_ACCOUNTS, null, block]);
		let keys = rpc::call(url, "state_getKeysPaged", params)?;
		let mut accounts = BTreeMap::new();
		for key in keys
			.as_array()
			.into_iter()
			.flatten()
			.filter_map(Value::as_str)
		{
			let value = storage(url, key, &block)?;
			// Four counters of 4 bytes each; then free and reserved.
			let (free, held) = (number(&value, 16)?, number(&value, 32)?);
			let account = key
				.get(ACCOUNTS.len().saturating_add(32)..)
				.unwrap_or_default();
			accounts.insert(account.to_string(), free.saturating_add(held));
		}
		Ok(Self {
			accounts,
			issue: number(&storage(url, ISSUE, &block)?, 0)?,
		})
	}

	/// Fails unless all accounts together have exactly what was issued.
	pub fn check_sum(&self) -> Result<()> {
		let sum: u128 = self.accounts.values().sum();
		if sum != self.issue {
			bail!(
				"the accounts have {sum} in all, but {} was issued",
				self.issue
			);
		}
		Ok(())
	}

	/// What changed for whom since `before`, by name; then what was burned as fees, less what was issued
	/// as rewards.
	///
	/// All of it adds up to zero, because [`Self::check_sum`] holds before and after.
	pub fn changes_since(&self, before: &Self) -> Result<Vec<(String, i128)>> {
		before.check_sum()?;
		self.check_sum()?;
		let mut changes = Vec::new();
		let mut keys: Vec<&String> = self.accounts.keys().chain(before.accounts.keys()).collect();
		keys.sort();
		keys.dedup();
		for key in keys {
			let of = |ledger: &Self| ledger.accounts.get(key).copied().unwrap_or_default();
			let change = difference(of(self), of(before))?;
			if change != 0 {
				changes.push((name(key), change));
			}
		}
		changes.push((
			"burned as fees, less rewards".into(),
			difference(before.issue, self.issue)?,
		));
		let sum: i128 = changes.iter().map(|(_, change)| change).sum();
		if sum != 0 {
			bail!("what changed does not add up: {sum} are left");
		}
		Ok(changes)
	}

	/// The money of an account by its public key in hex.
	pub fn of(&self, key: &str) -> u128 {
		self.accounts.get(key).copied().unwrap_or_default()
	}
}

/// How people call an account: its well-known name, its pallet, or the beginning of its key.
pub fn name(key: &str) -> String {
	if let Some((_, name)) = WELL_KNOWN.iter().find(|(known, _)| *known == key) {
		return (*name).into();
	}
	let bytes = hex(key).unwrap_or_default();
	match bytes.strip_prefix(b"modl").and_then(|rest| rest.get(..8)) {
		Some(pallet) => format!("pallet {}", String::from_utf8_lossy(pallet)),
		None => format!("0x{}…", key.get(..8).unwrap_or(key)),
	}
}

/// An amount as people read it, in USU.
pub fn usu(amount: i128) -> String {
	let unit = 1_000_000_000_000_u128;
	let size = amount.unsigned_abs();
	let sign = if amount < 0 { "-" } else { "" };
	format!("{sign}{}.{:06}", size / unit, size % unit / 1_000_000)
}

fn difference(to: u128, from: u128) -> Result<i128> {
	let signed = |n: u128| i128::try_from(n).wrap_err("an amount beyond all money");
	signed(to)?
		.checked_sub(signed(from)?)
		.ok_or_else(|| eyre!("an amount beyond all money"))
}

fn storage(url: &str, key: &str, block: &Value) -> Result<Vec<u8>> {
	let value = rpc::call(url, "state_getStorage", json!([key, block]))?;
	hex(value
		.as_str()
		.ok_or_else(|| eyre!("no value at {key}"))?
		.trim_start_matches("0x"))
}

fn hex(text: &str) -> Result<Vec<u8>> {
	let digits: Vec<u32> = text
		.chars()
		.map(|c| c.to_digit(16))
		.collect::<Option<_>>()
		.ok_or_else(|| eyre!("not hexadecimal: {text}"))?;
	Ok(digits
		.chunks(2)
		.map(|pair| pair.iter().fold(0, |sum, d| sum * 16 + *d as u8))
		.collect())
}

/// The little-endian amount at `offset`.
fn number(bytes: &[u8], offset: usize) -> Result<u128> {
	let part = bytes.get(offset..offset.saturating_add(16));
	let part: [u8; 16] = part
		.and_then(|p| p.try_into().ok())
		.ok_or_else(|| eyre!("too short"))?;
	Ok(u128::from_le_bytes(part))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn ledger(accounts: &[(&str, u128)], issue: u128) -> Ledger {
		let accounts = accounts
			.iter()
			.map(|(key, money)| (key.to_string(), *money))
			.collect();
		Ledger { accounts, issue }
	}

	#[test]
	fn changes_and_burned_fees_add_up_to_zero() {
		let before = ledger(&[("aa", 10), ("bb", 5)], 15);
		let after = ledger(&[("aa", 6), ("bb", 7), ("cc", 1)], 14);
		let changes: Vec<i128> = after
			.changes_since(&before)
			.unwrap()
			.into_iter()
			.map(|(_, change)| change)
			.collect();
		assert_eq!(changes, [-4, 2, 1, 1]);
	}

	#[test]
	fn money_from_nowhere_is_seen() {
		assert!(ledger(&[("aa", 10)], 9).check_sum().is_err());
	}

	#[test]
	fn accounts_have_names_that_people_know() {
		assert_eq!(name(WELL_KNOWN[1].0), "Bob");
		let treasury = "6d6f646c70792f74727372790000000000000000000000000000000000000000";
		assert_eq!(name(treasury), "pallet py/trsry");
	}
}
