//! Who may provide.

use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use usufruct_primitives::HardwareKind;

use crate::{mock::*, Error, Event, NodeStatus, Standing, Standings};

fn register(owner: u64) -> Result<(), sp_runtime::DispatchError> {
	NodeRegistry::register(signed(owner), H256([1; 32]), endpoint("a:1"), 0)
}

fn decide(provider: u64, standing: Option<Standing>) {
	assert_ok!(NodeRegistry::set_standing(
		RuntimeOrigin::root(),
		provider,
		standing
	));
}

#[test]
fn where_admission_is_open_anybody_provides_who_is_not_barred() {
	ExtBuilder::default().build_and_execute(|| {
		decide(ALICE, Some(Standing::Barred));
		assert_noop!(register(ALICE), Error::<Test>::Barred);
		assert_ok!(register(BOB));
	});
}

#[test]
fn where_providers_are_admitted_one_by_one_nobody_else_provides() {
	ExtBuilder::default().build_and_execute(|| {
		OpenAdmission::set(false);
		assert_noop!(register(ALICE), Error::<Test>::NotAdmitted);
		decide(ALICE, Some(Standing::Admitted));
		assert_noop!(register(BOB), Error::<Test>::NotAdmitted);
		assert_ok!(register(ALICE));
	});
}

#[test]
fn a_decision_that_was_taken_back_is_as_if_it_had_never_been() {
	ExtBuilder::default().build_and_execute(|| {
		decide(ALICE, Some(Standing::Barred));
		decide(ALICE, None);
		assert_eq!(Standings::<Test>::get(ALICE), None);
		assert_ok!(register(ALICE));
	});
}

#[test]
fn a_decision_is_told() {
	ExtBuilder::default().build_and_execute(|| {
		let standing = Some(Standing::Barred);
		decide(ALICE, standing);
		assert_eq!(
			events(),
			[Event::StandingSet {
				provider: ALICE,
				standing
			}]
		);
	});
}

#[test]
fn a_barred_provider_keeps_its_nodes_and_adds_nothing_to_them() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		decide(ALICE, Some(Standing::Barred));
		let add = NodeRegistry::add_hardware(
			signed(ALICE),
			0,
			CLASS,
			HardwareKind::Cpu,
			H256([2; 32]),
			cpu(),
		);
		assert_noop!(add, Error::<Test>::Barred);
		heartbeat(ALICE, 0);
		assert_eq!(record(0).status, NodeStatus::Online);
		assert_ok!(NodeRegistry::retire(signed(ALICE), 0));
	});
}
