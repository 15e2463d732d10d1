//! Names, and whose they are.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::{traits::BadOrigin, TokenError};

use crate::{mock::*, *};

#[test]
fn the_first_who_pays_for_a_name_has_it_alone() {
	build_and_execute(|| {
		let application = registered("server");
		assert_eq!(
			events(),
			[Event::Registered {
				application,
				name: name("server"),
				author: AUTHOR
			}]
		);
		assert_eq!(held(AUTHOR, HoldReason::Application), FOR_APPLICATION);
		let record = Applications::<Test>::get(application).unwrap();
		assert_eq!((record.author, record.next_release), (AUTHOR, 1));
		for who in [AUTHOR, STRANGER] {
			let again = Registry::register(signed(who), name("server"), Default::default());
			assert_noop!(again, Error::<Test>::NameTaken);
		}
	});
}

#[test]
fn what_is_no_name_and_who_has_no_money_is_refused() {
	build_and_execute(|| {
		let bad = Registry::register(signed(AUTHOR), name("Server"), Default::default());
		assert_noop!(bad, Error::<Test>::BadName);
		let poor = Registry::register(signed(55), name("server"), Default::default());
		assert_noop!(poor, TokenError::FundsUnavailable);
		let nobody = Registry::register(RuntimeOrigin::none(), name("server"), Default::default());
		assert_noop!(nobody, BadOrigin);
	});
}

#[test]
fn an_application_is_handed_on_to_whom_it_was_offered_who_pays_its_deposit() {
	build_and_execute(|| {
		let application = registered("server");
		let accept = |who| Registry::accept_application(signed(who), application);
		assert_noop!(accept(TENANT), Error::<Test>::NotSuccessor);
		let offer = |who, to| Registry::transfer_application(signed(who), application, to);
		assert_noop!(offer(STRANGER, Some(STRANGER)), Error::<Test>::NotAuthor);
		assert_ok!(offer(AUTHOR, Some(TENANT)));
		assert_noop!(accept(STRANGER), Error::<Test>::NotSuccessor);
		assert_ok!(offer(AUTHOR, None));
		assert_noop!(accept(TENANT), Error::<Test>::NotSuccessor);
		assert_ok!(offer(AUTHOR, Some(TENANT)));
		let release = release(application, 0);
		assert_ok!(accept(TENANT));
		// What was published is still paid for by its publisher.
		assert_eq!(held(AUTHOR, HoldReason::Application), FOR_RELEASE);
		assert_eq!(held(TENANT, HoldReason::Application), FOR_APPLICATION);
		assert_noop!(offer(AUTHOR, None), Error::<Test>::NotAuthor);
		assert_noop!(accept(TENANT), Error::<Test>::NotSuccessor);
		assert_ok!(Registry::retract_release(signed(TENANT), release));
		assert_eq!(held(AUTHOR, HoldReason::Application), 0);
	});
}

#[test]
fn a_name_is_free_again_when_its_application_is_removed_and_leads_to_another_then() {
	build_and_execute(|| {
		let release = published();
		let application = release.application;
		let remove = |who| Registry::remove(signed(who), application);
		assert_noop!(remove(AUTHOR), Error::<Test>::HasReleases);
		assert_ok!(Registry::retract_release(signed(AUTHOR), release));
		assert_noop!(remove(STRANGER), Error::<Test>::NotAuthor);
		assert_ok!(remove(AUTHOR));
		assert_noop!(remove(AUTHOR), Error::<Test>::UnknownApplication);
		assert_eq!(wealth(AUTHOR), ENDOWMENT);
		assert_eq!(held(AUTHOR, HoldReason::Application), 0);
		assert_ne!(registered("server"), application);
	});
}
