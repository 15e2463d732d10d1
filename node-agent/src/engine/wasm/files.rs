//! The files of a lease: a folder of the host's that its component sees as `/data`, and that never holds more than was
//! bought.
//!
//! The library opens, reads and writes files, below the folder alone; it bounds no bytes. So what makes something larger
//! passes here first, and is put down in the lease's [`Ledger`]. A quota of the host's file system would need a kind of file
//! system that few machines have, and root. Links are refused, symbolic and hard: so every file has one name at
//! most, and what removes that name frees it.

use std::{
	collections::HashMap,
	io,
	path::{Component as Part, Path, PathBuf},
	sync::Arc,
};

use bytes::Bytes;
use wasmtime::component::{HasData, Resource, ResourceTable};
use wasmtime_wasi::{
	p2::{
		bindings::filesystem::types::{
			Advice, Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry,
			DirectoryEntryStream, ErrorCode, Filesize, Host, HostDescriptor,
			HostDirectoryEntryStream, MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
		},
		DynInputStream, DynOutputStream, FsError, FsResult, InputStream, OutputStream, Pollable,
		StreamError, StreamResult,
	},
	DirPerms, FilePerms, WasiCtxBuilder, WasiCtxView,
};

use super::ledger::{Handle, HostFile, Ledger, Place};

/// Where a component finds its files.
pub(super) const MOUNT: &str = "/data";
/// How deep folders may lie: what removes them goes down by calling itself.
const MAX_DEPTH: usize = 64;
/// Most bytes of one write of a stream.
const CHUNK: usize = 64 << 10;

/// The folder of one lease, for all of its runs.
#[derive(Clone, Debug)]
pub(super) struct Folder {
	path: PathBuf,
	ledger: Arc<Ledger>,
	/// Held while names change: what a name stands for is looked at first.
	names: Arc<tokio::sync::Mutex<()>>,
}

impl Folder {
	/// Opens a folder, which is made where it is not there, for so many bytes. Blocks.
	///
	/// # Errors
	///
	/// Where the host refuses.
	pub(super) fn open(path: PathBuf, limit: u64) -> io::Result<Self> {
		std::fs::create_dir_all(&path)?;
		Ok(Self {
			ledger: Ledger::open(&path, limit)?,
			path,
			names: Arc::default(),
		})
	}

	/// Whether it is this one, with so many bytes.
	pub(super) fn is(&self, path: &Path, limit: u64) -> bool {
		self.path == path && self.ledger.limit() == limit
	}

	/// Whether both are charged in the same books.
	#[cfg(test)]
	pub(super) fn is_shared_with(&self, other: &Self) -> bool {
		Arc::ptr_eq(&self.ledger, &other.ledger)
	}

	/// Gives it to a run, as the first folder that is open.
	pub(super) fn give(&self, builder: &mut WasiCtxBuilder) -> wasmtime::Result<()> {
		// What is done is done when the function returns: nothing is written behind the ledger's back.
		builder.allow_blocking_current_thread(true);
		builder.preopened_dir(&self.path, MOUNT, DirPerms::all(), FilePerms::all())?;
		Ok(())
	}
}

/// What a run has open, by its number in the run's table.
#[derive(Debug, Default)]
pub(super) struct Held(HashMap<u32, Kept>);

#[derive(Debug)]
enum Kept {
	File(Arc<Handle>),
	/// With how deep it lies at most: it may have been moved up since.
	Folder(
		usize,
		#[expect(dead_code, reason = "is given back when dropped")] Place,
	),
	List(#[expect(dead_code, reason = "is given back when dropped")] Place),
}

/// What the functions of a run see.
pub(super) struct View<'a> {
	pub(super) wasi: WasiCtxView<'a>,
	/// `None` where no disk was bought: no folder is open then, and so nothing comes here.
	pub(super) folder: Option<&'a Folder>,
	pub(super) held: &'a mut Held,
}

/// That a run's state has [`View`]s.
pub(super) struct HasFiles;

impl HasData for HasFiles {
	type Data<'a> = View<'a>;
}

type Fd = Resource<Descriptor>;

/// The same once more: the caller's own is not given away.
fn again<T: 'static>(resource: &Resource<T>) -> Resource<T> {
	Resource::new_borrow(resource.rep())
}

/// A folder's depth after a path was gone down from it; `..` goes up, and there are no links.
fn depth(start: usize, path: &str) -> usize {
	Path::new(path)
		.components()
		.fold(start, |depth, part| match part {
			Part::Normal(_) => depth + 1,
			Part::ParentDir => depth.saturating_sub(1),
			_ => depth,
		})
}

impl View<'_> {
	fn folder(&self) -> FsResult<&Folder> {
		self.folder.ok_or_else(|| ErrorCode::NotPermitted.into())
	}

	fn ledger(&self) -> FsResult<Arc<Ledger>> {
		Ok(self.folder()?.ledger.clone())
	}

	fn table(&mut self) -> &mut ResourceTable {
		self.wasi.table
	}

	/// The books' entry of a file that is open.
	fn handle(&self, fd: &Fd) -> FsResult<Arc<Handle>> {
		match self.held.0.get(&fd.rep()) {
			Some(Kept::File(handle)) => Ok(handle.clone()),
			_ => Err(ErrorCode::BadDescriptor.into()),
		}
	}

	/// How deep something lies that a folder has by this path.
	fn depth(&self, fd: &Fd, path: &str) -> usize {
		match self.held.0.get(&fd.rep()) {
			Some(Kept::Folder(start, _)) => depth(*start, path),
			_ => depth(0, path),
		}
	}

	/// Opens something that is there.
	async fn open(
		&mut self,
		fd: &Fd,
		path: &str,
		oflags: OpenFlags,
		flags: DescriptorFlags,
	) -> FsResult<Fd> {
		let place = self.ledger()?.place()?;
		let depth = self.depth(fd, path);
		let opened = self
			.wasi
			.open_at(again(fd), PathFlags::empty(), path.into(), oflags, flags)
			.await?;
		self.keep(opened, depth, place)
	}

	/// Puts down in the books what was opened.
	fn keep(&mut self, opened: Fd, depth: usize, place: Place) -> FsResult<Fd> {
		let file: Option<HostFile> = match self.table().get(&opened)? {
			Descriptor::File(file) => Some(file.file.clone()),
			Descriptor::Dir(_) => None,
		};
		let kept = match file {
			Some(file) => self.ledger()?.hold(file, place).map(Kept::File),
			None => Ok(Kept::Folder(depth, place)),
		};
		match kept {
			Ok(kept) => {
				self.held.0.insert(opened.rep(), kept);
				Ok(opened)
			}
			Err(error) => {
				self.table().delete(opened)?;
				Err(error.into())
			}
		}
	}

	/// Opens or makes a file. Names must be held.
	async fn create(
		&mut self,
		fd: &Fd,
		path: &str,
		oflags: OpenFlags,
		flags: DescriptorFlags,
	) -> FsResult<Fd> {
		if !oflags.contains(OpenFlags::EXCLUSIVE) {
			let there = oflags & !OpenFlags::CREATE;
			match self.open(fd, path, there, flags).await {
				Err(error) if is(&error, ErrorCode::NoEntry) => {}
				opened => return opened,
			}
		}
		let ledger = self.ledger()?;
		ledger.name()?;
		let made = self
			.open(fd, path, oflags | OpenFlags::EXCLUSIVE, flags)
			.await;
		if made.is_err() {
			ledger.forget_name();
		}
		made
	}

	/// The file that a name stands for, open so that the books have it; `None` where it is no file.
	async fn pin(&mut self, fd: &Fd, path: &str) -> FsResult<Option<Arc<Handle>>> {
		let (none, read) = (OpenFlags::empty(), DescriptorFlags::READ);
		let pinned = match self.open(fd, path, none, read).await {
			Err(error) if is(&error, ErrorCode::NoEntry) => return Ok(None),
			pinned => pinned?,
		};
		let handle = self.handle(&pinned).ok();
		HostDescriptor::drop(self, pinned).map_err(FsError::trap)?;
		Ok(handle)
	}

	fn stream(&mut self, fd: &Fd, position: Option<u64>) -> FsResult<Resource<DynOutputStream>> {
		let handle = self.handle(fd)?;
		match self.table().get(fd)? {
			Descriptor::File(file) if file.perms.contains(FilePerms::WRITE) => {}
			_ => return Err(ErrorCode::BadDescriptor.into()),
		}
		let writer: DynOutputStream = Box::new(Writer { handle, position });
		Ok(self.table().push(writer)?)
	}
}

fn is(error: &FsError, code: ErrorCode) -> bool {
	error.downcast_ref() == Some(&code)
}

impl Host for View<'_> {
	fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
		Host::convert_error_code(&mut self.wasi, error)
	}

	fn filesystem_error_code(
		&mut self,
		error: Resource<wasmtime::Error>,
	) -> wasmtime::Result<Option<ErrorCode>> {
		Host::filesystem_error_code(&mut self.wasi, error)
	}
}

/// What the ledger does not care about.
macro_rules! pass {
	($($name:ident($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {
		$(async fn $name(&mut self, fd: Fd $(, $argument: $kind)*) -> FsResult<$result> {
			self.wasi.$name(fd $(, $argument)*).await
		})*
	};
}

impl HostDescriptor for View<'_> {
	pass! {
		advise(offset: Filesize, length: Filesize, advice: Advice) -> ();
		sync_data() -> ();
		sync() -> ();
		get_flags() -> DescriptorFlags;
		get_type() -> DescriptorType;
		set_times(access: NewTimestamp, change: NewTimestamp) -> ();
		set_times_at(follow: PathFlags, path: String, access: NewTimestamp, change: NewTimestamp) -> ();
		read(length: Filesize, offset: Filesize) -> (Vec<u8>, bool);
		stat() -> DescriptorStat;
		stat_at(follow: PathFlags, path: String) -> DescriptorStat;
		readlink_at(path: String) -> String;
		metadata_hash() -> MetadataHashValue;
		metadata_hash_at(follow: PathFlags, path: String) -> MetadataHashValue;
	}

	async fn is_same_object(&mut self, one: Fd, other: Fd) -> wasmtime::Result<bool> {
		self.wasi.is_same_object(one, other).await
	}

	async fn set_size(&mut self, fd: Fd, size: Filesize) -> FsResult<()> {
		match self.table().get(&fd)? {
			Descriptor::File(file) if file.perms.contains(FilePerms::WRITE) => {}
			_ => return Err(ErrorCode::NotPermitted.into()),
		}
		Ok(self.handle(&fd)?.resize(size)?)
	}

	async fn write(&mut self, fd: Fd, bytes: Vec<u8>, offset: Filesize) -> FsResult<Filesize> {
		let handle = self.handle(&fd)?;
		handle.reach(offset.saturating_add(bytes.len() as u64))?;
		self.wasi.write(fd, bytes, offset).await
	}

	fn write_via_stream(
		&mut self,
		fd: Fd,
		offset: Filesize,
	) -> FsResult<Resource<DynOutputStream>> {
		self.stream(&fd, Some(offset))
	}

	fn append_via_stream(&mut self, fd: Fd) -> FsResult<Resource<DynOutputStream>> {
		self.stream(&fd, None)
	}

	fn read_via_stream(&mut self, fd: Fd, offset: Filesize) -> FsResult<Resource<DynInputStream>> {
		let handle = self.handle(&fd)?;
		let stream = self.wasi.read_via_stream(fd, offset)?;
		let inner = self.table().delete(stream)?;
		let reader: DynInputStream = Box::new(Reader {
			inner,
			_handle: handle,
		});
		Ok(self.table().push(reader)?)
	}

	async fn read_directory(&mut self, fd: Fd) -> FsResult<Resource<DirectoryEntryStream>> {
		let place = self.ledger()?.place()?;
		let list = self.wasi.read_directory(fd).await?;
		self.held.0.insert(list.rep(), Kept::List(place));
		Ok(list)
	}

	async fn open_at(
		&mut self,
		fd: Fd,
		_: PathFlags,
		path: String,
		oflags: OpenFlags,
		mut flags: DescriptorFlags,
	) -> FsResult<Fd> {
		let names = self.folder()?.names.clone();
		let _names = names.lock().await;
		// Made empty below, so that the books know how long it was.
		let truncates = oflags.contains(OpenFlags::TRUNCATE);
		if truncates {
			flags |= DescriptorFlags::WRITE;
		}
		let oflags = oflags & !OpenFlags::TRUNCATE;
		let opened = if oflags.contains(OpenFlags::CREATE) {
			if oflags.contains(OpenFlags::DIRECTORY) {
				return Err(ErrorCode::Invalid.into());
			}
			self.create(&fd, &path, oflags, flags).await?
		} else {
			self.open(&fd, &path, oflags, flags).await?
		};
		if truncates {
			let handle = self.handle(&opened).map_err(|_| ErrorCode::IsDirectory)?;
			handle.resize(0)?;
		}
		Ok(opened)
	}

	async fn create_directory_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
		if self.depth(&fd, &path) > MAX_DEPTH {
			return Err(ErrorCode::NameTooLong.into());
		}
		let names = self.folder()?.names.clone();
		let _names = names.lock().await;
		let ledger = self.ledger()?;
		ledger.name()?;
		let made = self.wasi.create_directory_at(fd, path).await;
		if made.is_err() {
			ledger.forget_name();
		}
		made
	}

	async fn remove_directory_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
		let names = self.folder()?.names.clone();
		let _names = names.lock().await;
		self.wasi.remove_directory_at(fd, path).await?;
		self.ledger()?.forget_name();
		Ok(())
	}

	async fn unlink_file_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
		let names = self.folder()?.names.clone();
		let _names = names.lock().await;
		let file = self.pin(&fd, &path).await?;
		self.wasi.unlink_file_at(fd, path).await?;
		if let Some(file) = file {
			file.unnamed();
		}
		Ok(())
	}

	async fn rename_at(&mut self, fd: Fd, from: String, new_fd: Fd, to: String) -> FsResult<()> {
		let names = self.folder()?.names.clone();
		let _names = names.lock().await;
		let none = PathFlags::empty();
		let what = self.wasi.stat_at(again(&fd), none, from.clone()).await?;
		let is_folder = what.type_ == DescriptorType::Directory;
		// What lies in it would go down with it.
		if is_folder && self.depth(&new_fd, &to) > self.depth(&fd, &from) {
			return Err(ErrorCode::NotPermitted.into());
		}
		let moved = self.identity(&fd, &from).await?;
		let replaced = self.identity(&new_fd, &to).await.ok();
		if replaced.is_some_and(|replaced| same(&replaced, &moved)) {
			return Ok(());
		}
		let file = match is_folder {
			true => None,
			false => self.pin(&new_fd, &to).await?,
		};
		self.wasi.rename_at(fd, from, new_fd, to).await?;
		match file {
			Some(file) => file.unnamed(),
			// An empty folder was there.
			None if replaced.is_some() => self.ledger()?.forget_name(),
			None => {}
		}
		Ok(())
	}

	async fn link_at(&mut self, _: Fd, _: PathFlags, _: String, _: Fd, _: String) -> FsResult<()> {
		Err(ErrorCode::NotPermitted.into())
	}

	async fn symlink_at(&mut self, _: Fd, _: String, _: String) -> FsResult<()> {
		Err(ErrorCode::NotPermitted.into())
	}

	fn drop(&mut self, fd: Fd) -> wasmtime::Result<()> {
		let number = fd.rep();
		// First the file, then its place in the books.
		self.wasi.table.delete(fd)?;
		self.held.0.remove(&number);
		Ok(())
	}
}

fn same(one: &MetadataHashValue, other: &MetadataHashValue) -> bool {
	(one.lower, one.upper) == (other.lower, other.upper)
}

impl View<'_> {
	async fn identity(&mut self, fd: &Fd, path: &str) -> FsResult<MetadataHashValue> {
		let none = PathFlags::empty();
		self.wasi
			.metadata_hash_at(again(fd), none, path.into())
			.await
	}
}

impl HostDirectoryEntryStream for View<'_> {
	async fn read_directory_entry(
		&mut self,
		list: Resource<DirectoryEntryStream>,
	) -> FsResult<Option<DirectoryEntry>> {
		self.wasi.read_directory_entry(list).await
	}

	fn drop(&mut self, list: Resource<DirectoryEntryStream>) -> wasmtime::Result<()> {
		let number = list.rep();
		self.wasi.table.delete(list)?;
		self.held.0.remove(&number);
		Ok(())
	}
}

/// Writes at a position, or at the end, and is done when it returns.
struct Writer {
	handle: Arc<Handle>,
	/// `None` = the end, wherever that is.
	position: Option<u64>,
}

impl Writer {
	fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
		use rustix::io::{pwrite, pwritev2, ReadWriteFlags};
		let mut left = bytes;
		match self.position {
			Some(position) => self
				.handle
				.reach(position.saturating_add(left.len() as u64))?,
			None => self.handle.append(left.len() as u64)?,
		}
		while !left.is_empty() {
			let file = self.handle.file();
			let written = match &mut self.position {
				Some(position) => {
					let written = pwrite(file, left, *position)?;
					*position += written as u64;
					written
				}
				None => pwritev2(file, &[io::IoSlice::new(left)], 0, ReadWriteFlags::APPEND)?,
			};
			left = left.get(written..).unwrap_or_default();
		}
		Ok(())
	}
}

#[wasmtime_wasi::async_trait]
impl Pollable for Writer {
	async fn ready(&mut self) {}
}

impl OutputStream for Writer {
	fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
		self.put(&bytes)
			.map_err(|error| StreamError::LastOperationFailed(error.into()))
	}

	fn flush(&mut self) -> StreamResult<()> {
		Ok(())
	}

	fn check_write(&mut self) -> StreamResult<usize> {
		Ok(CHUNK)
	}
}

/// A stream of the library's, with what keeps its file in the books.
struct Reader {
	inner: DynInputStream,
	_handle: Arc<Handle>,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Reader {
	async fn ready(&mut self) {
		self.inner.ready().await;
	}
}

#[wasmtime_wasi::async_trait]
impl InputStream for Reader {
	fn read(&mut self, size: usize) -> StreamResult<Bytes> {
		self.inner.read(size)
	}

	async fn blocking_read(&mut self, size: usize) -> StreamResult<Bytes> {
		self.inner.blocking_read(size).await
	}

	async fn cancel(&mut self) {
		self.inner.cancel().await;
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_path_is_as_deep_as_the_folders_that_it_goes_down() {
		assert_eq!(depth(0, "a/b"), 2);
		assert_eq!(depth(3, "./a/../b"), 4);
		assert_eq!(depth(1, "../../a"), 1);
	}
}
