//! `cargo xtask ptx`: the GPU kernels of `prover/cuda`, as the PTX that the prover embeds.
//!
//! By clang alone, of PTX 7.0 for compute capability 8.0: every driver since CUDA 11.0 compiles it for the GPU
//! that it finds. `--assemble` has NVIDIA's assembler, from the Python package of their compiler, look at it for
//! several generations.

use std::{
	fs,
	path::{Path, PathBuf},
	process::Command,
};

use eyre::{bail, Result, WrapErr};

use crate::workspace::{root, run as start};

/// What the assembler tries.
const GENERATIONS: [&str; 5] = ["sm_80", "sm_86", "sm_89", "sm_90", "sm_120"];

/// Arguments of `ptx`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
	/// Have NVIDIA's assembler take the result, for several generations. Downloads it.
	#[arg(long)]
	assemble: bool,
}

/// Compiles the kernels.
pub(crate) fn run(arguments: Arguments) -> Result<()> {
	let folder = root().join("prover/cuda");
	let ptx = folder.join("kernels.ptx");
	let compiler = std::env::var_os("CXX").unwrap_or_else(|| "clang++".into());
	start(
		Command::new(compiler)
			.args(["-x", "cuda", "--cuda-device-only", "--cuda-gpu-arch=sm_80"])
			.args(["-nocudainc", "-nocudalib", "-O3", "-S"])
			.args(["-Xclang", "-target-feature", "-Xclang", "+ptx70"])
			.arg(folder.join("kernels.cu"))
			.arg("-o")
			.arg(&ptx),
	)?;
	let text = fs::read_to_string(&ptx).wrap_err("read what was compiled")?;
	let text = format!(
		"// Of kernels with the BLAKE3 hash {}\n{text}",
		hash(&folder)?
	);
	fs::write(&ptx, text).wrap_err("write the PTX")?;
	if arguments.assemble {
		assemble(&ptx)?;
	}
	Ok(())
}

/// The hash of what the PTX is compiled from.
fn hash(folder: &Path) -> Result<String> {
	let mut hasher = blake3::Hasher::new();
	for file in ["kernels.cu", "gpu.h"] {
		hasher.update(&fs::read(folder.join(file)).wrap_err_with(|| format!("read {file}"))?);
	}
	Ok(hasher.finalize().to_hex().to_string())
}

fn assemble(ptx: &Path) -> Result<()> {
	let assembler = assembler()?;
	for generation in GENERATIONS {
		start(
			Command::new(&assembler)
				.arg(format!("--gpu-name={generation}"))
				.args([
					"--warn-on-spills",
					"--warning-as-error",
					"--output-file=/dev/null",
				])
				.arg(ptx),
		)?;
		eprintln!("{generation}: assembled");
	}
	Ok(())
}

/// NVIDIA's assembler, in a Python environment below the target folder.
fn assembler() -> Result<PathBuf> {
	let environment = crate::workspace::programs()?.join("ptxas");
	if !environment.exists() {
		start(
			Command::new("python3")
				.args(["-m", "venv"])
				.arg(&environment),
		)?;
		start(Command::new(environment.join("bin/pip")).args([
			"install",
			"--quiet",
			"--no-deps",
			"nvidia-cuda-nvcc",
		]))?;
	}
	let found = Command::new("find")
		.arg(&environment)
		.args(["-name", "ptxas", "-type", "f"])
		.output()
		.wrap_err("look for the assembler")?;
	let path = String::from_utf8_lossy(&found.stdout);
	match path.lines().next() {
		Some(path) => Ok(path.into()),
		None => bail!(
			"the package nvidia-cuda-nvcc has no ptxas; remove {} and try again",
			environment.display()
		),
	}
}
