//! What proving costs in electricity.

use std::{fs, path::Path, time::Instant};

/// Where Linux counts the energy of processors, for Intel's and AMD's.
const COUNTERS: &str = "/sys/class/powercap";

/// Counts from its creation on.
#[derive(Debug)]
pub struct Meter {
	gpu: Option<String>,
	begun: Instant,
	joules: Option<f64>,
}

impl Meter {
	/// Begins to count, for the GPU with this UUID or for the processors.
	pub fn start(gpu: Option<String>) -> Self {
		let joules = joules(gpu.as_deref());
		Self {
			gpu,
			begun: Instant::now(),
			joules,
		}
	}

	/// Watts on average since then; `None` where the hardware does not tell, or its counter began anew.
	pub fn watts(&self) -> Option<f64> {
		let used = joules(self.gpu.as_deref())? - self.joules?;
		let watts = used / self.begun.elapsed().as_secs_f64();
		(watts.is_finite() && watts > 0.0).then_some(watts)
	}
}

/// Joules that it has used since some time in the past.
fn joules(gpu: Option<&str>) -> Option<f64> {
	match gpu {
		Some(uuid) => {
			let nvml = nvml_wrapper::Nvml::init().ok()?;
			let device = nvml.device_by_uuid(uuid).ok()?;
			Some(device.total_energy_consumption().ok()? as f64 / 1e3)
		}
		None => processors(Path::new(COUNTERS)),
	}
}

/// The sum over packages: `intel-rapl:0` and the like; those below them, `intel-rapl:0:0`, are parts of them.
fn processors(counters: &Path) -> Option<f64> {
	let mut sum = None;
	for entry in fs::read_dir(counters).ok()?.flatten() {
		let name = entry.file_name();
		if name.to_string_lossy().matches(':').count() != 1 {
			continue;
		}
		// Readable by root alone on most machines.
		let text = fs::read_to_string(entry.path().join("energy_uj")).ok()?;
		let microjoules: f64 = text.trim().parse().ok()?;
		*sum.get_or_insert(0.0) += microjoules / 1e6;
	}
	sum
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn packages_are_summed_and_their_parts_are_not() {
		let folder = tempfile::tempdir().unwrap();
		for (name, microjoules) in [
			("intel-rapl:0", "1500000\n"),
			("intel-rapl:0:0", "700000\n"),
			("intel-rapl:1", "2500000\n"),
		] {
			let path = folder.path().join(name);
			fs::create_dir(&path).unwrap();
			fs::write(path.join("energy_uj"), microjoules).unwrap();
		}
		assert_eq!(processors(folder.path()), Some(4.0));
	}

	#[test]
	fn a_machine_that_does_not_tell_has_no_watts() {
		let folder = tempfile::tempdir().unwrap();
		assert_eq!(processors(folder.path()), None);
		assert_eq!(processors(&folder.path().join("none")), None);
		fs::create_dir(folder.path().join("intel-rapl:0")).unwrap();
		assert_eq!(processors(folder.path()), None);
		assert_eq!(joules(Some("GPU-none")), None);
	}
}
