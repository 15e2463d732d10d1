//! `usufruct hardware`.

use serde_json::json;
use usufruct_client::api;

use super::{entries, hash, storage};
use crate::{
	context::{tx, Context},
	output::Outcome,
};

/// About hardware (HIDs).
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Add hardware to a machine by hand; `usufruct-agent` does it by itself
	Add {
		/// The machine
		node: u32,
		/// The resource class
		#[arg(long)]
		class: u16,
		/// Hash of the device's serial number, 32 bytes in hexadecimal
		#[arg(long, value_parser = hash)]
		device: usufruct_client::H256,
		/// It is a GPU
		#[arg(long)]
		gpu: bool,
		#[command(flatten)]
		capacity: Capacity,
	},
	/// List hardware
	List {
		/// Of this machine only
		#[arg(long)]
		node: Option<u32>,
	},
}

/// An amount of a machine's goods.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Capacity {
	/// Processor in thousandths of a core
	#[arg(long, default_value_t = 0)]
	pub(crate) cpu: u32,
	/// Memory in MiB; of a GPU, its own
	#[arg(long, default_value_t = 0)]
	pub(crate) memory: u32,
	/// Disk in MiB
	#[arg(long, default_value_t = 0)]
	pub(crate) disk: u32,
}

/// The chain's form of a capacity.
pub(crate) type ChainCapacity = api::runtime_types::usufruct_primitives::hardware::Capacity;

impl From<Capacity> for ChainCapacity {
	fn from(capacity: Capacity) -> Self {
		Self {
			cpu_millis: capacity.cpu,
			memory_mib: capacity.memory,
			disk_mib: capacity.disk,
		}
	}
}

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	use api::runtime_types::usufruct_primitives::hardware::HardwareKind;
	match command {
		Command::Add {
			node,
			class,
			device,
			gpu,
			capacity,
		} => {
			let kind = if gpu {
				HardwareKind::Gpu
			} else {
				HardwareKind::Cpu
			};
			let call =
				tx().node_registry()
					.add_hardware(node, class, kind, device, capacity.into());
			let sent = context.submit(&call).await?;
			let event = sent.event::<api::node_registry::events::HardwareAdded>()?;
			Ok(json!({ "hid": event.hid }))
		}
		Command::List { node } => {
			let at = context.state().await?;
			let hardware = entries!(at, storage().node_registry().hardware());
			let wanted = hardware
				.iter()
				.filter(|(_, h)| node.is_none_or(|node| h.node == node));
			Ok(wanted
				.map(|((hid,), record)| {
					json!({
						"hid": hid,
						"node": record.node,
						"class": record.class,
						"kind": format!("{:?}", record.kind),
						"cpu_millis": record.capacity.cpu_millis,
						"memory_mib": record.capacity.memory_mib,
						"disk_mib": record.capacity.disk_mib,
					})
				})
				.collect())
		}
	}
}
