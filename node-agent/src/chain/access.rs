//! Who may use what on this machine, and where tenants find the agent.

use std::{collections::HashMap, time::Instant};

use eyre::{Result, WrapErr};
use usufruct_client::{api, AccountId32, AtBlock, Keypair, H256};

use super::{fetch, text, unreadable, BoundedVec, Chain, Registry};
use crate::access::{Right, View};

impl Chain {
	/// The chain's genesis hash.
	///
	/// # Errors
	///
	/// Where the connection broke.
	pub async fn genesis(&self) -> Result<[u8; 32]> {
		Ok(self.client.genesis().await?.0)
	}

	/// The hot key.
	pub fn key(&self) -> &Keypair {
		&self.key
	}

	/// Who may use what on the machine, with where the chain says that its agent answers; `None` where
	/// the machine is not registered.
	///
	/// # Errors
	///
	/// Where the connection broke.
	pub async fn rights(&self, at: &AtBlock, machine: [u8; 32]) -> Result<Option<(View, String)>> {
		use api::runtime_types::pallet_use_rights::types::UseRightState;
		let seen = Instant::now();
		let registry = api::storage().node_registry();
		let Some(node) = fetch!(at, registry.node_of_machine(), (H256(machine),)) else {
			return Ok(None);
		};
		let Some(record) = fetch!(at, registry.nodes(), (node,)) else {
			return Ok(None);
		};
		let workspaces = api::storage().workspaces();
		let list = fetch!(at, workspaces.leases_of_node(), (node,)).map(|list| list.0);
		let block = Self::number(at);
		let mut rights = HashMap::new();
		for id in list.unwrap_or_default() {
			let Some(lease) = fetch!(at, workspaces.leases(), (id,)) else {
				continue;
			};
			let held = api::storage().use_rights();
			let Some(right) = fetch!(at, held.use_rights(), (lease.uid,)) else {
				continue;
			};
			let UseRightState::Sold { from, until } = right.state else {
				continue;
			};
			if (from..until.min(lease.ends_at)).contains(&block) {
				let AccountId32(holder) = right.holder;
				let generation = lease.generation;
				rights.insert(id, Right { generation, holder });
			}
		}
		let view = View {
			node,
			block,
			seen,
			rights,
		};
		let endpoint = text(&record.endpoint.0);
		Ok(Some((view, endpoint)))
	}

	/// Tells the chain where tenants reach the agent.
	///
	/// # Errors
	///
	/// What the chain refused.
	pub async fn announce(&self, node: u32, endpoint: &str) -> Result<()> {
		let endpoint = BoundedVec(endpoint.as_bytes().to_vec());
		self.submit(api::Call::NodeRegistry(Registry::set_endpoint {
			node,
			endpoint,
		}))
		.await
		.wrap_err("announce where tenants reach the agent")
	}
}
