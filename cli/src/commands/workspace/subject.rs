//! What is run: an image by its digest, or a release of an application by its name.

use usufruct_client::{api, H256};

use super::{types::BoundedVec, upkeep::Upkeep};
use crate::{
	commands::{
		application::{self, Named, ReleaseId},
		hash,
	},
	context::Context,
	output::Failure,
};

use api::runtime_types::{
	pallet_applications::types::Needs, pallet_workspaces::workload::Workload,
	usufruct_primitives::hardware::Capacity,
};

/// What to run, and how to start it.
#[derive(Debug, clap::Args)]
pub(crate) struct Subject {
	/// Digest of a published image
	#[arg(long, value_parser = hash, required_unless_present = "application")]
	pub(super) image: Option<H256>,
	/// An application by name, or a release of it as NAME@NUMBER, in place of an image; without a number, the
	/// newest. `usufruct application list` shows what there is
	#[arg(long, conflicts_with = "image")]
	pub(super) application: Option<Named>,
	/// The port that it listens on; without it, the application's, or a batch job
	#[arg(long)]
	pub(super) port: Option<u16>,
	#[command(flatten)]
	pub(super) upkeep: Upkeep,
	/// The command with its arguments, after --
	#[arg(last = true)]
	pub(super) command: Vec<String>,
}

/// The same, as the chain is asked for it.
#[derive(Debug)]
pub(crate) struct Resolved {
	pub(crate) workload: Workload,
	/// Per block, for the author.
	pub(crate) royalty: u128,
	/// What the author says that it needs.
	pub(crate) needs: Needs,
}

impl Subject {
	/// Finds out on chain what a name leads to, and says what is thought of it.
	pub(crate) async fn resolve(self, context: &Context) -> Result<Resolved, Failure> {
		let command = command(self.command);
		if let Some(image) = self.image {
			return Ok(Resolved {
				workload: workload(image, None, command, self.port, &self.upkeep)?,
				royalty: 0,
				needs: Needs {
					capacity: Capacity {
						cpu_millis: 0,
						memory_mib: 0,
						disk_mib: 0,
					},
					gpus: 0,
					gpu_memory_mib: 0,
				},
			});
		}
		let named = self.application.ok_or_else(|| {
			Failure::Usage("say what to run: an --image, or an --application".into())
		})?;
		let found = named.release(&context.state().await?).await?;
		let (record, number) = (found.record, found.id.number);
		context.say(&format!(
			"{named}: release {number} by {}, {}, {} per block; {} curators attest it, {} flag it",
			found.author,
			super::text(&record.spec.licence.0),
			application::price(record.spec.royalty),
			record.attestations,
			record.flags,
		));
		let command = match command.0.is_empty() {
			true => record.spec.command,
			false => command,
		};
		let port = self.port.or(record.spec.port);
		let (image, release) = (record.spec.image, Some(found.id));
		Ok(Resolved {
			workload: workload(image, release, command, port, &self.upkeep)?,
			royalty: record.spec.royalty,
			needs: record.spec.needs,
		})
	}
}

/// A command with its arguments, as the chain knows it.
pub(super) fn command(words: Vec<String>) -> BoundedVec<BoundedVec<u8>> {
	let words = words.into_iter();
	BoundedVec(words.map(|word| BoundedVec(word.into_bytes())).collect())
}

fn workload(
	image: H256,
	release: Option<ReleaseId>,
	command: BoundedVec<BoundedVec<u8>>,
	port: Option<u16>,
	upkeep: &Upkeep,
) -> Result<Workload, Failure> {
	upkeep.check(port).map_err(Failure::Usage)?;
	Ok(Workload {
		image,
		release,
		command,
		port,
		health: upkeep.health(),
		restart: upkeep.restart(port),
	})
}
