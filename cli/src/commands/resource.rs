//! `usufruct resource`.

use serde_json::json;
use usufruct_client::api;

use super::{done, entries, hardware::Capacity, storage};
use crate::{
	context::{tx, Context},
	output::Outcome,
};

/// About resources (VIDs).
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Cut a resource from hardware of one machine
	Create {
		/// The hardware: the CPU, GPUs
		#[arg(required = true)]
		parts: Vec<u64>,
		#[command(flatten)]
		capacity: Capacity,
		/// How workspaces on it are walled off
		#[arg(long)]
		isolation: Isolation,
	},
	/// List resources
	List,
	/// Remove a free resource
	Remove {
		/// The resource
		vid: u64,
	},
}

/// How a workspace is walled off from its machine.
#[derive(Clone, Copy, Debug, clap::ValueEnum, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Isolation {
	/// A container on the machine's kernel
	Container,
	/// A container on a kernel of its own
	Gvisor,
	/// A WebAssembly sandbox
	Wasm,
	/// A virtual machine
	Vm,
}

/// The chain's form of an isolation class.
pub(crate) type ChainIsolation = api::runtime_types::usufruct_primitives::hardware::IsolationClass;

impl From<Isolation> for ChainIsolation {
	fn from(isolation: Isolation) -> Self {
		match isolation {
			Isolation::Container => Self::Container,
			Isolation::Gvisor => Self::Gvisor,
			Isolation::Wasm => Self::Wasm,
			Isolation::Vm => Self::Vm,
		}
	}
}

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	let rights = tx().use_rights();
	match command {
		Command::Create {
			parts,
			capacity,
			isolation,
		} => {
			let parts = api::runtime_types::bounded_collections::bounded_vec::BoundedVec(parts);
			let call = rights.create_resource(parts, capacity.into(), isolation.into());
			let sent = context.submit(&call).await?;
			let event = sent.event::<api::use_rights::events::ResourceCreated>()?;
			Ok(json!({ "vid": event.vid, "node": event.node }))
		}
		Command::List => {
			let at = context.state().await?;
			let resources = entries!(at, storage().use_rights().resources());
			Ok(resources
				.iter()
				.map(|((vid,), record)| {
					json!({
						"vid": vid,
						"node": record.node,
						"owner": record.owner.to_string(),
						"parts": record.parts.0,
						"class": record.class,
						"gpus": record.gpus,
						"cpu_millis": record.capacity.cpu_millis,
						"memory_mib": record.capacity.memory_mib,
						"isolation": format!("{:?}", record.isolation),
						"uid": record.bound,
					})
				})
				.collect())
		}
		Command::Remove { vid } => {
			context.submit(&rights.remove_resource(vid)).await?;
			Ok(done("removed"))
		}
	}
}
