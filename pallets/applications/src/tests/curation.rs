//! Curators, verdicts, and what the DAO may do about them.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::traits::BadOrigin;

use crate::{mock::*, *};

fn counts(release: usufruct_primitives::ReleaseId) -> (u32, u32) {
	let record = Registry::known(release).unwrap();
	(record.attestations, record.flags)
}

#[test]
fn whoever_pays_the_bond_is_a_curator_until_it_leaves() {
	build_and_execute(|| {
		assert_noop!(Registry::leave(signed(CURATOR)), Error::<Test>::NotCurator);
		in_office();
		assert_eq!(held(CURATOR, HoldReason::Curator), BOND);
		assert_noop!(
			Registry::become_curator(signed(CURATOR)),
			Error::<Test>::IsCurator
		);
		assert_ok!(Registry::leave(signed(CURATOR)));
		assert_eq!(
			events(),
			[
				Event::CuratorJoined { curator: CURATOR },
				Event::CuratorLeft { curator: CURATOR }
			]
		);
		assert_eq!(held(CURATOR, HoldReason::Curator), 0);
		assert!(Curators::<Test>::get(CURATOR).is_none());
	});
}

#[test]
fn only_a_curator_judges_and_each_has_one_verdict_on_a_release() {
	build_and_execute(|| {
		let release = published();
		let attest = |who| Registry::attest(signed(who), release);
		assert_noop!(attest(CURATOR), Error::<Test>::NotCurator);
		in_office();
		assert_ok!(attest(CURATOR));
		assert_ok!(attest(CURATOR));
		assert_eq!(counts(release), (1, 0));
		assert_eq!(held(CURATOR, HoldReason::Verdict), FOR_VERDICT);
		assert!(FlaggedImages::<Test>::get(IMAGE, CURATOR).is_none());
		assert_ok!(flag(release));
		assert_eq!(counts(release), (0, 1));
		assert_eq!(held(CURATOR, HoldReason::Verdict), FOR_VERDICT);
		let mut unknown = release;
		unknown.number += 1;
		assert_noop!(flag(unknown), Error::<Test>::UnknownRelease);
		assert_noop!(Registry::leave(signed(CURATOR)), Error::<Test>::HasVerdicts);
		assert_ok!(Registry::withdraw_verdict(signed(CURATOR), release));
		assert_eq!(counts(release), (0, 0));
		assert_eq!(held(CURATOR, HoldReason::Verdict), 0);
		assert_noop!(
			Registry::withdraw_verdict(signed(CURATOR), release),
			Error::<Test>::UnknownVerdict
		);
		assert_ok!(Registry::leave(signed(CURATOR)));
	});
}

#[test]
fn a_flag_is_found_by_the_image_whichever_release_has_it() {
	build_and_execute(|| {
		in_office();
		let first = published();
		let second = release(first.application, 0);
		assert_ok!(flag(first));
		assert_ok!(flag(second));
		assert_eq!(FlaggedImages::<Test>::get(IMAGE, CURATOR), Some(2));
		assert_ok!(Registry::attest(signed(CURATOR), first));
		assert_eq!(FlaggedImages::<Test>::get(IMAGE, CURATOR), Some(1));
		assert_ok!(Registry::withdraw_verdict(signed(CURATOR), second));
		assert_eq!(FlaggedImages::<Test>::get(IMAGE, CURATOR), None);
	});
}

#[test]
fn an_author_cannot_retract_a_flag_away() {
	build_and_execute(|| {
		in_office();
		let release = published();
		assert_ok!(flag(release));
		assert_ok!(Registry::retract_release(signed(AUTHOR), release));
		assert_eq!(counts(release), (0, 1));
		assert_noop!(
			Registry::attest(signed(CURATOR), release),
			Error::<Test>::Retracted
		);
		assert_noop!(
			Registry::remove(signed(AUTHOR), release.application),
			Error::<Test>::HasReleases
		);
		assert_eq!(
			held(AUTHOR, HoldReason::Application),
			FOR_APPLICATION + FOR_RELEASE
		);
		assert_ok!(Registry::withdraw_verdict(signed(CURATOR), release));
		assert!(Registry::known(release).is_err());
		assert_ok!(Registry::remove(signed(AUTHOR), release.application));
		assert_eq!(held(AUTHOR, HoldReason::Application), 0);
	});
}

#[test]
fn the_dao_alone_bars_a_curator_who_loses_the_bond_and_is_heard_no_more() {
	build_and_execute(|| {
		in_office();
		let release = published();
		assert_ok!(flag(release));
		let bar = |origin, barred| Registry::set_barred(origin, CURATOR, barred);
		for origin in [signed(AUTHOR), RuntimeOrigin::none()] {
			assert_noop!(bar(origin, true), BadOrigin);
		}
		let clear = || Registry::clear_verdict(signed(STRANGER), release, CURATOR);
		assert_noop!(clear(), Error::<Test>::InOffice);
		assert_ok!(bar(RuntimeOrigin::root(), true));
		assert_eq!(wealth(TREASURY), ENDOWMENT + BOND);
		assert_eq!(held(CURATOR, HoldReason::Curator), 0);
		assert!(Registry::verdicts(release, None, 10).verdicts.is_empty());
		assert_noop!(flag(release), Error::<Test>::Barred);
		assert_noop!(
			Registry::become_curator(signed(CURATOR)),
			Error::<Test>::Barred
		);
		// Anybody tidies up; the deposit is the curator's all the same.
		assert_ok!(clear());
		assert_noop!(clear(), Error::<Test>::UnknownVerdict);
		assert_eq!(held(CURATOR, HoldReason::Verdict), 0);
		assert_eq!(wealth(CURATOR), ENDOWMENT - BOND);
		assert_ok!(bar(RuntimeOrigin::root(), false));
		assert!(Curators::<Test>::get(CURATOR).is_none());
		in_office();
	});
}
