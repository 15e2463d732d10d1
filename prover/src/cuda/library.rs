//! cuBLASLt: multiplies int8 faster than PTX for all GPUs can, where somebody installed it.
#![expect(unsafe_code, reason = "the bindings of the library are unsafe")]

use std::{ffi::c_void, sync::Arc};

use cudarc::{
	cublaslt::{result, sys},
	driver::{CudaSlice, CudaStream, DevicePtr},
};

use crate::{gpu::Product, Failure};

/// Room for the library's own purposes.
const WORKSPACE_BYTES: usize = 64 << 20;

/// `CUBLAS_OP_T` of cuBLAS, whose own bindings are not needed otherwise.
const TRANSPOSED: i32 = 1;

/// The library, opened.
#[derive(Debug)]
pub(super) struct Library {
	handle: sys::cublasLtHandle_t,
	workspace: CudaSlice<u8>,
}

// SAFETY: the handle may be used from any thread, by one at a time: a device is owned by one.
unsafe impl Send for Library {}

impl Drop for Library {
	fn drop(&mut self) {
		// SAFETY: it was created, and is not used any more. What fails now concerns nobody.
		let _: Result<(), _> = unsafe { result::destroy_handle(self.handle) };
	}
}

fn broken(error: result::CublasError) -> Failure {
	Failure::Broken {
		at: "cuBLASLt",
		why: error.to_string(),
	}
}

/// Descriptions that the library gives out, and takes back.
struct Described {
	multiplication: sys::cublasLtMatmulDesc_t,
	layouts: [sys::cublasLtMatrixLayout_t; 3],
	preference: sys::cublasLtMatmulPreference_t,
}

impl Drop for Described {
	fn drop(&mut self) {
		// SAFETY: all of them were created, and none is used any more.
		unsafe {
			let _: Result<(), _> = result::destroy_matmul_pref(self.preference);
			for layout in self.layouts {
				let _: Result<(), _> = result::destroy_matrix_layout(layout);
			}
			let _: Result<(), _> = result::destroy_matmul_desc(self.multiplication);
		}
	}
}

impl Library {
	/// Opens it; `None` where it is not installed or does not start.
	pub(super) fn open(stream: &Arc<CudaStream>) -> Option<Self> {
		// SAFETY: the library may be loaded by anybody.
		if !unsafe { sys::is_culib_present() } {
			return None;
		}
		// SAFETY: only the library writes and reads it.
		let workspace = unsafe { stream.alloc(WORKSPACE_BYTES) }.ok()?;
		let handle = result::create_handle().ok()?;
		Some(Self { handle, workspace })
	}

	/// Multiplies. To the library, whose matrices are column by column, the product is its transpose: of `b`'s
	/// columns, transposed, with `a`'s rows.
	pub(super) fn multiply(
		&self,
		stream: &Arc<CudaStream>,
		product: &Product<'_, CudaSlice<u8>>,
	) -> Result<(), Failure> {
		let described = self.describe(product).map_err(broken)?;
		let [b, a, c] = described.layouts;
		// SAFETY: all of them are alive, and the layouts are those of the memory.
		let chosen = unsafe {
			result::get_matmul_algo_heuristic(
				self.handle,
				described.multiplication,
				b,
				a,
				c,
				c,
				described.preference,
			)
		}
		.map_err(broken)?;
		let (one, zero) = (1i32, 0i32);
		let pointer = |memory: &CudaSlice<u8>| memory.device_ptr(stream).0;
		let to = pointer(product.c) as *mut c_void;
		// SAFETY: the memory is as large as the layouts say, and stays until the stream is through.
		unsafe {
			result::matmul(
				self.handle,
				described.multiplication,
				(&raw const one).cast(),
				(&raw const zero).cast(),
				pointer(product.b) as *const c_void,
				b,
				(pointer(product.a.0) + product.a.1) as *const c_void,
				a,
				to,
				c,
				to,
				c,
				&raw const chosen.algo,
				pointer(&self.workspace) as *mut c_void,
				WORKSPACE_BYTES,
				stream.cu_stream().cast(),
			)
		}
		.map_err(broken)
	}

	fn describe(
		&self,
		product: &Product<'_, CudaSlice<u8>>,
	) -> Result<Described, result::CublasError> {
		use sys::{cublasComputeType_t as Compute, cudaDataType as Type};
		let (rows, n, k) = (
			u64::from(product.rows),
			u64::from(product.n),
			u64::from(product.k),
		);
		let layout =
			|of, rows, columns| result::create_matrix_layout(of, rows, columns, rows.cast_signed());
		let described = Described {
			multiplication: result::create_matmul_desc(
				Compute::CUBLAS_COMPUTE_32I,
				Type::CUDA_R_32I,
			)?,
			layouts: [
				layout(Type::CUDA_R_8I, k, n)?,
				layout(Type::CUDA_R_8I, k, rows)?,
				layout(Type::CUDA_R_32I, n, rows)?,
			],
			preference: result::create_matmul_pref()?,
		};
		let (transposed, workspace) = (TRANSPOSED, WORKSPACE_BYTES);
		// SAFETY: each value has the type and the size of its attribute.
		unsafe {
			result::set_matmul_desc_attribute(
				described.multiplication,
				sys::cublasLtMatmulDescAttributes_t::CUBLASLT_MATMUL_DESC_TRANSA,
				(&raw const transposed).cast(),
				size_of_val(&transposed),
			)?;
			result::set_matmul_pref_attribute(
				described.preference,
				sys::cublasLtMatmulPreferenceAttributes_t::CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
				(&raw const workspace).cast(),
				size_of_val(&workspace),
			)?;
		}
		Ok(described)
	}
}
