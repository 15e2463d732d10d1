//! Publishing and retracting images.

use codec::MaxEncodedLen;
use frame_support::{
	ensure,
	traits::{Consideration, Footprint},
};
use sp_runtime::DispatchResult;
use usufruct_primitives::{traits::ImageInspect, Hash};

use crate::{Config, Error, Event, Image, ImageKind, Images, Pallet, Text};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_publish_image(
		author: T::AccountId,
		digest: Hash,
		kind: ImageKind,
		reference: Text,
		size_bytes: u64,
	) -> DispatchResult {
		ensure!(!Images::<T>::contains_key(digest), Error::<T>::ImageExists);
		let bytes = Image::<T>::max_encoded_len().saturating_add(Hash::max_encoded_len());
		let deposit = T::ImageDeposit::new(&author, Footprint::from_parts(1, bytes))?;
		let record = Image::<T> {
			author: author.clone(),
			kind,
			reference,
			size_bytes,
			uses: 0,
			deposit,
		};
		Images::<T>::insert(digest, record);
		Self::deposit_event(Event::ImagePublished { digest, author });
		Ok(())
	}

	pub(crate) fn do_retract_image(author: T::AccountId, digest: Hash) -> DispatchResult {
		let image = Images::<T>::get(digest).ok_or(Error::<T>::UnknownImage)?;
		ensure!(image.author == author, Error::<T>::NotAuthor);
		ensure!(image.uses == 0, Error::<T>::ImageInUse);
		image.deposit.drop(&author)?;
		Images::<T>::remove(digest);
		Self::deposit_event(Event::ImageRetracted { digest });
		Ok(())
	}
}

impl<T: Config> Pallet<T> {
	/// Counts one more request that uses an image, which was read already.
	pub(crate) fn count_use(digest: Hash, mut image: Image<T>) -> DispatchResult {
		image.uses = image.uses.checked_add(1).ok_or(Error::<T>::Overflow)?;
		Images::<T>::insert(digest, image);
		Ok(())
	}

	/// Counts one request less.
	pub(crate) fn uncount_use(digest: Hash) {
		Images::<T>::mutate_extant(digest, |image| {
			image.uses = image.uses.saturating_sub(1);
		});
	}
}

impl<T: Config> ImageInspect for Pallet<T> {
	fn is_published(digest: Hash) -> bool {
		Images::<T>::contains_key(digest)
	}
}
