//! Rights on a real chain, by the command line: found by their parameters, bought, renewed, and their income sold.

use std::time::Duration;

use serde_json::Value;
use usufruct_e2e::{
	by_hand,
	cli::{number, text},
	ledger::Ledger,
	wait, Cli, NodeProcess,
};

/// A cent of a USU, in the smallest unit: the price of a block.
const PRICE: u128 = 10_000_000_000;

fn uids(found: &Value) -> Vec<u64> {
	let rows = found.as_array().into_iter().flatten();
	rows.filter_map(|row| row["uid"].as_u64()).collect()
}

#[test]
fn compute_is_found_by_its_parameters_bought_renewed_and_auctioned() {
	let folder = tempfile::tempdir().unwrap();
	let node = NodeProcess::start(folder.path()).unwrap();
	let person = |key: &str| Cli::new(&node.url(), key).unwrap();
	let (provider, tenant) = (person("//Bob"), person("//Charlie"));
	let machine = by_hand::machine(&provider, 1).unwrap();
	let first = by_hand::offer(&provider, machine.hid, "//Bob").unwrap();
	let second = by_hand::offer(&provider, machine.hid, "//Bob").unwrap();
	let (uid, other) = (first.uid.to_string(), second.uid.to_string());

	provider
		.run(&["market", "edit", &other, "--price", "0.5"])
		.unwrap();
	let cheap = [
		"market",
		"find",
		"--isolation",
		"wasm",
		"--max-price",
		"0.01",
	];
	assert_eq!(uids(&tenant.run(&cheap).unwrap()), [first.uid]);
	let small = tenant.run(&["market", "find", "--class", "1"]).unwrap();
	assert_eq!(uids(&small), [first.uid, second.uid]);
	let nothing = ["market", "find", "--class", "1", "--gpus", "1"];
	assert_eq!(uids(&tenant.run(&nothing).unwrap()), [0; 0]);

	let fee = tenant
		.run(&["--fee", "market", "buy", &uid, "--term", "100"])
		.unwrap();
	assert!(number(&fee, "fee_units").unwrap() > 0, "{fee}");
	let bought = tenant
		.run(&["market", "buy", &uid, "--term", "100"])
		.unwrap();
	let renewed = tenant
		.run(&["market", "renew", &uid, "--blocks", "50"])
		.unwrap();
	let until = |document| number(document, "until").unwrap();
	assert_eq!(until(&renewed), until(&bought) + 50);
	provider.run(&["market", "renewable", &uid, "no"]).unwrap();
	let refused = tenant
		.refused(&["market", "renew", &uid, "--blocks", "50"])
		.unwrap();
	assert!(refused.message.contains("does not renew"), "{refused}");

	provider
		.run(&[
			"market",
			"auction",
			&other,
			"--first-price",
			"5",
			"--blocks",
			"10000",
		])
		.unwrap();
	let auctioned = tenant
		.run(&["market", "find", "--min-score-ppm", "0"])
		.unwrap();
	let price = number(&auctioned[0], "price_units").unwrap();
	assert!(price > 490 * PRICE && price <= 500 * PRICE, "{auctioned}");
}

#[test]
fn shares_of_income_are_sold_at_their_price_and_income_up_to_then_stays_the_sellers() {
	let folder = tempfile::tempdir().unwrap();
	let node = NodeProcess::start(folder.path()).unwrap();
	let person = |key: &str| Cli::new(&node.url(), key).unwrap();
	let (provider, tenant, investor) = (person("//Bob"), person("//Charlie"), person("//Dave"));
	let machine = by_hand::machine(&provider, 1).unwrap();
	let offer = by_hand::offer(&provider, machine.hid, "//Bob").unwrap();
	let (vid, uid) = (offer.vid.to_string(), offer.uid.to_string());
	let sale = provider
		.run(&["revenue", "sell", &vid, "4000", "--price", "0.001"])
		.unwrap();
	let order = number(&sale, "order").unwrap().to_string();
	tenant
		.run(&["market", "buy", &uid, "--term", "500"])
		.unwrap();
	let claimable = |key: &str| -> u128 {
		let shares = investor.run(&["revenue", "show", &vid]).unwrap();
		let rows = shares.as_array().cloned().unwrap_or_default();
		let account = person(key).run(&["account", "show"]).unwrap()["account"].clone();
		let row = rows.iter().find(|row| row["holder"] == account);
		row.map_or(0, |row| number(row, "claimable_units").unwrap())
	};
	let accrue = || {
		wait::until("some income", Duration::from_secs(60), || {
			let before = claimable("//Bob");
			tenant.run(&["market", "accrue", &uid])?;
			Ok((claimable("//Bob") > before).then_some(()))
		})
		.unwrap();
	};
	accrue();
	let of_seller = claimable("//Bob");
	let before = Ledger::read(&node.http_url()).unwrap();
	let filled = investor
		.run(&["revenue", "fill", &vid, &order, "2500"])
		.unwrap();
	assert_eq!(number(&filled, "amount_units").unwrap(), 2_500_000_000_000);
	let after = Ledger::read(&node.http_url()).unwrap();
	let changes = after.changes_since(&before).unwrap();
	let of_bob = changes.iter().find(|(who, _)| who == "Bob");
	assert_eq!(of_bob.map(|(_, change)| *change), Some(2_500_000_000_000));
	assert_eq!((claimable("//Bob"), claimable("//Dave")), (of_seller, 0));
	accrue();
	let (more, of_buyer) = (claimable("//Bob") - of_seller, claimable("//Dave"));
	assert_eq!((of_buyer * 3, of_buyer > 0), (more, true));

	let statement = investor.run(&["revenue", "statement", &vid]).unwrap();
	assert_eq!(number(&statement, "income_units").unwrap(), of_buyer);

	let orders = investor.run(&["revenue", "orders", &vid]).unwrap();
	assert_eq!(number(&orders[0], "shares").unwrap(), 1_500);
	assert_eq!(text(&orders[0], "wants_to").unwrap(), "sell");
	let foreign = investor
		.refused(&["revenue", "cancel", &vid, &order])
		.unwrap();
	assert!(foreign.message.contains("placed the order"), "{foreign}");
	provider.run(&["revenue", "cancel", &vid, &order]).unwrap();
}
