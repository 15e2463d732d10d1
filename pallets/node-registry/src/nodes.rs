//! The life of a node: registered, alive, suspended, retired.

use alloc::vec::Vec;

use frame_support::{
	ensure,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		Get,
	},
};
use sp_runtime::{DispatchError, DispatchResult, SaturatedConversion};
use usufruct_primitives::{Balance, BlockNumber, Hash, NodeId};

use crate::{
	Config, Endpoint, Error, Event, HoldReason, NextNodeId, NodeOfMachine, NodeRecord, NodeStatus,
	Nodes, Pallet, Qualities, Quality,
};

impl<T: Config> Pallet<T> {
	/// The current block.
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// How many blocks a heartbeat is good for that comes now.
	pub(crate) fn window() -> BlockNumber {
		T::HeartbeatPeriod::get().saturating_mul(T::MissedHeartbeats::get().saturating_add(1))
	}

	/// What the machine's word is worth now, in parts per million.
	pub(crate) fn quality_now(node: NodeId) -> u32 {
		Qualities::<T>::get(node).map_or(Quality::FULL, |quality| {
			quality.at(Self::now(), T::QualityRecovery::get())
		})
	}

	pub(crate) fn online(node: NodeId) -> bool {
		Nodes::<T>::get(node).is_some_and(|record| record.is_online(Self::now()))
	}

	pub(crate) fn page(from: NodeId, limit: u32) -> Vec<(NodeId, NodeRecord<T::AccountId>)> {
		let end = from
			.saturating_add(limit.min(100))
			.min(NextNodeId::<T>::get());
		(from..end)
			.filter_map(|node| Some((node, Nodes::<T>::get(node)?)))
			.collect()
	}

	/// The node, if `owner` owns it.
	pub(crate) fn owned(
		node: NodeId,
		owner: &T::AccountId,
	) -> Result<NodeRecord<T::AccountId>, DispatchError> {
		let record = Nodes::<T>::get(node).ok_or(Error::<T>::UnknownNode)?;
		ensure!(record.owner == *owner, Error::<T>::NotOwner);
		Ok(record)
	}

	pub(crate) fn do_register(
		owner: T::AccountId,
		machine: Hash,
		endpoint: Endpoint,
		region: u16,
	) -> DispatchResult {
		Self::ensure_admitted(&owner)?;
		ensure!(
			!NodeOfMachine::<T>::contains_key(machine),
			Error::<T>::MachineTaken
		);
		let node = NextNodeId::<T>::get();
		let next = node.checked_add(1).ok_or(Error::<T>::Exhausted)?;
		let bond = T::NodeBond::get();
		T::Currency::hold(&HoldReason::NodeBond.into(), &owner, bond)?;
		let now = Self::now();
		NextNodeId::<T>::put(next);
		NodeOfMachine::<T>::insert(machine, node);
		Nodes::<T>::insert(
			node,
			NodeRecord {
				owner: owner.clone(),
				machine,
				endpoint,
				region,
				// Not online before its agent has said so itself.
				status: NodeStatus::Offline,
				registered_at: now,
				last_heartbeat: now,
				window: Self::window(),
				available: 0,
				bond,
				hardware: 0,
				users: 0,
				faults: 0,
			},
		);
		Self::deposit_event(Event::NodeRegistered { node, owner });
		Ok(())
	}

	pub(crate) fn do_heartbeat(owner: T::AccountId, node: NodeId) -> DispatchResult {
		let mut record = Self::owned(node, &owner)?;
		match record.status {
			NodeStatus::Suspended => return Err(Error::<T>::Suspended.into()),
			NodeStatus::Retiring { .. } => return Err(Error::<T>::Retiring.into()),
			NodeStatus::Online | NodeStatus::Offline => {}
		}
		record.close_interval(Self::now(), Self::window());
		record.status = NodeStatus::Online;
		Nodes::<T>::insert(node, record);
		Self::deposit_event(Event::HeartbeatReceived { node });
		Ok(())
	}

	pub(crate) fn do_go_offline(owner: T::AccountId, node: NodeId) -> DispatchResult {
		let mut record = Self::owned(node, &owner)?;
		match record.status {
			NodeStatus::Suspended => return Err(Error::<T>::Suspended.into()),
			NodeStatus::Retiring { .. } => return Err(Error::<T>::Retiring.into()),
			NodeStatus::Online | NodeStatus::Offline => {}
		}
		record.close_interval(Self::now(), Self::window());
		record.status = NodeStatus::Offline;
		Nodes::<T>::insert(node, record);
		Self::deposit_event(Event::WentOffline { node });
		Ok(())
	}

	pub(crate) fn do_retire(owner: T::AccountId, node: NodeId) -> DispatchResult {
		let mut record = Self::owned(node, &owner)?;
		ensure!(
			!matches!(record.status, NodeStatus::Retiring { .. }),
			Error::<T>::Retiring
		);
		ensure!(record.users == 0, Error::<T>::NodeInUse);
		let now = Self::now();
		record.close_interval(now, Self::window());
		record.status = NodeStatus::Retiring { since: now };
		Nodes::<T>::insert(node, record);
		Self::deposit_event(Event::NodeRetiring { node });
		Ok(())
	}

	pub(crate) fn do_withdraw_bond(owner: T::AccountId, node: NodeId) -> DispatchResult {
		let record = Self::owned(node, &owner)?;
		let NodeStatus::Retiring { since } = record.status else {
			return Err(Error::<T>::NotRetiring.into());
		};
		ensure!(
			Self::now() >= since.saturating_add(T::UnbondingDelay::get()),
			Error::<T>::TooEarly
		);
		ensure!(
			record.hardware == 0 && record.users == 0,
			Error::<T>::NodeInUse
		);
		let returned = T::Currency::release(
			&HoldReason::NodeBond.into(),
			&owner,
			record.bond,
			Precision::Exact,
		)?;
		NodeOfMachine::<T>::remove(record.machine);
		Nodes::<T>::remove(node);
		Qualities::<T>::remove(node);
		Self::deposit_event(Event::NodeRetired { node, returned });
		Ok(())
	}

	pub(crate) fn do_set_endpoint(
		owner: T::AccountId,
		node: NodeId,
		endpoint: Endpoint,
	) -> DispatchResult {
		let mut record = Self::owned(node, &owner)?;
		record.endpoint = endpoint;
		Nodes::<T>::insert(node, record);
		Self::deposit_event(Event::EndpointSet { node });
		Ok(())
	}

	pub(crate) fn do_suspend(node: NodeId) -> DispatchResult {
		let mut record = Nodes::<T>::get(node).ok_or(Error::<T>::UnknownNode)?;
		ensure!(
			record.status != NodeStatus::Suspended,
			Error::<T>::Suspended
		);
		ensure!(
			!matches!(record.status, NodeStatus::Retiring { .. }),
			Error::<T>::Retiring
		);
		record.close_interval(Self::now(), Self::window());
		record.status = NodeStatus::Suspended;
		Nodes::<T>::insert(node, record);
		Self::deposit_event(Event::NodeSuspended { node });
		Ok(())
	}

	pub(crate) fn do_reinstate(node: NodeId) -> DispatchResult {
		let mut record = Nodes::<T>::get(node).ok_or(Error::<T>::UnknownNode)?;
		ensure!(
			record.status == NodeStatus::Suspended,
			Error::<T>::NotSuspended
		);
		ensure!(
			record.bond >= T::MinimumBond::get(),
			Error::<T>::BondTooSmall
		);
		record.last_heartbeat = Self::now();
		record.status = NodeStatus::Offline;
		Nodes::<T>::insert(node, record);
		Self::deposit_event(Event::NodeReinstated { node });
		Ok(())
	}

	pub(crate) fn do_top_up_bond(
		owner: T::AccountId,
		node: NodeId,
		amount: Balance,
	) -> DispatchResult {
		let mut record = Self::owned(node, &owner)?;
		ensure!(
			!matches!(record.status, NodeStatus::Retiring { .. }),
			Error::<T>::Retiring
		);
		let bond = record
			.bond
			.checked_add(amount)
			.ok_or(Error::<T>::Exhausted)?;
		T::Currency::hold(&HoldReason::NodeBond.into(), &owner, amount)?;
		record.bond = bond;
		Nodes::<T>::insert(node, record);
		Self::deposit_event(Event::BondToppedUp { node, bond });
		Ok(())
	}

	/// Takes the penalty from the bond to the treasury and halves the quality; suspends the node if too little is left.
	/// What the treasury cannot receive stays in the bond: a penalty never destroys money silently.
	pub(crate) fn do_note_fault(node: NodeId) {
		let Some(mut record) = Nodes::<T>::get(node) else {
			return;
		};
		let penalty = T::FaultPenalty::get().mul_floor(record.bond);
		let slashed = T::Currency::transfer_on_hold(
			&HoldReason::NodeBond.into(),
			&record.owner,
			&T::Treasury::get(),
			penalty,
			Precision::BestEffort,
			Restriction::Free,
			Fortitude::Force,
		)
		.unwrap_or(0);
		record.bond = record.bond.saturating_sub(slashed);
		record.faults = record.faults.saturating_add(1);
		let ppm = Self::quality_now(node).checked_div(2).unwrap_or(0);
		let since = Self::now();
		Qualities::<T>::insert(node, Quality { ppm, since });
		let suspend = record.bond < T::MinimumBond::get()
			&& matches!(record.status, NodeStatus::Online | NodeStatus::Offline);
		if suspend {
			record.close_interval(Self::now(), Self::window());
			record.status = NodeStatus::Suspended;
		}
		Nodes::<T>::insert(node, record);
		Self::deposit_event(Event::FaultNoted { node, slashed });
		if suspend {
			Self::deposit_event(Event::NodeSuspended { node });
		}
	}
}
