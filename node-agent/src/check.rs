//! What is wrong with this machine, before it joins?
//!
//! Each finding says what was looked at, and, where it is not as it should be, what to do.

use std::{path::Path, time::Duration};

use eyre::Result;
use usufruct_client::amount;

use crate::{
	chain::{Chain, Standing},
	config::{self, Config, EngineChoice, Settings},
	domain::Isolation,
	engine::{
		docker::{
			versions::{Found, Hole},
			DockerEngine,
		},
		sources::Sources,
		Engines,
	},
	inventory::{self, Machine},
};

/// Below this it is time to send the hot key more money for fees.
const LITTLE: u128 = amount::USU;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
	/// As it should be.
	Ok,
	/// The machine can join, with less than it could.
	Note,
	/// The machine cannot join.
	Problem,
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
	/// How bad it is.
	pub grade: Grade,
	/// What was found.
	pub found: String,
	/// What to do about it; empty where there is nothing to do.
	pub advice: String,
}

fn ok(found: impl Into<String>) -> Finding {
	Finding {
		grade: Grade::Ok,
		found: found.into(),
		advice: String::new(),
	}
}

fn finding(grade: Grade, found: impl Into<String>, advice: impl Into<String>) -> Finding {
	Finding {
		grade,
		found: found.into(),
		advice: advice.into(),
	}
}

/// Looks at the machine, its engines, the chain, and the account's standing there.
pub async fn look(settings: Settings) -> Vec<Finding> {
	let data_dir = settings.data_dir.clone();
	let data_dir = data_dir.unwrap_or_else(Config::default_data_dir);
	let mut findings = Vec::new();
	let machine = match inventory::look(&data_dir) {
		Ok(machine) => machine,
		Err(error) => {
			findings.push(finding(
				Grade::Problem,
				format!("{error:#}"),
				"give a data folder that this user may write, with --data-dir",
			));
			return findings;
		}
	};
	findings.extend(of_machine(&machine));
	findings.extend(of_engines(&settings, &data_dir).await);
	findings.extend(of_port(&settings).await);
	match Config::new(settings) {
		Ok(config) => findings.extend(of_chain(&config, &machine).await),
		Err(error) => findings.push(finding(
			Grade::Note,
			format!("the chain was not looked at: {error}"),
			"give what `run` will get, to check it too",
		)),
	}
	findings
}

fn of_machine(machine: &Machine) -> Vec<Finding> {
	let devices = machine.devices.iter().map(|device| {
		let offer = format!(
			"{} (class {}): {} cores, {} MiB of memory, {} MiB of disk",
			device.name,
			device.class,
			device.cpu_millis / 1_000,
			device.memory_mib,
			device.disk_mib
		);
		ok(offer)
	});
	let notes = machine
		.notes
		.iter()
		.map(|note| finding(Grade::Note, note.clone(), ""));
	devices.chain(notes).collect()
}

async fn of_engines(settings: &Settings, data_dir: &Path) -> Vec<Finding> {
	let choice = settings.engine.unwrap_or_default();
	let is_weak_allowed = settings.allow_weak_isolation.unwrap_or(false);
	let sources = Sources::default();
	let engines = Engines::new(
		choice,
		data_dir,
		"127.0.0.1",
		None,
		sources,
		is_weak_allowed,
	);
	match engines.await {
		Ok(engines) => {
			let mut findings = vec![ok(format!("engines: {}", engines.names().join(", ")))];
			findings.extend(engines.containers().into_iter().flat_map(of_containers));
			if choice == EngineChoice::Auto && engines.containers().is_none() {
				let (host, nothing) = ("127.0.0.1", Sources::default());
				let connected =
					DockerEngine::connect(data_dir, host, None, &nothing, is_weak_allowed).await;
				let why = connected
					.err()
					.map_or_else(String::new, |error| format!(": {error:#}"));
				findings.push(finding(
					Grade::Note,
					format!("no containers can be run{why}"),
					"to run containers, install docker.io and nftables, start Docker, and run the agent as root",
				));
			}
			findings
		}
		Err(error) => vec![finding(
			Grade::Problem,
			format!("{error:#}"),
			"install docker.io and start it, or choose another --engine",
		)],
	}
}

/// What walls containers off here, and what does not.
fn of_containers(docker: &DockerEngine) -> Vec<Finding> {
	let classes: Vec<String> = docker
		.classes()
		.iter()
		.map(|class| format!("{class:?}"))
		.collect();
	let classes = classes.join(", ").to_lowercase();
	let mut findings = vec![ok(format!("isolation of containers: {classes}"))];
	if !docker.classes().contains(&Isolation::Gvisor) {
		findings.push(finding(
			Grade::Note,
			"the engine has no runtime `runsc`: resources with isolation gvisor cannot be run",
			"install runsc and name it in /etc/docker/daemon.json, or do not create such resources",
		));
	}
	findings.push(if docker.is_guarded() {
		ok("containers reach neither this machine nor private addresses (nftables)")
	} else {
		finding(
			Grade::Note,
			"containers reach this machine and its network, as allow-weak-isolation allows",
			"install nftables, run the agent as root, and take the setting back",
		)
	});
	if !docker.remaps_users() {
		findings.push(finding(
			Grade::Note,
			"root in a container has the number of this machine's root, though none of its rights",
			"set \"userns-remap\": \"default\" in /etc/docker/daemon.json",
		));
	}
	for found in docker.versions() {
		findings.push(of_version(found));
	}
	findings
}

fn of_version(found: &Found) -> Finding {
	let what = format!("{} {}", found.part.name(), found.version);
	let holes: Vec<&Hole> = found.holes().collect();
	if holes.is_empty() {
		return ok(format!("{what} has none of the known holes"));
	}
	let names: Vec<String> = holes
		.iter()
		.map(|hole| format!("{} ({}; {})", hole.name, hole.gain, hole.source))
		.collect();
	let closed: Vec<String> = holes.iter().map(|hole| hole.closed()).collect();
	// What is refused for all containers was refused before; of GPUs, their workspaces are.
	finding(
		if holes.iter().any(|hole| hole.is_refused()) {
			Grade::Problem
		} else {
			Grade::Note
		},
		format!("{what} has {}", names.join(", ")),
		format!(
			"update it: the first versions without are {}",
			closed.join("; ")
		),
	)
}

async fn of_port(settings: &Settings) -> Vec<Finding> {
	let listen = settings.listen.unwrap_or_else(Config::default_listen);
	let access = config::access_address(settings.public_address.as_deref(), settings.access_port);
	let ports = [
		("/health and /metrics", listen.to_string(), "--listen"),
		("what tenants reach", access, "--access-port"),
	];
	let mut findings = Vec::new();
	for (what, address, flag) in ports {
		findings.push(match tokio::net::TcpListener::bind(&address).await {
			Ok(_) => ok(format!("{what} can listen at {address}")),
			Err(error) => finding(
				Grade::Problem,
				format!("{what} cannot listen at {address}: {error}"),
				format!("stop what listens there (another agent?), or choose another address with {flag}"),
			),
		});
	}
	findings
}

async fn of_chain(config: &Config, machine: &Machine) -> Vec<Finding> {
	let standing = async {
		let chain = Chain::connect(config, Duration::ZERO).await?;
		let at = chain.best().await?;
		Ok::<_, eyre::Report>((chain.standing(&at, machine).await?, Chain::number(&at)))
	};
	match standing.await {
		Ok((standing, block)) => {
			let mut findings = vec![ok(format!(
				"a node answers at {}: block {block}",
				config.url
			))];
			findings.extend(of_standing(&standing, config));
			findings
		}
		Err(error) => vec![finding(
			Grade::Problem,
			format!("{error:#}"),
			"check the address, the key and the owner",
		)],
	}
}

fn of_standing(standing: &Standing, config: &Config) -> Vec<Finding> {
	let mut findings = Vec::new();
	findings.push(if standing.may_act {
		ok(format!(
			"the hot key {} may act for its owner",
			standing.hot_key
		))
	} else {
		finding(
			Grade::Problem,
			format!("the hot key {} may not act for the owner", standing.hot_key),
			format!(
				"with the owner's key: usufruct --key-file … node add-agent {}",
				standing.hot_key
			),
		)
	});
	findings.push(if standing.fees >= LITTLE {
		ok(format!(
			"the hot key has {} for fees",
			amount::show(standing.fees)
		))
	} else {
		let grade = if standing.fees == 0 {
			Grade::Problem
		} else {
			Grade::Note
		};
		finding(
			grade,
			format!("the hot key has {} for fees", amount::show(standing.fees)),
			format!(
				"usufruct --key-file … account transfer {} 5",
				standing.hot_key
			),
		)
	});
	findings.push(match standing.node {
		Some(node) => ok(format!("this machine is registered as node {node}")),
		None if standing.owner_free >= standing.needed => ok(format!(
			"the owner has {}; registering holds {} of it",
			amount::show(standing.owner_free),
			amount::show(standing.needed)
		)),
		None => finding(
			Grade::Problem,
			format!(
				"the owner has {}, and registering this machine holds {}",
				amount::show(standing.owner_free),
				amount::show(standing.needed)
			),
			format!("send the difference to {}", config.owner),
		),
	});
	findings.extend(standing.unknown_classes.iter().map(|class| {
		finding(
			Grade::Note,
			format!("the chain has no resource class {class}"),
			"hardware of that class is not offered; the DAO adds classes",
		)
	}));
	findings
}

/// Prints the findings; gives whether the machine can join.
///
/// # Errors
///
/// Where they cannot be encoded.
#[allow(clippy::print_stdout)]
pub fn show(findings: &[Finding], json: bool) -> Result<bool> {
	if json {
		println!("{}", serde_json::to_string(findings)?);
	} else {
		for Finding {
			grade,
			found,
			advice,
		} in findings
		{
			let word = match grade {
				Grade::Ok => "ok     ",
				Grade::Note => "note   ",
				Grade::Problem => "PROBLEM",
			};
			println!("{word} {found}");
			if !advice.is_empty() {
				println!("        → {advice}");
			}
		}
	}
	Ok(findings
		.iter()
		.all(|finding| finding.grade != Grade::Problem))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn standing() -> Standing {
		Standing {
			hot_key: "5Hot".into(),
			may_act: true,
			fees: 5 * LITTLE,
			owner_free: 100,
			needed: 60,
			node: None,
			unknown_classes: vec![],
		}
	}

	fn config() -> Config {
		let settings = Settings {
			key: Some("//Hot".into()),
			owner: Some("5Owner".into()),
			..Default::default()
		};
		Config::new(settings).expect("all that is needed")
	}

	fn grades(standing: &Standing) -> Vec<Grade> {
		of_standing(standing, &config())
			.into_iter()
			.map(|finding| finding.grade)
			.collect()
	}

	#[test]
	fn a_machine_in_good_standing_has_no_problem() {
		assert_eq!(grades(&standing()), [Grade::Ok; 3]);
	}

	#[test]
	fn a_hot_key_without_a_proxy_is_a_problem_with_the_command_that_cures_it() {
		let mut bad = standing();
		bad.may_act = false;
		let found = of_standing(&bad, &config()).remove(0);
		assert_eq!(found.grade, Grade::Problem);
		assert!(
			found.advice.contains("node add-agent 5Hot"),
			"{}",
			found.advice
		);
	}

	#[test]
	fn little_money_for_fees_is_noted_and_none_is_a_problem() {
		let mut bad = standing();
		bad.fees = 1;
		assert_eq!(grades(&bad)[1], Grade::Note);
		bad.fees = 0;
		assert_eq!(grades(&bad)[1], Grade::Problem);
	}

	#[test]
	fn an_owner_who_cannot_pay_the_bond_is_told_what_is_missing_unless_it_is_held_already() {
		let mut bad = standing();
		bad.owner_free = 59;
		assert_eq!(grades(&bad)[2], Grade::Problem);
		bad.node = Some(7);
		assert_eq!(grades(&bad)[2], Grade::Ok);
	}

	#[test]
	fn a_class_that_the_chain_does_not_know_is_noted() {
		let mut bad = standing();
		bad.unknown_classes = vec![100];
		assert_eq!(grades(&bad)[3], Grade::Note);
	}

	#[tokio::test]
	async fn a_data_folder_that_cannot_be_written_ends_the_look() {
		let settings = Settings {
			data_dir: Some("/proc/nowhere".into()),
			..Default::default()
		};
		let findings = look(settings).await;
		assert_eq!(findings.len(), 1);
		assert_eq!(findings[0].grade, Grade::Problem);
	}

	#[tokio::test]
	async fn a_taken_port_is_a_problem() {
		let taken = tokio::net::TcpListener::bind("127.0.0.1:0")
			.await
			.expect("a port");
		let settings = Settings {
			listen: taken.local_addr().ok(),
			..Default::default()
		};
		assert_eq!(of_port(&settings).await[0].grade, Grade::Problem);
	}
}
