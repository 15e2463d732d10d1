//! `usufruct-e2e chaos`.

use std::{path::PathBuf, time::Duration};

use eyre::{bail, Result, WrapErr};
use usufruct_e2e::{
	chaos::{self, Kind, Plan},
	main_job::Listener,
};

/// What is to go wrong.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
	/// How many faults, one after the other; one takes about a minute
	#[arg(long, default_value_t = 16)]
	faults: usize,
	/// What the faults are drawn from: the same seed, the same faults
	#[arg(long, default_value_t = 7)]
	seed: u64,
	/// Only faults of this kind; may be given again
	#[arg(long = "only")]
	kinds: Vec<Choice>,
	/// Run WebAssembly alone, although there is a container engine
	#[arg(long)]
	wasm: bool,
	/// Longest that all may take to be well again after a fault, in seconds
	#[arg(long, default_value_t = 300)]
	patience: u64,
	/// Keep all files here, the logs among them: an empty folder [default: one that is removed at the end]
	#[arg(long)]
	folder: Option<PathBuf>,
	/// Print the report as JSON instead of a table
	#[arg(long)]
	json: bool,
}

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Choice {
	/// SIGTERM an agent, and start it again
	RestartAgent,
	/// SIGKILL an agent; it is back before its leases expire
	KillAgent,
	/// SIGKILL an agent; it is back when its leases were given to others
	LoseAgent,
	/// SIGKILL dockerd with all its containers
	KillEngine,
	/// Break an agent's connections to the chain, and turn new ones away
	CutNetwork,
	/// Let all vanish that an agent and the chain send each other, without breaking a connection
	SilenceNetwork,
	/// Fill the disk that an agent's data folder is on (root)
	FillDisk,
	/// End an agent and damage its journal
	CorruptJournal,
	/// Stop the validator for twenty slots
	StopChain,
}

impl From<Choice> for Kind {
	fn from(choice: Choice) -> Self {
		match choice {
			Choice::RestartAgent => Self::RestartAgent,
			Choice::KillAgent => Self::KillAgent,
			Choice::LoseAgent => Self::LoseAgent,
			Choice::KillEngine => Self::KillEngine,
			Choice::CutNetwork => Self::CutNetwork,
			Choice::SilenceNetwork => Self::SilenceNetwork,
			Choice::FillDisk => Self::FillDisk,
			Choice::CorruptJournal => Self::CorruptJournal,
			Choice::StopChain => Self::StopChain,
		}
	}
}

/// Tells what happens on standard error: the report alone is on standard output.
struct Progress;

impl Listener for Progress {
	fn step(&mut self, title: &str) {
		eprintln!("{title}");
	}

	fn detail(&mut self, line: &str) {
		eprintln!("    {line}");
	}
}

/// Lets things go wrong and prints what that came to. Fails unless all held.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
	let kinds: Vec<Kind> = arguments.kinds.iter().map(|&kind| kind.into()).collect();
	let plan = Plan {
		faults: arguments.faults,
		seed: arguments.seed,
		kinds: if kinds.is_empty() {
			Kind::ALL.to_vec()
		} else {
			kinds
		},
		containers: !arguments.wasm,
		patience: Duration::from_secs(arguments.patience),
	};
	let temporary = tempfile::tempdir().wrap_err("make a folder")?;
	let folder = arguments.folder.as_deref().unwrap_or(temporary.path());
	std::fs::create_dir_all(folder).wrap_err_with(|| format!("make {}", folder.display()))?;
	let folder = folder.canonicalize()?;
	let report = chaos::run(&plan, &folder, &mut Progress)?;
	if arguments.json {
		println!("{:#}", serde_json::to_value(&report)?);
	} else {
		println!("\n{}", report.table());
	}
	if !report.holds() {
		bail!(
			"it did not hold: {}",
			report.failure.as_deref().unwrap_or("see the counts")
		);
	}
	Ok(())
}
