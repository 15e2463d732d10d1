//! What a validator's worker remembers of the listings, and that it believes none of it.

use codec::Encode;
use frame_support::assert_ok;
use proptest::prelude::*;
use sp_runtime::offchain::storage::StorageValueRef;
use usufruct_offchain_worker::Index;
use usufruct_primitives::Uid;

use super::worker::{as_validator, include, work};
use crate::{mock::*, *};

/// Listings that a run of the mock's worker reads.
const PART: u64 = 50;

/// Lists use rights of rising price, from 1 on.
fn list_many(count: u64) {
	for uid in 1..=count {
		list(uid, u128::from(uid));
	}
}

/// The use rights that the calls propose.
fn proposed(calls: &[RuntimeCall]) -> Vec<Uid> {
	let uid = |call: &RuntimeCall| match call {
		RuntimeCall::Workspaces(Call::propose { proposal }) => Some(proposal.uid),
		_ => None,
	};
	calls.iter().filter_map(uid).collect()
}

/// What the node remembers.
fn remembered() -> Index<AccountId> {
	Workspaces::catalogue().index().clone()
}

/// What is for sale.
fn for_sale() -> Index<AccountId> {
	use usufruct_primitives::traits::Marketplace;
	Stub::listings_from(0, u32::MAX)
		.iter()
		.filter_map(Workspaces::offer_of)
		.collect()
}

/// Takes a listing off the market without a word to the worker.
fn delist(uid: Uid) {
	let mut listings = Listings::get();
	listings.remove(&uid);
	Listings::set(&listings);
}

#[test]
fn what_was_read_in_earlier_blocks_is_matched_too() {
	as_validator(|pool| {
		list_many(3 * PART);
		for _ in 0..3 {
			assert!(work(pool).is_empty());
			pass(1);
		}
		assert!(remembered() == for_sale());
		// The cheapest is in the first part; this run reads another.
		request();
		assert_eq!(proposed(&work(pool)), [1]);
	});
}

#[test]
fn a_part_is_read_in_each_run_and_what_is_new_at_once() {
	as_validator(|pool| {
		list_many(3 * PART);
		work(pool);
		// The first part, and behind it what a page holds.
		let known = remembered().len() as u64;
		assert!((PART..=PART + 100).contains(&known), "{known}");
		assert!(remembered().get(PART).is_some());
		list(1_000, 1);
		work(pool);
		assert!(remembered().get(1_000).is_some());
	});
}

#[test]
fn what_changed_since_it_was_read_is_neither_proposed_nor_in_the_way() {
	as_validator(|pool| {
		list_many(3 * PART);
		for _ in 0..3 {
			work(pool);
		}
		// The next run reads from 1 on; these it does not see.
		let mut catalogue = Workspaces::catalogue();
		catalogue.set_cursor(PART + 1);
		catalogue.save();
		delist(1);
		take_offline(2);
		list(3, 1_000);
		request();
		assert_eq!(proposed(&work(pool)), [4]);
		assert!(remembered().get(1).is_none());
	});
}

#[test]
fn a_page_that_was_half_written_is_forgotten_and_read_anew() {
	as_validator(|pool| {
		list_many(20);
		work(pool);
		assert!(remembered() == for_sale());
		let page = (&b"usufruct::workspaces::catalogue"[..], 0u64).encode();
		StorageValueRef::persistent(&page).set(&vec![1u8, 2, 3]);
		assert!(remembered().is_empty());
		request();
		assert_eq!(proposed(&work(pool)), [1]);
		assert!(remembered() == for_sale());
	});
}

#[test]
fn a_directory_that_cannot_be_read_is_begun_anew() {
	as_validator(|pool| {
		list_many(20);
		work(pool);
		let directory = &b"usufruct::workspaces::catalogue"[..];
		StorageValueRef::persistent(directory).set(&7u8);
		assert!(remembered().is_empty());
		work(pool);
		assert!(remembered() == for_sale());
	});
}

#[test]
fn after_a_fork_all_is_read_again_from_the_start() {
	as_validator(|pool| {
		list_many(3 * PART);
		run_to(10);
		work(pool);
		assert!(Workspaces::catalogue().cursor() > 0);
		run_to(11);
		frame_system::BlockHash::<Test>::insert(9, sp_core::H256::repeat_byte(9));
		assert_eq!(Workspaces::catalogue().cursor(), 0);
		// What was known is used meanwhile: nothing is proposed unchecked.
		assert!(!remembered().is_empty());
	});
}

#[test]
fn what_was_bought_is_proposed_to_nobody_else() {
	as_validator(|pool| {
		list_many(2);
		request();
		include(work(pool));
		request();
		assert_eq!(proposed(&work(pool)), [2]);
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	#[test]
	fn whatever_happens_to_listings_it_is_known_after_all_were_read_once(
		changes in prop::collection::vec(
			prop::collection::vec((0u64..300, 0u128..20), 0..60), 1..8
		)
	) {
		as_validator(|pool| {
			for block in changes {
				for (uid, price) in block {
					match price {
						0 => delist(uid),
						1 => take_offline(uid as u32),
						_ => list(uid, price),
					}
				}
				work(pool);
				pass(1);
			}
			for _ in 0..2 * 300 / PART + 1 {
				work(pool);
				pass(1);
			}
			assert!(remembered() == for_sale());
		});
	}
}

#[test]
fn a_request_is_served_by_a_worker_that_starts_with_nothing() {
	as_validator(|pool| {
		list_many(5);
		let request = request();
		include(work(pool));
		assert!(!OpenRequests::<Test>::contains_key(request));
		assert_ok!(Workspaces::do_try_state());
	});
}
