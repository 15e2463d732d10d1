//! Each invariant sees the state that breaks it.

use usufruct_primitives::{deposit, Capacity};

use crate::{
	mock::*, NextUid, NextVid, Resource, ResourceOfGpu, Resources, UseRightRecord, UseRightState,
	UseRights as Rights, UsedCapacity,
};

/// Breaks a good state, a bound resource and a free one, and expects the complaint.
fn caught(complaint: &'static str, harm: impl FnOnce()) {
	ExtBuilder::default().sold(10).build().execute_with(|| {
		cut(ALICE, &[CPU, SMALL_GPU], half());
		UseRights::do_try_state().expect("the state was good");
		harm();
		assert_eq!(UseRights::do_try_state(), Err(complaint.into()));
	});
}

fn change(vid: u64, harm: impl FnOnce(&mut Resource<Test>)) {
	Resources::<Test>::mutate(vid, |record| harm(record.as_mut().expect("it exists")));
}

fn change_right(harm: impl FnOnce(&mut UseRightRecord<usufruct_primitives::AccountId>)) {
	Rights::<Test>::mutate(0, |record| harm(record.as_mut().expect("it exists")));
}

#[test]
fn a_resource_with_an_identifier_not_given_out_is_seen() {
	caught("a resource has an identifier not given out", || {
		NextVid::<Test>::put(1);
	});
}

#[test]
fn a_right_with_an_identifier_not_given_out_is_seen() {
	caught("a right has an identifier not given out", || {
		NextUid::<Test>::put(0);
	});
}

#[test]
fn a_right_without_a_resource_is_seen() {
	caught("a right without a resource", || {
		change_right(|right| right.vid = 7);
	});
}

#[test]
fn a_right_whose_resource_is_free_is_seen() {
	caught("a right whose resource is bound elsewhere", || {
		change(0, |record| record.bound = None);
	});
}

#[test]
fn a_resource_bound_to_nothing_is_seen() {
	caught("a resource bound to nothing", || {
		change(1, |record| record.bound = Some(9));
	});
}

#[test]
fn two_resources_bound_to_one_right_are_seen() {
	caught("a resource bound to another's right", || {
		change(1, |record| record.bound = Some(0));
	});
}

#[test]
fn an_unsold_right_in_others_hands_is_seen() {
	caught("an unsold right in others' hands", || {
		change_right(|right| right.state = UseRightState::Minted);
	});
}

#[test]
fn a_part_that_is_gone_is_seen() {
	caught("a resource of hardware that is gone", || {
		let mut hardware = Hardware::get();
		hardware.remove(&GPU);
		Hardware::set(&hardware);
	});
}

#[test]
fn a_part_in_another_machine_is_seen() {
	caught("a part in another machine", || {
		change(1, |record| record.node = 1);
	});
}

#[test]
fn a_gpu_that_belongs_elsewhere_is_seen() {
	caught("a GPU belongs elsewhere", || {
		ResourceOfGpu::<Test>::insert(GPU, 1);
	});
}

#[test]
fn a_gpu_of_a_resource_that_is_gone_is_seen() {
	caught("a GPU of a resource that is gone", || {
		ResourceOfGpu::<Test>::insert(BOBS_GPU, 5);
	});
}

#[test]
fn more_used_than_there_is_is_seen() {
	caught("more is used than there is", || {
		change(1, |record| record.capacity.disk_mib += 1);
	});
}

#[test]
fn a_sum_that_overflows_is_seen() {
	caught("capacity overflows", || {
		let most = Capacity {
			cpu_millis: u32::MAX,
			memory_mib: 1,
			disk_mib: 1,
		};
		add_hardware(
			CPU,
			0,
			CPU_CLASS,
			usufruct_primitives::HardwareKind::Cpu,
			most,
		);
		change(0, |record| record.capacity = most);
		change(1, |record| record.capacity = most);
	});
}

#[test]
fn a_wrong_sum_of_used_capacity_is_seen() {
	caught("used capacity is wrong", || {
		UsedCapacity::<Test>::insert(CPU, half());
	});
}

#[test]
fn used_capacity_of_a_processor_without_resources_is_seen() {
	caught("used capacity is wrong", || {
		UsedCapacity::<Test>::insert(OTHER_CPU, half());
	});
}

#[test]
fn used_capacity_that_is_not_recorded_is_seen() {
	caught("used capacity is not recorded", || {
		UsedCapacity::<Test>::remove(CPU);
	});
}

#[test]
fn a_deposit_that_is_not_held_is_seen() {
	caught("held deposits differ from recorded ones", || {
		change(1, |record| {
			record.deposit = deposit::ticket(DEPOSIT + 1).expect("tickets are amounts");
		});
	});
}
