//! What every command needs: the connection, the key, how to wait.

use std::{io::IsTerminal, path::PathBuf};

use usufruct_client::{
	account_of, amount, api, keypair, AccountId32, AtBlock, Client, Keypair, Sent, Wait,
};

use crate::output::Failure;

/// Options of all commands.
#[derive(Debug, clap::Args)]
pub(crate) struct Global {
	/// The node to talk to
	#[arg(
		long,
		global = true,
		env = "USUFRUCT_URL",
		default_value = "ws://127.0.0.1:9944"
	)]
	pub(crate) url: String,
	/// The key that signs: a phrase, or a well-known name such as //Alice
	#[arg(
		long,
		global = true,
		env = "USUFRUCT_KEY",
		alias = "suri",
		hide_env_values = true
	)]
	pub(crate) key: Option<String>,
	/// A file that holds the key; nobody else may be able to read it
	#[arg(long, global = true, conflicts_with = "key", env = "USUFRUCT_KEY_FILE")]
	pub(crate) key_file: Option<PathBuf>,
	/// Print JSON instead of tables
	#[arg(long, global = true)]
	pub(crate) json: bool,
	/// Only say what the command's first transaction would cost; nothing is submitted
	#[arg(long, global = true)]
	pub(crate) fee: bool,
	/// When a transaction counts as done
	#[arg(long, global = true, default_value = "finalized")]
	pub(crate) until: Until,
}

/// When a transaction counts as done.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Until {
	/// In a best block: fast, may be undone on a fork
	InBlock,
	/// In a finalized block: never undone
	Finalized,
}

/// What every command needs.
#[derive(Debug)]
pub(crate) struct Context {
	pub(crate) client: Client,
	global: Global,
}

impl Context {
	/// Connects.
	pub(crate) async fn new(global: Global) -> Result<Self, Failure> {
		Ok(Self {
			client: Client::connect(&global.url).await?,
			global,
		})
	}

	/// The key that signs.
	pub(crate) fn key(&self) -> Result<Keypair, Failure> {
		let text = match (&self.global.key, &self.global.key_file) {
			(Some(key), _) => key.clone(),
			(None, Some(path)) => usufruct_client::read_key_file(path)?,
			(None, None) => {
				return Err(Failure::Configuration(
					"this command signs: give a key with --key, --key-file or USUFRUCT_KEY".into(),
				))
			}
		};
		Ok(keypair(&text)?)
	}

	/// The account that signs.
	pub(crate) fn account(&self) -> Result<AccountId32, Failure> {
		Ok(AccountId32(self.key()?.public_key().0))
	}

	/// The account that a person named, by address or well-known name; the key's own where none.
	pub(crate) fn account_or_own(&self, named: Option<String>) -> Result<AccountId32, Failure> {
		match named {
			Some(account) => Ok(account_of(&account)?),
			None => self.account(),
		}
	}

	/// State to read: the newest there is.
	pub(crate) async fn state(&self) -> Result<AtBlock, Failure> {
		Ok(match self.global.until {
			Until::InBlock => self.client.best().await?,
			Until::Finalized => self.client.finalized().await?,
		})
	}

	/// Signs, submits, waits; shows each step on stderr.
	pub(crate) async fn submit(
		&self,
		call: &impl usufruct_client::Payload,
	) -> Result<Sent, Failure> {
		let wait = match self.global.until {
			Until::InBlock => Wait::InBlock,
			Until::Finalized => Wait::Finalized,
		};
		let quiet = self.global.json;
		let progress = |step: &str| {
			if !quiet {
				eprintln!("transaction {step}");
			}
		};
		let key = self.key()?;
		if self.global.fee {
			return Err(Failure::OnlyFee(self.client.fee(call, &key).await?));
		}
		if !quiet {
			let fee = self.client.fee(call, &key).await?;
			progress(&format!("costs about {}", amount::show(fee)));
		}
		Ok(self.client.submit(call, &key, wait, progress).await?)
	}

	/// Shows what is about to be signed, and asks whether to. `yes` answers beforehand.
	pub(crate) fn confirm(&self, effects: &[String], yes: bool) -> Result<(), Failure> {
		for effect in effects {
			self.say(&format!("  {effect}"));
		}
		if yes {
			return Ok(());
		}
		if !std::io::stdin().is_terminal() {
			return Err(Failure::Usage(format!(
				"nobody can be asked here, and this would: {}. Add --yes to sign it",
				effects.join("; ")
			)));
		}
		eprint!("Sign this? [y/N] ");
		let mut answer = String::new();
		let read = std::io::stdin().read_line(&mut answer);
		match (read, answer.trim()) {
			(Ok(_), "y" | "Y" | "yes") => Ok(()),
			_ => Err(Failure::Usage("nothing was signed".into())),
		}
	}

	/// Whether a program reads what is shown.
	pub(crate) fn is_json(&self) -> bool {
		self.global.json
	}

	/// Says something while a person waits.
	pub(crate) fn say(&self, text: &str) {
		if !self.global.json {
			eprintln!("{text}");
		}
	}
}

/// The transactions that can be built.
pub(crate) fn tx() -> api::TransactionApi {
	api::transactions()
}
