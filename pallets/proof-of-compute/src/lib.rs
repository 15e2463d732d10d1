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

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod challenges;
#[cfg(test)]
mod mock;
mod randomness;
mod ranking;
#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
// The macros that serve try-runtime expect what they have just written.
#[allow(missing_docs, clippy::expect_used)]
pub mod pallet {
	use frame_support::{
		pallet_prelude::*,
		traits::{fungible, fungible::MutateHold, StorageVersion},
	};
	use frame_system::pallet_prelude::*;
	use usufruct_primitives::{
		traits::{BlockRandomness, NodeInspect, NodeUsage},
		Balance, BlockNumber, ChallengeId, ClassId, Hid,
	};
	use usufruct_proof::{Hash as ProofHash, Reveal};

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
		#[pallet::constant]
		type ChallengeDeposit: Get<Balance>;
		/// Milliseconds of a slot.
		#[pallet::constant]
		type SlotMillis: Get<u64>;
		/// Hardware in a class's ranking, at most.
		#[pallet::constant]
		type MaxRanked: Get<u32>;
		/// The machines.
		type Nodes: NodeInspect<Self::AccountId> + NodeUsage;
		/// The VRF outputs.
		type Randomness: BlockRandomness;
		/// The DAO.
		type ForceOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Measured weights.
		type WeightInfo: WeightInfo;
		/// Sets up other pallets for the benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: super::BenchmarkHelper;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Pays for a challenge's record while it runs.
		#[codec(index = 0)]
		Challenge,
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
		StorageMap<_, Twox64Concat, ChallengeId, ChallengeRecord<T::AccountId>, OptionQuery>;

	/// The challenge that hardware has to answer: one at a time.
	#[pallet::storage]
	pub type ChallengeOfHid<T> = StorageMap<_, Twox64Concat, Hid, ChallengeId, OptionQuery>;

	/// What hardware proved last.
	#[pallet::storage]
	pub type Scores<T> = StorageMap<_, Twox64Concat, Hid, ScoreRecord, OptionQuery>;

	/// The best of each class, best first: hardware and score in parts per million.
	#[pallet::storage]
	pub type Ranking<T: Config> =
		StorageMap<_, Twox64Concat, ClassId, BoundedVec<(Hid, u32), T::MaxRanked>, ValueQuery>;

	/// VRF outputs of the last blocks, by block number modulo [`RANDOMNESS_KEPT`], with the block.
	#[pallet::storage]
	pub type Randomness<T> =
		StorageMap<_, Twox64Concat, u32, (BlockNumber, ProofHash), OptionQuery>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// The classes that exist from the beginning.
		pub classes: alloc::vec::Vec<(ClassId, ResourceClass)>,
		#[serde(skip)]
		pub phantom: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for (id, class) in &self.classes {
				assert!(class.is_sound(), "class {id} has parameters out of bounds");
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
		/// Every sample was right. `rank` is 1 for the best of the class; 0 = not among the best.
		Proved {
			challenge: ChallengeId,
			hid: Hid,
			ops_per_second: u64,
			score_ppm: u32,
			rank: u32,
		},
		/// The challenge ended without a proof.
		ProofFailed {
			challenge: ChallengeId,
			hid: Hid,
			reason: FailureReason,
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
		/// The challenge's deadline is not over.
		NotExpired,
		/// All identifiers are used up.
		Exhausted,
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

		/// Challenges hardware to prove what it can do.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::request_proof())]
		pub fn request_proof(origin: OriginFor<T>, hid: Hid) -> DispatchResult {
			let requester = ensure_signed(origin)?;
			Self::do_request_proof(requester, hid)
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
		#[pallet::weight(T::WeightInfo::reveal(
			reveal.roots.len() as u32,
			reveal.openings.len() as u32,
		))]
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
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The seed of a challenge; `None` before it is known.
		pub fn seed(challenge: ChallengeId) -> Option<ProofHash> {
			Self::seed_of(challenge, &Challenges::<T>::get(challenge)?).ok()
		}

		/// The seed of a challenge's positions; `None` before it is known.
		pub fn sample_seed(challenge: ChallengeId) -> Option<ProofHash> {
			let record = Challenges::<T>::get(challenge)?;
			let seed = Self::seed_of(challenge, &record).ok()?;
			Self::sample_seed_of(&record, &seed).ok()
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Keeps the parent's randomness: one read and one write, whatever the number of nodes.
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::keep_randomness();
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
