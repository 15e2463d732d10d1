//! How does this machine prove what it can compute?
//!
//! On a [`Device`]: by all cores of a processor ([`Cpu`]), or by a GPU ([`Cuda`]). A crate of its own, since it
//! alone is built with all optimisations in every profile.

mod cpu;
mod cuda;
mod device;
mod gpu;
mod multiply;
mod proof;
mod sums;
#[cfg(test)]
mod testing;

pub use cpu::{keystream, Cpu};
pub use cuda::Cuda;
pub use device::{Device, Failure};
pub use multiply::{multiply_tile, Instructions, Panels};
pub use proof::{audit_own, keep_again, open, pass_over, prove, Passes};
