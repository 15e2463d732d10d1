//! What is in a node.

use codec::MaxEncodedLen;
use frame_support::{
	ensure,
	traits::{Consideration, Footprint, Get},
};
use sp_runtime::DispatchResult;
use usufruct_primitives::{
	traits::{OnHardwareRemoved, ScoreInspect},
	Capacity, ClassId, HardwareKind, Hash, Hid, NodeId,
};

use crate::{
	Config, Error, Event, Hardware, HardwareRecord, HidOfDevice, NextHid, NodeStatus, Nodes, Pallet,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_add_hardware(
		owner: T::AccountId,
		node: NodeId,
		class: ClassId,
		kind: HardwareKind,
		device: Hash,
		capacity: Capacity,
	) -> DispatchResult {
		let mut record = Self::owned(node, &owner)?;
		Self::ensure_admitted(&owner)?;
		ensure!(
			!matches!(record.status, NodeStatus::Retiring { .. }),
			Error::<T>::Retiring
		);
		ensure!(T::Classes::class_exists(class), Error::<T>::UnknownClass);
		ensure!(
			!HidOfDevice::<T>::contains_key(device),
			Error::<T>::DeviceTaken
		);
		ensure!(
			record.hardware < T::MaxHardware::get(),
			Error::<T>::TooMuchHardware
		);
		let empty =
			capacity.memory_mib == 0 || (kind == HardwareKind::Cpu && capacity.cpu_millis == 0);
		ensure!(!empty, Error::<T>::EmptyHardware);
		let hid = NextHid::<T>::get();
		let next = hid.checked_add(1).ok_or(Error::<T>::Exhausted)?;
		// The record, and the device by which it is known.
		let bytes = HardwareRecord::<T::HardwareDeposit>::max_encoded_len()
			.saturating_add(Hash::max_encoded_len())
			.saturating_add(Hid::max_encoded_len());
		let deposit = T::HardwareDeposit::new(&owner, Footprint::from_parts(2, bytes))?;
		record.hardware = record.hardware.saturating_add(1);
		NextHid::<T>::put(next);
		HidOfDevice::<T>::insert(device, hid);
		Hardware::<T>::insert(
			hid,
			HardwareRecord {
				node,
				class,
				kind,
				device,
				capacity,
				deposit,
			},
		);
		Nodes::<T>::insert(node, record);
		Self::deposit_event(Event::HardwareAdded { node, hid, class });
		Ok(())
	}

	pub(crate) fn do_remove_hardware(
		owner: T::AccountId,
		node: NodeId,
		hid: Hid,
	) -> DispatchResult {
		let mut record = Self::owned(node, &owner)?;
		let hardware = Hardware::<T>::get(hid)
			.filter(|hardware| hardware.node == node)
			.ok_or(Error::<T>::UnknownHardware)?;
		ensure!(record.users == 0, Error::<T>::NodeInUse);
		hardware.deposit.drop(&owner)?;
		record.hardware = record.hardware.saturating_sub(1);
		HidOfDevice::<T>::remove(hardware.device);
		Hardware::<T>::remove(hid);
		Nodes::<T>::insert(node, record);
		T::OnHardwareRemoved::on_hardware_removed(hid, hardware.class);
		Self::deposit_event(Event::HardwareRemoved { node, hid });
		Ok(())
	}
}
