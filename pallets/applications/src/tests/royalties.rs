//! What authors are paid.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;
use usufruct_primitives::{traits::ApplicationUse, Balance, BlockNumber};

use crate::{mock::*, *};

type Hooks = Registry;

const LEASE: u64 = 5;

/// What the author was paid, and what is held of the tenant for it.
fn books() -> (Balance, Balance) {
	(
		wealth(AUTHOR) - ENDOWMENT,
		held(TENANT, HoldReason::Royalty),
	)
}

#[test]
fn the_price_of_the_whole_term_is_held_and_that_of_the_blocks_that_it_ran_is_paid() {
	build_and_execute(|| {
		opened(LEASE, published());
		assert_eq!(books(), (0, 300));
		pass(10);
		Hooks::begin(LEASE);
		pass(25);
		// Said again after a restart of the machine.
		Hooks::begin(LEASE);
		pass(5);
		events();
		Hooks::close(LEASE, false);
		assert_eq!(
			events(),
			[Event::RoyaltyPaid {
				lease: LEASE,
				author: AUTHOR,
				paid: 90,
				returned: 210
			}]
		);
		assert_eq!(books(), (90, 0));
		assert_eq!(wealth(TENANT), ENDOWMENT - 90);
		Hooks::close(LEASE, false);
		assert_eq!(books(), (90, 0));
	});
}

#[test]
fn a_block_in_which_the_machine_was_not_there_is_not_paid() {
	build_and_execute(|| {
		opened(LEASE, published());
		Hooks::begin(LEASE);
		pass(10);
		pass_without(NODE, 30);
		pass(1);
		Hooks::close(LEASE, false);
		assert_eq!(books(), (33, 0));
	});
}

#[test]
fn no_more_than_the_term_is_paid_however_late_the_lease_is_closed() {
	build_and_execute(|| {
		opened(LEASE, published());
		Hooks::begin(LEASE);
		pass(TERM + 50);
		Hooks::close(LEASE, false);
		assert_eq!(books(), (300, 0));
	});
}

#[test]
fn a_lease_that_never_ran_pays_nothing_and_a_job_that_finished_pays_from_its_opening() {
	build_and_execute(|| {
		let release = published();
		opened(LEASE, release);
		opened(LEASE + 1, release);
		pass(10);
		Hooks::close(LEASE, false);
		assert_eq!(books(), (0, 300));
		Hooks::close(LEASE + 1, true);
		assert_eq!(books(), (30, 0));
	});
}

#[test]
fn what_is_free_holds_nothing() {
	build_and_execute(|| {
		let release = release(registered("server"), 0);
		opened(LEASE, release);
		assert_eq!(Royalties::<Test>::iter().count(), 0);
		Hooks::begin(LEASE);
		assert_ok!(Hooks::extend(LEASE, &STRANGER, 1_000));
		Hooks::close(LEASE, true);
		assert_eq!(books(), (0, 0));
	});
}

#[test]
fn who_cannot_pay_the_whole_term_opens_no_lease() {
	build_and_execute(|| {
		let release = release(registered("server"), ENDOWMENT / 50);
		let opened = open(LEASE, release, TENANT, now() + TERM);
		assert_noop!(opened, TokenError::FundsUnavailable);
		let dear = self::release(release.application, Balance::MAX / 2);
		let opened = open(LEASE, dear, TENANT, now() + TERM);
		assert_noop!(opened, Error::<Test>::Exhausted);
	});
}

#[test]
fn an_author_who_runs_an_own_application_pays_nobody() {
	build_and_execute(|| {
		let release = published();
		assert_ok!(Hooks::acquire(release));
		assert_ok!(open(LEASE, release, AUTHOR, now() + TERM));
		Hooks::begin(LEASE);
		pass(10);
		Hooks::close(LEASE, false);
		assert_eq!(held(AUTHOR, HoldReason::Royalty), 0);
		assert_eq!(wealth(AUTHOR), ENDOWMENT);
	});
}

#[test]
fn whoever_is_the_author_at_the_end_is_paid() {
	build_and_execute(|| {
		let release = published();
		opened(LEASE, release);
		Hooks::begin(LEASE);
		pass(10);
		assert_ok!(Registry::transfer_application(
			signed(AUTHOR),
			release.application,
			Some(STRANGER)
		));
		assert_ok!(Registry::accept_application(
			signed(STRANGER),
			release.application
		));
		Hooks::close(LEASE, false);
		assert_eq!(wealth(STRANGER), ENDOWMENT + 30);
		assert_eq!(wealth(AUTHOR), ENDOWMENT);
	});
}

#[test]
fn a_renewal_holds_the_price_of_what_it_adds() {
	build_and_execute(|| {
		opened(LEASE, published());
		Hooks::begin(LEASE);
		pass(50);
		assert_ok!(Hooks::extend(LEASE, &TENANT, 1 + TERM + 20));
		assert_eq!(books(), (0, 360));
		pass(70);
		Hooks::close(LEASE, false);
		assert_eq!(books(), (360, 0));
	});
}

#[test]
fn who_renews_what_another_opened_pays_from_then_on() {
	build_and_execute(|| {
		opened(LEASE, published());
		Hooks::begin(LEASE);
		pass(50);
		assert_ok!(Hooks::extend(LEASE, &STRANGER, 1 + TERM + 20));
		assert_eq!(books(), (150, 0));
		assert_eq!(held(STRANGER, HoldReason::Royalty), 210);
		pass(10);
		Hooks::close(LEASE, false);
		assert_eq!(books(), (180, 0));
		assert_eq!(wealth(TENANT), ENDOWMENT - 150);
		assert_eq!(wealth(STRANGER), ENDOWMENT - 30);
	});
}

#[test]
fn a_renewal_that_cannot_be_paid_is_refused() {
	build_and_execute(|| {
		opened(LEASE, published());
		assert_noop!(
			Hooks::extend(LEASE, &TENANT, BlockNumber::MAX),
			TokenError::FundsUnavailable
		);
	});
}

#[test]
fn a_lease_that_goes_on_with_another_release_is_paid_as_before_and_holds_the_new_one_alone() {
	build_and_execute(|| {
		let old = published();
		let new = release(old.application, ROYALTY);
		opened(LEASE, old);
		Hooks::begin(LEASE);
		pass(10);
		// As a request does it that is updated.
		assert_ok!(Hooks::acquire(new));
		Hooks::update(LEASE, new);
		Hooks::release(old);
		assert_ok!(Registry::retract_release(signed(AUTHOR), old));
		assert_ok!(Registry::do_try_state());
		pass(15);
		Hooks::close(LEASE, false);
		assert_eq!(books(), (75, 0));
		// One that pays nothing has nothing to be noted.
		Hooks::update(LEASE, new);
		assert_eq!(Royalties::<Test>::iter().count(), 0);
	});
}
