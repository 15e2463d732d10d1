//! Fetching by HTTP what may be large: bounded, from where it was left, and from public addresses alone.

use std::{
	fs::{self, OpenOptions},
	io::{self, Read, Write},
	net::{IpAddr, Ipv4Addr, Ipv6Addr},
	path::Path,
	time::{Duration, Instant},
};

use ureq::{
	http::{header, StatusCode, Uri},
	unversioned::{
		resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
		transport::{DefaultConnector, NextTimeout},
	},
};

use super::Failure;

/// How long what was fetched in part is kept.
pub(super) const PART_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// How often a connection may break without having brought anything.
pub(super) const ATTEMPTS: u32 = 5;

/// Fetches, from wherever it may. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Http(ureq::Agent);

/// One thing to fetch.
pub(super) struct Wanted<'a> {
	/// Where it is.
	pub url: &'a str,
	/// Where what came of it is kept until all of it is there.
	pub part: &'a Path,
	/// Most bytes that it may have: no more is read.
	pub most: u64,
	/// How long it may take, all attempts together.
	pub longest: Duration,
	/// What is said at each attempt to be let in.
	pub authorize: &'a dyn Fn() -> Result<Option<String>, Failure>,
	/// Asked for room for so many bytes, once that is known.
	pub make_room: &'a dyn Fn(u64) -> Result<(), Failure>,
	/// Told how many bytes are there, of how many; 0 where that is not known.
	pub tell: &'a dyn Fn(u64, u64),
}

impl Http {
	/// Fetches from public addresses; with `private`, from all.
	pub(super) fn new(private: bool) -> Self {
		let config = ureq::Agent::config_builder()
			.http_status_as_error(false)
			.max_redirects(5)
			.timeout_connect(Some(Duration::from_secs(10)))
			.timeout_recv_response(Some(Duration::from_secs(30)))
			.timeout_per_read(Some(Duration::from_secs(30)))
			// A proxy would resolve names by itself, and so what may be reached.
			.proxy(None)
			.build();
		let resolver = Public {
			all: private,
			inner: DefaultResolver::default(),
		};
		let connector = DefaultConnector::default();
		Self(ureq::Agent::with_parts(config, connector, resolver))
	}

	/// For what is small.
	pub(super) fn agent(&self) -> &ureq::Agent {
		&self.0
	}

	/// Fetches it, from where it was left; goes on where the connection breaks. Blocks.
	///
	/// # Errors
	///
	/// [`Failure`]: not there, too long or too slow, or without room. What came of it is kept.
	pub(super) fn fetch(&self, wanted: &Wanted<'_>) -> Result<(), Failure> {
		let (url, began) = (wanted.url, Instant::now());
		let mut tries = 0;
		loop {
			let before = length(wanted.part);
			match self.fetch_on(wanted, began) {
				Ok(()) => return Ok(()),
				Err(Broken::Final(failure)) => return Err(failure),
				Err(Broken::Connection(error)) => {
					tries = match length(wanted.part) > before {
						true => 0,
						false => tries + 1,
					};
					if tries == ATTEMPTS {
						return Err(Failure::ImageNotFound(format!("{url}: {error}")));
					}
					tracing::info!(%url, %error, "the connection broke: going on");
					std::thread::sleep(Duration::from_millis(250 << tries));
				}
			}
		}
	}

	/// Asks for what is missing and writes it behind what is there.
	fn fetch_on(&self, wanted: &Wanted<'_>, began: Instant) -> Result<(), Broken> {
		let (url, part) = (wanted.url, wanted.part);
		let mut have = length(part);
		let mut request = self.0.get(url);
		if have > 0 {
			request = request.header(header::RANGE, format!("bytes={have}-"));
		}
		if let Some(who) = (wanted.authorize)().map_err(Broken::Final)? {
			request = request.header(header::AUTHORIZATION, who);
		}
		let mut response = request.call().map_err(|error| match error {
			ureq::Error::BadUri(_) | ureq::Error::HostNotFound | ureq::Error::Other(_) => {
				Broken::Final(Failure::ImageNotFound(format!("{url}: {error}")))
			}
			other => Broken::Connection(other.to_string()),
		})?;
		match response.status() {
			StatusCode::PARTIAL_CONTENT => {}
			// It does not know ranges, or nothing was there yet.
			StatusCode::OK => have = 0,
			// All of it is there, or it is another thing by now: from the start.
			StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => {
				let _ = fs::remove_file(part);
				return Err(Broken::Connection("it is not what it was".into()));
			}
			status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
				return Err(Broken::Connection(format!("answered {status}")));
			}
			status => {
				let failure = Failure::ImageNotFound(format!("{url}: answered {status}"));
				return Err(Broken::Final(failure));
			}
		}
		let rest = response.body().content_length();
		let total = rest.map_or(0, |rest| have.saturating_add(rest));
		let too_long = || {
			let most = wanted.most;
			Broken::Final(Failure::NoSpace(format!("{url}: more than {most} bytes")))
		};
		if total > wanted.most {
			return Err(too_long());
		}
		(wanted.make_room)(total.max(have)).map_err(Broken::Final)?;
		let no_space = |error: io::Error| Broken::Final(no_space(part, &error));
		let mut file = OpenOptions::new()
			.create(true)
			.write(true)
			.append(have > 0)
			.truncate(have == 0)
			.open(part)
			.map_err(no_space)?;
		let mut body = response.body_mut().as_reader();
		let mut buffer = vec![0; 64 << 10];
		loop {
			(wanted.tell)(have, total);
			let read = body.read(&mut buffer);
			let read = read.map_err(|error| Broken::Connection(error.to_string()))?;
			if read == 0 {
				break;
			}
			have = have.saturating_add(read as u64);
			if have > wanted.most {
				let _ = fs::remove_file(part);
				return Err(too_long());
			}
			// A source that gives a byte now and then would never end.
			if began.elapsed() > wanted.longest {
				let most = wanted.longest.as_secs();
				let failure = format!("{url}: it took longer than {most} seconds");
				return Err(Broken::Final(Failure::ImageNotFound(failure)));
			}
			file.write_all(&buffer[..read]).map_err(no_space)?;
		}
		if total > 0 && have < total {
			let failure = format!("ended at {have} of {total} bytes");
			return Err(Broken::Connection(failure));
		}
		Ok(())
	}
}

/// Why fetching stopped.
enum Broken {
	/// It may go on.
	Connection(String),
	/// It may not.
	Final(Failure),
}

pub(super) fn no_space(path: &Path, error: &io::Error) -> Failure {
	Failure::NoSpace(format!("{}: {error}", path.display()))
}

/// How long a file is; 0 where there is none.
pub(super) fn length(path: &Path) -> u64 {
	fs::metadata(path).map_or(0, |about| about.len())
}

/// Finds addresses, but none that only this machine's network reaches. Asked for each redirection, too, and the
/// connection goes to what it answered: a name cannot mean something else a moment later.
#[derive(Debug)]
struct Public {
	all: bool,
	inner: DefaultResolver,
}

impl Resolver for Public {
	fn resolve(
		&self,
		uri: &Uri,
		config: &ureq::config::Config,
		timeout: NextTimeout,
	) -> Result<ResolvedSocketAddrs, ureq::Error> {
		let found = self.inner.resolve(uri, config, timeout)?;
		if self.all {
			return Ok(found);
		}
		let mut public = self.empty();
		for address in &found[..] {
			if is_public(address.ip()) {
				public.push(*address);
			}
		}
		if public.is_empty() {
			let text = "it is at no public address, and private-sources is not set";
			return Err(ureq::Error::Other(text.into()));
		}
		Ok(public)
	}
}

/// Whether the whole internet means the same by the address. After IANA's registries of special-purpose addresses
/// (RFC 6890 and its updates).
pub(crate) fn is_public(address: IpAddr) -> bool {
	match address {
		IpAddr::V4(address) => is_public_v4(address),
		IpAddr::V6(address) => is_public_v6(address),
	}
}

fn is_public_v4(address: Ipv4Addr) -> bool {
	let [a, b, c, _] = address.octets();
	let special = match (a, b, c) {
		// This network, private, loopback, link-local, multicast, and what is not given out.
		(0 | 10 | 127 | 224..=255, ..) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
		// Shared by carriers, protocols, benchmarks, documents.
		(100, 64..=127, _) | (192, 0, 0 | 2) | (198, 18..=19, _) => true,
		(198, 51, 100) | (203, 0, 113) | (192, 88, 99) => true,
		_ => false,
	};
	!special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
	if let Some(inner) = address.to_ipv4_mapped() {
		return is_public_v4(inner);
	}
	match address.segments() {
		// What stands for an address of IPv4.
		[0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
			is_public_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
		}
		// Documents, protocols, 6to4.
		[0x2001, 0xdb8, ..] | [0x2001, 0..=0x1ff, ..] | [0x2002, ..] | [0x3fff, ..] => false,
		// Only these are given out.
		[first, ..] => first & 0xe000 == 0x2000,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn addresses_that_mean_something_else_elsewhere_are_not_public() {
		for text in [
			"0.0.0.0",
			"10.1.2.3",
			"100.64.0.1",
			"127.0.0.1",
			"169.254.169.254",
			"172.31.0.1",
			"192.168.1.1",
			"192.0.2.1",
			"198.18.0.1",
			"224.0.0.1",
			"255.255.255.255",
			"::",
			"::1",
			"fe80::1",
			"fd00:ec2::254",
			"ff02::1",
			"::ffff:10.0.0.1",
			"64:ff9b::a00:1",
			"2001:db8::1",
		] {
			assert!(!is_public(text.parse().unwrap()), "{text}");
		}
		for text in [
			"1.1.1.1",
			"172.32.0.1",
			"100.63.0.1",
			"2606:4700::1111",
			"::ffff:1.1.1.1",
		] {
			assert!(is_public(text.parse().unwrap()), "{text}");
		}
	}
}
