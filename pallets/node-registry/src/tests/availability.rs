//! What counts as available, to the block.

use frame_support::{assert_noop, assert_ok};
use proptest::prelude::*;
use usufruct_primitives::{traits::NodeInspect, BlockNumber};

use crate::{mock::*, Error, Event, NodeStatus};

fn available() -> u64 {
	NodeRegistry::available_blocks(0)
}

#[test]
fn a_heartbeat_brings_a_node_online_and_may_be_sent_again() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		go_to(5);
		for _ in 0..2 {
			assert_ok!(NodeRegistry::heartbeat(signed(ALICE), 0));
			assert_eq!(events(), [Event::HeartbeatReceived { node: 0 }]);
			assert!(NodeRegistry::is_online(0));
			assert_eq!((record(0).last_heartbeat, available()), (5, 0));
		}
	});
}

#[test]
fn a_node_is_online_through_the_last_block_of_its_window() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		for (block, online) in [(WINDOW, true), (1 + WINDOW, true), (2 + WINDOW, false)] {
			go_to(block);
			assert_eq!(NodeRegistry::is_online(0), online, "in block {block}");
		}
	});
}

#[test]
fn silence_beyond_the_window_does_not_count() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		for (block, blocks) in [
			(WINDOW, WINDOW - 1),
			(1 + WINDOW, WINDOW),
			(2 + WINDOW, WINDOW),
		] {
			go_to(block);
			assert_eq!(available(), u64::from(blocks), "in block {block}");
		}
		go_to(1_000);
		assert_eq!(available(), u64::from(WINDOW));
		heartbeat(ALICE, 0);
		assert_eq!(available(), u64::from(WINDOW));
		go_to(1_003);
		assert_eq!(available(), u64::from(WINDOW) + 3);
	});
}

#[test]
fn going_offline_stops_the_count_and_a_heartbeat_resumes_it() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		go_to(6);
		assert_ok!(NodeRegistry::go_offline(signed(ALICE), 0));
		assert_eq!(events(), [Event::WentOffline { node: 0 }]);
		assert!(!NodeRegistry::is_online(0));
		go_to(16);
		assert_eq!(available(), 5);
		assert_ok!(NodeRegistry::go_offline(signed(ALICE), 0));
		heartbeat(ALICE, 0);
		go_to(18);
		assert_eq!(available(), 7);
	});
}

#[test]
fn the_share_of_available_blocks_is_of_the_time_since_registration() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		assert_eq!(NodeRegistry::availability_ppm(0), 0);
		go_to(11);
		assert_eq!(NodeRegistry::availability_ppm(0), 1_000_000);
		go_to(1 + 2 * WINDOW);
		assert_eq!(NodeRegistry::availability_ppm(0), 500_000);
		assert_eq!(NodeRegistry::availability_ppm(9), 0);
		assert_eq!(NodeRegistry::available_blocks(9), 0);
	});
}

#[test]
fn a_vote_on_the_period_takes_back_nothing_that_was_available() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		go_to(16);
		assert_eq!(available(), 15);
		HeartbeatPeriod::set(2);
		assert_eq!(available(), 15);
		assert!(
			NodeRegistry::is_online(0),
			"the new period begins with the next heartbeat"
		);
		HeartbeatPeriod::set(0);
		assert_eq!(available(), 15);
		HeartbeatPeriod::set(1_000);
		go_to(500);
		assert_eq!(
			available(),
			u64::from(WINDOW),
			"nor does a vote make silence count"
		);
	});
}

#[test]
fn a_new_period_holds_from_the_next_heartbeat_on() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		HeartbeatPeriod::set(2);
		heartbeat(ALICE, 0);
		go_to(5);
		assert!(NodeRegistry::is_online(0));
		go_to(6);
		assert!(!NodeRegistry::is_online(0));
		assert_eq!(available(), 4);
	});
}

#[test]
fn a_suspended_node_is_offline_and_its_heartbeats_are_refused() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		go_to(6);
		assert_ok!(NodeRegistry::force_suspend(RuntimeOrigin::root(), 0));
		assert_eq!(events(), [Event::NodeSuspended { node: 0 }]);
		go_to(10);
		assert!(!NodeRegistry::is_online(0));
		assert_eq!(available(), 5);
		assert_noop!(
			NodeRegistry::heartbeat(signed(ALICE), 0),
			Error::<Test>::Suspended
		);
		assert_noop!(
			NodeRegistry::go_offline(signed(ALICE), 0),
			Error::<Test>::Suspended
		);
		assert_noop!(
			NodeRegistry::force_suspend(RuntimeOrigin::root(), 0),
			Error::<Test>::Suspended
		);
	});
}

#[test]
fn a_reinstated_node_is_offline_until_it_speaks() {
	ExtBuilder::default().online(ALICE).build_and_execute(|| {
		assert_ok!(NodeRegistry::force_suspend(RuntimeOrigin::root(), 0));
		go_to(50);
		events();
		assert_ok!(NodeRegistry::force_reinstate(RuntimeOrigin::root(), 0));
		assert_eq!(events(), [Event::NodeReinstated { node: 0 }]);
		assert_eq!((record(0).status, available()), (NodeStatus::Offline, 0));
		assert_noop!(
			NodeRegistry::force_reinstate(RuntimeOrigin::root(), 0),
			Error::<Test>::NotSuspended
		);
		heartbeat(ALICE, 0);
		go_to(52);
		assert_eq!(available(), 2);
	});
}

#[derive(Clone, Copy, Debug)]
enum Step {
	Heartbeat,
	GoOffline,
	Suspend,
	Reinstate,
	Fault,
	Retire,
	Period(BlockNumber),
}

fn step() -> impl Strategy<Value = Step> {
	prop_oneof![
		8 => Just(Step::Heartbeat),
		4 => Just(Step::GoOffline),
		1 => Just(Step::Suspend),
		2 => Just(Step::Reinstate),
		1 => Just(Step::Fault),
		1 => Just(Step::Retire),
		2 => (0u32..40).prop_map(Step::Period),
	]
}

proptest! {
	/// Whatever an owner, the DAO and the clock do: the count grows, never by more than the blocks
	/// that passed, and reading it does not depend on when it was read before.
	#[test]
	fn availability_never_decreases_and_never_exceeds_the_blocks_that_passed(
		steps in prop::collection::vec((0u32..60, step()), 0..60),
	) {
		ExtBuilder::default().node(ALICE).build_and_execute(|| {
			let (mut block, mut last) = (1, 0);
			let grow = |last: &mut u64, passed: u32| {
				let reading = available();
				assert!(reading >= *last, "{reading} after {last}");
				assert!(reading - *last <= u64::from(passed), "more than the blocks that passed");
				*last = reading;
			};
			for (pause, step) in steps {
				block += pause;
				go_to(block);
				grow(&mut last, pause);
				// Refusals are as good a history as any.
				let _: sp_runtime::DispatchResult = match step {
					Step::Heartbeat => NodeRegistry::heartbeat(signed(ALICE), 0),
					Step::GoOffline => NodeRegistry::go_offline(signed(ALICE), 0),
					Step::Suspend => NodeRegistry::force_suspend(RuntimeOrigin::root(), 0),
					Step::Reinstate => NodeRegistry::force_reinstate(RuntimeOrigin::root(), 0),
					Step::Retire => NodeRegistry::retire(signed(ALICE), 0),
					Step::Fault => {
						use usufruct_primitives::traits::NodeUsage;
						NodeRegistry::note_fault(0);
						Ok(())
					},
					Step::Period(period) => {
						HeartbeatPeriod::set(period);
						Ok(())
					},
				};
				grow(&mut last, 0);
				assert!(last <= u64::from(block - 1), "more than the node's age");
				assert!(NodeRegistry::availability_ppm(0) <= 1_000_000);
			}
		});
	}

	/// A plain model that looks at every block agrees with the lazy count.
	#[test]
	fn the_lazy_count_is_that_of_somebody_who_watches_every_block(
		steps in prop::collection::vec((0u32..50, prop::bool::weighted(0.8)), 0..40),
	) {
		ExtBuilder::default().node(ALICE).build_and_execute(|| {
			let (mut block, mut counted) = (1, 0u64);
			// The block of the last heartbeat, unless the node said that it left.
			let mut heard: Option<u32> = None;
			for (pause, alive) in steps {
				for _ in 0..pause {
					block += 1;
					counted += u64::from(heard.is_some_and(|heard| block - heard <= WINDOW));
				}
				go_to(block);
				assert_eq!(available(), counted);
				assert_eq!(
					NodeRegistry::is_online(0),
					heard.is_some_and(|heard| block - heard <= WINDOW)
				);
				if alive {
					heartbeat(ALICE, 0);
					heard = Some(block);
				} else {
					assert_ok!(NodeRegistry::go_offline(signed(ALICE), 0));
					heard = None;
				}
			}
		});
	}
}
