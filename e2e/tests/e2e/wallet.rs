//! A wallet's own library, `@polkadot/api`, understands the chain with no custom types: it reads every
//! storage item of our pallets, buys a use right, and sees the event.

use std::{path::Path, process::Command};

use usufruct_e2e::{binaries::repository_file, by_hand, Cli, NodeProcess};

#[test]
fn polkadot_js_reads_all_storage_buys_a_use_right_and_sees_its_event() {
	let Some(npm) = program("npm") else {
		return eprintln!("skipped: npm is not installed (Debian's packages: nodejs, npm)");
	};
	let folder = tempfile::tempdir().unwrap();
	let node = NodeProcess::start(folder.path()).unwrap();
	let provider = Cli::new(&node.url(), "//Bob").unwrap();
	let machine = by_hand::machine(&provider, 1).unwrap();
	let offer = by_hand::offer(&provider, machine.hid, "//Bob").unwrap();

	// A copy: the repository stays as it was.
	let project = folder.path().join("js");
	std::fs::create_dir(&project).unwrap();
	for file in ["chain.mjs", "package.json", "package-lock.json"] {
		std::fs::copy(repository_file("e2e/js").join(file), project.join(file)).unwrap();
	}
	run(
		&project,
		Command::new(npm).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]),
	);
	let document = run(
		&project,
		Command::new("node")
			.arg("chain.mjs")
			.env("USUFRUCT_URL", node.url())
			.env("USUFRUCT_UID", offer.uid.to_string())
			.env("USUFRUCT_TERM", "100"),
	);
	let found: serde_json::Value = serde_json::from_str(&document).unwrap();
	let storage = &found["storage"];
	for (pallet, item) in [
		("nodeRegistry", "nodes"),
		("useRights", "resources"),
		("revenueRights", "shares"),
		("market", "listings"),
		("proofOfCompute", "classes"),
		("validatorSet", "candidates"),
	] {
		assert!(
			storage[pallet][item].is_u64(),
			"{pallet}.{item} was not read: {storage}"
		);
	}
	assert_eq!(storage["market"]["listings"], 1);
	assert_eq!(storage["revenueRights"]["shares"], 1);
	// 0.01 USU for each of a hundred blocks.
	assert_eq!(found["bought"]["escrow"], "1000000000000");
	let purchases = provider.run(&["market", "purchases"]).unwrap();
	assert_eq!(
		purchases[0]["uid"], offer.uid,
		"the chain knows it too: {purchases}"
	);
}

fn program(name: &str) -> Option<std::path::PathBuf> {
	let paths = std::env::var_os("PATH")?;
	std::env::split_paths(&paths)
		.map(|folder| folder.join(name))
		.find(|path| path.is_file())
}

/// Runs a command in a folder; gives what it printed.
fn run(folder: &Path, command: &mut Command) -> String {
	let output = command.current_dir(folder).output().unwrap();
	let error = String::from_utf8_lossy(&output.stderr);
	assert!(
		output.status.success(),
		"{command:?} ended with {}: {error}",
		output.status
	);
	String::from_utf8(output.stdout).unwrap()
}
