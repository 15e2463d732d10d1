//! What is in this machine.

use std::path::Path;

use eyre::{Result, WrapErr};

/// Class of any 64-bit x86 processor, as every chain's genesis has it.
const CPU_X86_64: u16 = 1;
/// Class of any 64-bit ARM processor.
const CPU_AARCH64: u16 = 2;
/// Class of an NVIDIA H200.
const H200: u16 = 100;

/// One piece of hardware.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Device {
	/// Its name, for people.
	pub name: String,
	/// The UUID that the driver gives a GPU; none for the processor.
	pub gpu: Option<String>,
	/// Its resource class.
	pub class: u16,
	/// Hash of its serial number.
	pub serial: [u8; 32],
	/// Processor in thousandths of a core.
	pub cpu_millis: u32,
	/// Memory in MiB.
	pub memory_mib: u32,
	/// Disk in MiB.
	pub disk_mib: u32,
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Machine {
	/// Hash of its identity.
	pub identity: [u8; 32],
	/// What is in it: the processor first.
	pub devices: Vec<Device>,
	/// What was found and cannot be offered, with the reason.
	pub notes: Vec<String>,
}

/// Looks at the machine.
///
/// # Errors
///
/// Where the identity can neither be read nor created in `data_dir`.
pub fn look(data_dir: &Path) -> Result<Machine> {
	let identity = identity(data_dir)?;
	let mut devices = vec![processor(&identity, data_dir)?];
	let mut notes = Vec::new();
	match gpus() {
		Ok(found) => devices.extend(found.into_iter().filter_map(|found| match found {
			Ok(device) => Some(device),
			Err(note) => {
				notes.push(note);
				None
			}
		})),
		Err(note) => notes.push(note),
	}
	Ok(Machine {
		identity,
		devices,
		notes,
	})
}

/// The system's machine identifier, hashed with a name of ours so that it tells nothing elsewhere,
/// and with the data folder: two agents on one machine are two nodes.
fn identity(data_dir: &Path) -> Result<[u8; 32]> {
	let system = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
	let path = data_dir.join("identity");
	let own = match std::fs::read_to_string(&path) {
		Ok(text) => text,
		Err(_) => {
			let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
			let text = format!("{}-{}", now.as_nanos(), std::process::id());
			std::fs::create_dir_all(data_dir)
				.and_then(|()| std::fs::write(&path, &text))
				.wrap_err_with(|| format!("create the machine's identity in {}", path.display()))?;
			text
		}
	};
	let mut hasher = blake3::Hasher::new_derive_key("usufruct machine identity");
	hasher
		.update(system.trim().as_bytes())
		.update(own.trim().as_bytes());
	Ok(hasher.finalize().into())
}

fn processor(identity: &[u8; 32], data_dir: &Path) -> Result<Device> {
	let mut system = sysinfo::System::new();
	system.refresh_memory();
	system.refresh_cpu_all();
	let cores = std::thread::available_parallelism().map_or(1, usize::from);
	let name = system
		.cpus()
		.first()
		.map_or("processor", |cpu| cpu.brand())
		.trim()
		.to_string();
	// Of the folder itself: a list of mounted disks may lack the one that a container or a chroot is on.
	let disk = fs4::available_space(data_dir)
		.wrap_err_with(|| format!("read how much space {} has", data_dir.display()))?;
	let mib = |bytes: u64| u32::try_from(bytes >> 20).unwrap_or(u32::MAX);
	Ok(Device {
		name,
		gpu: None,
		class: if cfg!(target_arch = "aarch64") {
			CPU_AARCH64
		} else {
			CPU_X86_64
		},
		serial: blake3::derive_key("usufruct processor", identity),
		cpu_millis: u32::try_from(cores)
			.unwrap_or(u32::MAX)
			.saturating_mul(1_000),
		memory_mib: mib(system.total_memory()),
		disk_mib: mib(disk),
	})
}

/// The GPUs that the driver shows; for each what it is, or why it cannot be offered.
fn gpus() -> Result<Vec<Result<Device, String>>, String> {
	let nvml = nvml_wrapper::Nvml::init().map_err(|error| {
		format!("no NVIDIA driver answers ({error}): offering the processor alone")
	})?;
	let count = nvml.device_count().map_err(|error| error.to_string())?;
	Ok((0..count)
		.map(|index| {
			let device = nvml
				.device_by_index(index)
				.map_err(|error| error.to_string())?;
			let name = device.name().map_err(|error| error.to_string())?;
			let serial = device
				.uuid()
				.map_err(|error| format!("{name}: no UUID: {error}"))?;
			let memory = device
				.memory_info()
				.map_err(|error| format!("{name}: {error}"))?;
			if !name.contains("H200") {
				return Err(format!(
					"{name}: the chain has no class for it yet; the DAO adds classes"
				));
			}
			Ok(Device {
				name,
				class: H200,
				serial: blake3::derive_key("usufruct gpu", serial.as_bytes()),
				gpu: Some(serial),
				cpu_millis: 0,
				memory_mib: u32::try_from(memory.total >> 20).unwrap_or(u32::MAX),
				disk_mib: 0,
			})
		})
		.collect())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_machine_keeps_its_identity() {
		let folder = tempfile::tempdir().unwrap();
		let (first, second) = (look(folder.path()).unwrap(), look(folder.path()).unwrap());
		assert_eq!(first.identity, second.identity);
		assert_eq!(first.devices[0].serial, second.devices[0].serial);
	}

	#[test]
	fn the_processor_is_always_there_and_not_empty() {
		let folder = tempfile::tempdir().unwrap();
		let machine = look(folder.path()).unwrap();
		let processor = &machine.devices[0];
		assert!(processor.gpu.is_none() && processor.cpu_millis >= 1_000);
		assert!(processor.memory_mib > 0 && processor.disk_mib > 0);
	}
}
