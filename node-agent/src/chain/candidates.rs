//! Requests that this machine is likely to get: it leads while others may still be proposed.

use eyre::Result;
use futures::StreamExt;
use usufruct_client::{api, AtBlock};

use super::{fetch, kind_of, text, unreadable, Chain};
use crate::domain::Image;

/// Most replicas with open windows that are looked at: whoever has more competitors fetches when it has won.
const MOST: usize = 256;

/// What this machine may have to run soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likely {
	/// The image.
	pub image: Image,
	/// The release that it is of, by application and number.
	pub release: Option<(u32, u32)>,
}

impl Chain {
	/// What requests are to run for which this machine was proposed, while their windows are open.
	///
	/// # Errors
	///
	/// Where the connection broke.
	pub async fn likely(&self, at: &AtBlock, node: u32) -> Result<Vec<Likely>> {
		self.whole(self.read_likely(at, node)).await
	}

	async fn read_likely(&self, at: &AtBlock, node: u32) -> Result<Vec<Likely>> {
		let workspaces = api::storage().workspaces();
		let storage = at.storage();
		let candidates = storage.iter(workspaces.candidates(), ()).await;
		let mut candidates = candidates.map_err(unreadable)?.take(MOST);
		let mut requests = Vec::new();
		while let Some(entry) = candidates.next().await {
			let entry = entry.map_err(unreadable)?;
			let proposed = entry.value().decode().map_err(unreadable)?;
			if proposed.0.iter().any(|candidate| candidate.node == node) {
				let key = entry.key().map_err(unreadable)?;
				let (request, _) = key.decode().map_err(unreadable)?;
				requests.push(request);
			}
		}
		requests.dedup();
		let mut likely = Vec::new();
		for request in requests {
			let Some(request) = fetch!(at, workspaces.requests(), (request,)) else {
				continue;
			};
			let workload = request.spec.workload;
			if let Some(image) = fetch!(at, workspaces.images(), (workload.image,)) {
				likely.push(Likely {
					image: Image {
						kind: kind_of(&image.kind),
						digest: workload.image.0,
						reference: text(&image.reference.0),
					},
					release: workload
						.release
						.map(|release| (release.application, release.number)),
				});
			}
		}
		Ok(likely)
	}
}
