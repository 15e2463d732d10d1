//! The steps of a challenge that somebody addressed to one piece of hardware. Every end goes through
//! `finish`. It was not simultaneous with others' proofs, and so does not rank.

use codec::MaxEncodedLen;
use frame_support::{
	ensure,
	traits::{Consideration, Footprint, Get},
};
use sp_runtime::{DispatchError, DispatchResult};
use usufruct_primitives::{
	traits::{NodeInspect, NodeUsage, ResourceInspect},
	ChallengeId, Hid, NodeId, Uid,
};
use usufruct_proof::{verify, Commitment, Hash, MemoryCommitment, Reveal, Timeline};

use crate::{
	Challenge, ChallengeOfHid, ChallengeState, Challenges, Classes, Config, Error, Event,
	FailureReason, NextChallengeId, Pallet, ScoreRecord, Scores,
};

impl<T: Config> Pallet<T> {
	/// Whether `who` may ask what a machine can do: its owner, or who holds a right to use it that is in
	/// force. For anybody else the epochs are there.
	fn ensure_may_ask(who: &T::AccountId, node: NodeId, right: Option<Uid>) -> DispatchResult {
		let may = match right {
			None => T::Nodes::owner(node).as_ref() == Some(who),
			Some(uid) => {
				let resource = T::Rights::vid_of(uid).and_then(T::Rights::resource);
				resource.is_some_and(|resource| resource.node == node)
					&& T::Rights::holder(uid).as_ref() == Some(who)
					&& T::Rights::is_in_force(uid)
			}
		};
		ensure!(may, Error::<T>::NotEntitled);
		Ok(())
	}

	pub(crate) fn do_request_proof(
		requester: T::AccountId,
		hid: Hid,
		right: Option<Uid>,
	) -> DispatchResult {
		let hardware = T::Nodes::hardware(hid).ok_or(Error::<T>::UnknownHardware)?;
		Self::ensure_may_ask(&requester, hardware.node, right)?;
		let class = Classes::<T>::get(hardware.class).ok_or(Error::<T>::UnknownClass)?;
		ensure!(T::Nodes::is_online(hardware.node), Error::<T>::NodeOffline);
		ensure!(
			!ChallengeOfHid::<T>::contains_key(hid),
			Error::<T>::ChallengeOpen
		);
		let id = NextChallengeId::<T>::get();
		let next = id.checked_add(1).ok_or(Error::<T>::Exhausted)?;
		// The record, and the hardware by which it is found.
		let bytes = Challenge::<T>::max_encoded_len()
			.saturating_add(Hid::max_encoded_len())
			.saturating_add(ChallengeId::max_encoded_len());
		let deposit = T::ChallengeDeposit::new(&requester, Footprint::from_parts(2, bytes))?;
		// Hardware that has to answer stays where it is.
		T::Nodes::acquire(hardware.node)?;
		NextChallengeId::<T>::put(next);
		ChallengeOfHid::<T>::insert(hid, id);
		Challenges::<T>::insert(
			id,
			Challenge::<T> {
				hid,
				node: hardware.node,
				class: hardware.class,
				params: class.params,
				requester: requester.clone(),
				deposit,
				issued_at: Self::now(),
				committed_at: None,
				state: ChallengeState::Issued,
			},
		);
		Self::deposit_event(Event::ProofRequested {
			challenge: id,
			hid,
			requester,
		});
		Ok(())
	}

	/// The challenge, if `provider` has to answer it.
	fn answered_by(
		id: ChallengeId,
		provider: &T::AccountId,
	) -> Result<Challenge<T>, DispatchError> {
		let challenge = Challenges::<T>::get(id).ok_or(Error::<T>::UnknownChallenge)?;
		ensure!(
			T::Nodes::owner(challenge.node).as_ref() == Some(provider),
			Error::<T>::NotProvider
		);
		Ok(challenge)
	}

	pub(crate) fn do_commit_first(
		provider: T::AccountId,
		id: ChallengeId,
		root: Hash,
	) -> DispatchResult {
		let mut challenge = Self::answered_by(id, &provider)?;
		ensure!(
			challenge.state == ChallengeState::Issued,
			Error::<T>::WrongStep
		);
		// Without a seed there is nothing to work on: a challenge that was started has one.
		Self::seed_of(&challenge.task(id))?;
		ensure!(
			Self::now() <= challenge.timeline().first_root_until(),
			Error::<T>::TooLate
		);
		challenge.state = ChallengeState::Started { first_root: root };
		Challenges::<T>::insert(id, challenge);
		Self::deposit_event(Event::FirstRootCommitted { challenge: id });
		Ok(())
	}

	pub(crate) fn do_commit(
		provider: T::AccountId,
		id: ChallengeId,
		rounds: u32,
		digest: Hash,
	) -> DispatchResult {
		let mut challenge = Self::answered_by(id, &provider)?;
		let ChallengeState::Started { first_root } = challenge.state else {
			return Err(Error::<T>::WrongStep.into());
		};
		ensure!(
			Self::now() <= challenge.timeline().commit_until(),
			Error::<T>::TooLate
		);
		let bounds = challenge.params.min_rounds..=challenge.params.max_rounds;
		ensure!(bounds.contains(&rounds), Error::<T>::BadRounds);
		challenge.committed_at = Some(Self::now());
		challenge.state = ChallengeState::Committed {
			commitment: Commitment {
				first_root,
				rounds,
				digest,
				memory: None,
			},
		};
		Challenges::<T>::insert(id, challenge);
		Self::deposit_event(Event::Committed {
			challenge: id,
			rounds,
		});
		Ok(())
	}

	pub(crate) fn do_commit_memory(
		provider: T::AccountId,
		id: ChallengeId,
		memory: MemoryCommitment,
	) -> DispatchResult {
		let mut challenge = Self::answered_by(id, &provider)?;
		let ChallengeState::Committed { mut commitment } = challenge.state else {
			return Err(Error::<T>::WrongStep.into());
		};
		Self::add_memory(&challenge.timeline(), &mut commitment, memory)?;
		challenge.state = ChallengeState::Committed { commitment };
		Challenges::<T>::insert(id, challenge);
		Self::deposit_event(Event::MemoryCommitted {
			challenge: id,
			passes: memory.passes,
		});
		Ok(())
	}

	/// Adds the memory phase to a commitment that waits for it, in its window.
	pub(crate) fn add_memory(
		timeline: &Timeline,
		commitment: &mut Commitment,
		memory: MemoryCommitment,
	) -> DispatchResult {
		let params = timeline.params.memory.ok_or(Error::<T>::WrongStep)?;
		ensure!(commitment.memory.is_none(), Error::<T>::WrongStep);
		// Without a seed there is nothing to pass with.
		Self::memory_randomness(timeline)?;
		ensure!(Self::now() <= timeline.memory_until(), Error::<T>::TooLate);
		let bounds = 1..=params.max_passes;
		ensure!(bounds.contains(&memory.passes), Error::<T>::BadPasses);
		commitment.memory = Some(memory);
		Ok(())
	}

	pub(crate) fn do_reveal(
		provider: T::AccountId,
		id: ChallengeId,
		reveal: &Reveal,
	) -> DispatchResult {
		let challenge = Self::answered_by(id, &provider)?;
		let params = challenge.params;
		let commitment = match challenge.state {
			ChallengeState::Committed { commitment } if params.is_met_by(&commitment) => commitment,
			_ => return Err(Error::<T>::WrongStep.into()),
		};
		let timeline = challenge.timeline();
		let seeds = Self::seeds_of(&challenge.task(id), &commitment, timeline.sampled_from())?;
		ensure!(Self::now() <= timeline.reveal_until(), Error::<T>::TooLate);
		if let Err(error) = verify(&params, &seeds, &commitment, reveal) {
			log::info!(target: "runtime::proof-of-compute", "challenge {id}: {error:?}");
			return Self::fail(id, &challenge, FailureReason::WrongReveal);
		}
		Self::finish(id, &challenge)?;
		let speed = params.speed(&commitment, T::SlotMillis::get());
		let score_ppm = params.score_ppm(&speed);
		let hid = challenge.hid;
		let score = ScoreRecord {
			speed,
			score_ppm,
			rounds: commitment.rounds,
			memory_bytes: params.kept_bytes(),
			issued_at: challenge.issued_at,
			committed_at: challenge.committed_at.unwrap_or_default(),
			proved_at: Self::now(),
		};
		Scores::<T>::insert(hid, score);
		Self::deposit_event(Event::Proved {
			challenge: id,
			hid,
			speed,
			score_ppm,
		});
		Ok(())
	}

	pub(crate) fn do_expire(id: ChallengeId) -> DispatchResult {
		let challenge = Challenges::<T>::get(id).ok_or(Error::<T>::UnknownChallenge)?;
		ensure!(Self::now() > challenge.due_until(), Error::<T>::NotExpired);
		let timeline = challenge.timeline();
		let reason = match challenge.state {
			ChallengeState::Issued if Self::lacked_seed(&timeline) => FailureReason::NoRandomness,
			ChallengeState::Issued => FailureReason::NotStarted,
			ChallengeState::Started { .. } => FailureReason::NotCommitted,
			ChallengeState::Committed { commitment }
				if !challenge.params.is_met_by(&commitment) =>
			{
				match Self::lacked_memory_seed(&timeline) {
					true => FailureReason::NoRandomness,
					false => FailureReason::NotCommitted,
				}
			}
			ChallengeState::Committed { .. } if Self::lacked_samples(timeline.sampled_from()) => {
				FailureReason::NoRandomness
			}
			ChallengeState::Committed { .. } => FailureReason::NotRevealed,
		};
		Self::fail(id, &challenge, reason)
	}

	/// Ends the challenge without a proof: what it proved last is gone, and for a wrong reveal or a silence
	/// after the commitment, which hides one, the node is at fault and the hardware unranked.
	fn fail(id: ChallengeId, challenge: &Challenge<T>, reason: FailureReason) -> DispatchResult {
		Self::finish(id, challenge)?;
		match reason {
			FailureReason::NoRandomness => {}
			FailureReason::NotStarted | FailureReason::NotCommitted => {
				Scores::<T>::remove(challenge.hid);
			}
			FailureReason::NotRevealed | FailureReason::WrongReveal => {
				Scores::<T>::remove(challenge.hid);
				Self::forget_history(challenge.hid, challenge.class);
				T::Nodes::note_fault(challenge.node);
			}
		}
		Self::deposit_event(Event::ProofFailed {
			challenge: id,
			hid: challenge.hid,
			reason,
		});
		Ok(())
	}

	/// Forgets the challenge and returns its deposit.
	fn finish(id: ChallengeId, challenge: &Challenge<T>) -> DispatchResult {
		challenge.deposit.clone().drop(&challenge.requester)?;
		Challenges::<T>::remove(id);
		ChallengeOfHid::<T>::remove(challenge.hid);
		T::Nodes::release(challenge.node);
		Ok(())
	}
}
