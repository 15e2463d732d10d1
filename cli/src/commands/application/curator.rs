//! `usufruct application curator`, and what curators say.

use std::path::PathBuf;

use serde_json::{json, Value};
use usufruct_client::{amount, api, view, AccountId32, AtBlock, H256};

use super::ReleaseId;
use crate::{
	commands::{done, entries, storage},
	context::{tx, Context},
	output::{Failure, Outcome},
};

use api::runtime_types::pallet_applications::types::{FlagReason, Judgement, VerdictPage};

/// Verdicts that one question asks for.
const PAGE: u32 = 500;

/// About curators: whoever pays a bond may be one, and owners of machines choose whom they believe.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Take the office; a bond is held, and lost if the DAO bars you
	Join,
	/// Leave it when all your verdicts are withdrawn; the bond returns
	Leave,
	/// List curators
	List,
}

/// Why a curator warns of a release.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Reason {
	/// It harms who runs it
	Malware,
	/// It is not what it says it is
	Deceptive,
	/// Its author may not publish it, or not under this licence
	Licence,
	/// It has a known way to be broken into
	Vulnerable,
	/// It does not work
	Broken,
	/// Something else, which the text says
	Other,
}

impl From<Reason> for FlagReason {
	fn from(reason: Reason) -> Self {
		match reason {
			Reason::Malware => Self::Malware,
			Reason::Deceptive => Self::Deceptive,
			Reason::Licence => Self::Licence,
			Reason::Vulnerable => Self::Vulnerable,
			Reason::Broken => Self::Broken,
			Reason::Other => Self::Other,
		}
	}
}

pub(super) async fn run(context: &Context, command: Command) -> Outcome {
	let calls = tx().applications();
	match command {
		Command::Join => {
			context.submit(&calls.become_curator()).await?;
			Ok(done("a curator"))
		}
		Command::Leave => {
			context.submit(&calls.leave()).await?;
			Ok(done("no curator any more"))
		}
		Command::List => {
			let at = context.state().await?;
			let curators = entries!(at, storage().applications().curators());
			Ok(curators
				.iter()
				.map(|((account,), record)| {
					json!({
						"account": account.to_string(),
						"bond": amount::show(record.bond),
						"verdicts": record.verdicts,
						"in_office": record.bond > 0,
						"barred": record.is_barred,
					})
				})
				.collect())
		}
	}
}

pub(super) async fn flag(
	context: &Context,
	release: ReleaseId,
	reason: Reason,
	text: Option<PathBuf>,
) -> Outcome {
	let digest = match text {
		None => H256([0; 32]),
		Some(path) => {
			let bytes = std::fs::read(&path).map_err(|error| {
				Failure::Configuration(format!("{} is not readable: {error}", path.display()))
			})?;
			H256(blake3::hash(&bytes).into())
		}
	};
	let call = tx().applications().flag(release, reason.into(), digest);
	context.submit(&call).await?;
	Ok(json!({ "done": "flagged", "text": format!("{digest:?}") }))
}

/// What curators in office say of a release.
pub(super) async fn verdicts(at: &AtBlock, release: ReleaseId) -> Result<Vec<Value>, Failure> {
	let mut all = Vec::new();
	let mut after = None;
	loop {
		let call = api::view_functions()
			.applications()
			.verdicts(release.clone(), after, PAGE);
		let page: VerdictPage<AccountId32> = view(at, call).await?;
		all.extend(page.verdicts.into_iter().map(|verdict| {
			let (says, reason, text) = match verdict.judgement {
				Judgement::Attested => ("attested", None, None),
				Judgement::Flagged { reason, text } => {
					let text = (text.0 != [0; 32]).then(|| format!("{text:?}"));
					("flagged", Some(format!("{reason:?}").to_lowercase()), text)
				}
			};
			json!({
				"release": release.number,
				"curator": verdict.curator.to_string(),
				"says": says,
				"reason": reason,
				"text": text,
				"since": verdict.since,
			})
		}));
		after = page.next;
		if after.is_none() {
			return Ok(all);
		}
	}
}
