//! Publishing and retracting images.

use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use sp_runtime::DispatchResult;
use usufruct_primitives::Hash;

use crate::{Config, Error, Event, HoldReason, ImageKind, ImageRecord, Images, Pallet, Text};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_publish_image(
		author: T::AccountId,
		digest: Hash,
		kind: ImageKind,
		reference: Text,
		size_bytes: u64,
	) -> DispatchResult {
		ensure!(!Images::<T>::contains_key(digest), Error::<T>::ImageExists);
		let deposit = T::ImageDeposit::get();
		T::Currency::hold(&HoldReason::Image.into(), &author, deposit)?;
		let record = ImageRecord {
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
		T::Currency::release(
			&HoldReason::Image.into(),
			&author,
			image.deposit,
			Precision::Exact,
		)?;
		Images::<T>::remove(digest);
		Self::deposit_event(Event::ImageRetracted { digest });
		Ok(())
	}
}
