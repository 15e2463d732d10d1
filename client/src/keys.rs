//! Keys and accounts as people name them.

use std::{path::Path, str::FromStr};

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

/// A phrase of twelve words that nobody else has, from the system's randomness, with its account.
///
/// # Errors
///
/// [`Error::Key`] where the system gives no randomness.
pub fn new_phrase() -> Result<(String, AccountId32), Error> {
	let mnemonic = bip39::Mnemonic::generate(12).map_err(|error| Error::Key {
		error: error.to_string(),
	})?;
	let phrase = mnemonic.to_string();
	let account = AccountId32(keypair(&phrase)?.public_key().0);
	Ok((phrase, account))
}

/// The secret URI that a file holds.
///
/// # Errors
///
/// [`Error::KeyFile`] where it cannot be read, or where others than its owner can.
pub fn read_key_file(path: &Path) -> Result<String, Error> {
	let bad = |error: String| Error::KeyFile {
		path: path.display().to_string(),
		error,
	};
	let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
	#[cfg(unix)]
	{
		use std::os::unix::fs::PermissionsExt;
		let mode = std::fs::metadata(path)
			.map_err(|error| bad(error.to_string()))?
			.permissions()
			.mode();
		if mode & 0o077 != 0 {
			let advice = format!("others can read it; run `chmod 600 {}`", path.display());
			return Err(bad(advice));
		}
	}
	Ok(text.trim().to_string())
}

/// Writes a secret URI to a new file that nobody but its owner can read.
///
/// # Errors
///
/// [`Error::KeyFile`] where it exists: no key is ever overwritten.
pub fn write_key_file(path: &Path, secret: &str) -> Result<(), Error> {
	use std::io::Write;
	let mut options = std::fs::OpenOptions::new();
	options.write(true).create_new(true);
	#[cfg(unix)]
	std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
	options
		.open(path)
		.and_then(|mut file| writeln!(file, "{secret}"))
		.map_err(|error| Error::KeyFile {
			path: path.display().to_string(),
			error: match error.kind() {
				std::io::ErrorKind::AlreadyExists => {
					"it exists, and no key is ever overwritten; give another name".into()
				}
				_ => error.to_string(),
			},
		})
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

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_new_phrase_is_a_key_of_the_account_that_it_came_with_and_no_other_ones() {
		let (phrase, account) = new_phrase().expect("there is randomness");
		assert_eq!(phrase.split(' ').count(), 12);
		assert_eq!(keypair(&phrase).expect("a key").public_key().0, account.0);
		assert_ne!(new_phrase().expect("there is randomness").0, phrase);
	}

	#[test]
	fn a_key_file_is_its_owners_alone_and_never_overwritten() {
		let folder = tempfile::tempdir().expect("a folder");
		let path = folder.path().join("key");
		write_key_file(&path, "//A").expect("it is new");
		assert_eq!(read_key_file(&path).expect("it is there"), "//A");
		assert!(write_key_file(&path, "//B").is_err());
		assert_eq!(read_key_file(&path).expect("it is there"), "//A");
	}

	#[cfg(unix)]
	#[test]
	fn a_key_file_that_others_can_read_is_refused_with_the_cure() {
		use std::os::unix::fs::PermissionsExt;
		let folder = tempfile::tempdir().expect("a folder");
		let path = folder.path().join("key");
		write_key_file(&path, "//A").expect("it is new");
		let open = std::fs::Permissions::from_mode(0o640);
		std::fs::set_permissions(&path, open).expect("the file is ours");
		let error = read_key_file(&path)
			.expect_err("others can read it")
			.to_string();
		assert!(error.contains("chmod 600"), "{error}");
	}

	#[test]
	fn a_key_file_that_is_missing_is_named() {
		let error = read_key_file(Path::new("/nowhere/key")).expect_err("it is missing");
		assert!(error.to_string().contains("/nowhere/key"), "{error}");
	}
}
