//! Keys and accounts as people name them.

use std::str::FromStr;

use subxt::utils::AccountId32;
use subxt_signer::{sr25519, SecretUri};

use crate::Error;

/// A key that signs.
pub type Keypair = sr25519::Keypair;

/// The key of a secret URI: a phrase, or a well-known name such as `//Alice`.
///
/// # Errors
///
/// [`Error::Key`], which does not repeat the secret.
pub fn keypair(uri: &str) -> Result<Keypair, Error> {
	let bad = |error: String| Error::Key { error };
	let uri = SecretUri::from_str(uri.trim()).map_err(|error| bad(error.to_string()))?;
	sr25519::Keypair::from_uri(&uri).map_err(|error| bad(error.to_string()))
}

/// The account of an SS58 address, or of a well-known name such as `//Alice`.
///
/// # Errors
///
/// [`Error::Account`].
pub fn account_of(text: &str) -> Result<AccountId32, Error> {
	if text.starts_with("//") {
		return Ok(AccountId32(keypair(text)?.public_key().0));
	}
	AccountId32::from_str(text).map_err(|error| Error::Account {
		text: text.into(),
		error: error.to_string(),
	})
}
