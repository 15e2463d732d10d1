//! A GPU of NVIDIA's, by its driver alone: no SDK is needed to build or to run.
//!
//! The driver compiles the kernels' PTX for the GPU that it finds, from compute capability 8.0 on. Where cuBLASLt is
//! installed and computes the same as the kernel, it multiplies: on Hopper it uses instructions that PTX for all
//! GPUs cannot.

mod library;

use std::{sync::Arc, time::Duration};

use cudarc::{
	driver::{
		sys, CudaContext, CudaFunction, CudaSlice, CudaStream, DevicePtr, DriverError,
		LaunchConfig, PushKernelArg,
	},
	nvrtc::Ptx,
};
use usufruct_proof::{ClassParams, Hash};

use self::library::Library;
use crate::{
	gpu::{kernel_product, Argument, Gpu, GpuDevice, Kernel, Product},
	Device, Failure,
};

/// The kernels, as `cargo xtask ptx` compiles them.
const PTX: &str = include_str!("../cuda/kernels.ptx");
/// The oldest driver that takes this PTX: that of CUDA 11.0.
const OLDEST_DRIVER: i32 = 11_000;
/// The oldest compute capability that has the kernels' instructions.
const OLDEST_CAPABILITY: (i32, i32) = (8, 0);

/// A GPU with room for the work of one class.
#[derive(Debug)]
pub struct Cuda(GpuDevice<Driver>);

impl Cuda {
	/// Opens the GPU with this UUID, as NVML writes it (`GPU-…`), and takes the memory that the work of a class
	/// needs.
	///
	/// # Errors
	///
	/// Where there is no driver or no such GPU, one of them is too old, or its memory is too small or in use.
	pub fn open(uuid: &str, params: &ClassParams) -> Result<Self, Failure> {
		Ok(Self(GpuDevice::new(Driver::open(uuid)?, params)?))
	}

	/// The UUIDs of all GPUs, in the driver's order.
	///
	/// # Errors
	///
	/// Where there is no driver, or it is too old.
	pub fn uuids() -> Result<Vec<String>, Failure> {
		is_driver_fit()?;
		let count = CudaContext::device_count().map_err(broken("counting GPUs"))?;
		(0..count).map(uuid).collect()
	}

	/// How long the random numbers, the products and the hashes of a round with this seed take, each by itself.
	///
	/// # Errors
	///
	/// Where the device fails.
	pub fn parts(&mut self, seed: &Hash) -> Result<[Duration; 3], Failure> {
		self.0.parts(seed)
	}
}

impl Device for Cuda {
	fn name(&self) -> String {
		self.0.name()
	}

	fn round(&mut self, seed: &Hash, round: u32) -> Result<Hash, Failure> {
		self.0.round(seed, round)
	}

	fn tile_values(&mut self, seed: &Hash) -> Result<Vec<Hash>, Failure> {
		self.0.tile_values(seed)
	}

	fn pass(&mut self, seed: &Hash, rounds: u32) -> Result<Hash, Failure> {
		self.0.pass(seed, rounds)
	}

	fn sums(&mut self, seed: &Hash, rounds: u32) -> Result<Vec<u8>, Failure> {
		self.0.sums(seed, rounds)
	}
}

/// What the driver says, and at what.
fn broken(at: &'static str) -> impl Fn(DriverError) -> Failure {
	move |error| Failure::Broken {
		at,
		why: error.to_string(),
	}
}

/// A GPU's UUID as NVML writes it.
fn uuid_text(uuid: sys::CUuuid) -> String {
	let hex: String = uuid
		.bytes
		.iter()
		.map(|byte| format!("{:02x}", *byte as u8))
		.collect();
	let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
	format!(
		"GPU-{}-{}-{}-{}-{}",
		part(0, 8),
		part(8, 12),
		part(12, 16),
		part(16, 20),
		part(20, 32)
	)
}

/// The driver, and one of its GPUs.
#[derive(Debug)]
struct Driver {
	context: Arc<CudaContext>,
	stream: Arc<CudaStream>,
	/// In the order of [`Kernel::ALL`].
	functions: Vec<CudaFunction>,
	library: Option<Library>,
}

impl Driver {
	fn open(uuid: &str) -> Result<Self, Failure> {
		let context = find(uuid)?;
		let name = context.name().map_err(broken("its name"))?;
		let capability = context
			.compute_capability()
			.map_err(broken("its compute capability"))?;
		if capability < OLDEST_CAPABILITY {
			return Err(Failure::TooOld(format!(
				"{name} has compute capability {}.{}; the prover needs 8.0 (Ampere) or newer",
				capability.0, capability.1
			)));
		}
		let stream = context.default_stream();
		let module = context.load_module(Ptx::from_src(PTX)).map_err(|error| {
			Failure::TooOld(format!(
				"the driver does not take the prover's kernels for {name}: {error}; update it"
			))
		})?;
		let functions = Kernel::ALL
			.iter()
			.map(|kernel| module.load_function(kernel.name()))
			.collect::<Result<_, _>>()
			.map_err(broken("loading the kernels"))?;
		let mut driver = Self {
			context,
			stream,
			functions,
			library: None,
		};
		driver.library = driver.checked_library();
		Ok(driver)
	}

	/// The library, if it is there and multiplies a small product as the kernel does.
	fn checked_library(&self) -> Option<Library> {
		const SIDE: usize = 256;
		let library = Library::open(&self.stream)?;
		let check = || -> Result<bool, Failure> {
			let bytes: Vec<u8> = (0..SIDE * SIDE)
				.map(|at| ((at as u32).wrapping_mul(2_654_435_761) >> 24) as u8)
				.collect();
			let mut factor = self.allocate((SIDE * SIDE) as u64)?;
			self.write(&mut factor, &bytes)?;
			let mut found = [vec![0; SIDE * SIDE * 4], vec![1; SIDE * SIDE * 4]];
			for (found, by_library) in found.iter_mut().zip([false, true]) {
				let c = self.allocate((SIDE * SIDE * 4) as u64)?;
				let product = Product {
					a: (&factor, 0),
					b: &factor,
					c: &c,
					rows: SIDE as u32,
					n: SIDE as u32,
					k: SIDE as u32,
				};
				match by_library {
					true => library.multiply(&self.stream, &product)?,
					false => kernel_product(self, &product)?,
				}
				self.read(&c, found)?;
			}
			Ok(found[0] == found[1])
		};
		// Whatever is wrong with it: there is the kernel.
		matches!(check(), Ok(true)).then_some(library)
	}
}

/// Whether there is a driver, and it is new enough. Asked before anything else: the bindings panic without one.
fn is_driver_fit() -> Result<(), Failure> {
	#[expect(
		unsafe_code,
		reason = "a library is looked for, as the driver's own loader does"
	)]
	// SAFETY: the driver's library may be loaded by anybody.
	let is_present = unsafe { sys::is_culib_present() };
	if !is_present {
		return Err(Failure::Absent(
			"no NVIDIA driver is installed: libcuda was not found".into(),
		));
	}
	cudarc::driver::result::init()
		.map_err(|error| Failure::Absent(format!("the NVIDIA driver does not start: {error}")))?;
	let mut version = 0;
	#[expect(unsafe_code, reason = "the driver writes its version")]
	// SAFETY: it is an int32 that may be written.
	let asked = unsafe { sys::cuDriverGetVersion(&raw mut version) };
	asked.result().map_err(broken("the driver's version"))?;
	if version < OLDEST_DRIVER {
		return Err(Failure::TooOld(format!(
			"the NVIDIA driver is of CUDA {}.{}; the prover needs that of 11.0 or newer",
			version / 1_000,
			version % 1_000 / 10
		)));
	}
	Ok(())
}

/// The UUID of the GPU of this number.
fn uuid(ordinal: i32) -> Result<String, Failure> {
	let device =
		cudarc::driver::result::device::get(ordinal).map_err(broken("looking at a GPU"))?;
	let uuid = cudarc::driver::result::device::get_uuid(device).map_err(broken("its UUID"))?;
	Ok(uuid_text(uuid))
}

/// The GPU with this UUID.
fn find(uuid: &str) -> Result<Arc<CudaContext>, Failure> {
	let uuids = Cuda::uuids()?;
	match uuids.iter().position(|found| found == uuid) {
		Some(ordinal) => CudaContext::new(ordinal).map_err(broken("opening the GPU")),
		None => Err(Failure::Absent(format!(
			"the driver shows {} GPUs, and none is {uuid}",
			uuids.len()
		))),
	}
}

impl Gpu for Driver {
	type Memory = CudaSlice<u8>;

	fn name(&self) -> String {
		let name = self.context.name().unwrap_or_else(|_| "a GPU".into());
		match self.library {
			Some(_) => format!("{name}, cuBLASLt"),
			None => name,
		}
	}

	fn free_bytes(&self) -> Result<u64, Failure> {
		let (free, _) = self
			.context
			.mem_get_info()
			.map_err(broken("asking for memory"))?;
		Ok(free as u64)
	}

	#[expect(unsafe_code, reason = "memory begins with anything in it")]
	fn allocate(&self, bytes: u64) -> Result<CudaSlice<u8>, Failure> {
		// SAFETY: all of it is written by a kernel or from here before it is read.
		unsafe { self.stream.alloc(bytes as usize) }.map_err(broken("allocating memory"))
	}

	fn write(&self, to: &mut CudaSlice<u8>, bytes: &[u8]) -> Result<(), Failure> {
		self.stream
			.memcpy_htod(bytes, to)
			.map_err(broken("writing memory"))
	}

	fn read(&self, from: &CudaSlice<u8>, into: &mut [u8]) -> Result<(), Failure> {
		self.stream
			.memcpy_dtoh(&from.slice(..into.len()), into)
			.and_then(|()| self.stream.synchronize())
			.map_err(broken("waiting for kernels"))
	}

	#[expect(unsafe_code, reason = "a kernel is launched with what it takes")]
	fn launch(
		&self,
		kernel: Kernel,
		grid: (u32, u32),
		arguments: &[Argument<'_, CudaSlice<u8>>],
	) -> Result<(), Failure> {
		let at = Kernel::ALL
			.iter()
			.position(|other| *other == kernel)
			.unwrap_or(0);
		let pointers: Vec<u64> = arguments
			.iter()
			.map(|argument| match argument {
				Argument::Memory(memory, at) => memory.device_ptr(&self.stream).0 + at,
				Argument::Large(value) => *value,
				Argument::Nothing | Argument::Small(_) => 0,
			})
			.collect();
		let mut launch = self.stream.launch_builder(&self.functions[at]);
		for (argument, pointer) in arguments.iter().zip(&pointers) {
			match argument {
				Argument::Small(value) => launch.arg(value),
				_ => launch.arg(pointer),
			};
		}
		let config = LaunchConfig {
			grid_dim: (grid.0, grid.1, 1),
			block_dim: (kernel.threads(), 1, 1),
			shared_mem_bytes: 0,
		};
		// SAFETY: the arguments are those of the kernel, in its order; the emulated tests launch the same.
		unsafe { launch.launch(config) }
			.map(|_| ())
			.map_err(broken(kernel.name()))
	}

	fn library_product(&self, product: &Product<'_, CudaSlice<u8>>) -> Result<bool, Failure> {
		match &self.library {
			Some(library) => library.multiply(&self.stream, product).map(|()| true),
			None => Ok(false),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::testing::PARAMS;

	#[test]
	fn without_a_driver_or_its_gpu_there_is_a_clear_error_and_no_panic() {
		let opened = Cuda::open("GPU-00000000-0000-0000-0000-000000000000", &PARAMS);
		assert!(matches!(opened, Err(Failure::Absent(_))));
	}

	#[test]
	fn a_uuid_is_written_as_nvml_writes_it() {
		let bytes = std::array::from_fn(|at| (at * 17) as _);
		assert_eq!(
			uuid_text(sys::CUuuid { bytes }),
			"GPU-00112233-4455-6677-8899-aabbccddeeff"
		);
	}

	#[test]
	fn the_ptx_has_all_kernels_and_asks_for_no_newer_driver() {
		for kernel in Kernel::ALL {
			let entry = format!(".visible .entry {}(", kernel.name());
			assert!(PTX.contains(&entry), "{entry}");
		}
		assert!(PTX.contains(".version 7.0") && PTX.contains(".target sm_80"));
	}

	#[test]
	fn the_ptx_was_compiled_from_the_kernels_as_they_are() {
		let mut hasher = blake3::Hasher::new();
		hasher
			.update(include_bytes!("../cuda/kernels.cu"))
			.update(include_bytes!("../cuda/gpu.h"));
		let hash = hasher.finalize().to_hex();
		let first = PTX.lines().next().unwrap_or_default();
		assert!(
			first.ends_with(hash.as_str()),
			"the kernels changed: run `cargo xtask ptx`"
		);
	}
}
