//! Which processors and which memory a container gets: of one node of the machine's memory, and no other
//! container's, where they fit.
//!
//! A core that is leased in parts is shared by such parts alone, up to the whole of it. A lease that fits nowhere by
//! itself shares with others; its time is limited all the same. What is held is read from what runs, so that nothing is
//! kept here and a restart loses nothing.

use std::{
	collections::{BTreeMap, BTreeSet},
	fs,
	path::Path,
};

/// All of a core, in thousandths.
const CORE: u32 = 1_000;

/// A node of the machine's memory, with the processors that are near to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
	/// Its number.
	pub id: u32,
	/// Its processors.
	pub cpus: Vec<u32>,
	/// Its memory in MiB.
	pub memory_mib: u64,
}

/// What a lease asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
	/// Thousandths of a core; 0 where none was bought.
	pub cpu_millis: u32,
	/// Memory in MiB.
	pub memory_mib: u32,
	/// The node that its GPU is at.
	pub near: Option<u32>,
}

/// What a lease holds already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
	/// Where it is.
	pub place: Place,
	/// What it asked for.
	pub want: Want,
}

/// Processors and memory of a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
	/// Its processors; of one that is leased in part, the last.
	pub cpus: Vec<u32>,
	/// The nodes whose memory it may use.
	pub mems: Vec<u32>,
	/// Whether the processors are others' too.
	pub is_shared: bool,
}

impl Place {
	/// The processors as the kernel writes them.
	pub fn cpus_text(&self) -> String {
		list(&self.cpus)
	}

	/// The nodes as the kernel writes them.
	pub fn mems_text(&self) -> String {
		list(&self.mems)
	}

	/// From what [`Self::cpus_text`] and [`Self::mems_text`] gave.
	pub fn read(cpus: &str, mems: &str) -> Option<Self> {
		let numbers = |text: &str| {
			let numbers = text.split(',').map(|number| number.parse().ok());
			numbers.collect::<Option<Vec<u32>>>()
		};
		Some(Self {
			cpus: numbers(cpus)?,
			mems: numbers(mems)?,
			is_shared: false,
		})
	}
}

fn list(ids: &[u32]) -> String {
	let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
	ids.join(",")
}

/// A list as the kernel writes it: `0-3,8`. What is no number is left out.
pub fn parse_list(text: &str) -> BTreeSet<u32> {
	let range = |part: &str| {
		let (first, last) = part.split_once('-').unwrap_or((part, part));
		Some(first.trim().parse::<u32>().ok()?..=last.trim().parse::<u32>().ok()?)
	};
	text.split(',').filter_map(range).flatten().collect()
}

/// The place of a lease beside what is held. `None` where it asks for no processors, or the machine's are
/// not known: then nothing is pinned.
pub fn place(nodes: &[Node], held: &[Held], want: &Want) -> Option<Place> {
	if want.cpu_millis == 0 || nodes.iter().all(|node| node.cpus.is_empty()) {
		return None;
	}
	let used = used(held);
	let near = nodes.iter().find(|node| Some(node.id) == want.near);
	let mut order: Vec<&Node> = match near {
		Some(node) => vec![node],
		None => nodes.iter().collect(),
	};
	// The fullest that has room: what is left whole is left for who needs it.
	order.sort_by_key(|node| (free(node, &used), node.id));
	for node in order {
		if let Some(cpus) = fit(&node.cpus, &used, want.cpu_millis) {
			return Some(Place {
				cpus,
				mems: mems(nodes, held, want, node),
				is_shared: false,
			});
		}
	}
	let needed = want.cpu_millis.div_ceil(CORE) as usize;
	let all: Vec<u32> = nodes.iter().flat_map(|node| node.cpus.clone()).collect();
	let (cpus, mems, is_shared) = match near.filter(|node| node.cpus.len() >= needed) {
		// Near to its GPU and beside others, rather than alone and far away.
		Some(node) => (node.cpus.clone(), mems(nodes, held, want, node), true),
		None => match fit(&all, &used, want.cpu_millis) {
			Some(cpus) => (cpus, with_memory(nodes), false),
			None => (all, with_memory(nodes), true),
		},
	};
	Some(Place {
		cpus,
		mems,
		is_shared,
	})
}

/// Thousandths of each processor that are held. What shares holds none for itself.
fn used(held: &[Held]) -> BTreeMap<u32, u32> {
	let mut used = BTreeMap::new();
	for held in held.iter().filter(|held| !held.place.is_shared) {
		let mut left = held.want.cpu_millis;
		for cpu in &held.place.cpus {
			*used.entry(*cpu).or_insert(0) += left.min(CORE);
			left = left.saturating_sub(CORE);
		}
	}
	used
}

fn free_of(cpu: u32, used: &BTreeMap<u32, u32>) -> u32 {
	CORE.saturating_sub(used.get(&cpu).copied().unwrap_or(0))
}

fn free(node: &Node, used: &BTreeMap<u32, u32>) -> u64 {
	let cpus = node.cpus.iter();
	cpus.map(|cpu| u64::from(free_of(*cpu, used))).sum()
}

/// Whole cores first, then the part, on the core that has least room for it.
fn fit(cpus: &[u32], used: &BTreeMap<u32, u32>, millis: u32) -> Option<Vec<u32>> {
	let (whole, part) = ((millis / CORE) as usize, millis % CORE);
	let idle = cpus
		.iter()
		.copied()
		.filter(|cpu| free_of(*cpu, used) == CORE);
	let mut chosen: Vec<u32> = idle.take(whole).collect();
	if chosen.len() < whole {
		return None;
	}
	if part > 0 {
		let has_room = |cpu: &u32| free_of(*cpu, used) >= part && !chosen.contains(cpu);
		let rooms = cpus.iter().copied().filter(has_room);
		let last = rooms.min_by_key(|cpu| (free_of(*cpu, used), *cpu))?;
		chosen.push(last);
	}
	Some(chosen)
}

/// The node's own memory where there is enough of it, else that of all.
fn mems(nodes: &[Node], held: &[Held], want: &Want, node: &Node) -> Vec<u32> {
	let taken: u64 = held
		.iter()
		.filter(|held| held.place.mems == [node.id])
		.map(|held| u64::from(held.want.memory_mib))
		.sum();
	if taken + u64::from(want.memory_mib) <= node.memory_mib {
		return vec![node.id];
	}
	with_memory(nodes)
}

fn with_memory(nodes: &[Node]) -> Vec<u32> {
	let nodes = nodes.iter().filter(|node| node.memory_mib > 0);
	nodes.map(|node| node.id).collect()
}

/// The machine's nodes, from sysfs (`/sys`); empty where it does not tell.
pub fn nodes(sys: &Path) -> Vec<Node> {
	let folder = sys.join("devices/system/node");
	let Ok(entries) = fs::read_dir(&folder) else {
		return Vec::new();
	};
	let node = |name: &str| {
		let id = name.strip_prefix("node")?.parse().ok()?;
		let text = |file: &str| fs::read_to_string(folder.join(name).join(file)).ok();
		Some(Node {
			id,
			cpus: parse_list(&text("cpulist")?).into_iter().collect(),
			memory_mib: memory_mib(&text("meminfo")?)?,
		})
	};
	let mut nodes: Vec<Node> = entries
		.flatten()
		.filter_map(|entry| node(entry.file_name().to_str()?))
		.collect();
	nodes.sort_by_key(|node| node.id);
	nodes
}

fn memory_mib(meminfo: &str) -> Option<u64> {
	let line = meminfo.lines().find(|line| line.contains("MemTotal:"))?;
	let kib: u64 = line.split_whitespace().rev().nth(1)?.parse().ok()?;
	Some(kib >> 10)
}

/// The node that a device is at, by its address on the PCI bus as NVIDIA's driver writes it
/// (`00000000:3B:00.0`); `None` where the machine does not tell.
pub fn node_of_device(sys: &Path, bus_id: &str) -> Option<u32> {
	let (domain, rest) = bus_id.split_once(':')?;
	let domain = domain.get(domain.len().checked_sub(4)?..)?;
	let name = format!("{domain}:{rest}").to_lowercase();
	let path = sys.join("bus/pci/devices").join(name).join("numa_node");
	// −1 where there is one node alone.
	fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The nodes of this machine's NVIDIA GPUs, by their UUIDs.
pub fn nodes_of_gpus(sys: &Path) -> BTreeMap<String, u32> {
	let Ok(nvml) = nvml_wrapper::Nvml::init() else {
		return BTreeMap::new();
	};
	let found = |index| {
		let device = nvml.device_by_index(index).ok()?;
		let node = node_of_device(sys, &device.pci_info().ok()?.bus_id)?;
		Some((device.uuid().ok()?, node))
	};
	let count = nvml.device_count().unwrap_or(0);
	(0..count).filter_map(found).collect()
}

#[cfg(test)]
mod tests {
	use proptest::prelude::*;

	use super::*;

	/// Nodes with so many processors each, and 1,000 MiB.
	fn machine(nodes: u32, cpus: u32) -> Vec<Node> {
		let node = |id| Node {
			id,
			cpus: (id * cpus..(id + 1) * cpus).collect(),
			memory_mib: 1_000,
		};
		(0..nodes).map(node).collect()
	}

	fn want(cpu_millis: u32) -> Want {
		Want {
			cpu_millis,
			memory_mib: 100,
			near: None,
		}
	}

	#[test]
	fn a_lease_gets_processors_and_memory_of_one_node() {
		let place = place(&machine(2, 4), &[], &want(3_000)).unwrap();
		assert_eq!((place.cpus.len(), place.mems.len()), (3, 1));
		let node = place.mems[0];
		assert!(place.cpus.iter().all(|cpu| cpu / 4 == node));
	}

	#[test]
	fn a_lease_with_a_gpu_is_near_to_it_also_where_it_must_share() {
		let near = Want {
			near: Some(1),
			..want(3_000)
		};
		let nodes = machine(2, 4);
		let first = place(&nodes, &[], &near).unwrap();
		assert_eq!(first.mems, [1]);
		let held = Held {
			place: first,
			want: near,
		};
		let second = place(&nodes, &[held], &near).unwrap();
		assert_eq!((second.mems, second.cpus), (vec![1], vec![4, 5, 6, 7]));
		assert!(second.is_shared);
	}

	#[test]
	fn parts_of_cores_share_a_core_up_to_the_whole_of_it() {
		let nodes = machine(1, 2);
		let mut held: Vec<Held> = Vec::new();
		let mut next = |cpu_millis| {
			let want = want(cpu_millis);
			let place = place(&nodes, &held, &want).unwrap();
			held.push(Held {
				place: place.clone(),
				want,
			});
			place
		};
		assert_eq!(next(500).cpus, [0]);
		assert_eq!(next(500).cpus, [0]);
		assert_eq!(next(500).cpus, [1]);
		assert!(next(1_000).is_shared, "no core is whole any more");
	}

	#[test]
	fn memory_is_of_one_node_as_long_as_it_has_enough() {
		let nodes = machine(2, 4);
		let large = Want {
			memory_mib: 1_001,
			..want(1_000)
		};
		assert_eq!(place(&nodes, &[], &large).unwrap().mems, [0, 1]);
	}

	#[test]
	fn a_lease_without_a_limit_is_not_pinned_and_nor_is_any_on_an_unknown_machine() {
		assert_eq!(place(&machine(2, 4), &[], &want(0)), None);
		assert_eq!(place(&[], &[], &want(1_000)), None);
	}

	#[test]
	fn a_place_is_read_as_it_was_written() {
		let place = Place {
			cpus: vec![4, 7, 5],
			mems: vec![1],
			is_shared: false,
		};
		let read = Place::read(&place.cpus_text(), &place.mems_text());
		assert_eq!(read, Some(place));
		assert_eq!(Place::read("", "0"), None);
		assert_eq!(parse_list("0-2,5\n"), BTreeSet::from([0, 1, 2, 5]));
		assert_eq!(parse_list("\n"), BTreeSet::new());
	}

	#[test]
	fn sysfs_is_read_as_the_kernel_writes_it() {
		let sys = tempfile::tempdir().unwrap();
		let write = |path: &str, text: &str| {
			let path = sys.path().join(path);
			fs::create_dir_all(path.parent().unwrap()).unwrap();
			fs::write(path, text).unwrap();
		};
		for (node, cpus) in [(0, "0-3,8-11\n"), (1, "4-7\n")] {
			let folder = format!("devices/system/node/node{node}");
			write(&format!("{folder}/cpulist"), cpus);
			let memory =
				format!("Node {node} MemTotal:       2097152 kB\nNode {node} MemFree: 1 kB\n");
			write(&format!("{folder}/meminfo"), &memory);
		}
		write("devices/system/node/online", "0-1\n");
		let found = nodes(sys.path());
		assert_eq!(found.len(), 2);
		assert_eq!(found[0].cpus, [0, 1, 2, 3, 8, 9, 10, 11]);
		assert_eq!(found[1].memory_mib, 2_048);
		write("bus/pci/devices/0000:3b:00.0/numa_node", "1\n");
		write("bus/pci/devices/0000:3c:00.0/numa_node", "-1\n");
		assert_eq!(node_of_device(sys.path(), "00000000:3B:00.0"), Some(1));
		assert_eq!(node_of_device(sys.path(), "00000000:3C:00.0"), None);
		assert_eq!(node_of_device(sys.path(), "00000000:3D:00.0"), None);
	}

	proptest! {
		#[test]
		fn whatever_comes_and_goes_no_core_is_promised_twice(
			nodes in 1u32..4,
			cpus in 1u32..9,
			steps in prop::collection::vec((1u32..5_000, 1u32..700, 0u32..5, any::<bool>()), 1..40),
		) {
			let nodes = machine(nodes, cpus);
			let all: BTreeSet<u32> = nodes.iter().flat_map(|node| node.cpus.clone()).collect();
			let mut held: Vec<Held> = Vec::new();
			for (cpu_millis, memory_mib, near, goes) in steps {
				if goes && !held.is_empty() {
					held.remove(near as usize % held.len());
					continue;
				}
				let near = nodes.iter().map(|node| node.id).find(|id| *id == near);
				let want = Want { cpu_millis, memory_mib, near };
				let place = place(&nodes, &held, &want).unwrap();
				let distinct: BTreeSet<u32> = place.cpus.iter().copied().collect();
				prop_assert_eq!(distinct.len(), place.cpus.len());
				prop_assert!(distinct.is_subset(&all));
				let needed = cpu_millis.div_ceil(CORE) as usize;
				prop_assert!(place.cpus.len() >= needed.min(all.len()));
				if !place.is_shared {
					prop_assert_eq!(place.cpus.len(), needed);
				}
				prop_assert!(!place.mems.is_empty());
				held.push(Held { place, want });
				for (cpu, millis) in used(&held) {
					prop_assert!(millis <= CORE, "processor {} is promised {} times", cpu, millis);
				}
				// A whole core is nobody else's.
				for one in held.iter().filter(|held| !held.place.is_shared) {
					let whole = (one.want.cpu_millis / CORE) as usize;
					for cpu in &one.place.cpus[..whole] {
						let others = held.iter().filter(|other| {
							!other.place.is_shared && *other != one && other.place.cpus.contains(cpu)
						});
						prop_assert_eq!(others.count(), 0);
					}
				}
			}
		}
	}
}
