//! Images come from a registry, a private one, into the machine's engine, and leave it when there is no room.

use std::{fs, path::Path, time::Duration};

use usufruct_e2e::{
	agent::Engine,
	docker, images,
	main_job::{self, identifier, Plain, Stage, TENANT},
	registry::{RegistryProcess, PASSWORD, USER},
	wait, Cli, DockerDaemon,
};

/// Somebody who knows what others run.
const STRANGER: &str = "//Eve";
/// Room for two images of busybox, and a little.
const CONFIGURATION: &str = "private-sources = true\nimage-quota-mib = 5\n";

/// An image on top of another, with a file of so many bytes that do not pack.
fn on_top(host: &str, below: &str, name: &str, bytes: usize, folder: &Path) {
	let context = folder.join("context");
	fs::create_dir_all(&context).unwrap();
	// What a linear congruential generator gives (Knuth's MMIX).
	let mut state = 1u64;
	let noise: Vec<u8> = std::iter::repeat_with(|| {
		state = state
			.wrapping_mul(6_364_136_223_846_793_005)
			.wrapping_add(1_442_695_040_888_963_407);
		state.to_be_bytes()[0]
	})
	.take(bytes)
	.collect();
	fs::write(context.join("noise"), noise).unwrap();
	let recipe = format!("FROM {below}\nCOPY noise /noise\n");
	fs::write(context.join("Dockerfile"), recipe).unwrap();
	docker::client(host, &["build", "--tag", name, context.to_str().unwrap()]).unwrap();
}

/// Asks for a workspace of an image; gives its lease once there is one.
fn ask(tenant: &Cli, image: &str, engine: &Engine) -> u64 {
	let arguments = main_job::request(image, engine);
	let arguments: Vec<&str> = arguments
		.iter()
		.map(String::as_str)
		.filter(|word| *word != "--wait")
		.collect();
	tenant.run(&arguments).unwrap();
	wait::until("a lease", Duration::from_secs(60), || {
		let leases = tenant.run(&["workspace", "leases"])?;
		let mut leases = leases.as_array().into_iter().flatten();
		leases
			.next()
			.map(|lease| identifier(lease, "lease"))
			.transpose()
	})
	.unwrap()
}

/// Waits until the agent tells the tenant to log in.
fn until_asked(tenant: &Cli, lease: u64) {
	let lease = lease.to_string();
	wait::until(
		"the agent to wait for a login",
		Duration::from_secs(60),
		|| {
			let progress = tenant.try_run(&["workspace", "progress", &lease])?.ok();
			let waits = progress.filter(|progress| {
				progress["state"]
					.as_str()
					.is_some_and(|state| state.contains("secret login"))
			});
			Ok(waits.map(drop))
		},
	)
	.unwrap();
}

/// Logs in to the registry for a lease.
fn log_in(tenant: &Cli, lease: u64, registry: &RegistryProcess, folder: &Path) {
	let file = folder.join("password");
	fs::write(&file, format!("{PASSWORD}\n")).unwrap();
	let (lease, file) = (lease.to_string(), file.to_str().unwrap());
	let host = registry.host();
	let login = [
		"workspace",
		"secret",
		"login",
		&lease,
		host,
		"--username",
		USER,
		"--file",
		file,
	];
	wait::until(
		"the machine's agent to know the lease",
		Duration::from_secs(60),
		|| Ok(tenant.try_run(&login)?.ok().map(drop)),
	)
	.unwrap();
}

/// Waits until the workspace answers, and ends it.
fn answers_and_ends(stage: &Stage, tenant: &Cli, lease: u64) {
	wait::until("the workspace to answer", Duration::from_secs(90), || {
		Ok(main_job::call(stage, lease).ok().map(drop))
	})
	.unwrap();
	tenant
		.run(&["workspace", "terminate", &lease.to_string()])
		.unwrap();
}

/// The images that agents fetched, by their tags.
fn fetched(host: &str) -> Vec<String> {
	let listed = docker::client(host, &["images", "--format", "{{.Repository}}:{{.Tag}}"]).unwrap();
	let tags = listed.lines().filter(|tag| tag.starts_with("usufruct-"));
	tags.map(|tag| tag.rsplit_once(':').unwrap().1.into())
		.collect()
}

#[test]
fn images_come_from_a_private_registry_by_the_tenants_login_and_the_oldest_makes_room() {
	let folder = tempfile::tempdir().unwrap();
	let daemon = match DockerDaemon::start(folder.path()) {
		Ok(daemon) => daemon,
		Err(reason) => return eprintln!("skipped: no container engine can be started: {reason:#}"),
	};
	let registry = match RegistryProcess::start(folder.path()) {
		Ok(registry) => registry,
		Err(reason) => return eprintln!("skipped: {reason:#}"),
	};
	let engine = Engine::Docker(daemon.host());
	let host = daemon.host();
	let name = |image: &str| format!("{}/team/{image}", registry.host());
	let all = ["plain", "more", "most"].map(name);
	images::container(&host, &all[0], folder.path()).unwrap();
	on_top(&host, &all[0], &all[1], 1_000, folder.path());
	on_top(&host, &all[0], &all[2], 1_500_000, folder.path());
	let digests = all
		.clone()
		.map(|image| registry.take(&host, &image).unwrap());
	assert_eq!(docker::client(&host, &["images", "--quiet"]).unwrap(), "");

	let stage = Stage::set_with(folder.path(), engine, Some(CONFIGURATION), &mut Plain).unwrap();
	let vid = main_job::offer(&stage).unwrap().vid;
	let tenant = stage.person(TENANT).unwrap();
	let publish = |number: usize| {
		main_job::publish_container(&tenant, &digests[number], &all[number]).unwrap()
	};

	println!("the tenant is told that the registry wants to know who asks, and tells");
	let running = ask(&tenant, &publish(0), &stage.engine);
	until_asked(&tenant, running);
	log_in(&tenant, running, &registry, folder.path());
	answers_and_ends(&stage, &tenant, running);
	assert_eq!(fetched(&host), digests[..1]);
	let log = fs::read_to_string(folder.path().join("agent.log")).unwrap();
	assert!(!log.contains(PASSWORD));

	println!("who knows its digest and has no login is not given what lies there");
	main_job::republish(&stage, vid).unwrap();
	let stranger = stage.person(STRANGER).unwrap();
	let refused = ask(&stranger, &format!("0x{}", digests[0]), &stage.engine);
	until_asked(&stranger, refused);
	stranger
		.run(&["workspace", "terminate", &refused.to_string()])
		.unwrap();

	println!("of an image on top of it only the rest is fetched");
	main_job::republish(&stage, vid).unwrap();
	let running = ask(&tenant, &publish(1), &stage.engine);
	log_in(&tenant, running, &registry, folder.path());
	answers_and_ends(&stage, &tenant, running);
	let log = fs::read_to_string(folder.path().join("registry/registry.log")).unwrap();
	let asked = log.matches("\"GET /v2/team/more/blobs/").count();
	assert_eq!(asked, 2, "the configuration and one layer");
	assert_eq!(fetched(&host).len(), 2);

	println!("where there is no room, what was used for longest ago goes");
	main_job::republish(&stage, vid).unwrap();
	let running = ask(&tenant, &publish(2), &stage.engine);
	log_in(&tenant, running, &registry, folder.path());
	answers_and_ends(&stage, &tenant, running);
	let kept = fetched(&host);
	assert!(
		kept.contains(&digests[2]) && !kept.contains(&digests[0]),
		"{kept:?}"
	);
}

#[test]
fn while_a_machine_leads_a_window_it_gets_the_image_before_it_has_the_lease() {
	let folder = tempfile::tempdir().unwrap();
	let stage = Stage::set(folder.path(), Engine::Wasm, &mut Plain).unwrap();
	main_job::offer(&stage).unwrap();
	let tenant = stage.person(TENANT).unwrap();
	let image = main_job::publish(&stage, folder.path()).unwrap();
	let mut arguments = main_job::request(&image, &stage.engine);
	arguments.retain(|word| word != "--wait");
	arguments.extend(["--window", "30"].map(String::from));
	let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
	tenant.run(&arguments).unwrap();
	let digest = image.trim_start_matches("0x");
	let module = folder.path().join(format!("agent/modules/{digest}.wasm"));
	wait::until("the module to be there", Duration::from_secs(60), || {
		Ok(module.is_file().then_some(()))
	})
	.unwrap();
	let leases = tenant.run(&["workspace", "leases"]).unwrap();
	assert_eq!(leases.as_array().map(Vec::len), Some(0), "{leases}");
}
