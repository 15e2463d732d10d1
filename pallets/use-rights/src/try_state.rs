//! What must be true of resources and rights at any time.

use alloc::collections::BTreeMap;

use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;
use usufruct_primitives::{deposit, traits::NodeInspect, Balance, Capacity, HardwareKind, Hid};

use crate::{
	Config, HoldReason, NextUid, NextVid, Pallet, ResourceOfGpu, Resources, UseRightState,
	UseRights, UsedCapacity,
};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::identifiers_were_given_out()?;
		Self::bound_resources_and_rights_agree()?;
		Self::capacity_is_exact()?;
		Self::holds_cover_deposits()
	}

	/// Each identifier is below the next one.
	fn identifiers_were_given_out() -> Result<(), TryRuntimeError> {
		let (vid, uid) = (NextVid::<T>::get(), NextUid::<T>::get());
		ensure!(
			Resources::<T>::iter_keys().all(|id| id < vid),
			"a resource has an identifier not given out"
		);
		ensure!(
			UseRights::<T>::iter_keys().all(|id| id < uid),
			"a right has an identifier not given out"
		);
		Ok(())
	}

	/// A bound resource and its use right name each other; what is not sold is the provider's.
	fn bound_resources_and_rights_agree() -> Result<(), TryRuntimeError> {
		for (uid, right) in UseRights::<T>::iter() {
			let resource = Resources::<T>::get(right.vid).ok_or("a right without a resource")?;
			ensure!(
				resource.bound == Some(uid),
				"a right whose resource is bound elsewhere"
			);
			let sold = matches!(right.state, UseRightState::Sold { .. });
			ensure!(
				sold || right.holder == resource.owner,
				"an unsold right in others' hands"
			);
		}
		for (vid, resource) in Resources::<T>::iter() {
			if let Some(uid) = resource.bound {
				let right = UseRights::<T>::get(uid).ok_or("a resource bound to nothing")?;
				ensure!(right.vid == vid, "a resource bound to another's right");
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
				let info =
					T::Nodes::hardware(*part).ok_or("a resource of hardware that is gone")?;
				ensure!(info.node == resource.node, "a part in another machine");
				match info.kind {
					HardwareKind::Gpu => {
						gpus = gpus.saturating_add(1);
						ensure!(
							ResourceOfGpu::<T>::get(part) == Some(vid),
							"a GPU belongs elsewhere"
						);
					}
					HardwareKind::Cpu => {
						let entry = used.entry(*part).or_default();
						*entry = entry
							.checked_add(&resource.capacity)
							.ok_or("capacity overflows")?;
						ensure!(info.capacity.covers(entry), "more is used than there is");
					}
				}
			}
		}
		ensure!(
			ResourceOfGpu::<T>::iter().count() == gpus,
			"a GPU of a resource that is gone"
		);
		for (hid, capacity) in UsedCapacity::<T>::iter() {
			ensure!(
				used.remove(&hid) == Some(capacity),
				"used capacity is wrong"
			);
		}
		ensure!(used.is_empty(), "used capacity is not recorded");
		Ok(())
	}

	/// What is held of an owner is the sum of its resources' deposits.
	fn holds_cover_deposits() -> Result<(), TryRuntimeError> {
		let mut deposits = BTreeMap::<T::AccountId, Balance>::new();
		for (_, resource) in Resources::<T>::iter() {
			let sum = deposits.entry(resource.owner).or_default();
			*sum = sum.saturating_add(deposit::amount(&resource.deposit));
		}
		for (owner, sum) in deposits {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Resource.into(), &owner) == sum,
				"held deposits differ from recorded ones"
			);
		}
		Ok(())
	}
}
