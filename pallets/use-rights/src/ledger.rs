//! The ledger in which wallets see use rights: one collection of `pallet-nfts`.

use core::marker::PhantomData;

use frame_support::traits::{
	tokens::nonfungibles_v2::{Create, Inspect, Mutate},
	Get,
};
use pallet_nfts::{CollectionConfig, CollectionSettings, ItemConfig, ItemSetting, ItemSettings, MintSettings};
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

/// A collection of `pallet-nfts` that belongs to `Owner`. Created with the first mint; `Owner` needs
/// the collection's deposit. Items cannot be moved but by this pallet: their rules are here.
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
}

impl<T, Owner, Collection> Ledger<T::AccountId> for NftLedger<T, Owner, Collection>
where
	T: pallet_nfts::Config<CollectionId = u32, ItemId = Uid>,
	Owner: Get<T::AccountId>,
	Collection: Get<u32>,
{
	fn mint(uid: Uid, holder: &T::AccountId) -> DispatchResult {
		Self::ensure_collection()?;
		// Holders cannot move items by themselves.
		let config = ItemConfig { settings: ItemSettings::from_disabled(ItemSetting::Transferable.into()) };
		<Nfts<T> as Mutate<T::AccountId, ItemConfig>>::mint_into(
			&Collection::get(), &uid, holder, &config, false,
		)
	}

	fn transfer(uid: Uid, to: &T::AccountId) -> DispatchResult {
		// The item is not transferable for anybody, this pallet included: it is minted anew.
		Self::burn(uid)?;
		Self::mint(uid, to)
	}

	fn burn(uid: Uid) -> DispatchResult {
		<Nfts<T> as Mutate<T::AccountId, ItemConfig>>::burn(&Collection::get(), &uid, None)
	}
}

