//! What is tried from within a workspace. Each attempt is a process of its own: what one changes, or dies of, no other
//! notices.

mod files;
mod kernel;
mod limits;
mod network;
mod processes;

use std::{
	io::Read,
	net::SocketAddr,
	path::Path,
	process::{Command, Stdio},
	time::{Duration, Instant},
};

use eyre::{eyre, Result, WrapErr};
use serde::{Deserialize, Serialize};

use super::{Class, Outcome, Verdict};

/// The last line of a workspace that tried everything.
pub(super) const DONE: &str = "all was tried";
/// Where the agent's own programme lies in the image that it makes of itself.
pub(super) const PROGRAM: &str = "/probe/agent";
/// The system's loader, where the programme is not whole without it.
pub(super) const LOADER: &str = "/probe/loader";
/// The folder of its libraries.
pub(super) const LIBRARIES: &str = "/probe";
/// What gVisor's kernel ends of, with all that it runs, when it comes to the limits of its lease: no escape, but the end of
/// what is left to be tried, too.
const ENDS_GVISOR: [&str; 2] = ["fork-bomb", "fill-dev"];
/// What gVisor's kernel answers for itself: its own log, device files in its own memory, its own `/dev/fuse`, and calls
/// that it does not know, with other errors than the machine's.
const OF_GVISOR: [&str; 6] = [
	"file-handle",
	"make-device",
	"perf",
	"kernel-log",
	"real-time",
	"devices",
];
/// The longest attempt.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(5);

/// What there is to be reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Targets {
	/// The class that is put to the test.
	pub class: Class,
	/// A process of the machine's.
	pub process: i32,
	/// A port that listens on all addresses of the machine.
	pub host_port: u16,
	/// An address of the machine in a network around it, if it is in one.
	pub host: Option<std::net::IpAddr>,
	/// Another workspace, at its own address.
	pub neighbour: SocketAddr,
	/// The port of the machine at which that other workspace is published.
	pub neighbour_port: u16,
	/// Processors that the workspace may use.
	pub processors: usize,
}

/// What an attempt found.
#[derive(Debug, Serialize, Deserialize)]
struct Found {
	outcome: Outcome,
	how: String,
}

fn stopped(how: impl Into<String>) -> Found {
	Found {
		outcome: Outcome::Stopped,
		how: how.into(),
	}
}

fn escaped(how: impl Into<String>) -> Found {
	Found {
		outcome: Outcome::Escaped,
		how: how.into(),
	}
}

/// Refused is stopped; done is not.
fn refused<T>(result: std::io::Result<T>) -> Found {
	match result {
		Ok(_) => escaped("it was allowed"),
		Err(error) => stopped(error.to_string()),
	}
}

/// All of several, each with its name: the first that was not stopped counts.
fn all<'a, T>(tried: impl Iterator<Item = (&'a str, std::io::Result<T>)>) -> Found {
	let mut reasons: Vec<String> = Vec::new();
	for (name, result) in tried {
		match result {
			Ok(_) => return escaped(format!("{name} was allowed")),
			Err(error) => {
				let reason = error.to_string();
				if !reasons.contains(&reason) {
					reasons.push(reason);
				}
			}
		}
	}
	stopped(reasons.join("; "))
}

struct Attempt {
	name: &'static str,
	tried: &'static str,
	run: Box<dyn Fn(&Targets) -> Found>,
	/// Whether gVisor's own kernel may do it: it is not the machine's.
	is_gvisors: bool,
}

fn attempt(
	name: &'static str,
	tried: &'static str,
	run: impl Fn(&Targets) -> Found + 'static,
) -> Attempt {
	Attempt {
		name,
		tried,
		run: Box::new(run),
		is_gvisors: false,
	}
}

impl Attempt {
	/// What it reaches is gVisor's where gVisor runs it.
	fn of_own_kernel(mut self) -> Self {
		self.is_gvisors = true;
		self
	}
}

fn attempts() -> Vec<Attempt> {
	let mut all = kernel::attempts();
	all.extend(files::attempts());
	all.extend(processes::attempts());
	all.extend(network::attempts());
	all.extend(limits::attempts());
	all
}

/// Tries everything, and prints a verdict a line; then waits to be ended.
///
/// # Errors
///
/// Where the targets cannot be read.
#[allow(clippy::print_stdout, reason = "the agent reads it from the log")]
pub fn try_all(targets: &str) -> Result<()> {
	let known: Targets = serde_json::from_str(targets).wrap_err("read the targets")?;
	let ends_all =
		|attempt: &Attempt| known.class == Class::Gvisor && ENDS_GVISOR.contains(&attempt.name);
	for attempt in attempts().into_iter().filter(|one| !ends_all(one)) {
		let mut found = match in_process(attempt.name, targets) {
			Ok(found) => found,
			Err(error) => stopped(format!("its process: {error:#}")),
		};
		let is_gvisors = attempt.is_gvisors || OF_GVISOR.contains(&attempt.name);
		if is_gvisors && known.class == Class::Gvisor && found.outcome == Outcome::Escaped {
			found.outcome = Outcome::Contained;
			found.how = format!("gVisor's own kernel did it: {}", found.how);
		}
		let verdict = Verdict {
			name: attempt.name.into(),
			tried: attempt.tried.into(),
			outcome: found.outcome,
			how: found.how,
		};
		println!("{}", serde_json::to_string(&verdict)?);
	}
	println!("{DONE}");
	wait()
}

/// Tries one thing, in this process.
///
/// # Errors
///
/// Where there is no such attempt.
#[allow(clippy::print_stdout, reason = "whoever started it reads it")]
pub fn try_one(name: &str, targets: &str) -> Result<()> {
	let targets: Targets = serde_json::from_str(targets).wrap_err("read the targets")?;
	let attempt = attempts().into_iter().find(|attempt| attempt.name == name);
	let attempt = attempt.ok_or_else(|| eyre!("there is no attempt {name}"))?;
	let found = (attempt.run)(&targets);
	println!("{}", serde_json::to_string(&found)?);
	Ok(())
}

/// Answers whoever connects, until it is ended: another tenant's workspace.
///
/// # Errors
///
/// Where the port is taken.
pub fn listen(port: u16) -> Result<()> {
	let listener = std::net::TcpListener::bind(("0.0.0.0", port)).wrap_err("listen")?;
	for stream in listener.incoming() {
		// Who connected has seen what it wanted to.
		drop(stream);
	}
	Ok(())
}

/// Takes memory until there is none.
///
/// # Errors
///
/// Never by itself: the kernel ends it.
#[allow(clippy::print_stdout, reason = "the agent reads it from the log")]
pub fn take_memory() -> Result<()> {
	/// Far more than the workspace has.
	const MOST: usize = 64 << 10;
	let mut taken: Vec<Vec<u8>> = Vec::new();
	for _ in 0..MOST {
		let mut piece = vec![0u8; 1 << 20];
		// Each page is touched: what is only promised takes nothing.
		piece.iter_mut().step_by(4_096).for_each(|byte| *byte = 1);
		taken.push(piece);
	}
	println!("{DONE}");
	wait()
}

fn wait() -> Result<()> {
	loop {
		std::thread::park();
	}
}

/// An attempt in a process of its own.
fn in_process(name: &str, targets: &str) -> Result<Found> {
	let mut command = if Path::new(LOADER).exists() {
		let mut command = Command::new(LOADER);
		command.args(["--library-path", LIBRARIES, PROGRAM]);
		command
	} else {
		Command::new(PROGRAM)
	};
	let mut child = command
		.args(["probe", "--targets", targets, "--only", name])
		.stdin(Stdio::null())
		.stdout(Stdio::piped())
		.stderr(Stdio::piped())
		.spawn()?;
	let begun = Instant::now();
	let status = loop {
		if let Some(status) = child.try_wait()? {
			break status;
		}
		if begun.elapsed() > PATIENCE {
			child.kill()?;
			break child.wait()?;
		}
		std::thread::sleep(PAUSE);
	};
	let mut said = String::new();
	if let Some(mut out) = child.stdout.take() {
		out.read_to_string(&mut said)?;
	}
	match serde_json::from_str(said.trim()) {
		Ok(found) => Ok(found),
		Err(_) if begun.elapsed() > PATIENCE => Err(eyre!("it did not end within a minute")),
		Err(_) => {
			use std::os::unix::process::ExitStatusExt;
			let mut why = String::new();
			if let Some(mut err) = child.stderr.take() {
				err.read_to_string(&mut why)?;
			}
			// A filter may end who asks, instead of refusing. A mistake of the attempt's own is no proof.
			match status.signal() {
				Some(signal) => Ok(stopped(format!("it was ended by signal {signal}"))),
				None => Ok(escaped(format!(
					"it could not be tried ({status}): {}",
					why.lines().last().unwrap_or_default()
				))),
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use std::collections::BTreeSet;

	use super::*;

	#[test]
	fn there_are_at_least_twenty_five_attempts_each_with_a_name_of_its_own() {
		let attempts = attempts();
		assert!(attempts.len() >= 25, "{}", attempts.len());
		let names: BTreeSet<&str> = attempts.iter().map(|attempt| attempt.name).collect();
		assert_eq!(names.len(), attempts.len());
	}

	#[test]
	fn one_of_several_that_is_allowed_is_an_escape() {
		let no = || Err::<(), _>(std::io::Error::from(std::io::ErrorKind::PermissionDenied));
		assert_eq!(
			all([("a", no()), ("b", no())].into_iter()).outcome,
			Outcome::Stopped
		);
		let found = all([("a", no()), ("b", Ok(()))].into_iter());
		assert_eq!(found.outcome, Outcome::Escaped);
		assert!(found.how.contains('b'), "{}", found.how);
	}
}
