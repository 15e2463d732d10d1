//! Secrets that one agent alone can read: boxes of X25519 and XSalsa20-Poly1305 from an unnamed sender.

use codec::{Decode, DecodeAll, Encode};
use crypto_box::{aead::OsRng, PublicKey, SecretKey};

/// Longest name.
pub const MAX_NAME: usize = 128;
/// Longest value, in bytes.
pub const MAX_VALUE: usize = 64 << 10;
/// Names what the key is derived for: never used for another purpose.
const CONTEXT: &str = "usufruct 2026-11-21 agent's key for tenants' secrets, version 1";

/// How a workspace sees a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Form {
	/// A file of this name.
	#[codec(index = 0)]
	File,
	/// An environment variable of this name.
	#[codec(index = 1)]
	Environment,
	/// Not at all: by it the agent logs in to the registry of this name ([`login_name`]) to fetch the
	/// workspace's image. The value is `username:password`.
	#[codec(index = 2)]
	Login,
}

/// A secret of one lease. Names its lease, so that a box is worth nothing for another.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Secret {
	/// The lease.
	pub lease: u64,
	/// Its generation.
	pub generation: u32,
	/// The file's or the variable's name.
	pub name: String,
	/// How the workspace sees it.
	pub form: Form,
	/// What nobody else may know.
	pub value: Vec<u8>,
}

impl std::fmt::Debug for Secret {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_struct("Secret")
			.field("lease", &self.lease)
			.field("name", &self.name)
			.finish_non_exhaustive()
	}
}

/// Why a secret cannot be sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
	/// Its name is none.
	#[error("a secret's name has 1 to {MAX_NAME} of the characters A-Z a-z 0-9 _ - . and begins with none of - .")]
	Name,
	/// A variable's name is none.
	#[error("a variable's name has letters, digits and _ alone, and begins with no digit")]
	Variable,
	/// Its value is too long.
	#[error("a secret has at most {MAX_VALUE} bytes, this has {0}")]
	Value(usize),
	/// A variable cannot have this value.
	#[error("a variable's value is text without a zero byte; hand it over as a file")]
	Text,
	/// A login is not what it must be.
	#[error("a login is a user's name, a colon, and a password, in text")]
	Login,
	/// The box was not made for this agent.
	#[error("the secret is not sealed for this agent; ask for its key again")]
	Sealed,
}

impl Secret {
	/// Whether name and value are within their limits.
	///
	/// # Errors
	///
	/// The limit that they are not within.
	pub fn check(&self) -> Result<(), SealError> {
		check_name(&self.name)?;
		if self.value.len() > MAX_VALUE {
			return Err(SealError::Value(self.value.len()));
		}
		if self.form == Form::Environment {
			let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
			if !self.name.chars().all(plain) || self.name.starts_with(|c: char| c.is_ascii_digit())
			{
				return Err(SealError::Variable);
			}
			if self.value.contains(&0) || std::str::from_utf8(&self.value).is_err() {
				return Err(SealError::Text);
			}
		}
		if self.form == Form::Login && self.login().is_none() {
			return Err(SealError::Login);
		}
		Ok(())
	}

	/// The user's name and the password, where it is a login.
	pub fn login(&self) -> Option<(&str, &str)> {
		let text = std::str::from_utf8(&self.value).ok()?;
		let parts = text.split_once(':')?;
		(self.form == Form::Login && !parts.0.is_empty()).then_some(parts)
	}

	/// Seals it for the agent with this key.
	///
	/// # Errors
	///
	/// Where name or value are not within their limits.
	pub fn seal(&self, sealing: &[u8; 32]) -> Result<Vec<u8>, SealError> {
		self.check()?;
		PublicKey::from(*sealing)
			.seal(&mut OsRng, &self.encode())
			.map_err(|_| SealError::Sealed)
	}
}

/// Whether it can name a file in a folder without leaving it.
///
/// # Errors
///
/// [`SealError::Name`].
pub fn check_name(name: &str) -> Result<(), SealError> {
	let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
	let ok = !name.is_empty()
		&& name.len() <= MAX_NAME
		&& name.chars().all(plain)
		&& !name.starts_with(['-', '.']);
	ok.then_some(()).ok_or(SealError::Name)
}

/// The name of the secret for a registry, whose port follows a colon that no name has.
pub fn login_name(registry: &str) -> String {
	registry.replace(':', "_")
}

/// The key by which an agent reads what was sealed for it.
pub struct SealingKey(SecretKey);

impl std::fmt::Debug for SealingKey {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.write_str("SealingKey(hidden)")
	}
}

impl SealingKey {
	/// Derives it from the secret of the agent's hot key: there is no second secret to guard, and who
	/// changes the hot key makes what was sealed before unreadable.
	pub fn derive(secret: &str) -> Self {
		Self(SecretKey::from(blake3::derive_key(
			CONTEXT,
			secret.trim().as_bytes(),
		)))
	}

	/// What tenants seal for.
	pub fn public(&self) -> [u8; 32] {
		*self.0.public_key().as_bytes()
	}

	/// Opens a box and checks what is in it.
	///
	/// # Errors
	///
	/// [`SealError`].
	pub fn open(&self, sealed: &[u8]) -> Result<Secret, SealError> {
		let bytes = self.0.unseal(sealed).map_err(|_| SealError::Sealed)?;
		let secret = Secret::decode_all(&mut &bytes[..]).map_err(|_| SealError::Sealed)?;
		secret.check()?;
		Ok(secret)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn secret(name: &str, form: Form, value: &[u8]) -> Secret {
		Secret {
			lease: 1,
			generation: 2,
			name: name.into(),
			form,
			value: value.into(),
		}
	}

	#[test]
	fn a_secret_is_read_by_the_agent_that_it_is_sealed_for_and_no_other() {
		let (own, other) = (SealingKey::derive("//A"), SealingKey::derive("//B"));
		let secret = secret("token", Form::File, b"hush");
		let sealed = secret.seal(&own.public()).unwrap();
		assert_eq!(own.open(&sealed), Ok(secret.clone()));
		assert_eq!(other.open(&sealed), Err(SealError::Sealed));
		assert!(!sealed.windows(4).any(|part| part == b"hush"));
		let mut changed = sealed;
		*changed.last_mut().unwrap() ^= 1;
		assert_eq!(own.open(&changed), Err(SealError::Sealed));
	}

	#[test]
	fn names_that_leave_their_folder_or_are_no_variables_are_refused() {
		for name in ["", ".", "..", "../x", "a/b", "-rf", ".hidden", "a b", "ü"] {
			assert_eq!(check_name(name), Err(SealError::Name), "{name:?}");
		}
		assert_eq!(check_name("tls.key"), Ok(()));
		for name in ["tls.key", "1A", "A-B"] {
			let secret = secret(name, Form::Environment, b"x");
			assert_eq!(secret.check(), Err(SealError::Variable), "{name}");
		}
	}

	#[test]
	fn values_have_a_limit_and_variables_are_text() {
		let most = secret("a", Form::File, &[0; MAX_VALUE]);
		let sealed = most.seal(&SealingKey::derive("//A").public()).unwrap();
		assert!(sealed.len() <= crate::message::MAX_SEALED);
		let more = secret("a", Form::File, &[0; MAX_VALUE + 1]);
		assert_eq!(more.check(), Err(SealError::Value(MAX_VALUE + 1)));
		for value in [&b"a\0b"[..], &[0xff]] {
			assert_eq!(
				secret("A", Form::Environment, value).check(),
				Err(SealError::Text)
			);
		}
	}

	#[test]
	fn a_secret_does_not_show_its_value() {
		let shown = format!("{:?}", secret("token", Form::File, b"hush"));
		assert!(shown.contains("token") && !shown.contains("104"), "{shown}");
	}
}
