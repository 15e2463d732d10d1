//! Images that cannot run: the tenant is told why, pays for no more than the blocks that passed, and the
//! machine goes on as if nothing had been.

use std::path::Path;

use usufruct_e2e::{
	agent::Engine,
	main_job::{self, Plain, Stage, TENANT},
	Cli,
};

/// Writes a module, publishes it; gives its digest.
fn publish(tenant: &Cli, path: &Path, text: &str) -> String {
	std::fs::write(path, wat::parse_str(text).unwrap()).unwrap();
	main_job::publish_module(tenant, path).unwrap()
}

/// A batch job that does this.
fn job(body: &str) -> String {
	format!("(module (memory (export \"memory\") 1) (func (export \"_start\") {body}))")
}

#[test]
fn an_image_that_cannot_run_ends_its_request_with_the_reason() {
	let folder = tempfile::tempdir().unwrap();
	let stage = Stage::set(folder.path(), Engine::Wasm, &mut Plain).unwrap();
	let vid = main_job::offer(&stage).unwrap().vid;
	let tenant = stage.person(TENANT).unwrap();
	let path = |name: &str| folder.path().join(name);

	let missing = publish(&tenant, &path("missing.wasm"), &job("nop"));
	std::fs::remove_file(path("missing.wasm")).unwrap();
	let changed = publish(&tenant, &path("changed.wasm"), &job("nop nop"));
	std::fs::write(
		path("changed.wasm"),
		wat::parse_str(job("nop nop nop")).unwrap(),
	)
	.unwrap();
	let traps = publish(&tenant, &path("traps.wasm"), &job("unreachable"));
	let grows = job("(loop $more (drop (memory.grow (i32.const 64))) (br $more))");
	let grows = publish(&tenant, &path("grows.wasm"), &grows);
	let cases = [
		("ImageNotFound", missing),
		("WrongDigest", changed),
		("Crashed", traps),
		("LimitExceeded", grows),
	];
	for (number, (reason, image)) in cases.into_iter().enumerate() {
		println!("{reason}");
		if number > 0 {
			main_job::republish(&stage, vid).unwrap();
		}
		let refusal = tenant
			.refused(&[
				"workspace",
				"run",
				"--image",
				&image,
				"--max-price",
				"0.02",
				"--cpu",
				"500",
				"--term",
				"200",
				"--isolation",
				"wasm",
				"--wait",
			])
			.unwrap();
		assert_eq!(refusal.status, Some(4), "{refusal}");
		assert!(
			refusal.message.contains(reason),
			"expected {reason}: {refusal}"
		);
		let leases = tenant.run(&["workspace", "leases"]).unwrap();
		assert_eq!(
			leases.as_array().map(Vec::len),
			Some(0),
			"a lease is left: {leases}"
		);
	}

	println!("a job that ends well, on the same machine");
	main_job::republish(&stage, vid).unwrap();
	let well = publish(&tenant, &path("well.wasm"), &job("nop nop nop nop"));
	let done = tenant
		.run(&[
			"workspace",
			"run",
			"--image",
			&well,
			"--max-price",
			"0.02",
			"--cpu",
			"500",
			"--term",
			"200",
			"--isolation",
			"wasm",
			"--wait",
		])
		.unwrap();
	assert_eq!(done["finished"], 1, "{done}");
}
