//! A child process that cannot outlive its owner, with its output in a file.

use std::{
	fs::{self, File},
	os::unix::process::CommandExt,
	path::{Path, PathBuf},
	process::{Child, Command, ExitStatus, Stdio},
	time::{Duration, Instant},
};

use eyre::{bail, Result, WrapErr};

/// How long a process may take to stop in good order before it is killed.
const GRACE: Duration = Duration::from_secs(10);

/// A running child. Dropping it stops it: SIGTERM, then SIGKILL after a grace period.
#[derive(Debug)]
pub struct Process {
	name: String,
	child: Child,
	log: PathBuf,
}

impl Process {
	/// Starts `program`; both its output streams are appended to `log`.
	///
	/// The child has a process group of its own, so that Ctrl-C reaches its owner alone, who then
	/// stops it in order. Should the owner be killed, the kernel kills the child, where `setpriv`
	/// (util-linux) can ask for that.
	pub fn start(
		name: &str,
		program: &Path,
		log: &Path,
		configure: impl FnOnce(&mut Command),
	) -> Result<Self> {
		let setpriv = Path::new("/usr/bin/setpriv");
		let mut command = if setpriv.exists() {
			let mut wrapped = Command::new(setpriv);
			wrapped.args(["--pdeathsig", "KILL", "--"]).arg(program);
			wrapped
		} else {
			Command::new(program)
		};
		configure(&mut command);
		let out = File::options().create(true).append(true).open(log)?;
		let child = command
			.stdin(Stdio::null())
			.stdout(out.try_clone()?)
			.stderr(out)
			.process_group(0)
			.spawn()
			.wrap_err_with(|| format!("start {name} ({})", program.display()))?;
		Ok(Self {
			name: name.into(),
			child,
			log: log.into(),
		})
	}

	/// Its process id.
	pub fn id(&self) -> u32 {
		self.child.id()
	}

	/// The file with its output.
	pub fn log(&self) -> &Path {
		&self.log
	}

	/// Its exit status; `None` while it runs.
	pub fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
		Ok(self.child.try_wait()?)
	}

	/// Fails, with the end of its output, if it is no longer running.
	pub fn check_running(&mut self) -> Result<()> {
		if let Some(status) = self.exit_status()? {
			bail!(
				"{} ended early ({status}); the end of its log:\n{}",
				self.name,
				self.log_tail(20)
			);
		}
		Ok(())
	}

	/// The last `lines` lines of its output.
	pub fn log_tail(&self, lines: usize) -> String {
		let bytes = fs::read(&self.log).unwrap_or_default();
		let text = String::from_utf8_lossy(&bytes);
		let all: Vec<&str> = text.lines().collect();
		all[all.len().saturating_sub(lines)..].join("\n")
	}

	/// Asks it to stop and waits until it did; kills it after the grace period.
	pub fn stop(&mut self) -> Result<ExitStatus> {
		if let Some(status) = self.child.try_wait()? {
			return Ok(status);
		}
		signal(self.id(), "TERM");
		let start = Instant::now();
		while start.elapsed() < GRACE {
			if let Some(status) = self.child.try_wait()? {
				return Ok(status);
			}
			std::thread::sleep(Duration::from_millis(50));
		}
		self.kill()
	}

	/// Kills it at once, as a crash or a power cut would.
	pub fn kill(&mut self) -> Result<ExitStatus> {
		// It may have ended by itself in the meantime: then there is nothing to kill.
		let _: std::io::Result<()> = self.child.kill();
		Ok(self.child.wait()?)
	}
}

impl Drop for Process {
	fn drop(&mut self) {
		if let Err(error) = self.stop() {
			eprintln!("could not stop {}: {error:#}", self.name);
		}
	}
}

/// Sends a signal by name. The shell's own `kill` is on every machine; the program is not.
pub fn signal(pid: u32, name: &str) {
	// The process may be gone already, which is what the signal is for.
	let _: std::io::Result<ExitStatus> = Command::new("sh")
		.args(["-c", &format!("kill -{name} {pid} 2>/dev/null")])
		.status();
}
