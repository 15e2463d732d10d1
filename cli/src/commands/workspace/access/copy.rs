//! `usufruct workspace copy`: an archive, packed on one side and unpacked on the other.
//!
//! What comes from a workspace is not trusted: only files and folders are made, below one new path, and
//! what points elsewhere is left out.

use std::{
	fs,
	io::{self, Read, Write},
	path::{Component, Path, PathBuf},
};

use serde_json::json;
use tokio::sync::mpsc;
use usufruct_access::message::{Channel, FromAgent, FromTenant, Request, MAX_PIECE};

use super::{door, next};
use crate::{
	context::Context,
	output::{Failure, Outcome},
};

/// Most files and folders of one copy.
const MAX_ENTRIES: u64 = 1_000_000;
/// Most bytes of one copy.
const MAX_BYTES: u64 = 8 << 30;
/// Most bytes of what `tar` complains about.
const MAX_COMPLAINT: usize = 4_096;

/// A path, here or in a workspace.
#[derive(Debug, PartialEq, Eq)]
enum Place<'a> {
	Here(&'a Path),
	There(u64, &'a str),
}

/// `LEASE:PATH` is in a workspace, all else is here.
fn place(text: &str) -> Place<'_> {
	let there = text
		.split_once(':')
		.and_then(|(lease, path)| Some((lease.parse().ok()?, path)));
	match there {
		Some((lease, path)) => Place::There(lease, path),
		None => Place::Here(Path::new(text)),
	}
}

/// What a copy moved.
#[derive(Debug, Default, PartialEq, Eq)]
struct Moved {
	files: u64,
	bytes: u64,
	/// What was left out.
	skipped: Vec<String>,
}

pub(super) async fn run(context: &Context, source: &str, target: &str) -> Outcome {
	let moved = match (place(source), place(target)) {
		(Place::Here(from), Place::There(lease, to)) => {
			let (folder, name) = new_name(to, from)?;
			let request = Request::CopyIn { folder };
			up(context, lease, request, from.to_path_buf(), name).await?
		}
		(Place::There(lease, from), Place::Here(to)) => {
			let name = Path::new(from).file_name().ok_or_else(|| {
				Failure::Usage(format!("“{from}” names no file or folder of the workspace"))
			})?;
			let into = to.is_dir() || target.ends_with('/');
			let to = if into {
				to.join(name)
			} else {
				to.to_path_buf()
			};
			let request = Request::CopyOut { path: from.into() };
			down(context, lease, request, to).await?
		}
		_ => {
			return Err(Failure::Usage(
				"one of both is LEASE:PATH, the other a path on this machine".into(),
			))
		}
	};
	for path in &moved.skipped {
		context.say(&format!("left out, since it is no file or folder: {path}"));
	}
	Ok(json!({ "files": moved.files, "bytes": moved.bytes, "skipped": moved.skipped }))
}

/// The folder of the workspace to unpack in, and the name that the copy has there.
fn new_name(to: &str, from: &Path) -> Result<(String, String), Failure> {
	let own = || {
		let whole = from.canonicalize().ok();
		let name = whole.as_deref().and_then(Path::file_name)?.to_str()?;
		Some(name.to_string())
	};
	let (folder, name) = match to.rsplit_once('/') {
		Some((folder, "")) => (folder, own()),
		Some((folder, name)) => (folder, Some(name.to_string())),
		None if to.is_empty() => (".", own()),
		None => (".", Some(to.to_string())),
	};
	let name = name.filter(|name| name != "..").ok_or_else(|| {
		Failure::Usage(format!(
			"{} gives the copy no name; add one to the target",
			from.display()
		))
	})?;
	let folder = if folder.is_empty() { "/" } else { folder };
	Ok((folder.into(), name))
}

/// Packs here, unpacks there.
async fn up(
	context: &Context,
	lease: u64,
	request: Request,
	from: PathBuf,
	name: String,
) -> Result<Moved, Failure> {
	let found = fs::symlink_metadata(&from).map_err(|error| {
		Failure::Configuration(format!("{} is not readable: {error}", from.display()))
	})?;
	if !found.is_dir() && !found.is_file() {
		return Err(Failure::Usage(format!(
			"{} is no file or folder",
			from.display()
		)));
	}
	let (mut reader, mut writer) = door::request(context, lease, request).await?;
	let (sender, mut pieces) = mpsc::channel::<Vec<u8>>(4);
	let packing = tokio::task::spawn_blocking(move || pack(&from, &name, Pieces::new(sender)));
	let sending = async {
		while let Some(piece) = pieces.recv().await {
			writer.send(&FromTenant::Data(piece)).await?;
		}
		// The archive is whole only if packing went well.
		Ok::<_, usufruct_access::link::LinkError>(())
	};
	let mut complaint = Vec::new();
	let status = {
		let answer = async {
			loop {
				match next(&mut reader).await? {
					FromAgent::Data(_, bytes) => complain(&mut complaint, &bytes),
					FromAgent::Done { status } => return Ok::<_, Failure>(status),
					_ => {}
				}
			}
		};
		tokio::pin!(answer);
		tokio::select! {
			status = &mut answer => Some(status?),
			sent = sending => {
				sent.map_err(|error| Failure::Gone(error.to_string()))?;
				None
			}
		}
	};
	if let Some(status) = status {
		judged(status, &complaint)?;
		// It had all that it needs before it was sent the filler of the archive's end.
		while pieces.recv().await.is_some() {}
		return joined(packing.await);
	}
	let moved = joined(packing.await)?;
	let closed = writer.send(&FromTenant::Close).await;
	closed.map_err(|error| Failure::Gone(error.to_string()))?;
	let status = loop {
		match next(&mut reader).await? {
			FromAgent::Data(_, bytes) => complain(&mut complaint, &bytes),
			FromAgent::Done { status } => break status,
			_ => {}
		}
	};
	judged(status, &complaint)?;
	Ok(moved)
}

/// Packs there, unpacks here.
async fn down(
	context: &Context,
	lease: u64,
	request: Request,
	to: PathBuf,
) -> Result<Moved, Failure> {
	if fs::symlink_metadata(&to).is_ok() {
		return Err(Failure::Usage(format!(
			"{} exists, and nothing is overwritten: move it away, or name another target",
			to.display()
		)));
	}
	let (mut reader, _writer) = door::request(context, lease, request).await?;
	let (sender, pieces) = mpsc::channel::<Vec<u8>>(4);
	let unpacking = tokio::task::spawn_blocking(move || {
		let mut source = Received {
			pieces,
			rest: Vec::new(),
			at: 0,
		};
		let moved = unpack(&mut source, &to)?;
		// What follows the archive's end is filler; `tar` should not be cut off in it.
		io::copy(&mut source, &mut io::sink())?;
		Ok(moved)
	});
	let mut complaint = Vec::new();
	let status = loop {
		match next(&mut reader).await? {
			FromAgent::Data(Channel::Out, bytes) => {
				let Ok(()) = sender.send(bytes).await else {
					break None;
				};
			}
			FromAgent::Data(Channel::Err, bytes) => complain(&mut complaint, &bytes),
			FromAgent::Done { status } => break status,
			_ => {}
		}
	};
	drop(sender);
	let moved = joined(unpacking.await);
	if let Some(status) = status {
		judged(Some(status), &complaint)?;
	}
	moved
}

fn complain(complaint: &mut Vec<u8>, bytes: &[u8]) {
	let room = MAX_COMPLAINT.saturating_sub(complaint.len());
	complaint.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// Whether `tar` did it.
fn judged(status: Option<i64>, complaint: &[u8]) -> Result<(), Failure> {
	let text = door::clean(String::from_utf8_lossy(complaint).trim());
	match status {
		Some(0) => Ok(()),
		Some(126 | 127) => Err(Failure::Gone(format!(
			"the workspace's image has no `tar`, which copying needs: add it to the image, or hand files \
			 over by `usufruct workspace exec -i`. ({text})"
		))),
		status => Err(Failure::Gone(format!(
			"`tar` in the workspace ended with {}: {text}. What it had copied by then is there; a \
			 workspace may write to /tmp alone unless it has a volume",
			status.map_or("no status".into(), |status| format!("status {status}"))
		))),
	}
}

fn joined<T>(done: Result<io::Result<T>, tokio::task::JoinError>) -> Result<T, Failure> {
	done.map_err(|error| error.to_string())
		.and_then(|done| done.map_err(|error| error.to_string()))
		.map_err(|error| Failure::Gone(format!("{error}; what was copied by then is there")))
}

/// Writes by pieces to where they are sent from.
struct Pieces {
	sender: mpsc::Sender<Vec<u8>>,
	kept: Vec<u8>,
	sum: u64,
}

impl Pieces {
	fn new(sender: mpsc::Sender<Vec<u8>>) -> Self {
		Self {
			sender,
			kept: Vec::with_capacity(MAX_PIECE),
			sum: 0,
		}
	}
}

impl Write for Pieces {
	fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
		let count = bytes.len().min(MAX_PIECE - self.kept.len());
		self.kept.extend_from_slice(&bytes[..count]);
		self.sum += count as u64;
		if self.sum > MAX_BYTES {
			return Err(io::Error::other(format!(
				"a copy has at most {MAX_BYTES} bytes"
			)));
		}
		if self.kept.len() == MAX_PIECE {
			self.flush()?;
		}
		Ok(count)
	}

	fn flush(&mut self) -> io::Result<()> {
		let piece = std::mem::replace(&mut self.kept, Vec::with_capacity(MAX_PIECE));
		if piece.is_empty() {
			return Ok(());
		}
		let sent = self.sender.blocking_send(piece);
		sent.map_err(|_| io::Error::other("the workspace takes no more"))
	}
}

/// Packs a file or folder under a new name.
fn pack(from: &Path, name: &str, target: Pieces) -> io::Result<Moved> {
	let mut archive = tar::Builder::new(target);
	archive.follow_symlinks(false);
	let mut moved = Moved::default();
	let mut waiting = vec![(from.to_path_buf(), PathBuf::from(name))];
	while let Some((path, name)) = waiting.pop() {
		let found = fs::symlink_metadata(&path)?;
		moved.files += 1;
		if moved.files > MAX_ENTRIES {
			return Err(io::Error::other(format!(
				"a copy has at most {MAX_ENTRIES} files"
			)));
		}
		if found.is_dir() {
			archive.append_dir(&name, &path)?;
			for entry in fs::read_dir(&path)? {
				let entry = entry?;
				waiting.push((entry.path(), name.join(entry.file_name())));
			}
		} else if found.is_file() {
			moved.bytes += found.len();
			archive.append_path_with_name(&path, &name)?;
		} else {
			moved.files -= 1;
			moved.skipped.push(path.display().to_string());
		}
	}
	archive.into_inner()?.flush()?;
	Ok(moved)
}

/// Reads pieces as they come.
struct Received {
	pieces: mpsc::Receiver<Vec<u8>>,
	rest: Vec<u8>,
	at: usize,
}

impl Read for Received {
	fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
		while self.at == self.rest.len() {
			let Some(piece) = self.pieces.blocking_recv() else {
				return Ok(0);
			};
			(self.rest, self.at) = (piece, 0);
		}
		let count = buffer.len().min(self.rest.len() - self.at);
		buffer[..count].copy_from_slice(&self.rest[self.at..self.at + count]);
		self.at += count;
		Ok(count)
	}
}

/// Unpacks files and folders below `to`, which must not exist: nothing that was there before is written
/// to or followed.
fn unpack(source: impl Read, to: &Path) -> io::Result<Moved> {
	let mut archive = tar::Archive::new(source);
	let mut moved = Moved::default();
	for entry in archive.entries()? {
		let mut entry = entry?;
		let path = entry.path()?.into_owned();
		let shown = door::clean(&path.display().to_string());
		let below = below(&path)
			.ok_or_else(|| io::Error::other(format!("“{shown}” would be outside of the copy")))?;
		let target = if below.as_os_str().is_empty() {
			to.to_path_buf()
		} else {
			to.join(below)
		};
		match entry.header().entry_type() {
			tar::EntryType::Directory => fs::create_dir(&target)?,
			tar::EntryType::Regular => {
				let mut options = fs::OpenOptions::new();
				let mut file = options.write(true).create_new(true).open(&target)?;
				let room = MAX_BYTES.saturating_sub(moved.bytes);
				let count = io::copy(&mut (&mut entry).take(room.saturating_add(1)), &mut file)?;
				moved.bytes += count;
				if count > room {
					return Err(io::Error::other(format!(
						"a copy has at most {MAX_BYTES} bytes"
					)));
				}
				permit(&file, entry.header().mode()?)?;
			}
			// A link could lead out of the copy, a device anywhere.
			_ => {
				moved.skipped.push(shown);
				continue;
			}
		}
		moved.files += 1;
		if moved.files + moved.skipped.len() as u64 > MAX_ENTRIES {
			return Err(io::Error::other(format!(
				"a copy has at most {MAX_ENTRIES} files"
			)));
		}
	}
	Ok(moved)
}

/// Whether it may be executed is kept; whose rights it would run with is not.
fn permit(file: &fs::File, mode: u32) -> io::Result<()> {
	use std::os::unix::fs::PermissionsExt;
	let mode = if mode & 0o100 == 0 { 0o644 } else { 0o755 };
	file.set_permissions(fs::Permissions::from_mode(mode))
}

/// The path below the copied file or folder itself; `None` where it leads elsewhere.
fn below(path: &Path) -> Option<PathBuf> {
	let mut parts = path.components().filter(|part| *part != Component::CurDir);
	matches!(parts.next(), Some(Component::Normal(_))).then_some(())?;
	parts
		.map(|part| match part {
			Component::Normal(name) => Some(name),
			_ => None,
		})
		.collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	/// An archive of these entries: type, path, content.
	fn archive(entries: &[(tar::EntryType, &str, &[u8])]) -> Vec<u8> {
		let mut archive = tar::Builder::new(Vec::new());
		for (kind, path, content) in entries {
			let mut header = tar::Header::new_gnu();
			header.set_entry_type(*kind);
			header.set_mode(0o6755);
			header.set_size(content.len() as u64);
			// As an attacker writes it: the library refuses to.
			header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
			if kind.is_symlink() || kind.is_hard_link() {
				header.set_link_name("/etc/passwd").unwrap();
			}
			header.set_cksum();
			archive.append(&header, *content).unwrap();
		}
		archive.into_inner().unwrap()
	}

	use tar::EntryType::{Char, Directory, Link, Regular, Symlink};

	#[test]
	fn what_is_packed_is_unpacked_under_its_new_name() {
		let folder = tempfile::tempdir().unwrap();
		let from = folder.path().join("from");
		fs::create_dir_all(from.join("sub/empty")).unwrap();
		fs::write(from.join("sub/a"), b"one").unwrap();
		fs::write(from.join("-b"), vec![7; 100_000]).unwrap();
		std::os::unix::fs::symlink("/etc/passwd", from.join("link")).unwrap();
		let (sender, pieces) = mpsc::channel(1_000);
		let packed = pack(&from, "named", Pieces::new(sender)).unwrap();
		assert_eq!((packed.files, packed.bytes), (5, 100_003));
		assert_eq!(packed.skipped.len(), 1);
		let source = Received {
			pieces,
			rest: Vec::new(),
			at: 0,
		};
		let to = folder.path().join("to");
		let unpacked = unpack(source, &to).unwrap();
		assert_eq!((unpacked.files, unpacked.bytes), (5, 100_003));
		assert_eq!(fs::read(to.join("sub/a")).unwrap(), b"one");
		assert_eq!(fs::read(to.join("-b")).unwrap().len(), 100_000);
		assert!(to.join("sub/empty").is_dir());
	}

	#[test]
	fn nothing_is_written_outside_of_the_new_path() {
		let folder = tempfile::tempdir().unwrap();
		for (number, path) in ["../evil", "/evil", "x/../../evil", "./../evil", ".."]
			.into_iter()
			.enumerate()
		{
			let to = folder.path().join(format!("to{number}"));
			let bytes = archive(&[(Directory, "x", b""), (Regular, path, b"!")]);
			let error = unpack(&bytes[..], &to).unwrap_err().to_string();
			assert!(error.contains("outside"), "{path}: {error}");
			assert!(!folder.path().join("evil").exists());
		}
	}

	#[test]
	fn links_and_devices_are_left_out_and_cannot_be_written_through() {
		let folder = tempfile::tempdir().unwrap();
		let to = folder.path().join("to");
		let bytes = archive(&[
			(Directory, "x", b""),
			(Symlink, "x/s", b""),
			(Link, "x/h", b""),
			(Char, "x/c", b""),
			(Regular, "x/s", b"mine"),
		]);
		let moved = unpack(&bytes[..], &to).unwrap();
		assert_eq!(moved.skipped, ["x/s", "x/h", "x/c"]);
		assert!(!fs::symlink_metadata(to.join("s")).unwrap().is_symlink());
		use std::os::unix::fs::PermissionsExt;
		let mode = fs::metadata(to.join("s")).unwrap().permissions().mode();
		assert_eq!(mode & 0o7777, 0o755, "no file runs with its owner's rights");
	}

	#[test]
	fn nothing_is_written_twice() {
		let folder = tempfile::tempdir().unwrap();
		let to = folder.path().join("to");
		let bytes = archive(&[(Regular, "x", b"1"), (Regular, "x", b"2")]);
		assert!(unpack(&bytes[..], &to).is_err());
		assert_eq!(fs::read(&to).unwrap(), b"1");
		assert!(unpack(&bytes[..], &to).is_err());
	}

	#[test]
	fn a_path_of_a_workspace_begins_with_its_lease() {
		assert_eq!(place("7:/tmp/x"), Place::There(7, "/tmp/x"));
		assert_eq!(place("7:"), Place::There(7, ""));
		for here in ["/tmp/x", "./7:x", "a:b", "-1:x"] {
			assert_eq!(place(here), Place::Here(Path::new(here)));
		}
	}

	#[test]
	fn a_target_that_ends_with_a_slash_is_a_folder_and_otherwise_a_name() {
		let folder = tempfile::tempdir().unwrap();
		let from = folder.path().join("own");
		fs::write(&from, b"").unwrap();
		let named = |to: &str| new_name(to, &from).ok();
		let pair = |folder: &str, name: &str| Some((folder.to_string(), name.to_string()));
		assert_eq!(named("/tmp/"), pair("/tmp", "own"));
		assert_eq!(named("/tmp/x"), pair("/tmp", "x"));
		assert_eq!(named("/x"), pair("/", "x"));
		assert_eq!(named("x"), pair(".", "x"));
		assert_eq!(named(""), pair(".", "own"));
		assert_eq!(named("/tmp/.."), None);
	}
}
