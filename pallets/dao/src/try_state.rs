//! What must be true of the DAO at any time.

use frame_support::ensure;
use sp_runtime::TryRuntimeError;

use crate::{Config, Pace, Pallet};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		ensure!(Pace::<T>::get() > 0, "the pace of voting is zero");
		Ok(())
	}
}
