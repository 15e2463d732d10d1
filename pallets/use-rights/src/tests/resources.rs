//! Cutting resources from hardware, and giving the hardware back.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;
use usufruct_primitives::{
	deposit,
	traits::{ResourceInfo, ResourceInspect},
	Capacity, HardwareKind, IsolationClass, MAX_PARTS,
};

use crate::{mock::*, Error, Event, NextVid, Parts, ResourceOfGpu, Resources, UsedCapacity};

fn remove(owner: usufruct_primitives::AccountId, vid: u64) -> sp_runtime::DispatchResult {
	UseRights::remove_resource(signed(owner), vid)
}

#[test]
fn a_provider_cuts_a_resource_from_its_machine_and_its_deposit_is_held() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(create(ALICE, &[CPU, SMALL_GPU, GPU], half()));
		assert_eq!(
			UseRights::resource(0),
			Some(ResourceInfo {
				node: 0,
				owner: ALICE,
				class: SMALL_GPU_CLASS,
				lead: SMALL_GPU,
				gpus: 2,
				gpu_memory_mib: 24_000,
				capacity: half(),
				isolation: IsolationClass::Gvisor,
			})
		);
		assert_eq!(
			(resource(0).bound, deposit::amount(&resource(0).deposit)),
			(None, DEPOSIT)
		);
		assert_eq!((held(&ALICE), free(&ALICE)), (DEPOSIT, RICHES - DEPOSIT));
		assert_eq!(UsedCapacity::<Test>::get(CPU), half());
		assert_eq!(
			[GPU, SMALL_GPU].map(ResourceOfGpu::<Test>::get),
			[Some(0), Some(0)]
		);
		assert_eq!((users(0), NextVid::<Test>::get()), (1, 1));
		assert_eq!(
			events(),
			[Event::ResourceCreated {
				vid: 0,
				node: 0,
				owner: ALICE
			}]
		);
	});
}

#[test]
fn a_resource_without_gpu_is_led_by_its_processor() {
	ExtBuilder::default().build_and_execute(|| {
		let vid = cut(ALICE, &[CPU], half());
		let record = resource(vid);
		assert_eq!((record.lead, record.class), (CPU, CPU_CLASS));
		assert_eq!((record.gpus, record.gpu_memory_mib), (0, 0));
	});
}

#[test]
fn a_gpu_alone_is_a_resource_without_capacity() {
	ExtBuilder::default().build_and_execute(|| {
		let vid = cut(ALICE, &[GPU], none());
		assert_eq!((resource(vid).lead, resource(vid).class), (GPU, GPU_CLASS));
		assert!(!UsedCapacity::<Test>::contains_key(CPU));
	});
}

#[test]
fn a_resource_has_parts() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(create(ALICE, &[], none()), Error::<Test>::NoParts);
		assert_noop!(create(ALICE, &[], half()), Error::<Test>::NoParts);
	});
}

#[test]
fn a_resource_has_eight_parts_at_most() {
	ExtBuilder::default().build_and_execute(|| {
		for hid in 100..100 + u64::from(MAX_PARTS) {
			add_gpu(hid, 0, GPU_CLASS, 1);
		}
		let hids: Vec<_> = (100..100 + u64::from(MAX_PARTS)).collect();
		assert_eq!(resource(cut(ALICE, &hids, none())).gpus, 8);
		assert!(Parts::try_from(vec![0; MAX_PARTS as usize + 1]).is_err());
	});
}

#[test]
fn a_part_is_named_once() {
	ExtBuilder::default().build_and_execute(|| {
		for hids in [[GPU, GPU], [CPU, CPU]] {
			assert_noop!(create(ALICE, &hids, half()), Error::<Test>::DuplicatePart);
		}
		assert_noop!(
			create(ALICE, &[GPU, CPU, GPU], half()),
			Error::<Test>::DuplicatePart
		);
	});
}

#[test]
fn parts_are_registered_hardware() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			create(ALICE, &[CPU, 77], half()),
			Error::<Test>::UnknownHardware
		);
	});
}

#[test]
fn parts_are_in_one_machine_even_if_both_machines_have_one_owner() {
	ExtBuilder::default().build_and_execute(|| {
		for hids in [[GPU, OTHER_GPU], [GPU, BOBS_GPU]] {
			assert_noop!(
				create(ALICE, &hids, none()),
				Error::<Test>::PartsOfSeveralNodes
			);
		}
	});
}

#[test]
fn only_the_machine_s_owner_cuts_resources_from_it() {
	ExtBuilder::default().build_and_execute(|| {
		for stranger in [BOB, CAROL, NOBODY] {
			assert_noop!(
				create(stranger, &[CPU, GPU], half()),
				Error::<Test>::NotOwner
			);
		}
		// Though all of its parts are taken, a stranger does not learn that.
		cut(ALICE, &[CPU, GPU], whole());
		assert_noop!(create(BOB, &[CPU, GPU], half()), Error::<Test>::NotOwner);
	});
}

#[test]
fn a_resource_takes_of_one_processor_only() {
	ExtBuilder::default().build_and_execute(|| {
		add_hardware(3, 0, CPU_CLASS, HardwareKind::Cpu, whole());
		assert_noop!(create(ALICE, &[CPU, 3], half()), Error::<Test>::SeveralCpus);
		assert_noop!(
			create(ALICE, &[CPU, GPU, 3], half()),
			Error::<Test>::SeveralCpus
		);
	});
}

#[test]
fn capacity_and_processor_come_together() {
	ExtBuilder::default().build_and_execute(|| {
		let without = [
			Capacity {
				cpu_millis: 1,
				..none()
			},
			Capacity {
				memory_mib: 1,
				..none()
			},
			Capacity {
				disk_mib: 1,
				..none()
			},
		];
		for capacity in without {
			assert_noop!(
				create(ALICE, &[GPU], capacity),
				Error::<Test>::CapacityWithoutCpu
			);
		}
		for capacity in [
			none(),
			Capacity {
				cpu_millis: 0,
				..half()
			},
			Capacity {
				memory_mib: 0,
				..half()
			},
		] {
			assert_noop!(
				create(ALICE, &[CPU, GPU], capacity),
				Error::<Test>::CapacityWithoutCpu
			);
		}
		cut(
			ALICE,
			&[CPU],
			Capacity {
				cpu_millis: 1,
				memory_mib: 1,
				disk_mib: 0,
			},
		);
	});
}

#[test]
fn resources_share_a_processor_to_its_last_unit_and_no_further() {
	ExtBuilder::default().build_and_execute(|| {
		cut(ALICE, &[CPU, GPU], half());
		let one = Capacity {
			cpu_millis: 1,
			memory_mib: 1,
			disk_mib: 0,
		};
		for too_much in [
			Capacity {
				cpu_millis: half().cpu_millis + 1,
				..half()
			},
			Capacity {
				memory_mib: half().memory_mib + 1,
				..half()
			},
			Capacity {
				disk_mib: half().disk_mib + 1,
				..half()
			},
		] {
			assert_noop!(
				create(ALICE, &[CPU], too_much),
				Error::<Test>::NotEnoughCapacity
			);
		}
		cut(ALICE, &[CPU], half());
		assert_eq!(UsedCapacity::<Test>::get(CPU), whole());
		assert_noop!(create(ALICE, &[CPU], one), Error::<Test>::NotEnoughCapacity);
		// Another machine's processor is another.
		cut(ALICE, &[OTHER_CPU], whole());
	});
}

#[test]
fn capacity_that_overflows_is_not_there() {
	ExtBuilder::default().build_and_execute(|| {
		cut(ALICE, &[CPU], half());
		for most in [
			Capacity {
				cpu_millis: u32::MAX,
				..half()
			},
			Capacity {
				memory_mib: u32::MAX,
				..half()
			},
			Capacity {
				disk_mib: u32::MAX,
				..half()
			},
		] {
			assert_noop!(
				create(ALICE, &[CPU], most),
				Error::<Test>::NotEnoughCapacity
			);
		}
	});
}

#[test]
fn a_gpu_belongs_to_one_resource() {
	ExtBuilder::default().build_and_execute(|| {
		cut(ALICE, &[CPU, GPU], half());
		assert_noop!(create(ALICE, &[CPU, GPU], half()), Error::<Test>::GpuTaken);
		assert_noop!(
			create(ALICE, &[SMALL_GPU, GPU], none()),
			Error::<Test>::GpuTaken
		);
		cut(ALICE, &[CPU, SMALL_GPU], half());
	});
}

#[test]
fn a_machine_that_takes_no_users_gives_no_resources() {
	ExtBuilder::default().build_and_execute(|| {
		close(0);
		assert_noop!(create(ALICE, &[CPU], half()), CLOSED);
	});
}

#[test]
fn creating_needs_the_deposit_and_leaves_nothing_without_it() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			create(POOR, &[POORS_CPU], half()),
			TokenError::FundsUnavailable
		);
		assert_eq!(users(3), 0);
		assert_ok!(Balances::transfer_allow_death(signed(ALICE), POOR, 1));
		assert_ok!(create(POOR, &[POORS_CPU], half()));
	});
}

#[test]
fn identifiers_of_resources_run_out_without_wrapping() {
	ExtBuilder::default().build_and_execute(|| {
		NextVid::<Test>::put(u64::MAX);
		assert_noop!(create(ALICE, &[CPU], half()), Error::<Test>::Exhausted);
	});
}

#[test]
fn removing_a_free_resource_frees_its_hardware_and_deposit() {
	ExtBuilder::default().resource().build_and_execute(|| {
		assert_ok!(remove(ALICE, 0));
		assert_eq!(UseRights::resource(0), None);
		assert_eq!((held(&ALICE), free(&ALICE), users(0)), (0, RICHES, 0));
		assert!(!UsedCapacity::<Test>::contains_key(CPU));
		assert!(!ResourceOfGpu::<Test>::contains_key(GPU));
		assert_eq!(events(), [Event::ResourceRemoved { vid: 0 }]);
		assert_noop!(remove(ALICE, 0), Error::<Test>::UnknownResource);
		// The hardware may be cut again; the identifier is not given out twice.
		assert_eq!(cut(ALICE, &[CPU, GPU], whole()), 1);
	});
}

#[test]
fn removing_one_resource_leaves_its_neighbour_s_capacity() {
	ExtBuilder::default().resource().build_and_execute(|| {
		let small = Capacity {
			cpu_millis: 10,
			memory_mib: 20,
			disk_mib: 30,
		};
		cut(ALICE, &[SMALL_GPU, CPU], small);
		assert_ok!(remove(ALICE, 0));
		assert_eq!(UsedCapacity::<Test>::get(CPU), small);
		assert_eq!(ResourceOfGpu::<Test>::get(SMALL_GPU), Some(1));
		assert_eq!((users(0), held(&ALICE)), (1, DEPOSIT));
	});
}

#[test]
fn a_deposit_returns_as_it_was_held() {
	ExtBuilder::default().resource().build_and_execute(|| {
		// Cut while the deposit was lower.
		use frame_support::traits::{fungible::MutateHold, tokens::Precision};
		Resources::<Test>::mutate_extant(0, |record| {
			record.deposit = deposit::ticket(7).expect("tickets are amounts");
		});
		let reason = crate::HoldReason::Resource.into();
		assert_ok!(Balances::release(
			&reason,
			&ALICE,
			DEPOSIT - 7,
			Precision::Exact
		));
		assert_ok!(remove(ALICE, 0));
		assert_eq!((held(&ALICE), free(&ALICE)), (0, RICHES));
	});
}

#[test]
fn only_the_owner_removes_a_resource() {
	ExtBuilder::default().resource().build_and_execute(|| {
		for stranger in [BOB, CAROL] {
			assert_noop!(remove(stranger, 0), Error::<Test>::NotOwner);
		}
	});
}

#[test]
fn a_bound_resource_stays_until_its_right_is_gone() {
	ExtBuilder::default().sold(10).build_and_execute(|| {
		assert_noop!(remove(ALICE, 0), Error::<Test>::ResourceBound);
		go_to(10);
		assert_noop!(remove(ALICE, 0), Error::<Test>::ResourceBound);
		assert_ok!(end(0));
		assert_ok!(remove(ALICE, 0));
	});
}

#[test]
fn a_minted_or_offered_right_binds_its_resource() {
	for state in [
		ExtBuilder::default().minted(),
		ExtBuilder::default().offered(),
	] {
		state.build_and_execute(|| {
			assert_noop!(remove(ALICE, 0), Error::<Test>::ResourceBound);
		});
	}
}

#[test]
fn a_machine_that_takes_no_users_still_lets_its_resources_go() {
	ExtBuilder::default().resource().build_and_execute(|| {
		close(0);
		assert_ok!(remove(ALICE, 0));
		assert_eq!(users(0), 0);
	});
}
