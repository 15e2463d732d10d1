//! What a container reaches: the internet, and nothing that is near the machine.
//!
//! Each lease has a bridge of its own. One table of nftables per agent has, for each bridge, what may leave
//! it: answers to connections that came in, name servers, and public addresses. Private ranges, the
//! addresses at which clouds tell machines about themselves, the machine itself and other leases are none of
//! these. The table is replaced as a whole, in one transaction of the kernel: setting it twice is setting it once.

use std::{
	fmt::Write as _,
	net::IpAddr,
	path::Path,
	process::Stdio,
	sync::{Mutex, PoisonError},
	time::{Duration, Instant},
};

use eyre::{bail, Result, WrapErr};
use tokio::{io::AsyncWriteExt, process::Command};

/// No container reaches these: this network, private, shared and link-local ones, loopback, documentation,
/// benchmarks, multicast, reserved.
const PRIVATE_V4: &str = "0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, \
	172.16.0.0/12, 192.0.0.0/24, 192.0.2.0/24, 192.168.0.0/16, 198.18.0.0/15, 198.51.100.0/24, \
	203.0.113.0/24, 224.0.0.0/4, 240.0.0.0/4";
/// The same of IPv6: unspecified and loopback, mapped and translated IPv4, documentation, unique local (among
/// them the address of a cloud's metadata, fd00:ec2::254), link-local, multicast.
const PRIVATE_V6: &str =
	"::/127, ::ffff:0:0/96, 64:ff9b::/96, 2001:db8::/32, 2002::/16, fc00::/7, \
	fe80::/10, ff00::/8";
/// Before the engine's own chains.
const PRIORITY: i32 = -10;
/// So often the table is set again, whatever somebody did to it in between.
const AGAIN: Duration = Duration::from_secs(10);
/// A transaction of a few rules takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// Where the programme is, beside `PATH`: a service's may be short.
const PLACES: [&str; 3] = ["/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft"];

/// The rules of one agent's bridges.
#[derive(Debug)]
pub(crate) struct Firewall {
	program: &'static str,
	table: String,
	/// What was set last, and when.
	last: Mutex<Option<(Vec<String>, Instant)>>,
}

impl Firewall {
	/// The firewall of an agent, if this process may change it.
	///
	/// # Errors
	///
	/// Why not: not root, or no `nft`.
	pub(super) fn open(agent: &str) -> Result<Self> {
		if !rustix::process::geteuid().is_root() {
			bail!("the agent is not root, so that it cannot keep containers from this network");
		}
		let program = PLACES.into_iter().find(|place| Path::new(place).exists());
		let Some(program) = program else {
			bail!(
				"`nft` is missing, without which containers reach this network: install nftables"
			);
		};
		Ok(Self {
			program,
			table: format!("usufruct_{agent}"),
			last: Mutex::default(),
		})
	}

	/// Sets the rules for these bridges and no others.
	///
	/// # Errors
	///
	/// What `nft` says.
	pub(super) async fn set(&self, bridges: Vec<String>) -> Result<()> {
		let rules = rules(&self.table, &bridges, &resolvers());
		self.run(&["-f", "-"], &rules)
			.await
			.wrap_err("set the firewall's rules of containers")?;
		let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
		*last = Some((bridges, Instant::now()));
		Ok(())
	}

	/// Whether the rules for these bridges were set a moment ago.
	pub(super) fn is_fresh(&self, bridges: &[String]) -> bool {
		let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
		last.as_ref()
			.is_some_and(|(set, at)| set == bridges && at.elapsed() < AGAIN)
	}

	/// How many packets of a bridge the rules dropped since they were set.
	///
	/// # Errors
	///
	/// What `nft` says.
	pub(crate) async fn dropped(&self, bridge: &str) -> Result<u64> {
		let mut packets = 0;
		for chain in [bridge.to_string(), to_host(bridge)] {
			let listed = self
				.run(&["-j", "list", "chain", "inet", &self.table, &chain], "")
				.await?;
			packets += dropped_in(&listed).wrap_err("read the firewall's counters")?;
		}
		Ok(packets)
	}

	async fn run(&self, arguments: &[&str], input: &str) -> Result<String> {
		let mut child = Command::new(self.program)
			.args(arguments)
			.stdin(Stdio::piped())
			.stdout(Stdio::piped())
			.stderr(Stdio::piped())
			.kill_on_drop(true)
			.spawn()
			.wrap_err("start nft")?;
		if let Some(mut stdin) = child.stdin.take() {
			stdin.write_all(input.as_bytes()).await?;
		}
		let ended = tokio::time::timeout(PATIENCE, child.wait_with_output());
		let output = ended.await.wrap_err("nft does not end")??;
		if !output.status.success() {
			bail!("nft: {}", String::from_utf8_lossy(&output.stderr).trim());
		}
		Ok(String::from_utf8_lossy(&output.stdout).into_owned())
	}
}

/// The bridge of a lease: a name as short as the kernel wants it (15 bytes), of this agent alone.
pub(crate) fn bridge(agent: &str, lease: u64) -> String {
	let hash = blake3::hash(format!("{agent} {lease}").as_bytes());
	format!("uf{}", &hash.to_hex()[..12])
}

/// Whether this machine has a bridge of that name, in the network of this process. Where the engine runs
/// elsewhere, the rules here hold nothing.
pub(super) fn is_here(bridge: &str) -> bool {
	std::fs::read_to_string("/proc/net/dev").is_ok_and(|text| {
		text.lines()
			.any(|line| line.trim_start().starts_with(&format!("{bridge}:")))
	})
}

fn to_host(bridge: &str) -> String {
	format!("{bridge}_host")
}

/// The name servers of this machine that are not on it: the engine asks them from the container's network.
fn resolvers() -> Vec<IpAddr> {
	resolvers_in(&std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default())
}

fn resolvers_in(text: &str) -> Vec<IpAddr> {
	let words = |line: &str| {
		let mut words = line.split_whitespace();
		(words.next() == Some("nameserver"))
			.then(|| words.next()?.parse::<IpAddr>().ok())
			.flatten()
	};
	text.lines()
		.filter_map(words)
		.filter(|address| !address.is_loopback())
		.collect()
}

/// The whole table, as `nft -f` reads it.
fn rules(table: &str, bridges: &[String], resolvers: &[IpAddr]) -> String {
	// Named once so that it can be deleted whether or not it was there.
	let mut text = format!("table inet {table}\ndelete table inet {table}\n");
	if bridges.is_empty() {
		return text;
	}
	let mut chains = String::new();
	let (mut forward, mut input) = (String::new(), String::new());
	let mut names = String::new();
	for resolver in resolvers {
		let family = if resolver.is_ipv4() { "ip" } else { "ip6" };
		for protocol in ["udp", "tcp"] {
			let _: std::fmt::Result = writeln!(
				names,
				"\t\t{family} daddr {resolver} {protocol} dport 53 accept"
			);
		}
	}
	for bridge in bridges {
		let host = to_host(bridge);
		chains += &format!(
			"\tchain {bridge} {{\n\
			 \t\tct state established,related accept\n\
			 {names}\
			 \t\tip daddr {{ {PRIVATE_V4} }} counter drop\n\
			 \t\tip6 daddr {{ {PRIVATE_V6} }} counter drop\n\
			 \t}}\n\
			 \tchain {host} {{\n\
			 \t\tct state established,related accept\n\
			 {names}\
			 \t\tcounter drop\n\
			 \t}}\n"
		);
		forward += &format!(
			"\t\tiifname \"{bridge}\" jump {bridge}\n\
			 \t\toifname \"{bridge}\" ct state established,related accept\n\
			 \t\toifname \"{bridge}\" ct status dnat accept\n\
			 \t\toifname \"{bridge}\" counter drop\n"
		);
		input += &format!("\t\tiifname \"{bridge}\" jump {host}\n");
	}
	text += &format!(
		"table inet {table} {{\n\
		 {chains}\
		 \tchain forward {{\n\
		 \t\ttype filter hook forward priority {PRIORITY}; policy accept;\n\
		 {forward}\
		 \t}}\n\
		 \tchain input {{\n\
		 \t\ttype filter hook input priority {PRIORITY}; policy accept;\n\
		 {input}\
		 \t}}\n\
		 }}\n"
	);
	text
}

/// The packets that the rules of a chain dropped, in what `nft -j` lists.
fn dropped_in(listed: &str) -> Result<u64> {
	let listed: serde_json::Value = serde_json::from_str(listed)?;
	let rules = listed["nftables"].as_array().into_iter().flatten();
	let counters = rules
		.filter_map(|entry| entry["rule"]["expr"].as_array())
		.flatten()
		.filter_map(|part| part["counter"]["packets"].as_u64());
	Ok(counters.sum())
}

#[cfg(test)]
mod tests {
	use super::*;

	fn text(bridges: &[&str]) -> String {
		let bridges: Vec<String> = bridges.iter().map(ToString::to_string).collect();
		rules("t", &bridges, &["10.0.0.2".parse().unwrap()])
	}

	#[test]
	fn without_bridges_nothing_is_left_of_the_table() {
		assert_eq!(text(&[]), "table inet t\ndelete table inet t\n");
	}

	#[test]
	fn each_bridge_has_its_chains_and_what_is_private_is_dropped_in_each() {
		let text = text(&["ufa", "ufb"]);
		for range in ["10.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10", "fc00::/7"] {
			assert_eq!(text.matches(range).count(), 2, "{range}");
		}
		for bridge in ["ufa", "ufb"] {
			assert!(text.contains(&format!("iifname \"{bridge}\" jump {bridge}\n")));
			assert!(text.contains(&format!("iifname \"{bridge}\" jump {bridge}_host\n")));
			assert!(text.contains(&format!("oifname \"{bridge}\" counter drop\n")));
		}
	}

	#[test]
	fn of_this_network_a_container_reaches_name_servers_alone() {
		let text = text(&["ufa"]);
		let server = text.find("ip daddr 10.0.0.2 udp dport 53 accept").unwrap();
		let drop = text.find("ip daddr { 0.0.0.0/8").unwrap();
		assert!(server < drop, "what is dropped first is not accepted");
	}

	#[test]
	fn name_servers_on_this_machine_are_the_engines_business() {
		let found = resolvers_in("# x\nnameserver 127.0.0.53\nnameserver 10.0.0.2\nsearch a\n");
		assert_eq!(found, ["10.0.0.2".parse::<IpAddr>().unwrap()]);
	}

	#[test]
	fn the_name_of_a_bridge_fits_and_tells_agents_and_leases_apart() {
		let name = bridge("0011223344556677", u64::MAX);
		assert!(name.len() <= 15, "{name}");
		assert_ne!(name, bridge("0011223344556677", 1));
		assert_ne!(name, bridge("8899aabbccddeeff", u64::MAX));
	}

	#[test]
	fn what_a_chain_dropped_is_the_sum_of_its_counters() {
		let listed = r#"{"nftables":[{"metainfo":{}},{"rule":{"expr":[{"match":{}},
			{"counter":{"packets":3,"bytes":9}},{"drop":null}]}},
			{"rule":{"expr":[{"counter":{"packets":4,"bytes":9}},{"drop":null}]}}]}"#;
		assert_eq!(dropped_in(listed).unwrap(), 7);
	}

	/// The kernel's own judgement of the text, where this test may ask for it.
	#[tokio::test]
	async fn the_kernel_takes_the_rules_and_gives_them_up() {
		let firewall = match Firewall::open("test") {
			Ok(firewall) => firewall,
			Err(reason) => return eprintln!("skipped: {reason}"),
		};
		let bridges = vec![bridge("test", 1), bridge("test", 2)];
		if let Err(reason) = firewall.set(bridges.clone()).await {
			return eprintln!("skipped: {reason:#}");
		}
		assert!(firewall.is_fresh(&bridges) && !firewall.is_fresh(&bridges[..1]));
		firewall.set(bridges.clone()).await.unwrap();
		assert_eq!(firewall.dropped(&bridges[0]).await.unwrap(), 0);
		firewall.set(vec![]).await.unwrap();
		assert!(firewall.dropped(&bridges[0]).await.is_err(), "it is gone");
	}
}
