//! What this machine's owner lets run on it: own lists, and the curators whom it believes.
//!
//! Everything runs unless the owner says otherwise. What is denied does not run, whoever vouches for it; where
//! something is allowed by name, or only what is attested is wanted, nothing else runs.

use std::collections::BTreeSet;

use serde::Deserialize;
use usufruct_client::{account_of, AccountId32};

/// Most curators that an owner can name: their verdicts are read one by one.
const MAX_CURATORS: usize = 32;

/// `[trust]` of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Trust {
	/// Whose verdicts count here: what one of them flags does not run.
	#[serde(deserialize_with = "few")]
	pub curators: Vec<Account>,
	/// Whether only that runs which one of them attests, or which is allowed.
	pub only_attested: bool,
	/// What runs, and nothing else, but what is attested where that is enough.
	pub allow: Names,
	/// What does not run, whoever vouches for it.
	pub deny: Names,
}

/// Images by digest, applications by name, authors by account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Names {
	/// Digests in hexadecimal.
	pub images: BTreeSet<Digest>,
	/// Names of applications.
	pub applications: BTreeSet<String>,
	/// Whoever published the image, or the application.
	pub authors: BTreeSet<Account>,
}

/// A digest, as the chain or a container engine writes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Digest(pub [u8; 32]);

impl TryFrom<String> for Digest {
	type Error = String;

	fn try_from(text: String) -> Result<Self, String> {
		let digits = text.strip_prefix("sha256:").unwrap_or(&text);
		let mut digest = [0; 32];
		hex::decode_to_slice(digits.trim_start_matches("0x"), &mut digest)
			.map_err(|_| format!("“{text}” is no digest: 64 hexadecimal digits"))?;
		Ok(Self(digest))
	}
}

/// An account, as wallets write it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Account(pub [u8; 32]);

impl TryFrom<String> for Account {
	type Error = String;

	fn try_from(text: String) -> Result<Self, String> {
		let account: AccountId32 = account_of(&text).map_err(|error| error.to_string())?;
		Ok(Self(account.0))
	}
}

fn few<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Account>, D::Error> {
	let all = Vec::<Account>::deserialize(from)?;
	if all.len() > MAX_CURATORS {
		return Err(serde::de::Error::custom(format!(
			"{} curators are named, at most {MAX_CURATORS} can be",
			all.len()
		)));
	}
	Ok(all)
}

/// What somebody wants to run here, as the chain knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
	/// Digest of the image.
	pub image: [u8; 32],
	/// Who published the image.
	pub publisher: [u8; 32],
	/// The application that it is a release of, by name, and its author.
	pub application: Option<(String, [u8; 32])>,
	/// Whether a curator whom the owner trusts attests the release.
	pub is_attested: bool,
	/// Whether one of them flags it, or any release with the same image.
	pub is_flagged: bool,
}

impl Names {
	fn is_empty(&self) -> bool {
		self.images.is_empty() && self.applications.is_empty() && self.authors.is_empty()
	}

	/// By what the subject is named here.
	fn name(&self, subject: &Subject) -> Option<&'static str> {
		let (name, author) = subject
			.application
			.as_ref()
			.map_or((None, None), |(name, author)| (Some(name), Some(*author)));
		let knows = |author: [u8; 32]| self.authors.contains(&Account(author));
		if self.images.contains(&Digest(subject.image)) {
			Some("image")
		} else if name.is_some_and(|name| self.applications.contains(name)) {
			Some("application")
		} else if author.map_or_else(|| knows(subject.publisher), knows) {
			Some("author")
		} else {
			None
		}
	}
}

impl Trust {
	/// Whether anything could be refused.
	pub fn is_open(&self) -> bool {
		*self == Self::default()
	}

	/// Whether it may run here.
	///
	/// # Errors
	///
	/// Why not, in words.
	pub fn admit(&self, subject: &Subject) -> Result<(), String> {
		if let Some(what) = self.deny.name(subject) {
			return Err(format!("its {what} is denied here"));
		}
		if subject.is_flagged {
			return Err("a curator who is trusted here flags it".into());
		}
		let is_strict = self.only_attested || !self.allow.is_empty();
		let is_attested = self.only_attested && subject.is_attested;
		if !is_strict || is_attested || self.allow.name(subject).is_some() {
			return Ok(());
		}
		Err(match self.only_attested {
			true => "no curator who is trusted here attests it, and it is not allowed by name",
			false => "it is not among what is allowed here",
		}
		.into())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const IMAGE: [u8; 32] = [1; 32];
	const PUBLISHER: [u8; 32] = [2; 32];
	const AUTHOR: [u8; 32] = [3; 32];

	fn image() -> Subject {
		Subject {
			image: IMAGE,
			publisher: PUBLISHER,
			application: None,
			is_attested: false,
			is_flagged: false,
		}
	}

	fn release() -> Subject {
		Subject {
			application: Some(("server".into(), AUTHOR)),
			..image()
		}
	}

	fn names(images: &[[u8; 32]], applications: &[&str], authors: &[[u8; 32]]) -> Names {
		Names {
			images: images.iter().copied().map(Digest).collect(),
			applications: applications.iter().map(ToString::to_string).collect(),
			authors: authors.iter().copied().map(Account).collect(),
		}
	}

	#[test]
	fn everything_runs_unless_the_owner_says_otherwise() {
		let trust = Trust::default();
		assert!(trust.is_open());
		assert_eq!(trust.admit(&image()), Ok(()));
		assert_eq!(trust.admit(&release()), Ok(()));
	}

	#[test]
	fn what_is_denied_by_image_application_or_author_does_not_run_whoever_vouches_for_it() {
		let attested = Subject {
			is_attested: true,
			..release()
		};
		for (deny, what) in [
			(names(&[IMAGE], &[], &[]), "image"),
			(names(&[], &["server"], &[]), "application"),
			(names(&[], &[], &[AUTHOR]), "author"),
		] {
			let trust = Trust {
				allow: names(&[IMAGE], &["server"], &[AUTHOR]),
				only_attested: true,
				deny,
				..Default::default()
			};
			let why = trust.admit(&attested).unwrap_err();
			assert_eq!(why, format!("its {what} is denied here"));
		}
		let trust = Trust {
			deny: names(&[], &[], &[PUBLISHER]),
			..Default::default()
		};
		assert!(trust.admit(&image()).is_err());
		// Who published the image of somebody else's application is not its author.
		assert!(trust.admit(&release()).is_ok());
	}

	#[test]
	fn what_a_trusted_curator_flags_does_not_run_even_where_it_is_allowed() {
		let flagged = Subject {
			is_flagged: true,
			..image()
		};
		let trust = Trust {
			allow: names(&[IMAGE], &[], &[]),
			..Default::default()
		};
		assert!(trust.admit(&flagged).is_err());
		assert!(Trust::default().admit(&flagged).is_err());
	}

	#[test]
	fn where_something_is_allowed_nothing_else_runs() {
		let trust = Trust {
			allow: names(&[], &["server"], &[]),
			..Default::default()
		};
		assert_eq!(trust.admit(&release()), Ok(()));
		assert!(trust.admit(&image()).is_err());
		let attested = Subject {
			is_attested: true,
			..image()
		};
		assert!(trust.admit(&attested).is_err());
	}

	#[test]
	fn where_only_attested_is_wanted_attested_or_allowed_runs() {
		let trust = Trust {
			allow: names(&[IMAGE], &[], &[]),
			only_attested: true,
			..Default::default()
		};
		let other = Subject {
			image: [9; 32],
			..release()
		};
		assert!(trust.admit(&other).is_err());
		assert_eq!(trust.admit(&image()), Ok(()));
		let attested = Subject {
			is_attested: true,
			..other
		};
		assert_eq!(trust.admit(&attested), Ok(()));
	}

	#[test]
	fn lists_are_read_from_the_configuration_and_what_is_no_name_is_refused() {
		let text = "curators = [\"//Alice\"]\nonly-attested = true\n[deny]\nauthors = [\"//Bob\"]\n\
			[allow]\nimages = [\"sha256:0101010101010101010101010101010101010101010101010101010101010101\"]\n";
		let trust: Trust = toml::from_str(text).unwrap();
		assert_eq!(trust.allow, names(&[IMAGE], &[], &[]));
		assert!(trust.only_attested && trust.curators.len() == 1);
		assert_eq!(trust.deny.authors.len(), 1);
		for (line, words) in [
			("curators = [\"nobody\"]", "nobody"),
			("allow = { images = [\"0x01\"] }", "64 hexadecimal digits"),
			("only_attested = true", "only_attested"),
		] {
			let error = toml::from_str::<Trust>(line).unwrap_err().to_string();
			assert!(error.contains(words), "“{words}” is not in: {error}");
		}
		let many = format!("curators = [{}]", "\"//Alice\",".repeat(33));
		let error = toml::from_str::<Trust>(&many).unwrap_err().to_string();
		assert!(error.contains("33 curators"), "{error}");
	}
}
