#![doc = include_str!("../README.md")]
//!
//! # Invariants
//!
//! A bound resource and its use right name each other; a right that is not sold is the provider's.
//! The capacity used of a CPU is the sum over the resources cut from it, never above what it has.
//! A GPU belongs to at most one resource. What is held of a provider is the sum of its resources'
//! deposits.
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
mod ledger;
pub mod migrations;
#[cfg(test)]
mod mock;
mod resources;
mod rights;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use ledger::{Ledger, NftLedger};
pub use pallet::*;
pub use types::{Parts, ResourceRecord, UseRightRecord, UseRightState};
pub use weights::WeightInfo;

/// A resource and the ticket of its deposit.
pub type Resource<T> =
	ResourceRecord<<T as frame_system::Config>::AccountId, <T as Config>::ResourceDeposit>;

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
		traits::{NodeInspect, NodeUsage},
		Balance, BlockNumber, Capacity, Hid, IsolationClass, NodeId, Uid, Vid,
	};

	use super::{Ledger, Parts, Resource, UseRightRecord, WeightInfo};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(2);

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
		/// Held of the provider for a resource and the one use right that it can have.
		type ResourceDeposit: Consideration<Self::AccountId, Footprint>;
		/// The machines and their hardware.
		type Nodes: NodeInspect<Self::AccountId> + NodeUsage;
		/// Where wallets see use rights.
		type Ledger: Ledger<Self::AccountId>;
		/// Measured weights.
		type WeightInfo: WeightInfo;
		/// Sets up what the benchmarks need of other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: super::BenchmarkHelper<Self::AccountId>;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Pays for the record of a resource.
		#[codec(index = 0)]
		Resource,
	}

	/// The identifier of the next resource.
	#[pallet::storage]
	pub type NextVid<T> = StorageValue<_, Vid, ValueQuery>;

	/// The identifier of the next use right.
	#[pallet::storage]
	pub type NextUid<T> = StorageValue<_, Uid, ValueQuery>;

	/// Resources by identifier; each is paid for by its deposit.
	#[pallet::storage]
	pub type Resources<T: Config> = StorageMap<_, Twox64Concat, Vid, Resource<T>, OptionQuery>;

	/// Use rights by identifier; bounded by the resources, which have one each at most.
	#[pallet::storage]
	pub type UseRights<T: Config> =
		StorageMap<_, Twox64Concat, Uid, UseRightRecord<T::AccountId>, OptionQuery>;

	/// What resources have taken of a CPU.
	#[pallet::storage]
	pub type UsedCapacity<T> = StorageMap<_, Twox64Concat, Hid, Capacity, ValueQuery>;

	/// The resource that a GPU belongs to.
	#[pallet::storage]
	pub type ResourceOfGpu<T> = StorageMap<_, Twox64Concat, Hid, Vid, OptionQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A resource was cut from hardware.
		ResourceCreated {
			vid: Vid,
			node: NodeId,
			owner: T::AccountId,
		},
		/// A resource is gone; its hardware is free again.
		ResourceRemoved { vid: Vid },
		/// A use right on a resource exists.
		UseRightMinted { uid: Uid, vid: Vid },
		/// A use right was taken back before it was sold.
		UseRightBurned { uid: Uid, vid: Vid },
		/// A use right in force has another holder.
		UseRightTransferred {
			uid: Uid,
			from: T::AccountId,
			to: T::AccountId,
		},
		/// A use right was sold for a term.
		UseRightSold {
			uid: Uid,
			buyer: T::AccountId,
			from: BlockNumber,
			until: BlockNumber,
		},
		/// A sold right is in force for longer.
		UseRightExtended { uid: Uid, until: BlockNumber },
		/// A sold use right ended; its resource is free.
		UseRightEnded { uid: Uid, vid: Vid },
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No resource has this identifier.
		UnknownResource,
		/// No use right has this identifier.
		UnknownUseRight,
		/// A part is not registered hardware.
		UnknownHardware,
		/// Only the owner may do this.
		NotOwner,
		/// Only the holder may do this.
		NotHolder,
		/// A resource needs at least one part.
		NoParts,
		/// The same hardware is named twice.
		DuplicatePart,
		/// The parts are in more than one machine.
		PartsOfSeveralNodes,
		/// A resource can take capacity of one CPU only.
		SeveralCpus,
		/// Capacity was asked for without naming the machine's CPU among the parts, or the other
		/// way round.
		CapacityWithoutCpu,
		/// The CPU has not that much capacity left: ask for less, or remove another resource.
		NotEnoughCapacity,
		/// The GPU belongs to another resource: remove that first.
		GpuTaken,
		/// The resource is bound to a use right: burn it, or wait for its end.
		ResourceBound,
		/// The use right is for sale: take it off the market first.
		Offered,
		/// The use right is not for sale.
		NotOffered,
		/// The use right was sold: the provider cannot take it back.
		Sold,
		/// The use right is not in force.
		NotInForce,
		/// All identifiers are used up.
		Exhausted,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Cuts a resource from hardware of one node of the caller: whole GPUs, and the given
		/// capacity of the node's CPU where that is among the parts.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::create_resource())]
		pub fn create_resource(
			origin: OriginFor<T>,
			parts: Parts,
			capacity: Capacity,
			isolation: IsolationClass,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_create_resource(owner, parts, capacity, isolation)
		}

		/// Removes a free resource; its hardware and deposit are free again.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::remove_resource())]
		pub fn remove_resource(origin: OriginFor<T>, vid: Vid) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_remove_resource(owner, vid)
		}

		/// Mints the use right of a free resource.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::mint())]
		pub fn mint(origin: OriginFor<T>, vid: Vid) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_mint(owner, vid)
		}

		/// Takes back a use right that is neither sold nor for sale; the resource is free.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::burn())]
		pub fn burn(origin: OriginFor<T>, uid: Uid) -> DispatchResult {
			let holder = ensure_signed(origin)?;
			Self::do_burn(holder, uid)
		}

		/// Gives a use right in force to another account, with whatever runs on it and with the
		/// claim to unused escrow.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::transfer())]
		pub fn transfer(origin: OriginFor<T>, uid: Uid, to: T::AccountId) -> DispatchResult {
			let holder = ensure_signed(origin)?;
			Self::do_transfer(holder, uid, to)
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
