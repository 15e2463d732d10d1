//! From one layout of use rights to the next.
// Fields of old records speak for themselves: they are those of the new.
#![allow(missing_docs)]

/// From version 1, in which the term of a sold right had no begin: it began when it was sold.
pub mod v2 {
	use alloc::vec::Vec;
	use core::marker::PhantomData;

	use codec::{Decode, Encode};
	use frame_support::StoragePrefixedMap;
	use usufruct_migrations::Layout;
	use usufruct_primitives::{BlockNumber, Vid};

	use crate::{Config, Pallet, UseRightRecord, UseRightState, UseRights};

	/// The state of a right as it was.
	#[derive(Clone, Copy, Debug, Encode, Decode)]
	pub enum OldState {
		Minted,
		Offered,
		Sold { until: BlockNumber },
	}

	/// A right as it was.
	#[derive(Clone, Debug, Encode, Decode)]
	pub struct OldRight<AccountId> {
		pub vid: Vid,
		pub holder: AccountId,
		pub state: OldState,
	}

	/// Sold rights say from when on they are in force; those there are, always were.
	#[derive(Debug)]
	pub struct OfRights<T>(PhantomData<T>);

	impl<T: Config> Layout for OfRights<T> {
		type DbWeight = T::DbWeight;
		type New = UseRightRecord<T::AccountId>;
		type Old = OldRight<T::AccountId>;
		type Pallet = Pallet<T>;

		const FROM: u16 = 1;
		const MAP: u8 = 0;
		const TO: u16 = 2;

		fn prefix() -> Vec<u8> {
			UseRights::<T>::final_prefix().to_vec()
		}

		fn translate(old: Self::Old) -> Self::New {
			UseRightRecord {
				vid: old.vid,
				holder: old.holder,
				state: match old.state {
					OldState::Minted => UseRightState::Minted,
					OldState::Offered => UseRightState::Offered,
					OldState::Sold { until } => UseRightState::Sold { from: 0, until },
				},
			}
		}
	}
}
