//! Images: who published which content, and whether requests still name it.

use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use sp_core::H256;
use sp_runtime::DispatchResult;

use crate::{Config, Error, Event, HoldReason, ImageKind, ImageRecord, Images, Pallet, Reference};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_publish_image(
		author: T::AccountId,
		digest: H256,
		kind: ImageKind,
		reference: Reference,
		size_bytes: u64,
	) -> DispatchResult {
		ensure!(!Images::<T>::contains_key(digest), Error::<T>::ImageTaken);
		let deposit = T::ImageDeposit::get();
		T::Currency::hold(&HoldReason::Image.into(), &author, deposit)?;
		let record =
			ImageRecord { author: author.clone(), kind, reference, size_bytes, users: 0, deposit };
		Images::<T>::insert(digest, record);
		Self::deposit_event(Event::ImagePublished { digest, author });
		Ok(())
	}

	pub(crate) fn do_retract_image(author: T::AccountId, digest: H256) -> DispatchResult {
		let image = Images::<T>::get(digest).ok_or(Error::<T>::UnknownImage)?;
		ensure!(image.author == author, Error::<T>::NotAuthor);
		ensure!(image.users == 0, Error::<T>::ImageInUse);
		let reason = HoldReason::Image.into();
		T::Currency::release(&reason, &author, image.deposit, Precision::Exact)?;
		Images::<T>::remove(digest);
		Self::deposit_event(Event::ImageRetracted { digest });
		Ok(())
	}
}
