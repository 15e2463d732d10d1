//! Components, in the frame that the isolation check has for its own.

use std::time::Instant;

use super::*;
use crate::isolation::component::{component, job};

const DO_NOTHING: &str = r#"(func (export "run") (result i32) (i32.const 0))"#;

/// Answers with as much of what it is asked as comes at once.
const ECHO_BODY: &str = r#"(func (export "handle") (param $request i32) (param $outparam i32)
	(call $consume (local.get $request) (i32.const 1024))
	(call $stream-in (i32.load (i32.const 1028)) (i32.const 1024))
	(call $read-some (i32.load (i32.const 1028)) (i64.const 64) (i32.const 1024))
	(call $reply (local.get $outparam) (i32.load (i32.const 1028)) (i32.load (i32.const 1032))))"#;

fn run(steps: &str) -> String {
	job(&format!(r#"(func (export "run") (result i32) {steps})"#))
}

/// Counts to a number, with eight instructions for each step.
fn count(to: u64) -> String {
	run(&format!(
		"(local $n i64)
		(loop $more
			(local.set $n (i64.add (local.get $n) (i64.const 1)))
			(br_if $more (i64.lt_u (local.get $n) (i64.const {to}))))
		(i32.const 0)"
	))
}

impl Bench {
	async fn job(&self, lease: &DesiredLease) -> Result<Started, Failure> {
		self.engine.start(lease, &Tracker::silent()).await
	}

	async fn serve(&self, handle: &str) -> String {
		let text = component(&format!("{DO_NOTHING} {handle}"));
		let lease = self.lease(&text, Some(80));
		match self.job(&lease).await.unwrap() {
			Started::Running(endpoint) => endpoint,
			Started::Finished => panic!("it has a port"),
		}
	}

	fn told(&self) -> Vec<f64> {
		let families = self
			.engine
			.collectors()
			.into_iter()
			.flat_map(|one| one.collect());
		let metrics = families.flat_map(|family| family.get_metric().to_vec());
		metrics
			.map(|metric| metric.get_counter().get_value())
			.collect()
	}
}

#[tokio::test]
async fn a_component_with_a_port_answers_what_it_is_asked() {
	let bench = Bench::new();
	let endpoint = bench.serve(ECHO_BODY).await;
	let answer = ask(&endpoint, "hello").await;
	assert!(
		answer.starts_with("HTTP/1.1 200") && answer.contains("hello"),
		"{answer}"
	);
	assert!(bench.told()[0] > 0.0, "what it burned is told");
}

#[tokio::test]
async fn a_component_that_traps_answers_so_and_crashes_alone() {
	let bench = Bench::new();
	let trap = r#"(func (export "handle") (param i32 i32) unreachable)"#;
	let endpoint = bench.serve(trap).await;
	for _ in 0..2 {
		let answer = ask(&endpoint, "hello").await;
		assert!(
			answer.starts_with("HTTP/1.1 502") && answer.contains("unreachable"),
			"{answer}"
		);
	}
	let log = bench.engine.log(1).unwrap().tail(99);
	let crashes = log.iter().filter(|line| line.bytes.starts_with(b"crashed"));
	assert_eq!(crashes.count(), 2);
}

#[tokio::test]
async fn a_component_that_gives_no_answer_is_said_to_have_given_none() {
	let bench = Bench::new();
	let endpoint = bench
		.serve(r#"(func (export "handle") (param i32 i32))"#)
		.await;
	let answer = ask(&endpoint, "").await;
	assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
}

#[tokio::test]
async fn what_a_job_writes_is_in_its_log() {
	let bench = Bench::new();
	let says = run("(call $say (i32.const 32) (i32.const 11)) (i32.const 0)");
	assert_eq!(bench.batch(&says).await, Ok(Started::Finished));
	let log = bench.engine.log(1).unwrap().tail(9);
	assert_eq!(
		(log[0].channel, &log[0].bytes[..]),
		(Channel::Out, &b"/etc/passwd"[..])
	);
}

#[tokio::test]
async fn a_job_that_says_that_it_failed_has_crashed() {
	let failure = Bench::new().batch(&run("(i32.const 1)")).await.unwrap_err();
	assert!(
		matches!(&failure, Failure::Crashed(text) if text.contains("status 1")),
		"{failure}"
	);
}

#[tokio::test]
async fn a_component_that_is_neither_service_nor_job_is_not_started() {
	let bench = Bench::new();
	let nothing = "(component)";
	let as_job = bench.batch(nothing).await.unwrap_err().to_string();
	assert!(as_job.contains("wasi:cli/run"), "{as_job}");
	let as_service = bench
		.job(&bench.lease(nothing, Some(80)))
		.await
		.unwrap_err()
		.to_string();
	assert!(
		as_service.contains("wasi:http/incoming-handler"),
		"{as_service}"
	);
}

#[tokio::test]
async fn a_component_that_loops_without_end_runs_out() {
	let failure = Bench::new()
		.batch(&run("(loop (br 0)) (i32.const 0)"))
		.await
		.unwrap_err();
	assert!(matches!(failure, Failure::LimitExceeded(_)), "{failure}");
}

#[tokio::test]
async fn who_bought_no_disk_has_no_folder() {
	let folders = "(call $get-directories (i32.const 1024)) (i32.load (i32.const 1028))";
	let bench = Bench::new();
	assert_eq!(bench.batch(&run(folders)).await, Ok(Started::Finished));
	let mut lease = bench.lease(&run(folders), None);
	lease.disk_mib = 1;
	assert!(bench.job(&lease).await.is_err(), "one folder, and so 1");
}

#[tokio::test]
async fn files_stay_for_the_next_run_and_go_with_their_lease() {
	let bench = Bench::new();
	// 0 where `a` was there, 1 where it had to be made.
	let text = run("(local $folder i32)
		(local.set $folder (call $data))
		(if (i32.ne (call $open (local.get $folder) (i32.const 0) (i32.const 1) (i32.const 0)) (i32.const -1))
			(then (return (i32.const 0))))
		(drop (call $open (local.get $folder) (i32.const 0) (i32.const 1) (i32.const 1)))
		(i32.const 1)");
	let mut lease = bench.lease(&text, None);
	lease.disk_mib = 1;
	assert!(bench.job(&lease).await.is_err());
	assert_eq!(bench.job(&lease).await, Ok(Started::Finished));
	let folders = || {
		std::fs::read_dir(bench.folder.path().join("files"))
			.unwrap()
			.count()
	};
	bench
		.engine
		.keep(|lease, generation| (lease, generation) == (1, 0));
	assert_eq!(folders(), 1);
	bench.engine.keep(|_, _| false);
	assert_eq!(folders(), 0);
	// Another lease with its number, as after a fork, does not see them.
	assert!(bench.job(&lease).await.is_err());
	lease.opened_at += 1;
	assert!(bench.job(&lease).await.is_err());
	assert_eq!(folders(), 1);
}

#[tokio::test]
async fn what_runs_before_and_after_an_update_writes_against_one_quota() {
	let bench = Bench::new();
	let mut lease = bench.lease(&run("(i32.const 0)"), None);
	lease.disk_mib = 1;
	assert_eq!(bench.job(&lease).await, Ok(Started::Finished));
	let before = bench.engine.open_folder(1).unwrap();
	let mut updated = bench.lease(
		&run("(call $say (i32.const 0) (i32.const 1)) (i32.const 0)"),
		None,
	);
	updated.disk_mib = 1;
	assert_eq!(bench.job(&updated).await, Ok(Started::Finished));
	assert!(before.is_shared_with(&bench.engine.open_folder(1).unwrap()));
}

#[tokio::test]
async fn who_bought_a_tenth_of_a_core_gets_a_tenth_of_its_fuel() {
	let bench = Bench::new();
	// Four tenths of a core-second of fuel, with eight instructions for each step.
	let steps = fuel::FUEL_PER_CORE_SECOND / 10 * 4 / 8;
	let counts = format!(
		r#"{DO_NOTHING} (func (export "handle") (param i32 i32) (local $n i64)
			(loop $more
				(local.set $n (i64.add (local.get $n) (i64.const 1)))
				(br_if $more (i64.lt_u (local.get $n) (i64.const {steps}))))
			(call $reply (local.get 1) (i32.const 0) (i32.const 1)))"#
	);
	let mut lease = bench.lease(&component(&counts), Some(80));
	lease.cpu_millis = 100;
	let began = Instant::now();
	let Ok(Started::Running(endpoint)) = bench.job(&lease).await else {
		panic!("it has a port")
	};
	for _ in 0..2 {
		let answer = ask(&endpoint, "").await;
		assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
	}
	// Two tenths were saved up; for the other two the second request waits. What it burns itself is owed.
	assert!(
		began.elapsed() >= Duration::from_secs(2),
		"{:?}",
		began.elapsed()
	);
}

/// What [`fuel::FUEL_PER_CORE_SECOND`] says, within what machines differ by.
#[tokio::test]
async fn what_a_core_burns_in_a_second_is_near_what_is_sold() {
	let bench = Bench::new();
	assert_eq!(
		bench.batch(&count(100_000_000)).await,
		Ok(Started::Finished)
	);
	let told = bench.told();
	let per_second = told[0] / told[1];
	println!("{per_second:.2e} units of fuel in a second of processor time");
	let sold = fuel::FUEL_PER_CORE_SECOND as f64;
	assert!(
		(0.1..10.0).contains(&(per_second / sold)),
		"{per_second:.2e}"
	);
}

#[tokio::test]
async fn a_request_that_finds_too_much_burned_is_sent_away_for_a_while() {
	let bench = Bench::new();
	let text = component(&format!("{DO_NOTHING} {ECHO_BODY}"));
	let mut lease = bench.lease(&text, Some(80));
	lease.cpu_millis = 100;
	let Ok(Started::Running(endpoint)) = bench.job(&lease).await else {
		panic!("it has a port")
	};
	let account = bench.engine.kept()[&1].account.clone();
	account.burn(100 * fuel::FUEL_PER_CORE_SECOND);
	let answer = ask(&endpoint, "hello").await.to_lowercase();
	assert!(
		answer.starts_with("http/1.1 503") && answer.contains("retry-after: 9"),
		"{answer}"
	);
}

#[tokio::test]
async fn what_runs_ends_with_its_lease() {
	let bench = Arc::new(Bench::new());
	let text = run("(call $say (i32.const 0) (i32.const 1))
		(call $block (call $after (i64.const 3600000000000)))
		(i32.const 0)");
	let lease = bench.lease(&text, None);
	let started = {
		let bench = bench.clone();
		tokio::spawn(async move { bench.job(&lease).await })
	};
	let log = loop {
		match bench.engine.log(1) {
			Some(log) => break log,
			None => tokio::task::yield_now().await,
		}
	};
	let mut news = log.news();
	while log.tail(1).is_empty() {
		news.changed().await.unwrap();
	}
	bench.engine.stop(1);
	let failure = started.await.unwrap().unwrap_err();
	assert!(failure.to_string().contains("its lease ended"), "{failure}");
}

#[tokio::test]
async fn a_component_asks_this_machine_only_where_its_owner_lets_it() {
	use tokio::io::{AsyncReadExt, AsyncWriteExt};
	let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
	let authority = listener.local_addr().unwrap().to_string();
	let server = tokio::spawn(async move {
		let (mut stream, _) = listener.accept().await.unwrap();
		let mut asked = [0; 1_024];
		let length = stream.read(&mut asked).await.unwrap();
		let answer = "HTTP/1.1 200 x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
		stream.write_all(answer.as_bytes()).await.unwrap();
		String::from_utf8_lossy(&asked[..length]).into_owned()
	});
	let length = authority.len();
	let asks = job(&format!(
		r#"(data (i32.const 512) "{authority}")
		(func (export "run") (result i32)
			(i32.ne (call $ask (i32.const 512) (i32.const {length})) (i32.const 0)))"#
	));
	let bench = Bench::new();
	assert!(bench.batch(&asks).await.is_err());
	let folder = bench.folder.path();
	let sources = Sources {
		private: true,
		..local(folder)
	};
	let engine = WasmEngine::new(folder, "127.0.0.1", None, sources).unwrap();
	let started = engine
		.start(&bench.lease(&asks, None), &Tracker::silent())
		.await;
	assert_eq!(started, Ok(Started::Finished));
	let asked = server.await.unwrap().to_lowercase();
	assert!(
		asked.starts_with("get / http/1.1") && asked.contains(&authority),
		"{asked}"
	);
}
