//! The ring of VRF outputs, and what is made from it.

use alloc::vec::Vec;

use frame_support::ensure;
use sp_runtime::{DispatchError, SaturatedConversion};
use usufruct_primitives::{traits::BlockRandomness, BlockNumber, ChallengeId};
use usufruct_proof::{mix, sample_seed, seed, Hash, Occasion, SeedContext};

use crate::{
	ChallengeRecord, Config, Error, Pallet, Randomness, RANDOMNESS_KEPT, SAMPLE_BLOCKS, SEED_BLOCKS,
};

/// Outputs without which there is no seed.
const SEEDS_NEEDED: usize = 1;
/// Outputs without which there are no positions.
const SAMPLES_NEEDED: usize = 2;

impl<T: Config> Pallet<T> {
	/// The current block.
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Keeps the VRF output of the parent block.
	pub(crate) fn keep_randomness() {
		let parent = Self::now().saturating_sub(1);
		let slot = parent.checked_rem(RANDOMNESS_KEPT).unwrap_or(0);
		match T::Randomness::parent() {
			Some(output) => Randomness::<T>::insert(slot, (parent, output)),
			None => Randomness::<T>::remove(slot),
		}
	}

	/// The VRF outputs of so many blocks from `first` that carried one.
	fn outputs(first: BlockNumber, count: u32) -> Vec<Hash> {
		(first..first.saturating_add(count))
			.filter_map(|block| {
				let slot = block.checked_rem(RANDOMNESS_KEPT)?;
				let (written, output) = Randomness::<T>::get(slot)?;
				(written == block).then_some(output)
			})
			.collect()
	}

	/// Whether it is known that fewer than `needed` of these blocks carried randomness. Once the
	/// first of them is overwritten nobody can tell: then there is no excuse, or whoever stayed
	/// silent would only have to wait.
	fn lacked(first: BlockNumber, count: u32, needed: usize) -> bool {
		let kept = Self::now() <= first.saturating_add(RANDOMNESS_KEPT);
		kept && Self::outputs(first, count).len() < needed
	}

	/// Whether the challenge is known to have got no seed.
	pub(crate) fn lacked_seed(challenge: &ChallengeRecord<T::AccountId>) -> bool {
		Self::lacked(
			challenge.issued_at.saturating_add(1),
			SEED_BLOCKS,
			SEEDS_NEEDED,
		)
	}

	/// Whether the challenge is known to have got no positions.
	pub(crate) fn lacked_samples(challenge: &ChallengeRecord<T::AccountId>) -> bool {
		Self::lacked(
			challenge.commit_until().saturating_add(1),
			SAMPLE_BLOCKS,
			SAMPLES_NEEDED,
		)
	}

	/// The seed of a challenge.
	///
	/// # Errors
	///
	/// `TooEarly` before its blocks are over, or where none of them carried randomness.
	pub(crate) fn seed_of(
		id: ChallengeId,
		challenge: &ChallengeRecord<T::AccountId>,
	) -> Result<Hash, DispatchError> {
		ensure!(Self::now() >= challenge.opens_at(), Error::<T>::TooEarly);
		let outputs = Self::outputs(challenge.issued_at.saturating_add(1), SEED_BLOCKS);
		ensure!(outputs.len() >= SEEDS_NEEDED, Error::<T>::TooEarly);
		let mut genesis = [0u8; 32];
		let hash = frame_system::BlockHash::<T>::get(
			frame_system::pallet_prelude::BlockNumberFor::<T>::from(0u8),
		);
		genesis
			.iter_mut()
			.zip(hash.as_ref())
			.for_each(|(to, from)| *to = *from);
		let context = SeedContext {
			genesis,
			occasion: Occasion::Challenge(id),
			node: challenge.node,
			hid: challenge.hid,
			class: challenge.class,
			params: challenge.params,
		};
		Ok(seed(&context, &mix(&outputs)))
	}

	/// The seed of a challenge's positions: of the blocks after its commitment, and of its own work, so
	/// that two challenges which the same blocks sample open other positions.
	///
	/// # Errors
	///
	/// `TooEarly` before its blocks are over, or where fewer than two carried randomness.
	pub(crate) fn sample_seed_of(
		challenge: &ChallengeRecord<T::AccountId>,
		seed: &Hash,
	) -> Result<Hash, DispatchError> {
		ensure!(Self::now() >= challenge.sampled_at(), Error::<T>::TooEarly);
		let outputs = Self::outputs(challenge.commit_until().saturating_add(1), SAMPLE_BLOCKS);
		ensure!(outputs.len() >= SAMPLES_NEEDED, Error::<T>::TooEarly);
		Ok(sample_seed(seed, &mix(&outputs)))
	}
}
