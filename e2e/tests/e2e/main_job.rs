//! The main job, by the real programs: as the demonstration tells it, and with a real container,
//! whose limits are read back from its engine.

use serde_json::Value;
use usufruct_e2e::{
	agent::Engine,
	docker,
	main_job::{self, identifier, Plain, Stage, TENANT},
	DockerDaemon,
};

#[test]
fn the_main_job_is_done_with_the_webassembly_engine_and_the_money_adds_up() {
	let folder = tempfile::tempdir().unwrap();
	let told = main_job::tell(folder.path(), Engine::Wasm, &mut Plain).unwrap();
	let (first, second) = told.offers;
	assert_eq!(first.vid, second.vid, "the same resource is sold again");
	assert_ne!(first.uid, second.uid, "by another right");
	assert!(told.paid.0 > 0 && told.paid.1 > 0);
	assert_eq!(
		told.changes.iter().map(|(_, change)| change).sum::<i128>(),
		0
	);
	assert!(
		told.proof["score_ppm"]
			.as_u64()
			.is_some_and(|score| score > 0),
		"{}",
		told.proof
	);
}

#[test]
fn a_container_runs_within_its_limits_answers_and_is_gone_with_its_lease() {
	let folder = tempfile::tempdir().unwrap();
	let daemon = match DockerDaemon::start(folder.path()) {
		Ok(daemon) => daemon,
		Err(reason) => return eprintln!("skipped: no container engine can be started: {reason:#}"),
	};
	let host = daemon.host();
	let stage = Stage::set(folder.path(), Engine::Docker(host.clone()), &mut Plain).unwrap();
	main_job::offer(&stage).unwrap();
	let image = main_job::publish(&stage, folder.path()).unwrap();
	let tenant = stage.person(TENANT).unwrap();
	let arguments = main_job::request(&image, &stage.engine);
	let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
	let running = tenant.run(&arguments).unwrap();
	let lease = identifier(&running["leases"][0], "lease").unwrap();
	main_job::call(&stage, lease).unwrap();

	let found = docker::containers(&host, &format!("usufruct.lease={lease}")).unwrap();
	let [container] = found.as_slice() else {
		panic!("one container per lease, not {found:?}")
	};
	let told = docker::client(&host, &["inspect", container]).unwrap();
	let told: Value = serde_json::from_str(&told).unwrap();
	let limits = &told[0]["HostConfig"];
	// What the resource has: a core, and 256 MiB without swap.
	assert_eq!(limits["NanoCpus"], 500_000_000u64);
	assert_eq!(limits["Memory"], 256u64 << 20);
	assert_eq!(limits["MemorySwap"], 256u64 << 20);
	assert_eq!(limits["PidsLimit"], 512);
	assert_eq!(limits["ReadonlyRootfs"], true);
	assert_eq!(limits["Privileged"], false);
	assert_eq!(limits["CapDrop"], serde_json::json!(["ALL"]));
	assert_eq!(
		limits["SecurityOpt"],
		serde_json::json!(["no-new-privileges"])
	);
	let network = limits["NetworkMode"].as_str().unwrap().to_string();
	assert!(
		network.ends_with(&format!("-{lease}")),
		"a network of its own, not {network}"
	);
	// The kernel agrees with what the engine says.
	let inside = |path: &str| {
		let read = docker::client(&host, &["exec", container, "/bin/cat", path]).unwrap();
		read.trim().to_string()
	};
	assert!(inside("/proc/self/status").contains("NoNewPrivs:\t1"));
	let write = docker::client(&host, &["exec", container, "/bin/sh", "-c", "echo x > /x"]);
	assert!(write.is_err(), "the root file system can be written");

	tenant
		.run(&["workspace", "terminate", &lease.to_string()])
		.unwrap();
	main_job::wait_gone(&stage, lease).unwrap();
	let networks = docker::client(&host, &["network", "ls", "--format", "{{.Name}}"]).unwrap();
	assert!(
		!networks.contains(&network),
		"the network outlived its lease"
	);
}
