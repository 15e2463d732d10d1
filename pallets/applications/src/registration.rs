//! Applications: names, whose they are, and how they change hands.

use codec::MaxEncodedLen;
use frame_support::{
	ensure,
	traits::{Consideration, Footprint},
};
use sp_runtime::{DispatchError, DispatchResult, SaturatedConversion};
use usufruct_primitives::{ApplicationId, BlockNumber};

use crate::{
	is_name, Application, Applications, Config, Error, Event, Name, NamedApplication,
	NextApplicationId, Pallet, Text,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	pub(crate) fn do_register(
		author: T::AccountId,
		name: Name,
		description: Text,
	) -> DispatchResult {
		ensure!(is_name(&name), Error::<T>::BadName);
		ensure!(
			!NamedApplication::<T>::contains_key(&name),
			Error::<T>::NameTaken
		);
		let application = NextApplicationId::<T>::get();
		let next = application.checked_add(1).ok_or(Error::<T>::Exhausted)?;
		let deposit = Self::take_deposit(&author)?;
		NextApplicationId::<T>::put(next);
		NamedApplication::<T>::insert(&name, application);
		let record = Application::<T> {
			name: name.clone(),
			author: author.clone(),
			successor: None,
			description,
			next_release: 1,
			releases: 0,
			registered_at: Self::now(),
			deposit,
		};
		Applications::<T>::insert(application, record);
		Self::deposit_event(Event::Registered {
			application,
			name,
			author,
		});
		Ok(())
	}

	/// Holds what an application's record costs, and its name.
	fn take_deposit(author: &T::AccountId) -> Result<T::ApplicationDeposit, DispatchError> {
		let name = Name::max_encoded_len().saturating_add(ApplicationId::max_encoded_len());
		let record =
			Application::<T>::max_encoded_len().saturating_add(ApplicationId::max_encoded_len());
		let footprint = Footprint::from_parts(2, name.saturating_add(record));
		T::ApplicationDeposit::new(author, footprint)
	}

	/// The application, if it is the caller's.
	pub(crate) fn own(
		author: &T::AccountId,
		application: ApplicationId,
	) -> Result<Application<T>, Error<T>> {
		let record = Applications::<T>::get(application).ok_or(Error::UnknownApplication)?;
		ensure!(record.author == *author, Error::NotAuthor);
		Ok(record)
	}

	pub(crate) fn do_transfer(
		author: T::AccountId,
		application: ApplicationId,
		successor: Option<T::AccountId>,
	) -> DispatchResult {
		let mut record = Self::own(&author, application)?;
		record.successor = successor.clone();
		Applications::<T>::insert(application, record);
		Self::deposit_event(Event::Offered {
			application,
			successor,
		});
		Ok(())
	}

	pub(crate) fn do_accept(who: T::AccountId, application: ApplicationId) -> DispatchResult {
		let mut record =
			Applications::<T>::get(application).ok_or(Error::<T>::UnknownApplication)?;
		ensure!(
			record.successor.as_ref() == Some(&who),
			Error::<T>::NotSuccessor
		);
		let deposit = Self::take_deposit(&who)?;
		let paid = core::mem::replace(&mut record.deposit, deposit);
		paid.drop(&record.author)?;
		record.author = who.clone();
		record.successor = None;
		Applications::<T>::insert(application, record);
		Self::deposit_event(Event::Transferred {
			application,
			author: who,
		});
		Ok(())
	}

	pub(crate) fn do_remove(author: T::AccountId, application: ApplicationId) -> DispatchResult {
		let record = Self::own(&author, application)?;
		ensure!(record.releases == 0, Error::<T>::HasReleases);
		record.deposit.drop(&record.author)?;
		NamedApplication::<T>::remove(&record.name);
		Applications::<T>::remove(application);
		Self::deposit_event(Event::Removed { application });
		Ok(())
	}
}
