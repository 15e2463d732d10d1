//! The agent dies at each named point of its journal, as by `kill -9`: after the restart no lease is
//! lost, none runs twice, and nothing outlives its lease. With real containers where an engine can be
//! started, else with the WebAssembly engine.

use std::{path::Path, time::Duration};

use usufruct_e2e::{
	agent::{AgentOptions, AgentProcess, Engine},
	docker,
	main_job::{self, identifier, Plain, Stage, EPOCHS, HOT_KEY, PROVIDER, TENANT},
	wait, DockerDaemon,
};

/// Where the agent may die; the names are the agent's.
const POINTS: [&str; 5] = [
	"before-intent",
	"after-intent",
	"after-start",
	"after-outcome",
	"after-report",
];
/// Where it may die over a proof: twice in one epoch, over each commitment.
const PROOF_POINTS: [[&str; 2]; 2] = [
	["work-kept", "passes-kept"],
	["work-committed", "passes-committed"],
];
/// Matching, finality, a start.
const PATIENCE: Duration = Duration::from_secs(120);

/// The agent again, with the same folder: a restart.
fn start(stage: &Stage, folder: &Path, crash_at: Option<&str>) -> AgentProcess {
	let data = folder.join("agent");
	let mut options = AgentOptions::new(&stage.node.url(), HOT_KEY, PROVIDER, data).unwrap();
	options.engine = stage.engine.clone();
	options.crash_at = crash_at.map(Into::into);
	AgentProcess::start(&options).unwrap()
}

/// The lease of a request, once the chain says that it runs.
fn running_lease(stage: &Stage, request: u64) -> u64 {
	let tenant = stage.person(TENANT).unwrap();
	wait::until("the lease to run", PATIENCE, || {
		let leases = tenant.run(&["workspace", "show", &request.to_string()])?;
		let Some([lease]) = leases.as_array().map(Vec::as_slice) else {
			return Ok(None);
		};
		Ok(if lease["state"] == "Running" {
			lease["lease"].as_u64()
		} else {
			None
		})
	})
	.unwrap()
}

/// What runs for a lease, by the engine's own word; one where the engine cannot be asked.
fn containers(stage: &Stage, lease: u64) -> usize {
	match &stage.engine {
		Engine::Wasm => 1,
		Engine::Docker(host) => docker::containers(host, &format!("usufruct.lease={lease}"))
			.unwrap()
			.len(),
	}
}

#[test]
fn no_crash_of_the_agent_loses_a_lease_or_runs_one_twice_or_lets_one_outlive_its_end() {
	let folder = tempfile::tempdir().unwrap();
	let daemon = DockerDaemon::start(folder.path());
	let engine = match &daemon {
		Ok(daemon) => Engine::Docker(daemon.host()),
		Err(reason) => {
			eprintln!(
				"with the WebAssembly engine: no container engine can be started: {reason:#}"
			);
			Engine::Wasm
		}
	};
	let mut stage = Stage::set(folder.path(), engine, &mut Plain).unwrap();
	let vid = main_job::offer(&stage).unwrap().vid;
	let image = main_job::publish(&stage, folder.path()).unwrap();
	let tenant = stage.person(TENANT).unwrap();
	let arguments = main_job::request(&image, &stage.engine);
	let arguments: Vec<&str> = arguments
		.iter()
		.map(String::as_str)
		.filter(|word| *word != "--wait")
		.collect();

	let mut last = None;
	for point in POINTS {
		println!("crash at {point}");
		if let Some(lease) = last {
			tenant
				.run(&["workspace", "terminate", &format!("{lease}")])
				.unwrap();
			main_job::wait_gone(&stage, lease).unwrap();
			main_job::republish(&stage, vid).unwrap();
		}
		stage.agent.process().stop().unwrap();
		stage.agent = start(&stage, folder.path(), Some(point));
		let request = identifier(&tenant.run(&arguments).unwrap(), "request").unwrap();
		let status = stage.agent.wait_dead(PATIENCE).unwrap();
		assert!(!status.success(), "it was to die at {point}");

		stage.agent = start(&stage, folder.path(), None);
		let lease = running_lease(&stage, request);
		stage.agent.wait_ready().unwrap();
		// Until the agent has reported where the restarted workspace answers, the old address does not.
		wait::until("the workspace's answer", PATIENCE, || {
			Ok(main_job::call(&stage, lease).ok())
		})
		.unwrap();
		assert_eq!(containers(&stage, lease), 1, "after a crash at {point}");
		last = Some(lease);
	}

	let lease = last.unwrap();
	println!("the lease ends while the agent is dead");
	stage.agent.process().kill().unwrap();
	tenant
		.run(&["workspace", "terminate", &lease.to_string()])
		.unwrap();
	stage.agent = start(&stage, folder.path(), None);
	stage.agent.wait_ready().unwrap();
	main_job::wait_gone(&stage, lease).unwrap();
}

#[test]
fn an_agent_that_dies_over_a_proof_comes_back_and_goes_on_without_a_fault() {
	let folder = tempfile::tempdir().unwrap();
	let mut stage = Stage::set(folder.path(), Engine::Wasm, &mut Plain).unwrap();
	let owner = stage.person(PROVIDER).unwrap();
	let hid = stage.hid.to_string();
	let scored = || {
		let shown = owner.run(&["proof", "show", &hid]).unwrap();
		shown["last_epoch"][0]["epoch"].as_u64().unwrap_or(0)
	};
	for points in PROOF_POINTS {
		stage.agent.process().stop().unwrap();
		let before = scored();
		for point in points {
			println!("crash at {point}");
			stage.agent = start(&stage, folder.path(), Some(point));
			let status = stage.agent.wait_dead(EPOCHS).unwrap();
			assert!(!status.success(), "it was to die at {point}");
		}

		// What it had committed it opens; what came too late for that is followed by the next epoch.
		stage.agent = start(&stage, folder.path(), None);
		wait::until("an epoch to be scored", EPOCHS, || {
			Ok((scored() > before).then_some(()))
		})
		.unwrap();
	}
	let node = owner.run(&["node", "show", "0"]).unwrap();
	assert_eq!(node["faults"], 0, "{node}");
}
