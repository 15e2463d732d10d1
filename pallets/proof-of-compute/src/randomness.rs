//! The ring of VRF outputs, and what is made from it.

use alloc::vec::Vec;

use frame_support::ensure;
use sp_runtime::{DispatchError, SaturatedConversion};
use usufruct_primitives::{traits::BlockRandomness, BlockNumber};
use usufruct_proof::{
	memory_seed, mix, sample_seed, seed, Commitment, Hash, SeedContext, Seeds, Timeline,
	RANDOMNESS_KEPT, SAMPLE_BLOCKS, SEED_BLOCKS,
};

use crate::{Config, Error, Pallet, Randomness, Task};

/// Outputs without which there is no seed.
const SEEDS_NEEDED: usize = 1;
/// Outputs without which there are no positions.
const SAMPLES_NEEDED: usize = 2;

impl<T: Config> Pallet<T> {
	/// The current block.
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Keeps the VRF output of the parent block, and gives it.
	pub(crate) fn keep_randomness() -> Option<Hash> {
		let parent = Self::now().saturating_sub(1);
		let slot = parent.checked_rem(RANDOMNESS_KEPT).unwrap_or(0);
		let output = T::Randomness::parent();
		match output {
			Some(output) => Randomness::<T>::insert(slot, (parent, output)),
			None => Randomness::<T>::remove(slot),
		}
		output
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

	/// The outputs of these blocks as one value.
	///
	/// # Errors
	///
	/// `TooEarly` before they are over, or where fewer than `needed` carried randomness.
	fn mixed(first: BlockNumber, count: u32, needed: usize) -> Result<Hash, DispatchError> {
		ensure!(
			Self::now() >= first.saturating_add(count),
			Error::<T>::TooEarly
		);
		let outputs = Self::outputs(first, count);
		ensure!(outputs.len() >= needed, Error::<T>::TooEarly);
		Ok(mix(&outputs))
	}

	/// Whether it is known that fewer than `needed` of these blocks carried randomness. Once the
	/// first of them is overwritten nobody can tell: then there is no excuse, or whoever stayed
	/// silent would only have to wait.
	fn lacked(first: BlockNumber, count: u32, needed: usize) -> bool {
		let kept = Self::now() <= first.saturating_add(RANDOMNESS_KEPT);
		kept && Self::outputs(first, count).len() < needed
	}

	/// Whether the proof is known to have got no seed.
	pub(crate) fn lacked_seed(timeline: &Timeline) -> bool {
		Self::lacked(timeline.seeded_from(), SEED_BLOCKS, SEEDS_NEEDED)
	}

	/// Whether the memory phase is known to have got no seed.
	pub(crate) fn lacked_memory_seed(timeline: &Timeline) -> bool {
		Self::lacked(timeline.memory_seeded_from(), SEED_BLOCKS, SEEDS_NEEDED)
	}

	/// Whether it is known that there were no positions from this block on.
	pub(crate) fn lacked_samples(first: BlockNumber) -> bool {
		Self::lacked(first, SAMPLE_BLOCKS, SAMPLES_NEEDED)
	}

	/// The seed of a proof.
	///
	/// # Errors
	///
	/// `TooEarly` before its blocks are over, or where none of them carried randomness.
	pub(crate) fn seed_of(task: &Task) -> Result<Hash, DispatchError> {
		let timeline = &task.timeline;
		let randomness = Self::mixed(timeline.seeded_from(), SEED_BLOCKS, SEEDS_NEEDED)?;
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
			occasion: task.occasion,
			node: task.node,
			hid: task.hid,
			class: task.class,
			params: timeline.params,
		};
		Ok(seed(&context, &randomness))
	}

	/// What makes the seed of the memory phase of a proof, beside the work that was committed.
	///
	/// # Errors
	///
	/// `TooEarly` before its blocks are over, or where none of them carried randomness; `WrongStep` in a class
	/// without a memory phase.
	pub(crate) fn memory_randomness(timeline: &Timeline) -> Result<Hash, DispatchError> {
		ensure!(timeline.params.memory.is_some(), Error::<T>::WrongStep);
		Self::mixed(timeline.memory_seeded_from(), SEED_BLOCKS, SEEDS_NEEDED)
	}

	/// The seed of the memory phase of a proof.
	///
	/// # Errors
	///
	/// `TooEarly` where it is not known.
	pub(crate) fn memory_seed_of(
		task: &Task,
		commitment: &Commitment,
	) -> Result<Hash, DispatchError> {
		let randomness = Self::memory_randomness(&task.timeline)?;
		let work = Self::seed_of(task)?;
		Ok(memory_seed(&work, &commitment.digest, &randomness))
	}

	/// All seeds of a proof whose positions are made by the blocks from `sampled_from` on.
	///
	/// # Errors
	///
	/// `TooEarly` where one of them is not known.
	pub(crate) fn seeds_of(
		task: &Task,
		commitment: &Commitment,
		sampled_from: BlockNumber,
	) -> Result<Seeds, DispatchError> {
		let work = Self::seed_of(task)?;
		let memory = match task.timeline.params.memory {
			Some(_) => {
				let randomness = Self::memory_randomness(&task.timeline)?;
				Some(memory_seed(&work, &commitment.digest, &randomness))
			}
			None => None,
		};
		let samples = sample_seed(&work, &Self::samples(sampled_from)?);
		Ok(Seeds {
			work,
			memory,
			samples,
		})
	}

	/// What the blocks from `first` on decide: positions, and the lottery of audits.
	///
	/// # Errors
	///
	/// `TooEarly` before they are over, or where fewer than two carried randomness.
	pub(crate) fn samples(first: BlockNumber) -> Result<Hash, DispatchError> {
		Self::mixed(first, SAMPLE_BLOCKS, SAMPLES_NEEDED)
	}
}
