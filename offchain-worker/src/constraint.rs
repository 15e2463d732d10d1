//! Whether an offer satisfies a demand: the same on chain and off, in time bounded by the classes
//! that a requirement may name and the machines that a request may avoid.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use usufruct_primitives::{IsolationClass, Requirement};

use crate::{Demand, Offer};

/// Why an offer does not satisfy a demand: the first of these that holds.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
#[non_exhaustive]
pub enum Mismatch {
	/// The machine is offline.
	Offline,
	/// The listing is the tenant's own.
	Own,
	/// The request failed on this machine before.
	Avoided,
	/// Another resource class.
	Class,
	/// Too few GPUs, or with too little memory.
	Gpus,
	/// Too little processor, memory or disk.
	Capacity,
	/// Another isolation than asked for, or one that cannot run this kind of image.
	Isolation,
	/// Not proved, or a lower score than asked for.
	Score,
	/// The term is shorter or longer than the listing allows.
	Term,
	/// Too dear.
	Price,
}

/// Checks the offer against the demand.
///
/// # Errors
///
/// The first mismatch, in the order of [`Mismatch`].
pub fn check<AccountId: PartialEq>(
	demand: &Demand<AccountId>,
	offer: &Offer<AccountId>,
) -> Result<(), Mismatch> {
	let Requirement {
		classes,
		gpus,
		gpu_memory_mib,
		capacity,
		isolation,
		..
	} = &demand.requirement;
	let enough_gpus =
		offer.gpus >= *gpus && (*gpus == 0 || offer.gpu_memory_mib >= *gpu_memory_mib);
	let can_run = demand.wasm == (offer.isolation == IsolationClass::Wasm);
	let rules = [
		(offer.online, Mismatch::Offline),
		(offer.seller != demand.tenant, Mismatch::Own),
		(!demand.avoid.contains(&offer.node), Mismatch::Avoided),
		(
			classes.is_empty() || classes.contains(&offer.class),
			Mismatch::Class,
		),
		(enough_gpus, Mismatch::Gpus),
		(offer.capacity.covers(capacity), Mismatch::Capacity),
		(
			can_run && isolation.is_none_or(|asked| asked == offer.isolation),
			Mismatch::Isolation,
		),
		(
			offer.score_ppm >= demand.requirement.min_score_ppm,
			Mismatch::Score,
		),
		(
			demand.term >= offer.min_term && demand.term <= offer.max_term,
			Mismatch::Term,
		),
		(offer.price <= demand.requirement.max_price, Mismatch::Price),
	];
	rules
		.into_iter()
		.find(|(holds, _)| !holds)
		.map_or(Ok(()), |(_, mismatch)| Err(mismatch))
}
