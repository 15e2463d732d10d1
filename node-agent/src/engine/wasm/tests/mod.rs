//! The engine with real modules and components.

mod components;

use super::*;
use crate::domain::{ImageKind, Isolation};

const ECHO: &str = r#"(module
	(import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
	(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
	(memory (export "memory") 1)
	(func (export "_start")
		(i32.store (i32.const 0) (i32.const 64))
		(i32.store (i32.const 4) (i32.const 1024))
		(drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
		(i32.store (i32.const 4) (i32.load (i32.const 8)))
		(drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

/// Modules come from the test's own folder.
fn local(folder: &Path) -> Sources {
	Sources {
		local: Some(folder.into()),
		..Default::default()
	}
}

struct Bench {
	engine: WasmEngine,
	folder: tempfile::TempDir,
}

impl Bench {
	fn new() -> Self {
		let folder = tempfile::tempdir().unwrap();
		Self {
			engine: WasmEngine::new(folder.path(), "127.0.0.1", None, local(folder.path()))
				.unwrap(),
			folder,
		}
	}

	fn lease(&self, text: &str, port: Option<u16>) -> DesiredLease {
		let bytes = wat::parse_str(text).unwrap();
		let path = self.folder.path().join("module.wasm");
		std::fs::write(&path, &bytes).unwrap();
		DesiredLease {
			lease: 1,
			generation: 0,
			kind: ImageKind::Wasm,
			isolation: Isolation::Wasm,
			release: None,
			digest: blake3::hash(&bytes).into(),
			reference: path.display().to_string(),
			command: vec![],
			port,
			cpu_millis: 0,
			memory_mib: 4,
			disk_mib: 0,
			parts: vec![],
			gpus: 0,
			opened_at: 1,
			endpoint: None,
			..Default::default()
		}
	}

	async fn batch(&self, text: &str) -> Result<Started, Failure> {
		self.engine
			.start(&self.lease(text, None), &Tracker::silent())
			.await
	}
}

/// The whole answer to a POST of this.
async fn ask(endpoint: &str, body: &str) -> String {
	use tokio::io::{AsyncReadExt, AsyncWriteExt};
	let mut stream = tokio::net::TcpStream::connect(endpoint).await.unwrap();
	let length = body.len();
	let request = format!(
		"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
	);
	stream.write_all(request.as_bytes()).await.unwrap();
	let mut text = String::new();
	stream.read_to_string(&mut text).await.unwrap();
	text
}

#[tokio::test]
async fn a_module_with_a_port_answers_what_it_is_asked() {
	let bench = Bench::new();
	let Started::Running(endpoint) = bench
		.engine
		.start(&bench.lease(ECHO, Some(80)), &Tracker::silent())
		.await
		.unwrap()
	else {
		panic!("it has a port")
	};
	let text = ask(&endpoint, "hello").await;
	assert!(
		text.starts_with("HTTP/1.1 200") && text.ends_with("hello"),
		"{text}"
	);
	assert_eq!(
		bench.engine.list()[0].condition,
		Condition::Running(endpoint)
	);
	bench.engine.stop(1);
	assert!(bench.engine.list().is_empty());
}

#[tokio::test]
async fn a_module_that_traps_crashes_alone() {
	let bench = Bench::new();
	let trap = r#"(module (memory (export "memory") 1) (func (export "_start") unreachable))"#;
	assert!(matches!(bench.batch(trap).await, Err(Failure::Crashed(_))));
	assert_eq!(bench.batch(ECHO).await, Ok(Started::Finished));
}

#[tokio::test]
async fn a_module_that_loops_without_end_runs_out() {
	let endless = r#"(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))"#;
	assert!(matches!(
		Bench::new().batch(endless).await,
		Err(Failure::LimitExceeded(_))
	));
}

#[tokio::test]
async fn a_module_that_waits_without_end_is_ended_and_frees_its_thread() {
	let sleeps = r#"(module
		(import "wasi_snapshot_preview1" "poll_oneoff"
			(func $wait (param i32 i32 i32 i32) (result i32)))
		(memory (export "memory") 1)
		(func (export "_start")
			(i32.store (i32.const 16) (i32.const 1))
			(i64.store (i32.const 24) (i64.const 3600000000000))
			(drop (call $wait (i32.const 0) (i32.const 400) (i32.const 1) (i32.const 480)))))"#;
	let failure = Bench::new().batch(sleeps).await.unwrap_err();
	assert!(
		matches!(&failure, Failure::LimitExceeded(text) if text.contains("seconds")),
		"{failure}"
	);
}

#[tokio::test]
async fn a_module_that_grows_without_end_is_stopped_at_its_limit() {
	let hungry = r#"(module (memory (export "memory") 1)
		(func (export "_start") (loop (drop (memory.grow (i32.const 16))) (br 0))))"#;
	let failure = Bench::new().batch(hungry).await.unwrap_err();
	assert!(
		matches!(&failure, Failure::LimitExceeded(text) if text.contains("memory")),
		"{failure}"
	);
}

#[tokio::test]
async fn a_module_that_is_not_what_its_digest_says_does_not_run() {
	let bench = Bench::new();
	let mut lease = bench.lease(ECHO, None);
	lease.digest[0] ^= 1;
	let result = bench.engine.start(&lease, &Tracker::silent()).await;
	assert!(matches!(result, Err(Failure::WrongDigest(_))));
}

#[tokio::test]
async fn a_module_that_is_nowhere_is_named() {
	let bench = Bench::new();
	let mut lease = bench.lease(ECHO, None);
	lease.reference = "/nowhere.wasm".into();
	let failure = bench
		.engine
		.start(&lease, &Tracker::silent())
		.await
		.unwrap_err();
	assert!(matches!(&failure, Failure::ImageNotFound(text) if text.contains("/nowhere.wasm")));
}

#[tokio::test]
async fn a_connection_that_is_kept_open_gets_no_more_answers_once_the_lease_is_stopped() {
	use tokio::io::{AsyncReadExt, AsyncWriteExt};
	let bench = Bench::new();
	let lease = bench.lease(ECHO, Some(80));
	let started = bench.engine.start(&lease, &Tracker::silent()).await;
	let Ok(Started::Running(endpoint)) = started else {
		panic!("it has a port")
	};
	let mut stream = tokio::net::TcpStream::connect(&endpoint).await.unwrap();
	let request = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello";
	let mut buffer = [0; 1024];
	stream.write_all(request).await.unwrap();
	let mut first = String::new();
	while !first.ends_with("hello") {
		let read = stream.read(&mut buffer).await.unwrap();
		assert!(read > 0, "the connection is kept open: {first}");
		first += &String::from_utf8_lossy(&buffer[..read]);
	}
	assert!(first.starts_with("HTTP/1.1 200"), "{first}");

	bench.engine.stop(1);
	// Closing the connection would be as good as refusing.
	let second = match stream.write_all(request).await {
		Ok(()) => stream.read(&mut buffer).await.unwrap_or(0),
		Err(_) => 0,
	};
	let second = String::from_utf8_lossy(&buffer[..second]);
	assert!(!second.contains(" 200 "), "{second}");
}

#[tokio::test]
async fn what_ran_before_an_update_answers_on_where_the_update_is_no_module() {
	let bench = Bench::new();
	let lease = bench.lease(ECHO, Some(80));
	let started = bench.engine.start(&lease, &Tracker::silent()).await;
	let Ok(Started::Running(endpoint)) = started else {
		panic!("it has a port")
	};
	let no_module = b"no module";
	std::fs::write(bench.folder.path().join("module.wasm"), no_module).unwrap();
	let broken = DesiredLease {
		digest: blake3::hash(no_module).into(),
		..lease
	};
	let refused = bench.engine.start(&broken, &Tracker::silent()).await;
	assert!(matches!(refused, Err(Failure::Crashed(_))), "{refused:?}");
	let answer = tokio::task::spawn_blocking(move || {
		let url = format!("http://{endpoint}/");
		ureq::post(&url)
			.send("hello")
			.unwrap()
			.body_mut()
			.read_to_string()
			.unwrap()
	});
	assert_eq!(answer.await.unwrap(), "hello");
}
