//! The ledger in which wallets see use rights: one collection of `pallet-nfts`.

use core::marker::PhantomData;

use frame_support::traits::{
	tokens::nonfungibles_v2::{Create, Inspect, Mutate, Transfer},
	Get,
};
use pallet_nfts::{CollectionConfig, CollectionSettings, ItemConfig, ItemSettings, MintSettings};
use sp_runtime::DispatchResult;
use usufruct_primitives::Uid;

/// Shows use rights as non-fungible tokens.
pub trait Ledger<AccountId> {
	/// Shows a new right.
	fn mint(uid: Uid, holder: &AccountId) -> DispatchResult;
	/// Shows its new holder.
	fn transfer(uid: Uid, to: &AccountId) -> DispatchResult;
	/// Shows it no more.
	fn burn(uid: Uid) -> DispatchResult;
}

/// No ledger: rights are seen in this pallet's storage alone.
impl<AccountId> Ledger<AccountId> for () {
	fn mint(_: Uid, _: &AccountId) -> DispatchResult {
		Ok(())
	}
	fn transfer(_: Uid, _: &AccountId) -> DispatchResult {
		Ok(())
	}
	fn burn(_: Uid) -> DispatchResult {
		Ok(())
	}
}

/// A collection of `pallet-nfts` that belongs to `Owner`. Created with the first mint; `Owner`
/// needs the collection's deposit. The provider pays for an item until it is gone.
///
/// Items are locked but while this pallet moves them: the rules of rights are here. The lock is the
/// system's `TransferDisabled`, not an item's setting: that would let holders burn their items, so
/// that their rights could not end, and its record would stay behind for ever.
#[derive(Debug)]
pub struct NftLedger<T, Owner, Collection>(PhantomData<(T, Owner, Collection)>);

type Nfts<T> = pallet_nfts::Pallet<T>;

impl<T, Owner, Collection> NftLedger<T, Owner, Collection>
where
	T: pallet_nfts::Config<CollectionId = u32, ItemId = Uid>,
	Owner: Get<T::AccountId>,
	Collection: Get<u32>,
{
	fn ensure_collection() -> DispatchResult {
		let collection = Collection::get();
		if <Nfts<T> as Inspect<T::AccountId>>::collection_owner(&collection).is_some() {
			return Ok(());
		}
		let config = CollectionConfig {
			settings: CollectionSettings::all_enabled(),
			max_supply: None,
			mint_settings: MintSettings::default(),
		};
		let owner = Owner::get();
		<Nfts<T> as Create<T::AccountId, _>>::create_collection_with_id(
			collection, &owner, &owner, &config,
		)
	}

	fn lock(uid: Uid) -> DispatchResult {
		<Nfts<T> as Transfer<T::AccountId>>::disable_transfer(&Collection::get(), &uid)
	}

	fn unlock(uid: Uid) -> DispatchResult {
		<Nfts<T> as Transfer<T::AccountId>>::enable_transfer(&Collection::get(), &uid)
	}
}

impl<T, Owner, Collection> Ledger<T::AccountId> for NftLedger<T, Owner, Collection>
where
	T: pallet_nfts::Config<CollectionId = u32, ItemId = Uid>,
	Owner: Get<T::AccountId>,
	Collection: Get<u32>,
{
	fn mint(uid: Uid, holder: &T::AccountId) -> DispatchResult {
		Self::ensure_collection()?;
		let config = ItemConfig {
			settings: ItemSettings::all_enabled(),
		};
		<Nfts<T> as Mutate<T::AccountId, ItemConfig>>::mint_into(
			&Collection::get(),
			&uid,
			holder,
			&config,
			false,
		)?;
		Self::lock(uid)
	}

	fn transfer(uid: Uid, to: &T::AccountId) -> DispatchResult {
		Self::unlock(uid)?;
		<Nfts<T> as Transfer<T::AccountId>>::transfer(&Collection::get(), &uid, to)?;
		Self::lock(uid)
	}

	fn burn(uid: Uid) -> DispatchResult {
		Self::unlock(uid)?;
		<Nfts<T> as Mutate<T::AccountId, ItemConfig>>::burn(&Collection::get(), &uid, None)
	}
}
