//! What a request would find, before anybody pays for it: judged by the same check and rank as proposals.

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;
use usufruct_offchain_worker::{assign, check, rank, Demand, Mismatch};
use usufruct_primitives::{traits::Marketplace, Balance, NodeId, Uid};

use crate::{Config, ImageKind, Images, Pallet, WorkspaceSpec, MAX_REPLICAS};

/// Most listings that one call looks at.
pub const MAX_PLANNED: u32 = 500;

/// A listing as a request would see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Planned {
	/// The use right.
	pub uid: Uid,
	/// Its machine.
	pub node: NodeId,
	/// Price per block now.
	pub price: Balance,
	/// Why it would not do; `None` where it would.
	pub mismatch: Option<Mismatch>,
	/// How good it would be, 0 to [`usufruct_offchain_worker::MAX_SCORE`]; 0 where it would not do.
	pub score: u32,
}

/// A page of listings as a request would see them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Plan {
	/// Ascending by uid.
	pub listings: Vec<Planned>,
	/// Where to go on; `None` where all listings were looked at.
	pub next: Option<Uid>,
}

/// A replica where it would be placed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Seat {
	/// The replica.
	pub replica: u8,
	/// The use right.
	pub uid: Uid,
	/// Price per block now.
	pub price: Balance,
	/// How good it is, 0 to [`usufruct_offchain_worker::MAX_SCORE`].
	pub score: u32,
}

impl<T: Config> Pallet<T> {
	/// The listings from `from` on as a request of the tenant would see them, at most [`MAX_PLANNED`]; `None`
	/// where its image is not published.
	pub(crate) fn plan_for(
		tenant: T::AccountId,
		spec: WorkspaceSpec<T::AccountId>,
		from: Uid,
		limit: u32,
	) -> Option<Plan> {
		let demand = Self::imagined(tenant, spec)?;
		let limit = limit.clamp(1, MAX_PLANNED);
		let listings = T::Market::listings_from(from, limit);
		let is_last = listings.len() < limit as usize;
		let next = listings.last().and_then(|last| last.uid.checked_add(1));
		let planned = listings.iter().filter_map(|listing| {
			let offer = Self::offer_of(listing)?;
			let mismatch = check(&demand, &offer).err();
			Some(Planned {
				uid: offer.uid,
				node: offer.node,
				price: offer.price,
				mismatch,
				score: match mismatch {
					Some(_) => 0,
					None => rank(&demand, &offer).score,
				},
			})
		});
		Some(Plan {
			listings: planned.collect(),
			next: next.filter(|_| !is_last),
		})
	}

	/// Where the replicas of such a request would go if nothing else were for sale than `among`, of which the
	/// first [`MAX_PLANNED`] count; `None` where its image is not published.
	pub(crate) fn seats_for(
		tenant: T::AccountId,
		spec: WorkspaceSpec<T::AccountId>,
		among: Vec<Uid>,
	) -> Option<Vec<Seat>> {
		let demand = Self::imagined(tenant, spec)?;
		let limit = usize::try_from(MAX_PLANNED).unwrap_or(0);
		let offers: Vec<_> = among
			.into_iter()
			.take(limit)
			.filter_map(|uid| Self::offer_of(&T::Market::listing(uid)?))
			.collect();
		let seats = assign(&[demand], &offers, limit)
			.into_iter()
			.filter_map(|found| {
				let offer = offers.iter().find(|offer| offer.uid == found.uid)?;
				Some(Seat {
					replica: found.replica,
					uid: found.uid,
					price: offer.price,
					score: found.score,
				})
			});
		Some(seats.collect())
	}

	/// The demand of a request that was not made yet.
	fn imagined(
		tenant: T::AccountId,
		spec: WorkspaceSpec<T::AccountId>,
	) -> Option<Demand<T::AccountId>> {
		let image = Images::<T>::get(spec.workload.image)?;
		Some(Demand {
			request: 0,
			attempt: 0,
			tenant,
			requirement: spec.requirement,
			wasm: image.kind == ImageKind::Wasm,
			term: spec.term,
			opened_at: Self::now(),
			avoid: Vec::new(),
			placed: Vec::new(),
			missing: (0..spec.replicas.min(MAX_REPLICAS)).collect(),
		})
	}
}
