//! The main job, step by step: compute is registered, sold, matched, run, proved and paid; then the
//! same resource is sold again.
//!
//! `make demo` tells it to a person, the tests assert it. Each step checks what it shows, so that a
//! story that was told to its end is true.

use std::{path::Path, time::Duration};

use eyre::{bail, ensure, eyre, Result, WrapErr};
use serde_json::Value;

use crate::{
	agent::{AgentOptions, AgentProcess, Engine},
	cli::{number, text},
	docker, images,
	ledger::{self, Ledger},
	rpc, wait, Cli, NodeProcess,
};

/// Owns the machine; its agent's hot key has a name below its own.
pub const PROVIDER: &str = "//Bob";
/// The key that the agent has: money for fees, and a proxy of the provider.
pub const HOT_KEY: &str = "//Bob//agent";
/// Rents.
pub const TENANT: &str = "//Charlie";
/// Holds a quarter of the revenue right.
pub const HOLDER: &str = "//Dave";

/// What the tenant sends to the workspace.
const QUESTION: &str = "usus et fructus";
/// Of 10,000 shares.
const SHARES: (u128, u128) = (7_500, 2_500);
/// Registration and the first heartbeat take some blocks.
const REGISTERED: Duration = Duration::from_secs(90);
/// An entry, the next epoch if one was missed, and another one if that was, too.
pub const EPOCHS: Duration = Duration::from_secs(500);
/// The agent stops a workspace once the end of its lease is finalized.
const STOPPED: Duration = Duration::from_secs(60);

/// Whom the story is told to.
pub trait Listener {
	/// A new step begins.
	fn step(&mut self, title: &str);
	/// Something that the step shows.
	fn detail(&mut self, line: &str);
}

/// Prints the story as it is: for those who read a test's output.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

#[allow(clippy::print_stdout, reason = "it prints")]
impl Listener for Plain {
	fn step(&mut self, title: &str) {
		println!("{title}");
	}

	fn detail(&mut self, line: &str) {
		println!("    {line}");
	}
}

/// A chain, a machine on it, and the people of the story.
#[derive(Debug)]
pub struct Stage {
	/// The machine's agent. Declared first: it stops before its chain does.
	pub agent: AgentProcess,
	/// The chain.
	pub node: NodeProcess,
	/// What runs workspaces.
	pub engine: Engine,
	/// The machine's processor on chain.
	pub hid: u64,
	/// The money before anything happened.
	pub before: Ledger,
}

impl Stage {
	/// Starts a chain and an agent on this machine below `folder`; waits until the machine's
	/// hardware is registered and online.
	pub fn set(folder: &Path, engine: Engine, listener: &mut dyn Listener) -> Result<Self> {
		Self::set_with(folder, engine, None, listener)
	}

	/// The same, with an agent that has a configuration file.
	pub fn set_with(
		folder: &Path,
		engine: Engine,
		file: Option<&str>,
		listener: &mut dyn Listener,
	) -> Result<Self> {
		listener.step("A development chain of one validator starts");
		let mut node = NodeProcess::start(folder)?;
		let url = node.http_url();
		wait::until("a finalized block", Duration::from_secs(60), || {
			node.process().check_running()?;
			Ok((rpc::finalized_block(&url)? >= 1).then_some(()))
		})?;
		listener.detail(&format!("it answers at {}", node.url()));
		let before = Ledger::read(&url)?;

		listener.step("The provider starts an agent, whose hot key acts for the provider");
		let provider = Cli::new(&node.url(), PROVIDER)?;
		provider.run(&["node", "add-agent", HOT_KEY, "--fund", "5"])?;
		let mut options = AgentOptions::new(&node.url(), HOT_KEY, PROVIDER, folder.join("agent"))?;
		options.engine = engine.clone();
		options.file = file.map(String::from);
		let mut agent = AgentProcess::start(&options)?;
		let hid = wait::until("the machine to be online", REGISTERED, || {
			agent.process().check_running()?;
			registered(&provider)
		})?;
		for device in list(&provider.run(&["hardware", "list"])?) {
			listener.detail(&format!(
				"HID {}: {}",
				device["hid"],
				fields(device, &["hid"])
			));
		}
		Ok(Self {
			agent,
			node,
			engine,
			hid,
			before,
		})
	}

	/// The command line of somebody.
	pub fn person(&self, key: &str) -> Result<Cli> {
		Cli::new(&self.node.url(), key)
	}
}

/// The machine's processor; `None` until its node is online.
pub fn registered(provider: &Cli) -> Result<Option<u64>> {
	let nodes = provider.run(&["node", "list"])?;
	if !list(&nodes).any(|node| node["status"] == "Online") {
		return Ok(None);
	}
	let hardware = provider.run(&["hardware", "list"])?;
	let found = list(&hardware)
		.next()
		.and_then(|device| device["hid"].as_u64());
	Ok(found)
}

/// What can be sold of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
	/// The resource.
	pub vid: u64,
	/// The right to use it.
	pub uid: u64,
}

/// Cuts a resource from the machine, mints the right to use it and lists that for the first time.
pub fn offer(stage: &Stage) -> Result<Offer> {
	let holders = [
		format!("{PROVIDER}={}", SHARES.0),
		format!("{HOLDER}={}", SHARES.1),
	];
	let provider = stage.person(PROVIDER)?;
	cut_and_list(&provider, stage.hid, stage.engine.isolation(), &holders)
}

/// Cuts half a core from a processor, mints its use right and lists that for the first time, with the
/// holders of the revenue right as `ACCOUNT=SHARES`.
pub fn cut_and_list(owner: &Cli, hid: u64, isolation: &str, holders: &[String]) -> Result<Offer> {
	// Small enough for a machine to prove beside it what it can do.
	let cut = ["--cpu", "500", "--memory", "256", "--disk", "512"];
	let hid = hid.to_string();
	let resource = ["resource", "create", &hid, "--isolation", isolation];
	let resource = owner.run(&[&resource[..], &cut].concat())?;
	let vid = identifier(&resource, "vid")?;
	let uid = mint_and_list(owner, vid, "0.01", holders)?;
	Ok(Offer { vid, uid })
}

/// Mints the right to use a resource that was sold before and lists it again; gives the new UID.
pub fn republish(stage: &Stage, vid: u64) -> Result<u64> {
	mint_and_list(&stage.person(PROVIDER)?, vid, "0.02", &[])
}

fn mint_and_list(owner: &Cli, vid: u64, price: &str, holders: &[String]) -> Result<u64> {
	let minted = owner.run(&["use-right", "mint", &vid.to_string()])?;
	let uid = identifier(&minted, "uid")?;
	let number = uid.to_string();
	let mut listing = vec!["market", "list", &number, "--price", price];
	listing.extend(["--min-term", "5", "--max-term", "1000"]);
	listing.extend(
		holders
			.iter()
			.flat_map(|holder| ["--holder", holder.as_str()]),
	);
	owner.run(&listing)?;
	Ok(uid)
}

/// Publishes what the tenant runs: a module, or a container of busybox alone. Gives its digest.
pub fn publish(stage: &Stage, folder: &Path) -> Result<String> {
	publish_by(&stage.person(TENANT)?, &stage.engine, folder)
}

/// The same, by anybody, for an engine.
pub fn publish_by(person: &Cli, engine: &Engine, folder: &Path) -> Result<String> {
	let host = match engine {
		Engine::Wasm => {
			return publish_module(person, &images::wasm_module("demo/hello.wat", folder)?)
		}
		Engine::Docker(host) => host,
	};
	let image = images::container(host, IMAGE, folder)?;
	let digest = image.trim_start_matches("sha256:");
	publish_container(person, digest, IMAGE)
}

/// Publishes a container by its digest, without `sha256:`, and where it is. Gives its digest.
pub fn publish_container(person: &Cli, digest: &str, reference: &str) -> Result<String> {
	let publish = [
		"workspace",
		"publish",
		"--digest",
		digest,
		"--reference",
		reference,
	];
	Ok(text(&person.run(&publish)?, "image")?.to_string())
}

/// Publishes a module that lies on this machine. Gives its digest.
pub fn publish_module(person: &Cli, module: &Path) -> Result<String> {
	let published = person.run(&["workspace", "publish", path(module)?])?;
	Ok(text(&published, "image")?.to_string())
}

/// The container image's name on this machine.
const IMAGE: &str = "usufruct-demo";

/// Arguments that request one workspace of `image`, and wait until it runs.
pub fn request(image: &str, engine: &Engine) -> Vec<String> {
	let port = images::CONTAINER_PORT.to_string();
	let mut arguments = vec!["workspace", "run", "--image", image, "--max-price", "0.02"];
	arguments.extend([
		"--term", "200", "--port", &port, "--cpu", "500", "--memory", "64",
	]);
	arguments.extend(["--isolation", engine.isolation(), "--wait"]);
	let mut arguments: Vec<String> = arguments.into_iter().map(String::from).collect();
	if matches!(engine, Engine::Docker(_)) {
		arguments.push("--".into());
		arguments.extend(images::container_command());
	}
	arguments
}

/// Calls the workspace of a lease; fails unless it answers what only running it can tell.
pub fn call(stage: &Stage, lease: u64) -> Result<String> {
	let tenant = stage.person(TENANT)?;
	let lease = lease.to_string();
	let (answer, expected) = match stage.engine {
		Engine::Wasm => {
			let answer = tenant.run(&["workspace", "call", &lease, "--body", QUESTION])?;
			(answer, images::wasm_answer(QUESTION))
		}
		Engine::Docker(_) => {
			let question = QUESTION.replace(' ', "+");
			let path = format!("/cgi-bin/answer?{question}");
			let answer = tenant.run(&["workspace", "call", &lease, "--path", &path])?;
			(answer, images::container_answer(&question)?)
		}
	};
	ensure!(
		answer["status"] == 200,
		"the workspace did not answer: {answer}"
	);
	let found = text(&answer, "answer")?;
	ensure!(
		found == expected,
		"the workspace answered {found:?} instead of {expected:?}"
	);
	Ok(found.trim().to_string())
}

/// What the story came to.
#[derive(Clone, Debug)]
pub struct Told {
	/// The first offer, and the second of the same resource.
	pub offers: (Offer, Offer),
	/// The proof of compute.
	pub proof: Value,
	/// What each holder of the revenue right was paid, in the smallest unit.
	pub paid: (u128, u128),
	/// What changed for whom, fees included; adds up to zero.
	pub changes: Vec<(String, i128)>,
}

/// Tells the whole story below `folder`.
///
/// # Errors
///
/// At the first step that does not show what it should.
pub fn tell(folder: &Path, engine: Engine, listener: &mut dyn Listener) -> Result<Told> {
	let stage = Stage::set(folder, engine, listener)?;
	let (provider, tenant, holder) = (
		stage.person(PROVIDER)?,
		stage.person(TENANT)?,
		stage.person(HOLDER)?,
	);

	listener.step("The provider cuts a resource, mints its use right and lists it");
	let first = offer(&stage)?;
	let Offer { vid, uid } = first;
	listener.detail(&format!(
		"VID {vid}, UID {uid}, and RID {vid} with 10,000 shares:"
	));
	listener.detail(&format!(
		"{} for {PROVIDER}, {} for {HOLDER}",
		SHARES.0, SHARES.1
	));

	listener
		.step("A tenant requests a workspace; the validator's off-chain worker finds the machine");
	let image = publish(&stage, folder)?;
	let arguments = request(&image, &stage.engine);
	let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
	let running = tenant
		.run(&arguments)
		.wrap_err_with(|| log_of(&stage.agent))?;
	let lease = identifier(&running["leases"][0], "lease")?;
	listener.detail(&format!("image {image}"));
	listener.detail(&format!(
		"lease {lease}: {}",
		fields(&running["leases"][0], &["lease"])
	));

	listener.step(&format!(
		"The tenant calls the workspace, which runs in {}",
		match stage.engine {
			Engine::Wasm => "the WebAssembly engine",
			Engine::Docker(_) => "a Docker container",
		}
	));
	listener.detail(&format!("asked    {QUESTION}"));
	listener.detail(&format!("answered {}", call(&stage, lease)?));

	listener.step("An epoch begins, in which all hardware proves at once, and ranks it");
	listener.detail("about every fifty minutes on a real chain, again and again on this one");
	let hid = stage.hid.to_string();
	wait::until("the machine's entry in an epoch", EPOCHS, || {
		let shown = tenant.run(&["proof", "show", &hid])?;
		let entered = shown["entry"][0]["committed_at"].as_u64();
		Ok(entered.or(shown["last_epoch"][0]["committed_at"].as_u64()))
	})
	.wrap_err_with(|| log_of(&stage.agent))?;
	listener.detail("the machine has committed its work; while others could doubt it:");

	listener.step("The tenant asks the hardware for a proof of compute of its own");
	listener
		.detail("seed, rounds, commitment, positions from later blocks, reveal: about a minute");
	let proof = tenant
		.run(&["proof", "request", &hid, "--wait"])
		.wrap_err_with(|| log_of(&stage.agent))?;
	listener.detail(&format!("HID {hid}: {}", fields(&proof, &["hid"])));
	let mut busy = None;
	let ranked = wait::until("the machine's rank", EPOCHS, || {
		let shown = tenant.run(&["proof", "show", &hid])?;
		let epoch = shown["last_epoch"][0]["epoch"].as_u64();
		if shown["rank"] == 1 || epoch.is_none() {
			return Ok(epoch.map(|_| shown));
		}
		// Half of what its class is expected to do counts as nothing: something else took the machine's time.
		if epoch != busy {
			busy = epoch;
			listener.detail("this machine was busy with something else in that epoch: another one");
		}
		Ok(None)
	})
	.wrap_err_with(|| log_of(&stage.agent))?;
	listener.detail(&format!("epoch: {}", fields(&ranked["last_epoch"][0], &[])));
	listener.detail(&format!(
		"rank 1 of class {} with a score of {}",
		ranked["class"], ranked["score_ppm"]
	));
	let metrics = stage.agent.metrics()?;
	ensure!(
		!metrics.contains("usufruct_agent_proof_rounds_total 0"),
		"the agent's metrics tell no rounds: {metrics}"
	);

	listener.step("The tenant ends the lease: what was used is paid, the rest returns");
	tenant.run(&["workspace", "terminate", &lease.to_string()])?;
	let paid = settle(&provider, &holder, vid)?;
	listener.detail(&format!(
		"{PROVIDER} settles {} USU",
		ledger::usu(signed(paid.0)?)
	));
	listener.detail(&format!(
		"{HOLDER} settles {} USU",
		ledger::usu(signed(paid.1)?)
	));
	wait_gone(&stage, lease)?;
	listener.detail("the workspace is gone from the machine");

	listener.step("Balances: before, after, and what changed; it adds up");
	let after = Ledger::read(&stage.node.http_url())?;
	let changes = after.changes_since(&stage.before)?;
	for (name, change) in &changes {
		listener.detail(&format!("{name:<28} {:>16} USU", ledger::usu(*change)));
	}
	listener.detail(&format!("{:<28} {:>16} USU", "sum", ledger::usu(0)));

	listener.step("The same resource is sold again, with the revenue right that it has");
	let uid = republish(&stage, vid)?;
	ensure!(uid != first.uid, "use right {uid} was minted twice");
	let listings = tenant.run(&["market", "listings"])?;
	ensure!(
		list(&listings).any(|listing| listing["uid"] == uid && listing["vid"] == vid),
		"the new listing is not for sale: {listings}"
	);
	listener.detail(&format!("UID {uid} on VID {vid}, with RID {vid} as it is"));
	Ok(Told {
		offers: (first, Offer { vid, uid }),
		proof,
		paid,
		changes,
	})
}

/// Both holders take their income; fails unless it is divided as their shares are.
fn settle(provider: &Cli, holder: &Cli, vid: u64) -> Result<(u128, u128)> {
	let settle = |who: &Cli| -> Result<u128> {
		number(
			&who.run(&["revenue", "settle", &vid.to_string()])?,
			"amount_units",
		)
	};
	let paid = (settle(provider)?, settle(holder)?);
	ensure!(paid.0 > 0, "the provider was paid nothing");
	// Each is rounded down by itself: they may be one unit apart.
	let (first, second) = (
		paid.0.saturating_mul(SHARES.1),
		paid.1.saturating_mul(SHARES.0),
	);
	ensure!(
		first.abs_diff(second) <= SHARES.0,
		"{} and {} are not as {} to {}",
		paid.0,
		paid.1,
		SHARES.0,
		SHARES.1
	);
	Ok(paid)
}

/// Waits until nothing of a lease is left on the machine.
pub fn wait_gone(stage: &Stage, lease: u64) -> Result<()> {
	wait::until("the workspace to stop", STOPPED, || {
		let runs = match &stage.engine {
			Engine::Wasm => !stage.agent.metrics()?.contains("usufruct_agent_leases 0"),
			Engine::Docker(host) => {
				!docker::containers(host, &format!("usufruct.lease={lease}"))?.is_empty()
			}
		};
		Ok((!runs).then_some(()))
	})
}

fn signed(amount: u128) -> Result<i128> {
	i128::try_from(amount).wrap_err("an amount beyond all money")
}

/// The entries of a list; none of anything else.
pub fn list(value: &Value) -> impl Iterator<Item = &Value> {
	value.as_array().into_iter().flatten()
}

/// A whole number by its key.
pub fn identifier(value: &Value, key: &str) -> Result<u64> {
	value[key]
		.as_u64()
		.ok_or_else(|| eyre!("no number `{key}` in {value}"))
}

/// An object's fields as people read them, without `but` and what is empty.
fn fields(value: &Value, but: &[&str]) -> String {
	let shown = |value: &Value| {
		value
			.as_str()
			.map_or_else(|| value.to_string(), String::from)
	};
	let fields = value.as_object().into_iter().flatten();
	let fields = fields.filter(|(key, value)| !but.contains(&key.as_str()) && !value.is_null());
	fields
		.map(|(key, value)| format!("{key} {}", shown(value)))
		.collect::<Vec<_>>()
		.join(", ")
}

fn path(path: &Path) -> Result<&str> {
	match path.to_str() {
		Some(text) => Ok(text),
		None => bail!("{} is no text", path.display()),
	}
}

fn log_of(agent: &AgentProcess) -> String {
	format!("the end of the agent's log:\n{}", agent.log_tail(20))
}
