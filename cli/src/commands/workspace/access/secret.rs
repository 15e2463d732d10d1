//! `usufruct workspace secret`.

use std::{io::Read, path::PathBuf};

use serde_json::{json, Value};
use usufruct_access::{
	identity::Identity,
	message::Request,
	sealing::{login_name, Form, Secret, MAX_VALUE},
};

use super::{done, door};
use crate::{
	context::Context,
	output::{Failure, Outcome},
};

/// About secrets.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Set a secret, read from standard input: sealed here for the machine's agent alone
	///
	/// A container finds it at once as the file /run/secrets/NAME, in memory. With --variable it is an
	/// environment variable instead, which a workspace sees when it is started again; Docker keeps those
	/// on the machine's disk, so prefer files.
	Set {
		/// The lease
		lease: u64,
		/// Its name
		name: String,
		/// Read the value from a file instead
		#[arg(long)]
		file: Option<PathBuf>,
		/// As an environment variable
		#[arg(long)]
		variable: bool,
		/// Start the workspace again at once
		#[arg(long)]
		restart: bool,
	},
	/// Tell the machine's agent how to log in to a registry, to fetch the workspace's image from it
	///
	/// The password, or a token in place of it, is read from standard input and sealed here for the agent alone; the
	/// chain never sees it, nor does the workspace. An agent that is shown no image waits two minutes for it.
	Login {
		/// The lease
		lease: u64,
		/// The registry as the image names it, such as ghcr.io or docker.io
		registry: String,
		/// The user's name there
		#[arg(long)]
		username: String,
		/// Read the password from a file instead
		#[arg(long)]
		file: Option<PathBuf>,
	},
	/// List the names of a lease's secrets
	List {
		/// The lease
		lease: u64,
	},
	/// Remove a secret
	Remove {
		/// The lease
		lease: u64,
		/// Its name
		name: String,
	},
}

pub(super) async fn run(context: &Context, command: Command) -> Outcome {
	match command {
		Command::Set {
			lease,
			name,
			file,
			variable,
			restart,
		} => {
			let value = read(file)?;
			let form = if variable {
				Form::Environment
			} else {
				Form::File
			};
			hand_over(context, lease, &name, form, &value).await?;
			if restart {
				door::at_once(context, lease, Request::Restart).await?;
			}
			Ok(done(if restart || !variable {
				"set"
			} else {
				"set; the workspace sees it when it is started again: `usufruct workspace restart`"
			}))
		}
		Command::Login {
			lease,
			registry,
			username,
			file,
		} => {
			let password = read(file)?;
			let login = [username.as_bytes(), b":", password.trim_ascii_end()].concat();
			let name = login_name(&registry);
			hand_over(context, lease, &name, Form::Login, &login).await?;
			Ok(done("set"))
		}
		Command::List { lease } => {
			let names = door::at_once(context, lease, Request::Secrets).await?;
			let row = |name: String| json!({ "lease": lease, "name": name });
			Ok(Value::Array(names.into_iter().map(row).collect()))
		}
		Command::Remove { lease, name } => {
			door::at_once(context, lease, Request::RemoveSecret { name }).await?;
			Ok(done("removed"))
		}
	}
}

/// Seals a secret for the lease's agent, and gives it to it.
async fn hand_over(
	context: &Context,
	lease: u64,
	name: &str,
	form: Form,
	value: &[u8],
) -> Result<(), Failure> {
	let sealed = |identity: &Identity, generation| {
		let secret = Secret {
			lease,
			generation,
			name: name.into(),
			form,
			value: value.to_vec(),
		};
		let sealed = secret.seal(&identity.sealing);
		let sealed = sealed.map_err(|error| Failure::Usage(error.to_string()))?;
		Ok(Request::SetSecret { sealed })
	};
	door::answer(door::request_with(context, lease, sealed).await?).await?;
	Ok(())
}

/// The value, as it is: a final end of line belongs to it.
fn read(file: Option<PathBuf>) -> Result<Vec<u8>, Failure> {
	let mut value = Vec::new();
	let most = MAX_VALUE as u64 + 1;
	let (name, count) = match &file {
		Some(path) => (
			path.display().to_string(),
			std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut value)),
		),
		None => (
			"standard input".into(),
			std::io::stdin().take(most).read_to_end(&mut value),
		),
	};
	count.map_err(|error| Failure::Configuration(format!("{name} is not readable: {error}")))?;
	Ok(value)
}
