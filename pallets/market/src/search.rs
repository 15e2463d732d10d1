//! Finding compute by its parameters: a page at a time, so that no client walks the whole map.

use alloc::vec::Vec;

use usufruct_primitives::{
	traits::{ListingInfo, NodeInspect, ResourceInspect, ScoreInspect},
	Uid,
};

use crate::{Config, Filter, Found, Page, Pallet};

/// Most listings that one call looks at, found or not.
pub const MAX_LOOKED_AT: u32 = 1_000;
/// Most listings that one call gives.
pub const MAX_FOUND: u32 = 100;

impl<T: Config> Pallet<T> {
	/// Listings from `from` on that satisfy the filter, ascending by uid: at most `limit`, and at most
	/// [`MAX_FOUND`]; with where to go on.
	pub(crate) fn search(filter: &Filter, from: Uid, limit: u32) -> Page<T::AccountId> {
		let limit = limit.clamp(1, MAX_FOUND) as usize;
		let mut listings = Self::in_order(from);
		let mut found = Vec::new();
		for listing in listings.by_ref().take(MAX_LOOKED_AT as usize) {
			if found.len() == limit {
				// There was room for no more: this one is looked at again.
				let next = Some(listing.uid);
				return Page { found, next };
			}
			if filter.takes_listing(&listing) {
				found.extend(Self::found(listing).filter(|one| filter.takes(one)));
			}
		}
		let next = listings.next().map(|listing| listing.uid);
		Page { found, next }
	}

	fn found(listing: ListingInfo<T::AccountId>) -> Option<Found<T::AccountId>> {
		let resource = T::Rights::resource(listing.vid)?;
		Some(Found {
			uid: listing.uid,
			vid: listing.vid,
			seller: listing.seller,
			price: listing.price,
			min_term: listing.min_term,
			max_term: listing.max_term,
			node: resource.node,
			region: T::Nodes::region(resource.node),
			is_online: T::Nodes::is_online(resource.node),
			class: resource.class,
			score_ppm: T::Scores::score_ppm(resource.lead),
			isolation: resource.isolation,
			gpus: resource.gpus,
			gpu_memory_mib: resource.gpu_memory_mib,
			capacity: resource.capacity,
		})
	}
}
