//! Curators and what they think.
//!
//! An attestation is of one release. A flag is also counted against its image, so that nobody gets around it by
//! another release, or by asking for the image itself.

use alloc::vec::Vec;

use codec::MaxEncodedLen;
use frame_support::{
	ensure,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		Consideration, Footprint, Get,
	},
};
use sp_runtime::{DispatchError, DispatchResult};
use usufruct_primitives::{Hash, ReleaseId};

use crate::{
	Config, CuratorRecord, Curators, Error, Event, FlaggedImages, HoldReason, Judgement, Pallet,
	Release, Verdict, VerdictOf, VerdictPage, Verdicts, MAX_SCANNED,
};

impl<T: Config> Pallet<T> {
	/// Whether the account is a curator in office, whose verdicts count.
	pub fn is_curator(who: &T::AccountId) -> bool {
		Curators::<T>::get(who).is_some_and(|record| record.bond > 0)
	}

	/// Writes the record, or removes it where it says nothing.
	fn store_curator(who: &T::AccountId, record: CuratorRecord) {
		let is_nothing = record == CuratorRecord::default();
		Curators::<T>::set(who, (!is_nothing).then_some(record));
	}

	pub(crate) fn do_become_curator(who: T::AccountId) -> DispatchResult {
		let mut record = Curators::<T>::get(&who).unwrap_or_default();
		ensure!(!record.is_barred, Error::<T>::Barred);
		ensure!(record.bond == 0, Error::<T>::IsCurator);
		let bond = T::CuratorBond::get();
		T::Currency::hold(&HoldReason::Curator.into(), &who, bond)?;
		record.bond = bond;
		Self::store_curator(&who, record);
		Self::deposit_event(Event::CuratorJoined { curator: who });
		Ok(())
	}

	pub(crate) fn do_leave(who: T::AccountId) -> DispatchResult {
		let mut record = Curators::<T>::get(&who).unwrap_or_default();
		ensure!(record.bond > 0, Error::<T>::NotCurator);
		ensure!(record.verdicts == 0, Error::<T>::HasVerdicts);
		T::Currency::release(
			&HoldReason::Curator.into(),
			&who,
			record.bond,
			Precision::Exact,
		)?;
		record.bond = 0;
		Self::store_curator(&who, record);
		Self::deposit_event(Event::CuratorLeft { curator: who });
		Ok(())
	}

	pub(crate) fn do_set_barred(who: T::AccountId, is_barred: bool) -> DispatchResult {
		let mut record = Curators::<T>::get(&who).unwrap_or_default();
		if is_barred && record.bond > 0 {
			T::Currency::transfer_on_hold(
				&HoldReason::Curator.into(),
				&who,
				&T::Treasury::get(),
				record.bond,
				Precision::Exact,
				Restriction::Free,
				Fortitude::Force,
			)?;
			record.bond = 0;
		}
		record.is_barred = is_barred;
		Self::store_curator(&who, record);
		Self::deposit_event(Event::BarredSet {
			account: who,
			is_barred,
		});
		Ok(())
	}

	/// Counts a judgement in, or out.
	fn count(record: &mut Release<T>, curator: &T::AccountId, judgement: Judgement, in_: bool) {
		let step = |number: &mut u32| {
			*number = match in_ {
				true => number.saturating_add(1),
				false => number.saturating_sub(1),
			}
		};
		match judgement {
			Judgement::Attested => step(&mut record.attestations),
			Judgement::Flagged { .. } => {
				step(&mut record.flags);
				FlaggedImages::<T>::mutate_exists(record.spec.image, curator, |flags| {
					let mut number = flags.unwrap_or(0);
					step(&mut number);
					*flags = (number > 0).then_some(number);
				});
			}
		}
	}

	pub(crate) fn do_judge(
		curator: T::AccountId,
		release: ReleaseId,
		judgement: Judgement,
	) -> DispatchResult {
		let mut office = Curators::<T>::get(&curator).unwrap_or_default();
		ensure!(!office.is_barred, Error::<T>::Barred);
		ensure!(office.bond > 0, Error::<T>::NotCurator);
		let mut record = Self::known(release)?;
		ensure!(
			judgement != Judgement::Attested || !record.is_retracted,
			Error::<T>::Retracted
		);
		let deposit = match Verdicts::<T>::get(release, &curator) {
			Some(before) => {
				Self::count(&mut record, &curator, before.judgement, false);
				before.deposit
			}
			None => {
				office.verdicts = office.verdicts.saturating_add(1);
				Self::take_verdict_deposit(&curator)?
			}
		};
		Self::count(&mut record, &curator, judgement, true);
		Curators::<T>::insert(&curator, office);
		let verdict = VerdictOf::<T> {
			judgement,
			since: Self::now(),
			deposit,
		};
		Verdicts::<T>::insert(release, &curator, verdict);
		Self::store_release(release, record)?;
		Self::deposit_event(Event::Judged {
			release,
			curator,
			judgement,
		});
		Ok(())
	}

	/// Holds what a verdict costs: two entries, for a flag is counted against the image, too.
	fn take_verdict_deposit(curator: &T::AccountId) -> Result<T::VerdictDeposit, DispatchError> {
		let account = T::AccountId::max_encoded_len();
		let verdict = VerdictOf::<T>::max_encoded_len()
			.saturating_add(ReleaseId::max_encoded_len())
			.saturating_add(account);
		let flag = Hash::max_encoded_len()
			.saturating_add(account)
			.saturating_add(u32::max_encoded_len());
		let footprint = Footprint::from_parts(2, verdict.saturating_add(flag));
		T::VerdictDeposit::new(curator, footprint)
	}

	pub(crate) fn do_withdraw_verdict(curator: T::AccountId, release: ReleaseId) -> DispatchResult {
		let verdict = Verdicts::<T>::take(release, &curator).ok_or(Error::<T>::UnknownVerdict)?;
		let mut record = Self::known(release)?;
		Self::count(&mut record, &curator, verdict.judgement, false);
		verdict.deposit.drop(&curator)?;
		let mut office = Curators::<T>::get(&curator).unwrap_or_default();
		office.verdicts = office.verdicts.saturating_sub(1);
		Self::store_curator(&curator, office);
		Self::store_release(release, record)?;
		Self::deposit_event(Event::VerdictWithdrawn { release, curator });
		Ok(())
	}

	pub(crate) fn do_clear_verdict(curator: T::AccountId, release: ReleaseId) -> DispatchResult {
		ensure!(!Self::is_curator(&curator), Error::<T>::InOffice);
		Self::do_withdraw_verdict(curator, release)
	}

	/// The verdicts of curators in office among the next `limit`, from the one after `after`.
	pub(crate) fn verdicts_after(
		release: ReleaseId,
		after: Option<T::AccountId>,
		limit: u32,
	) -> VerdictPage<T::AccountId> {
		let limit = limit.clamp(1, MAX_SCANNED) as usize;
		let all = match after {
			Some(last) => {
				let key = Verdicts::<T>::hashed_key_for(release, last);
				Verdicts::<T>::iter_prefix_from(release, key)
			}
			None => Verdicts::<T>::iter_prefix(release),
		};
		let page: Vec<_> = all.take(limit).collect();
		let last = page.last().map(|(curator, _)| curator.clone());
		let next = last.filter(|_| page.len() == limit);
		let verdicts = page
			.into_iter()
			.filter(|(curator, _)| Self::is_curator(curator))
			.map(|(curator, verdict)| Verdict {
				curator,
				judgement: verdict.judgement,
				since: verdict.since,
			})
			.collect();
		VerdictPage { verdicts, next }
	}
}
