//! `usufruct-e2e demo`: tells the main job to a person, with this machine's real hardware.

use std::time::Instant;

use eyre::{Result, WrapErr};
use usufruct_e2e::{
	agent::Engine,
	docker, images,
	main_job::{self, Listener},
};

/// What runs the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Choice {
	/// Docker where it answers, else WebAssembly
	Auto,
	/// Docker, or fail
	Docker,
	/// WebAssembly
	Wasm,
}

struct Narrator {
	begun: Instant,
	steps: u32,
}

impl Listener for Narrator {
	fn step(&mut self, title: &str) {
		self.steps += 1;
		println!(
			"\n{:>2}. {title}  [{} s]",
			self.steps,
			self.begun.elapsed().as_secs()
		);
	}

	fn detail(&mut self, line: &str) {
		println!("    {line}");
	}
}

/// Tells it.
pub(crate) fn run(engine: Choice) -> Result<()> {
	let engine = choose(engine)?;
	let folder = tempfile::tempdir().wrap_err("make a folder for the demonstration")?;
	let mut narrator = Narrator {
		begun: Instant::now(),
		steps: 0,
	};
	main_job::tell(folder.path(), engine, &mut narrator)?;
	println!(
		"\nDone in {} s; nothing is left running.",
		narrator.begun.elapsed().as_secs()
	);
	Ok(())
}

fn choose(choice: Choice) -> Result<Engine> {
	let container_engine = || -> Result<Engine> {
		let host = docker::reachable()?;
		images::busybox()?;
		Ok(Engine::Docker(host))
	};
	match choice {
		Choice::Wasm => Ok(Engine::Wasm),
		Choice::Docker => container_engine().wrap_err("--engine docker"),
		Choice::Auto => Ok(container_engine().unwrap_or_else(|reason| {
			println!("No container can be run here ({reason:#}): WebAssembly it is.");
			Engine::Wasm
		})),
	}
}
