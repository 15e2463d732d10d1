//! What other pallets see of the registry.

use frame_support::ensure;
use sp_runtime::DispatchResult;
use usufruct_primitives::{
	traits::{NodeInspect, NodeUsage, QualityInspect},
	HardwareInfo, Hid, NodeId,
};

use crate::{Config, Error, Hardware, NodeStatus, Nodes, Pallet};

impl<T: Config> NodeInspect<T::AccountId> for Pallet<T> {
	fn owner(node: NodeId) -> Option<T::AccountId> {
		Nodes::<T>::get(node).map(|record| record.owner)
	}

	fn region(node: NodeId) -> u16 {
		Nodes::<T>::get(node).map_or(0, |record| record.region)
	}

	fn is_online(node: NodeId) -> bool {
		Self::online(node)
	}

	fn available_blocks(node: NodeId) -> u64 {
		Nodes::<T>::get(node).map_or(0, |record| record.available_at(Self::now()))
	}

	fn availability_ppm(node: NodeId) -> u32 {
		let Some(record) = Nodes::<T>::get(node) else {
			return 0;
		};
		let age = u64::from(Self::now().saturating_sub(record.registered_at)).max(1);
		let available = record.available_at(Self::now()).min(age);
		let ppm = available
			.saturating_mul(1_000_000)
			.checked_div(age)
			.unwrap_or(0);
		ppm.try_into().unwrap_or(1_000_000)
	}

	fn hardware(hid: Hid) -> Option<HardwareInfo> {
		Hardware::<T>::get(hid).map(|record| HardwareInfo {
			node: record.node,
			class: record.class,
			kind: record.kind,
			capacity: record.capacity,
		})
	}
}

impl<T: Config> QualityInspect for Pallet<T> {
	fn quality_ppm(node: NodeId) -> u32 {
		Self::quality_now(node)
	}
}

impl<T: Config> NodeUsage for Pallet<T> {
	fn acquire(node: NodeId) -> DispatchResult {
		let mut record = Nodes::<T>::get(node).ok_or(Error::<T>::UnknownNode)?;
		ensure!(
			record.status != NodeStatus::Suspended,
			Error::<T>::Suspended
		);
		ensure!(
			!matches!(record.status, NodeStatus::Retiring { .. }),
			Error::<T>::Retiring
		);
		record.users = record.users.checked_add(1).ok_or(Error::<T>::Exhausted)?;
		Nodes::<T>::insert(node, record);
		Ok(())
	}

	fn release(node: NodeId) {
		Nodes::<T>::mutate_extant(node, |record| record.users = record.users.saturating_sub(1));
	}

	fn note_fault(node: NodeId) {
		Self::do_note_fault(node);
	}
}
