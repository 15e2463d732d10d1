//! Whether an offer satisfies a demand: the same on chain and off, in time bounded by the lists of a
//! requirement, the machines that a request may avoid, and its replicas.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use usufruct_primitives::{Filter, IsolationClass};

use crate::{Demand, Kind, Offer, Place, Quality};

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
	/// Another resource class.
	Class,
	/// Too few GPUs, or with too little memory.
	Gpus,
	/// Too little processor, memory or disk.
	Capacity,
	/// Another isolation than asked for, or one that cannot run this kind of image.
	Isolation,
	/// In another region than asked for, or it does not say where it is.
	Region,
	/// The term is shorter or longer than the listing allows.
	Term,
	/// The machine is offline.
	Offline,
	/// Not proved, or a lower score than asked for.
	Score,
	/// Less available than asked for.
	Availability,
	/// The listing or the machine is the tenant's own.
	Own,
	/// A provider that the request does not accept.
	Provider,
	/// The request failed on this machine before.
	Avoided,
	/// It shares with another replica what replicas may not share.
	Apart,
	/// It does not share with the other replicas what they must share.
	Together,
	/// Too dear.
	Price,
}

/// Checks the offer against the demand: [`suits`], [`suffices`], then [`admits`].
///
/// # Errors
///
/// The first mismatch, in the order of [`Mismatch`].
pub fn check<AccountId: PartialEq>(
	demand: &Demand<AccountId>,
	offer: &Offer<AccountId>,
) -> Result<(), Mismatch> {
	suits(demand, &offer.features.kind)?;
	suffices(demand, &offer.features.quality)?;
	admits(demand, offer)
}

/// Whether offers of this kind can do for the demand, whoever makes them and for how much.
///
/// # Errors
///
/// The first mismatch, [`Mismatch::Class`] to [`Mismatch::Term`].
pub fn suits<AccountId>(demand: &Demand<AccountId>, kind: &Kind) -> Result<(), Mismatch> {
	let asked = &demand.requirement;
	holds(
		asked.classes.is_empty() || asked.classes.contains(&kind.class),
		Mismatch::Class,
	)?;
	holds(
		kind.gpus >= asked.gpus && (asked.gpus == 0 || kind.gpu_memory_mib >= asked.gpu_memory_mib),
		Mismatch::Gpus,
	)?;
	holds(kind.capacity().covers(&asked.capacity), Mismatch::Capacity)?;
	holds(
		demand.wasm == (kind.isolation == IsolationClass::Wasm)
			&& (asked.isolation.is_empty() || asked.isolation.contains(&kind.isolation)),
		Mismatch::Isolation,
	)?;
	let must_say =
		asked.apart.region || asked.together.region || !matches!(asked.regions, Filter::Any);
	holds(
		!must_say || (kind.region != 0 && asked.regions.accepts(&kind.region)),
		Mismatch::Region,
	)?;
	holds(
		demand.term >= kind.min_term && demand.term <= kind.max_term,
		Mismatch::Term,
	)
}

/// Whether what was measured is good enough for the demand.
///
/// # Errors
///
/// The first mismatch, [`Mismatch::Offline`] to [`Mismatch::Availability`].
pub fn suffices<AccountId>(demand: &Demand<AccountId>, quality: &Quality) -> Result<(), Mismatch> {
	let asked = &demand.requirement;
	holds(quality.online, Mismatch::Offline)?;
	holds(
		quality.score_percent >= asked.min_score_percent,
		Mismatch::Score,
	)?;
	holds(
		quality.availability_percent >= asked.min_availability_percent,
		Mismatch::Availability,
	)
}

/// Whether this offer of those that suit may be taken.
///
/// # Errors
///
/// The first mismatch, [`Mismatch::Own`] to [`Mismatch::Price`].
pub fn admits<AccountId: PartialEq>(
	demand: &Demand<AccountId>,
	offer: &Offer<AccountId>,
) -> Result<(), Mismatch> {
	let asked = &demand.requirement;
	holds(
		offer.seller != demand.tenant && offer.owner != demand.tenant,
		Mismatch::Own,
	)?;
	holds(asked.providers.accepts(&offer.owner), Mismatch::Provider)?;
	holds(!demand.avoid.contains(&offer.node), Mismatch::Avoided)?;
	let mut others = demand.placed.iter();
	holds(
		others.all(|other| {
			let [node, owner, region] = shared(offer, other);
			!(asked.apart.node && node
				|| asked.apart.owner && owner
				|| asked.apart.region && region)
		}),
		Mismatch::Apart,
	)?;
	let mut others = demand.placed.iter();
	holds(
		others.all(|other| {
			let [node, owner, region] = shared(offer, other);
			(node || !asked.together.node)
				&& (owner || !asked.together.owner)
				&& (region || !asked.together.region)
		}),
		Mismatch::Together,
	)?;
	holds(offer.price <= asked.max_price, Mismatch::Price)
}

/// Whether the offer has machine, owner and region in common with a replica.
fn shared<AccountId: PartialEq>(offer: &Offer<AccountId>, other: &Place<AccountId>) -> [bool; 3] {
	[
		offer.node == other.node,
		offer.owner == other.owner,
		offer.features.kind.region == other.region,
	]
}

fn holds(rule: bool, otherwise: Mismatch) -> Result<(), Mismatch> {
	if rule {
		Ok(())
	} else {
		Err(otherwise)
	}
}
