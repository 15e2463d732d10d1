//! `usufruct-agent`: runs on a provider's machine.
#![allow(clippy::print_stdout)]

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::Parser;
use eyre::{Result, WrapErr};
use usufruct_access::sealing::SealingKey;
use usufruct_agent::{
	access::{self, Secrets},
	chain::Chain,
	check,
	config::{self, Config, Settings},
	engine::Engines,
	inventory,
	journal::Journal,
	reconciler::Reconciler,
	server,
};

/// Sells this machine's compute on the Usufruct chain.
#[derive(Debug, Parser)]
#[command(
	name = "usufruct-agent",
	version,
	after_help = "\
The hot key only pays fees; it acts for the owner through a proxy that the owner gave it:\n  \
usufruct --key … node add-agent <address of the hot key>\n\n\
Settings come from the file, then the environment, then flags; later ones win."
)]
struct Cli {
	#[command(subcommand)]
	command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
	/// Register this machine, keep it alive on chain, run what was leased, prove compute
	Run {
		/// A TOML file with the settings below, named as the flags are
		#[arg(long)]
		config: Option<PathBuf>,
		#[command(flatten)]
		settings: Box<Settings>,
	},
	/// Explain what this machine offers, and what is wrong with it; 1 where it cannot join
	Check {
		/// A TOML file with the settings below, named as the flags are
		#[arg(long)]
		config: Option<PathBuf>,
		#[command(flatten)]
		settings: Box<Settings>,
		/// Print JSON
		#[arg(long)]
		json: bool,
	},
}

#[tokio::main]
async fn main() -> Result<()> {
	tracing_subscriber::fmt()
		.with_env_filter(
			tracing_subscriber::EnvFilter::try_from_default_env()
				.unwrap_or_else(|_| "info,subxt=warn".into()),
		)
		.with_writer(std::io::stderr)
		.init();
	match Cli::parse().command {
		Command::Run { config, settings } => {
			run(Config::new(
				settings.or(config::read_if(config.as_deref())?),
			)?)
			.await
		}
		Command::Check {
			config,
			settings,
			json,
		} => {
			let settings = settings.or(config::read_if(config.as_deref())?);
			let can_join = check::show(&check::look(settings).await, json)?;
			std::process::exit(i32::from(!can_join));
		}
	}
}

async fn run(config: Config) -> Result<()> {
	std::fs::create_dir_all(&config.data_dir)
		.wrap_err_with(|| format!("create the data folder {}", config.data_dir.display()))?;
	let machine = inventory::look(&config.data_dir)?;
	let journal = Journal::open(&config.data_dir)?;
	let key = SealingKey::derive(&config.key.0);
	let secrets = Secrets::new(&config.data_dir, key)?;
	let (data_dir, public_address) = (&config.data_dir, &config.public_address);
	let given = Some(secrets.clone());
	let engines = Engines::new(
		config.engine,
		data_dir,
		public_address,
		given,
		config.sources.clone(),
	)
	.await?;
	let engines = Arc::new(engines);
	tracing::info!(engines = ?engines.names(), devices = machine.devices.len(), "machine looked at");
	for note in &machine.notes {
		tracing::info!("{note}");
	}
	let metrics = server::Metrics::new()?;
	server::serve(config.listen, metrics.clone()).await?;
	let chain = Chain::connect(&config, Duration::from_secs(60)).await?;
	let identity = machine.identity;
	access::start(&config, &chain, identity, engines.clone(), secrets).await?;
	Reconciler::new(config, chain, engines, journal, machine, metrics)
		.run(stop_signal())
		.await;
	Ok(())
}

/// Ends with the first SIGINT or SIGTERM; a second one ends the process at once.
async fn stop_signal() {
	use tokio::signal::unix::{signal, SignalKind};
	let Ok(mut terminate) = signal(SignalKind::terminate()) else {
		tracing::error!("SIGTERM cannot be listened for");
		return;
	};
	tokio::select! {
		_ = terminate.recv() => {},
		_ = tokio::signal::ctrl_c() => {},
	}
	tokio::spawn(async move {
		tokio::select! {
			_ = terminate.recv() => {},
			_ = tokio::signal::ctrl_c() => {},
		}
		std::process::exit(130);
	});
}
