//! What a workload may say.

use frame_support::{assert_noop, assert_ok};
use usufruct_primitives::traits::Marketplace;

use crate::{mock::*, *};

fn check(change: impl Fn(&mut HealthCheck)) -> Workload {
	let mut check = HealthCheck {
		probe: HealthProbe::Tcp,
		every: 10,
		timeout: 5,
		failures: 3,
		grace: 0,
	};
	change(&mut check);
	Workload {
		image: IMAGE,
		port: Some(80),
		health: Some(check),
		..Default::default()
	}
}

fn path(text: &[u8]) -> HealthProbe {
	HealthProbe::Http {
		path: text.to_vec().try_into().unwrap(),
	}
}

fn request(workload: Workload) -> sp_runtime::DispatchResult {
	let spec = WorkspaceSpec { workload, ..spec() };
	Workspaces::request(RuntimeOrigin::signed(TENANT), spec, ENDOWMENT, 0, LIFETIME)
}

#[test]
fn a_health_check_has_bounds_and_a_port_to_be_made_at() {
	build_and_execute(|| {
		for good in [
			check(|_| {}),
			check(|check| (check.every, check.timeout) = (1, 1)),
			check(|check| (check.every, check.grace) = (3_600, 3_600)),
			check(|check| (check.failures, check.timeout) = (20, 60)),
			check(|check| check.probe = path(b"/")),
			check(|check| check.probe = path(b"/health?deep=1")),
		] {
			assert_ok!(request(good));
		}
		for bad in [
			check(|check| check.every = 0),
			check(|check| check.every = 3_601),
			check(|check| check.timeout = 0),
			check(|check| check.timeout = 61),
			check(|check| check.failures = 0),
			check(|check| check.failures = 21),
			check(|check| check.grace = 3_601),
			check(|check| check.probe = path(b"")),
			check(|check| check.probe = path(b"health")),
			check(|check| check.probe = path(b"/ HTTP/1.1")),
			check(|check| check.probe = path(b"/a\r\nHost: b")),
			check(|check| check.probe = path("/\u{fc}".as_bytes())),
			Workload {
				port: None,
				..check(|_| {})
			},
		] {
			assert_noop!(request(bad), Error::<Test>::BadHealthCheck);
		}
	});
}

#[test]
fn restarts_are_bounded_and_a_job_is_not_started_again_when_it_is_done() {
	build_and_execute(|| {
		let workload = |restart, port| Workload {
			image: IMAGE,
			port,
			restart,
			..Default::default()
		};
		for port in [None, Some(80)] {
			assert_ok!(request(workload(Restart::Never, port)));
			for most in [1, 100] {
				assert_ok!(request(workload(Restart::OnFailure { most }, port)));
			}
			for most in [0, 101, 255] {
				for restart in [Restart::OnFailure { most }, Restart::Always { most }] {
					let bad = request(workload(restart, port));
					assert_noop!(bad, Error::<Test>::BadRestart);
				}
			}
		}
		assert_ok!(request(workload(Restart::Always { most: 100 }, Some(80))));
		let endless = request(workload(Restart::Always { most: 1 }, None));
		assert_noop!(endless, Error::<Test>::BadRestart);
	});
}

#[test]
fn what_runs_on_a_held_right_has_the_same_bounds() {
	build_and_execute(|| {
		list(7, 5);
		assert_ok!(Stub::buy(7, &TENANT, TERM, None));
		let run = |workload| Workspaces::run(RuntimeOrigin::signed(TENANT), 7, workload);
		let bad = check(|check| check.every = 0);
		assert_noop!(run(bad), Error::<Test>::BadHealthCheck);
		assert_ok!(run(check(|_| {})));
	});
}
