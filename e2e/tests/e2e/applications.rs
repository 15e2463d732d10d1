//! An application: registered, attested, run by its name, its author paid; flagged, and refused where the curator is
//! trusted.

use std::time::Duration;

use usufruct_e2e::{
	agent::Engine,
	cli::{number, text},
	main_job::{self, identifier, Plain, Stage, TENANT},
	wait, Cli,
};

/// Publishes the application, and does nothing else.
const AUTHOR: &str = "//Dave";
/// Is trusted by the machine's owner.
const CURATOR: &str = "//Eve";
/// What the author asks per block, in the smallest unit: 0.0005 USU.
const PRICE: u128 = 500_000_000;

/// All money of an account.
fn wealth(person: &Cli) -> u128 {
	let shown = person.run(&["account", "show"]).unwrap();
	number(&shown, "free_units").unwrap() + number(&shown, "held_units").unwrap()
}

#[test]
fn an_application_is_run_by_its_name_its_author_is_paid_and_a_flag_keeps_it_off_the_machine() {
	let folder = tempfile::tempdir().unwrap();
	let trust = "[trust]\ncurators = [\"//Eve\"]\n";
	let stage = Stage::set_with(folder.path(), Engine::Wasm, Some(trust), &mut Plain).unwrap();
	let person = |key| stage.person(key).unwrap();
	let (author, curator, tenant) = (person(AUTHOR), person(CURATOR), person(TENANT));
	let image = main_job::publish(&stage, folder.path()).unwrap();

	let register = ["application", "register", "hello"];
	author.run(&register).unwrap();
	let taken = tenant.refused(&register).unwrap();
	assert!(taken.message.contains("has this name already"), "{taken}");
	let file = folder.path().join("application.yaml");
	let manifest = "application: hello\nport: 8080\nlicence: Apache-2.0\nprice: 0.0005\n\
		needs: { cpu_millis: 500, memory_mib: 64 }\n";
	std::fs::write(&file, manifest).unwrap();
	let release = ["application", "release", "--file", file.to_str().unwrap()];
	let released = author
		.run(&[&release[..], &["--image", &image]].concat())
		.unwrap();
	assert_eq!(number(&released, "release").unwrap(), 1);

	let attest = ["application", "attest", "hello@1"];
	let refused = curator.refused(&attest).unwrap();
	assert!(refused.message.contains("become one first"), "{refused}");
	curator.run(&["application", "curator", "join"]).unwrap();
	curator.run(&attest).unwrap();
	let listed = tenant.run(&["application", "list", "hel"]).unwrap();
	assert_eq!(number(&listed[0], "attested").unwrap(), 1, "{listed}");
	assert_eq!(text(&listed[0], "price").unwrap(), "0.0005 USU");

	let offer = main_job::offer(&stage).unwrap();
	let before = wealth(&author);
	let run = [
		"workspace",
		"run",
		"--application",
		"hello",
		"--isolation",
		"wasm",
		"--max-price",
		"0.02",
		"--term",
		"200",
	];
	let running = tenant.run(&[&run[..], &["--wait"]].concat()).unwrap();
	let lease = identifier(&running["leases"][0], "lease").unwrap();
	main_job::call(&stage, lease).unwrap();
	let holds = tenant.run(&["account", "holds"]).unwrap().to_string();
	assert!(holds.contains("prices of applications"), "{holds}");
	tenant
		.run(&["workspace", "terminate", &lease.to_string()])
		.unwrap();
	let paid = wealth(&author) - before;
	assert!(paid > 0 && paid.is_multiple_of(PRICE), "{paid}");
	assert!(paid < 200 * PRICE, "{paid}: not for the whole term");
	let holds = tenant.run(&["account", "holds"]).unwrap().to_string();
	assert!(!holds.contains("prices of applications"), "{holds}");
	main_job::wait_gone(&stage, lease).unwrap();

	// Warned of, it does not run where the curator is trusted: not by its name, not by its image.
	curator
		.run(&["application", "flag", "hello@1", "--reason", "broken"])
		.unwrap();
	main_job::republish(&stage, offer.vid).unwrap();
	let by_image = [
		"workspace",
		"run",
		"--image",
		&image,
		"--port",
		"8080",
		"--isolation",
		"wasm",
		"--max-price",
		"0.02",
		"--term",
		"200",
	];
	let requested = tenant.run(&by_image).unwrap();
	let request = identifier(&requested, "request").unwrap();
	let minute = Duration::from_secs(60);
	wait::until("the machine to refuse", minute, || {
		let requests = tenant.run(&["workspace", "list"])?;
		let mut all = requests.as_array().into_iter().flatten();
		let found = all.find(|one| one["request"] == request);
		Ok(found
			.filter(|one| one["attempt"] == 1 && one["running"] == 0)
			.map(drop))
	})
	.unwrap();
	let nodes = tenant.run(&["node", "list"]).unwrap();
	assert_eq!(nodes[0]["bond"], "10 USU", "a refusal is no fault: {nodes}");
	let request = request.to_string();
	tenant.run(&["workspace", "cancel", &request]).unwrap();
}
