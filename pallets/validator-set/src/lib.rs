#![doc = include_str!("../README.md")]
//!
//! A candidate validates from the session after the next one on once the DAO has admitted it and its
//! session keys are set. Bonds stay slashable until they are withdrawn: the delay is at least as long
//! as offences may be reported.
//!
//! # Offences
//!
//! pallet-offences repeats the earlier offenders of a slot each time one more is reported. So a
//! session costs a candidate what its worst offence costs, however often it is reported; offences of
//! different sessions add up. Each offender is disabled until the set changes, as far as the session's
//! strategy allows. It keeps its admission: the DAO decides who stays.
//!
//! # What this pallet cannot prevent
//!
//! pallet-session drops validators whose keys are purged, below the minimum too. A runtime keeps
//! `Session::purge_keys` from validators by its call filter.
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
mod benchmarking;
mod candidates;
#[cfg(test)]
mod mock;
mod offences;
mod session;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

pub use pallet::*;
pub use types::{Candidate, Punishment, MAX_PUNISHMENTS};
pub use weights::WeightInfo;

#[frame_support::pallet]
// The macros that serve try-runtime expect what they have just written.
#[allow(missing_docs, clippy::expect_used)]
pub mod pallet {
	use frame_support::{
		pallet_prelude::*,
		traits::{fungible, fungible::MutateHold, StorageVersion, ValidatorRegistration},
	};
	use frame_system::pallet_prelude::*;
	use usufruct_primitives::{Balance, BlockNumber};

	use super::{Candidate, WeightInfo};

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
		/// Least bond of a candidate.
		#[pallet::constant]
		type MinimumBond: Get<Balance>;
		/// The set never becomes smaller.
		#[pallet::constant]
		type MinValidators: Get<u32>;
		/// Candidates, those included that left and did not withdraw.
		#[pallet::constant]
		type MaxCandidates: Get<u32>;
		/// Blocks from leaving until the bond is free; never shorter than offences may be reported.
		#[pallet::constant]
		type UnbondingDelay: Get<BlockNumber>;
		/// Whether an account has session keys.
		type Keys: ValidatorRegistration<Self::AccountId>;
		/// Where slashed bonds go.
		type Treasury: Get<Self::AccountId>;
		/// The DAO.
		type ForceOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Measured weights.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The bond of a candidate: lost in part for an offence.
		#[codec(index = 0)]
		ValidatorBond,
	}

	/// Bonded accounts; bounded by `MaxCandidates`.
	#[pallet::storage]
	pub type Candidates<T: Config> =
		CountedStorageMap<_, Blake2_128Concat, T::AccountId, Candidate, OptionQuery>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// The first validators.
		pub validators: alloc::vec::Vec<T::AccountId>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			assert!(
				self.validators.len() <= T::MaxCandidates::get() as usize,
				"more validators than there may be"
			);
			for who in &self.validators {
				Candidates::<T>::insert(who, Candidate::new(0, true));
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A candidate has bonded.
		Joined { who: T::AccountId, bond: Balance },
		/// A bond grew.
		BondChanged { who: T::AccountId, bond: Balance },
		/// The DAO admitted a candidate.
		Admitted { who: T::AccountId },
		/// A candidate leaves; it may validate until the next session but one.
		Leaving { who: T::AccountId },
		/// The bond returned.
		Withdrawn { who: T::AccountId, bond: Balance },
		/// An offence cost part of the bond.
		Slashed { who: T::AccountId, amount: Balance },
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The account has bonded already.
		AlreadyCandidate,
		/// The account has not bonded.
		NotCandidate,
		/// The account has no session keys: set them first.
		NoKeys,
		/// The bond is below the minimum.
		BondTooSmall,
		/// There are as many candidates as there may be.
		TooManyCandidates,
		/// The set would become too small.
		TooFewValidators,
		/// The account left already.
		AlreadyLeft,
		/// The account has not left.
		NotLeft,
		/// The delay is not over.
		TooEarly,
		/// The candidate was admitted already.
		AlreadyAdmitted,
		/// An amount overflows.
		Overflow,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Bonds the caller as a candidate.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::join())]
		pub fn join(origin: OriginFor<T>, #[pallet::compact] bond: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_join(who, bond)
		}

		/// Bonds more.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::bond_more())]
		pub fn bond_more(
			origin: OriginFor<T>,
			#[pallet::compact] amount: Balance,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_bond_more(who, amount)
		}

		/// Leaves the set.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::leave())]
		pub fn leave(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_leave(who)
		}

		/// Takes the bond back after the delay.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::withdraw())]
		pub fn withdraw(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_withdraw(who)
		}

		/// Admits a candidate. DAO only.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::force_add())]
		pub fn force_add(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
			T::ForceOrigin::ensure_origin(origin)?;
			Self::do_admit(who)
		}

		/// Makes a candidate leave. DAO only.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::force_remove())]
		pub fn force_remove(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
			T::ForceOrigin::ensure_origin(origin)?;
			Self::do_leave(who)
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(
				T::MinValidators::get() > 0,
				"a chain without validators stops"
			);
			assert!(T::MaxCandidates::get() >= T::MinValidators::get());
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
