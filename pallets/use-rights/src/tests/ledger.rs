//! Wallets see rights as items of one collection, and can do nothing to them.

use frame_support::{assert_noop, assert_ok, traits::tokens::nonfungibles_v2::Inspect};
use sp_runtime::DispatchResult;

use crate::{mock::*, Ledger};

type Error = pallet_nfts::Error<Test>;

#[test]
fn the_first_mint_creates_the_collection() {
	ExtBuilder::default().resource().build_and_execute(|| {
		assert_eq!(Nfts::collection_owner(COLLECTION), None);
		mint(ALICE, 0);
		assert_eq!(Nfts::collection_owner(COLLECTION), Some(LEDGER));
		assert_eq!(reserved(&LEDGER), COLLECTION_DEPOSIT);
		assert_ok!(UseRights::burn(signed(ALICE), 0));
		mint(ALICE, 0);
		assert_eq!(reserved(&LEDGER), COLLECTION_DEPOSIT);
	});
}

#[test]
fn nothing_is_minted_while_the_collection_cannot_be_paid_for() {
	ExtBuilder::default().resource().build_and_execute(|| {
		let all_but_too_little = RICHES - (COLLECTION_DEPOSIT - 1);
		assert_ok!(Balances::transfer_allow_death(
			signed(LEDGER),
			BOB,
			all_but_too_little
		));
		assert_noop!(
			UseRights::mint(signed(ALICE), 0),
			pallet_balances::Error::<Test>::InsufficientBalance
		);
		assert_eq!(resource(0).bound, None);
		assert_ok!(Balances::transfer_allow_death(signed(BOB), LEDGER, 2));
		mint(ALICE, 0);
	});
}

#[test]
fn wallets_see_the_holder() {
	ExtBuilder::default().offered().build_and_execute(|| {
		assert_eq!(Nfts::owner(COLLECTION, 0), Some(ALICE));
		assert_ok!(sell(0, &CAROL, 10));
		assert_eq!(Nfts::owner(COLLECTION, 0), Some(CAROL));
		assert_ok!(UseRights::transfer(signed(CAROL), 0, BOB));
		assert_eq!(Nfts::owner(COLLECTION, 0), Some(BOB));
		assert_ok!(end(0));
		assert_eq!(Nfts::owner(COLLECTION, 0), None);
	});
}

#[test]
fn the_provider_pays_for_the_item_until_it_is_gone_and_no_holder_does() {
	ExtBuilder::default().offered().build_and_execute(|| {
		assert_ok!(sell(0, &CAROL, 10));
		assert_ok!(UseRights::transfer(signed(CAROL), 0, BOB));
		assert_eq!(
			[ALICE, BOB, CAROL].map(|who| reserved(&who)),
			[ITEM_DEPOSIT, 0, 0]
		);
		assert_ok!(end(0));
		assert_eq!([ALICE, BOB, CAROL].map(|who| reserved(&who)), [0, 0, 0]);
	});
}

#[test]
fn a_holder_cannot_burn_the_item_and_so_keep_the_resource_bound_for_ever() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert_noop!(Nfts::burn(signed(CAROL), COLLECTION, 0), Error::ItemLocked);
		assert_ok!(end(0));
		assert_eq!(resource(0).bound, None);
	});
}

#[test]
fn a_holder_cannot_move_the_item_past_this_pallet() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert!(!Nfts::can_transfer(&COLLECTION, &0));
		assert_noop!(
			Nfts::transfer(signed(CAROL), COLLECTION, 0, BOB),
			Error::ItemLocked
		);
		// Nor by a delegate.
		assert_ok!(Nfts::approve_transfer(
			signed(CAROL),
			COLLECTION,
			0,
			BOB,
			None
		));
		assert_noop!(
			Nfts::transfer(signed(BOB), COLLECTION, 0, BOB),
			Error::ItemLocked
		);
		// Nor by a sale.
		assert_ok!(Nfts::set_price(signed(CAROL), COLLECTION, 0, Some(5), None));
		assert_noop!(
			Nfts::buy_item(signed(BOB), COLLECTION, 0, 5),
			Error::ItemLocked
		);
	});
}

#[test]
fn an_item_stays_locked_when_this_pallet_moves_it() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert_ok!(UseRights::transfer(signed(CAROL), 0, BOB));
		assert_noop!(
			Nfts::transfer(signed(BOB), COLLECTION, 0, CAROL),
			Error::ItemLocked
		);
		assert_noop!(Nfts::burn(signed(BOB), COLLECTION, 0), Error::ItemLocked);
	});
}

#[test]
fn what_a_holder_allowed_ends_with_its_holding() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert_ok!(Nfts::approve_transfer(
			signed(CAROL),
			COLLECTION,
			0,
			BOB,
			None
		));
		assert_ok!(Nfts::set_price(signed(CAROL), COLLECTION, 0, Some(5), None));
		assert_ok!(UseRights::transfer(signed(CAROL), 0, ALICE));
		assert_noop!(
			Nfts::transfer(signed(BOB), COLLECTION, 0, BOB),
			Error::ItemLocked
		);
		assert_eq!(pallet_nfts::ItemPriceOf::<Test>::get(COLLECTION, 0), None);
		let item = pallet_nfts::Item::<Test>::get(COLLECTION, 0).expect("it is there");
		assert!(item.approvals.is_empty());
	});
}

#[test]
fn nothing_a_holder_does_to_the_item_keeps_the_right_from_ending() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		let carol = || signed(CAROL);
		let word = || b"word".to_vec().try_into().expect("it is short");
		let own = pallet_nfts::AttributeNamespace::ItemOwner;
		assert_ok!(Nfts::set_attribute(
			carol(),
			COLLECTION,
			Some(0),
			own.clone(),
			word(),
			Default::default()
		));
		assert_ok!(Nfts::approve_item_attributes(carol(), COLLECTION, 0, BOB));
		assert_ok!(Nfts::approve_transfer(carol(), COLLECTION, 0, BOB, Some(5)));
		assert_ok!(Nfts::set_price(carol(), COLLECTION, 0, Some(5), Some(BOB)));
		assert_ok!(Nfts::create_swap(
			carol(),
			COLLECTION,
			0,
			COLLECTION,
			None,
			None,
			5
		));
		let deposit = reserved(&CAROL);
		assert!(deposit > 0);
		assert_ok!(UseRights::transfer(carol(), 0, BOB));
		assert_ok!(UseRights::transfer(signed(BOB), 0, CAROL));
		assert_ok!(end(0));
		assert_eq!(resource(0).bound, None);
		// What the holder wrote is still the holder's, to be cleared for its deposit.
		assert_ok!(Nfts::clear_attribute(
			carol(),
			COLLECTION,
			Some(0),
			own,
			word()
		));
		assert_eq!((reserved(&CAROL), free(&CAROL)), (0, RICHES));
	});
}

#[test]
fn nobody_unlocks_an_item() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		use codec::Encode;
		let key = pallet_nfts::PalletAttributes::<u32>::TransferDisabled.encode();
		let key = || key.clone().try_into().expect("it is short");
		let namespace = || pallet_nfts::AttributeNamespace::Pallet;
		for who in [ALICE, BOB, CAROL, LEDGER] {
			assert_noop!(
				Nfts::clear_attribute(signed(who.clone()), COLLECTION, Some(0), namespace(), key()),
				Error::NoPermission
			);
		}
		assert_noop!(
			Nfts::unlock_item_transfer(signed(CAROL), COLLECTION, 0),
			Error::NoPermission
		);
	});
}

#[test]
fn nobody_mints_items_that_are_not_rights() {
	ExtBuilder::default().minted().build_and_execute(|| {
		for who in [ALICE, CAROL] {
			assert_noop!(
				Nfts::mint(signed(who.clone()), COLLECTION, 5, who.clone(), None),
				Error::NoPermission
			);
		}
	});
}

#[test]
fn many_rights_leave_nothing_behind() {
	ExtBuilder::default().resource().build_and_execute(|| {
		for _ in 0..5 {
			let uid = mint(ALICE, 0);
			assert_ok!(UseRights::burn(signed(ALICE), uid));
			let uid = mint(ALICE, 0);
			assert_ok!(offer(uid, &ALICE));
			assert_ok!(sell(uid, &CAROL, 10));
			assert_ok!(UseRights::transfer(signed(CAROL), uid, BOB));
			assert_ok!(end(uid));
		}
		let collection = pallet_nfts::Collection::<Test>::get(COLLECTION).expect("it is there");
		assert_eq!(
			format!("{collection:?}"),
			format!(
				"{:?}",
				pallet_nfts::CollectionDetails {
					owner: LEDGER,
					owner_deposit: COLLECTION_DEPOSIT,
					items: 0,
					item_metadatas: 0,
					item_configs: 0,
					attributes: 0,
				}
			)
		);
	});
}

#[test]
fn a_chain_may_do_without_a_ledger() {
	let done: [DispatchResult; 3] = [
		<() as Ledger<u64>>::mint(0, &1),
		<() as Ledger<u64>>::transfer(0, &2),
		<() as Ledger<u64>>::burn(0),
	];
	assert_eq!(done, [Ok(()); 3]);
}
