//! A workspace as a file, by the command line: planned, deployed, and refused where it is wrong.

use std::time::Duration;

use usufruct_e2e::{
	by_hand,
	cli::{number, text},
	main_job, wait, Cli, NodeProcess,
};

#[test]
fn a_file_is_planned_and_deployed_and_its_errors_name_the_line() {
	let folder = tempfile::tempdir().unwrap();
	let node = NodeProcess::start(folder.path()).unwrap();
	let person = |key: &str| Cli::new(&node.url(), key).unwrap();
	let (provider, tenant) = (person("//Bob"), person("//Charlie"));
	let machine = by_hand::machine(&provider, 1).unwrap();
	let first = by_hand::offer(&provider, machine.hid, "//Bob").unwrap();
	let dear = by_hand::offer(&provider, machine.hid, "//Bob").unwrap();
	provider
		.run(&["market", "edit", &dear.uid.to_string(), "--price", "5"])
		.unwrap();
	let module = folder.path().join("module.wasm");
	std::fs::write(&module, b"\0asm\x01\0\0\0").unwrap();
	let image = main_job::publish_module(&tenant, &module).unwrap();

	let path = folder.path().join("hello.yaml");
	let whole = format!(
		"image: \"{image}\"\nport: 8080\nterm: 100\nmax_price: 0.01\nrequires: {{ cpu_millis: 500, isolation: wasm }}\n"
	);
	std::fs::write(&path, whole.replace("term", "tern")).unwrap();
	let file = path.to_str().unwrap();
	let refused = tenant.refused(&["workspace", "deploy", file]).unwrap();
	assert_eq!(refused.status, Some(3), "{refused}");
	assert!(
		refused.message.contains("tern") && refused.message.contains("line 3"),
		"{refused}"
	);

	std::fs::write(&path, whole).unwrap();
	let plan = tenant.run(&["workspace", "plan", file]).unwrap();
	assert_eq!(
		(
			number(&plan, "listings").unwrap(),
			number(&plan, "suitable").unwrap()
		),
		(2, 1)
	);
	assert_eq!(plan["machines"][0]["uid"].as_u64(), Some(first.uid));
	assert_eq!(text(&plan, "would_cost").unwrap(), "1 USU");
	assert_eq!(text(&plan["others"][0], "reason").unwrap(), "too dear");

	let deployed = tenant.run(&["workspace", "deploy", file]).unwrap();
	let request = number(&deployed, "request").unwrap().to_string();
	wait::until("a lease of the request", Duration::from_secs(60), || {
		let shown = tenant.run(&["workspace", "show", &request])?;
		let lease = shown.as_array().and_then(|leases| leases.first().cloned());
		Ok(lease.filter(|lease| lease["uid"].as_u64() == Some(first.uid)))
	})
	.unwrap();
}
