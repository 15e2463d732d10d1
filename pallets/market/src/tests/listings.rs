//! Offering a use right and taking it back.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;
use usufruct_primitives::{
	deposit,
	traits::{ListingInfo, Marketplace},
	Uid,
};

use crate::{mock::*, Error, Event, ListingOrder, Listings};

#[test]
fn a_listing_locks_the_right_holds_the_deposit_and_says_so() {
	ExtBuilder::default().build_and_execute(|| {
		pass(4);
		assert_ok!(list_for(ALICE, UID, PRICE, 5..=20, &[(ALICE, 10_000)]));
		let listing = listing(UID);
		assert_eq!(
			(listing.seller, listing.vid, listing.price),
			(ALICE, 100, PRICE)
		);
		assert_eq!(
			(listing.min_term, listing.max_term, listing.listed_at),
			(5, 20, 5)
		);
		assert_eq!(Rights::get()[&UID].state, State::Offered);
		assert_eq!(held(ALICE), DEPOSIT);
		assert_eq!(
			events(),
			[Event::Listed {
				uid: UID,
				vid: 100,
				price: PRICE
			}]
		);
	});
}

#[test]
fn somebody_elses_right_cannot_be_listed() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(list(BOB, UID, PRICE, &[(BOB, 10_000)]), NOT_THEIRS);
		assert_noop!(list(CAROL, BOBS_UID, PRICE, &[(CAROL, 10_000)]), NOT_THEIRS);
	});
}

#[test]
fn a_right_is_listed_once() {
	ExtBuilder::default().listed().build_and_execute(|| {
		assert_noop!(list(ALICE, UID, PRICE, &[]), WRONG_STATE);
		assert_eq!(held(ALICE), DEPOSIT);
	});
}

#[test]
fn a_sold_right_cannot_be_listed_by_seller_or_buyer() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert_noop!(list(ALICE, UID, PRICE, &[]), NOT_THEIRS);
		assert_noop!(list(CAROL, UID, PRICE, &[]), WRONG_STATE);
	});
}

#[test]
fn a_right_that_was_never_minted_cannot_be_listed() {
	ExtBuilder::default().build_and_execute(|| {
		let refused = Error::<Test>::UnknownUseRight;
		assert_noop!(list(ALICE, 99, PRICE, &[(ALICE, 10_000)]), refused);
	});
}

#[test]
fn shares_that_do_not_add_up_to_10_000_are_refused_and_nothing_is_listed() {
	ExtBuilder::default().build_and_execute(|| {
		for holders in [
			&[(ALICE, 9_999)][..],
			&[(ALICE, 10_001)],
			&[(ALICE, 5_000), (BOB, 5_001)],
			&[(ALICE, u16::MAX), (BOB, u16::MAX)],
		] {
			assert_noop!(list(ALICE, UID, PRICE, holders), BAD_SHARES);
		}
		assert_eq!(held(ALICE), 0);
	});
}

#[test]
fn the_first_listing_names_the_holders_the_seller_first() {
	ExtBuilder::default().build_and_execute(|| {
		let missing = || Error::<Test>::HoldersMissing;
		assert_noop!(list(ALICE, UID, PRICE, &[]), missing());
		assert_noop!(list(ALICE, UID, PRICE, &[(BOB, 10_000)]), missing());
		assert_noop!(
			list(ALICE, UID, PRICE, &[(BOB, 9_999), (ALICE, 1)]),
			missing()
		);
		assert_ok!(list(ALICE, UID, PRICE, &[(ALICE, 1), (BOB, 9_999)]));
	});
}

#[test]
fn a_later_listing_keeps_the_revenue_right_and_names_nobody() {
	ExtBuilder::default().listed().build_and_execute(|| {
		assert_ok!(Market::delist(signed(ALICE), UID));
		let again = list(ALICE, UID, PRICE, &[(ALICE, 10_000)]);
		assert_noop!(again, Error::<Test>::HoldersFixed);
		assert_ok!(list(ALICE, UID, PRICE, &[]));
	});
}

#[test]
fn a_price_of_zero_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			list(ALICE, UID, 0, &[(ALICE, 10_000)]),
			Error::<Test>::ZeroPrice
		);
	});
}

#[test]
fn terms_are_at_least_a_block_in_order_and_at_most_the_chains() {
	ExtBuilder::default().build_and_execute(|| {
		let with = |min, max| list_for(ALICE, UID, PRICE, min..=max, &[(ALICE, 10_000)]);
		for (min, max) in [(0, 10), (11, 10), (1, 0), (1, MAX_TERM + 1), (1, u32::MAX)] {
			assert_noop!(with(min, max), Error::<Test>::BadTerms);
		}
		assert_ok!(with(MAX_TERM, MAX_TERM));
	});
}

#[test]
fn who_cannot_pay_the_deposit_lists_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		let refused = TokenError::FundsUnavailable;
		assert_noop!(list(POOR, POORS_UID, PRICE, &[(POOR, 10_000)]), refused);
		assert_eq!(Rights::get()[&POORS_UID].state, State::Minted);
	});
}

#[test]
fn delisting_frees_the_right_and_returns_the_deposit() {
	ExtBuilder::default().listed().build_and_execute(|| {
		assert_ok!(Market::delist(signed(ALICE), UID));
		assert_eq!(Rights::get()[&UID].state, State::Minted);
		assert_eq!((held(ALICE), free(ALICE)), (0, RICHES));
		assert_eq!(events(), [Event::Delisted { uid: UID }]);
		assert_eq!(
			(
				Listings::<Test>::iter().count(),
				ListingOrder::<Test>::iter().count()
			),
			(0, 0)
		);
	});
}

#[test]
fn what_is_not_for_sale_cannot_be_delisted() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		for uid in [UID, OTHER_UID, 99] {
			assert_noop!(Market::delist(signed(ALICE), uid), Error::<Test>::NotListed);
		}
	});
}

#[test]
fn a_deposit_returns_as_it_was_held_whatever_it_is_now() {
	ExtBuilder::default().listed().build_and_execute(|| {
		Listings::<Test>::mutate(UID, |listing| {
			// As if half of it had been asked for when it was listed.
			listing.as_mut().expect("it is for sale").deposit =
				deposit::ticket(DEPOSIT / 2).expect("tickets are amounts");
		});
		assert_ok!(Market::delist(signed(ALICE), UID));
		assert_eq!(held(ALICE), DEPOSIT / 2);
	});
}

/// Lists rights with these numbers, in this order.
fn stock(uids: &[Uid]) {
	for uid in uids {
		mint(*uid, ALICE);
		assert_ok!(list(ALICE, *uid, PRICE, &[(ALICE, 10_000)]));
	}
}

fn page(from: Uid, limit: u32) -> Vec<Uid> {
	let page: Vec<ListingInfo<u64>> = Market::listings_from(from, limit);
	page.into_iter().map(|listing| listing.uid).collect()
}

#[test]
fn listings_are_paged_by_rising_uid_from_any_point() {
	ExtBuilder::default().build_and_execute(|| {
		stock(&[70_000, 300, 255, 256, 10]);
		assert_eq!(page(0, 10), [10, 255, 256, 300, 70_000]);
		assert_eq!(page(0, 2), [10, 255]);
		assert_eq!(page(255, 2), [255, 256]);
		assert_eq!(page(257, 10), [300, 70_000]);
		assert_eq!(page(70_001, 10), [] as [Uid; 0]);
		assert_eq!(page(0, 0), [] as [Uid; 0]);
		assert_eq!(page(Uid::MAX, 10), [] as [Uid; 0]);
	});
}

#[test]
fn others_see_a_listing_as_it_is() {
	ExtBuilder::default().listed().build_and_execute(|| {
		let seen = ListingInfo {
			uid: UID,
			vid: 100,
			seller: ALICE,
			price: PRICE,
			min_term: 1,
			max_term: 100,
			listed_at: 1,
		};
		assert_eq!(<Market as Marketplace<u64>>::listing(UID), Some(seen));
		assert_eq!(<Market as Marketplace<u64>>::listing(OTHER_UID), None);
	});
}
