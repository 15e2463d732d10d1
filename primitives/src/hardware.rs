//! What a machine is made of, and what is cut from it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::{ClassId, NodeId};

/// What kind of device a HID is.
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
	Serialize,
	Deserialize,
)]
pub enum HardwareKind {
	/// A machine's processors with its main memory and disk. Divisible among resources.
	Cpu,
	/// One physical GPU. Belongs to at most one resource.
	Gpu,
}

/// An amount of the divisible goods of a machine.
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
pub struct Capacity {
	/// Processor time in thousandths of a core.
	pub cpu_millis: u32,
	/// Main memory in MiB.
	pub memory_mib: u32,
	/// Disk in MiB.
	pub disk_mib: u32,
}

impl Capacity {
	/// Whether `self` covers `other` in every good.
	pub fn covers(&self, other: &Self) -> bool {
		self.cpu_millis >= other.cpu_millis
			&& self.memory_mib >= other.memory_mib
			&& self.disk_mib >= other.disk_mib
	}

	/// The sum, or `None` where a good overflows.
	pub fn checked_add(&self, other: &Self) -> Option<Self> {
		Some(Self {
			cpu_millis: self.cpu_millis.checked_add(other.cpu_millis)?,
			memory_mib: self.memory_mib.checked_add(other.memory_mib)?,
			disk_mib: self.disk_mib.checked_add(other.disk_mib)?,
		})
	}

	/// The difference, or `None` where `other` exceeds `self` in a good.
	pub fn checked_sub(&self, other: &Self) -> Option<Self> {
		Some(Self {
			cpu_millis: self.cpu_millis.checked_sub(other.cpu_millis)?,
			memory_mib: self.memory_mib.checked_sub(other.memory_mib)?,
			disk_mib: self.disk_mib.checked_sub(other.disk_mib)?,
		})
	}
}

/// What other pallets may know of a HID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HardwareInfo {
	/// The machine that it is in.
	pub node: NodeId,
	/// Its resource class.
	pub class: ClassId,
	/// Processor or GPU.
	pub kind: HardwareKind,
	/// What a `Cpu` HID can be divided into. For a `Gpu`, `memory_mib` is the device's memory and
	/// the rest is zero.
	pub capacity: Capacity,
}

/// How well a workspace is walled off from its machine, weakest first.
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
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum IsolationClass {
	/// A container that shares the machine's kernel (runc).
	Container,
	/// A container on a kernel of its own in user space (gVisor).
	Gvisor,
	/// A WebAssembly sandbox: no system calls but those of its host.
	Wasm,
	/// A virtual machine.
	Vm,
}
