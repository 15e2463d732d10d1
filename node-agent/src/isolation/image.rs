//! An image that holds this very programme and what it needs, so that what is tried in a container needs
//! neither a registry nor a compiler.

use std::{
	collections::BTreeMap,
	fs::{self, File},
	path::{Path, PathBuf},
};

use eyre::{eyre, Result, WrapErr};

use super::inside::{LIBRARIES, LOADER, PROGRAM};

/// Folders that the engine mounts something on.
const FOLDERS: [&str; 6] = ["tmp", "proc", "sys", "dev", "etc", "run"];

/// An archive of the image's files.
#[derive(Debug)]
pub(super) struct Packed {
	pub(super) archive: PathBuf,
	/// What runs the programme in the image.
	pub(super) command: Vec<String>,
}

/// Packs the running programme, with the libraries that it is running with, into an archive in `folder`.
pub(super) fn pack(folder: &Path) -> Result<Packed> {
	let program = std::env::current_exe().wrap_err("find this programme's own file")?;
	let maps = fs::read_to_string("/proc/self/maps").wrap_err("find this programme's libraries")?;
	let libraries = libraries(&maps);
	let archive = folder.join("probe.tar");
	let file = File::create(&archive).wrap_err_with(|| format!("make {}", archive.display()))?;
	let mut builder = tar::Builder::new(file);
	for folder in FOLDERS.iter().copied().chain(["probe"]) {
		let mut header = tar::Header::new_gnu();
		header.set_entry_type(tar::EntryType::Directory);
		header.set_mode(0o755);
		header.set_size(0);
		builder.append_data(&mut header, format!("{folder}/"), std::io::empty())?;
	}
	let mut add = |source: &Path, target: &str| -> Result<()> {
		let mut file = File::open(source).wrap_err_with(|| format!("read {}", source.display()))?;
		let mut header = tar::Header::new_gnu();
		header.set_mode(0o755);
		header.set_size(file.metadata()?.len());
		builder.append_data(&mut header, target.trim_start_matches('/'), &mut file)?;
		Ok(())
	};
	add(&program, PROGRAM)?;
	let mut has_loader = false;
	for (name, path) in &libraries {
		if name.starts_with("ld-") {
			has_loader = true;
			add(path, LOADER)?;
		} else {
			add(path, &format!("{LIBRARIES}/{name}"))?;
		}
	}
	if !has_loader && !libraries.is_empty() {
		return Err(eyre!("this programme's loader was not found"));
	}
	builder.into_inner()?.sync_all()?;
	let mut command = Vec::new();
	if has_loader {
		command.extend([LOADER, "--library-path", LIBRARIES].map(String::from));
	}
	command.push(PROGRAM.into());
	Ok(Packed { archive, command })
}

/// The libraries among what is mapped, by the names that programmes ask for them by.
fn libraries(maps: &str) -> BTreeMap<String, PathBuf> {
	let path = |line: &str| line.find('/').map(|at| line[at..].to_string());
	let named = |path: String| {
		let path = PathBuf::from(path);
		let name = soname(path.file_name()?.to_str()?)?;
		Some((name, path))
	};
	maps.lines().filter_map(path).filter_map(named).collect()
}

/// `libsqlite3.so.0.8.6` is asked for as `libsqlite3.so.0`.
fn soname(file: &str) -> Option<String> {
	let (stem, version) = file.split_once(".so")?;
	let major = version
		.strip_prefix('.')
		.and_then(|rest| rest.split('.').next());
	match major {
		Some(major) => Some(format!("{stem}.so.{major}")),
		None if version.is_empty() => Some(file.into()),
		None => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn libraries_are_named_as_they_are_asked_for() {
		assert_eq!(
			soname("libsqlite3.so.0.8.6").as_deref(),
			Some("libsqlite3.so.0")
		);
		assert_eq!(soname("libc.so.6").as_deref(), Some("libc.so.6"));
		assert_eq!(
			soname("ld-linux-x86-64.so.2").as_deref(),
			Some("ld-linux-x86-64.so.2")
		);
		assert_eq!(soname("libx.so").as_deref(), Some("libx.so"));
		assert_eq!(soname("usufruct-agent"), None);
		assert_eq!(soname("a.sock"), None);
	}

	#[test]
	fn what_is_mapped_is_found_once() {
		let maps = "7f00-7f01 r--p 00000000 fe:00 1 /lib/libc.so.6\n\
			7f01-7f02 r-xp 00000000 fe:00 1 /lib/libc.so.6\n7f02-7f03 rw-p 0 00:00 0 [heap]\n\
			5500-5501 r-xp 0 fe:00 2 /bin/agent\n";
		let found = libraries(maps);
		assert_eq!(found.len(), 1);
		assert_eq!(found["libc.so.6"], PathBuf::from("/lib/libc.so.6"));
	}

	#[test]
	fn this_very_programme_can_be_packed() {
		let folder = tempfile::tempdir().unwrap();
		let packed = pack(folder.path()).unwrap();
		let mut archive = tar::Archive::new(File::open(&packed.archive).unwrap());
		let names: Vec<String> = archive
			.entries()
			.unwrap()
			.map(|entry| entry.unwrap().path().unwrap().display().to_string())
			.collect();
		assert!(names.contains(&"probe/agent".to_string()), "{names:?}");
		assert_eq!(packed.command.last().unwrap(), PROGRAM);
	}
}
