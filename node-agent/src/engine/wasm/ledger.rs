//! How much of the disk a lease's files take, and that it is never more than was bought.
//!
//! A file is charged for its length, not for the blocks that it has, so that a hole costs what filling it would; and
//! whatever has a name is charged a page, for what a file system needs to keep it. Space is charged before it is
//! taken and given back after it is free: a file that is open keeps its charge, with or without a name. What is charged is
//! so never less than what is there, whatever several runs do at once.

use std::{
	collections::HashMap,
	fs, io,
	os::fd::AsFd,
	path::Path,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustix::fs::{fstat, ftruncate};

/// What a name costs, and what lengths are rounded up to, in bytes.
pub(super) const PAGE: u64 = 4_096;
/// Most names in a lease's folder: a list of all is made in the agent's memory.
const MAX_NAMES: u64 = 16_384;
/// Most that is open at once, in all of a lease's runs: the agent has only so many descriptors.
const MAX_OPEN: usize = 64;

/// An open file of the host's.
pub(super) type HostFile = Arc<dyn AsFd + Send + Sync>;

/// The books of one lease's folder.
#[derive(Debug)]
pub(super) struct Ledger {
	limit: u64,
	books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
	/// Bytes that are charged.
	used: u64,
	names: u64,
	open: usize,
	/// The files that are open, by their inodes.
	files: HashMap<u64, Entry>,
}

/// A file that is open.
#[derive(Debug)]
struct Entry {
	handles: usize,
	/// It is no longer than this.
	length: u64,
	/// Whether it still has its name: there is one at most.
	is_named: bool,
}

fn pages(length: u64) -> u64 {
	length.checked_next_multiple_of(PAGE).unwrap_or(u64::MAX)
}

fn length(file: &HostFile) -> io::Result<(u64, u64)> {
	let stat = fstat(file)?;
	Ok((stat.st_ino, u64::try_from(stat.st_size).unwrap_or(0)))
}

/// There is no room left: what programs know.
pub(super) fn full() -> io::Error {
	rustix::io::Errno::NOSPC.into()
}

impl Ledger {
	/// Opens the books of a folder with what lies in it, of which there may be `limit` bytes. Blocks.
	///
	/// # Errors
	///
	/// Where the folder cannot be read.
	pub(super) fn open(folder: &Path, limit: u64) -> io::Result<Arc<Self>> {
		let mut books = Books::default();
		let mut folders = vec![folder.to_path_buf()];
		while let Some(folder) = folders.pop() {
			for entry in fs::read_dir(folder)? {
				let entry = entry?;
				let what = entry.metadata()?;
				books.names += 1;
				books.used += PAGE;
				if what.is_dir() {
					folders.push(entry.path());
				} else {
					books.used += pages(what.len());
				}
			}
		}
		Ok(Arc::new(Self {
			limit,
			books: Mutex::new(books),
		}))
	}

	fn books(&self) -> MutexGuard<'_, Books> {
		self.books.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Bytes that there may be.
	pub(super) fn limit(&self) -> u64 {
		self.limit
	}

	/// Bytes that are charged.
	#[cfg(test)]
	pub(super) fn used(&self) -> u64 {
		self.books().used
	}

	/// Charges a name that is about to be made.
	///
	/// # Errors
	///
	/// Where there is no room for it.
	pub(super) fn name(&self) -> io::Result<()> {
		let mut books = self.books();
		if books.names >= MAX_NAMES || self.limit.saturating_sub(books.used) < PAGE {
			return Err(full());
		}
		books.names += 1;
		books.used += PAGE;
		Ok(())
	}

	/// Gives back a name that is gone, or was not made.
	pub(super) fn forget_name(&self) {
		let mut books = self.books();
		books.names = books.names.saturating_sub(1);
		books.used = books.used.saturating_sub(PAGE);
	}

	/// Takes a place among what is open.
	///
	/// # Errors
	///
	/// Where too much is open.
	pub(super) fn place(self: &Arc<Self>) -> io::Result<Place> {
		let mut books = self.books();
		if books.open >= MAX_OPEN {
			return Err(rustix::io::Errno::NOMEM.into());
		}
		books.open += 1;
		Ok(Place(self.clone()))
	}

	/// Notes that a file is open.
	///
	/// # Errors
	///
	/// Where the host cannot say what it is.
	pub(super) fn hold(self: &Arc<Self>, file: HostFile, place: Place) -> io::Result<Arc<Handle>> {
		let mut books = self.books();
		// While the books are held: nobody changes a file that is not open.
		let (inode, length) = length(&file)?;
		let entry = books.files.entry(inode).or_insert(Entry {
			handles: 0,
			length,
			is_named: true,
		});
		entry.handles += 1;
		Ok(Arc::new(Handle {
			inode,
			file: Some(file),
			place,
		}))
	}
}

/// A place among what is open, for as long as it lives.
#[derive(Debug)]
pub(super) struct Place(Arc<Ledger>);

impl Drop for Place {
	fn drop(&mut self) {
		self.0.books().open -= 1;
	}
}

/// An open file, as the books know it. It is open until this and all else that holds it is dropped.
pub(super) struct Handle {
	inode: u64,
	/// Until it is dropped.
	file: Option<HostFile>,
	place: Place,
}

impl std::fmt::Debug for Handle {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_struct("Handle")
			.field("inode", &self.inode)
			.finish_non_exhaustive()
	}
}

impl Handle {
	fn ledger(&self) -> &Ledger {
		&self.place.0
	}

	/// Its file.
	pub(super) fn file(&self) -> &HostFile {
		#[expect(clippy::expect_used, reason = "only taken when this is dropped")]
		self.file.as_ref().expect("is open")
	}

	/// Charges what lets it be as long as this.
	///
	/// # Errors
	///
	/// Where there is no room for that.
	pub(super) fn reach(&self, end: u64) -> io::Result<()> {
		self.lengthen(|length| length.max(end))
	}

	/// Charges what lets it be longer by this.
	///
	/// # Errors
	///
	/// Where there is no room for that.
	pub(super) fn append(&self, more: u64) -> io::Result<()> {
		self.lengthen(|length| length.saturating_add(more))
	}

	fn lengthen(&self, longer: impl FnOnce(u64) -> u64) -> io::Result<()> {
		let mut books = self.ledger().books();
		let used = books.used;
		let Some(entry) = books.files.get_mut(&self.inode) else {
			return Err(io::Error::other("a file that is open is in no book"));
		};
		let length = longer(entry.length);
		let more = pages(length).saturating_sub(pages(entry.length));
		if more > self.ledger().limit.saturating_sub(used) {
			return Err(full());
		}
		entry.length = length;
		books.used += more;
		Ok(())
	}

	/// Sets its length, up or down.
	///
	/// # Errors
	///
	/// Where there is no room for that, or the host refuses.
	pub(super) fn resize(&self, size: u64) -> io::Result<()> {
		self.reach(size)?;
		ftruncate(self.file(), size)?;
		let mut books = self.ledger().books();
		// Another that has it open may be writing at its end.
		if let Some(entry) = books
			.files
			.get_mut(&self.inode)
			.filter(|entry| entry.handles == 1)
		{
			let less = pages(entry.length).saturating_sub(pages(size));
			entry.length = size;
			books.used -= less;
		}
		Ok(())
	}

	/// Notes that its name is gone: what it is charged is given back when nobody has it open any more.
	pub(super) fn unnamed(&self) {
		let mut books = self.ledger().books();
		if let Some(entry) = books.files.get_mut(&self.inode) {
			entry.is_named = false;
		}
	}
}

impl Drop for Handle {
	fn drop(&mut self) {
		let mut books = self.place.0.books();
		let Some(entry) = books.files.get_mut(&self.inode) else {
			return;
		};
		entry.handles -= 1;
		if entry.handles > 0 {
			return;
		}
		let (charged, is_named) = (pages(entry.length), entry.is_named);
		books.files.remove(&self.inode);
		let file = self.file.take();
		if is_named {
			// Where the host cannot say, it is charged what it was.
			let there = file.as_ref().and_then(|file| length(file).ok());
			let there = there.map_or(charged, |(_, length)| pages(length));
			books.used = books.used - charged + there;
		} else {
			drop(file);
			books.used -= charged + PAGE;
			books.names -= 1;
		}
	}
}

#[cfg(test)]
mod tests {
	use std::{fs::File, os::unix::fs::FileExt};

	use proptest::prelude::*;

	use super::*;

	const LIMIT: u64 = 20 * PAGE;

	struct Bench {
		folder: tempfile::TempDir,
		ledger: Arc<Ledger>,
	}

	impl Bench {
		fn new() -> Self {
			let folder = tempfile::tempdir().unwrap();
			let ledger = Ledger::open(folder.path(), LIMIT).unwrap();
			Self { folder, ledger }
		}

		/// Makes a file, or opens it.
		fn file(&self, name: &str) -> io::Result<(Arc<File>, Arc<Handle>)> {
			let path = self.folder.path().join(name);
			let place = self.ledger.place()?;
			if !path.exists() {
				self.ledger.name()?;
			}
			let mut options = File::options();
			let options = options.read(true).write(true).create(true).truncate(false);
			let file = Arc::new(options.open(path)?);
			Ok((file.clone(), self.ledger.hold(file, place)?))
		}

		fn remove(&self, name: &str) {
			let (_, handle) = self.file(name).unwrap();
			fs::remove_file(self.folder.path().join(name)).unwrap();
			handle.unnamed();
		}

		/// What lies there, by its length.
		fn there(&self) -> u64 {
			Ledger::open(self.folder.path(), LIMIT).unwrap().used()
		}
	}

	#[test]
	fn a_hole_costs_what_filling_it_would() {
		let bench = Bench::new();
		let (_, handle) = bench.file("a").unwrap();
		assert!(handle.resize(LIMIT).is_err());
		handle.resize(LIMIT - PAGE).unwrap();
		assert_eq!(bench.ledger.used(), LIMIT);
		assert!(handle.append(1).is_err());
	}

	#[test]
	fn many_small_files_cost_what_their_names_need() {
		let bench = Bench::new();
		for number in 0..20 {
			drop(bench.file(&number.to_string()).unwrap());
		}
		assert_eq!(bench.file("more").unwrap_err().kind(), full().kind());
	}

	#[test]
	fn a_file_without_a_name_is_charged_until_it_is_closed() {
		let bench = Bench::new();
		let (_, handle) = bench.file("a").unwrap();
		handle.resize(10 * PAGE).unwrap();
		let (_, other) = bench.file("a").unwrap();
		bench.remove("a");
		drop(handle);
		assert_eq!(bench.ledger.used(), 11 * PAGE);
		drop(other);
		assert_eq!(bench.ledger.used(), 0);
	}

	#[test]
	fn a_shorter_file_gives_back_what_it_does_not_need() {
		let bench = Bench::new();
		let (_, handle) = bench.file("a").unwrap();
		handle.resize(10 * PAGE).unwrap();
		handle.resize(1).unwrap();
		assert_eq!(bench.ledger.used(), 2 * PAGE);
	}

	#[test]
	fn what_lay_there_before_is_charged() {
		let bench = Bench::new();
		fs::create_dir(bench.folder.path().join("folder")).unwrap();
		fs::write(bench.folder.path().join("folder/a"), vec![1; 5_000]).unwrap();
		assert_eq!(bench.there(), 4 * PAGE);
	}

	#[test]
	fn only_so_much_is_open_at_once() {
		let ledger = Bench::new().ledger;
		let places: Vec<Place> = (0..MAX_OPEN).map(|_| ledger.place().unwrap()).collect();
		assert!(ledger.place().is_err());
		drop(places);
		assert!(ledger.place().is_ok());
	}

	proptest! {
		/// Whatever is done with some files, open or closed: what is charged is never less than what is there, never more than
		/// the limit, and the same once nothing is open.
		#[test]
		fn what_is_charged_is_never_less_than_what_is_there(
			steps in prop::collection::vec((0u8..6, 0u8..3, 0u64..8 * PAGE), 1..60),
		) {
			let bench = Bench::new();
			let mut open: Vec<(Arc<File>, Arc<Handle>)> = Vec::new();
			for (step, file, size) in steps {
				let name = file.to_string();
				match step {
					0 => open.extend(bench.file(&name).ok()),
					1 if !open.is_empty() => drop(open.remove(size as usize % open.len())),
					2 => if let Some((_, handle)) = open.last() {
						let _ = handle.resize(size);
					},
					3 => if let Some((file, handle)) = open.last() {
						if handle.reach(size + 10).is_ok() {
							file.write_all_at(&[1; 10], size).unwrap();
						}
					},
					4 => if let Some((file, handle)) = open.first() {
						let end = file.metadata().unwrap().len();
						if handle.append(size).is_ok() {
							file.write_all_at(&vec![1; size as usize], end).unwrap();
						}
					},
					_ if bench.folder.path().join(&name).exists() => bench.remove(&name),
					_ => {}
				}
				prop_assert!(bench.there() <= bench.ledger.used());
				prop_assert!(bench.ledger.used() <= LIMIT);
			}
			drop(open);
			prop_assert_eq!(bench.there(), bench.ledger.used());
		}
	}
}
