//! Rewards on a real chain, by the command line: who authored blocks, sold compute and used it is paid when the
//! era is over.

use std::time::Duration;

use usufruct_e2e::{
	by_hand,
	cli::{number, text},
	ledger::Ledger,
	wait, Cli, NodeProcess,
};

/// An era takes two minutes on a development chain.
const ERA: Duration = Duration::from_secs(240);
/// What validators share in an era of a development chain, in the smallest unit.
const VALIDATORS: u128 = 25_000_000_000_000;
/// Of the market's fee of 2 % a block at a price of 0.01 USU, four fifths return, half of them to each side.
const RETURNED_A_BLOCK: u128 = 80_000_000;

#[test]
fn authors_providers_and_tenants_are_paid_for_an_era_that_is_over() {
	let folder = tempfile::tempdir().unwrap();
	let node = NodeProcess::start(folder.path()).unwrap();
	let person = |key: &str| Cli::new(&node.url(), key).unwrap();
	let (author, provider, tenant) = (person("//Alice"), person("//Bob"), person("//Charlie"));
	let machine = by_hand::machine(&provider, 1).unwrap();
	let offer = by_hand::offer(&provider, machine.hid, "//Bob").unwrap();
	let uid = offer.uid.to_string();
	tenant
		.run(&["market", "buy", &uid, "--term", "500"])
		.unwrap();
	let claimable = |who: &Cli| {
		let shown = who.run(&["reward", "show"]).unwrap();
		number(&shown, "claimable_units").unwrap()
	};
	wait::until("some use that was paid for", ERA, || {
		provider.run(&["market", "accrue", &uid])?;
		let shown = provider.run(&["reward", "show"])?;
		let earned = shown["eras"]
			.as_array()
			.is_some_and(|eras| !eras.is_empty());
		Ok(earned.then_some(()))
	})
	.unwrap();
	let nothing = tenant.refused(&["reward", "claim"]).unwrap();
	assert!(nothing.message.contains("nothing to claim"), "{nothing}");
	wait::until("the end of the era", ERA, || {
		let over = [&author, &provider, &tenant].map(claimable);
		Ok(over.iter().all(|amount| *amount > 0).then_some(()))
	})
	.unwrap();

	let before = Ledger::read(&node.http_url()).unwrap();
	// The key that claims pays the fee: a stranger's, for exact amounts.
	let stranger = person("//Dave");
	let claim = |whose: &str| {
		let claimed = stranger.run(&["reward", "claim", "--for", whose]).unwrap();
		assert_eq!(
			text(&claimed, "account").unwrap(),
			text(&claimed, "paid_to").unwrap()
		);
		number(&claimed, "amount_units").unwrap()
	};
	let (of_author, of_provider, of_tenant) =
		(claim("//Alice"), claim("//Bob"), claim("//Charlie"));
	assert_eq!(of_author % VALIDATORS, 0, "she authored every block");
	assert_eq!(of_provider, of_tenant);
	assert_eq!(of_provider % RETURNED_A_BLOCK, 0);
	let after = Ledger::read(&node.http_url()).unwrap();
	let changes = after.changes_since(&before).unwrap();
	let of = |name: &str| {
		changes
			.iter()
			.find(|(who, _)| who == name)
			.map(|(_, change)| *change)
	};
	assert_eq!(of("Bob"), i128::try_from(of_provider).ok());
	assert_eq!(of("Charlie"), i128::try_from(of_tenant).ok());
}
