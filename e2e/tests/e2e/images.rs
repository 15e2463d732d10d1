//! The images of the story by themselves: the container answers as it must, on an engine of ours.

use std::time::Duration;

use usufruct_e2e::{docker, images, node::free_port, rpc, wait, DockerDaemon};

#[test]
fn the_container_answers_with_what_was_asked() {
	let folder = tempfile::tempdir().unwrap();
	let daemon = match DockerDaemon::start(folder.path()) {
		Ok(daemon) => daemon,
		Err(reason) => return eprintln!("skipped: no container engine can be started: {reason:#}"),
	};
	if let Err(reason) = images::busybox() {
		return eprintln!("skipped: {reason:#}");
	}
	let image = images::container(&daemon.host(), "answer", folder.path()).unwrap();
	assert!(image.starts_with("sha256:"));
	let port = free_port().unwrap();
	let published = format!("127.0.0.1:{port}:{}", images::CONTAINER_PORT);
	let mut arguments = vec![
		"run",
		"-d",
		"--read-only",
		"--cap-drop=ALL",
		"-p",
		&published,
		&image,
	];
	let command = images::container_command();
	arguments.extend(command.iter().map(String::as_str));
	docker::client(&daemon.host(), &arguments).unwrap();
	let url = format!("http://127.0.0.1:{port}/cgi-bin/answer?usufruct");
	let answer = wait::until("the container's answer", Duration::from_secs(20), || {
		Ok(rpc::get(&url).ok())
	});
	assert_eq!(
		answer.unwrap(),
		images::container_answer("usufruct").unwrap()
	);
}

#[test]
fn the_module_is_a_module() {
	let folder = tempfile::tempdir().unwrap();
	let path = images::wasm_module("demo/hello.wat", folder.path()).unwrap();
	assert_eq!(std::fs::read(path).unwrap()[..4], *b"\0asm");
}

#[test]
fn the_digest_that_the_module_must_answer_with_is_fnv1a() {
	assert_eq!(
		images::wasm_answer("hello"),
		"usufruct answers: 5 a430d84680aabd0b\n"
	);
}
