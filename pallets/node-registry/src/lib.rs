#![doc = include_str!("../README.md")]
//!
//! # Availability
//!
//! A node is online while `now - last_heartbeat <= window`, where the window of a heartbeat is
//! `period × (1 + missed)` as the parameters were when it came. The window is also what a heartbeat
//! can count at most: silence beyond it is not paid. Both are computed when read, and neither a vote
//! nor a later reading takes back what was available: tenants pay by the difference of two readings.
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

mod admission;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod hardware;
mod inspect;
#[cfg(test)]
mod mock;
mod nodes;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

pub use pallet::*;
pub use types::{Endpoint, HardwareRecord, NodeRecord, NodeStatus, Quality, Standing};
pub use weights::WeightInfo;

#[frame_support::pallet]
// The macros that serve try-runtime expect what they have just written.
#[allow(missing_docs, clippy::expect_used)]
pub mod pallet {
	use frame_support::{
		pallet_prelude::*,
		traits::{fungible, fungible::MutateHold, Consideration, Footprint, StorageVersion},
	};
	use frame_system::pallet_prelude::*;
	use sp_runtime::Permill;
	use usufruct_primitives::{
		traits::{OnHardwareRemoved, ScoreInspect},
		Balance, BlockNumber, Capacity, ClassId, HardwareKind, Hash, Hid, NodeId,
	};

	use super::{Endpoint, HardwareRecord, NodeRecord, Quality, Standing, WeightInfo};

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
		/// Held of the owner for a node, in the smallest unit.
		#[pallet::constant]
		type NodeBond: Get<Balance>;
		/// A node whose bond falls below this is suspended.
		#[pallet::constant]
		type MinimumBond: Get<Balance>;
		/// Held of the owner for each HID.
		type HardwareDeposit: Consideration<Self::AccountId, Footprint>;
		/// How much that is, told ahead to whoever brings a machine.
		#[pallet::constant]
		type HardwareDepositAmount: Get<Balance>;
		/// Most HIDs of one node.
		#[pallet::constant]
		type MaxHardware: Get<u32>;
		/// Blocks between two heartbeats; the DAO sets it. Holds from a node's next heartbeat on. At
		/// zero a heartbeat is good for its own block only.
		type HeartbeatPeriod: Get<BlockNumber>;
		/// Heartbeats that may be missed before a node counts as offline.
		#[pallet::constant]
		type MissedHeartbeats: Get<u32>;
		/// Blocks from `retire` until the bond is free.
		#[pallet::constant]
		type UnbondingDelay: Get<BlockNumber>;
		/// Part of the bond that a fault costs, rounded down.
		#[pallet::constant]
		type FaultPenalty: Get<Permill>;
		/// Blocks in which a machine whose word is worth nothing comes to be worth all, by breaking
		/// no promise.
		#[pallet::constant]
		type QualityRecovery: Get<BlockNumber>;
		/// Where penalties go.
		type Treasury: Get<Self::AccountId>;
		/// Whether anybody may provide who is not barred, or only who was admitted; the DAO sets it.
		type OpenAdmission: Get<bool>;
		/// Which resource classes exist.
		type Classes: ScoreInspect;
		/// Told when hardware was removed.
		type OnHardwareRemoved: OnHardwareRemoved;
		/// The DAO.
		type ForceOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Measured weights.
		type WeightInfo: WeightInfo;
	}

	/// Why the registry holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The bond of a node: lost in part for each fault.
		#[codec(index = 0)]
		NodeBond,
		/// Pays for the record of a HID.
		#[codec(index = 1)]
		Hardware,
	}

	/// The identifier of the next node.
	#[pallet::storage]
	pub type NextNodeId<T> = StorageValue<_, NodeId, ValueQuery>;

	/// The identifier of the next HID.
	#[pallet::storage]
	pub type NextHid<T> = StorageValue<_, Hid, ValueQuery>;

	/// Nodes by identifier; each is paid for by its bond.
	// Twox: identifiers are given out by the chain and dense.
	#[pallet::storage]
	pub type Nodes<T: Config> =
		StorageMap<_, Twox64Concat, NodeId, NodeRecord<T::AccountId>, OptionQuery>;

	/// The node of a machine's identity.
	#[pallet::storage]
	pub type NodeOfMachine<T> = StorageMap<_, Blake2_128Concat, Hash, NodeId, OptionQuery>;

	/// HIDs by identifier; each is paid for by its deposit.
	#[pallet::storage]
	pub type Hardware<T: Config> =
		StorageMap<_, Twox64Concat, Hid, HardwareRecord<T::HardwareDeposit>, OptionQuery>;

	/// The HID of a device's serial number.
	#[pallet::storage]
	pub type HidOfDevice<T> = StorageMap<_, Blake2_128Concat, Hash, Hid, OptionQuery>;

	/// What the words of machines are worth that broke promises; all others keep theirs. Each is paid
	/// for by the machine's bond.
	#[pallet::storage]
	pub type Qualities<T> = StorageMap<_, Twox64Concat, NodeId, Quality, OptionQuery>;

	/// What the DAO decided about an account that provides or wants to.
	#[pallet::storage]
	pub type Standings<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, Standing, OptionQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A machine joined.
		NodeRegistered { node: NodeId, owner: T::AccountId },
		/// Hardware was added to a node.
		HardwareAdded {
			node: NodeId,
			hid: Hid,
			class: ClassId,
		},
		/// A sign of life.
		HeartbeatReceived { node: NodeId },
		/// The owner took the node off.
		WentOffline { node: NodeId },
		/// The node is leaving.
		NodeRetiring { node: NodeId },
		/// The node left; the bond is free.
		NodeRetired { node: NodeId, returned: Balance },
		/// Hardware was removed.
		HardwareRemoved { node: NodeId, hid: Hid },
		/// The agent answers elsewhere now.
		EndpointSet { node: NodeId },
		/// The node may not enter the market.
		NodeSuspended { node: NodeId },
		/// The suspension was lifted; the node must send a heartbeat.
		NodeReinstated { node: NodeId },
		/// The node broke a promise.
		FaultNoted { node: NodeId, slashed: Balance },
		/// The bond grew.
		BondToppedUp { node: NodeId, bond: Balance },
		/// The DAO decided about an account; `None` takes an earlier decision back.
		StandingSet {
			provider: T::AccountId,
			standing: Option<Standing>,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No node has this identifier.
		UnknownNode,
		/// No hardware has this identifier.
		UnknownHardware,
		/// No resource class has this identifier: the DAO adds classes.
		UnknownClass,
		/// This machine is registered already. Use its node, or retire that first.
		MachineTaken,
		/// This device is registered already. Remove it where it is registered first.
		DeviceTaken,
		/// Only the node's owner may do this.
		NotOwner,
		/// The node has as much hardware as it may have.
		TooMuchHardware,
		/// Resources are cut from the node, or hardware is in it: remove them first. Or a proof of it is not
		/// over: wait for its end.
		NodeInUse,
		/// The node is suspended: top up its bond, or ask the DAO.
		Suspended,
		/// The node is not suspended.
		NotSuspended,
		/// The node is retiring.
		Retiring,
		/// The node is not retiring: call `retire` first.
		NotRetiring,
		/// The unbonding delay is not over.
		TooEarly,
		/// Hardware without memory, or a CPU without cores, is refused.
		EmptyHardware,
		/// All identifiers are used up.
		Exhausted,
		/// The bond would stay below the minimum.
		BondTooSmall,
		/// Providers are admitted one by one: ask the DAO for admission.
		NotAdmitted,
		/// The DAO has barred this account from providing.
		Barred,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Registers a machine of the caller and holds its bond.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::register())]
		pub fn register(
			origin: OriginFor<T>,
			machine: Hash,
			endpoint: Endpoint,
			region: u16,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_register(owner, machine, endpoint, region)
		}

		/// Adds hardware to a node of the caller and holds its deposit.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::add_hardware())]
		pub fn add_hardware(
			origin: OriginFor<T>,
			node: NodeId,
			class: ClassId,
			kind: HardwareKind,
			device: Hash,
			capacity: Capacity,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_add_hardware(owner, node, class, kind, device, capacity)
		}

		/// Says that the node is there. Brings an offline node back.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::heartbeat())]
		pub fn heartbeat(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_heartbeat(owner, node)
		}

		/// Takes the node off until its next heartbeat.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::go_offline())]
		pub fn go_offline(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_go_offline(owner, node)
		}

		/// Begins to leave: nobody may use the node.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::retire())]
		pub fn retire(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_retire(owner, node)
		}

		/// Ends a retirement after the delay: the bond returns and the node is forgotten. Its
		/// hardware must have been removed.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::withdraw_bond())]
		pub fn withdraw_bond(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_withdraw_bond(owner, node)
		}

		/// Removes hardware while no resource is cut from its node; its deposit returns.
		#[pallet::call_index(6)]
		#[pallet::weight(
			T::WeightInfo::remove_hardware().saturating_add(T::OnHardwareRemoved::weight())
		)]
		pub fn remove_hardware(origin: OriginFor<T>, node: NodeId, hid: Hid) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_remove_hardware(owner, node, hid)
		}

		/// Says where the node's agent answers.
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::set_endpoint())]
		pub fn set_endpoint(
			origin: OriginFor<T>,
			node: NodeId,
			endpoint: Endpoint,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_set_endpoint(owner, node, endpoint)
		}

		/// Keeps a node out of the market. DAO only.
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::force_suspend())]
		pub fn force_suspend(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			T::ForceOrigin::ensure_origin(origin)?;
			Self::do_suspend(node)
		}

		/// Lifts a suspension. DAO only; the bond must reach the minimum.
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::force_reinstate())]
		pub fn force_reinstate(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			T::ForceOrigin::ensure_origin(origin)?;
			Self::do_reinstate(node)
		}

		/// Holds more of the owner's money as the node's bond.
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::top_up_bond())]
		pub fn top_up_bond(
			origin: OriginFor<T>,
			node: NodeId,
			#[pallet::compact] amount: Balance,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_top_up_bond(owner, node, amount)
		}

		/// Admits or bars an account, or takes an earlier decision back. Nodes that it has stay:
		/// those are suspended one by one. DAO only.
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::set_standing())]
		pub fn set_standing(
			origin: OriginFor<T>,
			provider: T::AccountId,
			standing: Option<Standing>,
		) -> DispatchResult {
			T::ForceOrigin::ensure_origin(origin)?;
			Self::do_set_standing(provider, standing);
			Ok(())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Whether the node is registered, in good standing, and its heartbeats arrive.
		pub fn is_online(node: NodeId) -> bool {
			Self::online(node)
		}

		/// How well the node keeps its promises, in parts per million: halved by each fault, regained
		/// with time. By it the network incentive is paid.
		pub fn quality(node: NodeId) -> u32 {
			Self::quality_now(node)
		}

		/// Up to `limit` (at most 100) nodes whose identifier is at least `from`.
		pub fn nodes_from(
			from: NodeId,
			limit: u32,
		) -> alloc::vec::Vec<(NodeId, NodeRecord<T::AccountId>)> {
			Self::page(from, limit)
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(
				T::NodeBond::get() >= T::MinimumBond::get(),
				"a new node must not be suspended"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
