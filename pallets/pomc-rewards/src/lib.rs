#![doc = include_str!("../README.md")]
//!
//! # Invariants
//!
//! What accounts earned in an era adds up to the era's points. The pallet's account holds what was issued and
//! not paid, beside its existential deposit. No era pays more than it issued, and none issues more than the
//! chain's limit.
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
mod claims;
mod earnings;
mod eras;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
// The macros that serve try-runtime expect what they have just written.
#[allow(missing_docs, clippy::expect_used)]
pub mod pallet {
	use frame_support::{
		pallet_prelude::*,
		traits::{fungible, fungible::MutateHold, Consideration, Footprint, StorageVersion},
		PalletId,
	};
	use frame_system::pallet_prelude::*;
	use usufruct_primitives::{
		traits::{NodeInspect, QualityInspect},
		Balance,
	};

	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The eras that an account earned in and has not claimed, the one under way included.
	pub type Earnings = BoundedVec<Earned, ConstU32<{ MAX_CLAIM_ERAS + 2 }>>;

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
		/// Names the account that keeps rewards until they are claimed. It needs the existential deposit from
		/// genesis on.
		#[pallet::constant]
		type PalletId: Get<PalletId>;
		/// What an era issues at most, whatever the DAO sets.
		#[pallet::constant]
		type MaxEraIssuance: Get<Balance>;
		/// Held of whoever has rewards paid to another account.
		type PayeeDeposit: Consideration<Self::AccountId, Footprint>;
		/// Gets what nobody claims.
		type Treasury: Get<Self::AccountId>;
		/// The machines.
		type Nodes: NodeInspect<Self::AccountId>;
		/// What was measured of machines.
		type Quality: QualityInspect;
		/// The DAO.
		type ForceOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Measured weights.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Pays for the record of a payee.
		#[codec(index = 0)]
		Payee,
	}

	/// The rules that the next era begins with; the DAO sets them.
	#[pallet::storage]
	pub type NextRules<T> = StorageValue<_, RewardRules, ValueQuery>;

	/// The era under way; none before the first, and after rules without eras.
	#[pallet::storage]
	pub type Current<T> = StorageValue<_, CurrentEra, OptionQuery>;

	/// The number of the next era.
	#[pallet::storage]
	pub type NextEra<T> = StorageValue<_, EraIndex, ValueQuery>;

	/// Eras that are over and can be claimed; at most [`MAX_CLAIM_ERAS`] and one.
	#[pallet::storage]
	pub type Closed<T> = StorageMap<_, Twox64Concat, EraIndex, ClosedEra, OptionQuery>;

	/// The oldest era that was not forgotten.
	#[pallet::storage]
	pub type Oldest<T> = StorageValue<_, EraIndex, ValueQuery>;

	/// What accounts earned; paid for by what they earned it with: a bond, a hardware's deposit, fees.
	#[pallet::storage]
	pub type EarnedBy<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, Earnings, ValueQuery>;

	/// Who has rewards paid to whom, with the ticket for what is held for the record.
	#[pallet::storage]
	pub type Payees<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, (T::AccountId, T::PayeeDeposit), OptionQuery>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// The rules of the first era; by default there is none.
		pub rules: Option<RewardRules>,
		#[serde(skip)]
		pub phantom: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			if let Some(rules) = self.rules {
				let most = T::MaxEraIssuance::get();
				assert!(
					rules.is_sound(most),
					"the rules of rewards are out of bounds"
				);
				NextRules::<T>::put(rules);
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// The eras that begin from now on have other rules.
		RulesSet { rules: RewardRules },
		/// An era began.
		EraBegan { era: EraIndex },
		/// An era is over: what was earned in it, and what was issued for it.
		EraClosed {
			era: EraIndex,
			points: Points,
			issued: Issued,
		},
		/// What nobody claimed of an era went to the treasury.
		EraExpired { era: EraIndex, amount: Balance },
		/// An account's rewards were paid.
		Claimed {
			who: T::AccountId,
			to: T::AccountId,
			amount: Balance,
		},
		/// An account's rewards are paid to another from now on; to itself again where none.
		PayeeSet {
			who: T::AccountId,
			payee: Option<T::AccountId>,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The rules are out of their bounds, or issue more than the chain allows.
		BadRules,
		/// There is nothing to claim of an era that is over.
		NothingToClaim,
		/// The payee is the account itself: it is without a payee, too.
		SamePayee,
		/// The account has no payee.
		NoPayee,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Sets what is paid for, from the next era on. DAO only.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::set_rules())]
		pub fn set_rules(origin: OriginFor<T>, rules: RewardRules) -> DispatchResult {
			T::ForceOrigin::ensure_origin(origin)?;
			Self::do_set_rules(rules)
		}

		/// Pays all rewards of the caller, to its payee where it has one.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::claim())]
		pub fn claim(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_claim(who)
		}

		/// Pays all rewards of another account, to it or its payee.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::claim())]
		pub fn claim_for(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_claim(who)
		}

		/// Has the caller's rewards paid to another account; to the caller again with `None`.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::set_payee())]
		pub fn set_payee(origin: OriginFor<T>, payee: Option<T::AccountId>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_payee(who, payee)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// What the account could claim now, in the smallest unit.
		pub fn claimable(who: T::AccountId) -> Balance {
			Self::owed_to(&who)
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Ends and begins eras, and forgets at most one: a few reads and writes, whoever earned in them.
		/// The block's author earns in the hook of authorship, which weighs nothing itself.
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::turn_eras();
			T::WeightInfo::on_initialize().saturating_add(T::WeightInfo::earn())
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
