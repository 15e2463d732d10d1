//! What is tried to be reached: what clouds tell machines, the networks around, the machine, other workspaces.

use std::{
	net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket},
	time::Duration,
};

use super::{attempt, escaped, stopped, Attempt, Found};

/// What is refused silently takes this long to notice.
const PATIENCE: Duration = Duration::from_secs(2);

fn connects(address: SocketAddr) -> Found {
	match TcpStream::connect_timeout(&address, PATIENCE) {
		Ok(_) => escaped(format!("{address} was reached")),
		Err(error) => stopped(format!("{address}: {error}")),
	}
}

fn to(address: impl Into<IpAddr>, port: u16) -> Found {
	connects(SocketAddr::new(address.into(), port))
}

/// The machine's address in the workspace's own network.
fn gateway() -> Option<Ipv4Addr> {
	let routes = std::fs::read_to_string("/proc/net/route").unwrap_or_default();
	let fields = |line: &str| {
		let mut fields = line.split_whitespace().skip(1);
		let (destination, gateway) = (fields.next()?, fields.next()?);
		(destination == "00000000").then_some(())?;
		let number = u32::from_str_radix(gateway, 16).ok()?;
		// As the processor stores it.
		Some(Ipv4Addr::from(number.to_ne_bytes()))
	};
	routes.lines().find_map(fields)
}

/// Where there is no default route, the first address of the other workspace's network stands in.
fn to_machine(port: u16) -> Found {
	match gateway() {
		Some(gateway) => to(gateway, port),
		None => escaped("it could not be tried: the workspace has no route to anywhere"),
	}
}

pub(super) fn attempts() -> Vec<Attempt> {
	let metadata = Ipv4Addr::new(169, 254, 169, 254);
	vec![
		attempt(
			"metadata",
			"ask what a cloud tells its machines",
			move |_| to(metadata, 80),
		),
		attempt(
			"metadata-tasks",
			"ask what a cloud tells its containers",
			|_| to(Ipv4Addr::new(169, 254, 170, 2), 80),
		),
		attempt("metadata-6", "ask a cloud by its newer address", |_| {
			to(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 80)
		}),
		attempt("private-10", "reach the networks below 10", |_| {
			to(Ipv4Addr::new(10, 0, 0, 1), 443)
		}),
		attempt(
			"private-192",
			"reach the networks of homes and offices",
			|_| to(Ipv4Addr::new(192, 168, 1, 1), 443),
		),
		attempt(
			"shared-100",
			"reach the networks that providers share",
			|_| to(Ipv4Addr::new(100, 64, 0, 1), 443),
		),
		attempt(
			"machine",
			"reach a port of the machine, at its address in this network",
			|targets| to_machine(targets.host_port),
		),
		attempt(
			"machine-outside",
			"reach a port of the machine, at its own address",
			|targets| match targets.host {
				Some(host) => to(host, targets.host_port),
				None => stopped("the machine has no other address"),
			},
		),
		attempt(
			"machine-names",
			"have the machine itself answer questions for names",
			|_| {
				let Some(gateway) = gateway() else {
					return escaped(
						"it could not be tried: the workspace has no route to anywhere",
					);
				};
				// A question for the root's name servers.
				let question = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];
				let answer = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
					socket.set_read_timeout(Some(PATIENCE))?;
					socket.connect((gateway, 53))?;
					socket.send(&question)?;
					socket.recv(&mut [0; 512])
				});
				match answer {
					Ok(_) => escaped("it answered"),
					Err(error) => stopped(error.to_string()),
				}
			},
		),
		attempt(
			"neighbour",
			"reach another tenant's workspace at its own address",
			|targets| connects(targets.neighbour),
		),
		attempt(
			"neighbour-published",
			"reach another tenant's workspace by its port on the machine",
			|targets| to_machine(targets.neighbour_port),
		),
	]
}
