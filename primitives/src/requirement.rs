//! What a request asks of a resource: bounded, canonical, the same bytes for chain, worker and CLI.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::{Balance, Capacity, ClassId, IsolationClass};

/// Resource classes that one requirement may name.
pub const MAX_CLASSES: u32 = 8;

/// What a resource and its listing must offer. A field at its default asks for nothing.
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
pub struct Requirement {
	/// Any of these resource classes; empty = any class.
	pub classes: BoundedVec<ClassId, ConstU32<MAX_CLASSES>>,
	/// GPUs, at least.
	pub gpus: u8,
	/// Memory of each GPU in MiB, at least.
	pub gpu_memory_mib: u32,
	/// Processor, main memory and disk, at least.
	pub capacity: Capacity,
	/// Exactly this isolation; `None` = any.
	pub isolation: Option<IsolationClass>,
	/// Proved score in parts per million of the class's reference, at least. 0 = unproved is enough.
	pub min_score_ppm: u32,
	/// Price per block and replica, at most.
	pub max_price: Balance,
	/// What counts most among the resources that satisfy all of the above.
	pub preference: Preference,
}

/// Weights of the score's criteria, as presets.
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
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Preference {
	/// The lowest price.
	Cheapest,
	/// Price, speed and availability alike.
	#[default]
	Balanced,
	/// The highest proved score.
	Fastest,
	/// The best availability.
	Steady,
}
