//! Who is let in by the agent, over real TLS, with a module that runs: the holder of the right and nobody
//! else, once per statement, as long as the right lasts.
#![allow(clippy::unwrap_used, reason = "a failed assumption fails the test")]

use std::{collections::HashMap, sync::Arc, time::Instant};

use tokio::sync::watch;
use usufruct_access::{
	link::{Link, LinkError, TlsReader, HANDSHAKE},
	message::{Channel, Code, FromAgent, Request, Step},
	sealing::{Form, SealingKey, Secret},
	statement::Ask,
};
use usufruct_agent::{
	access::{Access, Right, Secrets, View},
	config::EngineChoice,
	domain::{DesiredLease, ImageKind, Isolation},
	engine::{sources::Sources, Engines, Started},
};
use usufruct_client::{keypair, Keypair};

const CHAIN: [u8; 32] = [7; 32];
const NODE: u32 = 5;
const LEASE: u64 = 11;
const BLOCK: u32 = 1_000;
const LOGS: Request = Request::Logs {
	tail: 10,
	follow: false,
};
const FOLLOW: Request = Request::Logs {
	tail: 10,
	follow: true,
};

/// Writes `hello` to standard error each time it is asked.
const MODULE: &str = r#"(module
	(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
	(memory (export "memory") 1)
	(data (i32.const 64) "hello\n")
	(func (export "_start")
		(i32.store (i32.const 0) (i32.const 64))
		(i32.store (i32.const 4) (i32.const 6))
		(drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

struct Bench {
	address: String,
	engines: Arc<Engines>,
	endpoint: String,
	views: watch::Sender<Option<Arc<View>>>,
	_folder: tempfile::TempDir,
}

fn view(holder: &str) -> Option<Arc<View>> {
	let right = Right {
		generation: 0,
		holder: keypair(holder).unwrap().public_key().0,
	};
	Some(Arc::new(View {
		node: NODE,
		block: BLOCK,
		seen: Instant::now(),
		rights: HashMap::from([(LEASE, right)]),
	}))
}

impl Bench {
	/// An agent with a module that runs for a lease of Alice's.
	async fn new() -> Self {
		let folder = tempfile::tempdir().unwrap();
		let secrets = Secrets::new(folder.path(), SealingKey::derive("//Hot")).unwrap();
		let given = Some(secrets.clone());
		let sources = Sources {
			local: Some(folder.path().into()),
			..Default::default()
		};
		let (choice, public) = (EngineChoice::Wasm, "127.0.0.1");
		let engines = Engines::new(choice, folder.path(), public, given, sources, false).await;
		let engines = Arc::new(engines.unwrap());
		let bytes = wat::parse_str(MODULE).unwrap();
		let path = folder.path().join("module.wasm");
		std::fs::write(&path, &bytes).unwrap();
		let lease = DesiredLease {
			lease: LEASE,
			generation: 0,
			kind: ImageKind::Wasm,
			isolation: Isolation::Wasm,
			release: None,
			digest: blake3::hash(&bytes).into(),
			reference: path.display().to_string(),
			command: vec![],
			port: Some(80),
			cpu_millis: 0,
			memory_mib: 4,
			disk_mib: 0,
			parts: vec![],
			gpus: 0,
			opened_at: 1,
			endpoint: None,
			..Default::default()
		};
		let Started::Running(endpoint) = engines.start(&lease).await.unwrap() else {
			panic!("it has a port")
		};
		let (views, receiver) = watch::channel(view("//Alice"));
		let key = keypair("//Hot").unwrap();
		let access = Access::new(CHAIN, &key, engines.clone(), secrets, receiver).unwrap();
		let address = access.serve("127.0.0.1:0").await.unwrap().to_string();
		Self {
			address,
			engines,
			endpoint,
			views,
			_folder: folder,
		}
	}

	async fn ask(&self, who: &str, request: Request) -> Result<TlsReader, LinkError> {
		let link = Link::open(&self.address).await?;
		let key: Keypair = keypair(who).unwrap();
		let statement = (LEASE, 0, BLOCK + 10);
		let (reader, _) = link.request(NODE, statement, request, &key).await?;
		Ok(reader)
	}

	async fn call(&self) {
		use tokio::io::{AsyncReadExt, AsyncWriteExt};
		let mut stream = tokio::net::TcpStream::connect(&self.endpoint)
			.await
			.unwrap();
		let request = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
		stream.write_all(request).await.unwrap();
		stream.read_to_end(&mut Vec::new()).await.unwrap();
	}
}

fn code<T: std::fmt::Debug>(result: Result<T, LinkError>) -> Code {
	match result.unwrap_err() {
		LinkError::Refused(refusal) => refusal.code,
		other => panic!("{other}"),
	}
}

async fn next(reader: &mut TlsReader) -> FromAgent {
	reader.expect(HANDSHAKE).await.unwrap()
}

#[tokio::test]
async fn the_holder_reads_what_its_module_wrote_and_follows_it() {
	let bench = Bench::new().await;
	bench.call().await;
	let line = FromAgent::Data(Channel::Err, b"hello\n".to_vec());
	let mut once = bench.ask("//Alice", LOGS).await.unwrap();
	assert_eq!(next(&mut once).await, line);
	assert_eq!(next(&mut once).await, FromAgent::Done { status: None });
	let mut followed = bench.ask("//Alice", FOLLOW).await.unwrap();
	assert_eq!(next(&mut followed).await, line);
	bench.call().await;
	assert_eq!(next(&mut followed).await, line);
}

#[tokio::test]
async fn a_stranger_is_refused_and_the_former_holder_after_a_transfer() {
	let bench = Bench::new().await;
	assert_eq!(code(bench.ask("//Bob", LOGS).await), Code::NotHolder);
	bench.ask("//Alice", LOGS).await.unwrap();
	bench.views.send_replace(view("//Bob"));
	assert_eq!(code(bench.ask("//Alice", LOGS).await), Code::NotHolder);
	bench.ask("//Bob", LOGS).await.unwrap();
}

#[tokio::test]
async fn a_session_ends_when_the_right_goes_to_another_or_ends() {
	let bench = Bench::new().await;
	let nobody = view("//Alice").map(|view| {
		Arc::new(View {
			rights: HashMap::new(),
			..(*view).clone()
		})
	});
	for after in [view("//Bob"), nobody] {
		bench.views.send_replace(view("//Alice"));
		let mut reader = bench.ask("//Alice", FOLLOW).await.unwrap();
		// Another block that changes nothing.
		bench.views.send_replace(view("//Alice"));
		bench.views.send_replace(after);
		let FromAgent::Refused(refusal) = next(&mut reader).await else {
			panic!("it goes on")
		};
		assert_eq!(refusal.code, Code::Revoked);
		assert!(matches!(reader.next::<FromAgent>().await, Ok(None)));
	}
}

#[tokio::test]
async fn a_statement_that_was_heard_is_worth_nothing_in_another_session() {
	let bench = Bench::new().await;
	let key = keypair("//Alice").unwrap();
	let first = Link::open(&bench.address).await.unwrap();
	let ask = Ask::sign(&first.place(NODE), LEASE, 0, BLOCK + 10, LOGS, &key);
	first.ask(ask.clone()).await.unwrap();
	let second = Link::open(&bench.address).await.unwrap();
	assert_eq!(code(second.ask(ask).await), Code::BadSignature);
}

#[tokio::test]
async fn a_statement_that_is_over_or_good_for_too_long_is_refused() {
	let bench = Bench::new().await;
	let key = keypair("//Alice").unwrap();
	for until in [BLOCK - 1, BLOCK + 101] {
		let link = Link::open(&bench.address).await.unwrap();
		let ask = link.request(NODE, (LEASE, 0, until), LOGS, &key).await;
		assert_eq!(code(ask), Code::Expired);
	}
}

#[tokio::test]
async fn an_agent_that_knows_no_block_lets_nobody_in() {
	let bench = Bench::new().await;
	bench.views.send_replace(None);
	assert_eq!(code(bench.ask("//Alice", LOGS).await), Code::NotReady);
}

#[tokio::test]
async fn the_sessions_of_a_lease_are_bounded_and_those_that_ended_do_not_count() {
	let bench = Bench::new().await;
	let mut open = Vec::new();
	for _ in 0..32 {
		open.push(bench.ask("//Alice", FOLLOW).await.unwrap());
	}
	assert_eq!(code(bench.ask("//Alice", LOGS).await), Code::TooMany);
	bench.views.send_replace(view("//Bob"));
	for reader in &mut open {
		while reader.next::<FromAgent>().await.unwrap().is_some() {}
	}
	bench.ask("//Bob", LOGS).await.unwrap();
}

#[tokio::test]
async fn what_a_module_cannot_do_is_said_with_what_it_can() {
	let bench = Bench::new().await;
	let exec = Request::Exec {
		command: vec!["sh".into()],
		input: false,
		terminal: None,
	};
	let copy = Request::CopyOut { path: "/x".into() };
	for request in [exec, Request::Forward { port: 80 }, copy] {
		let Err(LinkError::Refused(refusal)) = bench.ask("//Alice", request).await else {
			panic!("it was granted")
		};
		assert_eq!(refusal.code, Code::Unsupported);
		assert!(refusal.text.contains("workspace logs"), "{refusal}");
	}
}

#[tokio::test]
async fn the_progress_of_what_runs_is_ready() {
	let bench = Bench::new().await;
	let request = Request::Progress { follow: true };
	let mut reader = bench.ask("//Alice", request).await.unwrap();
	let FromAgent::Progress(progress) = next(&mut reader).await else {
		panic!("no progress")
	};
	assert_eq!(progress.step, Step::Ready);
	assert_eq!(next(&mut reader).await, FromAgent::Done { status: None });
}

#[tokio::test]
async fn a_module_tells_the_fuel_that_it_burned_to_its_holder_alone() {
	let bench = Bench::new().await;
	let mut reader = bench.ask("//Alice", Request::Usage).await.unwrap();
	let FromAgent::Usage(usage) = next(&mut reader).await else {
		panic!("no usage")
	};
	assert!(usage.fuel.is_some() && usage.memory.is_none(), "{usage:?}");
	assert_eq!(next(&mut reader).await, FromAgent::Done { status: None });
	let refused = code(bench.ask("//Bob", Request::Usage).await);
	assert_eq!(refused, Code::NotHolder);
}

#[tokio::test]
async fn secrets_are_sealed_for_the_agent_that_greets_and_listed_by_name_alone() {
	let bench = Bench::new().await;
	let key = keypair("//Alice").unwrap();
	let link = Link::open(&bench.address).await.unwrap();
	let secret = Secret {
		lease: LEASE,
		generation: 0,
		name: "TOKEN".into(),
		form: Form::Environment,
		value: b"hush".to_vec(),
	};
	let sealed = secret.seal(&link.identity.sealing).unwrap();
	let request = Request::SetSecret { sealed };
	let (mut reader, _writer) = link
		.request(NODE, (LEASE, 0, BLOCK + 1), request, &key)
		.await
		.unwrap();
	assert_eq!(next(&mut reader).await, FromAgent::Done { status: None });
	let mut names = bench.ask("//Alice", Request::Secrets).await.unwrap();
	assert_eq!(
		next(&mut names).await,
		FromAgent::Names(vec!["TOKEN".into()])
	);
}

#[tokio::test]
async fn a_restart_stops_what_runs_so_that_it_is_started_again() {
	let bench = Bench::new().await;
	bench.ask("//Alice", Request::Restart).await.unwrap();
	assert_eq!(bench.engines.list().await.unwrap(), []);
	assert_eq!(
		code(bench.ask("//Alice", Request::Restart).await),
		Code::NotRunning
	);
}
