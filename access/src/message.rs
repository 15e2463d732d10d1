//! What is said in a session, in SCALE, a message per frame.

use codec::{Decode, Encode};

use crate::{identity::Identity, statement::Ask};

/// Largest piece of data in one message.
pub const MAX_PIECE: usize = 32 << 10;
/// Largest message: a piece with its frame, a command, a sealed secret.
pub const MAX_FRAME: usize = 72 << 10;
/// Most lines of a log that can be asked for.
pub const MAX_TAIL: u32 = 10_000;
/// Longest command: the sum of its arguments.
pub const MAX_COMMAND: usize = 32 << 10;
/// Longest path in a workspace.
pub const MAX_PATH: usize = 4_096;
/// Largest sealed secret.
pub const MAX_SEALED: usize = 66 << 10;

/// What a tenant can ask for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Request {
	/// What the workspace wrote.
	#[codec(index = 0)]
	Logs {
		/// So many lines from the end; at most [`MAX_TAIL`].
		tail: u32,
		/// And what it will write.
		follow: bool,
	},
	/// Run a command in the workspace.
	#[codec(index = 1)]
	Exec {
		/// The program with its arguments.
		command: Vec<String>,
		/// Whether there is input.
		input: bool,
		/// Columns and rows of the terminal; `None` = no terminal.
		terminal: Option<(u16, u16)>,
	},
	/// A connection to a port of the workspace.
	#[codec(index = 2)]
	Forward {
		/// The port.
		port: u16,
	},
	/// Unpack the archive that follows, in the workspace.
	#[codec(index = 3)]
	CopyIn {
		/// The folder to unpack in.
		folder: String,
	},
	/// Pack a file or folder of the workspace.
	#[codec(index = 4)]
	CopyOut {
		/// What to pack.
		path: String,
	},
	/// How far the image is.
	#[codec(index = 5)]
	Progress {
		/// And each change, until it is there or has failed.
		follow: bool,
	},
	/// Keep a secret for the workspace.
	#[codec(index = 6)]
	SetSecret {
		/// A [`crate::sealing::Secret`] for the agent alone; at most [`MAX_SEALED`] bytes.
		sealed: Vec<u8>,
	},
	/// Forget a secret.
	#[codec(index = 7)]
	RemoveSecret {
		/// Its name.
		name: String,
	},
	/// The names of the secrets.
	#[codec(index = 8)]
	Secrets,
	/// Start the workspace again: what it kept in its container is lost.
	#[codec(index = 9)]
	Restart,
	/// What the workspace used.
	#[codec(index = 10)]
	Usage,
}

impl Request {
	/// What is signed in words.
	pub fn name(&self) -> &'static str {
		match self {
			Self::Logs { .. } => "logs",
			Self::Exec { .. } => "exec",
			Self::Forward { .. } => "forward",
			Self::CopyIn { .. } => "copy in",
			Self::CopyOut { .. } => "copy out",
			Self::Progress { .. } => "progress",
			Self::SetSecret { .. } => "set secret",
			Self::RemoveSecret { .. } => "remove secret",
			Self::Secrets => "secrets",
			Self::Restart => "restart",
			Self::Usage => "usage",
		}
	}
}

/// What a tenant says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum FromTenant {
	/// First, and once.
	#[codec(index = 0)]
	Ask(Box<Ask>),
	/// Input; at most [`MAX_PIECE`].
	#[codec(index = 1)]
	Data(Vec<u8>),
	/// There is no more input.
	#[codec(index = 2)]
	Close,
	/// The terminal has other columns and rows.
	#[codec(index = 3)]
	Resize(u16, u16),
}

/// What an agent says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum FromAgent {
	/// First.
	#[codec(index = 0)]
	Greeting(Identity),
	/// The request is granted and begins.
	#[codec(index = 1)]
	Granted,
	/// It is not, or is not any more. The last message.
	#[codec(index = 2)]
	Refused(Refusal),
	/// Output; at most [`MAX_PIECE`].
	#[codec(index = 3)]
	Data(Channel, Vec<u8>),
	/// How far the image is.
	#[codec(index = 4)]
	Progress(Progress),
	/// The names of the secrets.
	#[codec(index = 5)]
	Names(Vec<String>),
	/// Nothing new for a while.
	#[codec(index = 6)]
	Alive,
	/// Done. The last message.
	#[codec(index = 7)]
	Done {
		/// The command's exit status, where there was a command.
		status: Option<i64>,
	},
	/// What the workspace used.
	#[codec(index = 8)]
	Usage(Usage),
}

/// What a workspace used on its machine, by the agent's count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Usage {
	/// Processor time in milliseconds: of a container since it was started, of WebAssembly since the agent was.
	pub processor_millis: u64,
	/// Units of fuel that WebAssembly burned meanwhile, which its share of a core pays for; `None` = a container.
	pub fuel: Option<u64>,
	/// Bytes of memory that it has now; `None` = WebAssembly, which has some while a request runs.
	pub memory: Option<u64>,
}

/// Where output comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Channel {
	/// Standard output, or the connection.
	#[codec(index = 0)]
	Out,
	/// Standard error.
	#[codec(index = 1)]
	Err,
}

/// Why a request is not granted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
#[error("{text}")]
pub struct Refusal {
	/// Which kind.
	pub code: Code,
	/// What a person should know and do.
	pub text: String,
}

/// The kinds of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Code {
	/// The agent does not know the chain's state well enough to trust anybody.
	#[codec(index = 0)]
	NotReady,
	/// The lease is not, or not any more, on this machine in this generation.
	#[codec(index = 1)]
	NoLease,
	/// Another account holds the use right.
	#[codec(index = 2)]
	NotHolder,
	/// The signature is not the account's, or was made for another session.
	#[codec(index = 3)]
	BadSignature,
	/// The statement is not good any more, or for too long.
	#[codec(index = 4)]
	Expired,
	/// Too many sessions.
	#[codec(index = 5)]
	TooMany,
	/// A limit that the text names.
	#[codec(index = 6)]
	TooLarge,
	/// This kind of workspace cannot do it.
	#[codec(index = 7)]
	Unsupported,
	/// The workspace does not run now.
	#[codec(index = 8)]
	NotRunning,
	/// Nothing was said for too long.
	#[codec(index = 9)]
	Idle,
	/// The right ended, or went to another holder, during the session.
	#[codec(index = 10)]
	Revoked,
	/// It was tried and did not work.
	#[codec(index = 11)]
	Failed,
}

impl Refusal {
	/// A refusal of a kind, in words.
	pub fn new(code: Code, text: impl Into<String>) -> Self {
		Self {
			code,
			text: text.into(),
		}
	}
}

/// How far the image of a lease is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Progress {
	/// The whole.
	pub step: Step,
	/// Its layers, in the order in which they were named; at most [`MAX_LAYERS`].
	pub layers: Vec<Layer>,
}

/// Most layers that are told of.
pub const MAX_LAYERS: usize = 256;

/// How far a layer is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Layer {
	/// Its name, as the engine gives it.
	pub id: String,
	/// What is being done.
	pub step: Step,
	/// Bytes of this step so far; 0 where the engine does not tell.
	pub current: u64,
	/// Bytes of this step; 0 where the engine does not tell.
	pub total: u64,
}

/// What is being done to get an image.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Step {
	/// Waits for its turn.
	#[codec(index = 0)]
	Queued,
	/// Comes over the network.
	#[codec(index = 1)]
	Pulling,
	/// Is compared with its digest.
	#[codec(index = 2)]
	Verifying,
	/// Is unpacked.
	#[codec(index = 3)]
	Extracting,
	/// Is there.
	#[codec(index = 4)]
	Ready,
	/// Will not be there, for this reason.
	#[codec(index = 5)]
	Failed(String),
	/// Waits for the tenant, for this.
	#[codec(index = 6)]
	Waiting(String),
}

impl Step {
	/// Whether nothing more will happen.
	pub fn is_final(&self) -> bool {
		matches!(self, Self::Ready | Self::Failed(_))
	}
}

impl std::fmt::Display for Step {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		match self {
			Self::Queued => f.write_str("queued"),
			Self::Pulling => f.write_str("pulling"),
			Self::Verifying => f.write_str("verifying"),
			Self::Extracting => f.write_str("extracting"),
			Self::Ready => f.write_str("ready"),
			Self::Failed(reason) => write!(f, "failed: {reason}"),
			Self::Waiting(what) => write!(f, "waiting: {what}"),
		}
	}
}
