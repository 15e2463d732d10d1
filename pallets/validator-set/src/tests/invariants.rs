//! Each invariant sees the state that breaks it.

use crate::{mock::*, Candidate, Candidates, Punishment};

/// Breaks a good state with one bonded candidate and expects the complaint.
fn caught(complaint: &'static str, harm: impl FnOnce()) {
	ExtBuilder::default()
		.joined(EVE, BOND)
		.build()
		.execute_with(|| {
			ValidatorSet::do_try_state().expect("the state was good");
			harm();
			assert_eq!(ValidatorSet::do_try_state(), Err(complaint.into()));
		});
}

fn change(harm: impl FnOnce(&mut Candidate)) {
	Candidates::<Test>::mutate(EVE, |eve| harm(eve.as_mut().expect("joined")));
}

#[test]
fn too_many_candidates_are_seen() {
	caught("too many candidates", || {
		for who in 100..=100 + u64::from(MAX) {
			Candidates::<Test>::insert(who, candidate(1));
		}
	});
}

#[test]
fn a_bond_that_is_not_held_is_seen() {
	caught("a held bond differs from the recorded one", || {
		change(|eve| eve.bond += 1);
	});
}

#[test]
fn a_candidate_who_left_and_is_admitted_is_seen() {
	caught("admitted and left", || {
		change(|eve| {
			eve.admitted = true;
			eve.left_at = Some(1);
		});
	});
}

#[test]
fn an_offence_that_took_more_than_there_was_is_seen() {
	caught("an offence took more than there was", || {
		let noted = Punishment {
			session: 0,
			base: 1,
			taken: 2,
		};
		change(|eve| eve.punishments.try_push(noted).expect("there is room"));
	});
}

#[test]
fn a_session_that_is_punished_twice_is_seen() {
	caught("a session is punished twice", || {
		let noted = Punishment {
			session: 0,
			base: 1,
			taken: 0,
		};
		for _ in 0..2 {
			change(|eve| eve.punishments.try_push(noted).expect("there is room"));
		}
	});
}
