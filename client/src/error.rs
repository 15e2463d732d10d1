//! What can go wrong between a program and the chain.

/// What went wrong. Says whether anything was lost, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
	/// No node answers.
	#[error("no node answers at {url}: {error}. Start one with `usufruct-node --dev`, or name another with --url")]
	Unreachable {
		/// Where.
		url: String,
		/// Why.
		error: String,
	},
	/// The key cannot be read.
	#[error("the key is not usable: {error}. Give a phrase, or a well-known name such as //Alice")]
	Key {
		/// Why.
		error: String,
	},
	/// The key's file cannot be used.
	#[error("the key file {path} is not usable: {error}")]
	KeyFile {
		/// Which.
		path: String,
		/// Why.
		error: String,
	},
	/// The account cannot be read.
	#[error("“{text}” is not an account: {error}. Give an SS58 address")]
	Account {
		/// What was given.
		text: String,
		/// Why.
		error: String,
	},
	/// The chain executed the transaction and refused it; its fee is paid, nothing else happened.
	#[error("the chain refused: {pallet}.{name}: {docs}")]
	Refused {
		/// Which pallet.
		pallet: String,
		/// Which error.
		name: String,
		/// Its documentation.
		docs: String,
	},
	/// The node did not take the transaction; nothing happened.
	#[error("the node did not take the transaction: {message}")]
	NotTaken {
		/// What it said.
		message: String,
	},
	/// The chain speaks another version.
	#[error("the chain and this program do not understand each other: {message}. Use the same version of both")]
	Incompatible {
		/// What does not fit.
		message: String,
	},
	/// The connection broke; what was submitted may still happen.
	#[error("the connection to the node broke: {message}. Look at the chain before trying again")]
	Broken {
		/// What happened.
		message: String,
	},
}

impl Error {
	/// An error of the connection.
	pub fn broken(error: impl std::fmt::Display) -> Self {
		Self::Broken {
			message: error.to_string(),
		}
	}

	/// The node's report on a transaction ended before it said what became of it.
	pub(crate) fn silent() -> Self {
		Self::broken("the node stopped reporting on the transaction")
	}

	/// A transaction that the node did not take.
	pub(crate) fn not_taken(error: impl std::fmt::Display) -> Self {
		Self::NotTaken {
			message: error.to_string(),
		}
	}

	/// An error of encoding or decoding.
	pub fn incompatible(error: impl std::fmt::Display) -> Self {
		Self::Incompatible {
			message: error.to_string(),
		}
	}

	/// An error of a dispatched call.
	pub(crate) fn refused(error: &subxt::error::DispatchError) -> Self {
		if let subxt::error::DispatchError::Module(module) = error {
			if let Ok(details) = module.details() {
				return Self::Refused {
					pallet: details.pallet.name().into(),
					name: details.variant.name.clone(),
					docs: details.variant.docs.join(" ").trim().into(),
				};
			}
		}
		Self::Refused {
			pallet: "System".into(),
			name: "DispatchError".into(),
			docs: error.to_string(),
		}
	}
}
