//! What must be true of resources and rights at any time.

use alloc::collections::BTreeMap;

use frame_support::ensure;
use sp_runtime::TryRuntimeError;
use usufruct_primitives::{traits::NodeInspect, Capacity, HardwareKind, Hid};

use crate::{Config, Pallet, ResourceOfGpu, Resources, UsedCapacity, UseRights};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::bound_resources_and_rights_agree()?;
		Self::capacity_is_exact()
	}

	/// A bound resource and its use right name each other.
	fn bound_resources_and_rights_agree() -> Result<(), TryRuntimeError> {
		for (uid, right) in UseRights::<T>::iter() {
			let resource = Resources::<T>::get(right.vid).ok_or("a right without a resource")?;
			ensure!(resource.bound == Some(uid), "a right whose resource is bound elsewhere");
		}
		for (_, resource) in Resources::<T>::iter() {
			if let Some(uid) = resource.bound {
				ensure!(UseRights::<T>::contains_key(uid), "a resource bound to nothing");
			}
		}
		Ok(())
	}

	/// What is used of each CPU is the sum over its resources; each GPU names the one that has it.
	fn capacity_is_exact() -> Result<(), TryRuntimeError> {
		let mut used = BTreeMap::<Hid, Capacity>::new();
		let mut gpus = 0usize;
		for (vid, resource) in Resources::<T>::iter() {
			for part in &resource.parts {
				let info = T::Nodes::hardware(*part).ok_or("a resource of hardware that is gone")?;
				match info.kind {
					HardwareKind::Gpu => {
						gpus = gpus.saturating_add(1);
						ensure!(ResourceOfGpu::<T>::get(part) == Some(vid), "a GPU belongs elsewhere");
					},
					HardwareKind::Cpu => {
						let entry = used.entry(*part).or_default();
						*entry = entry.checked_add(&resource.capacity).ok_or("capacity overflows")?;
						ensure!(info.capacity.covers(entry), "more is used than there is");
					},
				}
			}
		}
		ensure!(ResourceOfGpu::<T>::iter().count() == gpus, "a GPU of a resource that is gone");
		for (hid, capacity) in UsedCapacity::<T>::iter() {
			ensure!(used.remove(&hid) == Some(capacity), "used capacity is wrong");
		}
		ensure!(used.is_empty(), "used capacity is not recorded");
		Ok(())
	}
}
