//! The median of the last epochs.

use proptest::prelude::*;
use usufruct_proof::Speed;

use crate::{History, EPOCHS_KEPT};

/// What hardware did in successive epochs from the first: a score, absent, or excused.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Did {
	Score(u32),
	Nothing,
	Excused,
}
use Did::{Excused, Nothing, Score};

/// The history after these epochs, numbered from `first`.
fn history(first: u32, epochs: &[Did]) -> History {
	let mut history = History::default();
	for (epoch, did) in (first..).zip(epochs) {
		match did {
			Score(ppm) => history.note_score(epoch, *ppm),
			Nothing => {}
			Excused => history.note_excuse(epoch, true),
		}
	}
	history
}

fn median(epochs: &[Did]) -> u32 {
	history(5, epochs).median_ppm(4 + epochs.len() as u32)
}

#[test]
fn of_an_even_number_the_lower_of_the_two_in_the_middle_counts() {
	assert_eq!(median(&[Score(5)]), 5);
	assert_eq!(median(&[Score(5), Score(9)]), 5);
	assert_eq!(median(&[Score(9), Score(5), Score(7)]), 7);
	assert_eq!(median(&[Score(1), Score(2), Score(3), Score(4)]), 2);
}

#[test]
fn only_the_last_eight_epochs_count() {
	let mut epochs = vec![Score(1); 20];
	epochs.extend([Score(9); 5]);
	assert_eq!(median(&epochs), 9);
	epochs.truncate(24);
	assert_eq!(median(&epochs), 1);
}

#[test]
fn one_missed_epoch_is_forgiven_and_more_count_as_nothing() {
	assert_eq!(median(&[Score(5), Nothing]), 5);
	assert_eq!(median(&[Score(5), Nothing, Nothing]), 0);
	assert_eq!(median(&[Score(5), Score(5), Nothing, Nothing]), 5);
	assert_eq!(median(&[Score(5), Score(5), Nothing, Nothing, Nothing]), 0);
	assert_eq!(
		median(&[
			Score(5),
			Nothing,
			Nothing,
			Nothing,
			Nothing,
			Nothing,
			Nothing,
			Nothing,
			Nothing
		]),
		0
	);
}

#[test]
fn an_excused_epoch_does_not_exist() {
	assert_eq!(
		median(&[Score(5), Excused, Excused, Excused, Excused, Excused]),
		5
	);
	let mut epochs = vec![Score(3); 8];
	epochs.extend([Excused; 30]);
	assert_eq!(median(&epochs), 3);
	epochs.extend([Score(7), Score(7), Score(7), Score(7)]);
	assert_eq!(median(&epochs), 3);
	epochs.push(Score(7));
	assert_eq!(median(&epochs), 7);
}

#[test]
fn who_was_excused_is_audited_again() {
	let mut history = history(1, &[Score(5)]);
	let speed = |ops_per_second| Speed {
		ops_per_second,
		bytes_per_second: 0,
	};
	history.audited = speed(100);
	history.note_excuse(2, false);
	assert!(!history.is_unproven(&speed(100)));
	history.note_excuse(3, true);
	assert!(history.is_unproven(&speed(1)));
}

#[test]
fn without_a_score_the_median_is_nothing() {
	assert_eq!(History::default().median_ppm(0), 0);
	assert_eq!(History::default().median_ppm(u32::MAX), 0);
}

/// The median, written for clarity: over all that was due.
fn model(epochs: &[Did]) -> u32 {
	let first = epochs.iter().position(|did| matches!(did, Score(_)));
	let Some(first) = first else { return 0 };
	let due: Vec<u32> = epochs[first..]
		.iter()
		.filter_map(|did| match did {
			Score(ppm) => Some(*ppm),
			Nothing => Some(0),
			Excused => None,
		})
		.collect();
	let last = &due[due.len().saturating_sub(EPOCHS_KEPT as usize)..];
	let mut sorted = last.to_vec();
	sorted.sort_unstable();
	// Scores are positive here: a zero is a missed epoch.
	if sorted.first() == Some(&0) {
		sorted.remove(0);
	}
	sorted
		.get(sorted.len().saturating_sub(1) / 2)
		.copied()
		.unwrap_or(0)
}

fn did() -> impl Strategy<Value = Did> {
	prop_oneof![
		5 => (1u32..1_050_000).prop_map(Score),
		2 => Just(Nothing),
		2 => Just(Excused),
	]
}

proptest! {
	#[test]
	fn the_median_is_that_of_all_that_was_due(epochs in prop::collection::vec(did(), 1..40)) {
		// Nobody is excused before the first score: there is nothing to excuse.
		let first = epochs.iter().position(|did| matches!(did, Score(_))).unwrap_or(epochs.len());
		let epochs = &epochs[first..];
		prop_assert_eq!(median(epochs), model(epochs));
		prop_assert!(history(1, epochs).scores.is_sorted_by(|a, b| a.due < b.due && a.epoch < b.epoch));
	}
}
