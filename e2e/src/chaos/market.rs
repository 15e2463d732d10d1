//! What a provider and a tenant do to keep the market going: list again what was sold, ask again for what was lost.

use std::{
	collections::BTreeMap,
	time::{Duration, Instant},
};

use eyre::{eyre, Result};
use serde_json::Value;

use super::look::Sort;
use crate::{
	cli::number,
	images,
	main_job::{identifier, list},
	Cli,
};

/// Below so much of its bond, in the smallest unit, a provider adds to it: five USU suspend the machine.
const LOW_BOND: &str = "8";
/// What is added then, in USU.
const TOP_UP: &str = "5";
/// A request that found no machine for so long, while there are free ones, is made anew: it avoids those that
/// failed it, and by and by that is all of them.
const STUCK: Duration = Duration::from_secs(45);
/// Blocks that a workspace is asked for. Some end by their terms in a long run.
const TERM: &str = "400";
/// Per block, in USU.
const PRICE: &str = "0.01";

/// A resource that is sold again and again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
	/// The resource.
	pub(super) vid: u64,
	/// What runs on it.
	pub(super) sort: Sort,
}

/// What is sold of a machine.
#[derive(Debug, Default)]
pub(super) struct Slots {
	all: Vec<Slot>,
	/// Rights that were minted and could not be listed yet, by resource.
	unlisted: BTreeMap<u64, u64>,
	/// Resources that were listed before: their revenue rights have holders.
	known: Vec<u64>,
}

impl Slots {
	/// Cuts a processor into two resources for modules, and one for containers where there are any. Each takes
	/// so much of two cores that a machine with a lease is excused from proving: proofs are not what is tried.
	pub(super) fn cut(owner: &Cli, hid: u64, with_containers: bool) -> Result<Self> {
		let mut sorts = vec![Sort::Module, Sort::Module];
		if with_containers {
			sorts.push(Sort::Container);
		}
		let mut all = Vec::new();
		for sort in sorts {
			let cut = owner.run(&[
				"resource",
				"create",
				&hid.to_string(),
				"--isolation",
				sort.isolation(),
				"--cpu",
				"650",
				"--memory",
				"256",
				"--disk",
				"4",
			])?;
			let vid = identifier(&cut, "vid")?;
			all.push(Slot { vid, sort });
		}
		Ok(Self {
			all,
			..Self::default()
		})
	}

	/// All of them.
	pub(super) fn all(&self) -> &[Slot] {
		&self.all
	}

	/// Mints and lists what is neither sold nor for sale, and adds to the bond when it is low. What the chain
	/// refuses now is tried again when this is called again.
	pub(super) fn tend(
		&mut self,
		owner: &Cli,
		node: u64,
		resources: &Value,
		nodes: &Value,
	) -> Result<()> {
		let own = list(nodes).find(|found| found["node"] == node);
		let bond = own.and_then(|node| node["bond"].as_str());
		if bond.is_some_and(|bond| is_below(bond, LOW_BOND)) {
			// Refused where somebody was faster, or the money is gone: then the machine stays as it is.
			let _: Result<_, _> = owner.try_run(&["node", "top-up", &node.to_string(), TOP_UP])?;
		}
		for Slot { vid, .. } in &self.all {
			let resource = list(resources).find(|found| found["vid"] == *vid);
			let is_free = resource.is_some_and(|found| found["uid"].is_null());
			let uid = match self.unlisted.get(vid) {
				Some(uid) => *uid,
				None if is_free => match owner.try_run(&["use-right", "mint", &vid.to_string()])? {
					Ok(minted) => identifier(&minted, "uid")?,
					Err(_) => continue,
				},
				None => continue,
			};
			let number = uid.to_string();
			let mut listing = vec!["market", "list", &number, "--price", PRICE];
			listing.extend(["--min-term", "1", "--max-term", "10000"]);
			let holder = format!("{}=10000", owner.key());
			if !self.known.contains(vid) {
				listing.extend(["--holder", &holder]);
			}
			if owner.try_run(&listing)?.is_ok() {
				self.known.push(*vid);
				self.unlisted.remove(vid);
			} else {
				self.unlisted.insert(*vid, uid);
			}
		}
		Ok(())
	}
}

/// Whether an amount as the command line shows it (`9.5 USU`) is below a whole number of USU.
fn is_below(amount: &str, limit: &str) -> bool {
	let whole = |text: &str| {
		let digits = text.split(['.', ' ']).next().unwrap_or_default();
		digits.parse::<u64>().ok()
	};
	whole(amount) < whole(limit)
}

/// Somebody who keeps some workspaces running.
#[derive(Debug)]
pub(super) struct Tenant {
	/// The tenant on the chain.
	pub(super) person: Cli,
	/// The tenant's address.
	address: String,
	/// What is run.
	image: String,
	/// In what.
	pub(super) sort: Sort,
	/// How many of it.
	wanted: u64,
	/// Since when a request has found no machine.
	stuck: BTreeMap<u64, Instant>,
	/// Requests that were made.
	pub(super) asked: u64,
	/// Requests that were taken back because they found no machine any more.
	pub(super) taken_back: u64,
	/// What was held of the tenant's money before the first request, in the smallest unit.
	held_before: u128,
}

impl Tenant {
	/// The person with this key, who publishes what is run.
	pub(super) fn new(
		url: &str,
		key: &str,
		sort: Sort,
		wanted: u64,
		publish: impl FnOnce(&Cli) -> Result<String>,
	) -> Result<Self> {
		let person = Cli::new(url, key)?;
		let image = publish(&person)?;
		let shown = person.run(&["account", "show"])?;
		let address = shown["account"].as_str().unwrap_or_default().to_string();
		Ok(Self {
			person,
			address,
			image,
			sort,
			wanted,
			stuck: BTreeMap::new(),
			asked: 0,
			taken_back: 0,
			held_before: number(&shown, "held_units")?,
		})
	}

	/// The tenant's own among all requests.
	pub(super) fn own<'a>(&'a self, requests: &'a Value) -> impl Iterator<Item = &'a Value> {
		list(requests).filter(|request| request["tenant"] == self.address.as_str())
	}

	/// How many replicas run or are looked for.
	pub(super) fn live(&self, requests: &Value) -> u64 {
		self.own(requests)
			.map(|request| count(request, "running").saturating_add(count(request, "missing")))
			.sum()
	}

	/// How many of them are looked for.
	pub(super) fn missing(&self, requests: &Value) -> u64 {
		self.own(requests)
			.map(|request| count(request, "missing"))
			.sum()
	}

	/// How many replicas are wanted.
	pub(super) fn wanted(&self) -> u64 {
		self.wanted
	}

	/// Asks for what is wanted and not asked for, and takes back what finds no machine although there are free
	/// ones, to ask anew.
	pub(super) fn tend(&mut self, requests: &Value, all_machines_are_there: bool) -> Result<()> {
		let mut missing = self.wanted.saturating_sub(self.live(requests));
		let mut waiting = Vec::new();
		for request in self.own(requests) {
			let id = identifier(request, "request")?;
			let lost = count(request, "missing");
			if lost > 0 && all_machines_are_there {
				waiting.push((id, lost));
			}
		}
		self.stuck
			.retain(|id, _| waiting.iter().any(|(waiting, _)| waiting == id));
		for (id, lost) in waiting {
			let since = *self.stuck.entry(id).or_insert_with(Instant::now);
			if since.elapsed() < STUCK {
				continue;
			}
			self.stuck.remove(&id);
			if self
				.person
				.try_run(&["workspace", "cancel", &id.to_string()])?
				.is_ok()
			{
				self.taken_back = self.taken_back.saturating_add(lost);
				missing = missing.saturating_add(lost);
			}
		}
		// At most eight at once, which is more than anybody wants here.
		if missing > 0 && self.ask(missing)? {
			self.asked = self.asked.saturating_add(1);
		}
		Ok(())
	}

	/// Whether the chain took the request.
	fn ask(&self, replicas: u64) -> Result<bool> {
		let (replicas, port) = (replicas.to_string(), images::CONTAINER_PORT.to_string());
		let mut arguments = vec!["workspace", "run", "--image", &self.image];
		arguments.extend([
			"--isolation",
			self.sort.isolation(),
			"--replicas",
			&replicas,
		]);
		arguments.extend(["--max-price", PRICE, "--term", TERM, "--port", &port]);
		arguments.extend(["--cpu", "500", "--memory", "64"]);
		let command = images::container_command();
		if self.sort == Sort::Container {
			arguments.push("--");
			arguments.extend(command.iter().map(String::as_str));
		}
		Ok(self.person.try_run(&arguments)?.is_ok())
	}

	/// Ends all that is the tenant's.
	pub(super) fn give_up(&self, requests: &Value, leases: &Value) -> Result<()> {
		for request in self.own(requests) {
			let id = identifier(request, "request")?;
			if count(request, "missing") > 0 {
				// It may be placed a moment before; then its lease is ended in the next round.
				let _: Result<_, _> =
					self.person
						.try_run(&["workspace", "cancel", &id.to_string()])?;
			}
			for lease in list(leases).filter(|lease| lease["request"] == id) {
				let lease = identifier(lease, "lease")?.to_string();
				// Its term may end a moment before.
				let _: Result<_, _> = self.person.try_run(&["workspace", "terminate", &lease])?;
			}
		}
		Ok(())
	}

	/// What is held of the tenant's money beyond what was held before the first request, in the smallest unit.
	pub(super) fn held(&self) -> Result<i128> {
		let shown = self.person.run(&["account", "show"])?;
		let signed = |amount: u128| i128::try_from(amount).map_err(|_| eyre!("beyond all money"));
		Ok(signed(number(&shown, "held_units")?)?.saturating_sub(signed(self.held_before)?))
	}
}

fn count(value: &Value, key: &str) -> u64 {
	value[key].as_u64().unwrap_or(0)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_bond_is_low_below_eight_whole_usu() {
		for (bond, is_low) in [
			("10 USU", false),
			("8 USU", false),
			("8.1 USU", false),
			("7.999 USU", true),
			("0 USU", true),
		] {
			assert_eq!(is_below(bond, LOW_BOND), is_low, "{bond}");
		}
	}
}
