//! `usufruct-agent`: runs on a provider's machine.
#![allow(clippy::print_stdout)]

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::Parser;
use eyre::{bail, Result, WrapErr};
use usufruct_access::sealing::SealingKey;
use usufruct_agent::{
	access::{self, Secrets},
	chain::Chain,
	check,
	config::{self, Config, Settings},
	engine::Engines,
	inventory,
	isolation::{self, inside, Class},
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
		/// Try to get out of throw-away workspaces instead, for real; 1 where anything gets out
		#[arg(long)]
		isolation: bool,
		/// Of one class alone
		#[arg(long, requires = "isolation")]
		class: Option<Class>,
		/// Print JSON
		#[arg(long)]
		json: bool,
	},
	/// What the isolation check runs in its workspaces
	#[command(hide = true)]
	Probe {
		/// What there is to be reached, as JSON
		#[arg(long)]
		targets: Option<String>,
		/// One attempt alone
		#[arg(long, requires = "targets")]
		only: Option<String>,
		/// Listen at a port instead
		#[arg(long)]
		listen: Option<u16>,
		/// Take all memory instead
		#[arg(long)]
		take_memory: bool,
	},
}

fn main() -> Result<()> {
	let command = Cli::parse().command;
	// Before there are threads: some of what is tried is refused to processes that have several.
	if let Command::Probe {
		targets,
		only,
		listen,
		take_memory,
	} = command
	{
		return match (targets, only, listen) {
			(_, _, Some(port)) => inside::listen(port),
			_ if take_memory => inside::take_memory(),
			(Some(targets), Some(only), _) => inside::try_one(&only, &targets),
			(Some(targets), None, _) => inside::try_all(&targets),
			(None, ..) => bail!("nothing to try"),
		};
	}
	let runtime = tokio::runtime::Builder::new_multi_thread()
		.enable_all()
		.build()
		.wrap_err("start the threads")?;
	let done = runtime.block_on(work(command));
	// Not a minute more for a proof that is under way: nobody would hear of it.
	runtime.shutdown_background();
	done
}

async fn work(command: Command) -> Result<()> {
	tracing_subscriber::fmt()
		.with_env_filter(
			tracing_subscriber::EnvFilter::try_from_default_env()
				.unwrap_or_else(|_| "info,subxt=warn".into()),
		)
		.with_writer(std::io::stderr)
		.init();
	match command {
		Command::Run { config, settings } => {
			run(Config::new(
				settings.or(config::read_if(config.as_deref())?),
			)?)
			.await
		}
		Command::Check {
			config,
			settings,
			isolation,
			class,
			json,
		} => {
			let settings = settings.or(config::read_if(config.as_deref())?);
			if isolation {
				let holds = check_isolation(&settings, class, json).await?;
				std::process::exit(i32::from(!holds));
			}
			let can_join = check::show(&check::look(settings).await, json)?;
			std::process::exit(i32::from(!can_join));
		}
		Command::Probe { .. } => bail!("this is not for a runtime with threads"),
	}
}

/// Puts the classes to the test that this machine can give, or the one that was asked for.
async fn check_isolation(settings: &Settings, class: Option<Class>, json: bool) -> Result<bool> {
	let all = [Class::Container, Class::Gvisor, Class::Wasm];
	let classes = class.map_or(all.to_vec(), |class| vec![class]);
	let data_dir = settings.data_dir.clone();
	let data_dir = data_dir.unwrap_or_else(Config::default_data_dir);
	let is_weak_allowed = settings.allow_weak_isolation.unwrap_or(false);
	let mut holds = true;
	for one in classes {
		match isolation::check(one, &data_dir, is_weak_allowed).await? {
			Some(report) => {
				isolation::show(&report, json)?;
				holds &= report.holds();
			}
			None if class.is_some() => bail!("this machine does not offer the class {one:?}"),
			None => tracing::info!(class = ?one, "not offered here, and so not tried"),
		}
	}
	Ok(holds)
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
		config.allow_weak_isolation,
	)
	.await?;
	let engines = Arc::new(engines);
	tracing::info!(engines = ?engines.names(), devices = machine.devices.len(), "machine looked at");
	for note in &machine.notes {
		tracing::info!("{note}");
	}
	let metrics = server::Metrics::new()?;
	metrics.add(engines.collectors())?;
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
