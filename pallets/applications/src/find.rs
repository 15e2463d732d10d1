//! Looking around.

use alloc::vec::Vec;

use usufruct_primitives::ApplicationId;

use crate::{
	Application, Applications, Config, Found, Newest, NextApplicationId, Page, Pallet, Releases,
	MAX_FOUND, MAX_SCANNED,
};

impl<T: Config> Pallet<T> {
	/// Applications from `from` on whose names begin so, and that are the author's where one is named: at most
	/// `limit`, and [`MAX_FOUND`], of the next [`MAX_SCANNED`].
	pub(crate) fn found_from(
		prefix: &[u8],
		author: Option<T::AccountId>,
		from: ApplicationId,
		limit: u32,
	) -> Page<T::AccountId> {
		let limit = limit.clamp(1, MAX_FOUND) as usize;
		let last = NextApplicationId::<T>::get();
		let end = from.saturating_add(MAX_SCANNED).min(last);
		let mut found = Vec::new();
		for application in from..end {
			if found.len() == limit {
				return Page {
					found,
					next: Some(application),
				};
			}
			let Some(record) = Applications::<T>::get(application) else {
				continue;
			};
			let is_authors = author
				.as_ref()
				.is_none_or(|author| record.author == *author);
			if is_authors && record.name.starts_with(prefix) {
				found.push(Self::shown(application, record));
			}
		}
		Page {
			found,
			next: (end < last).then_some(end),
		}
	}

	fn shown(application: ApplicationId, record: Application<T>) -> Found<T::AccountId> {
		let newest = Releases::<T>::iter_prefix(application)
			.filter(|(_, release)| !release.is_retracted)
			.max_by_key(|(number, _)| *number)
			.map(|(number, release)| Newest {
				number,
				image: release.spec.image,
				licence: release.spec.licence,
				royalty: release.spec.royalty,
				attestations: release.attestations,
				flags: release.flags,
			});
		Found {
			application,
			name: record.name,
			author: record.author,
			description: record.description,
			newest,
		}
	}
}
