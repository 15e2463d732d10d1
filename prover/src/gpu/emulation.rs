//! The kernels on a processor: their own source, compiled with `cuda/emulation.h` in place of a GPU.
#![expect(
	unsafe_code,
	reason = "a library that was just compiled is called by its own signatures"
)]

use std::{
	alloc::{alloc_zeroed, dealloc, Layout},
	path::PathBuf,
	process::Command,
	sync::{LazyLock, Mutex, PoisonError},
};

use libloading::Library;

use super::{Argument, Gpu, Kernel};
use crate::Failure;

/// Memory as a GPU gives it: aligned, and shared with whatever runs.
#[derive(Debug)]
pub(crate) struct Host {
	bytes: *mut u8,
	layout: Layout,
}

// SAFETY: the bytes are its own.
unsafe impl Send for Host {}

impl Drop for Host {
	fn drop(&mut self) {
		// SAFETY: they were allocated with this layout.
		unsafe { dealloc(self.bytes, self.layout) }
	}
}

/// The emulation has one block of threads at a time.
static LIBRARY: LazyLock<Mutex<Library>> = LazyLock::new(|| Mutex::new(compile()));

fn compile() -> Library {
	let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cuda/emulation.cpp");
	let to = tempfile::tempdir().expect("a folder can be made");
	let library = to.path().join("libemulation.so");
	let compiler = std::env::var("CXX").unwrap_or_else(|_| "clang++".into());
	let status = Command::new(&compiler)
		.args([
			"-std=c++17",
			"-O2",
			"-shared",
			"-fPIC",
			"-Wall",
			"-Werror",
			"-o",
		])
		.args([&library, &source])
		.status()
		.unwrap_or_else(|error| panic!("run {compiler}, which scripts/setup installs: {error}"));
	assert!(
		status.success(),
		"the kernels do not compile for the processor"
	);
	// SAFETY: it runs nothing when it is loaded.
	unsafe { Library::new(&library) }.expect("it was just made")
}

/// The emulated GPU; it claims to have this much memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Emulation {
	pub(crate) free: u64,
}

impl Gpu for Emulation {
	type Memory = Host;

	fn name(&self) -> String {
		"emulation".into()
	}

	fn free_bytes(&self) -> Result<u64, Failure> {
		Ok(self.free)
	}

	fn allocate(&self, bytes: u64) -> Result<Host, Failure> {
		let layout = Layout::from_size_align(bytes.max(1) as usize, 256).expect("it is small");
		// SAFETY: it has a size.
		let bytes = unsafe { alloc_zeroed(layout) };
		assert!(!bytes.is_null());
		Ok(Host { bytes, layout })
	}

	fn write(&self, to: &mut Host, bytes: &[u8]) -> Result<(), Failure> {
		assert!(bytes.len() <= to.layout.size());
		// SAFETY: there is room for them.
		unsafe { to.bytes.copy_from(bytes.as_ptr(), bytes.len()) };
		Ok(())
	}

	fn read(&self, from: &Host, into: &mut [u8]) -> Result<(), Failure> {
		assert!(into.len() <= from.layout.size());
		// SAFETY: there are so many.
		unsafe { from.bytes.copy_to(into.as_mut_ptr(), into.len()) };
		Ok(())
	}

	fn launch(
		&self,
		kernel: Kernel,
		grid: (u32, u32),
		arguments: &[Argument<'_, Host>],
	) -> Result<(), Failure> {
		let library = LIBRARY.lock().unwrap_or_else(PoisonError::into_inner);
		// On this machine's calling convention all of them take a register or a place of eight bytes.
		let mut words: Vec<u64> = vec![grid.0.into(), grid.1.into()];
		words.extend(arguments.iter().map(|argument| match argument {
			Argument::Memory(memory, at) => {
				assert!(*at as usize <= memory.layout.size());
				memory.bytes as u64 + at
			}
			Argument::Nothing => 0,
			Argument::Small(value) => u64::from(*value),
			Argument::Large(value) => *value,
		}));
		let name = format!("emulate_{}", kernel.name());
		macro_rules! call {
			($($at:literal),*) => {{
				type Function = unsafe extern "C" fn($(call!(@word $at)),*);
				// SAFETY: the function has that name, and so many parameters.
				unsafe {
					let function = library.get::<Function>(name.as_bytes()).expect("it is there");
					function($(words[$at]),*);
				}
			}};
			(@word $at:literal) => { u64 };
		}
		match words.len() {
			6 => call!(0, 1, 2, 3, 4, 5),
			7 => call!(0, 1, 2, 3, 4, 5, 6),
			8 => call!(0, 1, 2, 3, 4, 5, 6, 7),
			9 => call!(0, 1, 2, 3, 4, 5, 6, 7, 8),
			count => panic!("{name} takes {count} words"),
		}
		Ok(())
	}
}
