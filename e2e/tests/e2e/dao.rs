//! The DAO on a real chain, by the command line: a vote changes how hard proofs are.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;
use usufruct_e2e::{
	agent::Engine,
	by_hand,
	cli::{number, text},
	main_job::{Plain, Stage, EPOCHS, PROVIDER},
	wait, Cli, NodeProcess,
};

/// The class of this machine's processor.
const CLASS: &str = "1";
/// A vote takes about a minute on a development chain.
const DECIDED: Duration = Duration::from_secs(240);

fn samples(person: &Cli) -> u128 {
	let classes = person.run(&["proof", "classes"]).unwrap();
	let class = classes
		.as_array()
		.unwrap()
		.iter()
		.find(|class| class["class"] == 1)
		.unwrap();
	number(class, "samples").unwrap()
}

/// Challenges hardware that nobody proves with. Gives the challenge.
fn challenge(person: &Cli, hid: u64) -> Value {
	let asked = person.run(&["proof", "request", &hid.to_string()]).unwrap();
	person
		.run(&["proof", "challenge", &asked["challenge"].to_string()])
		.unwrap()
}

#[test]
fn a_vote_changes_a_class_and_what_is_under_way_keeps_what_it_began_with() {
	let folder = tempfile::tempdir().unwrap();
	let node = NodeProcess::start(folder.path()).unwrap();
	let person = |key| Cli::new(&node.url(), key).unwrap();
	let (alice, bob) = (person("//Alice"), person("//Bob"));
	let (first, second) = (
		by_hand::machine(&bob, 1).unwrap(),
		by_hand::machine(&bob, 2).unwrap(),
	);
	let under_way = challenge(&bob, first.hid);

	let proposed = alice
		.run(&["dao", "propose", "class", CLASS, "--samples", "48", "--yes"])
		.unwrap();
	let effects = proposed["effects"].to_string();
	assert!(effects.contains("samples 32 → 48"), "{effects}");
	let referendum = proposed["referendum"].to_string();
	for key in ["//Alice", "//Bob", "//Charlie", "//Dave"] {
		person(key)
			.run(&[
				"dao",
				"vote",
				&referendum,
				"aye",
				"--amount",
				"900000",
				"--yes",
			])
			.unwrap();
	}
	let shown = bob.run(&["dao", "show", &referendum]).unwrap();
	assert_eq!(text(&shown, "track").unwrap(), "proof_parameters");
	assert_eq!(text(&shown, "ayes").unwrap(), "3600000 USU");
	assert!(text(&shown, "effect").unwrap().contains("48"), "{shown}");

	let over = bob.run(&["dao", "show", &referendum, "--wait"]).unwrap();
	assert_eq!(text(&over, "state").unwrap(), "approved");
	wait::until("the new parameters", DECIDED, || {
		Ok((samples(&bob) == 48).then_some(()))
	})
	.unwrap();
	let again = alice
		.run(&["proof", "challenge", &under_way["challenge"].to_string()])
		.unwrap();
	let next = challenge(&bob, second.hid);
	let work = |challenge: &Value| {
		(
			number(challenge, "samples").unwrap(),
			number(challenge, "version").unwrap(),
		)
	};
	assert_eq!(
		(work(&under_way), work(&again), work(&next)),
		((32, 1), (32, 1), (48, 2))
	);

	let held = |person: &Cli| person.run(&["account", "holds"]).unwrap().to_string();
	bob.run(&["dao", "unlock", &referendum]).unwrap();
	alice.run(&["dao", "refund", &referendum]).unwrap();
	assert!(!held(&alice).contains("Referenda"), "{}", held(&alice));
}

/// Proposes, votes with nearly all money there is, and waits until it is decided.
fn decide(node: &NodeProcess, proposal: &[&str]) {
	let person = |key| Cli::new(&node.url(), key).unwrap();
	let proposed = person("//Alice")
		.run(&[&["dao", "propose"], proposal, &["--yes"]].concat())
		.unwrap();
	let referendum = proposed["referendum"].to_string();
	for key in ["//Alice", "//Eve", "//Ferdie"] {
		let vote = [
			"dao",
			"vote",
			&referendum,
			"aye",
			"--amount",
			"900000",
			"--yes",
		];
		person(key).run(&vote).unwrap();
	}
	let over = person("//Alice")
		.run(&["dao", "show", &referendum, "--wait"])
		.unwrap();
	assert_eq!(text(&over, "state").unwrap(), "approved");
}

/// The versions of the class's parameters by epoch, as they are seen in the machine's entries until one
/// has `version`.
fn versions_until(person: &Cli, version: u64) -> BTreeMap<u64, u64> {
	let mut versions = BTreeMap::new();
	wait::until("an epoch with the new parameters", EPOCHS, || {
		// None may have begun.
		let Ok(epoch) = person.try_run(&["proof", "epoch"])? else {
			return Ok(None);
		};
		for entry in epoch["entries"].as_array().into_iter().flatten() {
			let (epoch, found) = (&entry["epoch"], &entry["version"]);
			if let (Some(epoch), Some(found)) = (epoch.as_u64(), found.as_u64()) {
				let known = *versions.entry(epoch).or_insert(found);
				assert_eq!(known, found, "epoch {epoch} did not keep its parameters");
			}
		}
		let seen = versions.values().any(|found| *found == version);
		Ok(seen.then_some(()))
	})
	.unwrap();
	versions
}

#[test]
fn a_vote_on_a_class_holds_from_the_next_epoch_on() {
	let folder = tempfile::tempdir().unwrap();
	let stage = Stage::set(folder.path(), Engine::Wasm, &mut Plain).unwrap();
	let person = stage.person(PROVIDER).unwrap();
	versions_until(&person, 1);
	std::thread::scope(|scope| {
		// What is seen while the vote goes on, and after it.
		let seen = scope.spawn(|| versions_until(&person, 2));
		decide(&stage.node, &["class", CLASS, "--samples", "48"]);
		let seen = seen.join().unwrap();
		let order: Vec<u64> = seen.values().copied().collect();
		assert!(order.is_sorted() && order.contains(&1), "{seen:?}");
	});
}

#[test]
fn nobody_signs_by_mistake_and_what_cannot_be_voted_for_is_refused_in_words() {
	let folder = tempfile::tempdir().unwrap();
	let node = NodeProcess::start(folder.path()).unwrap();
	let alice = Cli::new(&node.url(), "//Alice").unwrap();
	let refusals: [(&[&str], i32, &str); 9] = [
		(&["dao", "propose", "fee", "3"], 2, "Add --yes"),
		(&["dao", "propose", "fee", "80", "--yes"], 2, "0..=50"),
		(
			&["dao", "propose", "class", CLASS, "--samples", "65", "--yes"],
			2,
			"Samples",
		),
		(
			&["dao", "propose", "class", "77", "--samples", "8", "--yes"],
			2,
			"--like",
		),
		(
			&["dao", "propose", "bar", "nobody", "--yes"],
			3,
			"not an account",
		),
		(
			&["dao", "propose", "upgrade", "Cargo.toml", "--yes"],
			3,
			"neither WebAssembly",
		),
		(
			&["dao", "vote", "7", "aye", "--amount", "1", "--yes"],
			4,
			"no referendum 7",
		),
		(&["dao", "show", "7"], 4, "no referendum 7"),
		(&["dao", "unlock", "7"], 4, "no vote on referendum 7"),
	];
	for (arguments, status, words) in refusals {
		let refused = alice.refused(arguments).unwrap();
		assert_eq!(refused.status, Some(status), "{refused}");
		assert!(refused.message.contains(words), "{refused}");
	}
	let outsider = Cli::new(&node.url(), "//Bob").unwrap();
	let call = by_hand::hash(7);
	let refused = outsider
		.refused(&["dao", "whitelist", &call, "--yes"])
		.unwrap();
	assert!(refused.message.contains("NotMember"), "{refused}");
	let list = alice.run(&["dao", "list"]).unwrap();
	assert_eq!(list, Value::Array(vec![]));
}
