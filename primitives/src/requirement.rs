//! What a request asks of a resource: bounded, canonical, the same bytes for chain, worker and CLI.
//!
//! One meaning has one encoding: lists ascend and name nothing twice, an empty list is never sent
//! where a word for it exists, weights add up to 100. [`Requirement::validate`] says whether it is so.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

use crate::{Balance, Capacity, ClassId, IsolationClass};

/// Entries of each list of a requirement.
pub const MAX_LISTED: u32 = 8;

/// A list of a requirement: ascending, nothing twice.
pub type Listed<T> = BoundedVec<T, ConstU32<MAX_LISTED>>;

/// What a resource and its listing must offer. A field at its default asks for nothing.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Requirement<AccountId> {
	/// Any of these resource classes; empty = any class.
	pub classes: Listed<ClassId>,
	/// GPUs, at least.
	pub gpus: u8,
	/// Memory of each GPU in MiB, at least.
	pub gpu_memory_mib: u32,
	/// Processor, main memory and disk, at least.
	pub capacity: Capacity,
	/// Any of these isolations; empty = any.
	pub isolation: Listed<IsolationClass>,
	/// Where the machine may be, by ISO 3166 number. A machine that does not say where it is satisfies
	/// [`Filter::Any`] alone.
	pub regions: Filter<u16>,
	/// Whose machines it may run on.
	pub providers: Filter<AccountId>,
	/// Proved score in per cent of the class's reference, at least. 0 = unproved is enough.
	pub min_score_percent: u8,
	/// Availability of the machine in per cent, at least; 0 to 100.
	pub min_availability_percent: u8,
	/// Price per block and replica, at most.
	pub max_price: Balance,
	/// What no two replicas may share.
	pub apart: Scopes,
	/// What all replicas must share.
	pub together: Scopes,
	/// What counts how much among the resources that satisfy all of the above.
	pub weights: Weights,
}

impl<AccountId> Default for Requirement<AccountId> {
	fn default() -> Self {
		Self {
			classes: Listed::default(),
			gpus: 0,
			gpu_memory_mib: 0,
			capacity: Capacity::default(),
			isolation: Listed::default(),
			regions: Filter::Any,
			providers: Filter::Any,
			min_score_percent: 0,
			min_availability_percent: 0,
			max_price: 0,
			apart: Scopes::default(),
			together: Scopes::default(),
			weights: Weights::default(),
		}
	}
}

impl<AccountId: Ord> Requirement<AccountId> {
	/// Whether it is in its normal form and does not contradict itself. O(entries of its lists).
	///
	/// # Errors
	///
	/// The first of [`Malformed`] that applies.
	pub fn validate(&self) -> Result<(), Malformed> {
		let sorted = ascends(&self.classes)
			&& ascends(&self.isolation)
			&& self.regions.list().is_none_or(ascends)
			&& self.providers.list().is_none_or(ascends);
		let named = |filled: Option<bool>| filled.unwrap_or(true);
		let filled = named(self.regions.list().map(|list| !list.is_empty()))
			&& named(self.providers.list().map(|list| !list.is_empty()));
		let somewhere = self.regions.list().is_none_or(|list| !list.contains(&0));
		let rules = [
			(sorted, Malformed::Unsorted),
			(filled, Malformed::EmptyList),
			(somewhere, Malformed::NoRegion),
			(
				self.min_availability_percent <= 100,
				Malformed::Availability,
			),
			(
				!self.apart.contradicts(&self.together),
				Malformed::Contradiction,
			),
			(self.weights.sum() == 100, Malformed::Weights),
		];
		rules
			.into_iter()
			.find(|(holds, _)| !holds)
			.map_or(Ok(()), |(_, malformed)| Err(malformed))
	}
}

/// Why a requirement is not in its normal form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
	/// A list does not ascend, or names something twice.
	Unsorted,
	/// A filter with an empty list: nothing, or anything, satisfies it.
	EmptyList,
	/// Region 0 is no region: machines have it that do not say where they are.
	NoRegion,
	/// More than 100 per cent availability is asked for.
	Availability,
	/// Replicas must be apart and together in the same sense.
	Contradiction,
	/// The weights do not add up to 100.
	Weights,
}

/// Whether a list ascends and names nothing twice.
fn ascends<T: Ord>(list: &Listed<T>) -> bool {
	list.iter().zip(list.iter().skip(1)).all(|(a, b)| a < b)
}

/// Which values are accepted. Allowing some and denying others at once would be a shorter list of
/// allowed ones, so that it is not offered.
#[derive(
	Clone,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Filter<T> {
	/// All.
	#[default]
	Any,
	/// These.
	Only(Listed<T>),
	/// All but these.
	Except(Listed<T>),
}

impl<T> Filter<T> {
	/// What it names; `None` for [`Filter::Any`].
	pub fn list(&self) -> Option<&Listed<T>> {
		match self {
			Self::Any => None,
			Self::Only(list) | Self::Except(list) => Some(list),
		}
	}
}

impl<T: PartialEq> Filter<T> {
	/// Whether the value is accepted.
	pub fn accepts(&self, value: &T) -> bool {
		match self {
			Self::Any => true,
			Self::Only(list) => list.contains(value),
			Self::Except(list) => !list.contains(value),
		}
	}
}

/// What replicas of one request may share with each other.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Scopes {
	/// The machine.
	pub node: bool,
	/// The machine's owner.
	pub owner: bool,
	/// The machine's region.
	pub region: bool,
}

impl Scopes {
	/// Whether no two replicas can be apart in `self` and together in `other`. Replicas on one machine
	/// share its owner and its region, too.
	pub fn contradicts(&self, other: &Self) -> bool {
		let any = self.node || self.owner || self.region;
		(any && other.node) || (self.owner && other.owner) || (self.region && other.region)
	}
}

/// What counts how much in the score, in per cent that add up to 100.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Weights {
	/// How far the price is below the highest accepted.
	pub price: u8,
	/// How far the proved score is above the lowest accepted, up to the class's reference.
	pub speed: u8,
	/// How far the availability is above the lowest accepted.
	pub reliability: u8,
}

impl Weights {
	/// The lowest price alone.
	pub const CHEAPEST: Self = Self::new(100, 0, 0);
	/// Price, speed and availability alike.
	pub const BALANCED: Self = Self::new(40, 30, 30);
	/// The highest proved score first.
	pub const FASTEST: Self = Self::new(10, 80, 10);
	/// The best availability first.
	pub const STEADY: Self = Self::new(10, 10, 80);

	/// These weights.
	pub const fn new(price: u8, speed: u8, reliability: u8) -> Self {
		Self {
			price,
			speed,
			reliability,
		}
	}

	fn sum(&self) -> u32 {
		[self.price, self.speed, self.reliability]
			.into_iter()
			.fold(0, |sum, weight| sum.saturating_add(weight.into()))
	}
}

impl Default for Weights {
	fn default() -> Self {
		Self::BALANCED
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn listed<T: Clone>(items: &[T]) -> Listed<T> {
		items.to_vec().try_into().unwrap_or_default()
	}

	#[test]
	fn what_is_not_in_its_normal_form_is_named() {
		type Case = (Malformed, fn(&mut Requirement<u64>));
		let cases: [Case; 12] = [
			(Malformed::Unsorted, |r| r.classes = listed(&[2, 1])),
			(Malformed::Unsorted, |r| r.classes = listed(&[1, 1])),
			(Malformed::Unsorted, |r| {
				r.isolation = listed(&[IsolationClass::Vm, IsolationClass::Gvisor]);
			}),
			(Malformed::Unsorted, |r| {
				r.regions = Filter::Except(listed(&[3, 2]));
			}),
			(Malformed::Unsorted, |r| {
				r.providers = Filter::Only(listed(&[9, 9]));
			}),
			(Malformed::EmptyList, |r| {
				r.regions = Filter::Only(listed(&[]));
			}),
			(Malformed::EmptyList, |r| {
				r.providers = Filter::Except(listed(&[]));
			}),
			(Malformed::NoRegion, |r| {
				r.regions = Filter::Only(listed(&[0, 276]));
			}),
			(Malformed::Availability, |r| {
				r.min_availability_percent = 101;
			}),
			(Malformed::Contradiction, |r| {
				(r.apart.region, r.together.node) = (true, true);
			}),
			(Malformed::Weights, |r| r.weights = Weights::new(40, 30, 29)),
			(Malformed::Weights, |r| {
				r.weights = Weights::new(200, 200, 212);
			}),
		];
		assert_eq!(Requirement::<u64>::default().validate(), Ok(()));
		for (malformed, spoil) in cases {
			let mut requirement = Requirement::<u64>::default();
			spoil(&mut requirement);
			assert_eq!(requirement.validate(), Err(malformed));
		}
	}

	#[test]
	fn replicas_may_be_apart_in_one_sense_and_together_in_a_wider_one() {
		let scope = |node, owner, region| Scopes {
			node,
			owner,
			region,
		};
		let (node, owner, region) = (
			scope(true, false, false),
			scope(false, true, false),
			scope(false, false, true),
		);
		assert!(!node.contradicts(&owner) && !node.contradicts(&region));
		assert!(!owner.contradicts(&region) && !region.contradicts(&owner));
		for apart in [node, owner, region] {
			assert!(apart.contradicts(&node) && apart.contradicts(&apart));
			assert!(!Scopes::default().contradicts(&apart));
			assert!(!apart.contradicts(&Scopes::default()));
		}
	}

	#[test]
	fn presets_are_in_normal_form() {
		for weights in [
			Weights::CHEAPEST,
			Weights::BALANCED,
			Weights::FASTEST,
			Weights::STEADY,
		] {
			let requirement = Requirement::<u64> {
				weights,
				..Default::default()
			};
			assert_eq!(requirement.validate(), Ok(()));
		}
	}
}
