//! `usufruct application`.

mod curator;
mod file;
mod name;

use std::path::PathBuf;

use serde_json::{json, Value};
use usufruct_client::{account_of, amount, api, view, AccountId32, AtBlock, H256};

pub(crate) use name::Named;

use super::{done, entries, hardware::Capacity, hash, storage, text};
use crate::{
	context::{tx, Context},
	output::{Failure, Outcome},
};

use api::runtime_types::{
	bounded_collections::bounded_vec::BoundedVec,
	pallet_applications::types::{
		ApplicationRecord as ChainApplication, Found as Listed, Needs, Page,
		ReleaseRecord as ChainRelease, ReleaseSpec,
	},
};

/// The chain's record of an application.
pub(crate) type ApplicationRecord = ChainApplication<AccountId32, Ticket>;
/// The chain's record of a release.
pub(crate) type ReleaseRecord = ChainRelease<AccountId32, Ticket>;
/// A release's identifier.
pub(crate) type ReleaseId = api::runtime_types::usufruct_primitives::application::ReleaseId;
/// What is held for a record.
type Ticket = api::runtime_types::frame_support::traits::tokens::fungible::HoldConsideration;

/// Applications that one question asks for.
const PAGE: u32 = 100;

/// About applications, their releases, and who vouches for them.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Take a name; a deposit is held as long as you have it
	Register {
		/// 3 to 32 small letters, digits, and hyphens within
		name: Named,
		/// What it is, in a sentence
		#[arg(long, default_value = "")]
		description: String,
	},
	/// Publish a release of an application of yours: what it says never changes
	///
	/// Publish its image first: `usufruct workspace publish`. Whoever runs the release pays you its price for each
	/// block that it runs.
	Release(Box<Release>),
	/// Let nobody request a release any more; what runs goes on
	Retract {
		/// The release, as NAME@NUMBER
		release: Named,
	},
	/// List applications, with the newest release of each
	List {
		/// Only those whose names begin so
		#[arg(default_value = "")]
		prefix: String,
		/// Only those of this account
		#[arg(long)]
		author: Option<String>,
	},
	/// Show an application, its releases, and what curators think of them
	Show {
		/// The application
		name: Named,
	},
	/// As a curator, vouch for a release: it is what it says it is, and does no harm
	Attest {
		/// The release, as NAME@NUMBER
		release: Named,
	},
	/// As a curator, warn of a release
	Flag {
		/// The release, as NAME@NUMBER
		release: Named,
		/// Why, in a word
		#[arg(long)]
		reason: curator::Reason,
		/// A file that says why; the chain keeps its BLAKE3, publish it where people find it
		#[arg(long)]
		text: Option<PathBuf>,
	},
	/// Take back your verdict on a release
	Withdraw {
		/// The release, as NAME@NUMBER
		release: Named,
		/// That of a curator who is not in office any more, which anybody may take back
		#[arg(long)]
		of: Option<String>,
	},
	/// Be a curator, or see who is
	#[command(subcommand)]
	Curator(curator::Command),
	/// Offer an application to somebody who may accept it
	Transfer {
		/// The application
		name: Named,
		/// To whom; without it, to nobody any more
		to: Option<String>,
	},
	/// Take over an application that was offered to you, with its deposit
	Accept {
		/// The application
		name: Named,
	},
	/// Give a name back that has no releases
	Remove {
		/// The application
		name: Named,
	},
}

/// What can be run, and what it asks.
#[derive(Debug, clap::Args)]
pub(crate) struct Release {
	/// The application
	#[arg(required_unless_present = "file", conflicts_with = "file")]
	name: Option<Named>,
	/// A file that says all of this, in YAML; only --image may be given beside it
	#[arg(long)]
	file: Option<PathBuf>,
	/// Digest of a published image
	#[arg(long, value_parser = hash)]
	image: Option<H256>,
	/// The port that it listens on; without it, a batch job
	#[arg(long, conflicts_with = "file")]
	port: Option<u16>,
	/// Under which licence it may be used: an SPDX expression such as MIT
	#[arg(long, required_unless_present = "file", conflicts_with = "file")]
	licence: Option<String>,
	/// Per block that it runs, in USU; without it, it is free
	#[arg(long, value_parser = amount::parse, conflicts_with = "file")]
	price: Option<u128>,
	/// GPUs that it needs
	#[arg(long, default_value_t = 0)]
	gpus: u8,
	/// Memory of each GPU in MiB that it needs
	#[arg(long, default_value_t = 0)]
	gpu_memory: u32,
	#[command(flatten)]
	capacity: Capacity,
	/// The command with its arguments, after --; without it, the image's own
	#[arg(last = true)]
	command: Vec<String>,
}

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	let calls = tx().applications();
	match command {
		Command::Register { name, description } => register(context, name, description).await,
		Command::Release(release) => publish(context, *release).await,
		Command::Retract { release } => {
			let id = identify(context, &release).await?;
			context.submit(&calls.retract_release(id)).await?;
			Ok(done("retracted"))
		}
		Command::List { prefix, author } => list(context, prefix, author).await,
		Command::Show { name } => show(&context.state().await?, &name).await,
		Command::Attest { release } => {
			let id = identify(context, &release).await?;
			context.submit(&calls.attest(id)).await?;
			Ok(done("attested"))
		}
		Command::Flag {
			release,
			reason,
			text,
		} => {
			let id = identify(context, &release).await?;
			curator::flag(context, id, reason, text).await
		}
		Command::Withdraw { release, of } => {
			let id = identify(context, &release).await?;
			match of {
				Some(curator) => {
					let call = calls.clear_verdict(id, account_of(&curator)?);
					context.submit(&call).await?
				}
				None => context.submit(&calls.withdraw_verdict(id)).await?,
			};
			Ok(done("withdrawn"))
		}
		Command::Curator(command) => curator::run(context, command).await,
		Command::Transfer { name, to } => {
			let (id, _) = name.application(&context.state().await?).await?;
			let to = to.map(|to| account_of(&to)).transpose()?;
			context.submit(&calls.transfer_application(id, to)).await?;
			Ok(done("offered"))
		}
		Command::Accept { name } => {
			let (id, _) = name.application(&context.state().await?).await?;
			context.submit(&calls.accept_application(id)).await?;
			Ok(done("accepted"))
		}
		Command::Remove { name } => {
			let (id, _) = name.application(&context.state().await?).await?;
			context.submit(&calls.remove(id)).await?;
			Ok(done("removed"))
		}
	}
}

/// The release of a name with a number.
async fn identify(context: &Context, named: &Named) -> Result<ReleaseId, Failure> {
	let (application, _) = named.application(&context.state().await?).await?;
	named.numbered(application)
}

/// Text for the chain, unless it is too long for it.
fn bounded(what: &str, text: String, most: usize) -> Result<BoundedVec<u8>, Failure> {
	if text.len() > most {
		return Err(Failure::Usage(format!(
			"{what} has at most {most} bytes, this has {}",
			text.len()
		)));
	}
	Ok(BoundedVec(text.into_bytes()))
}

async fn register(context: &Context, name: Named, description: String) -> Outcome {
	let shown = name.to_string();
	if shown.contains('@') {
		return Err(Failure::Usage(format!(
			"a name has no number: `usufruct application release` numbers what is published, not “{shown}”"
		)));
	}
	let description = bounded("a description", description, 256)?;
	let name = BoundedVec(shown.clone().into_bytes());
	let call = tx().applications().register(name, description);
	let sent = context.submit(&call).await?;
	let event = sent.event::<api::applications::events::Registered>()?;
	Ok(json!({ "application": event.application, "name": shown }))
}

async fn publish(context: &Context, mut release: Release) -> Outcome {
	if let Some(path) = &release.file {
		let said = file::read(path)?;
		release = Release {
			image: release.image.or(said.image),
			..said
		};
	}
	let missing = |what: &str| Failure::Usage(format!("say {what}"));
	let name = release.name.ok_or_else(|| missing("which application"))?;
	let image = release.image.ok_or_else(|| {
		missing("of which image: --image with the digest that `usufruct workspace publish` showed")
	})?;
	let licence = release.licence.ok_or_else(|| missing("its --licence"))?;
	if release.command.len() > 16 {
		return Err(Failure::Usage("a command has at most 16 words".into()));
	}
	let words: Result<Vec<_>, Failure> = release
		.command
		.into_iter()
		.map(|word| bounded("a word of a command", word, 256))
		.collect();
	let (application, _) = name.application(&context.state().await?).await?;
	let spec = ReleaseSpec {
		image,
		command: BoundedVec(words?),
		port: release.port,
		licence: bounded("a licence", licence, 64)?,
		royalty: release.price.unwrap_or(0),
		needs: Needs {
			capacity: release.capacity.into(),
			gpus: release.gpus,
			gpu_memory_mib: release.gpu_memory,
		},
	};
	let call = tx().applications().publish_release(application, spec);
	let sent = context.submit(&call).await?;
	let event = sent.event::<api::applications::events::Published>()?;
	Ok(json!({
		"name": name.to_string(),
		"release": event.release.number,
		"image": format!("{image:?}"),
	}))
}

async fn list(context: &Context, prefix: String, author: Option<String>) -> Outcome {
	let prefix = bounded("a name", prefix, 32)?;
	let author = author.map(|author| account_of(&author)).transpose()?;
	let at = context.state().await?;
	let mut all: Vec<Listed<AccountId32>> = Vec::new();
	let mut from = Some(0);
	while let Some(application) = from {
		let prefix = BoundedVec(prefix.0.clone());
		let call = api::view_functions()
			.applications()
			.find(prefix, author, application, PAGE);
		let page: Page<AccountId32> = view(&at, call).await?;
		all.extend(page.found);
		from = page.next;
	}
	Ok(all
		.iter()
		.map(|one| {
			let newest = one.newest.as_ref();
			json!({
				"name": text(&one.name.0),
				"author": one.author.to_string(),
				"description": text(&one.description.0),
				"release": newest.map(|newest| newest.number),
				"price": newest.map(|newest| price(newest.royalty)),
				"licence": newest.map(|newest| text(&newest.licence.0)),
				"attested": newest.map(|newest| newest.attestations),
				"flagged": newest.map(|newest| newest.flags),
			})
		})
		.collect())
}

/// What an author asks per block.
pub(crate) fn price(royalty: u128) -> String {
	match royalty {
		0 => "free".into(),
		more => amount::show(more),
	}
}

async fn show(at: &AtBlock, name: &Named) -> Outcome {
	let (application, record) = name.application(at).await?;
	let releases = storage().applications();
	let mut all: Vec<((u32, u32), ReleaseRecord)> =
		entries!(at, releases.releases(), (application,));
	all.sort_by_key(|((_, number), _)| *number);
	let mut verdicts: Vec<Value> = Vec::new();
	for ((_, number), _) in &all {
		let id = ReleaseId {
			application,
			number: *number,
		};
		verdicts.extend(curator::verdicts(at, id).await?);
	}
	let shown: Vec<Value> = all
		.iter()
		.map(|((_, number), one)| {
			let spec = &one.spec;
			let needs = &spec.needs;
			json!({
				"release": number,
				"image": format!("{:?}", spec.image),
				"command": spec.command.0.iter().map(|word| text(&word.0)).collect::<Vec<_>>().join(" "),
				"port": spec.port,
				"licence": text(&spec.licence.0),
				"price": price(spec.royalty),
				"price_units": spec.royalty.to_string(),
				"cpu_millis": needs.capacity.cpu_millis,
				"memory_mib": needs.capacity.memory_mib,
				"disk_mib": needs.capacity.disk_mib,
				"gpus": needs.gpus,
				"gpu_memory_mib": needs.gpu_memory_mib,
				"requests": one.uses,
				"attested": one.attestations,
				"flagged": one.flags,
				"retracted": one.is_retracted,
			})
		})
		.collect();
	Ok(json!({
		"application": application,
		"name": text(&record.name.0),
		"author": record.author.to_string(),
		"offered_to": record.successor.map(|to| to.to_string()),
		"description": text(&record.description.0),
		"registered_at": record.registered_at,
		"releases": shown,
		"verdicts": verdicts,
	}))
}
