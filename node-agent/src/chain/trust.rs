//! What the chain knows of something that is to run here.

use eyre::{eyre, Result};
use usufruct_client::{api, AccountId32, H256};

use super::{fetch, text, unreadable, Chain};
use crate::trust::{Account, Subject};

use api::runtime_types::{
	pallet_applications::types::Judgement, usufruct_primitives::application::ReleaseId,
};

impl Chain {
	/// What is to run, of which release if of one, and what these curators say of it, in the newest state: a warning
	/// counts at once.
	///
	/// # Errors
	///
	/// Where the connection broke, or the state does not know what it is.
	pub async fn subject(
		&self,
		digest: [u8; 32],
		release: Option<(u32, u32)>,
		curators: &[Account],
	) -> Result<Subject> {
		let at = self.best().await?;
		let image = H256(digest);
		let images = api::storage().workspaces();
		let published = fetch!(at, images.images(), (image,))
			.ok_or_else(|| eyre!("image {image:?} is not published"))?;
		let mut subject = Subject {
			image: digest,
			publisher: published.author.0,
			application: None,
			is_attested: false,
			is_flagged: false,
		};
		let release = release.map(|(application, number)| ReleaseId {
			application,
			number,
		});
		if let Some(release) = &release {
			let applications = api::storage().applications();
			let record = fetch!(at, applications.applications(), (release.application,))
				.ok_or_else(|| eyre!("application {} is gone", release.application))?;
			let name = text(&record.name.0);
			subject.application = Some((name, record.author.0));
		}
		for Account(curator) in curators {
			let curator = AccountId32(*curator);
			let applications = api::storage().applications();
			let office = fetch!(at, applications.curators(), (curator,));
			// Whom the DAO barred is heard no more.
			if office.is_none_or(|office| office.bond == 0) {
				continue;
			}
			let flags = fetch!(at, applications.flagged_images(), (image, curator));
			subject.is_flagged |= flags.is_some();
			if let Some(release) = release.clone() {
				let verdict = fetch!(at, applications.verdicts(), (release, curator));
				let judgement = verdict.map(|verdict| verdict.judgement);
				subject.is_attested |= judgement == Some(Judgement::Attested);
			}
		}
		Ok(subject)
	}
}
