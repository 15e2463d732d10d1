//! Who may provide.

use frame_support::{ensure, traits::Get};
use sp_runtime::DispatchResult;

use crate::{Config, Error, Event, Pallet, Standing, Standings};

impl<T: Config> Pallet<T> {
	/// Whether `provider` may bring in machines and hardware.
	pub(crate) fn ensure_admitted(provider: &T::AccountId) -> DispatchResult {
		match Standings::<T>::get(provider) {
			Some(Standing::Admitted) => Ok(()),
			Some(Standing::Barred) => Err(Error::<T>::Barred.into()),
			None => {
				ensure!(T::OpenAdmission::get(), Error::<T>::NotAdmitted);
				Ok(())
			}
		}
	}

	pub(crate) fn do_set_standing(provider: T::AccountId, standing: Option<Standing>) {
		Standings::<T>::set(&provider, standing);
		Self::deposit_event(Event::StandingSet { provider, standing });
	}
}
