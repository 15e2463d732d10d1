//! From version 2, in which requests named no release of an application.
#![allow(missing_docs)]

use alloc::vec::Vec;
use core::marker::PhantomData;

use codec::{Decode, Encode};
use frame_support::{traits::ConstU32, BoundedVec, StoragePrefixedMap, Twox64Concat};
use usufruct_migrations::Layout;
use usufruct_primitives::{Balance, BlockNumber, Hash, NodeId, RequestId, Requirement};

use super::v4::{self, OldPlaced};
use crate::{Command, Config, Pallet, MAX_FAILURES, MAX_REPLICAS};

/// A specification as it was.
#[derive(Clone, Debug, Encode, Decode)]
pub struct OldSpec<AccountId> {
	pub image: Hash,
	pub command: Command,
	pub port: Option<u16>,
	pub requirement: Requirement<AccountId>,
	pub replicas: u8,
	pub term: BlockNumber,
}

/// A request as it was.
#[derive(Clone, Debug, Encode, Decode)]
pub struct OldRequest<AccountId, Ticket> {
	pub tenant: AccountId,
	pub spec: OldSpec<AccountId>,
	pub wasm: bool,
	pub budget: Balance,
	pub deposit: Ticket,
	pub opened_at: BlockNumber,
	pub window: BlockNumber,
	pub lifetime: BlockNumber,
	pub expires_at: BlockNumber,
	pub attempt: u32,
	pub missing: u8,
	pub placed: BoundedVec<OldPlaced<AccountId>, ConstU32<{ MAX_REPLICAS as u32 }>>,
	pub terms: BoundedVec<BlockNumber, ConstU32<{ MAX_REPLICAS as u32 }>>,
	pub avoid: BoundedVec<NodeId, ConstU32<MAX_FAILURES>>,
}

/// Requests as they were.
#[frame_support::storage_alias]
pub type Requests<T: Config> = StorageMap<
	Pallet<T>,
	Twox64Concat,
	RequestId,
	OldRequest<<T as frame_system::Config>::AccountId, <T as Config>::RequestDeposit>,
>;

/// Requests can name a release; of those there are, none does.
#[derive(Debug)]
pub struct OfRequests<T>(PhantomData<T>);

impl<T: Config> Layout for OfRequests<T> {
	type DbWeight = T::DbWeight;
	type New = v4::OldRequest<T::AccountId, T::RequestDeposit>;
	type Old = OldRequest<T::AccountId, T::RequestDeposit>;
	type Pallet = Pallet<T>;

	const FROM: u16 = 2;
	const MAP: u8 = 0;
	const TO: u16 = 3;

	fn prefix() -> Vec<u8> {
		v4::Requests::<T>::final_prefix().to_vec()
	}

	fn translate(old: Self::Old) -> Self::New {
		let spec = old.spec;
		v4::OldRequest {
			tenant: old.tenant,
			spec: v4::OldSpec {
				image: spec.image,
				release: None,
				command: spec.command,
				port: spec.port,
				requirement: spec.requirement,
				replicas: spec.replicas,
				term: spec.term,
			},
			wasm: old.wasm,
			budget: old.budget,
			royalty: 0,
			deposit: old.deposit,
			opened_at: old.opened_at,
			window: old.window,
			lifetime: old.lifetime,
			expires_at: old.expires_at,
			attempt: old.attempt,
			missing: old.missing,
			placed: old.placed,
			terms: old.terms,
			avoid: old.avoid,
		}
	}
}
