//! Rights that are held: what their holder likes runs on them, a part of the term is sublet, and the next term
//! is reserved ahead.

use usufruct_e2e::{
	agent::Engine,
	cli::{number, text},
	main_job::{self, identifier, Plain, Stage, PROVIDER, TENANT},
};

/// Takes what the tenant sublets.
const SUBTENANT: &str = "//Dave";

#[test]
fn a_right_bought_by_hand_runs_what_its_holder_likes_and_a_part_of_it_is_sublet() {
	let folder = tempfile::tempdir().unwrap();
	let stage = Stage::set(folder.path(), Engine::Wasm, &mut Plain).unwrap();
	let offer = main_job::offer(&stage).unwrap();
	let image = main_job::publish(&stage, folder.path()).unwrap();
	let person = |key| stage.person(key).unwrap();
	let (provider, tenant, subtenant) = (person(PROVIDER), person(TENANT), person(SUBTENANT));
	let uid = offer.uid.to_string();
	let start = [
		"use-right",
		"run",
		&uid,
		"--image",
		&image,
		"--port",
		"8080",
		"--wait",
	];

	let refused = tenant.refused(&start).unwrap();
	assert!(refused.message.contains("Only the tenant"), "{refused}");
	let bought = tenant
		.run(&["market", "buy", &uid, "--term", "400"])
		.unwrap();
	let until = number(&bought, "until").unwrap();
	for _ in 0..2 {
		let running = tenant.run(&start).unwrap();
		let lease = identifier(&running["leases"][0], "lease").unwrap();
		main_job::call(&stage, lease).unwrap();
		let second = tenant.refused(&start).unwrap();
		assert!(second.message.contains("end it first"), "{second}");
		tenant
			.run(&["workspace", "terminate", &lease.to_string()])
			.unwrap();
		main_job::wait_gone(&stage, lease).unwrap();
	}

	let end = (until - 10).to_string();
	let sublet = ["market", "sublet", "offer", &uid, "--price", "0.05"];
	tenant
		.run(&[&sublet[..], &["--end", &end]].concat())
		.unwrap();
	subtenant.run(&["market", "sublet", "take", &uid]).unwrap();
	let refused = tenant.refused(&["market", "cancel", &uid]).unwrap();
	assert!(refused.message.contains("Only the holder"), "{refused}");
	let running = subtenant.run(&start).unwrap();
	let lease = identifier(&running["leases"][0], "lease").unwrap();
	main_job::call(&stage, lease).unwrap();
	let ended = subtenant.run(&["market", "sublet", "end", &uid]).unwrap();
	assert!(text(&ended, "refund").unwrap().ends_with("USU"), "{ended}");
	// The landlord's again, and with it what runs there.
	tenant.run(&["market", "cancel", &uid]).unwrap();
	main_job::wait_gone(&stage, lease).unwrap();

	let next = main_job::republish(&stage, offer.vid).unwrap().to_string();
	let reservable = ["market", "reservable", &next, "--ahead", "1000"];
	provider
		.run(&[&reservable[..], &["--price", "0.001"]].concat())
		.unwrap();
	let begin = (until + 10).to_string();
	let reserve = [
		"market", "reserve", &next, "--start", &begin, "--term", "100",
	];
	let reserved = tenant.run(&reserve).unwrap();
	assert_eq!(number(&reserved, "from").unwrap(), until + 10);
	assert_eq!(number(&reserved, "until").unwrap(), until + 110);
	let ahead = [
		"use-right",
		"run",
		&next,
		"--image",
		&image,
		"--port",
		"8080",
	];
	let refused = tenant.refused(&ahead).unwrap();
	assert!(refused.message.contains("has not begun"), "{refused}");
	tenant.run(&["market", "cancel", &next]).unwrap();
}
