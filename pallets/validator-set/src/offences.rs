//! What an offence costs: part of the bond, and the seat until the set changes.

use frame_support::{
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		Get,
	},
	weights::Weight,
};
use sp_runtime::Perbill;
use sp_staking::{
	offence::{OffenceDetails, OffenceSeverity, OnOffenceHandler},
	SessionIndex,
};

use crate::{Candidates, Config, Event, HoldReason, Pallet, WeightInfo};

impl<T: Config> Pallet<T> {
	/// Takes what the offence still costs from the bond to the treasury. What the treasury cannot
	/// receive stays in the bond: an offence never destroys money silently.
	fn slash(who: &T::AccountId, session: SessionIndex, fraction: Perbill) {
		let Some(mut candidate) = Candidates::<T>::get(who) else {
			return;
		};
		let due = candidate.due(session, fraction);
		if due == 0 {
			return;
		}
		let amount = T::Currency::transfer_on_hold(
			&HoldReason::ValidatorBond.into(),
			who,
			&T::Treasury::get(),
			due,
			Precision::BestEffort,
			Restriction::Free,
			Fortitude::Force,
		)
		.unwrap_or(0);
		candidate.punish(session, amount);
		Candidates::<T>::insert(who, candidate);
		Self::deposit_event(Event::Slashed {
			who: who.clone(),
			amount,
		});
	}
}

impl<T, Reporter> OnOffenceHandler<Reporter, (T::AccountId, T::AccountId), Weight> for Pallet<T>
where
	T: Config + pallet_session::Config<ValidatorId = <T as frame_system::Config>::AccountId>,
{
	/// Slashes each offender and has the session's strategy disable it. `offenders` repeats those who
	/// were reported earlier for the same slot: they pay the difference alone.
	fn on_offence(
		offenders: &[OffenceDetails<Reporter, (T::AccountId, T::AccountId)>],
		fractions: &[Perbill],
		session: SessionIndex,
	) -> Weight {
		for (details, fraction) in offenders.iter().zip(fractions) {
			let (who, _) = &details.offender;
			Self::slash(who, session, *fraction);
			pallet_session::Pallet::<T>::report_offence(who.clone(), OffenceSeverity(*fraction));
		}
		<T as Config>::WeightInfo::slash().saturating_mul(offenders.len() as u64)
	}
}
