//! How a workspace is kept running: its health check and its restarts, as flags and in files.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;
use usufruct_client::api;

use super::types::BoundedVec;

use api::runtime_types::pallet_workspaces::workload as chain;

/// How it is kept running.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Upkeep {
	/// Check whether it is well at its port: by a connection, or with =PATH by a GET that is answered with 200 to
	/// 399. One that is not well is started again, or matched to another machine
	#[arg(
		long,
		value_name = "PATH",
		num_args = 0..=1,
		require_equals = true,
		default_missing_value = ""
	)]
	pub(super) health: Option<String>,
	/// Seconds between two checks [default: 10]
	#[arg(long, value_name = "SECONDS", requires = "health")]
	pub(super) health_every: Option<u16>,
	/// Seconds for an answer [default: 5]
	#[arg(long, value_name = "SECONDS", requires = "health")]
	pub(super) health_timeout: Option<u8>,
	/// Failures in a row before it counts as ill [default: 3]
	#[arg(long, value_name = "NUMBER", requires = "health")]
	pub(super) health_failures: Option<u8>,
	/// Seconds after a start in which failures do not count [default: 60]
	#[arg(long, value_name = "SECONDS", requires = "health")]
	pub(super) health_grace: Option<u16>,
	/// Whether it is started again on its machine: never, on-failure:N, always:N, at most N times in a row [default:
	/// always:2, a job never]
	#[arg(long)]
	pub(super) restart: Option<Restart>,
}

/// Whether it is started again on its machine when it ends: `never`, `on-failure:N` or `always:N`, at most N times
/// in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) enum Restart {
	Never,
	OnFailure(u8),
	Always(u8),
}

impl FromStr for Restart {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let (word, number) = text.split_once(':').unwrap_or((text, ""));
		let most = || match number.parse() {
			Ok(most @ 1..=100) => Ok(most),
			_ => Err(format!(
				"{text:?}: say how often, from 1 to 100, as {word}:3"
			)),
		};
		match word {
			"never" if number.is_empty() && !text.contains(':') => Ok(Self::Never),
			"on-failure" => Ok(Self::OnFailure(most()?)),
			"always" => Ok(Self::Always(most()?)),
			_ => Err(format!("{text:?} is none of never, on-failure:N, always:N")),
		}
	}
}

impl TryFrom<String> for Restart {
	type Error = String;

	fn try_from(text: String) -> Result<Self, String> {
		text.parse()
	}
}

impl From<Restart> for chain::Restart {
	fn from(restart: Restart) -> Self {
		match restart {
			Restart::Never => Self::Never,
			Restart::OnFailure(most) => Self::OnFailure { most },
			Restart::Always(most) => Self::Always { most },
		}
	}
}

/// A health check, in a file.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Health {
	/// The path of a GET that is to be answered with 200 to 399; without it, a connection is enough.
	path: Option<String>,
	/// Seconds between two checks, 1 to 3,600; 10 if not said.
	every: Option<u16>,
	/// Seconds for an answer, 1 to 60; 5 if not said.
	timeout: Option<u8>,
	/// Failures in a row before it counts as ill, 1 to 20; 3 if not said.
	failures: Option<u8>,
	/// Seconds after a start in which failures do not count, up to 3,600; 60 if not said.
	grace: Option<u16>,
}

impl Upkeep {
	/// What a file says.
	pub(super) fn new(health: Option<Health>, restart: Option<Restart>) -> Self {
		let is_checked = health.is_some();
		let health = health.unwrap_or_default();
		Self {
			health: is_checked.then(|| health.path.unwrap_or_default()),
			health_every: health.every,
			health_timeout: health.timeout,
			health_failures: health.failures,
			health_grace: health.grace,
			restart,
		}
	}

	/// Says what the chain would refuse.
	pub(super) fn check(&self, port: Option<u16>) -> Result<(), String> {
		let within = |name: &str, number: Option<u16>, least: u16, most: u16| match number {
			Some(number) if !(least..=most).contains(&number) => {
				Err(format!("health: {name} is {number}, not {least} to {most}"))
			}
			_ => Ok(()),
		};
		within("every", self.health_every, 1, 3_600)?;
		within("timeout", self.health_timeout.map(u16::from), 1, 60)?;
		within("failures", self.health_failures.map(u16::from), 1, 20)?;
		within("grace", self.health_grace, 0, 3_600)?;
		match &self.health {
			Some(path) if !path.is_empty() && !path.starts_with('/') => {
				return Err(format!("health: the path {path:?} does not begin with /"))
			}
			Some(path) if path.len() > 128 || !path.bytes().all(|byte| byte.is_ascii_graphic()) => {
				return Err("health: a path has at most 128 printable characters of ASCII".into())
			}
			Some(_) if port.is_none() => {
				return Err("health: say the port that it listens on".into())
			}
			_ => {}
		}
		match self.restart {
			Some(Restart::Always(_)) if port.is_none() => Err(
				"restart: a job, which has no port, cannot always be started again: say on-failure"
					.into(),
			),
			_ => Ok(()),
		}
	}

	/// The health check as the chain knows it.
	pub(super) fn health(&self) -> Option<chain::HealthCheck> {
		let path = self.health.as_ref()?;
		Some(chain::HealthCheck {
			probe: match path.as_str() {
				"" => chain::HealthProbe::Tcp,
				path => chain::HealthProbe::Http {
					path: BoundedVec(path.as_bytes().to_vec()),
				},
			},
			every: self.health_every.unwrap_or(10),
			timeout: self.health_timeout.unwrap_or(5),
			failures: self.health_failures.unwrap_or(3),
			grace: self.health_grace.unwrap_or(60),
		})
	}

	/// The restarts as the chain knows them.
	pub(super) fn restart(&self, port: Option<u16>) -> chain::Restart {
		match (self.restart, port) {
			(Some(restart), _) => restart.into(),
			(None, Some(_)) => Restart::Always(2).into(),
			(None, None) => Restart::Never.into(),
		}
	}
}

#[cfg(test)]
mod tests {
	use clap::Parser;

	use super::*;

	#[derive(Debug, Parser)]
	struct Flags {
		#[command(flatten)]
		upkeep: Upkeep,
	}

	fn flags(words: &[&str]) -> Result<Upkeep, String> {
		let words = ["flags"].iter().chain(words);
		let parsed = Flags::try_parse_from(words).map_err(|error| error.to_string())?;
		let port = Some(80);
		parsed.upkeep.check(port).map(|()| parsed.upkeep)
	}

	#[test]
	fn restarts_are_words_with_a_number() {
		for (text, restart) in [
			("never", Restart::Never),
			("on-failure:3", Restart::OnFailure(3)),
			("always:100", Restart::Always(100)),
		] {
			assert_eq!(text.parse(), Ok(restart));
		}
		for text in [
			"",
			"never:",
			"never:1",
			"always",
			"always:0",
			"always:101",
			"on-failure:-1",
			"often:2",
		] {
			assert!(text.parse::<Restart>().is_err(), "{text}");
		}
	}

	#[test]
	fn a_check_is_a_connection_or_with_a_path_a_request() {
		let tcp = flags(&["--health"]).unwrap().health().unwrap();
		assert!(matches!(tcp.probe, chain::HealthProbe::Tcp));
		assert_eq!(
			(tcp.every, tcp.timeout, tcp.failures, tcp.grace),
			(10, 5, 3, 60)
		);
		let http = flags(&["--health=/well?", "--health-grace", "0"]).unwrap();
		let http = http.health().unwrap();
		let chain::HealthProbe::Http { path } = http.probe else {
			panic!("it has a path")
		};
		assert_eq!((path.0, http.grace), (b"/well?".to_vec(), 0));
		assert!(flags(&[]).unwrap().health().is_none());
	}

	#[test]
	fn what_the_chain_would_refuse_is_said_before() {
		for (words, said) in [
			(vec!["--health=well"], "does not begin with /"),
			(vec!["--health=/w ell"], "printable"),
			(vec!["--health", "--health-every", "0"], "every is 0"),
			(vec!["--health", "--health-timeout", "61"], "timeout is 61"),
			(
				vec!["--health", "--health-failures", "21"],
				"failures is 21",
			),
			(vec!["--health", "--health-grace", "3601"], "grace is 3601"),
			(vec!["--health-every", "5"], "--health"),
			(vec!["--restart", "always"], "from 1 to 100"),
		] {
			let error = flags(&words).unwrap_err();
			assert!(error.contains(said), "“{said}” is not in: {error}");
		}
		let jobs = flags(&["--restart", "always:2"]).unwrap();
		assert!(jobs.check(None).unwrap_err().contains("on-failure"));
		let checked = flags(&["--health"]).unwrap();
		assert!(checked.check(None).unwrap_err().contains("port"));
	}
}
