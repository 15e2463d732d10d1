//! What computes rounds and passes, whatever it is.

use usufruct_proof::Hash;

/// Why a device did not compute. What it had computed before is whole; what it was at is lost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
	/// There is no driver, or no such device.
	#[error("{0}")]
	Absent(String),
	/// The driver or the device is too old.
	#[error("{0}")]
	TooOld(String),
	/// The class's work does not fit.
	#[error("the class needs {needed_mib} MiB of the GPU's memory, and {free_mib} MiB are free: end what else runs on it")]
	TooSmall {
		/// What is needed.
		needed_mib: u64,
		/// What is free.
		free_mib: u64,
	},
	/// It broke while it computed, or a program on it did.
	#[error(
		"the GPU failed at `{at}`: {why}; `nvidia-smi -q` and the kernel's log (Xid) say more"
	)]
	Broken {
		/// What it was at.
		at: &'static str,
		/// What the driver says.
		why: String,
	},
	/// It computes wrong results.
	#[error("{0} computes wrong results: it must not prove until it was examined")]
	Wrong(String),
}

/// A processor or a GPU, with room for the work of one class.
pub trait Device: Send + std::fmt::Debug {
	/// Its name, for people.
	fn name(&self) -> String;

	/// Computes the round of this number and seed, and gives its root. What the memory phase keeps of it takes the
	/// place of the oldest round that is kept.
	///
	/// # Errors
	///
	/// Where the device fails.
	fn round(&mut self, seed: &Hash, round: u32) -> Result<Hash, Failure>;

	/// The chaining values of all tiles of the round with this seed, in their order.
	///
	/// # Errors
	///
	/// Where the device fails.
	fn tile_values(&mut self, seed: &Hash) -> Result<Vec<Hash>, Failure>;

	/// The root of a pass over what is kept, after so many rounds.
	///
	/// # Errors
	///
	/// Where the device fails.
	fn pass(&mut self, seed: &Hash, rounds: u32) -> Result<Hash, Failure>;

	/// The sums of that pass, leaf after leaf.
	///
	/// # Errors
	///
	/// Where the device fails.
	fn sums(&mut self, seed: &Hash, rounds: u32) -> Result<Vec<u8>, Failure>;
}
