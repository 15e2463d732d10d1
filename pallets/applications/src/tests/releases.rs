//! Releases: published, used, retracted, gone.

use frame_support::{assert_noop, assert_ok};
use usufruct_primitives::{traits::ApplicationUse, ReleaseId};

use crate::{mock::*, *};

type Hooks = Registry;

fn retract(release: ReleaseId) -> sp_runtime::DispatchResult {
	Registry::retract_release(signed(AUTHOR), release)
}

#[test]
fn a_release_says_what_it_runs_and_what_it_asks() {
	build_and_execute(|| {
		let application = registered("server");
		events();
		let release = release(application, ROYALTY);
		let image = IMAGE;
		assert_eq!(events(), [Event::Published { release, image }]);
		assert_eq!(release.number, 1);
		let terms = Hooks::terms(release).unwrap();
		assert_eq!((terms.image, terms.royalty), (IMAGE, ROYALTY));
		assert_eq!(
			held(AUTHOR, HoldReason::Application),
			FOR_APPLICATION + FOR_RELEASE
		);
	});
}

#[test]
fn a_release_needs_its_author_an_image_that_is_published_and_a_licence() {
	build_and_execute(|| {
		let application = registered("server");
		let publish = |who, spec| Registry::publish_release(signed(who), application, spec);
		assert_noop!(publish(STRANGER, spec(0)), Error::<Test>::NotAuthor);
		let mut unknown = spec(0);
		unknown.image.0[0] = 9;
		assert_noop!(publish(AUTHOR, unknown), Error::<Test>::UnknownImage);
		let mut unlicensed = spec(0);
		unlicensed.licence = Default::default();
		assert_noop!(publish(AUTHOR, unlicensed), Error::<Test>::NoLicence);
		let other = Registry::publish_release(signed(AUTHOR), application + 1, spec(0));
		assert_noop!(other, Error::<Test>::UnknownApplication);
		for _ in 0..3 {
			assert_ok!(publish(AUTHOR, spec(0)));
		}
		assert_noop!(publish(AUTHOR, spec(0)), Error::<Test>::TooManyReleases);
	});
}

#[test]
fn a_retracted_release_goes_at_once_where_nothing_keeps_it_and_its_number_is_not_given_again() {
	build_and_execute(|| {
		let first = published();
		assert_ok!(retract(first));
		assert_eq!(held(AUTHOR, HoldReason::Application), FOR_APPLICATION);
		assert_noop!(retract(first), Error::<Test>::UnknownRelease);
		assert_eq!(Hooks::terms(first), None);
		assert_eq!(release(first.application, 0).number, 2);
	});
}

#[test]
fn a_retracted_release_stays_for_the_requests_that_use_it_and_for_no_other() {
	build_and_execute(|| {
		let release = published();
		assert_ok!(Hooks::acquire(release));
		assert_ok!(Hooks::acquire(release));
		let stranger = Registry::retract_release(signed(STRANGER), release);
		assert_noop!(stranger, Error::<Test>::NotAuthor);
		assert_ok!(retract(release));
		assert_noop!(retract(release), Error::<Test>::Retracted);
		assert_eq!(Hooks::terms(release), None);
		assert_noop!(Hooks::acquire(release), Error::<Test>::Retracted);
		Hooks::release(release);
		assert!(Registry::known(release).is_ok());
		events();
		Hooks::release(release);
		assert_eq!(events(), [Event::Forgotten { release }]);
		assert_noop!(Hooks::acquire(release), Error::<Test>::UnknownRelease);
		assert_eq!(held(AUTHOR, HoldReason::Application), FOR_APPLICATION);
	});
}
