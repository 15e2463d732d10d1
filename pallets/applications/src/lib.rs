#![doc = include_str!("../README.md")]
//!
//! # Terminology
//!
//! An **application** is a name with an author. A **release** is what can be run of it: an image by digest, how to
//! start it, its licence, its price. A **curator** looks at releases for others. A **verdict** of a curator on a
//! release is an *attestation* or a *flag*. A **royalty** is what a lease pays the author.
//!
//! # Design goals
//!
//! 1. A name leads to one thing: it is unique, and what a release says never changes.
//! 2. The chain trusts nobody: it says who attests and who flags, and each machine's owner says whom it believes.
//! 3. Nobody is stuck with another's money: each unit that is held has a record and an end.
//!
//! # Design
//!
//! Identifiers are given out once, so that a name that is registered again is another application (Goal 1). How many
//! curators may judge a release has no bound but the money that each verdict costs: a bound would be filled by
//! strangers, and no call looks at all of them (Goal 2). A flag counts against the image, too, and stays when the
//! author retracts the release, until the curator takes it back (Goal 2).
//!
//! A royalty is held when a lease is opened, for its whole term, and reckoned once, when the lease ends (Goal 3).
//! The hooks of [`usufruct_primitives::traits::ApplicationUse`] are called by whoever keeps the leases.
//!
//! # Invariants
//!
//! What is held of an account is what the records say, reason by reason. A release stays while a request uses it or
//! a curator judges it. An author earns at most the price of the blocks in which the machine was there.
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
mod curation;
mod find;
#[cfg(test)]
mod mock;
mod registration;
mod releases;
mod royalties;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

/// An application and the ticket of its deposit.
pub type Application<T> =
	ApplicationRecord<<T as frame_system::Config>::AccountId, <T as Config>::ApplicationDeposit>;
/// A release and the ticket of its deposit.
pub type Release<T> =
	ReleaseRecord<<T as frame_system::Config>::AccountId, <T as Config>::ReleaseDeposit>;
/// A verdict and the ticket of its deposit.
pub type VerdictOf<T> = VerdictRecord<<T as Config>::VerdictDeposit>;

// Fields of events speak for themselves; FRAME's macros expect where they are certain.
#[frame_support::pallet]
#[allow(missing_docs, clippy::expect_used)]
pub mod pallet {
	use frame_support::{
		pallet_prelude::*,
		traits::{fungible, fungible::MutateHold, Consideration, Footprint, StorageVersion},
	};
	use frame_system::pallet_prelude::*;
	use usufruct_primitives::{
		traits::{ImageInspect, NodeInspect},
		ApplicationId, Balance, Hash, LeaseId, ReleaseId,
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
		/// Held of an author for an application.
		type ApplicationDeposit: Consideration<Self::AccountId, Footprint>;
		/// Held of an author for a release.
		type ReleaseDeposit: Consideration<Self::AccountId, Footprint>;
		/// Held of a curator for a verdict.
		type VerdictDeposit: Consideration<Self::AccountId, Footprint>;
		/// Held of a curator while in office, in the smallest unit. Must not be zero.
		#[pallet::constant]
		type CuratorBond: Get<Balance>;
		/// Most releases of one application that are stored. Must not be zero.
		#[pallet::constant]
		type MaxReleases: Get<u32>;
		/// Where the bond of a curator goes that is barred.
		type Treasury: Get<Self::AccountId>;
		/// Which images there are.
		type Images: ImageInspect;
		/// The machines.
		type Nodes: NodeInspect<Self::AccountId>;
		/// The DAO.
		type ForceOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Measured weights.
		type WeightInfo: WeightInfo;
		/// Sets up what the benchmarks need of other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: super::BenchmarkHelper<Self::AccountId>;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Pays for the records of applications and releases.
		#[codec(index = 0)]
		Application,
		/// Pays for the records of verdicts.
		#[codec(index = 1)]
		Verdict,
		/// The bond of a curator, lost where the DAO bars it.
		#[codec(index = 2)]
		Curator,
		/// Will pay authors for the leases that run.
		#[codec(index = 3)]
		Royalty,
	}

	/// The identifier of the next application.
	#[pallet::storage]
	pub type NextApplicationId<T> = StorageValue<_, ApplicationId, ValueQuery>;

	/// Applications by identifier; each is paid for by its deposit.
	// Twox: identifiers are given out by the chain and dense.
	#[pallet::storage]
	pub type Applications<T: Config> =
		StorageMap<_, Twox64Concat, ApplicationId, Application<T>, OptionQuery>;

	/// The application of a name, paid for with its record.
	#[pallet::storage]
	pub type NamedApplication<T> =
		StorageMap<_, Blake2_128Concat, Name, ApplicationId, OptionQuery>;

	/// Releases by application and number; each is paid for by its deposit.
	#[pallet::storage]
	pub type Releases<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		ApplicationId,
		Twox64Concat,
		u32,
		Release<T>,
		OptionQuery,
	>;

	/// What curators think of releases; each verdict is paid for by its deposit.
	#[pallet::storage]
	pub type Verdicts<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		ReleaseId,
		Blake2_128Concat,
		T::AccountId,
		VerdictOf<T>,
		OptionQuery,
	>;

	/// How many releases with an image a curator flags, paid for with those verdicts.
	#[pallet::storage]
	pub type FlaggedImages<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		Hash,
		Blake2_128Concat,
		T::AccountId,
		u32,
		OptionQuery,
	>;

	/// Curators, and accounts that the DAO barred; bounded by bonds, deposits and votes.
	#[pallet::storage]
	pub type Curators<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, CuratorRecord, OptionQuery>;

	/// What leases pay the authors of what they run; bounded by leases.
	#[pallet::storage]
	pub type Royalties<T: Config> =
		StorageMap<_, Twox64Concat, LeaseId, RoyaltyRecord<T::AccountId>, OptionQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A name is taken.
		Registered {
			application: ApplicationId,
			name: Name,
			author: T::AccountId,
		},
		/// Somebody may take an application over; `None` = nobody any more.
		Offered {
			application: ApplicationId,
			successor: Option<T::AccountId>,
		},
		/// It has another author.
		Transferred {
			application: ApplicationId,
			author: T::AccountId,
		},
		/// It is gone; its name is free.
		Removed { application: ApplicationId },
		/// A release can be requested.
		Published { release: ReleaseId, image: Hash },
		/// It can be requested no more.
		Retracted { release: ReleaseId },
		/// Its record is gone.
		Forgotten { release: ReleaseId },
		/// A curator took office.
		CuratorJoined { curator: T::AccountId },
		/// A curator left it; its bond returned.
		CuratorLeft { curator: T::AccountId },
		/// The DAO decided who may not be a curator; a bond that there was is lost.
		BarredSet {
			account: T::AccountId,
			is_barred: bool,
		},
		/// A curator said what it thinks.
		Judged {
			release: ReleaseId,
			curator: T::AccountId,
			judgement: Judgement,
		},
		/// A verdict was taken back.
		VerdictWithdrawn {
			release: ReleaseId,
			curator: T::AccountId,
		},
		/// A lease is over, or somebody else pays from now on.
		RoyaltyPaid {
			lease: LeaseId,
			author: T::AccountId,
			paid: Balance,
			returned: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No application has this identifier.
		UnknownApplication,
		/// No such release is there: it was never published, or is gone.
		UnknownRelease,
		/// No image with this digest is published: publish it first.
		UnknownImage,
		/// A name has 3 to 32 bytes: small letters, digits, and hyphens within.
		BadName,
		/// An application has this name already.
		NameTaken,
		/// Only the application's author may do this.
		NotAuthor,
		/// The application was not offered to this account.
		NotSuccessor,
		/// Retract its releases first. Those that requests use, or curators judge, stay as long.
		HasReleases,
		/// The application has as many releases as it may have: retract old ones.
		TooManyReleases,
		/// Say under which licence it may be used.
		NoLicence,
		/// The release was retracted.
		Retracted,
		/// The account is a curator already.
		IsCurator,
		/// Only a curator may do this: become one first.
		NotCurator,
		/// The DAO barred this account from being a curator.
		Barred,
		/// Withdraw all verdicts first.
		HasVerdicts,
		/// This curator gave no verdict on this release.
		UnknownVerdict,
		/// The curator is in office: only it may withdraw its verdicts.
		InOffice,
		/// An amount overflows, or all identifiers are used up.
		Exhausted,
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Applications from `from` on whose names begin with `prefix`, of one author where one is named: at most
		/// `limit`, and 100, with where to go on. Looks at 500 of them at most, so that a page may be empty and not the
		/// last.
		pub fn find(
			prefix: Name,
			author: Option<T::AccountId>,
			from: ApplicationId,
			limit: u32,
		) -> Page<T::AccountId> {
			Self::found_from(&prefix, author, from, limit)
		}

		/// The verdicts of curators in office on a release, after the one of `after`, with after whom to go on.
		pub fn verdicts(
			release: ReleaseId,
			after: Option<T::AccountId>,
			limit: u32,
		) -> VerdictPage<T::AccountId> {
			Self::verdicts_after(release, after, limit)
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Takes a name that is free.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::register())]
		pub fn register(origin: OriginFor<T>, name: Name, description: Text) -> DispatchResult {
			let author = ensure_signed(origin)?;
			Self::do_register(author, name, description)
		}

		/// Publishes a release of an application of the caller. What it says never changes.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::publish_release())]
		pub fn publish_release(
			origin: OriginFor<T>,
			application: ApplicationId,
			spec: ReleaseSpec,
		) -> DispatchResult {
			let author = ensure_signed(origin)?;
			Self::do_publish_release(author, application, spec)
		}

		/// Lets nobody request a release any more. Leases go on. Its record stays while requests use it or
		/// curators judge it.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::retract_release())]
		pub fn retract_release(origin: OriginFor<T>, release: ReleaseId) -> DispatchResult {
			let author = ensure_signed(origin)?;
			Self::do_retract_release(author, release)
		}

		/// Offers an application to somebody who may accept it, or to nobody any more.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::transfer_application())]
		pub fn transfer_application(
			origin: OriginFor<T>,
			application: ApplicationId,
			successor: Option<T::AccountId>,
		) -> DispatchResult {
			let author = ensure_signed(origin)?;
			Self::do_transfer(author, application, successor)
		}

		/// Takes an application over that was offered to the caller, and its deposit; what leases pay goes to the
		/// caller from now on.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::accept_application())]
		pub fn accept_application(
			origin: OriginFor<T>,
			application: ApplicationId,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_accept(who, application)
		}

		/// Forgets an application without releases; its name is free.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::remove())]
		pub fn remove(origin: OriginFor<T>, application: ApplicationId) -> DispatchResult {
			let author = ensure_signed(origin)?;
			Self::do_remove(author, application)
		}

		/// Takes the office of a curator, for a bond.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::become_curator())]
		pub fn become_curator(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_become_curator(who)
		}

		/// Leaves the office of a curator whose verdicts are withdrawn; the bond returns.
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::leave())]
		pub fn leave(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_leave(who)
		}

		/// Says that a release is what it says it is. Replaces an earlier verdict.
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::attest())]
		pub fn attest(origin: OriginFor<T>, release: ReleaseId) -> DispatchResult {
			let curator = ensure_signed(origin)?;
			Self::do_judge(curator, release, Judgement::Attested)
		}

		/// Warns of a release, with the hash of a text that says why. Replaces an earlier verdict.
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::flag())]
		pub fn flag(
			origin: OriginFor<T>,
			release: ReleaseId,
			reason: FlagReason,
			text: Hash,
		) -> DispatchResult {
			let curator = ensure_signed(origin)?;
			Self::do_judge(curator, release, Judgement::Flagged { reason, text })
		}

		/// Takes the caller's verdict on a release back.
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::withdraw_verdict())]
		pub fn withdraw_verdict(origin: OriginFor<T>, release: ReleaseId) -> DispatchResult {
			let curator = ensure_signed(origin)?;
			Self::do_withdraw_verdict(curator, release)
		}

		/// Takes the verdict of a curator back that is not in office any more; the deposit returns to it.
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::clear_verdict())]
		pub fn clear_verdict(
			origin: OriginFor<T>,
			release: ReleaseId,
			curator: T::AccountId,
		) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_clear_verdict(curator, release)
		}

		/// Bars an account from being a curator, or takes that back. The bond of a curator in office goes to the
		/// treasury, and its verdicts count no more. DAO only.
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::set_barred())]
		pub fn set_barred(
			origin: OriginFor<T>,
			account: T::AccountId,
			is_barred: bool,
		) -> DispatchResult {
			T::ForceOrigin::ensure_origin(origin)?;
			Self::do_set_barred(account, is_barred)
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(
				T::CuratorBond::get() > 0,
				"who is in office is told by the bond"
			);
			assert!(
				T::MaxReleases::get() > 0,
				"an application must have a release"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
