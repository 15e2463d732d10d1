//! Wrong input, by the real command line against a real node: each is refused with its exit status and
//! with words that say what to do, and loses nothing but a fee.

use usufruct_e2e::{by_hand, ledger::Ledger, main_job, Cli, NodeProcess};

/// What the chain refuses.
const REFUSED: i32 = 4;

/// A rule, who breaks it, by which command, and a part of what it is told.
type Case<'a> = (&'a str, &'a Cli, Vec<&'a str>, &'a str);

/// What is wrong about how a broken rule is answered, if anything.
fn complaint((rule, who, arguments, words): &Case<'_>) -> Option<String> {
	match who.try_run(arguments).unwrap() {
		Ok(value) => Some(format!("{rule}: not refused: {value}")),
		Err(refusal) => {
			let explained = refusal
				.message
				.to_lowercase()
				.contains(&words.to_lowercase());
			(refusal.status != Some(REFUSED) || !explained)
				.then(|| format!("{rule}: expected “{words}”: {refusal}"))
		}
	}
}

#[test]
fn what_the_chain_refuses_is_explained_and_moves_no_money_but_fees() {
	let folder = tempfile::tempdir().unwrap();
	let node = NodeProcess::start(folder.path()).unwrap();
	let person = |key: &str| Cli::new(&node.url(), key).unwrap();
	let (provider, tenant, stranger) = (person("//Bob"), person("//Charlie"), person("//Dave"));
	let machine = by_hand::machine(&provider, 1).unwrap();
	let offer = by_hand::offer(&provider, machine.hid, "//Bob").unwrap();
	let sold = by_hand::offer(&provider, machine.hid, "//Bob").unwrap();
	tenant
		.run(&["market", "buy", &sold.uid.to_string(), "--term", "500"])
		.unwrap();
	let resource = provider
		.run(&[
			"resource",
			"create",
			&machine.hid.to_string(),
			"--cpu",
			"1000",
			"--memory",
			"256",
			"--disk",
			"1",
			"--isolation",
			"wasm",
		])
		.unwrap();
	let unlisted = resource["vid"].to_string();
	let minted = provider.run(&["use-right", "mint", &unlisted]).unwrap();
	let unlisted_uid = minted["uid"].to_string();
	let module = folder.path().join("module.wasm");
	std::fs::write(&module, b"\0asm\x01\0\0\0").unwrap();
	let image = main_job::publish_module(&tenant, &module).unwrap();

	let (node_id, hid) = (machine.node.to_string(), machine.hid.to_string());
	let (vid, uid) = (offer.vid.to_string(), offer.uid.to_string());
	let sold_uid = sold.uid.to_string();
	let (known, unknown) = (by_hand::hash(1), by_hand::hash(9));
	let hardware = ["--cpu", "1000", "--memory", "1024", "--disk", "1"];
	let cut = ["--cpu", "1000", "--memory", "256", "--isolation", "wasm"];
	let want = ["--max-price", "0.02", "--term", "100"];
	let cases: Vec<Case<'_>> = vec![
		(
			"a machine is registered once",
			&stranger,
			vec!["node", "register", "--machine", &known],
			"registered already",
		),
		(
			"a device has one HID",
			&provider,
			[
				&[
					"hardware", "add", &node_id, "--class", "1", "--device", &known,
				],
				&hardware[..],
			]
			.concat(),
			"registered already",
		),
		(
			"hardware has a class that exists",
			&provider,
			[
				&[
					"hardware", "add", &node_id, "--class", "77", "--device", &unknown,
				],
				&hardware[..],
			]
			.concat(),
			"No resource class",
		),
		(
			"nobody adds hardware to another's machine",
			&stranger,
			[
				&[
					"hardware", "add", &node_id, "--class", "1", "--device", &unknown,
				],
				&hardware[..],
			]
			.concat(),
			"owner",
		),
		(
			"nobody cuts a resource from another's hardware",
			&stranger,
			[&["resource", "create", &hid], &cut[..]].concat(),
			"owner",
		),
		(
			"no more is cut than there is",
			&provider,
			vec![
				"resource",
				"create",
				&hid,
				"--cpu",
				"999000",
				"--memory",
				"1",
				"--isolation",
				"wasm",
			],
			"capacity",
		),
		(
			"a VID that is bound to a UID has no second one",
			&provider,
			vec!["use-right", "mint", &vid],
			"bound to a use right",
		),
		(
			"nobody mints the right to another's resource",
			&stranger,
			vec!["use-right", "mint", &vid],
			"owner",
		),
		(
			"shares add up to 10,000",
			&provider,
			vec![
				"market",
				"list",
				&unlisted_uid,
				"--price",
				"1",
				"--holder",
				"//Bob=5000",
				"--holder",
				"//Dave=4999",
			],
			"10,000",
		),
		(
			"a first listing names its holders",
			&provider,
			vec!["market", "list", &unlisted_uid, "--price", "1"],
			"first listing",
		),
		(
			"nobody lists another's right",
			&stranger,
			vec![
				"market",
				"list",
				&unlisted_uid,
				"--price",
				"1",
				"--holder",
				"//Dave=10000",
			],
			"holder",
		),
		(
			"nobody delists another's right",
			&stranger,
			vec!["market", "delist", &uid],
			"seller",
		),
		(
			"a sold right is not for sale",
			&stranger,
			vec![
				"market",
				"buy",
				&sold_uid,
				"--term",
				"10",
				"--max-price",
				"1",
			],
			"not for sale",
		),
		(
			"a term is within the listing's bounds",
			&tenant,
			vec!["market", "buy", &uid, "--term", "4"],
			"shorter or longer",
		),
		(
			"a price above what the buyer accepts buys nothing",
			&tenant,
			vec![
				"market",
				"buy",
				&uid,
				"--term",
				"10",
				"--max-price",
				"0.009",
			],
			"above what the buyer accepts",
		),
		(
			"a stranger cancels no purchase",
			&stranger,
			vec!["market", "cancel", &sold_uid],
			"holder",
		),
		(
			"a budget covers price × term × replicas",
			&tenant,
			[
				&["workspace", "run", "--image", &image, "--budget", "1.99"],
				&want[..],
			]
			.concat(),
			"budget must cover",
		),
		(
			"an image is published before it is asked for",
			&tenant,
			[&["workspace", "run", "--image", &unknown], &want[..]].concat(),
			"publish",
		),
		(
			"hardware that does not exist proves nothing",
			&tenant,
			vec!["proof", "request", "999"],
			"hardware",
		),
		(
			"nobody challenges a machine that they have no right to use",
			&stranger,
			vec!["proof", "request", &hid],
			"neither own hardware",
		),
		(
			"nobody challenges a machine by another's right",
			&stranger,
			vec!["proof", "request", &hid, "--right", &sold_uid],
			"holds a right",
		),
		(
			"nobody doubts an entry that is not there",
			&stranger,
			vec!["proof", "force-audit", &hid],
			"no entry",
		),
		(
			"an entry that is not there is not concluded",
			&stranger,
			vec!["proof", "conclude", &hid],
			"no entry",
		),
		(
			"who holds no share settles nothing",
			&stranger,
			vec!["revenue", "settle", &vid],
			"no share",
		),
		(
			"a machine in use does not leave",
			&provider,
			vec!["node", "retire", &node_id],
			"remove them first",
		),
	];
	let before = Ledger::read(&node.http_url()).unwrap();
	// Each person's transactions wait for each other, those of different people do not.
	let wrong: Vec<String> = std::thread::scope(|scope| {
		let people = [&provider, &tenant, &stranger];
		let threads = people.map(|person| {
			let own = cases
				.iter()
				.filter(move |(_, who, ..)| std::ptr::eq(*who, person));
			scope.spawn(move || own.filter_map(complaint).collect::<Vec<_>>())
		});
		threads
			.into_iter()
			.flat_map(|thread| thread.join().unwrap())
			.collect()
	});
	assert!(wrong.is_empty(), "{}", wrong.join("\n"));
	// Fees are burned, so everybody's money may only have become less, and only by fees.
	let after = Ledger::read(&node.http_url()).unwrap();
	// Meanwhile an era may have ended, whose rewards wait to be claimed.
	let rewards = ["pallet usu/pomc", "burned as fees, less rewards"];
	for (name, change) in after.changes_since(&before).unwrap() {
		if rewards.contains(&name.as_str()) {
			continue;
		}
		let fees = 1_000_000_000_000 * i128::try_from(cases.len()).unwrap();
		assert!(change.abs() < fees, "{name} changed by {change}");
	}
}

#[test]
fn what_is_wrong_before_it_reaches_a_chain_has_a_status_of_its_own() {
	let nobody = Cli::new("ws://127.0.0.1:1", "//Bob").unwrap();
	let status = |arguments: &[&str]| nobody.refused(arguments).unwrap();
	// Usage: 2.
	for arguments in [
		&["market", "list", "1", "--price", "-1"][..],
		&["market", "list", "1", "--price", "0.0000000000001"],
		&["market", "list", "1", "--price", "much"],
		&["market", "buy", "-1", "--term", "1"],
		&["market", "buy", "1", "--term", "4294967296"],
		&["market", "nothing"],
		&["node", "register", "--machine", "0x12"],
	] {
		let refusal = status(arguments);
		assert_eq!(refusal.status, Some(2), "{refusal}");
	}
	// No node: 5, and what to do.
	let refusal = status(&["market", "listings"]);
	assert_eq!(refusal.status, Some(5), "{refusal}");
	assert!(refusal.message.contains("usufruct-node --dev"), "{refusal}");
}

#[test]
fn a_key_that_is_none_is_refused_without_being_repeated() {
	let folder = tempfile::tempdir().unwrap();
	let node = NodeProcess::start(folder.path()).unwrap();
	let secret = "bottom drive obey lake curtain smoke basket hold race lonely fit wrong";
	let person = Cli::new(&node.url(), secret).unwrap();
	let refusal = person.refused(&["account", "show"]).unwrap();
	assert_eq!(refusal.status, Some(3), "{refusal}");
	assert!(
		!refusal.message.contains("curtain"),
		"the secret is shown: {}",
		refusal.message
	);
}
