//! Creating rights and moving their shares.

use alloc::collections::BTreeSet;

use frame_support::{
	ensure,
	traits::{Consideration, Footprint, Get},
};
use sp_runtime::DispatchResult;
use usufruct_primitives::{Vid, REVENUE_SHARES};

use crate::{Config, Error, Event, Pallet, RightRecord, Rights, Share, Shares};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_create(vid: Vid, holders: &[(T::AccountId, u16)]) -> DispatchResult {
		ensure!(!Rights::<T>::contains_key(vid), Error::<T>::RightExists);
		ensure!(
			holders.len() <= T::MaxInitialHolders::get() as usize,
			Error::<T>::TooManyHolders
		);
		let distinct: BTreeSet<_> = holders.iter().map(|(who, _)| who).collect();
		let sum: u32 = holders
			.iter()
			.fold(0, |sum, (_, s)| sum.saturating_add((*s).into()));
		ensure!(
			sum == u32::from(REVENUE_SHARES)
				&& distinct.len() == holders.len()
				&& holders.iter().all(|(_, shares)| *shares > 0),
			Error::<T>::SharesDoNotAddUp
		);
		let mut right = RightRecord::default();
		for (who, shares) in holders {
			// The first holder lists the resource and pays for all records.
			let depositor = holders.first().map_or(who, |(first, _)| first);
			Self::insert_record(&mut right, vid, who, *shares, depositor)?;
		}
		Rights::<T>::insert(vid, right);
		Self::deposit_event(Event::RightCreated { vid });
		Ok(())
	}

	pub(crate) fn do_transfer(
		vid: Vid,
		from: T::AccountId,
		to: T::AccountId,
		shares: u16,
	) -> DispatchResult {
		ensure!(shares > 0, Error::<T>::ZeroShares);
		ensure!(from != to, Error::<T>::SameHolder);
		Self::move_shares(vid, &from, &to, shares, 0, &from)
	}

	/// Moves shares, of which `offered` were locked for an order, and settles both sides up to now. `payer`
	/// pays for the receiver's record where there is none.
	pub(crate) fn move_shares(
		vid: Vid,
		from: &T::AccountId,
		to: &T::AccountId,
		shares: u16,
		offered: u16,
		payer: &T::AccountId,
	) -> DispatchResult {
		let mut right = Rights::<T>::get(vid).ok_or(Error::<T>::UnknownRight)?;
		let mut sender = Shares::<T>::get(vid, from).ok_or(Error::<T>::NotHolder)?;
		let left = sender
			.shares
			.checked_sub(shares)
			.ok_or(Error::<T>::NotEnoughShares)?;
		sender.accrue(right.per_share).ok_or(Error::<T>::Overflow)?;
		sender.shares = left;
		sender.offered = sender
			.offered
			.checked_sub(offered)
			.ok_or(Error::<T>::Overflow)?;
		ensure!(left >= sender.offered, Error::<T>::SharesOffered);
		match Shares::<T>::get(vid, to) {
			Some(mut receiver) => {
				receiver
					.accrue(right.per_share)
					.ok_or(Error::<T>::Overflow)?;
				receiver.shares = receiver
					.shares
					.checked_add(shares)
					.ok_or(Error::<T>::Overflow)?;
				Shares::<T>::insert(vid, to, receiver);
			}
			None => Self::insert_record(&mut right, vid, to, shares, payer)?,
		}
		Self::keep_or_remove(&mut right, vid, from, sender)?;
		Rights::<T>::insert(vid, right);
		Self::deposit_event(Event::SharesTransferred {
			vid,
			from: from.clone(),
			to: to.clone(),
			shares,
		});
		Ok(())
	}

	fn insert_record(
		right: &mut RightRecord,
		vid: Vid,
		who: &T::AccountId,
		shares: u16,
		depositor: &T::AccountId,
	) -> DispatchResult {
		ensure!(*who != Self::account(), Error::<T>::OwnAccount);
		let deposit = T::ShareDeposit::new(depositor, Footprint::from_mel::<Share<T>>())?;
		right.holders = right.holders.checked_add(1).ok_or(Error::<T>::Overflow)?;
		let record = Share::<T> {
			shares,
			offered: 0,
			settled_at: right.per_share,
			owed: 0,
			paid: 0,
			depositor: depositor.clone(),
			deposit,
		};
		Shares::<T>::insert(vid, who, record);
		Ok(())
	}

	/// Writes the record, or removes it and returns its deposit where it says nothing any more.
	pub(crate) fn keep_or_remove(
		right: &mut RightRecord,
		vid: Vid,
		who: &T::AccountId,
		record: Share<T>,
	) -> DispatchResult {
		if record.shares > 0 || record.owed > 0 {
			Shares::<T>::insert(vid, who, record);
			return Ok(());
		}
		record.deposit.drop(&record.depositor)?;
		Shares::<T>::remove(vid, who);
		right.holders = right.holders.saturating_sub(1);
		Ok(())
	}
}
