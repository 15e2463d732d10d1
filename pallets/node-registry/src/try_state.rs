//! What must be true of the registry at any time.

use alloc::collections::BTreeMap;

use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;
use usufruct_primitives::{deposit, Balance, NodeId};

use crate::{
	Config, Hardware, HidOfDevice, HoldReason, NextHid, NextNodeId, NodeOfMachine, Nodes, Pallet,
	Qualities, Quality,
};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::identities_and_records_agree()?;
		Self::hardware_counts_are_exact()?;
		Self::availability_is_at_most_the_age()?;
		Self::qualities_are_of_nodes_that_failed()?;
		Self::holds_cover_bonds_and_deposits()
	}

	/// Each machine and device has exactly one record and identifiers were given out by the chain.
	fn identities_and_records_agree() -> Result<(), TryRuntimeError> {
		for (node, record) in Nodes::<T>::iter() {
			ensure!(
				node < NextNodeId::<T>::get(),
				"a node has an identifier not given out"
			);
			ensure!(
				NodeOfMachine::<T>::get(record.machine) == Some(node),
				"a machine points elsewhere"
			);
		}
		ensure!(
			Nodes::<T>::iter().count() == NodeOfMachine::<T>::iter().count(),
			"a machine without a node"
		);
		for (hid, record) in Hardware::<T>::iter() {
			ensure!(
				hid < NextHid::<T>::get(),
				"hardware has an identifier not given out"
			);
			ensure!(
				HidOfDevice::<T>::get(record.device) == Some(hid),
				"a device points elsewhere"
			);
		}
		ensure!(
			Hardware::<T>::iter().count() == HidOfDevice::<T>::iter().count(),
			"a device without a HID"
		);
		Ok(())
	}

	/// A node's count is the number of its HIDs.
	fn hardware_counts_are_exact() -> Result<(), TryRuntimeError> {
		let mut counts = BTreeMap::<NodeId, u32>::new();
		for (_, record) in Hardware::<T>::iter() {
			let count = counts.entry(record.node).or_default();
			*count = count.saturating_add(1);
		}
		for (node, record) in Nodes::<T>::iter() {
			ensure!(
				record.hardware == counts.remove(&node).unwrap_or(0),
				"a hardware count is wrong"
			);
		}
		ensure!(counts.is_empty(), "hardware of a node that is gone");
		Ok(())
	}

	/// A node was not available longer than it has been registered.
	fn availability_is_at_most_the_age() -> Result<(), TryRuntimeError> {
		for (_, record) in Nodes::<T>::iter() {
			let age = record.last_heartbeat.saturating_sub(record.registered_at);
			ensure!(
				record.available <= u64::from(age),
				"more available blocks than passed"
			);
		}
		Ok(())
	}

	/// Only who broke a promise has a quality on record, and no more than half of all.
	fn qualities_are_of_nodes_that_failed() -> Result<(), TryRuntimeError> {
		for (node, quality) in Qualities::<T>::iter() {
			let record = Nodes::<T>::get(node).ok_or("a quality of a node that is gone")?;
			ensure!(
				record.faults > 0,
				"a quality of a node that broke no promise"
			);
			ensure!(
				quality.ppm.saturating_mul(2) <= Quality::FULL,
				"a quality above what a fault leaves"
			);
			ensure!(quality.since <= Self::now(), "a quality of the future");
		}
		Ok(())
	}

	/// What is held of an owner is the sum of its bonds, and of its deposits.
	fn holds_cover_bonds_and_deposits() -> Result<(), TryRuntimeError> {
		let mut owed = BTreeMap::<T::AccountId, (Balance, Balance)>::new();
		for (_, record) in Nodes::<T>::iter() {
			let entry = owed.entry(record.owner).or_default();
			entry.0 = entry.0.saturating_add(record.bond);
		}
		for (_, record) in Hardware::<T>::iter() {
			let owner = Nodes::<T>::get(record.node)
				.ok_or("hardware without a node")?
				.owner;
			let entry = owed.entry(owner).or_default();
			entry.1 = entry.1.saturating_add(deposit::amount(&record.deposit));
		}
		for (owner, (bonds, deposits)) in owed {
			let held = |reason: HoldReason| T::Currency::balance_on_hold(&reason.into(), &owner);
			ensure!(
				held(HoldReason::NodeBond) == bonds,
				"held bonds differ from recorded ones"
			);
			ensure!(
				held(HoldReason::Hardware) == deposits,
				"held deposits differ from recorded ones"
			);
		}
		Ok(())
	}
}
