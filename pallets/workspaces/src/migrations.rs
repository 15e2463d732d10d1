//! From one layout of requests and leases to the next.
// Fields of old records speak for themselves: they are those of the new.
#![allow(missing_docs)]

/// From version 1, in which every lease had bought its right.
pub mod v2 {
	use alloc::vec::Vec;
	use core::marker::PhantomData;

	use codec::{Decode, Encode};
	use frame_support::StoragePrefixedMap;
	use usufruct_migrations::Layout;
	use usufruct_primitives::{BlockNumber, NodeId, RequestId, Uid, Vid};

	use crate::{Config, Endpoint, LeaseRecord, LeaseState, Leases, Pallet};

	/// A lease as it was.
	#[derive(Clone, Debug, Encode, Decode)]
	pub struct OldLease<AccountId> {
		pub request: RequestId,
		pub replica: u8,
		pub uid: Uid,
		pub vid: Vid,
		pub node: NodeId,
		pub tenant: AccountId,
		pub provider: AccountId,
		pub state: LeaseState,
		pub endpoint: Endpoint,
		pub generation: u32,
		pub opened_at: BlockNumber,
		pub deadline: BlockNumber,
		pub ends_at: BlockNumber,
	}

	/// Leases say whether their right stays when they end; of those there are, none does.
	#[derive(Debug)]
	pub struct OfLeases<T>(PhantomData<T>);

	impl<T: Config> Layout for OfLeases<T> {
		type DbWeight = T::DbWeight;
		type New = LeaseRecord<T::AccountId>;
		type Old = OldLease<T::AccountId>;
		type Pallet = Pallet<T>;

		const FROM: u16 = 1;
		const MAP: u8 = 0;
		const TO: u16 = 2;

		fn prefix() -> Vec<u8> {
			Leases::<T>::final_prefix().to_vec()
		}

		fn translate(old: Self::Old) -> Self::New {
			LeaseRecord {
				request: old.request,
				replica: old.replica,
				uid: old.uid,
				vid: old.vid,
				node: old.node,
				tenant: old.tenant,
				provider: old.provider,
				state: old.state,
				endpoint: old.endpoint,
				generation: old.generation,
				opened_at: old.opened_at,
				deadline: old.deadline,
				ends_at: old.ends_at,
				keeps_right: false,
			}
		}
	}
}
