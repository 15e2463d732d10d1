//! What keeps a workspace running, and what gives it another workload: health checks, restarts, updates. With real
//! containers.

use std::{path::Path, time::Duration};

use serde_json::Value;
use usufruct_e2e::{
	agent::Engine,
	cli::text,
	images,
	main_job::{self, identifier, Plain, Stage, TENANT},
	rpc, wait, Cli, DockerDaemon,
};

/// Blocks, checks a second apart, a restart.
const PATIENCE: Duration = Duration::from_secs(120);
/// Where the workspace says that it is well, as long as the file is there.
const WELL: &str = "/well";

/// A web server that says a word, and that it is well.
fn serve(word: &str) -> String {
	let port = images::CONTAINER_PORT;
	format!(
		"mkdir -p /tmp/www; echo {word} > /tmp/www/word; echo yes > /tmp/www{WELL}; exec httpd -f -p {port} -h /tmp/www"
	)
}

fn shown(tenant: &Cli, request: &str) -> Vec<Value> {
	let leases = tenant.run(&["workspace", "show", request]).unwrap();
	leases.as_array().unwrap().clone()
}

/// What the workspace says now, wherever it is; `None` while it does not answer.
fn said(tenant: &Cli, request: &str) -> Option<String> {
	let leases = shown(tenant, request);
	let endpoint = text(leases.first()?, "endpoint").ok()?.to_string();
	let answer = rpc::get(&format!("http://{endpoint}/word")).ok()?;
	Some(answer.trim().to_string())
}

fn until_said(tenant: &Cli, request: &str, word: &str) {
	wait::until(&format!("the workspace to say {word}"), PATIENCE, || {
		Ok((said(tenant, request).as_deref() == Some(word)).then_some(()))
	})
	.unwrap();
}

#[test]
fn a_workspace_is_updated_started_again_when_it_is_ill_and_given_up_where_that_does_not_help() {
	let folder = tempfile::tempdir().unwrap();
	let daemon = match DockerDaemon::start(folder.path()) {
		Ok(daemon) => daemon,
		Err(reason) => return eprintln!("skipped: no container engine can be started: {reason:#}"),
	};
	let stage = Stage::set(folder.path(), Engine::Docker(daemon.host()), &mut Plain).unwrap();
	main_job::offer(&stage).unwrap();
	let image = main_job::publish(&stage, folder.path()).unwrap();
	let tenant = stage.person(TENANT).unwrap();
	let arguments = main_job::request(&image, &stage.engine);
	let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
	let (asked, _) = arguments.split_at(arguments.iter().position(|word| *word == "--").unwrap());
	let health = format!("--health={WELL}");
	let often = [
		"--health-every",
		"1",
		"--health-failures",
		"2",
		"--health-grace",
		"20",
	];
	let upkeep = [&[health.as_str(), "--restart", "always:1"], &often[..]].concat();
	let (first, second) = (serve("first"), serve("second"));
	let running = tenant
		.run(&[asked, &upkeep, &["--", "/bin/sh", "-c", &first]].concat())
		.unwrap();
	let request = identifier(&running, "request").unwrap().to_string();
	let lease = identifier(&running["leases"][0], "lease")
		.unwrap()
		.to_string();
	until_said(&tenant, &request, "first");

	println!("an update");
	let updated = tenant
		.run(&[
			"workspace",
			"update",
			&request,
			"--wait",
			"--",
			"/bin/sh",
			"-c",
			&second,
		])
		.unwrap();
	assert_eq!(updated["revision"], 1, "{updated}");
	until_said(&tenant, &request, "second");
	let leases = shown(&tenant, &request);
	assert_eq!(leases[0]["revision"], 1, "{leases:?}");
	assert_eq!(
		leases[0]["lease"].to_string(),
		lease,
		"it is the same lease"
	);

	println!("an update that cannot be had");
	let nowhere = format!("0x{}", "ab".repeat(32));
	tenant
		.run(&[
			"workspace",
			"publish",
			"--digest",
			&nowhere,
			"--reference",
			"127.0.0.1:1/nothing",
		])
		.unwrap();
	let refused = tenant
		.refused(&[
			"workspace",
			"update",
			&request,
			"--image",
			&nowhere,
			"--wait",
		])
		.unwrap();
	assert!(refused.message.contains("ImageNotFound"), "{refused}");
	assert_eq!(
		said(&tenant, &request).as_deref(),
		Some("second"),
		"it runs on"
	);
	tenant
		.run(&["workspace", "update", &request, "--image", &image, "--wait"])
		.unwrap();

	println!("an illness that a restart heals");
	let ail = |lease: &str| {
		let file = format!("/tmp/www{WELL}");
		let done = tenant
			.run(&["workspace", "exec", lease, "--", "/bin/rm", &file])
			.unwrap();
		assert_eq!(done["status"], 0, "{done}");
	};
	ail(&lease);
	wait::until("the workspace to be well again", PATIENCE, || {
		let leases = shown(&tenant, &request);
		let endpoint = text(leases.first().unwrap(), "endpoint")?.to_string();
		Ok(rpc::get(&format!("http://{endpoint}{WELL}")).ok().map(drop))
	})
	.unwrap();
	assert_eq!(shown(&tenant, &request)[0]["lease"].to_string(), lease);

	println!("an illness that comes back");
	ail(&lease);
	wait::until("the request to look for another machine", PATIENCE, || {
		let requests = tenant.run(&["workspace", "list"])?;
		let found = requests.as_array().and_then(|all| all.first().cloned());
		Ok(found.filter(|found| found["attempt"] == 1 && found["running"] == 0))
	})
	.unwrap();
	let log = stage.agent.log_tail(200);
	assert!(log.contains("not well: status 404"), "{log}");
	main_job::wait_gone(&stage, lease.parse().unwrap()).unwrap();
}

/// Publishes a module that says a word; gives its digest.
fn publish_saying(tenant: &Cli, path: &Path, word: &str) -> String {
	let module = format!(
		r#"(module
			(import "wasi_snapshot_preview1" "fd_write"
				(func $write (param i32 i32 i32 i32) (result i32)))
			(memory (export "memory") 1)
			(data (i32.const 0) "\10\00\00\00\{:02x}\00\00\00")
			(data (i32.const 16) "{word}")
			(func (export "_start")
				(drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))))"#,
		word.len()
	);
	std::fs::write(path, wat::parse_str(module).unwrap()).unwrap();
	main_job::publish_module(tenant, path).unwrap()
}

/// What each replica says, in their order, and its revision.
fn said_by_all(tenant: &Cli, request: &str) -> Vec<(String, u64)> {
	let mut leases = shown(tenant, request);
	leases.sort_by_key(|lease| lease["replica"].as_u64());
	let answers = leases.iter().map(|lease| {
		let endpoint = text(lease, "endpoint").unwrap();
		let answer = rpc::get(&format!("http://{endpoint}/")).unwrap_or_default();
		(answer, lease["revision"].as_u64().unwrap())
	});
	answers.collect()
}

#[test]
fn an_update_goes_from_replica_to_replica_and_stops_at_the_first_that_cannot_follow() {
	let folder = tempfile::tempdir().unwrap();
	let stage = Stage::set(folder.path(), Engine::Wasm, &mut Plain).unwrap();
	for _ in 0..2 {
		main_job::offer(&stage).unwrap();
	}
	let tenant = stage.person(TENANT).unwrap();
	let path = |name: &str| folder.path().join(name);
	let [old, new, lost] =
		["old", "new", "lost"].map(|word| publish_saying(&tenant, &path(word), word));
	std::fs::remove_file(path("lost")).unwrap();
	let arguments = main_job::request(&old, &stage.engine);
	let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
	arguments.extend(["--replicas", "2", "--health", "--health-every", "1"]);
	let running = tenant.run(&arguments).unwrap();
	let request = identifier(&running, "request").unwrap().to_string();
	let both = |word: &str, revision| vec![(word.to_string(), revision); 2];
	assert_eq!(said_by_all(&tenant, &request), both("old", 0));

	println!("to a module that is nowhere");
	let update = |image: &str| {
		let arguments = ["workspace", "update", &request, "--image", image, "--wait"];
		tenant.command(&arguments).output().unwrap()
	};
	let refused = update(&lost);
	let said = String::from_utf8_lossy(&refused.stderr).into_owned();
	assert!(
		!refused.status.success() && said.contains("ImageNotFound"),
		"{said}"
	);
	let leases = shown(&tenant, &request);
	let tried: Vec<bool> = leases
		.iter()
		.map(|lease| !lease["not_updated"].is_null())
		.collect();
	assert_eq!(
		tried.iter().filter(|tried| **tried).count(),
		1,
		"{leases:?}"
	);
	assert_eq!(said_by_all(&tenant, &request), both("old", 0));

	println!("to one that is there");
	let updated = update(&new);
	assert!(updated.status.success(), "{updated:?}");
	assert_eq!(said_by_all(&tenant, &request), both("new", 2));
}
