//! The life of a use right: minted, offered, sold, ended.

use frame_support::ensure;
use sp_runtime::{DispatchError, DispatchResult, SaturatedConversion};
use usufruct_primitives::{
	traits::{ResourceInfo, ResourceInspect, UseRightSale},
	BlockNumber, Uid, Vid,
};

use crate::{
	Config, Error, Event, Ledger, NextUid, Pallet, Resources, UseRightRecord, UseRightState,
	UseRights,
};

impl<T: Config> Pallet<T> {
	fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	fn right(uid: Uid) -> Result<UseRightRecord<T::AccountId>, DispatchError> {
		UseRights::<T>::get(uid).ok_or_else(|| Error::<T>::UnknownUseRight.into())
	}

	pub(crate) fn do_mint(owner: T::AccountId, vid: Vid) -> DispatchResult {
		let mut resource = Resources::<T>::get(vid).ok_or(Error::<T>::UnknownResource)?;
		ensure!(resource.owner == owner, Error::<T>::NotOwner);
		ensure!(resource.bound.is_none(), Error::<T>::ResourceBound);
		let uid = NextUid::<T>::get();
		let next = uid.checked_add(1).ok_or(Error::<T>::Exhausted)?;
		T::Ledger::mint(uid, &owner)?;
		NextUid::<T>::put(next);
		resource.bound = Some(uid);
		Resources::<T>::insert(vid, resource);
		UseRights::<T>::insert(
			uid,
			UseRightRecord {
				vid,
				holder: owner,
				state: UseRightState::Minted,
			},
		);
		Self::deposit_event(Event::UseRightMinted { uid, vid });
		Ok(())
	}

	pub(crate) fn do_burn(holder: T::AccountId, uid: Uid) -> DispatchResult {
		let right = Self::right(uid)?;
		ensure!(right.holder == holder, Error::<T>::NotHolder);
		match right.state {
			UseRightState::Minted => {}
			UseRightState::Offered => return Err(Error::<T>::Offered.into()),
			UseRightState::Sold { .. } => return Err(Error::<T>::Sold.into()),
		}
		Self::remove(uid, right.vid)?;
		Self::deposit_event(Event::UseRightBurned {
			uid,
			vid: right.vid,
		});
		Ok(())
	}

	pub(crate) fn do_transfer(holder: T::AccountId, uid: Uid, to: T::AccountId) -> DispatchResult {
		let right = Self::right(uid)?;
		ensure!(right.holder == holder, Error::<T>::NotHolder);
		// One that was reserved is handed on before its term begins, too.
		ensure!(
			matches!(right.state, UseRightState::Sold { until, .. } if Self::now() < until),
			Error::<T>::NotInForce
		);
		Self::hand_over(uid, &to)
	}

	/// Forgets the right and frees its resource.
	fn remove(uid: Uid, vid: Vid) -> DispatchResult {
		T::Ledger::burn(uid)?;
		UseRights::<T>::remove(uid);
		Resources::<T>::mutate_extant(vid, |resource| resource.bound = None);
		Ok(())
	}
}

impl<T: Config> UseRightSale<T::AccountId> for Pallet<T> {
	fn offer(uid: Uid, owner: &T::AccountId) -> DispatchResult {
		let mut right = Self::right(uid)?;
		ensure!(right.holder == *owner, Error::<T>::NotHolder);
		match right.state {
			UseRightState::Minted => {}
			UseRightState::Offered => return Err(Error::<T>::Offered.into()),
			UseRightState::Sold { .. } => return Err(Error::<T>::Sold.into()),
		}
		right.state = UseRightState::Offered;
		UseRights::<T>::insert(uid, right);
		Ok(())
	}

	fn withdraw(uid: Uid) -> DispatchResult {
		let mut right = Self::right(uid)?;
		ensure!(
			right.state == UseRightState::Offered,
			Error::<T>::NotOffered
		);
		right.state = UseRightState::Minted;
		UseRights::<T>::insert(uid, right);
		Ok(())
	}

	fn sell(
		uid: Uid,
		buyer: &T::AccountId,
		from: BlockNumber,
		until: BlockNumber,
	) -> DispatchResult {
		let mut right = Self::right(uid)?;
		ensure!(
			right.state == UseRightState::Offered,
			Error::<T>::NotOffered
		);
		T::Ledger::transfer(uid, buyer)?;
		right.holder = buyer.clone();
		right.state = UseRightState::Sold { from, until };
		UseRights::<T>::insert(uid, right);
		Self::deposit_event(Event::UseRightSold {
			uid,
			buyer: buyer.clone(),
			from,
			until,
		});
		Ok(())
	}

	fn hand_over(uid: Uid, to: &T::AccountId) -> DispatchResult {
		let mut right = Self::right(uid)?;
		ensure!(
			matches!(right.state, UseRightState::Sold { .. }),
			Error::<T>::NotInForce
		);
		T::Ledger::transfer(uid, to)?;
		let from = core::mem::replace(&mut right.holder, to.clone());
		UseRights::<T>::insert(uid, right);
		Self::deposit_event(Event::UseRightTransferred {
			uid,
			from,
			to: to.clone(),
		});
		Ok(())
	}

	fn extend(uid: Uid, until: BlockNumber) -> DispatchResult {
		let mut right = Self::right(uid)?;
		let UseRightState::Sold {
			from,
			until: before,
		} = right.state
		else {
			return Err(Error::<T>::NotInForce.into());
		};
		ensure!(Self::now() < before, Error::<T>::NotInForce);
		right.state = UseRightState::Sold { from, until };
		UseRights::<T>::insert(uid, right);
		Self::deposit_event(Event::UseRightExtended { uid, until });
		Ok(())
	}

	fn end(uid: Uid) -> DispatchResult {
		let right = Self::right(uid)?;
		ensure!(
			matches!(right.state, UseRightState::Sold { .. }),
			Error::<T>::NotInForce
		);
		Self::remove(uid, right.vid)?;
		Self::deposit_event(Event::UseRightEnded {
			uid,
			vid: right.vid,
		});
		Ok(())
	}
}

impl<T: Config> ResourceInspect<T::AccountId> for Pallet<T> {
	fn resource(vid: Vid) -> Option<ResourceInfo<T::AccountId>> {
		Resources::<T>::get(vid).map(|record| ResourceInfo {
			node: record.node,
			owner: record.owner,
			class: record.class,
			lead: record.lead,
			gpus: record.gpus,
			gpu_memory_mib: record.gpu_memory_mib,
			capacity: record.capacity,
			isolation: record.isolation,
		})
	}

	fn vid_of(uid: Uid) -> Option<Vid> {
		UseRights::<T>::get(uid).map(|right| right.vid)
	}

	fn holder(uid: Uid) -> Option<T::AccountId> {
		UseRights::<T>::get(uid).map(|right| right.holder)
	}

	fn in_force_until(uid: Uid) -> Option<BlockNumber> {
		match UseRights::<T>::get(uid)?.state {
			UseRightState::Sold { from, until } => {
				(from..until).contains(&Self::now()).then_some(until)
			}
			UseRightState::Minted | UseRightState::Offered => None,
		}
	}
}
