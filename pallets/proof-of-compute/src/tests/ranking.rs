//! Scores and their order.

use proptest::prelude::*;
use usufruct_primitives::{traits::ScoreInspect, ClassId, EpochId, Hid};

use crate::{mock::*, CurrentEpoch, Epoch, EpochRules, Histories, History, Ranking};

/// Hardware has a score of the last epoch alone; gives its rank.
fn set_in(class: ClassId, hid: Hid, ppm: u32) -> u32 {
	let mut history = History::default();
	history.note_score(ProofOfCompute::last_epoch(), ppm);
	Histories::<Test>::insert(hid, &history);
	ProofOfCompute::rank(class, hid, 0, &history).1
}

fn set(hid: Hid, ppm: u32) -> u32 {
	set_in(CLASS, hid, ppm)
}

fn lose(hid: Hid) {
	ProofOfCompute::forget_history(hid, CLASS);
}

fn ranking(class: ClassId) -> Vec<(Hid, u32)> {
	let ranking = Ranking::<Test>::get(class).into_iter();
	ranking
		.map(|ranked| (ranked.hid, ranked.score_ppm))
		.collect()
}

/// An epoch began that is over.
fn epoch(id: EpochId) {
	CurrentEpoch::<Test>::put(Epoch {
		id,
		began_at: 0,
		rules: EpochRules::default(),
	});
}

/// So many machines of Alice.
fn machines(count: usize) -> ExtBuilder {
	(0..count).fold(ExtBuilder::default(), |builder, _| builder.machine(ALICE))
}

#[test]
fn the_best_is_first() {
	machines(3).build_and_execute(|| {
		assert_eq!((set(0, 20), set(1, 30), set(2, 10)), (1, 1, 3));
		assert_eq!(ranking(CLASS), [(1, 30), (0, 20), (2, 10)]);
	});
}

#[test]
fn among_equals_who_was_there_first_is_first() {
	machines(3).build_and_execute(|| {
		assert_eq!((set(2, 20), set(0, 20), set(1, 20)), (1, 2, 3));
		assert_eq!(ranking(CLASS), [(2, 20), (0, 20), (1, 20)]);
	});
}

#[test]
fn who_proves_the_same_again_keeps_its_place_among_equals() {
	machines(3).build_and_execute(|| {
		(0..3).for_each(|hid| assert!(set(hid, 1_050_000) > 0));
		assert_eq!(set(0, 1_050_000), 1);
		assert_eq!(set(1, 1_050_000), 2);
		assert_eq!(
			ranking(CLASS),
			[(0, 1_050_000), (1, 1_050_000), (2, 1_050_000)]
		);
	});
}

#[test]
fn who_returns_to_an_old_score_stands_behind_its_equals() {
	machines(2).build_and_execute(|| {
		set(0, 20);
		set(1, 20);
		set(0, 10);
		assert_eq!(set(0, 20), 2);
		assert_eq!(ranking(CLASS), [(1, 20), (0, 20)]);
	});
}

#[test]
fn a_full_ranking_drops_its_last() {
	machines(4).build_and_execute(|| {
		for (hid, ppm) in [(0, 10), (1, 20), (2, 30)] {
			set(hid, ppm);
		}
		assert_eq!(set(3, 15), 3);
		assert_eq!(ranking(CLASS), [(2, 30), (1, 20), (3, 15)]);
		// Out of the ranking is not out of the score.
		assert_eq!(ProofOfCompute::score_ppm(0), 10);
	});
}

#[test]
fn who_is_not_better_than_the_last_of_a_full_ranking_is_not_ranked() {
	machines(5).build_and_execute(|| {
		for (hid, ppm) in [(0, 10), (1, 20), (2, 30)] {
			set(hid, ppm);
		}
		assert_eq!((set(3, 10), set(4, 9)), (0, 0));
		assert_eq!(ranking(CLASS), [(2, 30), (1, 20), (0, 10)]);
		assert_eq!(ProofOfCompute::score_ppm(3), 10);
	});
}

#[test]
fn a_lost_score_frees_its_place() {
	machines(3).build_and_execute(|| {
		for (hid, ppm) in [(0, 10), (1, 20), (2, 30)] {
			set(hid, ppm);
		}
		lose(1);
		assert_eq!(ranking(CLASS), [(2, 30), (0, 10)]);
		assert_eq!(ProofOfCompute::score_ppm(1), 0);
		lose(1);
		assert_eq!(ranking(CLASS), [(2, 30), (0, 10)]);
	});
}

#[test]
fn each_class_has_its_own_ranking() {
	machines(2).build_and_execute(|| {
		set(0, 10);
		assert_eq!(set_in(CLASS + 1, 1, 5), 1);
		assert_eq!(ranking(CLASS), [(0, 10)]);
		assert_eq!(ranking(CLASS + 1), [(1, 5)]);
	});
}

#[test]
fn hardware_that_was_taken_out_leaves_the_ranking() {
	machines(3).build_and_execute(|| {
		(0..3).for_each(|hid| assert!(set(hid, 1_050_000) > 0));
		assert!(take_out(0) && take_out(1));
		assert_eq!(ranking(CLASS), [(2, 1_050_000)]);
		assert_eq!(ProofOfCompute::score_ppm(0), 0);
		assert!(!Histories::<Test>::contains_key(0));
	});
}

#[test]
fn one_device_under_many_identifiers_does_not_fill_a_ranking() {
	machines(2).build_and_execute(|| {
		for hid in 10..20 {
			Hardware::mutate(|hardware| hardware.insert(hid, (0, CLASS)));
			assert_eq!(set(hid, 20), 1);
			assert!(take_out(hid));
		}
		assert_eq!(set(1, 10), 1);
		assert_eq!(ranking(CLASS), [(1, 10)]);
	});
}

#[test]
fn hardware_without_a_score_is_not_ranked() {
	machines(2).build_and_execute(|| {
		assert_eq!(ProofOfCompute::score_ppm(0), 0);
		assert_eq!(set(0, 0), 0);
		set(1, 5);
		assert_eq!(set(1, 0), 0);
		assert!(ranking(CLASS).is_empty());
	});
}

#[test]
fn who_missed_two_epochs_in_a_row_leaves_with_the_next_score_of_the_class() {
	machines(3).build_and_execute(|| {
		epoch(5);
		set(0, 30);
		epoch(6);
		set(1, 20);
		// Epoch 7 is under way: hardware 0 missed one for certain.
		epoch(7);
		set(2, 10);
		assert_eq!(ranking(CLASS), [(0, 30), (1, 20), (2, 10)]);
		epoch(8);
		set(2, 10);
		assert_eq!(ranking(CLASS), [(1, 20), (2, 10)]);
	});
}

#[test]
fn a_score_is_weighed_with_availability() {
	machines(1).build_and_execute(|| {
		Availability::set(250_000);
		set(0, 1_000_000);
		assert_eq!(ranking(CLASS), [(0, 250_000)]);
		Availability::set(500_000);
		assert_eq!(ProofOfCompute::score_ppm(0), 500_000, "as of now");
	});
}

/// The ranking, written for clarity: who came in which order with which score.
#[derive(Default)]
struct Model {
	ranked: Vec<(Hid, u32)>,
}

impl Model {
	fn set(&mut self, hid: Hid, ppm: Option<u32>) -> u32 {
		if !ppm.is_some_and(|ppm| self.ranked.contains(&(hid, ppm))) {
			self.ranked.retain(|(other, _)| *other != hid);
			self.ranked.extend(ppm.map(|ppm| (hid, ppm)));
			// Stable: equals stay in the order in which they came.
			self.ranked.sort_by_key(|(_, ppm)| std::cmp::Reverse(*ppm));
			self.ranked.truncate(MAX_RANKED as usize);
		}
		let place = self.ranked.iter().position(|(other, _)| *other == hid);
		place.map_or(0, |place| place as u32 + 1)
	}
}

proptest! {
	#[test]
	fn a_ranking_stays_sorted_bounded_and_true(
		steps in prop::collection::vec((0u64..8, prop::option::weighted(0.8, 0u32..6)), 1..60)
	) {
		machines(8).build_and_execute(|| {
			let mut model = Model::default();
			for (hid, ppm) in steps {
				match ppm {
					Some(ppm) => assert_eq!(set(hid, ppm), model.set(hid, Some(ppm).filter(|p| *p > 0))),
					None => {
						lose(hid);
						model.set(hid, None);
					}
				}
				assert_eq!(ranking(CLASS), model.ranked);
				assert!(ranking(CLASS).len() <= MAX_RANKED as usize);
				assert_eq!(ProofOfCompute::score_ppm(hid), ppm.unwrap_or(0));
				ProofOfCompute::do_try_state().expect("the invariants hold");
			}
		});
	}
}
