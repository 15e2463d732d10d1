//! Finding compute by its parameters.

use frame_support::assert_ok;
use usufruct_primitives::{Capacity, IsolationClass, Uid};

use crate::{mock::*, Filter, MAX_FOUND};

/// Prices 10, 20, 30 on nodes 0, 1, 2, whose scores are 0, 1,000 and 2,000.
fn three() -> ExtBuilder {
	ExtBuilder::default()
}

fn offer() {
	assert_ok!(list(ALICE, UID, 10, &[(ALICE, 10_000)]));
	assert_ok!(list(ALICE, OTHER_UID, 20, &[(ALICE, 10_000)]));
	assert_ok!(list_for(BOB, BOBS_UID, 30, 5..=9, &[(BOB, 10_000)]));
}

fn found(filter: Filter) -> Vec<Uid> {
	let page = Market::find(filter, 0, MAX_FOUND);
	assert_eq!(page.next, None);
	page.found.into_iter().map(|one| one.uid).collect()
}

#[test]
fn each_parameter_leaves_out_what_does_not_satisfy_it() {
	three().build_and_execute(|| {
		offer();
		let any = Filter::default;
		let none = Capacity {
			cpu_millis: 1,
			..Default::default()
		};
		let cases: [(Filter, &[Uid]); 12] = [
			(any(), &[UID, OTHER_UID, BOBS_UID]),
			(
				Filter {
					max_price: Some(20),
					..any()
				},
				&[UID, OTHER_UID],
			),
			(
				Filter {
					max_price: Some(9),
					..any()
				},
				&[],
			),
			(
				Filter {
					min_score_ppm: Some(1_000),
					..any()
				},
				&[OTHER_UID, BOBS_UID],
			),
			(
				Filter {
					region: Some(276),
					..any()
				},
				&[UID, BOBS_UID],
			),
			(
				Filter {
					region: Some(40),
					..any()
				},
				&[],
			),
			(
				Filter {
					class: Some(1),
					..any()
				},
				&[UID, OTHER_UID, BOBS_UID],
			),
			(
				Filter {
					class: Some(2),
					..any()
				},
				&[],
			),
			(
				Filter {
					isolation: Some(IsolationClass::Wasm),
					..any()
				},
				&[],
			),
			(
				Filter {
					term: Some(9),
					..any()
				},
				&[UID, OTHER_UID, BOBS_UID],
			),
			(
				Filter {
					term: Some(10),
					..any()
				},
				&[UID, OTHER_UID],
			),
			(
				Filter {
					gpus: Some(1),
					..any()
				},
				&[],
			),
		];
		for (filter, uids) in cases {
			assert_eq!(found(filter.clone()), uids, "{filter:?}");
		}
		assert_eq!(
			found(Filter {
				capacity: Some(none),
				..any()
			}),
			[0; 0]
		);
	});
}

#[test]
fn what_cannot_be_bought_now_is_found_only_where_asked_for() {
	three().build_and_execute(|| {
		offer();
		set_online(node_of(UID), false);
		assert_eq!(found(Filter::default()), [OTHER_UID, BOBS_UID]);
		let all = Filter {
			offline_too: true,
			..Default::default()
		};
		assert_eq!(found(all), [UID, OTHER_UID, BOBS_UID]);
		assert_ok!(buy(CAROL, OTHER_UID, 1));
		assert_eq!(found(Filter::default()), [BOBS_UID]);
	});
}

#[test]
fn pages_go_on_where_the_last_ended_and_miss_nothing() {
	three().build_and_execute(|| {
		offer();
		let mut from = 0;
		let mut all = Vec::new();
		loop {
			let page = Market::find(Filter::default(), from, 1);
			assert_eq!(page.found.len(), 1);
			all.extend(page.found.into_iter().map(|one| one.uid));
			match page.next {
				Some(next) => from = next,
				None => break,
			}
		}
		assert_eq!(all, [UID, OTHER_UID, BOBS_UID]);
		assert_eq!(Market::find(Filter::default(), BOBS_UID + 1, 1).found, []);
	});
}
