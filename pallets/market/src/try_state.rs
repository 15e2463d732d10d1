//! What must be true of the market at any time.

use alloc::collections::BTreeMap;

use frame_support::{
	ensure,
	traits::fungible::{Inspect, InspectHold},
};
use sp_runtime::TryRuntimeError;
use usufruct_primitives::{deposit, traits::ResourceInspect, Balance, Uid};

use crate::{Config, HoldReason, ListingOrder, Listings, Pallet, Purchases, Sublets};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut escrows: Balance = 0;
		for (uid, purchase) in Purchases::<T>::iter() {
			ensure!(
				!Listings::<T>::contains_key(uid),
				"a sold right is for sale"
			);
			ensure!(
				T::Rights::holder(uid).is_some(),
				"a purchase of a right that is gone"
			);
			ensure!(
				purchase.term.is_covered()
					&& purchase.waiting.is_none_or(|meter| meter.is_covered()),
				"the escrow does not cover the rest of the term"
			);
			escrows = escrows.saturating_add(purchase.escrow());
		}
		let mut sublets = BTreeMap::<T::AccountId, Balance>::new();
		for (uid, sublet) in Sublets::<T>::iter() {
			let purchase = Purchases::<T>::get(uid).ok_or("a sublet of what was not bought")?;
			ensure!(
				sublet.until <= purchase.term.end,
				"a sublet beyond the term"
			);
			if let Some(meter) = sublet.taken {
				ensure!(
					meter.end == sublet.until && meter.is_covered(),
					"the escrow does not cover the rest of a sublet"
				);
				escrows = escrows.saturating_add(meter.escrow);
			}
			let sum = sublets.entry(sublet.landlord).or_default();
			*sum = sum.saturating_add(deposit::amount(&sublet.deposit));
		}
		// What anybody sends to the account by mistake stays there and is nobody's escrow.
		let needed = escrows.saturating_add(T::Currency::minimum_balance());
		ensure!(
			escrows == 0 || T::Currency::balance(&Self::account()) >= needed,
			"escrow is missing"
		);
		let mut deposits = BTreeMap::<T::AccountId, Balance>::new();
		for (uid, listing) in Listings::<T>::iter() {
			ensure!(
				T::Rights::vid_of(uid) == Some(listing.vid),
				"a listing of a right that is gone"
			);
			ensure!(
				ListingOrder::<T>::contains_key(uid.to_be_bytes()),
				"a listing out of order"
			);
			let sum = deposits.entry(listing.seller).or_default();
			*sum = sum.saturating_add(deposit::amount(&listing.deposit));
		}
		for (reason, sums) in [
			(HoldReason::Listing, deposits),
			(HoldReason::Sublet, sublets),
		] {
			let reason = reason.into();
			for (account, sum) in sums {
				let held = T::Currency::balance_on_hold(&reason, &account);
				ensure!(held == sum, "held deposits differ from recorded ones");
			}
		}
		for key in ListingOrder::<T>::iter_keys() {
			ensure!(
				Listings::<T>::contains_key(Uid::from_be_bytes(key)),
				"an order of no listing"
			);
		}
		Ok(())
	}
}
