//! Getting out of a workspace is tried for real, in each isolation class that this machine can give.

use std::{path::Path, process::Command};

use serde_json::Value;
use usufruct_e2e::{binaries, docker, DockerDaemon};

/// What the agent says of a class, and whether it holds.
fn check(class: &str, folder: &Path, host: Option<&str>) -> (Value, bool) {
	let mut command = Command::new(binaries::find("usufruct-agent").unwrap());
	command
		.args(["check", "--isolation", "--json", "--class", class])
		.arg("--data-dir")
		.arg(folder.join("agent"));
	if let Some(host) = host {
		command.env("DOCKER_HOST", host);
	}
	let output = command.output().unwrap();
	let said = String::from_utf8_lossy(&output.stdout).into_owned();
	let log = String::from_utf8_lossy(&output.stderr);
	let report = serde_json::from_str(&said).unwrap_or_else(|_| panic!("no report: {said} {log}"));
	(report, output.status.success())
}

/// Every attempt was stopped, there were enough of them, and the agent says so by its status.
fn assert_holds(class: &str, folder: &Path, host: Option<&str>) {
	let (report, holds) = check(class, folder, host);
	assert_eq!(report["class"], class);
	let verdicts = report["verdicts"].as_array().unwrap();
	let escaped: Vec<&Value> = verdicts
		.iter()
		.filter(|verdict| verdict["outcome"] == "escaped")
		.collect();
	assert!(escaped.is_empty(), "{escaped:#?}");
	assert!(holds, "the status says otherwise");
	let stopped = verdicts
		.iter()
		.filter(|verdict| verdict["outcome"] == "stopped");
	let (stopped, all) = (stopped.count(), verdicts.len());
	println!("{class}: {all} attempts, {stopped} stopped");
	assert!(stopped >= 25, "{stopped} of {all}");
}

fn of_containers(class: &str) {
	let folder = tempfile::tempdir().unwrap();
	let daemon = match DockerDaemon::start(folder.path()) {
		Ok(daemon) => daemon,
		Err(reason) => return eprintln!("skipped: no container engine can be started: {reason:#}"),
	};
	if !docker::can_guard() {
		return eprintln!("skipped: this test needs root and nftables");
	}
	let host = daemon.host();
	let before = tables();
	assert_holds(class, folder.path(), Some(&host));
	let left = docker::client(&host, &["ps", "-aq"]).unwrap();
	assert_eq!(left, "", "the check leaves no container");
	let images = docker::client(&host, &["images", "-q"]).unwrap();
	assert_eq!(images, "", "nor an image");
	assert_eq!(tables(), before, "nor rules");
}

/// The firewall's tables.
fn tables() -> String {
	let listed = Command::new("/usr/sbin/nft")
		.args(["list", "tables", "inet"])
		.output()
		.unwrap();
	String::from_utf8(listed.stdout).unwrap()
}

#[test]
fn nothing_gets_out_of_a_container() {
	of_containers("container");
}

#[test]
fn nothing_gets_out_of_a_container_on_gvisor() {
	if !docker::has_gvisor() {
		return eprintln!("skipped: gVisor (runsc) is not installed");
	}
	of_containers("gvisor");
}

#[test]
fn nothing_gets_out_of_a_webassembly_module() {
	let folder = tempfile::tempdir().unwrap();
	assert_holds("wasm", folder.path(), None);
}
