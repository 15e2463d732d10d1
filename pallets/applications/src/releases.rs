//! The life of a release: published, used, retracted, gone.

use codec::MaxEncodedLen;
use frame_support::{
	ensure,
	traits::{Consideration, Footprint, Get},
};
use sp_runtime::DispatchResult;
use usufruct_primitives::{traits::ImageInspect, ApplicationId, ReleaseId};

use crate::{Applications, Config, Error, Event, Pallet, Release, ReleaseSpec, Releases};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_publish_release(
		author: T::AccountId,
		application: ApplicationId,
		spec: ReleaseSpec,
	) -> DispatchResult {
		let mut record = Self::own(&author, application)?;
		ensure!(
			T::Images::is_published(spec.image),
			Error::<T>::UnknownImage
		);
		ensure!(!spec.licence.is_empty(), Error::<T>::NoLicence);
		ensure!(
			record.releases < T::MaxReleases::get(),
			Error::<T>::TooManyReleases
		);
		let number = record.next_release;
		let release = ReleaseId {
			application,
			number,
		};
		record.next_release = number.checked_add(1).ok_or(Error::<T>::Exhausted)?;
		record.releases = record.releases.saturating_add(1);
		let bytes = Release::<T>::max_encoded_len().saturating_add(ReleaseId::max_encoded_len());
		let deposit = T::ReleaseDeposit::new(&author, Footprint::from_parts(1, bytes))?;
		let image = spec.image;
		Releases::<T>::insert(
			application,
			number,
			Release::<T> {
				publisher: author,
				spec,
				published_at: Self::now(),
				is_retracted: false,
				uses: 0,
				attestations: 0,
				flags: 0,
				deposit,
			},
		);
		Applications::<T>::insert(application, record);
		Self::deposit_event(Event::Published { release, image });
		Ok(())
	}

	pub(crate) fn do_retract_release(author: T::AccountId, release: ReleaseId) -> DispatchResult {
		Self::own(&author, release.application)?;
		let mut record = Self::known(release)?;
		ensure!(!record.is_retracted, Error::<T>::Retracted);
		record.is_retracted = true;
		Self::store_release(release, record)?;
		Self::deposit_event(Event::Retracted { release });
		Ok(())
	}

	/// The release.
	pub(crate) fn known(release: ReleaseId) -> Result<Release<T>, Error<T>> {
		Releases::<T>::get(release.application, release.number).ok_or(Error::UnknownRelease)
	}

	/// Writes the release, or removes it where it is retracted and nothing keeps it.
	pub(crate) fn store_release(release: ReleaseId, record: Release<T>) -> DispatchResult {
		let ReleaseId {
			application,
			number,
		} = release;
		if !record.is_over() {
			Releases::<T>::insert(application, number, record);
			return Ok(());
		}
		record.deposit.drop(&record.publisher)?;
		Releases::<T>::remove(application, number);
		Applications::<T>::mutate_extant(application, |record| {
			record.releases = record.releases.saturating_sub(1);
		});
		Self::deposit_event(Event::Forgotten { release });
		Ok(())
	}
}
