//! What a tenant may ask for, what is held, and how it returns.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError::BadOrigin;
use usufruct_primitives::IsolationClass;

use crate::{mock::*, *};

fn ask(
	change: impl FnOnce(&mut WorkspaceSpec<AccountId>),
	budget: u128,
) -> sp_runtime::DispatchResult {
	let mut spec = spec();
	change(&mut spec);
	Workspaces::request(RuntimeOrigin::signed(TENANT), spec, budget, 0, LIFETIME)
}

#[test]
fn a_request_holds_the_highest_price_of_all_replicas_and_its_deposit() {
	build_and_execute(|| {
		let request = request_with(0, |spec| spec.replicas = 3);
		assert_eq!(held(TENANT, HoldReason::Budget), 10 * 100 * 3);
		assert_eq!(held(TENANT, HoldReason::Request), 20);
		assert_eq!(
			events(),
			[Event::WorkspaceRequested {
				request,
				tenant: TENANT
			}]
		);
		let record = Requests::<Test>::get(request).unwrap();
		assert_eq!(
			(record.missing, record.placed.len(), record.expires_at),
			(0b111, 0, 51)
		);
	});
}

#[test]
fn eight_replicas_are_the_most() {
	build_and_execute(|| {
		let request = request_with(0, |spec| spec.replicas = 8);
		assert_eq!(Requests::<Test>::get(request).unwrap().missing, 0xff);
		for replicas in [0, 9, 255] {
			let asked = ask(|spec| spec.replicas = replicas, ENDOWMENT);
			assert_noop!(asked, Error::<Test>::BadReplicas);
		}
	});
}

#[test]
fn a_budget_below_the_highest_price_is_too_small() {
	build_and_execute(|| {
		assert_noop!(ask(|_| {}, 999), Error::<Test>::BudgetTooSmall);
		assert_ok!(ask(|_| {}, 1_000));
	});
}

#[test]
fn a_request_that_would_pay_nothing_is_refused() {
	build_and_execute(|| {
		let asked = ask(|spec| spec.requirement.max_price = 0, ENDOWMENT);
		assert_noop!(asked, Error::<Test>::BudgetTooSmall);
	});
}

#[test]
fn a_tenant_without_the_money_is_refused() {
	build_and_execute(|| {
		let asked = ask(|spec| spec.requirement.max_price = 10_000, u128::MAX);
		assert!(asked.is_err());
		assert!(Requests::<Test>::iter().next().is_none());
	});
}

#[test]
fn amounts_that_overflow_are_refused() {
	build_and_execute(|| {
		let asked = ask(|spec| spec.requirement.max_price = u128::MAX, u128::MAX);
		assert_noop!(asked, Error::<Test>::Overflow);
	});
}

#[test]
fn an_unknown_image_is_refused() {
	build_and_execute(|| {
		let asked = ask(|spec| spec.workload.image = Default::default(), ENDOWMENT);
		assert_noop!(asked, Error::<Test>::UnknownImage);
	});
}

#[test]
fn an_unknown_class_is_refused() {
	build_and_execute(|| {
		let name = |class| {
			move |spec: &mut WorkspaceSpec<AccountId>| {
				spec.requirement.classes.try_push(class).unwrap();
			}
		};
		assert_noop!(ask(name(CLASS + 1), ENDOWMENT), Error::<Test>::UnknownClass);
		assert_ok!(ask(name(CLASS), ENDOWMENT));
	});
}

#[test]
fn the_isolation_fits_the_kind_of_image() {
	build_and_execute(|| {
		let set = |image, isolation| {
			move |spec: &mut WorkspaceSpec<AccountId>| {
				spec.workload.image = image;
				spec.requirement.isolation.try_push(isolation).unwrap();
			}
		};
		let refused = Error::<Test>::IsolationMismatch;
		assert_noop!(ask(set(IMAGE, IsolationClass::Wasm), ENDOWMENT), refused);
		let refused = Error::<Test>::IsolationMismatch;
		assert_noop!(ask(set(MODULE, IsolationClass::Gvisor), ENDOWMENT), refused);
		assert_ok!(ask(set(IMAGE, IsolationClass::Gvisor), ENDOWMENT));
		assert_ok!(ask(set(MODULE, IsolationClass::Wasm), ENDOWMENT));
	});
}

#[test]
fn a_term_is_a_block_at_least() {
	build_and_execute(|| {
		assert_noop!(ask(|spec| spec.term = 0, ENDOWMENT), Error::<Test>::BadTerm);
		assert_ok!(ask(|spec| spec.term = 1, ENDOWMENT));
	});
}

#[test]
fn a_lifetime_is_longer_than_its_window_and_both_are_bounded() {
	build_and_execute(|| {
		let ask = |window, lifetime| {
			let origin = RuntimeOrigin::signed(TENANT);
			Workspaces::request(origin, spec(), ENDOWMENT, window, lifetime)
		};
		for (window, lifetime) in [(0, 0), (5, 5), (21, 50), (0, 101), (u32::MAX, u32::MAX)] {
			assert_noop!(ask(window, lifetime), Error::<Test>::BadWindow);
		}
		assert_ok!(ask(0, 1));
		assert_ok!(ask(20, 100));
	});
}

#[test]
fn cancelling_returns_everything_and_closes_a_request_without_leases() {
	build_and_execute(|| {
		let request = request();
		System::reset_events();
		assert_ok!(Workspaces::cancel_request(
			RuntimeOrigin::signed(TENANT),
			request
		));
		assert_eq!(Balances::free_balance(TENANT), ENDOWMENT);
		assert!(!Requests::<Test>::contains_key(request));
		assert_eq!(
			events(),
			[
				Event::RequestCompleted { request },
				Event::RequestCancelled {
					request,
					refund: 1_000
				},
			]
		);
		let again = Workspaces::cancel_request(RuntimeOrigin::signed(TENANT), request);
		assert_noop!(again, Error::<Test>::UnknownRequest);
	});
}

#[test]
fn cancelling_leaves_leases_alone() {
	build_and_execute(|| {
		let request = request_with(0, |spec| spec.replicas = 2);
		list(7, 5);
		assert_ok!(propose(request, 0, 7));
		assert_ok!(Workspaces::cancel_request(
			RuntimeOrigin::signed(TENANT),
			request
		));
		assert_eq!(Leases::<Test>::iter().count(), 1);
		assert_eq!(held(TENANT, HoldReason::Budget), 0);
		assert!(!OpenRequests::<Test>::contains_key(request));
		let again = Workspaces::cancel_request(RuntimeOrigin::signed(TENANT), request);
		assert_noop!(again, Error::<Test>::NotOpen);
	});
}

#[test]
fn only_the_tenant_may_cancel() {
	build_and_execute(|| {
		let request = request();
		for who in [AUTHOR, PROVIDER, STRANGER] {
			let cancelled = Workspaces::cancel_request(RuntimeOrigin::signed(who), request);
			assert_noop!(cancelled, Error::<Test>::NotTenant);
		}
		for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
			assert_noop!(
				Workspaces::cancel_request(origin.clone(), request),
				BadOrigin
			);
			let asked = Workspaces::request(origin.clone(), spec(), ENDOWMENT, 0, LIFETIME);
			assert_noop!(asked, BadOrigin);
			assert_noop!(Workspaces::expire_request(origin, request), BadOrigin);
		}
	});
}

#[test]
fn a_stranger_may_expire_a_request_at_the_block_its_lifetime_ends_and_not_before() {
	build_and_execute(|| {
		let request = request();
		System::reset_events();
		let expire = || Workspaces::expire_request(RuntimeOrigin::signed(STRANGER), request);
		run_to(50);
		assert_noop!(expire(), Error::<Test>::NotExpired);
		run_to(51);
		assert_ok!(expire());
		assert_eq!(Balances::free_balance(TENANT), ENDOWMENT);
		assert_eq!(
			events(),
			[
				Event::RequestCompleted { request },
				Event::RequestExpired {
					request,
					refund: 1_000
				},
			]
		);
		assert_noop!(expire(), Error::<Test>::UnknownRequest);
	});
}

#[test]
fn a_request_that_misses_nothing_does_not_expire() {
	build_and_execute(|| {
		lease(7);
		run_to(90);
		let expired = Workspaces::expire_request(RuntimeOrigin::signed(STRANGER), 0);
		assert_noop!(expired, Error::<Test>::NotOpen);
	});
}
