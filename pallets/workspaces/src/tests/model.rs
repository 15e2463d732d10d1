//! Any sequence of calls, by anybody, keeps the invariants and creates no money.

use proptest::prelude::*;

use crate::{mock::*, *};

#[derive(Clone, Debug)]
enum Step {
	List {
		price: u128,
		node: u32,
	},
	Request {
		replicas: u8,
		window: u32,
		term: u32,
	},
	Propose {
		request: u64,
		replica: u8,
		uid: u64,
	},
	Settle {
		request: u64,
	},
	Report {
		lease: u64,
		what: u8,
	},
	Terminate {
		lease: u64,
	},
	Expire {
		lease: u64,
	},
	Cancel {
		request: u64,
	},
	ExpireRequest {
		request: u64,
	},
	HandOn {
		uid: u64,
	},
	Offline {
		node: u32,
	},
	Pass {
		blocks: u32,
	},
	Retract,
}

fn step() -> impl Strategy<Value = Step> {
	prop_oneof![
		3 => (1u128..12, 0u32..12).prop_map(|(price, node)| Step::List { price, node }),
		2 => (1u8..4, 0u32..6, 1u32..40)
			.prop_map(|(replicas, window, term)| Step::Request { replicas, window, term }),
		6 => (0u64..6, 0u8..4, 0u64..20)
			.prop_map(|(request, replica, uid)| Step::Propose { request, replica, uid }),
		1 => (0u64..6).prop_map(|request| Step::Settle { request }),
		3 => (0u64..10, 0u8..6).prop_map(|(lease, what)| Step::Report { lease, what }),
		1 => (0u64..10).prop_map(|lease| Step::Terminate { lease }),
		2 => (0u64..10).prop_map(|lease| Step::Expire { lease }),
		1 => (0u64..6).prop_map(|request| Step::Cancel { request }),
		1 => (0u64..6).prop_map(|request| Step::ExpireRequest { request }),
		1 => (0u64..20).prop_map(|uid| Step::HandOn { uid }),
		1 => (0u32..12).prop_map(|node| Step::Offline { node }),
		3 => (1u32..15).prop_map(|blocks| Step::Pass { blocks }),
		1 => Just(Step::Retract),
	]
}

fn take(step: Step, next_uid: &mut u64) {
	let stranger = RuntimeOrigin::signed(STRANGER);
	let tenant = RuntimeOrigin::signed(TENANT);
	// Most steps are refused by something; none may break anything.
	let _: sp_runtime::DispatchResult = match step {
		Step::List { price, node } => {
			list_with(*next_uid, price, |l| l.node = node);
			*next_uid += 1;
			Ok(())
		}
		Step::Request {
			replicas,
			window,
			term,
		} => {
			let mut spec = spec();
			(spec.replicas, spec.term) = (replicas, term);
			// Machines repeat, so that this is refused now and then.
			spec.requirement.apart.node = term % 2 == 0;
			spec.workload.release = (term % 3 == 0).then_some(RELEASE);
			Workspaces::request(tenant, spec, ENDOWMENT, window, LIFETIME)
		}
		Step::Propose {
			request,
			replica,
			uid,
		} => propose(request, replica, uid),
		Step::Settle { request } => Workspaces::settle(stranger, request),
		Step::Report { lease, what } => {
			let progress = match what {
				0 => Progress::Finished,
				1 => Progress::Failed {
					reason: FailureReason::NoSpace,
				},
				2 => Progress::Failed {
					reason: FailureReason::Crashed,
				},
				3 => Progress::Dispensing { percent: 50 },
				_ => running(),
			};
			report(lease, progress)
		}
		Step::Terminate { lease } => Workspaces::terminate(tenant, lease),
		Step::Expire { lease } => Workspaces::expire(stranger, lease),
		Step::Cancel { request } => Workspaces::cancel_request(tenant, request),
		Step::ExpireRequest { request } => Workspaces::expire_request(stranger, request),
		Step::HandOn { uid } => {
			if Purchases::get().contains_key(&uid) {
				hand_on(uid, STRANGER);
			}
			Ok(())
		}
		Step::Offline { node } => {
			take_offline(node);
			Ok(())
		}
		Step::Pass { blocks } => {
			pass(blocks);
			Ok(())
		}
		Step::Retract => Workspaces::retract_image(RuntimeOrigin::signed(AUTHOR), IMAGE),
	};
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(128))]

	#[test]
	fn any_sequence_of_calls_keeps_the_invariants(
		steps in prop::collection::vec(step(), 1..80)
	) {
		new_test_ext().execute_with(|| {
			let issuance = Balances::total_issuance();
			let mut next_uid = 0;
			for step in steps {
				take(step, &mut next_uid);
				Workspaces::do_try_state().unwrap();
				assert_eq!(Balances::total_issuance(), issuance);
				let sold: std::collections::BTreeSet<_> = Purchases::get().into_keys().collect();
				let leased: std::collections::BTreeSet<_> = LeaseOfUid::<Test>::iter_keys().collect();
				assert_eq!(sold, leased);
				let named = |record: &crate::Request<Test>| record.spec.workload.release.is_some();
				let named = Requests::<Test>::iter_values().filter(named).count();
				assert_eq!(Uses::get() as usize, named);
				let paying: Vec<_> = Fares::get().into_keys().collect();
				assert!(paying.iter().all(Leases::<Test>::contains_key));
			}
		});
	}

	#[test]
	fn a_tenant_never_pays_more_than_its_budget(
		prices in prop::collection::vec(1u128..=10, 1..12),
		lives in prop::collection::vec(1u32..30, 12),
	) {
		new_test_ext().execute_with(|| {
			let request = request();
			for (uid, (price, life)) in (0u64..).zip(prices.into_iter().zip(lives)) {
				list(uid, price);
				if propose(request, 0, uid).is_err() {
					break;
				}
				let _: sp_runtime::DispatchResult = report(uid, running());
				pass(life);
				take_offline(uid as u32);
				let _: sp_runtime::DispatchResult =
					Workspaces::expire(RuntimeOrigin::signed(STRANGER), uid);
			}
			use frame_support::traits::fungible::Inspect;
			let spent = ENDOWMENT - <Balances as Inspect<_>>::total_balance(&TENANT);
			assert!(spent <= 1_000, "{spent}");
		});
	}
}
