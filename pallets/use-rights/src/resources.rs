//! Cutting resources from hardware, and giving the hardware back.

use alloc::vec::Vec;

use codec::MaxEncodedLen;
use frame_support::{
	ensure,
	traits::{Consideration, Footprint},
};
use sp_runtime::{DispatchError, DispatchResult};
use usufruct_primitives::{
	traits::{NodeInspect, NodeUsage},
	Capacity, HardwareInfo, HardwareKind, Hid, IsolationClass, Vid,
};

use crate::{
	Config, Error, Event, NextVid, Pallet, Parts, Resource, ResourceOfGpu, Resources,
	UseRightRecord, UsedCapacity,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_create_resource(
		owner: T::AccountId,
		parts: Parts,
		capacity: Capacity,
		isolation: IsolationClass,
	) -> DispatchResult {
		let hardware = Self::hardware_of(&parts)?;
		let (lead, first) = hardware.first().ok_or(Error::<T>::NoParts)?;
		let node = first.node;
		ensure!(
			hardware.iter().all(|(_, info)| info.node == node),
			Error::<T>::PartsOfSeveralNodes
		);
		ensure!(
			T::Nodes::owner(node).as_ref() == Some(&owner),
			Error::<T>::NotOwner
		);

		let gpus: Vec<_> = hardware
			.iter()
			.filter(|(_, info)| info.kind == HardwareKind::Gpu)
			.collect();
		for (gpu, _) in &gpus {
			ensure!(!ResourceOfGpu::<T>::contains_key(gpu), Error::<T>::GpuTaken);
		}
		let used = Self::take_capacity(&hardware, &capacity)?;

		let vid = NextVid::<T>::get();
		let next = vid.checked_add(1).ok_or(Error::<T>::Exhausted)?;
		let (lead, class) = gpus
			.first()
			.map_or((*lead, first.class), |(hid, info)| (*hid, info.class));
		T::Nodes::acquire(node)?;
		// The record, an entry for each part, and the right.
		let items = parts.len().saturating_add(2);
		let bytes = Resource::<T>::max_encoded_len()
			.saturating_add(UseRightRecord::<T::AccountId>::max_encoded_len())
			.saturating_add(parts.len().saturating_mul(Capacity::max_encoded_len()));
		let deposit = T::ResourceDeposit::new(&owner, Footprint::from_parts(items, bytes))?;
		let record = Resource::<T> {
			owner: owner.clone(),
			node,
			parts,
			lead,
			class,
			gpus: gpus.len().try_into().map_err(|_| Error::<T>::Exhausted)?,
			gpu_memory_mib: gpus
				.iter()
				.map(|(_, info)| info.capacity.memory_mib)
				.min()
				.unwrap_or(0),
			capacity,
			isolation,
			bound: None,
			deposit,
		};
		NextVid::<T>::put(next);
		for (gpu, _) in gpus {
			ResourceOfGpu::<T>::insert(gpu, vid);
		}
		if let Some((cpu, used)) = used {
			UsedCapacity::<T>::insert(cpu, used);
		}
		Resources::<T>::insert(vid, record);
		Self::deposit_event(Event::ResourceCreated { vid, node, owner });
		Ok(())
	}

	pub(crate) fn do_remove_resource(owner: T::AccountId, vid: Vid) -> DispatchResult {
		let record = Resources::<T>::get(vid).ok_or(Error::<T>::UnknownResource)?;
		ensure!(record.owner == owner, Error::<T>::NotOwner);
		ensure!(record.bound.is_none(), Error::<T>::ResourceBound);
		record.deposit.drop(&owner)?;
		for part in &record.parts {
			if ResourceOfGpu::<T>::take(part).is_none() {
				UsedCapacity::<T>::mutate_exists(part, |used| {
					*used = used
						.and_then(|used| used.checked_sub(&record.capacity))
						.filter(|used| *used != Capacity::default());
				});
			}
		}
		Resources::<T>::remove(vid);
		T::Nodes::release(record.node);
		Self::deposit_event(Event::ResourceRemoved { vid });
		Ok(())
	}

	/// What the distinct parts are.
	fn hardware_of(parts: &Parts) -> Result<Vec<(Hid, HardwareInfo)>, DispatchError> {
		let mut hardware: Vec<(Hid, HardwareInfo)> = Vec::with_capacity(parts.len());
		for part in parts {
			ensure!(
				hardware.iter().all(|(hid, _)| hid != part),
				Error::<T>::DuplicatePart
			);
			let info = T::Nodes::hardware(*part).ok_or(Error::<T>::UnknownHardware)?;
			hardware.push((*part, info));
		}
		Ok(hardware)
	}

	/// The CPU among the parts and what would be used of it with `capacity` more; `None` without CPU.
	fn take_capacity(
		hardware: &[(Hid, HardwareInfo)],
		capacity: &Capacity,
	) -> Result<Option<(Hid, Capacity)>, DispatchError> {
		let mut cpus = hardware
			.iter()
			.filter(|(_, info)| info.kind == HardwareKind::Cpu);
		let cpu = cpus.next();
		ensure!(cpus.next().is_none(), Error::<T>::SeveralCpus);
		match cpu {
			None => {
				ensure!(
					*capacity == Capacity::default(),
					Error::<T>::CapacityWithoutCpu
				);
				Ok(None)
			}
			Some((hid, info)) => {
				ensure!(
					capacity.cpu_millis > 0 && capacity.memory_mib > 0,
					Error::<T>::CapacityWithoutCpu
				);
				let used = UsedCapacity::<T>::get(hid)
					.checked_add(capacity)
					.filter(|used| info.capacity.covers(used))
					.ok_or(Error::<T>::NotEnoughCapacity)?;
				Ok(Some((*hid, used)))
			}
		}
	}
}
