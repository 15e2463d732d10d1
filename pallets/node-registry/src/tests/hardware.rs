//! Adding hardware to a node and taking it out.

use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo};
use sp_core::H256;
use sp_runtime::{DispatchResult, TokenError};
use usufruct_primitives::{
	traits::{NodeInspect, NodeUsage, OnHardwareRemoved},
	Capacity, ClassId, HardwareInfo, HardwareKind,
};

use crate::{mock::*, Error, Event, Hardware, HidOfDevice, NextHid};

const DEVICE: H256 = H256([5; 32]);

fn add(class: ClassId, kind: HardwareKind, device: H256, capacity: Capacity) -> DispatchResult {
	NodeRegistry::add_hardware(signed(ALICE), 0, class, kind, device, capacity)
}

#[test]
fn adding_hardware_holds_its_deposit_and_gives_a_hid() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		assert_ok!(add(CLASS, HardwareKind::Cpu, DEVICE, cpu()));
		assert_eq!(
			<NodeRegistry as NodeInspect<u64>>::hardware(0),
			Some(HardwareInfo {
				node: 0,
				class: CLASS,
				kind: HardwareKind::Cpu,
				capacity: cpu()
			})
		);
		assert_eq!((record(0).hardware, held(ALICE)), (1, (BOND, DEPOSIT)));
		assert_eq!(
			events(),
			[Event::HardwareAdded {
				node: 0,
				hid: 0,
				class: CLASS
			}]
		);
	});
}

#[test]
fn a_device_is_registered_once_whoever_claims_it() {
	ExtBuilder::default()
		.node(ALICE)
		.node(BOB)
		.build_and_execute(|| {
			assert_ok!(add(CLASS, HardwareKind::Cpu, DEVICE, cpu()));
			for (owner, node) in [(ALICE, 0), (BOB, 1)] {
				assert_noop!(
					NodeRegistry::add_hardware(
						signed(owner),
						node,
						CLASS,
						HardwareKind::Gpu,
						DEVICE,
						cpu()
					),
					Error::<Test>::DeviceTaken
				);
			}
		});
}

#[test]
fn hardware_needs_a_class_that_exists() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		for class in [0, CLASS - 1, CLASS + 1, ClassId::MAX] {
			assert_noop!(
				add(class, HardwareKind::Cpu, DEVICE, cpu()),
				Error::<Test>::UnknownClass
			);
		}
	});
}

#[test]
fn hardware_without_memory_and_processors_without_cores_are_refused() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		let no_memory = Capacity {
			memory_mib: 0,
			..cpu()
		};
		let no_cores = Capacity {
			cpu_millis: 0,
			..cpu()
		};
		for (kind, capacity) in [
			(HardwareKind::Cpu, no_memory),
			(HardwareKind::Cpu, no_cores),
			(HardwareKind::Gpu, no_memory),
		] {
			assert_noop!(
				add(CLASS, kind, DEVICE, capacity),
				Error::<Test>::EmptyHardware
			);
		}
		assert_ok!(add(CLASS, HardwareKind::Gpu, DEVICE, no_cores));
	});
}

#[test]
fn a_node_has_at_most_the_configured_number_of_hids() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		for _ in 0..3 {
			add_cpu(ALICE, 0);
		}
		assert_noop!(
			add(CLASS, HardwareKind::Cpu, DEVICE, cpu()),
			Error::<Test>::TooMuchHardware
		);
		assert_ok!(NodeRegistry::remove_hardware(signed(ALICE), 0, 1));
		assert_ok!(add(CLASS, HardwareKind::Cpu, DEVICE, cpu()));
	});
}

#[test]
fn hardware_needs_its_deposit() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		assert_ok!(Balances::force_set_balance(
			RuntimeOrigin::root(),
			ALICE,
			DEPOSIT - 1
		));
		assert_noop!(
			add(CLASS, HardwareKind::Cpu, DEVICE, cpu()),
			TokenError::FundsUnavailable
		);
	});
}

#[test]
fn hids_run_out_without_wrapping() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		NextHid::<Test>::put(u64::MAX);
		assert_noop!(
			add(CLASS, HardwareKind::Cpu, DEVICE, cpu()),
			Error::<Test>::Exhausted
		);
	});
}

#[test]
fn a_retiring_node_takes_no_new_hardware() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		assert_ok!(NodeRegistry::retire(signed(ALICE), 0));
		assert_noop!(
			add(CLASS, HardwareKind::Cpu, DEVICE, cpu()),
			Error::<Test>::Retiring
		);
	});
}

#[test]
fn removing_hardware_returns_the_deposit_and_frees_the_device() {
	ExtBuilder::default()
		.node(ALICE)
		.node(BOB)
		.build_and_execute(|| {
			assert_ok!(add(CLASS, HardwareKind::Cpu, DEVICE, cpu()));
			events();
			assert_ok!(NodeRegistry::remove_hardware(signed(ALICE), 0, 0));
			assert_eq!(events(), [Event::HardwareRemoved { node: 0, hid: 0 }]);
			assert_eq!((held(ALICE), free(ALICE)), ((BOND, 0), RICHES - BOND));
			assert_eq!(
				(Hardware::<Test>::get(0), HidOfDevice::<Test>::get(DEVICE)),
				(None, None)
			);
			assert_noop!(
				NodeRegistry::remove_hardware(signed(ALICE), 0, 0),
				Error::<Test>::UnknownHardware
			);
			// The device may move to another node, under a HID of its own.
			assert_ok!(NodeRegistry::add_hardware(
				signed(BOB),
				1,
				CLASS,
				HardwareKind::Cpu,
				DEVICE,
				cpu()
			));
			assert_eq!(HidOfDevice::<Test>::get(DEVICE), Some(1));
		});
}

#[test]
fn hardware_is_removed_through_its_own_node() {
	ExtBuilder::default()
		.node(ALICE)
		.node(ALICE)
		.build_and_execute(|| {
			let hid = add_cpu(ALICE, 0);
			assert_noop!(
				NodeRegistry::remove_hardware(signed(ALICE), 1, hid),
				Error::<Test>::UnknownHardware
			);
		});
}

#[test]
fn hardware_stays_while_its_node_is_in_use() {
	ExtBuilder::default().node(ALICE).build_and_execute(|| {
		let hid = add_cpu(ALICE, 0);
		assert_ok!(NodeRegistry::acquire(0));
		assert_noop!(
			NodeRegistry::remove_hardware(signed(ALICE), 0, hid),
			Error::<Test>::NodeInUse
		);
		NodeRegistry::release(0);
		assert_eq!(Removed::take(), []);
		assert_ok!(NodeRegistry::remove_hardware(signed(ALICE), 0, hid));
		assert_eq!(
			Removed::take(),
			[(hid, CLASS)],
			"who keeps something of it is told"
		);
	});
}

#[test]
fn a_removal_is_paid_for_with_what_it_makes_others_do() {
	let call = crate::Call::<Test>::remove_hardware { node: 0, hid: 0 };
	let weight = call.get_dispatch_info().call_weight;
	let own = <() as crate::WeightInfo>::remove_hardware();
	assert_eq!(weight, own + <Removals as OnHardwareRemoved>::weight());
}
