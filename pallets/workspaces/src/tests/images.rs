//! Who publishes and retracts images.

use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::DispatchError::BadOrigin;

use crate::{mock::*, *};

const NEW: H256 = H256::repeat_byte(9);

fn publish(who: AccountId, digest: H256) -> sp_runtime::DispatchResult {
	let reference = b"registry/new".to_vec().try_into().unwrap();
	Workspaces::publish_image(
		RuntimeOrigin::signed(who),
		digest,
		ImageKind::Oci,
		reference,
		7,
	)
}

#[test]
fn anyone_may_publish_an_image_for_its_deposit() {
	build_and_execute(|| {
		assert_ok!(publish(STRANGER, NEW));
		assert_eq!(held(STRANGER, HoldReason::Image), 10);
		assert_eq!(
			events(),
			[Event::ImagePublished {
				digest: NEW,
				author: STRANGER
			}]
		);
	});
}

#[test]
fn an_image_is_published_once() {
	build_and_execute(|| {
		assert_noop!(publish(STRANGER, IMAGE), Error::<Test>::ImageExists);
	});
}

#[test]
fn publishing_needs_the_deposit() {
	build_and_execute(|| {
		assert!(publish(77, NEW).is_err());
		assert!(!Images::<Test>::contains_key(NEW));
	});
}

#[test]
fn the_author_retracts_an_image_and_the_deposit_returns() {
	build_and_execute(|| {
		let origin = RuntimeOrigin::signed(AUTHOR);
		assert_ok!(Workspaces::retract_image(origin.clone(), IMAGE));
		assert_eq!(held(AUTHOR, HoldReason::Image), 10);
		assert_eq!(events(), [Event::ImageRetracted { digest: IMAGE }]);
		assert_noop!(
			Workspaces::retract_image(origin, IMAGE),
			Error::<Test>::UnknownImage
		);
	});
}

#[test]
fn only_the_author_may_retract_an_image() {
	build_and_execute(|| {
		for who in [TENANT, PROVIDER, STRANGER] {
			let origin = RuntimeOrigin::signed(who);
			assert_noop!(
				Workspaces::retract_image(origin, IMAGE),
				Error::<Test>::NotAuthor
			);
		}
	});
}

#[test]
fn an_image_in_use_is_not_retracted_until_the_last_request_closes() {
	build_and_execute(|| {
		let request = request();
		let origin = RuntimeOrigin::signed(AUTHOR);
		let retract = || Workspaces::retract_image(origin.clone(), IMAGE);
		assert_noop!(retract(), Error::<Test>::ImageInUse);
		assert_ok!(Workspaces::cancel_request(
			RuntimeOrigin::signed(TENANT),
			request
		));
		assert_ok!(retract());
	});
}

#[test]
fn neither_root_nor_nobody_publishes_or_retracts() {
	build_and_execute(|| {
		for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
			let publish = Workspaces::publish_image(
				origin.clone(),
				NEW,
				ImageKind::Oci,
				Default::default(),
				1,
			);
			assert_noop!(publish, BadOrigin);
			assert_noop!(Workspaces::retract_image(origin, IMAGE), BadOrigin);
		}
	});
}
