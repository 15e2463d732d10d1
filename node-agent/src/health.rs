//! Whether services are well, by their tenants' own checks.
//!
//! Each service with a check is tried beside the passes, at the address that tenants reach, again and again. The
//! passes ask what came of it.

use std::{
	collections::HashMap,
	sync::{Arc, Mutex},
	time::{Duration, Instant},
};

use tokio::{net::TcpStream, task::JoinHandle, time};

use crate::{
	domain::{Actual, Condition, HealthCheck, Identity, Wanted},
	proofs::lock,
};

/// What is known of a service since it was started.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
	/// No try succeeded yet; so many failed after the time of grace.
	Unproven(u8),
	/// The last try succeeded, or so many in a row failed after it.
	Well(u8),
	/// Too many failed in a row; why the last one did. Nothing changes that but a new start.
	Ill(String),
}

impl State {
	/// What a try changes, at so long after the start.
	fn saw(self, check: &HealthCheck, age: Duration, tried: Result<(), String>) -> Self {
		let (failures, is_proven) = match self {
			Self::Ill(why) => return Self::Ill(why),
			Self::Unproven(failures) => (failures, false),
			Self::Well(failures) => (failures, true),
		};
		let why = match tried {
			Ok(()) => return Self::Well(0),
			Err(_) if !is_proven && age < check.grace => return Self::Unproven(failures),
			Err(why) => why,
		};
		let failures = failures.saturating_add(1);
		match (failures >= check.failures, is_proven) {
			(true, _) => Self::Ill(format!("{why}, {failures} times")),
			(false, true) => Self::Well(failures),
			(false, false) => Self::Unproven(failures),
		}
	}
}

/// One service that is tried.
#[derive(Debug)]
struct Watch {
	endpoint: String,
	identity: Option<Identity>,
	check: HealthCheck,
	state: Arc<Mutex<State>>,
	tries: JoinHandle<()>,
}

impl Drop for Watch {
	fn drop(&mut self) {
		self.tries.abort();
	}
}

/// Tries all services that are to be tried.
#[derive(Debug, Default)]
pub struct Monitor(Mutex<HashMap<u64, Watch>>);

impl Monitor {
	/// Tries what is to be tried from now on, nothing else any more, and writes into `actual` what is known.
	pub fn look(&self, wanted: &[Wanted], actual: &mut [Actual]) {
		let mut watches = lock(&self.0);
		let checks: HashMap<u64, &HealthCheck> = wanted
			.iter()
			.filter_map(|wanted| Some((wanted.lease.lease, wanted.lease.health.as_ref()?)))
			.collect();
		let is_running = |lease: &u64| {
			let mut all = actual.iter();
			all.any(|found| found.lease == *lease && found.endpoint().is_some())
		};
		watches.retain(|lease, _| checks.contains_key(lease) && is_running(lease));
		for found in actual {
			let Condition::Running(endpoint) = &found.condition else {
				continue;
			};
			let Some(check) = checks.get(&found.lease) else {
				continue;
			};
			let is_it = |watch: &Watch| {
				watch.endpoint == *endpoint
					&& watch.identity == found.identity
					&& watch.check == **check
			};
			if !watches.get(&found.lease).is_some_and(is_it) {
				watches.insert(found.lease, watch(endpoint, found.identity, check));
			}
			let known = watches
				.get(&found.lease)
				.map(|watch| lock(&watch.state).clone());
			let endpoint = endpoint.clone();
			found.condition = match known {
				None | Some(State::Unproven(_)) => Condition::Unproven(endpoint),
				Some(State::Well(_)) => Condition::Running(endpoint),
				Some(State::Ill(why)) => Condition::Ill { endpoint, why },
			};
		}
	}

	/// Forgets what is known of a service that was started again.
	pub fn forget(&self, lease: u64) {
		lock(&self.0).remove(&lease);
	}
}

/// Begins to try a service.
fn watch(endpoint: &str, identity: Option<Identity>, check: &HealthCheck) -> Watch {
	let state = Arc::new(Mutex::new(State::Unproven(0)));
	let begun = Instant::now();
	let (seen, at, how) = (state.clone(), endpoint.to_string(), check.clone());
	let tries = tokio::spawn(async move {
		loop {
			let tried = attempt(&at, &how).await;
			{
				let mut state = lock(&seen);
				*state = state.clone().saw(&how, begun.elapsed(), tried);
			}
			time::sleep(how.every).await;
		}
	});
	Watch {
		endpoint: endpoint.into(),
		identity,
		check: check.clone(),
		state,
		tries,
	}
}

/// Tries a service once.
async fn attempt(endpoint: &str, check: &HealthCheck) -> Result<(), String> {
	let Some(path) = &check.path else {
		return match time::timeout(check.timeout, TcpStream::connect(endpoint)).await {
			Ok(Ok(_)) => Ok(()),
			Ok(Err(error)) => Err(error.to_string()),
			Err(_) => Err("no connection in time".into()),
		};
	};
	let url = format!("http://{endpoint}{path}");
	let agent: ureq::Agent = ureq::Agent::config_builder()
		.timeout_global(Some(check.timeout))
		// Where else it leads to is none of its machine's business.
		.max_redirects(0)
		.http_status_as_error(false)
		.build()
		.into();
	let tried = tokio::task::spawn_blocking(move || agent.get(&url).call());
	let answer = tried.await.map_err(|error| error.to_string())?;
	let status = answer.map_err(|error| error.to_string())?.status();
	match status.as_u16() {
		200..=399 => Ok(()),
		_ => Err(format!("status {status}")),
	}
}

#[cfg(test)]
mod tests {
	use proptest::prelude::*;
	use tokio::{
		io::{AsyncReadExt, AsyncWriteExt},
		net::TcpListener,
	};

	use super::*;
	use crate::domain::{wanted, DesiredLease};

	fn check(failures: u8, grace: u64) -> HealthCheck {
		HealthCheck {
			path: None,
			every: Duration::from_millis(5),
			timeout: Duration::from_secs(2),
			failures,
			grace: Duration::from_secs(grace),
		}
	}

	/// What comes of tries a second apart.
	fn after(check: &HealthCheck, tries: &[bool]) -> State {
		let tried = |well: &bool| well.then_some(()).ok_or_else(|| "status 500".to_string());
		let tries = (0..).zip(tries);
		tries.fold(State::Unproven(0), |state, (second, well)| {
			state.saw(check, Duration::from_secs(second), tried(well))
		})
	}

	#[test]
	fn a_service_is_ill_after_as_many_failures_in_a_row_as_its_check_says() {
		let check = check(3, 0);
		assert_eq!(after(&check, &[true, false, false]), State::Well(2));
		assert_eq!(after(&check, &[true, false, false, true]), State::Well(0));
		let ill = State::Ill("status 500, 3 times".into());
		assert_eq!(after(&check, &[true, false, false, false]), ill);
		assert_eq!(after(&check, &[false, false, false]), ill);
		// A new start alone makes it well.
		assert_eq!(after(&check, &[false, false, false, true]), ill);
	}

	#[test]
	fn failures_do_not_count_in_the_time_of_grace_until_a_try_succeeded() {
		let check = check(1, 3);
		assert_eq!(after(&check, &[false, false, false]), State::Unproven(0));
		let ill = State::Ill("status 500, 1 times".into());
		assert_eq!(after(&check, &[false, false, false, false]), ill);
		assert_eq!(after(&check, &[true, false]), ill);
	}

	proptest! {
		#[test]
		fn what_is_ill_failed_in_a_row_and_what_is_not_did_not(
			tries in prop::collection::vec(any::<bool>(), 0..40),
			failures in 1u8..5,
		) {
			let check = check(failures, 0);
			let longest = tries.split(|well| *well).map(<[bool]>::len).max().unwrap_or(0);
			let is_ill = matches!(after(&check, &tries), State::Ill(_));
			prop_assert_eq!(is_ill, longest >= failures.into());
		}
	}

	/// Answers every request with what there is to answer by then; gives where.
	async fn server(answer: Arc<Mutex<&'static str>>) -> String {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let endpoint = listener.local_addr().unwrap().to_string();
		tokio::spawn(async move {
			loop {
				let (mut stream, _) = listener.accept().await.unwrap();
				let _: Result<usize, _> = stream.read(&mut [0; 1_024]).await;
				let status = *lock(&answer);
				let text = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
				let _: Result<(), _> = stream.write_all(text.as_bytes()).await;
			}
		});
		endpoint
	}

	#[tokio::test]
	async fn an_answer_is_well_from_200_to_399_and_leads_nowhere_else() {
		let answer = Arc::new(Mutex::new("200 OK"));
		let endpoint = server(answer.clone()).await;
		let check = HealthCheck {
			path: Some("/health".into()),
			..check(1, 0)
		};
		for (status, is_well) in [
			("200 OK", true),
			("204 No Content", true),
			("302 Found\r\nLocation: http://127.0.0.1:1/", true),
			("399 Odd", true),
			("404 Not Found", false),
			("500 Internal Server Error", false),
		] {
			*lock(&answer) = status;
			let tried = attempt(&endpoint, &check).await;
			assert_eq!(tried.is_ok(), is_well, "{status}: {tried:?}");
		}
	}

	#[tokio::test]
	async fn a_service_that_takes_a_connection_and_says_nothing_is_not_waited_for() {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let endpoint = listener.local_addr().unwrap().to_string();
		let silent = HealthCheck {
			path: Some("/".into()),
			timeout: Duration::from_millis(50),
			..check(1, 0)
		};
		assert!(attempt(&endpoint, &silent).await.is_err());
		let open = check(1, 0);
		assert_eq!(attempt(&endpoint, &open).await, Ok(()));
		drop(listener);
		assert!(attempt(&endpoint, &open).await.is_err());
	}

	fn actual(endpoint: &str) -> Vec<Actual> {
		vec![Actual {
			lease: 1,
			generation: 0,
			identity: None,
			condition: Condition::Running(endpoint.into()),
		}]
	}

	/// Looks until it is as expected.
	async fn until(
		monitor: &Monitor,
		wanted: &[Wanted],
		endpoint: &str,
		is_it: impl Fn(&Condition) -> bool,
	) {
		let seen = async {
			loop {
				let mut actual = actual(endpoint);
				monitor.look(wanted, &mut actual);
				if is_it(&actual[0].condition) {
					return;
				}
				time::sleep(Duration::from_millis(5)).await;
			}
		};
		time::timeout(Duration::from_secs(20), seen).await.unwrap();
	}

	#[tokio::test]
	async fn a_service_is_unproven_then_well_then_ill_until_it_is_started_again() {
		let answer = Arc::new(Mutex::new("200 OK"));
		let endpoint = server(answer.clone()).await;
		let lease = DesiredLease {
			lease: 1,
			port: Some(80),
			health: Some(HealthCheck {
				path: Some("/".into()),
				..check(2, 0)
			}),
			..Default::default()
		};
		let (with, without) = (
			wanted(vec![lease.clone()], vec![]),
			wanted(
				vec![DesiredLease {
					health: None,
					..lease
				}],
				vec![],
			),
		);
		let monitor = Monitor::default();
		let mut first = actual(&endpoint);
		monitor.look(&with, &mut first);
		assert_eq!(first[0].condition, Condition::Unproven(endpoint.clone()));
		let running = |condition: &Condition| matches!(condition, Condition::Running(_));
		until(&monitor, &with, &endpoint, running).await;
		*lock(&answer) = "503 Service Unavailable";
		let is_ill = |condition: &Condition| match condition {
			Condition::Ill { why, .. } => why.contains("503"),
			_ => false,
		};
		until(&monitor, &with, &endpoint, is_ill).await;
		*lock(&answer) = "200 OK";
		until(&monitor, &with, &endpoint, is_ill).await;
		monitor.forget(1);
		until(&monitor, &with, &endpoint, running).await;
		// One without a check is as it is, and is not tried.
		until(&monitor, &without, &endpoint, running).await;
		assert!(lock(&monitor.0).is_empty());
	}
}
