//! The rules of powers and of the pace.

use frame_support::traits::EnsureOrigin;
use sp_runtime::BuildStorage;

use crate::{
	mock::*, Canceller, MarketAdmin, Membership, Pallet, Power, ProofParameters, Treasury, Upgrade,
};

#[test]
fn a_power_opens_its_own_door_and_no_other() {
	type Door = (Power, fn(RuntimeOrigin) -> bool);
	fn opens<E: EnsureOrigin<RuntimeOrigin>>(origin: RuntimeOrigin) -> bool {
		E::ensure_origin(origin).is_ok()
	}
	let doors: [Door; 6] = [
		(Power::Upgrade, opens::<Upgrade>),
		(Power::Membership, opens::<Membership>),
		(Power::Treasury, opens::<Treasury>),
		(Power::MarketAdmin, opens::<MarketAdmin>),
		(Power::ProofParameters, opens::<ProofParameters>),
		(Power::Canceller, opens::<Canceller>),
	];
	for (own, door) in doors {
		for power in Power::ALL {
			assert_eq!(door(power.into()), power == own, "{power:?} at {own:?}");
		}
		for other in [
			RuntimeOrigin::root(),
			RuntimeOrigin::signed(1),
			RuntimeOrigin::none(),
		] {
			assert!(!door(other.clone()), "{other:?} at {own:?}");
		}
	}
}

#[test]
fn what_is_refused_at_a_door_is_given_back_as_it_was() {
	for origin in [Power::Treasury.into(), RuntimeOrigin::signed(7)] {
		let refused = Upgrade::try_origin(RuntimeOrigin::clone(&origin)).unwrap_err();
		assert_eq!(format!("{refused:?}"), format!("{origin:?}"));
	}
}

#[test]
fn every_power_has_a_track_of_its_own_in_the_order_of_the_list() {
	let tracks = Power::ALL.map(Power::track);
	assert!(tracks.is_sorted_by(|a, b| a < b), "{tracks:?}");
}

#[test]
fn periods_are_divided_by_the_pace_and_last_at_least_a_block() {
	with_pace(1, || assert_eq!(Pallet::<Test>::period(28_800), 28_800));
	with_pace(100, || {
		assert_eq!(Pallet::<Test>::period(28_800), 288);
		assert_eq!(Pallet::<Test>::period(99), 1);
		assert_eq!(Pallet::<Test>::period(0), 1);
	});
}

#[test]
fn a_chain_that_says_nothing_of_its_pace_takes_the_whole_time() {
	let nothing = frame_system::GenesisConfig::<Test>::default()
		.build_storage()
		.unwrap();
	sp_io::TestExternalities::from(nothing)
		.execute_with(|| assert_eq!(Pallet::<Test>::period(500), 500));
}

#[test]
#[should_panic(expected = "the pace of voting must not be zero")]
fn a_chain_does_not_begin_with_a_pace_of_zero() {
	with_pace(0, || {});
}
