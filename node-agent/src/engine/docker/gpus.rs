//! How a container gets its GPUs: each by its name, never all.

use std::path::Path;

use bollard::models::{DeviceRequest, SystemInfo};

/// The kind of NVIDIA's devices in the Container Device Interface.
const KIND: &str = "nvidia.com/gpu";
/// A specification is longer than this in no installation that is meant for a machine.
const MAX_SPEC: u64 = 8 << 20;

/// The request for these GPUs, by the UUIDs that the driver gives them: as CDI devices where the engine
/// knows all of them by such a name, else of NVIDIA's own hook.
///
/// `None` without GPUs.
pub(super) fn request(uuids: &[String], is_cdi: bool) -> Option<DeviceRequest> {
	if uuids.is_empty() {
		return None;
	}
	let named = uuids.iter().map(|uuid| format!("{KIND}={uuid}"));
	Some(if is_cdi {
		DeviceRequest {
			driver: Some("cdi".into()),
			device_ids: Some(named.collect()),
			..Default::default()
		}
	} else {
		DeviceRequest {
			driver: Some("nvidia".into()),
			device_ids: Some(uuids.to_vec()),
			capabilities: Some(vec![vec!["gpu".into()]]),
			..Default::default()
		}
	})
}

/// Whether the engine knows all of these GPUs as CDI devices.
pub(super) fn are_cdi(uuids: &[String], info: &SystemInfo) -> bool {
	if let Some(found) = info
		.discovered_devices
		.as_ref()
		.filter(|found| !found.is_empty())
	{
		let is_known = |uuid: &String| {
			let name = format!("{KIND}={uuid}");
			found
				.iter()
				.any(|device| device.id.as_deref() == Some(&name))
		};
		return uuids.iter().all(is_known);
	}
	// Engines before 28.2 say where the specifications lie, but not what is in them.
	let folders = info.cdi_spec_dirs.iter().flatten();
	let specs: Vec<String> = folders
		.flat_map(|folder| specs(Path::new(folder)))
		.collect();
	let is_named = |uuid: &String| specs.iter().any(|spec| spec.contains(uuid.as_str()));
	!uuids.is_empty() && uuids.iter().all(is_named)
}

fn specs(folder: &Path) -> Vec<String> {
	let Ok(entries) = std::fs::read_dir(folder) else {
		return Vec::new();
	};
	let is_spec = |path: &Path| {
		let end = path.extension().and_then(|end| end.to_str());
		matches!(end, Some("json" | "yaml" | "yml"))
			&& path.metadata().is_ok_and(|found| found.len() <= MAX_SPEC)
	};
	entries
		.flatten()
		.map(|entry| entry.path())
		.filter(|path| is_spec(path))
		.filter_map(|path| std::fs::read_to_string(path).ok())
		.filter(|text| text.contains(KIND))
		.collect()
}

#[cfg(test)]
mod tests {
	use bollard::models::DeviceInfo;

	use super::*;

	const GPU: &str = "GPU-8f1c0c1a-0000-0000-0000-000000000001";

	fn uuids() -> Vec<String> {
		vec![GPU.to_string()]
	}

	#[test]
	fn gpus_are_asked_for_by_name_and_never_by_number_or_all_of_them() {
		for is_cdi in [false, true] {
			let request = request(&uuids(), is_cdi).unwrap();
			assert_eq!(request.count, None);
			let ids = request.device_ids.unwrap();
			assert_eq!(ids.len(), 1);
			assert!(ids[0].ends_with(GPU) && !ids[0].contains("all"));
		}
		assert_eq!(request(&[], true), None);
	}

	#[test]
	fn an_engine_that_says_which_devices_it_knows_is_believed() {
		let of = |id: &str| SystemInfo {
			discovered_devices: Some(vec![DeviceInfo {
				id: Some(id.into()),
				..Default::default()
			}]),
			..Default::default()
		};
		assert!(are_cdi(&uuids(), &of(&format!("nvidia.com/gpu={GPU}"))));
		assert!(!are_cdi(&uuids(), &of("nvidia.com/gpu=all")));
	}

	#[test]
	fn an_older_engines_specifications_are_read_for_the_gpu() {
		let folder = tempfile::tempdir().unwrap();
		let info = SystemInfo {
			cdi_spec_dirs: Some(vec![folder.path().display().to_string()]),
			..Default::default()
		};
		assert!(!are_cdi(&uuids(), &info));
		let spec = format!("kind: nvidia.com/gpu\ndevices:\n- name: {GPU}\n");
		std::fs::write(folder.path().join("nvidia.yaml"), spec).unwrap();
		assert!(are_cdi(&uuids(), &info));
		assert!(!are_cdi(&[], &info));
		assert!(!are_cdi(&uuids(), &SystemInfo::default()));
	}
}
