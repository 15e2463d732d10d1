//! The entry of hardware in an epoch, from the root of round 0 to its score. Every end goes through
//! `close`, which frees the machine.

use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Get},
	weights::Weight,
};
use sp_runtime::{DispatchError, DispatchResult};
use usufruct_primitives::{
	traits::{LeaseInspect, NodeInspect, NodeUsage, OnScored},
	ClassId, EpochId, Hid, NodeId,
};
use usufruct_proof::{Commitment, Hash, MemoryCommitment};

use crate::{
	audits::Audit, Classes, CommittedIn, Config, Entries, Entry, EntryFailure, EntryState, Epoch,
	Error, Event, Histories, HoldReason, OpenEntries, Pallet, Shown, WeightInfo, EPOCHS_KEPT,
	PASSING_PPM,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn entry(hid: Hid) -> Result<Entry<T::AccountId>, DispatchError> {
		Entries::<T>::get(hid).ok_or_else(|| Error::<T>::NoEntry.into())
	}

	/// The entry, if `provider` has to go on with it.
	pub(crate) fn entry_of(
		hid: Hid,
		provider: &T::AccountId,
	) -> Result<Entry<T::AccountId>, DispatchError> {
		let entry = Self::entry(hid)?;
		ensure!(
			T::Nodes::owner(entry.node).as_ref() == Some(provider),
			Error::<T>::NotProvider
		);
		Ok(entry)
	}

	/// The epoch that the hardware can still enter or be excused from, its machine and its class, for the
	/// owner.
	fn open_epoch(
		provider: &T::AccountId,
		hid: Hid,
	) -> Result<(Epoch, NodeId, ClassId), DispatchError> {
		let hardware = T::Nodes::hardware(hid).ok_or(Error::<T>::UnknownHardware)?;
		ensure!(
			T::Nodes::owner(hardware.node).as_ref() == Some(provider),
			Error::<T>::NotProvider
		);
		let epoch = Self::epoch_under_way().ok_or(Error::<T>::NoEpoch)?;
		Ok((epoch, hardware.node, hardware.class))
	}

	pub(crate) fn do_enter(
		provider: T::AccountId,
		hid: Hid,
		epoch: EpochId,
		first_root: Hash,
	) -> DispatchResult {
		let (current, node, class) = Self::open_epoch(&provider, hid)?;
		ensure!(epoch == current.id, Error::<T>::NoEpoch);
		Self::conclude_earlier(hid, epoch)?;
		let last = Histories::<T>::get(hid).map(|history| history.last);
		ensure!(last != Some(epoch), Error::<T>::AlreadyEntered);
		ensure!(T::Nodes::is_online(node), Error::<T>::NodeOffline);
		let params = Self::params_in(&current, class)?;
		ensure!(current.rules.fit(&params), Error::<T>::TooLongForEpoch);
		let entry = Entry {
			epoch: current,
			node,
			class,
			params,
			committed_at: None,
			opened_at: None,
			state: EntryState::Started { first_root },
		};
		// Without a seed there is nothing to work on: what was entered has one.
		Self::seed_of(&entry.task(hid))?;
		ensure!(
			Self::now() <= entry.timeline().first_root_until(),
			Error::<T>::TooLate
		);
		// Hardware cannot be taken away from what it has to answer for.
		T::Nodes::acquire(node)?;
		Entries::<T>::insert(hid, entry);
		OpenEntries::<T>::mutate(|open| *open = open.saturating_add(1));
		Self::deposit_event(Event::Entered { epoch, hid });
		Ok(())
	}

	/// Ends the entry in an epoch before this one: all of that is over.
	fn conclude_earlier(hid: Hid, epoch: EpochId) -> DispatchResult {
		let Some(earlier) = Entries::<T>::get(hid) else {
			return Ok(());
		};
		ensure!(earlier.epoch.id != epoch, Error::<T>::AlreadyEntered);
		Self::do_conclude(hid).map(|_| ())
	}

	pub(crate) fn do_commit_entry(
		provider: T::AccountId,
		hid: Hid,
		rounds: u32,
		digest: Hash,
	) -> DispatchResult {
		let mut entry = Self::entry_of(hid, &provider)?;
		let EntryState::Started { first_root } = entry.state else {
			return Err(Error::<T>::WrongStep.into());
		};
		ensure!(
			Self::now() <= entry.timeline().commit_until(),
			Error::<T>::TooLate
		);
		let bounds = entry.params.min_rounds..=entry.params.max_rounds;
		ensure!(bounds.contains(&rounds), Error::<T>::BadRounds);
		entry.committed_at = Some(Self::now());
		let commitment = Commitment {
			first_root,
			rounds,
			digest,
			memory: None,
		};
		let epoch = entry.epoch.id;
		if entry.params.is_met_by(&commitment) {
			Self::count_committed(entry.class, epoch);
		}
		entry.state = EntryState::Committed {
			commitment,
			audited: false,
		};
		Entries::<T>::insert(hid, entry);
		Self::deposit_event(Event::EntryCommitted { epoch, hid, rounds });
		Ok(())
	}

	pub(crate) fn do_commit_entry_memory(
		provider: T::AccountId,
		hid: Hid,
		memory: MemoryCommitment,
	) -> DispatchResult {
		let mut entry = Self::entry_of(hid, &provider)?;
		let EntryState::Committed { mut commitment, .. } = entry.state else {
			return Err(Error::<T>::WrongStep.into());
		};
		Self::add_memory(&entry.timeline(), &mut commitment, memory)?;
		entry.state = EntryState::Committed {
			commitment,
			audited: false,
		};
		let epoch = entry.epoch.id;
		Self::count_committed(entry.class, epoch);
		Entries::<T>::insert(hid, entry);
		Self::deposit_event(Event::EntryMemoryCommitted {
			epoch,
			hid,
			passes: memory.passes,
		});
		Ok(())
	}

	/// Counts an entry that is committed as a whole: the lottery draws from those.
	fn count_committed(class: ClassId, epoch: EpochId) {
		CommittedIn::<T>::mutate(class, Self::slot(epoch), |(counted, count)| {
			if *counted != epoch {
				(*counted, *count) = (epoch, 0);
			}
			*count = count.saturating_add(1);
		});
	}

	/// Where the entries of an epoch are counted.
	pub(crate) fn slot(epoch: EpochId) -> u32 {
		epoch.checked_rem(EPOCHS_KEPT).unwrap_or(0)
	}

	/// Ends an entry whose last deadline is over. Gives whether that showed a fault.
	pub(crate) fn do_conclude(hid: Hid) -> Result<bool, DispatchError> {
		let entry = Self::entry(hid)?;
		let now = Self::now();
		let late = |until| ensure_late::<T>(now, until);
		let timeline = entry.timeline();
		match entry.state.clone() {
			EntryState::Started { .. } => {
				late(timeline.commit_until())?;
				Self::fail_entry(hid, entry, EntryFailure::NotCommitted)?;
				Ok(false)
			}
			EntryState::Disputed { commitment, at, .. } => {
				late(entry.forced(at).reveal_until())?;
				if Self::lacked_samples(entry.forced(at).sampled_from()) {
					Self::count_entry(hid, entry, &commitment)?;
					return Ok(false);
				}
				Self::fail_entry(hid, entry, EntryFailure::NotRevealed)?;
				Ok(true)
			}
			EntryState::Committed {
				commitment,
				audited: true,
			} => {
				late(entry.disputes_until())?;
				Self::count_entry(hid, entry, &commitment)?;
				Ok(false)
			}
			EntryState::Committed { commitment, .. } if !entry.params.is_met_by(&commitment) => {
				late(timeline.memory_until())?;
				let unseen = match Self::lacked_memory_seed(&timeline) {
					true => EntryFailure::NoRandomness,
					false => EntryFailure::NotCommitted,
				};
				Self::fail_entry(hid, entry, unseen)?;
				Ok(false)
			}
			EntryState::Committed { commitment, .. } => {
				late(timeline.reveal_until())?;
				let unseen = match Self::audit(hid, &entry, &commitment)? {
					Audit::Due if Self::lacked_samples(timeline.sampled_from()) => {
						EntryFailure::NoRandomness
					}
					Audit::Due => EntryFailure::NotRevealed,
					Audit::Undecided => EntryFailure::NoRandomness,
					Audit::Forgotten => EntryFailure::Outlived,
					Audit::NotDue => {
						late(entry.disputes_until())?;
						Self::count_entry(hid, entry, &commitment)?;
						return Ok(false);
					}
				};
				Self::fail_entry(hid, entry, unseen)?;
				Ok(unseen == EntryFailure::NotRevealed)
			}
		}
	}

	/// What a reveal costs with so many roots of rounds and of passes, which its own measured cost has not.
	pub(crate) fn with_roots(reveal: Weight, r: u32, p: u32) -> Weight {
		let roots = T::WeightInfo::roots(r, p).saturating_sub(T::WeightInfo::roots(0, 0));
		reveal.saturating_add(roots)
	}

	/// What a call costs in which an entry may end with a score, and that is told.
	pub(crate) fn weight_of(call: Weight) -> Weight {
		call.saturating_add(T::OnScored::weight())
	}

	/// Ends an entry with its score.
	fn count_entry(
		hid: Hid,
		entry: Entry<T::AccountId>,
		commitment: &Commitment,
	) -> DispatchResult {
		let speed = entry.params.speed(commitment, T::SlotMillis::get());
		let proved = entry.params.score_ppm(&speed);
		let epoch_ppm = if proved < PASSING_PPM { 0 } else { proved };
		let (epoch, class, node) = (entry.epoch.id, entry.class, entry.node);
		let shown = Shown {
			epoch,
			speed,
			rounds: commitment.rounds,
			memory_bytes: entry.params.kept_bytes(),
			issued_at: entry.epoch.began_at,
			committed_at: entry.committed_at.unwrap_or_default(),
			opened_at: entry.opened_at,
			scored_at: Self::now(),
		};
		Self::close(hid, entry)?;
		let mut history = Histories::<T>::get(hid).unwrap_or_default();
		history.note_score(epoch, epoch_ppm);
		history.shown = Some(shown);
		let (score_ppm, rank) = Self::rank(class, hid, node, &history);
		Histories::<T>::insert(hid, history);
		let weight_ppm = Classes::<T>::get(class).map_or(0, |class| class.revenue_weight_ppm);
		// Who did little in this epoch is not paid for the median of better ones.
		T::OnScored::on_scored(node, epoch_ppm.min(score_ppm), weight_ppm);
		Self::deposit_event(Event::Scored {
			epoch,
			hid,
			speed,
			epoch_ppm,
			score_ppm,
			rank,
		});
		Ok(())
	}

	/// Ends an entry without a score.
	pub(crate) fn fail_entry(
		hid: Hid,
		entry: Entry<T::AccountId>,
		reason: EntryFailure,
	) -> DispatchResult {
		let (epoch, class, node) = (entry.epoch.id, entry.class, entry.node);
		Self::close(hid, entry)?;
		match reason {
			EntryFailure::NotCommitted => {}
			// The epoch does not exist for it.
			EntryFailure::NoRandomness => Self::note_excuse(hid, class, node, epoch, false),
			EntryFailure::Outlived => Self::forget_history(hid, class),
			EntryFailure::NotRevealed | EntryFailure::WrongReveal => {
				Self::forget_history(hid, class);
				T::Nodes::note_fault(node);
			}
		}
		Self::deposit_event(Event::EntryFailed { epoch, hid, reason });
		Ok(())
	}

	/// Forgets the entry, returns what is held for a dispute about it, and frees the machine.
	fn close(hid: Hid, entry: Entry<T::AccountId>) -> DispatchResult {
		if let EntryState::Disputed { by, bond, .. } = &entry.state {
			T::Currency::release(&HoldReason::Audit.into(), by, *bond, Precision::Exact)?;
		}
		Entries::<T>::remove(hid);
		OpenEntries::<T>::mutate(|open| *open = open.saturating_sub(1));
		T::Nodes::release(entry.node);
		Ok(())
	}

	pub(crate) fn do_excuse(provider: T::AccountId, hid: Hid) -> DispatchResult {
		let (epoch, node, class) = Self::open_epoch(&provider, hid)?;
		ensure!(T::Jobs::is_busy(node), Error::<T>::NotBusy);
		Self::conclude_earlier(hid, epoch.id)?;
		let history = Histories::<T>::get(hid).ok_or(Error::<T>::NothingToExcuse)?;
		ensure!(history.last != epoch.id, Error::<T>::AlreadyEntered);
		let params = Self::params_in(&epoch, class)?;
		let timeline = epoch.timeline(params);
		ensure!(
			Self::now() <= timeline.first_root_until(),
			Error::<T>::TooLate
		);
		Self::note_excuse(hid, class, node, epoch.id, true);
		Self::deposit_event(Event::Excused {
			epoch: epoch.id,
			hid,
		});
		Ok(())
	}
}

fn ensure_late<T: Config>(now: u32, until: u32) -> DispatchResult {
	ensure!(now > until, Error::<T>::NotOver);
	Ok(())
}
