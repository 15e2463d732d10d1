//! What authors are paid: by the block that a lease runs, out of money that is held when it is opened.
//!
//! ```text
//!   open ── hold price × term ──▶ opened ── begin ──▶ running ── close ──▶ author: price × blocks that it ran
//!                                   │                                       payer: the rest
//!                                   └────────────── close ──▶ payer: all, unless it is a job that finished
//! ```
//!
//! Blocks are those in which the machine was available, read off the meter that rent accrues by, so that a tenant
//! pays an author for no block in which there was no machine.

use frame_support::{
	defensive, defensive_assert, ensure,
	storage::with_storage_layer,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
	},
	weights::Weight,
};
use sp_runtime::{DispatchError, DispatchResult, Saturating};
use usufruct_primitives::{
	application::{ReleaseTerms, Use},
	traits::{ApplicationUse, NodeInspect},
	Balance, BlockNumber, LeaseId, ReleaseId,
};

use crate::{
	Applications, Config, Error, Event, HoldReason, Pallet, Releases, Royalties, RoyaltyRecord,
	WeightInfo,
};

/// What is paid for a lease of this chain's accounts.
type Royalty<T> = RoyaltyRecord<<T as frame_system::Config>::AccountId>;

impl<T: Config> Pallet<T> {
	/// Holds the price of so many blocks.
	fn hold_for(
		payer: &T::AccountId,
		price: Balance,
		blocks: BlockNumber,
	) -> Result<Balance, DispatchError> {
		let amount = price
			.checked_mul(blocks.into())
			.ok_or(Error::<T>::Exhausted)?;
		T::Currency::hold(&HoldReason::Royalty.into(), payer, amount)?;
		Ok(amount)
	}

	/// Pays the author what is due and gives the payer back the rest of what is held.
	fn reckon(lease: LeaseId, record: &Royalty<T>, due: Balance) -> DispatchResult {
		let reason = HoldReason::Royalty.into();
		let author = Applications::<T>::get(record.release.application)
			.ok_or(Error::<T>::UnknownApplication)?
			.author;
		// Who runs an own application pays nobody.
		let paid = match author == record.payer {
			true => 0,
			false => due,
		};
		if paid > 0 {
			T::Currency::transfer_on_hold(
				&reason,
				&record.payer,
				&author,
				paid,
				Precision::Exact,
				Restriction::Free,
				Fortitude::Force,
			)?;
		}
		let returned = record.held.saturating_sub(paid);
		T::Currency::release(&reason, &record.payer, returned, Precision::Exact)?;
		Self::deposit_event(Event::RoyaltyPaid {
			lease,
			author,
			paid,
			returned,
		});
		Ok(())
	}
}

impl<T: Config> ApplicationUse<T::AccountId> for Pallet<T> {
	fn terms(release: ReleaseId) -> Option<ReleaseTerms> {
		let record = Self::known(release).ok()?;
		(!record.is_retracted).then_some(ReleaseTerms {
			image: record.spec.image,
			royalty: record.spec.royalty,
		})
	}

	fn acquire(release: ReleaseId) -> DispatchResult {
		let mut record = Self::known(release)?;
		ensure!(!record.is_retracted, Error::<T>::Retracted);
		record.uses = record.uses.checked_add(1).ok_or(Error::<T>::Exhausted)?;
		Releases::<T>::insert(release.application, release.number, record);
		Ok(())
	}

	fn release(release: ReleaseId) {
		let Ok(mut record) = Self::known(release) else {
			defensive!("a release stays while a request uses it");
			return;
		};
		record.uses.saturating_dec();
		if let Err(error) = Self::store_release(release, record) {
			log::error!(target: "runtime::applications", "forgetting {release:?}: {error:?}");
		}
	}

	fn open(lease: LeaseId, of: Use<T::AccountId>) -> DispatchResult {
		let price = Self::known(of.release)?.spec.royalty;
		let blocks = of.until.saturating_sub(Self::now());
		if price == 0 || blocks == 0 {
			return Ok(());
		}
		let held = Self::hold_for(&of.payer, price, blocks)?;
		Royalties::<T>::insert(
			lease,
			Royalty::<T> {
				release: of.release,
				payer: of.payer,
				node: of.node,
				price,
				held,
				until: of.until,
				available: T::Nodes::available_blocks(of.node),
				is_running: false,
			},
		);
		Ok(())
	}

	fn begin(lease: LeaseId) {
		Royalties::<T>::mutate_extant(lease, |record| {
			if !record.is_running {
				record.is_running = true;
				record.available = T::Nodes::available_blocks(record.node);
			}
		});
	}

	fn update(lease: LeaseId, release: ReleaseId) {
		Royalties::<T>::mutate_extant(lease, |record| record.release = release);
	}

	fn extend(lease: LeaseId, by: &T::AccountId, until: BlockNumber) -> DispatchResult {
		let Some(mut record) = Royalties::<T>::get(lease) else {
			return Ok(());
		};
		if record.payer == *by {
			let blocks = until.saturating_sub(record.until);
			let more = Self::hold_for(by, record.price, blocks)?;
			record.held = record.held.checked_add(more).ok_or(Error::<T>::Exhausted)?;
		} else {
			let available = T::Nodes::available_blocks(record.node);
			if record.is_running {
				let due = record.due(available);
				Self::reckon(lease, &record, due)?;
				record.available = available;
			} else {
				Self::reckon(lease, &record, 0)?;
			}
			let blocks = until.saturating_sub(Self::now());
			record.held = Self::hold_for(by, record.price, blocks)?;
			record.payer = by.clone();
		}
		record.until = until;
		Royalties::<T>::insert(lease, record);
		Ok(())
	}

	fn close(lease: LeaseId, is_finished: bool) {
		let Some(record) = Royalties::<T>::take(lease) else {
			return;
		};
		let due = match record.is_running || is_finished {
			true => record.due(T::Nodes::available_blocks(record.node)),
			false => 0,
		};
		if let Err(error) = with_storage_layer(|| Self::reckon(lease, &record, due)) {
			// The lease is over whatever became of its price, and nothing may stay held for it.
			log::error!(target: "runtime::applications", "paying for lease {lease}: {error:?}");
			let reason = HoldReason::Royalty.into();
			let returned =
				T::Currency::release(&reason, &record.payer, record.held, Precision::BestEffort);
			defensive_assert!(returned.is_ok(), "what is held can be released");
		}
	}

	fn weight() -> Weight {
		T::WeightInfo::open_royalty()
			.max(T::WeightInfo::extend_royalty())
			.max(T::WeightInfo::close_royalty())
	}
}
