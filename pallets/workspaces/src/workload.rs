//! What runs in a workspace, on whichever machine: the image, how it is started, when it counts as well.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use usufruct_primitives::{Hash, ReleaseId};

/// Text of at most 256 bytes.
pub type Text = BoundedVec<u8, ConstU32<256>>;
/// A command with its arguments: at most 16.
pub type Command = BoundedVec<Text, ConstU32<16>>;
/// The path of a health check, with its query: at most 128 bytes.
pub type HealthPath = BoundedVec<u8, ConstU32<128>>;

/// Longest time between two health checks, and from the start on until failures count, in seconds.
pub const MAX_HEALTH_SECONDS: u16 = 3_600;
/// Longest time for an answer to a health check, in seconds.
pub const MAX_HEALTH_TIMEOUT: u8 = 60;
/// Most failures in a row that a health check may wait for.
pub const MAX_HEALTH_FAILURES: u8 = 20;
/// Most times in a row that a workspace may be started again.
pub const MAX_RESTARTS: u8 = 100;

/// What runs.
#[derive(
	Clone,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Workload {
	/// Digest of a published image.
	pub image: Hash,
	/// The release of an application that the image is of; `None` = of none.
	pub release: Option<ReleaseId>,
	/// The command with its arguments; empty = the image's own.
	pub command: Command,
	/// The port that it listens on; `None` = a batch job.
	pub port: Option<u16>,
	/// How its machine's agent finds out whether it is well; `None` = it is while it runs.
	pub health: Option<HealthCheck>,
	/// Whether it is started again on its machine when it ends by itself, or is not well.
	pub restart: Restart,
}

/// How an agent finds out whether a workspace is well: from its machine, at the port that tenants reach.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct HealthCheck {
	/// What is tried.
	pub probe: HealthProbe,
	/// Seconds between two tries, 1 to [`MAX_HEALTH_SECONDS`].
	pub every: u16,
	/// Seconds for an answer, 1 to [`MAX_HEALTH_TIMEOUT`].
	pub timeout: u8,
	/// Tries in a row that fail before it counts as ill, 1 to [`MAX_HEALTH_FAILURES`].
	pub failures: u8,
	/// Seconds after a start in which failures do not count, unless a try succeeded: at most
	/// [`MAX_HEALTH_SECONDS`].
	pub grace: u16,
}

/// What a health check tries.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum HealthProbe {
	/// A connection is accepted.
	Tcp,
	/// A `GET` of the path is answered with a status from 200 to 399.
	Http {
		/// Begins with `/`; printable characters of ASCII, no spaces.
		path: HealthPath,
	},
}

/// Whether a workspace that ended is started again on its machine. A run of ten minutes or more begins the count anew.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Restart {
	/// It is not.
	#[default]
	Never,
	/// It is where it failed or was not well, at most so often in a row.
	OnFailure {
		/// 1 to [`MAX_RESTARTS`].
		most: u8,
	},
	/// It is however it ended, at most so often in a row. Not for jobs, which would never be done.
	Always {
		/// 1 to [`MAX_RESTARTS`].
		most: u8,
	},
}

/// What is wrong with a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MalformedWorkload {
	/// Its health check is out of bounds, or it has no port to be checked at.
	Health,
	/// Its restarts are out of bounds, or it is a job that would be started for ever.
	Restart,
}

impl Restart {
	/// What services have that do not say.
	pub const OF_SERVICES: Self = Self::Always { most: 2 };
}

impl Workload {
	/// Whether its bounds are kept.
	///
	/// # Errors
	///
	/// What is wrong.
	pub fn validate(&self) -> Result<(), MalformedWorkload> {
		if let Some(check) = &self.health {
			if self.port.is_none() || !check.is_within_bounds() {
				return Err(MalformedWorkload::Health);
			}
		}
		let bounds = 1..=MAX_RESTARTS;
		match self.restart {
			Restart::Never => Ok(()),
			Restart::OnFailure { most } if bounds.contains(&most) => Ok(()),
			Restart::Always { most } if bounds.contains(&most) && self.port.is_some() => Ok(()),
			_ => Err(MalformedWorkload::Restart),
		}
	}
}

impl HealthCheck {
	fn is_within_bounds(&self) -> bool {
		let probe = match &self.probe {
			HealthProbe::Tcp => true,
			HealthProbe::Http { path } => {
				path.first() == Some(&b'/') && path.iter().all(u8::is_ascii_graphic)
			}
		};
		probe
			&& (1..=MAX_HEALTH_SECONDS).contains(&self.every)
			&& (1..=MAX_HEALTH_TIMEOUT).contains(&self.timeout)
			&& (1..=MAX_HEALTH_FAILURES).contains(&self.failures)
			&& self.grace <= MAX_HEALTH_SECONDS
	}
}
