//! A GPU, kernel by kernel, whatever runs them: the driver, or an emulation in the tests.

use std::time::{Duration, Instant};

use usufruct_proof::{
	pass_vectors, ClassParams, Hash, RoundKeys, ROW_BYTES, ROW_SUMS_BYTES, TILE_BYTES, VECTORS,
};

use crate::{Device, Failure};

/// Sides that the kernel for tensor cores multiplies are multiples of this.
const SIDE: u32 = 128;
/// Bytes of a product that are there at once, about: hashed before the next of it is computed.
const BAND_BYTES: u64 = 512 << 20;
/// Blocks of threads that sum rows, each with eight warps: enough to fill any GPU.
const SUM_BLOCKS: u32 = 2_048;
/// Bytes of a hash.
const HASH: u64 = 32;

/// The functions of `cuda/kernels.cu`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kernel {
	Chacha8,
	Gemm,
	GemmSmall,
	HashTiles,
	HashChunks,
	HashParents,
	SumRows,
}

impl Kernel {
	pub(crate) const ALL: [Self; 7] = [
		Self::Chacha8,
		Self::Gemm,
		Self::GemmSmall,
		Self::HashTiles,
		Self::HashChunks,
		Self::HashParents,
		Self::SumRows,
	];

	pub(crate) fn name(self) -> &'static str {
		match self {
			Self::Chacha8 => "chacha8",
			Self::Gemm => "gemm",
			Self::GemmSmall => "gemm_small",
			Self::HashTiles => "hash_tiles",
			Self::HashChunks => "hash_chunks",
			Self::HashParents => "hash_parents",
			Self::SumRows => "sum_rows",
		}
	}

	/// Threads of a block.
	pub(crate) fn threads(self) -> u32 {
		match self {
			Self::HashTiles | Self::HashChunks | Self::HashParents => 128,
			_ => 256,
		}
	}

	/// Blocks for so many threads.
	fn blocks(self, threads: u64) -> u32 {
		threads.div_ceil(self.threads().into()) as u32
	}
}

/// What a kernel takes.
#[derive(Debug)]
pub(crate) enum Argument<'a, M> {
	/// Memory from this byte on.
	Memory(&'a M, u64),
	/// No memory.
	Nothing,
	Small(u32),
	Large(u64),
}

/// A product of matrices: `rows` of them from the byte `at` of `a` on.
#[derive(Debug)]
pub(crate) struct Product<'a, M> {
	pub(crate) a: (&'a M, u64),
	pub(crate) b: &'a M,
	pub(crate) c: &'a M,
	pub(crate) rows: u32,
	pub(crate) n: u32,
	pub(crate) k: u32,
}

/// What runs kernels, one after the other.
pub(crate) trait Gpu: Send + std::fmt::Debug {
	/// Memory of the GPU; it is given back when it is dropped.
	type Memory: Send + std::fmt::Debug;

	fn name(&self) -> String;
	/// Bytes that nobody uses.
	fn free_bytes(&self) -> Result<u64, Failure>;
	fn allocate(&self, bytes: u64) -> Result<Self::Memory, Failure>;
	fn write(&self, to: &mut Self::Memory, bytes: &[u8]) -> Result<(), Failure>;
	/// Reads from the beginning of memory, when all kernels are through.
	fn read(&self, from: &Self::Memory, into: &mut [u8]) -> Result<(), Failure>;
	/// Begins to run a kernel on a grid of blocks.
	fn launch(
		&self,
		kernel: Kernel,
		grid: (u32, u32),
		arguments: &[Argument<'_, Self::Memory>],
	) -> Result<(), Failure>;
	/// Multiplies by a library that is faster than the kernel; `false` where there is none.
	fn library_product(&self, _: &Product<'_, Self::Memory>) -> Result<bool, Failure> {
		Ok(false)
	}
}

/// A GPU with room for the work of one class.
#[derive(Debug)]
pub(crate) struct GpuDevice<G: Gpu> {
	gpu: G,
	params: ClassParams,
	/// Keys of the two matrices and of hashes, one memory each.
	keys: [G::Memory; 3],
	/// The matrices.
	factors: [G::Memory; 2],
	/// A band of rows of the product.
	band: G::Memory,
	band_rows: u32,
	/// Chaining values: those of tiles or of leaves of sums, and the level above.
	levels: [G::Memory; 2],
	memory: Option<OfMemory<G::Memory>>,
}

/// What the memory phase needs.
#[derive(Debug)]
struct OfMemory<M> {
	/// What is kept of the last rounds, one place each.
	kept: M,
	kept_rounds: u32,
	vectors: M,
	sums: M,
}

/// Bytes that the work of a class needs: of both matrices, a band, both levels, what is kept, and its sums.
fn needs(params: &ClassParams) -> [u64; 7] {
	let (m, n, k): (u64, u64, u64) = (params.m.into(), params.n.into(), params.k.into());
	let values = u64::from(params.tiles().max(params.sums_leaves())) * HASH;
	let sums = u64::from(params.kept_rows()) * ROW_SUMS_BYTES as u64;
	[
		m * k,
		n * k,
		u64::from(band_rows(params)) * n * 4,
		values,
		values.div_ceil(2).next_multiple_of(HASH),
		params.kept_bytes(),
		sums,
	]
}

/// A power of two, as the rows are.
fn band_rows(params: &ClassParams) -> u32 {
	let fit = (BAND_BYTES / (4 * u64::from(params.n))).max(SIDE.into());
	params.m.min(1 << fit.ilog2())
}

impl<G: Gpu> GpuDevice<G> {
	/// Takes all the memory that the work of a class needs.
	pub(crate) fn new(gpu: G, params: &ClassParams) -> Result<Self, Failure> {
		let needs = needs(params);
		let (needed, free) = (needs.iter().sum::<u64>(), gpu.free_bytes()?);
		if needed > free {
			return Err(Failure::TooSmall {
				needed_mib: needed >> 20,
				free_mib: free >> 20,
			});
		}
		let [a, b, band, values, above, kept, sums] = needs;
		let memory = match params.memory {
			Some(memory) => Some(OfMemory {
				kept: gpu.allocate(kept)?,
				kept_rounds: memory.kept_rounds,
				vectors: gpu.allocate((VECTORS * ROW_BYTES) as u64)?,
				sums: gpu.allocate(sums)?,
			}),
			None => None,
		};
		Ok(Self {
			params: *params,
			keys: [
				gpu.allocate(HASH)?,
				gpu.allocate(HASH)?,
				gpu.allocate(HASH)?,
			],
			factors: [gpu.allocate(a)?, gpu.allocate(b)?],
			band: gpu.allocate(band)?,
			band_rows: band_rows(params),
			levels: [gpu.allocate(values)?, gpu.allocate(above)?],
			memory,
			gpu,
		})
	}

	/// Makes the matrices those of a round.
	fn fill(&mut self, seed: &Hash) -> Result<(), Failure> {
		let round_keys = RoundKeys::new(seed);
		let keys = [round_keys.of_a(), round_keys.of_b(), seed];
		for (memory, key) in self.keys.iter_mut().zip(keys) {
			self.gpu.write(memory, key)?;
		}
		let sides = [self.params.m, self.params.n];
		for ((key, factor), side) in self.keys.iter().zip(&self.factors).zip(sides) {
			let blocks = u64::from(side) * u64::from(self.params.k) / 64;
			self.gpu.launch(
				Kernel::Chacha8,
				(Kernel::Chacha8.blocks(blocks), 1),
				&[
					Argument::Memory(key, 0),
					Argument::Large(0),
					Argument::Large(blocks),
					Argument::Memory(factor, 0),
				],
			)?;
		}
		Ok(())
	}

	/// Tiles of a band.
	fn tiles_of_band(&self) -> u32 {
		self.band_rows / 16 * (self.params.n / 16)
	}

	/// Multiplies the band of this number.
	fn multiply_band(&self, band: u32) -> Result<(), Failure> {
		let ClassParams { n, k, .. } = self.params;
		let at = u64::from(band) * u64::from(self.band_rows) * u64::from(k);
		let product = Product {
			a: (&self.factors[0], at),
			b: &self.factors[1],
			c: &self.band,
			rows: self.band_rows,
			n,
			k,
		};
		if self.gpu.library_product(&product)? {
			return Ok(());
		}
		kernel_product(&self.gpu, &product)
	}

	/// Computes the chaining values of a band's tiles into the first level; keeps them in the place of that
	/// number.
	fn hash_band(&self, band: u32, place: Option<u32>) -> Result<(), Failure> {
		let tiles = self.tiles_of_band();
		let place_bytes = u64::from(self.params.tiles()) * TILE_BYTES as u64 / 2;
		let keep = match (&self.memory, place) {
			(Some(memory), Some(place)) => {
				Argument::Memory(&memory.kept, u64::from(place) * place_bytes)
			}
			_ => Argument::Nothing,
		};
		self.gpu.launch(
			Kernel::HashTiles,
			(Kernel::HashTiles.blocks(tiles.into()), 1),
			&[
				Argument::Memory(&self.band, 0),
				Argument::Small(self.params.n),
				Argument::Small(tiles),
				Argument::Small(band * tiles),
				Argument::Memory(&self.keys[2], 0),
				Argument::Memory(&self.levels[0], 0),
				keep,
			],
		)
	}

	/// Computes all tiles, and their chaining values into the first level.
	fn hash_tiles(&self, place: Option<u32>) -> Result<(), Failure> {
		for band in 0..self.params.m / self.band_rows {
			self.multiply_band(band)?;
			self.hash_band(band, place)?;
		}
		Ok(())
	}

	/// How long a round's random numbers, its products and its hashes take, each by itself.
	pub(crate) fn parts(&mut self, seed: &Hash) -> Result<[Duration; 3], Failure> {
		let bands = self.params.m / self.band_rows;
		let wait = |device: &Self| device.gpu.read(&device.keys[0], &mut [0; 32]);
		wait(self)?;
		let mut last = Instant::now();
		let mut lap = || std::mem::replace(&mut last, Instant::now()).elapsed();
		self.fill(seed)?;
		wait(self)?;
		let filling = lap();
		(0..bands).try_for_each(|band| self.multiply_band(band))?;
		wait(self)?;
		let multiplying = lap();
		(0..bands).try_for_each(|band| self.hash_band(band, None))?;
		self.root(self.params.tiles())?;
		Ok([filling, multiplying, lap()])
	}

	/// The root above so many chaining values of the first level.
	fn root(&self, mut count: u32) -> Result<Hash, Failure> {
		let [mut below, mut above] = self.levels.each_ref();
		while count > 1 {
			let parents = count.div_ceil(2);
			self.gpu.launch(
				Kernel::HashParents,
				(Kernel::HashParents.blocks(parents.into()), 1),
				&[
					Argument::Memory(below, 0),
					Argument::Small(count),
					Argument::Memory(&self.keys[2], 0),
					Argument::Memory(above, 0),
				],
			)?;
			(below, above) = (above, below);
			count = parents;
		}
		let mut root = [0; 32];
		self.gpu.read(below, &mut root)?;
		Ok(root)
	}

	/// Makes the sums of a pass.
	fn sum_rows(&mut self, seed: &Hash, rounds: u32) -> Result<(), Failure> {
		self.gpu.write(&mut self.keys[2], seed)?;
		let Some(memory) = &mut self.memory else {
			return Ok(());
		};
		let vectors = pass_vectors(seed);
		self.gpu
			.write(&mut memory.vectors, vectors.as_flattened())?;
		// The oldest round comes first; it lies where the next one would be put.
		let of_round = self.params.kept_rows() / memory.kept_rounds;
		let newer = rounds % memory.kept_rounds * of_round;
		let older = self.params.kept_rows() - newer;
		for (rows, from, to) in [(older, newer, 0), (newer, 0, older)] {
			if rows == 0 {
				continue;
			}
			let blocks = rows.div_ceil(8).min(SUM_BLOCKS);
			self.gpu.launch(
				Kernel::SumRows,
				(blocks, 1),
				&[
					Argument::Memory(&memory.kept, u64::from(from) * ROW_BYTES as u64),
					Argument::Small(rows),
					Argument::Memory(&memory.vectors, 0),
					Argument::Memory(&memory.sums, u64::from(to) * ROW_SUMS_BYTES as u64),
					Argument::Small(blocks * 8),
				],
			)?;
		}
		Ok(())
	}
}

/// Multiplies a band by the kernels alone.
pub(crate) fn kernel_product<G: Gpu>(
	gpu: &G,
	product: &Product<'_, G::Memory>,
) -> Result<(), Failure> {
	let Product {
		a,
		b,
		c,
		rows,
		n,
		k,
	} = product;
	let mut arguments = vec![
		Argument::Memory(a.0, a.1),
		Argument::Memory(b, 0),
		Argument::Memory(c, 0),
		Argument::Small(*k),
		Argument::Small(*n),
	];
	if rows % SIDE == 0 && n % SIDE == 0 {
		return gpu.launch(Kernel::Gemm, (n / SIDE, rows / SIDE), &arguments);
	}
	arguments.push(Argument::Small(*rows));
	let blocks = Kernel::GemmSmall.blocks(u64::from(*rows) * u64::from(*n));
	gpu.launch(Kernel::GemmSmall, (blocks, 1), &arguments)
}

impl<G: Gpu> Device for GpuDevice<G> {
	fn name(&self) -> String {
		self.gpu.name()
	}

	fn round(&mut self, seed: &Hash, round: u32) -> Result<Hash, Failure> {
		self.fill(seed)?;
		let place = self
			.memory
			.as_ref()
			.map(|memory| round % memory.kept_rounds);
		self.hash_tiles(place)?;
		self.root(self.params.tiles())
	}

	fn tile_values(&mut self, seed: &Hash) -> Result<Vec<Hash>, Failure> {
		self.fill(seed)?;
		self.hash_tiles(None)?;
		let mut values = vec![[0; 32]; self.params.tiles() as usize];
		self.gpu.read(&self.levels[0], values.as_flattened_mut())?;
		Ok(values)
	}

	fn pass(&mut self, seed: &Hash, rounds: u32) -> Result<Hash, Failure> {
		self.sum_rows(seed, rounds)?;
		let leaves = self.params.sums_leaves();
		if let Some(memory) = &self.memory {
			self.gpu.launch(
				Kernel::HashChunks,
				(Kernel::HashChunks.blocks(leaves.into()), 1),
				&[
					Argument::Memory(&memory.sums, 0),
					Argument::Small(leaves),
					Argument::Memory(&self.keys[2], 0),
					Argument::Memory(&self.levels[0], 0),
				],
			)?;
		}
		self.root(leaves)
	}

	fn sums(&mut self, seed: &Hash, rounds: u32) -> Result<Vec<u8>, Failure> {
		self.sum_rows(seed, rounds)?;
		let mut sums = vec![0; self.params.kept_rows() as usize * ROW_SUMS_BYTES];
		if let Some(memory) = &self.memory {
			self.gpu.read(&memory.sums, &mut sums)?;
		}
		Ok(sums)
	}
}

#[cfg(test)]
mod emulation;
#[cfg(test)]
mod tests;
