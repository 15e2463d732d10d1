//! What sessions and offences ask of the set.

use alloc::vec::Vec;

use frame_support::{
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		Get, ValidatorRegistration,
	},
	weights::Weight,
};
use pallet_session::SessionManager;
use sp_runtime::Perbill;
use sp_staking::{
	offence::{OffenceDetails, OnOffenceHandler},
	SessionIndex,
};

use crate::{Candidates, Config, Event, HoldReason, Pallet, WeightInfo};

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

	/// Takes part of a bond to the treasury.
	fn slash(who: &T::AccountId, fraction: Perbill) {
		let Some(mut candidate) = Candidates::<T>::get(who) else { return };
		let amount = T::Currency::transfer_on_hold(
			&HoldReason::ValidatorBond.into(),
			who,
			&T::Treasury::get(),
			fraction.mul_ceil(candidate.bond),
			Precision::BestEffort,
			Restriction::Free,
			Fortitude::Force,
		)
		.unwrap_or(0);
		candidate.bond = candidate.bond.saturating_sub(amount);
		Candidates::<T>::insert(who, candidate);
		Self::deposit_event(Event::Slashed { who: who.clone(), amount });
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

impl<T: Config, Reporter> OnOffenceHandler<Reporter, (T::AccountId, T::AccountId), Weight>
	for Pallet<T>
{
	fn on_offence(
		offenders: &[OffenceDetails<Reporter, (T::AccountId, T::AccountId)>],
		fractions: &[Perbill],
		_: SessionIndex,
	) -> Weight {
		for (details, fraction) in offenders.iter().zip(fractions) {
			Self::slash(&details.offender.0, *fraction);
		}
		T::WeightInfo::slash().saturating_mul(offenders.len() as u64)
	}
}
