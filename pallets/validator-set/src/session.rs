//! What sessions ask of the set.

use alloc::vec::Vec;

use frame_support::traits::{Get, ValidatorRegistration};
use pallet_session::SessionManager;
use sp_staking::SessionIndex;

use crate::{Candidates, Config, Pallet};

impl<T: Config> Pallet<T> {
	/// The admitted accounts with session keys, in the order of their bytes: every node agrees.
	pub fn validators() -> Vec<T::AccountId> {
		let mut validators: Vec<_> = Candidates::<T>::iter()
			.filter(|(who, candidate)| candidate.admitted && T::Keys::is_registered(who))
			.map(|(who, _)| who)
			.collect();
		validators.sort_unstable();
		validators
	}
}

impl<T: Config> SessionManager<T::AccountId> for Pallet<T> {
	/// The next set; `None` keeps the old one where too few are left, so that the chain goes on.
	fn new_session(_: SessionIndex) -> Option<Vec<T::AccountId>> {
		let validators = Self::validators();
		(validators.len() >= T::MinValidators::get() as usize).then_some(validators)
	}

	fn new_session_genesis(_: SessionIndex) -> Option<Vec<T::AccountId>> {
		// Keys are not registered yet when the first set is asked for.
		let mut validators: Vec<_> = Candidates::<T>::iter_keys().collect();
		validators.sort_unstable();
		(!validators.is_empty()).then_some(validators)
	}

	fn end_session(_: SessionIndex) {}

	fn start_session(_: SessionIndex) {}
}

impl<T: Config> pallet_session::historical::SessionManager<T::AccountId, T::AccountId>
	for Pallet<T>
{
	fn new_session(index: SessionIndex) -> Option<Vec<(T::AccountId, T::AccountId)>> {
		let set = <Self as SessionManager<_>>::new_session(index)?;
		Some(set.into_iter().map(|who| (who.clone(), who)).collect())
	}

	fn new_session_genesis(index: SessionIndex) -> Option<Vec<(T::AccountId, T::AccountId)>> {
		let set = <Self as SessionManager<_>>::new_session_genesis(index)?;
		Some(set.into_iter().map(|who| (who.clone(), who)).collect())
	}

	fn end_session(_: SessionIndex) {}

	fn start_session(_: SessionIndex) {}
}
