#![doc = include_str!("../README.md")]
//!
//! # Randomness
//!
//! BABE's authors put a VRF output into (nearly) every block. A seed needs one of its two blocks, a
//! sampling at least two of its four; with fewer the challenge ends without fault, if it is ended
//! while the outputs are still kept. The author of one block can re-roll only by giving that block
//! up.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
	not(test),
	deny(
		clippy::arithmetic_side_effects,
		clippy::indexing_slicing,
		clippy::expect_used
	)
)]
// FRAME generates storage types without it.
#![allow(missing_debug_implementations)]

extern crate alloc;

mod audits;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod challenges;
mod entries;
mod epoch_types;
mod epochs;
#[cfg(test)]
mod mock;
mod randomness;
mod ranking;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use epoch_types::*;
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

/// A challenge and the ticket of its deposit.
pub type Challenge<T> =
	ChallengeRecord<<T as frame_system::Config>::AccountId, <T as Config>::ChallengeDeposit>;

#[frame_support::pallet]
// The macros that serve try-runtime expect what they have just written.
#[allow(missing_docs, clippy::expect_used)]
pub mod pallet {
	use frame_support::{
		pallet_prelude::*,
		traits::{fungible, fungible::MutateHold, Consideration, Footprint, StorageVersion},
	};
	use frame_system::pallet_prelude::*;
	use usufruct_primitives::{
		traits::{
			BlockRandomness, LeaseInspect, NodeInspect, NodeUsage, OnScored, ResourceInspect,
			ScoreInspect,
		},
		Balance, BlockNumber, ChallengeId, ClassId, EpochId, Hid, Uid,
	};
	use usufruct_proof::{
		sample_seed, ClassParams, Hash as ProofHash, MemoryCommitment, Reveal, Speed,
	};

	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// The native token.
		type Currency: fungible::Mutate<Self::AccountId, Balance = Balance>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
		/// The runtime's hold reasons.
		type RuntimeHoldReason: From<HoldReason>;
		/// Held of the requester while a challenge runs.
		type ChallengeDeposit: Consideration<Self::AccountId, Footprint>;
		/// Held of who forces an audit.
		#[pallet::constant]
		type AuditBond: Get<Balance>;
		/// Milliseconds of a slot.
		#[pallet::constant]
		type SlotMillis: Get<u64>;
		/// Hardware in a class's ranking, at most.
		#[pallet::constant]
		type MaxRanked: Get<u32>;
		/// The machines.
		type Nodes: NodeInspect<Self::AccountId> + NodeUsage;
		/// The rights to use machines.
		type Rights: ResourceInspect<Self::AccountId>;
		/// What runs on machines.
		type Jobs: LeaseInspect;
		/// Told when an epoch scored hardware.
		type OnScored: OnScored;
		/// The VRF outputs.
		type Randomness: BlockRandomness;
		/// The DAO.
		type ForceOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Measured weights.
		type WeightInfo: WeightInfo;
		/// Sets up other pallets for the benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: super::BenchmarkHelper<Self::AccountId>;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Pays for a challenge's record while it runs.
		#[codec(index = 0)]
		Challenge,
		/// Pays the machine's owner for an audit that was forced without reason.
		#[codec(index = 1)]
		Audit,
	}

	/// Resource classes; the DAO bounds them.
	#[pallet::storage]
	pub type Classes<T> = StorageMap<_, Twox64Concat, ClassId, ResourceClass, OptionQuery>;

	/// The identifier of the next challenge.
	#[pallet::storage]
	pub type NextChallengeId<T> = StorageValue<_, ChallengeId, ValueQuery>;

	/// Challenges that run; each is paid for by its deposit.
	#[pallet::storage]
	pub type Challenges<T: Config> =
		StorageMap<_, Twox64Concat, ChallengeId, Challenge<T>, OptionQuery>;

	/// The challenge that hardware has to answer: one at a time.
	#[pallet::storage]
	pub type ChallengeOfHid<T> = StorageMap<_, Twox64Concat, Hid, ChallengeId, OptionQuery>;

	/// What hardware proved last when it was challenged.
	#[pallet::storage]
	pub type Scores<T> = StorageMap<_, Twox64Concat, Hid, ScoreRecord, OptionQuery>;

	/// The rules that the next epoch begins with; the DAO sets them.
	#[pallet::storage]
	pub type NextEpochRules<T> = StorageValue<_, EpochRules, ValueQuery>;

	/// The last epoch that began.
	#[pallet::storage]
	pub type CurrentEpoch<T> = StorageValue<_, Epoch, OptionQuery>;

	/// The parameters that a class had before it was changed within an epoch, with that epoch; no
	/// parameters where it did not exist.
	#[pallet::storage]
	pub type ParamsBefore<T> =
		StorageMap<_, Twox64Concat, ClassId, (EpochId, Option<ClassParams>), OptionQuery>;

	/// Entries of hardware in an epoch; at most one each, paid for by the hardware's deposit.
	#[pallet::storage]
	pub type Entries<T: Config> =
		StorageMap<_, Twox64Concat, Hid, Entry<T::AccountId>, OptionQuery>;

	/// How many entries there are.
	#[pallet::storage]
	pub type OpenEntries<T> = StorageValue<_, u32, ValueQuery>;

	/// How many entries of a class were committed, by epoch modulo [`EPOCHS_KEPT`], with the epoch.
	#[pallet::storage]
	pub type CommittedIn<T> =
		StorageDoubleMap<_, Twox64Concat, ClassId, Twox64Concat, u32, (EpochId, u32), ValueQuery>;

	/// What hardware proved in epochs; paid for by the hardware's deposit.
	#[pallet::storage]
	pub type Histories<T> = StorageMap<_, Twox64Concat, Hid, History, OptionQuery>;

	/// The best of each class, best first.
	#[pallet::storage]
	pub type Ranking<T: Config> =
		StorageMap<_, Twox64Concat, ClassId, BoundedVec<Ranked, T::MaxRanked>, ValueQuery>;

	/// VRF outputs of the last blocks, by block number modulo [`RANDOMNESS_KEPT`], with the block.
	#[pallet::storage]
	pub type Randomness<T> =
		StorageMap<_, Twox64Concat, u32, (BlockNumber, ProofHash), OptionQuery>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// The classes that exist from the beginning.
		pub classes: alloc::vec::Vec<(ClassId, ResourceClass)>,
		/// How epochs follow each other; by default there are none.
		pub epoch_rules: Option<EpochRules>,
		#[serde(skip)]
		pub phantom: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			if let Some(rules) = self.epoch_rules {
				assert!(rules.is_sound(), "the epochs' rules are out of bounds");
				NextEpochRules::<T>::put(rules);
			}
			for (id, class) in &self.classes {
				assert!(class.is_sound(), "class {id} has parameters out of bounds");
				let fits = self
					.epoch_rules
					.is_none_or(|rules| rules.fit(&class.params));
				assert!(fits, "class {id} takes longer than an epoch");
				Classes::<T>::insert(id, class);
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A resource class was added or changed.
		ClassSet { class: ClassId },
		/// Hardware has to prove what it can do.
		ProofRequested {
			challenge: ChallengeId,
			hid: Hid,
			requester: T::AccountId,
		},
		/// The root of round 0 is here.
		FirstRootCommitted { challenge: ChallengeId },
		/// The work is committed.
		Committed { challenge: ChallengeId, rounds: u32 },
		/// The passes of the memory phase are committed.
		MemoryCommitted { challenge: ChallengeId, passes: u32 },
		/// Every sample was right.
		Proved {
			challenge: ChallengeId,
			hid: Hid,
			speed: Speed,
			score_ppm: u32,
		},
		/// The challenge ended without a proof.
		ProofFailed {
			challenge: ChallengeId,
			hid: Hid,
			reason: FailureReason,
		},
		/// The epochs that begin from now on have other rules.
		EpochRulesSet { rules: EpochRules },
		/// All hardware that is online has to prove what it can do.
		EpochBegan { epoch: EpochId },
		/// The root of round 0 is here.
		Entered { epoch: EpochId, hid: Hid },
		/// The hardware had other work.
		Excused { epoch: EpochId, hid: Hid },
		/// The work of an entry is committed.
		EntryCommitted {
			epoch: EpochId,
			hid: Hid,
			rounds: u32,
		},
		/// The passes of an entry's memory phase are committed.
		EntryMemoryCommitted {
			epoch: EpochId,
			hid: Hid,
			passes: u32,
		},
		/// Every sample of an entry was right.
		Audited { epoch: EpochId, hid: Hid },
		/// An entry has to be opened because somebody doubts it.
		AuditForced {
			epoch: EpochId,
			hid: Hid,
			by: T::AccountId,
		},
		/// An entry ended with a score of the epoch, in which the hardware's own now is `score_ppm`. `rank`
		/// is 1 for the best of the class; 0 = not among the best.
		Scored {
			epoch: EpochId,
			hid: Hid,
			speed: Speed,
			epoch_ppm: u32,
			score_ppm: u32,
			rank: u32,
		},
		/// An entry ended without a score.
		EntryFailed {
			epoch: EpochId,
			hid: Hid,
			reason: EntryFailure,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No resource class has this identifier.
		UnknownClass,
		/// A parameter is out of its bounds.
		BadParams,
		/// A class's version must grow with each change.
		VersionNotGrown,
		/// No hardware has this identifier.
		UnknownHardware,
		/// No challenge with this identifier runs.
		UnknownChallenge,
		/// The hardware's machine is not online.
		NodeOffline,
		/// The hardware has a challenge to answer already.
		ChallengeOpen,
		/// Only the owner of the hardware's machine may answer.
		NotProvider,
		/// The step is not due yet: its randomness is not known.
		TooEarly,
		/// The step's deadline is over.
		TooLate,
		/// Another step is due.
		WrongStep,
		/// The number of rounds is out of the class's bounds.
		BadRounds,
		/// The number of passes is out of the class's bounds.
		BadPasses,
		/// The challenge's deadline is not over.
		NotExpired,
		/// All identifiers are used up.
		Exhausted,
		/// Only the machine's owner, or who holds a right to use it that is in force, may ask for its
		/// proof. Epochs show what everybody's hardware can do.
		NotEntitled,
		/// The rules of epochs are out of their bounds.
		BadEpochRules,
		/// Proofs of the class take longer than an epoch: lengthen epochs first, or shorten the proofs.
		TooLongForEpoch,
		/// No epoch with this number is under way.
		NoEpoch,
		/// The hardware has no entry.
		NoEntry,
		/// The hardware has entered this epoch, or was excused from it.
		AlreadyEntered,
		/// The lottery did not draw this entry: nothing has to be opened.
		NotDrawn,
		/// The entry's last deadline is not over.
		NotOver,
		/// Nothing runs on the machine that would excuse it.
		NotBusy,
		/// Hardware that no epoch has scored is not missed.
		NothingToExcuse,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Adds or changes a resource class. Challenges that run keep the parameters they began
		/// with. DAO only.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::set_class())]
		pub fn set_class(
			origin: OriginFor<T>,
			id: ClassId,
			class: ResourceClass,
		) -> DispatchResult {
			T::ForceOrigin::ensure_origin(origin)?;
			Self::do_set_class(id, class)
		}

		/// Challenges hardware to prove what it can do: for its owner, or for who holds the right `right`
		/// to use its machine.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::request_proof())]
		pub fn request_proof(origin: OriginFor<T>, hid: Hid, right: Option<Uid>) -> DispatchResult {
			let requester = ensure_signed(origin)?;
			Self::do_request_proof(requester, hid, right)
		}

		/// Sends the root of round 0.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::commit_first())]
		pub fn commit_first(
			origin: OriginFor<T>,
			challenge: ChallengeId,
			root: ProofHash,
		) -> DispatchResult {
			let provider = ensure_signed(origin)?;
			Self::do_commit_first(provider, challenge, root)
		}

		/// Commits to all rounds.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::commit())]
		pub fn commit(
			origin: OriginFor<T>,
			challenge: ChallengeId,
			rounds: u32,
			digest: ProofHash,
		) -> DispatchResult {
			let provider = ensure_signed(origin)?;
			Self::do_commit(provider, challenge, rounds, digest)
		}

		/// Opens the samples. A wrong one ends the challenge with a fault; the call succeeds, so
		/// that the fault is kept.
		#[pallet::call_index(4)]
		#[pallet::weight({
			let [r, s, p, z] = reveal.sizes();
			Pallet::<T>::with_roots(T::WeightInfo::reveal(s, z), r, p)
		})]
		pub fn reveal(
			origin: OriginFor<T>,
			challenge: ChallengeId,
			reveal: alloc::boxed::Box<Reveal>,
		) -> DispatchResult {
			let provider = ensure_signed(origin)?;
			Self::do_reveal(provider, challenge, &reveal)
		}

		/// Ends a challenge whose due step is late.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::expire())]
		pub fn expire(origin: OriginFor<T>, challenge: ChallengeId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_expire(challenge)
		}

		/// Sets how epochs follow each other, from the next one on. DAO only.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::set_epoch_rules())]
		pub fn set_epoch_rules(origin: OriginFor<T>, rules: EpochRules) -> DispatchResult {
			T::ForceOrigin::ensure_origin(origin)?;
			Self::do_set_epoch_rules(rules)
		}

		/// Enters the epoch that is under way with the root of round 0. Ends the entry of an earlier epoch
		/// where nobody did.
		#[pallet::call_index(7)]
		#[pallet::weight(Pallet::<T>::weight_of(T::WeightInfo::enter()))]
		pub fn enter(
			origin: OriginFor<T>,
			hid: Hid,
			epoch: EpochId,
			first_root: ProofHash,
		) -> DispatchResult {
			let provider = ensure_signed(origin)?;
			Self::do_enter(provider, hid, epoch, first_root)
		}

		/// Commits to all rounds of an entry.
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::commit_entry())]
		pub fn commit_entry(
			origin: OriginFor<T>,
			hid: Hid,
			rounds: u32,
			digest: ProofHash,
		) -> DispatchResult {
			let provider = ensure_signed(origin)?;
			Self::do_commit_entry(provider, hid, rounds, digest)
		}

		/// Opens the samples of an entry that was drawn or is disputed. A wrong one ends the entry with a
		/// fault; the call succeeds, so that the fault is kept.
		#[pallet::call_index(9)]
		#[pallet::weight({
			let [r, s, p, z] = reveal.sizes();
			// Both check the same samples; the noise of one measurement may hide what the other shows.
			let checked = T::WeightInfo::reveal_entry(s, z).max(T::WeightInfo::reveal(s, z));
			Pallet::<T>::with_roots(checked, r, p)
		})]
		pub fn reveal_entry(
			origin: OriginFor<T>,
			hid: Hid,
			reveal: alloc::boxed::Box<Reveal>,
		) -> DispatchResult {
			let provider = ensure_signed(origin)?;
			Self::do_reveal_entry(provider, hid, &reveal)
		}

		/// Makes an entry be opened at new positions. The caller's bond goes to the machine's owner if all
		/// is right, and back if it is not.
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::force_audit())]
		pub fn force_audit(origin: OriginFor<T>, hid: Hid) -> DispatchResult {
			let by = ensure_signed(origin)?;
			Self::do_force_audit(by, hid)
		}

		/// Ends an entry whose last deadline is over: with its score, or without one. Whoever shows a fault
		/// pays no fee.
		#[pallet::call_index(11)]
		#[pallet::weight(Pallet::<T>::weight_of(T::WeightInfo::conclude()))]
		pub fn conclude(origin: OriginFor<T>, hid: Hid) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let is_fault = Self::do_conclude(hid)?;
			Ok(if is_fault { Pays::No } else { Pays::Yes }.into())
		}

		/// Says that the machine has other work in this epoch: it is neither scored nor missed.
		#[pallet::call_index(12)]
		#[pallet::weight(Pallet::<T>::weight_of(T::WeightInfo::excuse()))]
		pub fn excuse(origin: OriginFor<T>, hid: Hid) -> DispatchResult {
			let provider = ensure_signed(origin)?;
			Self::do_excuse(provider, hid)
		}

		/// Commits to all passes of the memory phase, in a class that has one.
		#[pallet::call_index(13)]
		#[pallet::weight(T::WeightInfo::commit_memory())]
		pub fn commit_memory(
			origin: OriginFor<T>,
			challenge: ChallengeId,
			passes: u32,
			digest: ProofHash,
		) -> DispatchResult {
			let provider = ensure_signed(origin)?;
			Self::do_commit_memory(provider, challenge, MemoryCommitment { passes, digest })
		}

		/// Commits to all passes of an entry's memory phase, in a class that has one.
		#[pallet::call_index(14)]
		#[pallet::weight(T::WeightInfo::commit_entry_memory())]
		pub fn commit_entry_memory(
			origin: OriginFor<T>,
			hid: Hid,
			passes: u32,
			digest: ProofHash,
		) -> DispatchResult {
			let provider = ensure_signed(origin)?;
			Self::do_commit_entry_memory(provider, hid, MemoryCommitment { passes, digest })
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The seed of a challenge; `None` before it is known.
		pub fn seed(challenge: ChallengeId) -> Option<ProofHash> {
			Self::seed_of(&Challenges::<T>::get(challenge)?.task(challenge)).ok()
		}

		/// The seed of a challenge's positions; `None` before it is known.
		pub fn sample_seed(challenge: ChallengeId) -> Option<ProofHash> {
			let record = Challenges::<T>::get(challenge)?;
			let seed = Self::seed_of(&record.task(challenge)).ok()?;
			let samples = Self::samples(record.timeline().sampled_from()).ok()?;
			Some(sample_seed(&seed, &samples))
		}

		/// The seed of the memory phase of a challenge whose rounds are committed; `None` before it is known.
		pub fn memory_seed(challenge: ChallengeId) -> Option<ProofHash> {
			let record = Challenges::<T>::get(challenge)?;
			let ChallengeState::Committed { commitment } = record.state else {
				return None;
			};
			let task = record.task(challenge);
			Self::memory_seed_of(&task, &commitment).ok()
		}

		/// The seed of the memory phase of an entry whose rounds are committed; `None` before it is known.
		pub fn entry_memory_seed(hid: Hid) -> Option<ProofHash> {
			let entry = Entries::<T>::get(hid)?;
			let commitment = *entry.state.commitment()?;
			Self::memory_seed_of(&entry.task(hid), &commitment).ok()
		}

		/// The parameters of a class in the epoch that is under way; `None` where there is none, or the class
		/// did not exist when it began.
		pub fn params_of_epoch(class: ClassId) -> Option<ClassParams> {
			Self::params_in(&Self::epoch_under_way()?, class).ok()
		}

		/// Whether an entry has to be opened now; `None` before that is decided, or without an entry.
		pub fn audit_due(hid: Hid) -> Option<bool> {
			Self::is_audit_due(hid)
		}

		/// The seed of the positions at which an entry is opened; `None` before it is known.
		pub fn audit_seed(hid: Hid) -> Option<ProofHash> {
			Self::entry_sample_seed(hid)
		}

		/// The score by which hardware is ranked, in parts per million; 0 where none.
		pub fn score(hid: Hid) -> u32 {
			<Self as ScoreInspect>::score_ppm(hid)
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Keeps the parent's randomness and begins an epoch by it: a few reads and writes, whatever the
		/// number of nodes.
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			let randomness = Self::keep_randomness();
			Self::maybe_begin_epoch(randomness);
			T::WeightInfo::on_initialize()
		}

		fn integrity_test() {
			assert!(T::MaxRanked::get() > 0, "a ranking must have room for one");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
