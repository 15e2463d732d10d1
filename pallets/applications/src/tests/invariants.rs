//! Each invariant, broken by hand, is seen.

use frame_support::assert_ok;
use usufruct_primitives::traits::ApplicationUse;

use crate::{mock::*, *};

/// What is said of a state that was put out of order.
fn seen(broken: impl FnOnce(usufruct_primitives::ReleaseId)) -> &'static str {
	new_test_ext().execute_with(|| {
		in_office();
		let release = published();
		assert_ok!(flag(release));
		opened(5, release);
		assert_ok!(Registry::do_try_state());
		broken(release);
		match Registry::do_try_state().unwrap_err() {
			sp_runtime::TryRuntimeError::Other(text) => text,
			other => panic!("another error: {other:?}"),
		}
	})
}

#[test]
fn a_name_that_leads_elsewhere_is_seen() {
	let text = seen(|_| NamedApplication::<Test>::insert(name("server"), 9));
	assert_eq!(text, "a name leads elsewhere");
	let text = seen(|_| NamedApplication::<Test>::insert(name("other"), 0));
	assert_eq!(text, "a name of nothing");
}

#[test]
fn a_wrong_count_is_seen() {
	let text = seen(|_| {
		Applications::<Test>::mutate_extant(0, |one| one.releases = 2);
	});
	assert_eq!(text, "an application has another number of releases");
	let text = seen(|release| {
		let mut record = Registry::known(release).unwrap();
		record.attestations = 1;
		Releases::<Test>::insert(release.application, release.number, record);
	});
	assert_eq!(text, "a release has other verdicts");
	let text = seen(|_| FlaggedImages::<Test>::insert(IMAGE, STRANGER, 1));
	assert_eq!(text, "an image has other flags");
	let text = seen(|_| FlaggedImages::<Test>::remove(IMAGE, CURATOR));
	assert_eq!(text, "a flag without its image");
	let text = seen(|_| Curators::<Test>::mutate_extant(CURATOR, |one| one.verdicts = 0));
	assert_eq!(text, "a curator has another number of verdicts");
	let text = seen(|_| Curators::<Test>::remove(CURATOR));
	assert_eq!(text, "a verdict of nobody");
}

#[test]
fn a_royalty_of_a_release_that_nobody_uses_or_at_another_price_is_seen() {
	let text = seen(|release| {
		<Registry as ApplicationUse<_>>::release(release);
	});
	assert_eq!(text, "a royalty of a release that nobody uses");
	let text = seen(|_| Royalties::<Test>::mutate_extant(5, |one| one.price = 1));
	assert_eq!(text, "a royalty at another price");
	let text = seen(|_| Royalties::<Test>::mutate_extant(5, |one| one.held += 1));
	assert_eq!(text, "a part of a block's price is held");
}

#[test]
fn money_that_is_held_otherwise_than_recorded_is_seen() {
	let text = seen(|_| Royalties::<Test>::mutate_extant(5, |one| one.held += ROYALTY));
	assert_eq!(text, "what is held differs from what is recorded");
	let text = seen(|_| Curators::<Test>::mutate_extant(CURATOR, |one| one.bond += 1));
	assert_eq!(text, "what is held differs from what is recorded");
}
