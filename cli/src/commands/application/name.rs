//! `NAME` and `NAME@RELEASE`, and what they lead to.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::Deserialize;
use usufruct_client::{api, AccountId32, AtBlock};

use super::{ApplicationRecord, ReleaseId, ReleaseRecord};
use crate::{
	commands::{entries, entry, storage},
	output::Failure,
};

/// An application by name, and one of its releases; without a number, the newest that can be requested.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct Named {
	name: String,
	number: Option<u32>,
}

impl FromStr for Named {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let (name, number) = match text.split_once('@') {
			None => (text, None),
			Some((name, number)) => {
				let read = number.parse().ok().filter(|number| *number > 0);
				let read =
					read.ok_or_else(|| {
						format!("“{number}” is no release: releases are numbered from 1, as in server@2")
					})?;
				(name, Some(read))
			}
		};
		let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
		let hyphens = name.starts_with('-') || name.ends_with('-');
		if !(3..=32).contains(&name.len()) || hyphens || !name.bytes().all(known) {
			return Err(format!(
				"“{name}” is no name of an application: 3 to 32 small letters, digits, and hyphens within"
			));
		}
		Ok(Self {
			name: name.into(),
			number,
		})
	}
}

impl TryFrom<String> for Named {
	type Error = String;

	fn try_from(text: String) -> Result<Self, String> {
		text.parse()
	}
}

impl fmt::Display for Named {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self.number {
			Some(number) => write!(f, "{}@{number}", self.name),
			None => f.write_str(&self.name),
		}
	}
}

/// A release that was found.
#[derive(Debug)]
pub(crate) struct Found {
	/// Which.
	pub(crate) id: ReleaseId,
	/// What the chain keeps of it.
	pub(crate) record: ReleaseRecord,
	/// Its application's author.
	pub(crate) author: AccountId32,
}

impl Named {
	/// The application.
	pub(crate) async fn application(
		&self,
		at: &AtBlock,
	) -> Result<(u32, ApplicationRecord), Failure> {
		let unknown = || {
			Failure::Gone(format!(
				"no application is called {}: `usufruct application list` shows those that there are",
				self.name
			))
		};
		let applications = storage().applications();
		let name = api::runtime_types::bounded_collections::bounded_vec::BoundedVec(
			self.name.clone().into_bytes(),
		);
		let id: u32 = entry!(at, applications.named_application(), (name,)).ok_or_else(unknown)?;
		let applications = storage().applications();
		let record = entry!(at, applications.applications(), (id,)).ok_or_else(unknown)?;
		Ok((id, record))
	}

	/// Its number, which must be said.
	pub(crate) fn numbered(&self, application: u32) -> Result<ReleaseId, Failure> {
		let number = self.number.ok_or_else(|| {
			Failure::Usage(format!(
				"say which release, as in {}@1: `usufruct application show {}` lists them",
				self.name, self.name
			))
		})?;
		Ok(ReleaseId {
			application,
			number,
		})
	}

	/// The release that can be requested by this name.
	pub(crate) async fn release(&self, at: &AtBlock) -> Result<Found, Failure> {
		let (application, owner) = self.application(at).await?;
		let releases = storage().applications();
		let mut all: Vec<((u32, u32), ReleaseRecord)> =
			entries!(at, releases.releases(), (application,));
		all.retain(|((_, number), record)| {
			!record.is_retracted && self.number.is_none_or(|wanted| wanted == *number)
		});
		let newest = all.into_iter().max_by_key(|((_, number), _)| *number);
		let ((_, number), record) = newest.ok_or_else(|| {
			let what = match self.number {
				Some(number) => {
					format!("{} has no release {number}, or it was retracted", self.name)
				}
				None => format!("{} has no release that can be requested", self.name),
			};
			Failure::Gone(format!(
				"{what}: `usufruct application show {}` lists those that it has",
				self.name
			))
		})?;
		Ok(Found {
			id: ReleaseId {
				application,
				number,
			},
			record,
			author: owner.author,
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_release_is_named_by_its_application_and_its_number() {
		let named: Named = "llm-server@12".parse().unwrap();
		assert_eq!(
			(named.name.as_str(), named.number),
			("llm-server", Some(12))
		);
		assert_eq!(named.to_string(), "llm-server@12");
		let newest: Named = "abc".parse().unwrap();
		assert_eq!(newest.number, None);
	}

	#[test]
	fn what_is_no_name_is_refused_in_words() {
		for (text, words) in [
			("ab", "3 to 32"),
			("Server", "small letters"),
			("-server", "hyphens within"),
			("server@0", "numbered from 1"),
			("server@new", "“new” is no release"),
			("server@", "server@2"),
		] {
			let error = text.parse::<Named>().unwrap_err();
			assert!(error.contains(words), "“{words}” is not in: {error}");
		}
	}
}
