//! Which entries have to be opened, by whom and where, and what that shows.

use frame_support::{
	ensure,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		Get,
	},
};
use sp_runtime::{DispatchError, DispatchResult};
use usufruct_primitives::{traits::NodeInspect, Hid};
use usufruct_proof::{
	is_drawn, sample_seed, verify, Commitment, Hash, Reveal, RANDOMNESS_KEPT, SAMPLE_BLOCKS,
};

use crate::{
	CommittedIn, Config, Entries, Entry, EntryFailure, EntryState, Error, Event, Histories,
	HoldReason, Pallet,
};

/// Whether an entry has to be opened.
pub(crate) enum Audit {
	/// It has.
	Due,
	/// It has not.
	NotDue,
	/// The blocks that decide carried too little randomness.
	Undecided,
	/// They are so long ago that nobody can tell.
	Forgotten,
}

impl<T: Config> Pallet<T> {
	/// Whether the entry has to be opened: always where it claims more than an audit has seen of this
	/// hardware, else by the lottery.
	pub(crate) fn audit(
		hid: Hid,
		entry: &Entry<T::AccountId>,
		commitment: &Commitment,
	) -> Result<Audit, DispatchError> {
		let speed = entry.params.speed(commitment, T::SlotMillis::get());
		if Histories::<T>::get(hid)
			.unwrap_or_default()
			.is_unproven(&speed)
		{
			return Ok(Audit::Due);
		}
		let epoch = entry.epoch.id;
		let (counted, all) = CommittedIn::<T>::get(entry.class, Self::slot(epoch));
		let timeline = entry.timeline();
		let forgotten = timeline.seeded_from().saturating_add(RANDOMNESS_KEPT);
		if counted != epoch || Self::now() > forgotten {
			return Ok(Audit::Forgotten);
		}
		if Self::lacked_samples(timeline.sampled_from()) {
			return Ok(Audit::Undecided);
		}
		let seed = Self::seed_of(&entry.task(hid))?;
		let samples = Self::samples(timeline.sampled_from())?;
		Ok(
			match is_drawn(&seed, &samples, entry.epoch.rules.audits, all) {
				true => Audit::Due,
				false => Audit::NotDue,
			},
		)
	}

	/// Whether the entry has to be opened in this block; `None` before that is known.
	pub(crate) fn is_audit_due(hid: Hid) -> Option<bool> {
		let entry = Entries::<T>::get(hid)?;
		let (sampled_from, reveal_until) = Self::audit_times(&entry);
		let is_time = || {
			let known = Self::now() >= sampled_from.saturating_add(SAMPLE_BLOCKS);
			known.then(|| Self::now() <= reveal_until)
		};
		match &entry.state {
			EntryState::Started { .. } => None,
			EntryState::Committed { audited: true, .. } => Some(false),
			EntryState::Disputed { .. } => is_time(),
			EntryState::Committed { commitment, .. } if !entry.params.is_met_by(commitment) => {
				is_time().map(|_| false)
			}
			EntryState::Committed { commitment, .. } => {
				let is_due = || Self::audit(hid, &entry, commitment).ok();
				match is_time()? {
					true => Some(matches!(is_due()?, Audit::Due)),
					false => Some(false),
				}
			}
		}
	}

	/// The block from which on the positions of the open audit are made, and the last one for its reveal.
	fn audit_times(entry: &Entry<T::AccountId>) -> (u32, u32) {
		match &entry.state {
			EntryState::Disputed { at, .. } => {
				let forced = entry.forced(*at);
				(forced.sampled_from(), forced.reveal_until())
			}
			_ => {
				let timeline = entry.timeline();
				(timeline.sampled_from(), timeline.reveal_until())
			}
		}
	}

	/// The seed of the positions that an audit opens; `None` before it is known.
	pub(crate) fn entry_sample_seed(hid: Hid) -> Option<Hash> {
		let entry = Entries::<T>::get(hid)?;
		let seed = Self::seed_of(&entry.task(hid)).ok()?;
		let samples = Self::samples(Self::audit_times(&entry).0).ok()?;
		Some(sample_seed(&seed, &samples))
	}

	pub(crate) fn do_reveal_entry(
		provider: T::AccountId,
		hid: Hid,
		reveal: &Reveal,
	) -> DispatchResult {
		let mut entry = Self::entry_of(hid, &provider)?;
		let commitment = match &entry.state {
			EntryState::Committed {
				commitment,
				audited: false,
			} if entry.params.is_met_by(commitment) => *commitment,
			EntryState::Disputed { commitment, .. } => *commitment,
			_ => return Err(Error::<T>::WrongStep.into()),
		};
		let (sampled_from, reveal_until) = Self::audit_times(&entry);
		let seeds = Self::seeds_of(&entry.task(hid), &commitment, sampled_from)?;
		ensure!(Self::now() <= reveal_until, Error::<T>::TooLate);
		if let EntryState::Committed { .. } = entry.state {
			let due = Self::audit(hid, &entry, &commitment)?;
			ensure!(matches!(due, Audit::Due), Error::<T>::NotDrawn);
		}
		if let Err(error) = verify(&entry.params, &seeds, &commitment, reveal) {
			log::info!(target: "runtime::proof-of-compute", "entry of {hid}: {error:?}");
			return Self::fail_entry(hid, entry, EntryFailure::WrongReveal);
		}
		if let EntryState::Disputed { by, bond, .. } = &entry.state {
			// Whoever doubts without reason pays the one who was doubted for the work.
			let owner = T::Nodes::owner(entry.node).unwrap_or_else(|| by.clone());
			T::Currency::transfer_on_hold(
				&HoldReason::Audit.into(),
				by,
				&owner,
				*bond,
				Precision::Exact,
				Restriction::Free,
				Fortitude::Force,
			)?;
		}
		let speed = entry.params.speed(&commitment, T::SlotMillis::get());
		Histories::<T>::mutate(hid, |history| {
			let history = history.get_or_insert_default();
			history.audited = history.audited.max(&speed);
		});
		entry.opened_at = Some(Self::now());
		entry.state = EntryState::Committed {
			commitment,
			audited: true,
		};
		let epoch = entry.epoch.id;
		Entries::<T>::insert(hid, entry);
		Self::deposit_event(Event::Audited { epoch, hid });
		Ok(())
	}

	pub(crate) fn do_force_audit(by: T::AccountId, hid: Hid) -> DispatchResult {
		let mut entry = Self::entry(hid)?;
		let EntryState::Committed {
			commitment,
			audited,
		} = entry.state
		else {
			return Err(Error::<T>::WrongStep.into());
		};
		ensure!(entry.params.is_met_by(&commitment), Error::<T>::WrongStep);
		let (now, timeline) = (Self::now(), entry.timeline());
		ensure!(now > timeline.reveal_until(), Error::<T>::TooEarly);
		ensure!(now <= entry.disputes_until(), Error::<T>::TooLate);
		// What was drawn and not opened is a fault already: `conclude` says so.
		let due = !audited && matches!(Self::audit(hid, &entry, &commitment)?, Audit::Due);
		ensure!(!due, Error::<T>::WrongStep);
		let bond = T::AuditBond::get();
		T::Currency::hold(&HoldReason::Audit.into(), &by, bond)?;
		entry.state = EntryState::Disputed {
			commitment,
			by: by.clone(),
			bond,
			at: now,
		};
		let epoch = entry.epoch.id;
		Entries::<T>::insert(hid, entry);
		Self::deposit_event(Event::AuditForced { epoch, hid, by });
		Ok(())
	}
}
