//! `usufruct node`.

use serde_json::{json, Value};
use usufruct_client::{account_of, amount, api, view};

use super::{done, entries, entry, hash, storage, text};
use crate::{
	context::{tx, Context},
	output::{Failure, Outcome},
};

/// About machines.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
	/// Register a machine by hand; `usufruct-agent` does it by itself
	Register {
		/// Hash of the machine's identity, 32 bytes in hexadecimal
		#[arg(long, value_parser = hash)]
		machine: usufruct_client::H256,
		/// Where its agent answers
		#[arg(long, default_value = "")]
		endpoint: String,
		/// Country, ISO 3166 numeric
		#[arg(long, default_value_t = 0)]
		region: u16,
	},
	/// List all machines
	List,
	/// Show one machine
	Show {
		/// The machine
		node: u32,
	},
	/// Say that a machine is there
	Heartbeat {
		/// The machine
		node: u32,
	},
	/// Take a machine off until its next heartbeat
	Offline {
		/// The machine
		node: u32,
	},
	/// Begin to leave with a machine
	Retire {
		/// The machine
		node: u32,
	},
	/// Add to a machine's bond
	TopUp {
		/// The machine
		node: u32,
		/// How much, in USU
		#[arg(value_parser = amount::parse)]
		amount: u128,
	},
	/// Take the bond of a retired machine back
	Withdraw {
		/// The machine
		node: u32,
	},
	/// Let an agent's hot key act for the signing account, and give it money for fees
	AddAgent {
		/// The hot key's address
		agent: String,
		/// Money for fees, in USU
		#[arg(long, default_value = "10", value_parser = amount::parse)]
		fund: u128,
	},
}

type Record =
	api::runtime_types::pallet_node_registry::types::NodeRecord<usufruct_client::AccountId32>;

fn document(node: u32, record: &Record) -> Value {
	json!({
		"node": node,
		"owner": record.owner.to_string(),
		"status": format!("{:?}", record.status),
		"endpoint": text(&record.endpoint.0),
		"hardware": record.hardware,
		"resources": record.users,
		"bond": amount::show(record.bond),
		"last_heartbeat": record.last_heartbeat,
		"faults": record.faults,
	})
}

pub(crate) async fn run(context: &Context, command: Command) -> Outcome {
	let registry = tx().node_registry();
	match command {
		Command::Register {
			machine,
			endpoint,
			region,
		} => {
			let endpoint = api::runtime_types::bounded_collections::bounded_vec::BoundedVec(
				endpoint.into_bytes(),
			);
			let sent = context
				.submit(&registry.register(machine, endpoint, region))
				.await?;
			let event = sent.event::<api::node_registry::events::NodeRegistered>()?;
			Ok(json!({ "node": event.node }))
		}
		Command::List => {
			let at = context.state().await?;
			let nodes = entries!(at, storage().node_registry().nodes());
			Ok(nodes
				.iter()
				.map(|((node,), record)| document(*node, record))
				.collect())
		}
		Command::Show { node } => {
			let at = context.state().await?;
			let record = entry!(at, storage().node_registry().nodes(), (node,));
			let record = record.ok_or_else(|| Failure::Gone(format!("there is no node {node}")))?;
			let quality: u32 =
				view(&at, api::view_functions().node_registry().quality(node)).await?;
			let mut shown = document(node, &record);
			shown["quality_ppm"] = json!(quality);
			Ok(shown)
		}
		Command::Heartbeat { node } => {
			context.submit(&registry.heartbeat(node)).await?;
			Ok(done("heartbeat received"))
		}
		Command::Offline { node } => {
			context.submit(&registry.go_offline(node)).await?;
			Ok(done("offline"))
		}
		Command::Retire { node } => {
			context.submit(&registry.retire(node)).await?;
			Ok(done("retiring"))
		}
		Command::TopUp { node, amount } => {
			context.submit(&registry.top_up_bond(node, amount)).await?;
			Ok(done("added"))
		}
		Command::Withdraw { node } => {
			context.submit(&registry.withdraw_bond(node)).await?;
			Ok(done("withdrawn"))
		}
		Command::AddAgent { agent, fund } => {
			let agent = account_of(&agent)?;
			let kind =
				api::runtime_types::usufruct_runtime::configs::accounts::ProxyType::NodeAgent;
			let add = api::Call::Proxy(api::runtime_types::pallet_proxy::pallet::Call::add_proxy {
				delegate: agent.into(),
				proxy_type: kind,
				delay: 0,
			});
			let pay = api::Call::Balances(
				api::runtime_types::pallet_balances::pallet::Call::transfer_keep_alive {
					dest: agent.into(),
					value: fund,
				},
			);
			context
				.submit(&tx().utility().batch_all(vec![add, pay]))
				.await?;
			Ok(done("the agent may act"))
		}
	}
}
