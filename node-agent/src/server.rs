//! Health and metrics over HTTP.

use std::{
	net::SocketAddr,
	sync::atomic::{AtomicU64, Ordering},
	sync::Arc,
	time::{SystemTime, UNIX_EPOCH},
};

use axum::{extract::State, http::StatusCode, routing::get, Router};
use eyre::{Result, WrapErr};
use prometheus::{core::Collector, Encoder, IntCounter, IntGauge, Registry, TextEncoder};

/// Seconds without a finalized block after which the agent is not ready.
const STALE: u64 = 60;

/// What the agent counts.
#[derive(Clone, Debug)]
pub struct Metrics {
	registry: Registry,
	/// The last finalized block that was seen.
	pub block: IntGauge,
	/// Leases that run.
	pub leases: IntGauge,
	/// Workspaces that were started again, since they ended or were not well.
	pub restarts: IntCounter,
	/// Heartbeats that the chain took.
	pub heartbeats: IntCounter,
	/// Passes of the reconciler that failed and were tried again.
	pub failures: IntCounter,
	/// Proofs that were revealed.
	pub proofs: IntCounter,
	/// Rounds that were computed for proofs.
	pub rounds: IntCounter,
	/// Operations per second of the last proof, hashing and all.
	pub speed: IntGauge,
	/// Watts while the last proof was computed, where the hardware tells.
	pub power: IntGauge,
	/// Passes that were made for proofs of memory.
	pub passes: IntCounter,
	/// Bytes of memory read per second in the last proof.
	pub memory_speed: IntGauge,
	seen: Arc<AtomicU64>,
}

impl Metrics {
	/// Registers them.
	///
	/// # Errors
	///
	/// Where a name is used twice.
	pub fn new() -> Result<Self> {
		let registry = Registry::new();
		let gauge = |name: &str, help: &str| -> Result<IntGauge> {
			let metric = IntGauge::new(name, help)?;
			registry.register(Box::new(metric.clone()))?;
			Ok(metric)
		};
		let counter = |name: &str, help: &str| -> Result<IntCounter> {
			let metric = IntCounter::new(name, help)?;
			registry.register(Box::new(metric.clone()))?;
			Ok(metric)
		};
		Ok(Self {
			block: gauge(
				"usufruct_agent_finalized_block",
				"Last finalized block seen",
			)?,
			leases: gauge("usufruct_agent_leases", "Leases that run")?,
			restarts: counter(
				"usufruct_agent_lease_restarts_total",
				"Workspaces started again because they ended or were not well",
			)?,
			heartbeats: counter(
				"usufruct_agent_heartbeats_total",
				"Heartbeats taken by the chain",
			)?,
			failures: counter(
				"usufruct_agent_failures_total",
				"Passes that failed and were repeated",
			)?,
			proofs: counter("usufruct_agent_proofs_total", "Proofs revealed")?,
			rounds: counter(
				"usufruct_agent_proof_rounds_total",
				"Rounds computed for proofs",
			)?,
			speed: gauge(
				"usufruct_agent_proof_ops_per_second",
				"Operations per second of the last proof, hashing and all",
			)?,
			power: gauge(
				"usufruct_agent_proof_power_watts",
				"Power while the rounds of the last proof were computed; 0 where the hardware does not tell",
			)?,
			passes: counter(
				"usufruct_agent_proof_passes_total",
				"Passes made for proofs of memory",
			)?,
			memory_speed: gauge(
				"usufruct_agent_proof_memory_bytes_per_second",
				"Bytes of memory read per second in the last proof",
			)?,
			registry,
			seen: Arc::default(),
		})
	}

	/// Tells what others count, too.
	///
	/// # Errors
	///
	/// Where a name is used twice.
	pub fn add(&self, collectors: Vec<Box<dyn Collector>>) -> Result<()> {
		for collector in collectors {
			self.registry.register(collector)?;
		}
		Ok(())
	}

	/// Notes a finalized block.
	pub fn saw_block(&self, number: u32) {
		self.block.set(number.into());
		self.seen.store(seconds(), Ordering::Relaxed);
	}

	fn is_ready(&self) -> bool {
		seconds().saturating_sub(self.seen.load(Ordering::Relaxed)) < STALE
	}
}

/// Seconds since 1970 by this machine's clock; 0 where it stands before that.
pub(crate) fn seconds() -> u64 {
	SystemTime::now()
		.duration_since(UNIX_EPOCH)
		.map_or(0, |time| time.as_secs())
}

/// Serves until the process ends.
///
/// # Errors
///
/// Where the address is taken.
pub async fn serve(address: SocketAddr, metrics: Metrics) -> Result<()> {
	let router = Router::new()
		.route("/health", get(|| async { "alive\n" }))
		.route(
			"/health/readiness",
			get(|State(metrics): State<Metrics>| async move {
				if metrics.is_ready() {
					(StatusCode::OK, "ready\n")
				} else {
					(
						StatusCode::SERVICE_UNAVAILABLE,
						"no finalized block for a minute\n",
					)
				}
			}),
		)
		.route(
			"/metrics",
			get(|State(metrics): State<Metrics>| async move {
				let mut text = Vec::new();
				match TextEncoder::new().encode(&metrics.registry.gather(), &mut text) {
					Ok(()) => (StatusCode::OK, text),
					Err(error) => (
						StatusCode::INTERNAL_SERVER_ERROR,
						error.to_string().into_bytes(),
					),
				}
			}),
		)
		.with_state(metrics);
	let listener = tokio::net::TcpListener::bind(address)
		.await
		.wrap_err_with(|| format!("listen on {address}; name another with --listen"))?;
	tokio::spawn(async move {
		if let Err(error) = axum::serve(listener, router).await {
			tracing::error!(%error, "health and metrics are not served any more");
		}
	});
	Ok(())
}
