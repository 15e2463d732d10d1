//! What must be true of the market at any time.

use alloc::collections::BTreeMap;

use frame_support::{
	ensure,
	traits::fungible::{Inspect, InspectHold},
};
use sp_runtime::TryRuntimeError;
use usufruct_primitives::{traits::ResourceInspect, Balance, Uid};

use crate::{Config, HoldReason, ListingOrder, Listings, Pallet, Purchases};

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
				purchase.accrued_at <= purchase.end,
				"more than the term was paid"
			);
			let rest = purchase.end.saturating_sub(purchase.accrued_at);
			ensure!(
				purchase.escrow >= purchase.price.saturating_mul(rest.into()),
				"the escrow does not cover the rest of the term"
			);
			escrows = escrows.saturating_add(purchase.escrow);
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
			*sum = sum.saturating_add(listing.deposit);
		}
		for (seller, sum) in deposits {
			let held = T::Currency::balance_on_hold(&HoldReason::Listing.into(), &seller);
			ensure!(held == sum, "held deposits differ from recorded ones");
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
