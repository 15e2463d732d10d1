//! A small disk of an agent's own, which can be filled to its last byte.

use std::{
	fs::{self, File},
	io::Write,
	path::{Path, PathBuf},
	process::Command,
};

use eyre::{bail, Result, WrapErr};

/// What fills it.
const FILLING: &str = "filling";

/// A file system in memory. Dropping it removes it with all that is in it.
#[derive(Debug)]
pub struct Disk {
	at: PathBuf,
}

impl Disk {
	/// Mounts a disk of so many MiB at `folder`, which is created. Fails where this process may not: it is not
	/// root.
	pub fn mount(folder: &Path, mib: u32) -> Result<Self> {
		fs::create_dir_all(folder)?;
		let size = format!("size={mib}m,mode=0700");
		run(Command::new("mount")
			.args(["-t", "tmpfs", "-o", &size, "usufruct-chaos"])
			.arg(folder))?;
		Ok(Self { at: folder.into() })
	}

	/// Writes until nothing more can be written.
	pub fn fill(&self) -> Result<()> {
		let path = self.at.join(FILLING);
		let mut file = File::create(&path).wrap_err("begin to fill the disk")?;
		// Large pieces first; then what is left, byte by byte of a page.
		for size in [1 << 20, 4 << 10, 1] {
			let piece = vec![0x55; size];
			loop {
				match file.write_all(&piece) {
					Ok(()) => {}
					Err(error) if error.kind() == std::io::ErrorKind::StorageFull => break,
					Err(error) => return Err(error).wrap_err("fill the disk"),
				}
			}
		}
		Ok(())
	}

	/// Removes what filled it.
	pub fn free(&self) -> Result<()> {
		fs::remove_file(self.at.join(FILLING)).wrap_err("free the disk")
	}
}

impl Drop for Disk {
	fn drop(&mut self) {
		// Lazily: an agent that is about to end may still have a file open.
		if let Err(error) = run(Command::new("umount").arg("-l").arg(&self.at)) {
			eprintln!("could not unmount {}: {error:#}", self.at.display());
		}
	}
}

fn run(command: &mut Command) -> Result<()> {
	let output = command
		.output()
		.wrap_err_with(|| format!("start {command:?}"))?;
	if !output.status.success() {
		bail!(
			"{command:?}: {}",
			String::from_utf8_lossy(&output.stderr).trim()
		);
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_full_disk_takes_nothing_until_it_is_freed() {
		let folder = tempfile::tempdir().unwrap();
		let disk = match Disk::mount(&folder.path().join("disk"), 4) {
			Ok(disk) => disk,
			Err(reason) => return eprintln!("skipped: nothing can be mounted here: {reason:#}"),
		};
		let file = disk.at.join("file");
		disk.fill().unwrap();
		let full = fs::write(&file, "more").unwrap_err();
		assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
		disk.free().unwrap();
		fs::write(&file, "more").unwrap();
	}
}
