//! What a tenant reaches through the agent, with a real container: all of it for the holder of the right,
//! nothing for anybody else.

use std::{
	io::{BufRead, BufReader, Read},
	process::{Child, Stdio},
	time::Duration,
};

use serde_json::Value;
use subxt_signer::{sr25519::Keypair, SecretUri};
use usufruct_access::{
	link::{Link, LinkError},
	message::{Code, Request},
	statement::Ask,
};
use usufruct_e2e::{
	agent::Engine,
	cli::text,
	docker, images,
	main_job::{self, identifier, Plain, Stage, HOLDER, PROVIDER, TENANT},
	rpc, wait, Cli, DockerDaemon,
};

/// Finality, and a look at it.
const PATIENCE: Duration = Duration::from_secs(90);

/// A program that is ended with its test.
struct Running(Child);

impl Drop for Running {
	fn drop(&mut self) {
		// One that ended by itself is no trouble.
		let _: std::io::Result<()> = self.0.kill();
		let _: std::io::Result<std::process::ExitStatus> = self.0.wait();
	}
}

impl Running {
	fn start(person: &Cli, arguments: &[&str]) -> Self {
		let mut command = person.command(arguments);
		command.stdout(Stdio::piped()).stderr(Stdio::piped());
		Self(command.spawn().unwrap())
	}

	fn line(&mut self) -> Value {
		let mut line = String::new();
		let out = self.0.stdout.as_mut().unwrap();
		BufReader::new(out).read_line(&mut line).unwrap();
		serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line:?}"))
	}
}

fn key(name: &str) -> Keypair {
	Keypair::from_uri(&name.parse::<SecretUri>().unwrap()).unwrap()
}

/// Runs a command of the shell in the workspace; gives its document.
fn shell(person: &Cli, lease: &str, command: &str) -> Value {
	let arguments = ["workspace", "exec", lease, "--", "/bin/sh", "-c", command];
	person.run(&arguments).unwrap()
}

/// How a signed request of somebody goes, straight at the agent.
fn ask(address: &str, ask: impl Fn(&Link) -> Ask) -> Result<Ask, Code> {
	let runtime = tokio::runtime::Runtime::new().unwrap();
	runtime.block_on(async {
		let link = Link::open(address).await.unwrap();
		let ask = ask(&link);
		match link.ask(ask.clone()).await {
			Ok(_) => Ok(ask),
			Err(LinkError::Refused(refusal)) => Err(refusal.code),
			Err(error) => panic!("{error}"),
		}
	})
}

#[test]
fn the_holder_of_the_right_reaches_its_container_and_nobody_else_does() {
	let folder = tempfile::tempdir().unwrap();
	let daemon = match DockerDaemon::start(folder.path()) {
		Ok(daemon) => daemon,
		Err(reason) => return eprintln!("skipped: no container engine can be started: {reason:#}"),
	};
	let host = daemon.host();
	let stage = Stage::set(folder.path(), Engine::Docker(host.clone()), &mut Plain).unwrap();
	let uid = main_job::offer(&stage).unwrap().uid.to_string();
	let image = main_job::publish(&stage, folder.path()).unwrap();
	let tenant = stage.person(TENANT).unwrap();
	let arguments = main_job::request(&image, &stage.engine);
	let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
	let running = tenant.run(&arguments).unwrap();
	let number = identifier(&running["leases"][0], "lease").unwrap();
	let lease = number.to_string();

	println!("progress and commands");
	let progress = tenant.run(&["workspace", "progress", &lease]).unwrap();
	assert_eq!(progress["state"], "ready", "{progress}");
	let status = shell(&tenant, &lease, "cat /proc/self/status; exit 7");
	assert_eq!(status["status"], 7, "{status}");
	let inside = text(&status, "stdout").unwrap();
	// A command has no more rights than the workspace.
	for line in ["NoNewPrivs:\t1", "CapEff:\t0000000000000000"] {
		assert!(inside.contains(line), "{line} is not in {inside}");
	}

	let usage = tenant.run(&["workspace", "usage", &lease]).unwrap();
	assert!(
		usage["memory_bytes"]
			.as_u64()
			.is_some_and(|bytes| bytes > 0),
		"{usage}"
	);
	assert!(
		usage["processor_millis"].is_u64() && usage["fuel"].is_null(),
		"{usage}"
	);

	println!("logs");
	shell(&tenant, &lease, "printf 'seen\\n' > /proc/1/fd/1");
	let logs = tenant.run(&["workspace", "logs", &lease]).unwrap();
	assert!(text(&logs, "stdout").unwrap().contains("seen"), "{logs}");

	println!("a forwarded port");
	let port = format!("0:{}", images::CONTAINER_PORT);
	let mut forward = Running::start(&tenant, &["workspace", "forward", &lease, &port]);
	let local = text(&forward.line(), "local").unwrap().to_string();
	let answer = rpc::get(&format!("http://{local}/cgi-bin/answer?through")).unwrap();
	assert_eq!(answer, images::container_answer("through").unwrap());
	drop(forward);

	copies(&tenant, &lease, folder.path());
	secrets(&tenant, &lease, folder.path(), &host);

	println!("others are refused, and statements that are over or heard before");
	let node = tenant.run(&["node", "show", "0"]).unwrap();
	let address = text(&node, "endpoint").unwrap();
	let block = || rpc::finalized_block(&stage.node.http_url()).unwrap();
	let sign = |who: &'static str, until: u32| {
		let key = key(who);
		move |link: &Link| Ask::sign(&link.place(0), number, 0, until, Request::Secrets, &key)
	};
	let heard = ask(address, sign(TENANT, block() + 10)).unwrap();
	assert_eq!(ask(address, |_| heard.clone()), Err(Code::BadSignature));
	for stranger in [HOLDER, PROVIDER] {
		let refused = ask(address, sign(stranger, block() + 10));
		assert_eq!(refused, Err(Code::NotHolder), "{stranger}");
	}
	let late = ask(address, sign(TENANT, block().saturating_sub(5)));
	assert_eq!(late, Err(Code::Expired));
	let stranger = stage.person(HOLDER).unwrap();
	let refused = stranger
		.refused(&["workspace", "exec", &lease, "--", "/bin/id"])
		.unwrap();
	assert!(refused.message.contains("holds use right"), "{refused}");

	println!("the right goes to another holder, and a session that is open ends");
	// The log began anew with the restart.
	shell(&tenant, &lease, "printf 'again\\n' > /proc/1/fd/1");
	let mut follow = Running::start(&tenant, &["workspace", "logs", &lease, "--follow"]);
	assert!(follow.line()["stdout"].is_string());
	tenant
		.run(&["use-right", "transfer", &uid, HOLDER])
		.unwrap();
	let ended = wait::until("the session to end", PATIENCE, || {
		Ok(follow.0.try_wait()?)
	})
	.unwrap();
	assert_eq!(ended.code(), Some(4));
	let mut why = String::new();
	let err = follow.0.stderr.as_mut().unwrap();
	err.read_to_string(&mut why).unwrap();
	assert!(why.contains("has another holder"), "{why}");
	let former = ask(address, sign(TENANT, block() + 10));
	assert_eq!(former, Err(Code::NotHolder));
	let new = shell(&stranger, &lease, "cat /run/secrets/token");
	assert_eq!(
		new["stdout"], "hush",
		"what lies in the workspace goes with it"
	);

	println!("with the lease, its secrets go");
	stranger.run(&["workspace", "terminate", &lease]).unwrap();
	main_job::wait_gone(&stage, number).unwrap();
	let kept = folder.path().join("agent/secrets");
	wait::until("the secrets to go", PATIENCE, || {
		let left = std::fs::read_dir(&kept)?.count();
		Ok((left == 0).then_some(()))
	})
	.unwrap();
}

fn copies(tenant: &Cli, lease: &str, folder: &std::path::Path) {
	println!("copies, both ways");
	let from = folder.join("copied");
	std::fs::create_dir_all(from.join("sub")).unwrap();
	let bytes: Vec<u8> = (0..2_000_000u32).map(|n| n.to_le_bytes()[1]).collect();
	std::fs::write(from.join("sub/large"), &bytes).unwrap();
	std::fs::write(from.join("-small"), "small").unwrap();
	let there = format!("{lease}:/tmp/");
	let source = from.to_str().unwrap();
	let moved = tenant.run(&["workspace", "copy", source, &there]).unwrap();
	assert_eq!(
		(&moved["files"], &moved["bytes"]),
		(&4.into(), &2_000_005.into())
	);
	let listed = shell(tenant, lease, "cat /tmp/copied/-small");
	assert_eq!(listed["stdout"], "small");
	let back = folder.join("back");
	let (there, target) = (format!("{lease}:/tmp/copied"), back.to_str().unwrap());
	let moved = tenant.run(&["workspace", "copy", &there, target]).unwrap();
	assert_eq!(moved["bytes"], 2_000_005, "{moved}");
	assert_eq!(std::fs::read(back.join("sub/large")).unwrap(), bytes);
	assert_eq!(std::fs::read(back.join("-small")).unwrap(), b"small");
	let small = (format!("{lease}:/tmp/copied/-small"), back.join("-small"));
	let again = ["workspace", "copy", &small.0, small.1.to_str().unwrap()];
	let again = tenant.refused(&again).unwrap();
	assert!(again.message.contains("nothing is overwritten"), "{again}");
	let read_only = tenant
		.refused(&["workspace", "copy", source, &format!("{lease}:/x")])
		.unwrap();
	assert!(read_only.message.contains("`tar`"), "{read_only}");
	let missing = tenant
		.refused(&[
			"workspace",
			"copy",
			&format!("{lease}:/nowhere"),
			"./nowhere",
		])
		.unwrap();
	assert!(missing.message.contains("nowhere"), "{missing}");
}

fn secrets(tenant: &Cli, lease: &str, folder: &std::path::Path, host: &str) {
	println!("secrets: a file at once, a variable after a restart");
	let value = folder.join("value");
	std::fs::write(&value, "hush").unwrap();
	let value = value.to_str().unwrap();
	let set = ["workspace", "secret", "set", lease];
	tenant
		.run(&[&set[..], &["token", "--file", value]].concat())
		.unwrap();
	let seen = shell(tenant, lease, "cat /run/secrets/token");
	assert_eq!(seen["stdout"], "hush", "{seen}");
	let mounted = shell(tenant, lease, "cat /proc/mounts");
	let mounts = text(&mounted, "stdout").unwrap();
	let secrets = mounts.lines().find(|line| line.contains("/run/secrets"));
	let secrets = secrets.unwrap_or_else(|| panic!("no mount: {mounts}"));
	assert!(
		secrets.contains("tmpfs") && secrets.contains(" ro"),
		"{secrets}"
	);
	// Neither on the machine's disk nor in what the engine keeps.
	let label = format!("usufruct.lease={lease}");
	let container = docker::containers(host, &label).unwrap().remove(0);
	let kept = docker::client(host, &["inspect", &container]).unwrap();
	assert!(!kept.contains("hush"), "{kept}");
	let sealed = folder.join(format!("agent/secrets/{lease}-0/token"));
	let sealed = std::fs::read(sealed).unwrap();
	assert!(!sealed.windows(4).any(|part| part == b"hush"));
	let log = std::fs::read_to_string(folder.join("agent.log")).unwrap();
	assert!(!log.contains("hush"));

	let variable = ["TOKEN", "--file", value, "--variable", "--restart"];
	tenant.run(&[&set[..], &variable].concat()).unwrap();
	wait::until("the workspace with its variable", PATIENCE, || {
		let show = "printf %s \"$TOKEN\"";
		let exec = ["workspace", "exec", lease, "--", "/bin/sh", "-c", show];
		let shown = tenant.try_run(&exec)?;
		Ok(shown
			.is_ok_and(|shown| shown["stdout"] == "hush")
			.then_some(()))
	})
	.unwrap();
	let names = tenant.run(&["workspace", "secret", "list", lease]).unwrap();
	let names: Vec<&str> = names
		.as_array()
		.unwrap()
		.iter()
		.filter_map(|row| row["name"].as_str())
		.collect();
	assert_eq!(names, ["TOKEN", "token"]);
	tenant
		.run(&["workspace", "secret", "remove", lease, "TOKEN"])
		.unwrap();
}
