//! When eras begin and end, what they issue, and when they are forgotten.

use frame_support::{
	ensure,
	traits::{fungible::Mutate, tokens::Preservation, Get},
};
use sp_runtime::{traits::AccountIdConversion, DispatchResult, SaturatedConversion};
use usufruct_primitives::BlockNumber;

use crate::{
	Closed, ClosedEra, Config, Current, CurrentEra, Error, Event, Issued, NextEra, NextRules,
	Oldest, Pallet, Points, RewardRules,
};

impl<T: Config> Pallet<T> {
	/// The current block.
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// The account that keeps rewards.
	pub fn account() -> T::AccountId {
		T::PalletId::get().into_account_truncating()
	}

	pub(crate) fn do_set_rules(rules: RewardRules) -> DispatchResult {
		ensure!(
			rules.is_sound(T::MaxEraIssuance::get()),
			Error::<T>::BadRules
		);
		NextRules::<T>::put(rules);
		Self::deposit_event(Event::RulesSet { rules });
		Ok(())
	}

	/// Ends the era whose time is over, begins the next, and forgets one whose rewards can be claimed no more.
	pub(crate) fn turn_eras() {
		let now = Self::now();
		let mut current = Current::<T>::get();
		if let Some(era) = &current {
			let over_at = era.began_at.saturating_add(era.rules.era);
			if now >= over_at && Self::close(era) {
				Current::<T>::kill();
				current = None;
			}
		}
		if current.is_none() {
			Self::begin(now);
		}
		Self::forget_one();
	}

	fn begin(now: BlockNumber) {
		let rules = NextRules::<T>::get();
		let era = NextEra::<T>::get();
		// After the last number there are no eras.
		let Some(next) = era.checked_add(1).filter(|_| rules.era > 0) else {
			return;
		};
		NextEra::<T>::put(next);
		Current::<T>::put(CurrentEra {
			era,
			began_at: now,
			rules,
			points: Points::default(),
		});
		Self::deposit_event(Event::EraBegan { era });
	}

	/// Issues what was earned. Gives whether it could: an issuance that overflows is tried again.
	fn close(current: &CurrentEra) -> bool {
		let (era, points) = (current.era, current.points);
		let issued = Issued::of(&current.rules, &points);
		let total = issued.total();
		if total > 0 && T::Currency::mint_into(&Self::account(), total).is_err() {
			return false;
		}
		Closed::<T>::insert(
			era,
			ClosedEra {
				claim_until: era.saturating_add(current.rules.claim_eras),
				points,
				unclaimed: points,
				issued,
				paid: 0,
			},
		);
		Self::deposit_event(Event::EraClosed {
			era,
			points,
			issued,
		});
		true
	}

	/// Forgets the oldest era, if its time is over; gives the treasury what nobody claimed.
	fn forget_one() {
		let oldest = Oldest::<T>::get();
		let Some(closed) = Closed::<T>::get(oldest) else {
			return;
		};
		// Claims are open in the era `claim_until`, and as long as none follows it.
		if NextEra::<T>::get() <= closed.claim_until.saturating_add(1) {
			return;
		}
		let left = closed.issued.total().saturating_sub(closed.paid);
		let to = T::Treasury::get();
		if left > 0
			&& T::Currency::transfer(&Self::account(), &to, left, Preservation::Preserve).is_err()
		{
			return;
		}
		Closed::<T>::remove(oldest);
		Oldest::<T>::put(oldest.saturating_add(1));
		Self::deposit_event(Event::EraExpired {
			era: oldest,
			amount: left,
		});
	}
}
