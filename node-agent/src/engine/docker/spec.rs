//! What a container is made of: the hardening of every one, and what its lease bought. Pure.

use std::collections::HashMap;

use bollard::models::{
	ContainerCreateBody, DeviceRequest, HealthConfig, HostConfig, HostConfigCgroupnsModeEnum,
	HostConfigLogConfig, NetworkCreateRequest, PortBinding, ResourcesUlimits,
};

use crate::{domain::DesiredLease, engine::numa::Place};

/// Processes and threads of one container.
pub(super) const PIDS: i64 = 512;
/// Bytes of each file system in memory that a container may write to, as Docker reads them.
const SCRATCH: &str = "rw,nosuid,nodev,size=64m";
/// Bytes of `/dev/shm`.
const SHARED_MEMORY: i64 = 64 << 20;
/// The log that the engine keeps of a container: twice this.
const LOG_FILE: &str = "16m";
/// Of tenants' processes and the machine's own, the kernel ends the former first when memory runs out.
const OUT_OF_MEMORY_FIRST: i64 = 500;
/// Most volumes that an image may declare.
const MAX_VOLUMES: usize = 16;

/// What the container of a lease needs to be known.
#[derive(Debug)]
pub(super) struct Spec<'a> {
	pub(super) lease: &'a DesiredLease,
	/// By digest.
	pub(super) image: String,
	/// Its network, which is its own.
	pub(super) network: &'a str,
	pub(super) labels: HashMap<String, String>,
	/// Where its port is published.
	pub(super) public_address: &'a str,
	/// Which of the engine's runtimes runs it.
	pub(super) runtime: &'a str,
	/// Its GPUs, each by its name.
	pub(super) gpus: Option<DeviceRequest>,
	/// Its processors and memory, where the machine has several.
	pub(super) place: Option<&'a Place>,
	/// The volumes that its image declares.
	pub(super) volumes: &'a [String],
}

impl Spec<'_> {
	pub(super) fn body(self) -> ContainerCreateBody {
		let lease = self.lease;
		let memory = (lease.memory_mib > 0).then(|| i64::from(lease.memory_mib) << 20);
		let port = lease.port.map(|port| format!("{port}/tcp"));
		let binding = PortBinding {
			host_ip: Some(self.public_address.into()),
			// Any free one.
			host_port: Some("0".into()),
		};
		// An image that asks NVIDIA's runtime for all GPUs by its own variables gets none by them.
		let no_gpu = self
			.gpus
			.is_none()
			.then(|| vec!["NVIDIA_VISIBLE_DEVICES=void".to_string()]);
		ContainerCreateBody {
			image: Some(self.image),
			cmd: (!lease.command.is_empty()).then(|| lease.command.clone()),
			env: no_gpu,
			labels: Some(self.labels),
			exposed_ports: port.clone().map(|port| vec![port]),
			// The engine would run an image's own command again and again, beside the workspace.
			healthcheck: Some(HealthConfig {
				test: Some(vec!["NONE".into()]),
				..Default::default()
			}),
			host_config: Some(HostConfig {
				runtime: Some(self.runtime.into()),
				memory,
				memory_swap: memory,
				nano_cpus: (lease.cpu_millis > 0).then(|| i64::from(lease.cpu_millis) * 1_000_000),
				cpuset_cpus: self.place.map(|place| place.cpus_text()),
				cpuset_mems: self.place.map(|place| place.mems_text()),
				pids_limit: Some(PIDS),
				ulimits: Some(vec![no_core_dumps()]),
				oom_score_adj: Some(OUT_OF_MEMORY_FIRST),
				privileged: Some(false),
				readonly_rootfs: Some(true),
				tmpfs: Some(scratch(self.volumes)),
				shm_size: Some(SHARED_MEMORY),
				cap_drop: Some(vec!["ALL".into()]),
				security_opt: Some(vec!["no-new-privileges".into()]),
				cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
				ipc_mode: Some("private".into()),
				network_mode: Some(self.network.into()),
				port_bindings: port.map(|port| HashMap::from([(port, Some(vec![binding]))])),
				device_requests: self.gpus.map(|request| vec![request]),
				log_config: Some(HostConfigLogConfig {
					typ: Some("json-file".into()),
					config: Some(HashMap::from([
						("max-size".into(), LOG_FILE.into()),
						("max-file".into(), "2".into()),
					])),
				}),
				..Default::default()
			}),
			..Default::default()
		}
	}
}

/// A dump would be written where the machine keeps its own.
fn no_core_dumps() -> ResourcesUlimits {
	ResourcesUlimits {
		name: Some("core".into()),
		soft: Some(0),
		hard: Some(0),
	}
}

/// What a container may write to: bounded, in its own memory. A volume that its image declares is one of
/// these, too, where the engine would make a folder on the machine's disk that nothing bounds.
fn scratch(volumes: &[String]) -> HashMap<String, String> {
	let folders = ["/tmp"].into_iter().map(String::from);
	folders
		.chain(volumes.iter().cloned())
		.map(|folder| (folder, SCRATCH.to_string()))
		.collect()
}

/// The volumes of an image, if they are such as may be mounted over.
///
/// # Errors
///
/// What is wrong with them.
pub(super) fn check_volumes(volumes: Vec<String>) -> Result<Vec<String>, String> {
	if volumes.len() > MAX_VOLUMES {
		let count = volumes.len();
		return Err(format!(
			"the image declares {count} volumes, more than {MAX_VOLUMES}"
		));
	}
	let own = ["/", "/proc", "/sys", "/dev", "/run/secrets"];
	let is_taken = |volume: &str| {
		let volume = volume.trim_end_matches('/');
		let inside = |folder: &&str| folder.len() > 1 && volume.starts_with(&format!("{folder}/"));
		volume.is_empty() || own.contains(&volume) || own.iter().any(inside)
	};
	let odd =
		|volume: &&String| !volume.starts_with('/') || volume.contains("..") || is_taken(volume);
	match volumes.iter().find(odd) {
		Some(volume) => Err(format!(
			"the image declares a volume at {volume:?}, which cannot be mounted"
		)),
		None => Ok(volumes),
	}
}

/// The network of a lease: a bridge with a name that the firewall's rules know before it is there.
pub(super) fn network(
	name: &str,
	bridge: &str,
	labels: HashMap<String, String>,
) -> NetworkCreateRequest {
	let option = |key: &str, value: &str| {
		(
			format!("com.docker.network.bridge.{key}"),
			value.to_string(),
		)
	};
	NetworkCreateRequest {
		name: name.into(),
		driver: Some("bridge".into()),
		enable_ipv6: Some(false),
		options: Some(HashMap::from([
			option("name", bridge),
			option("enable_icc", "false"),
		])),
		labels: Some(labels),
		..Default::default()
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::domain::{ImageKind, Isolation};

	fn lease() -> DesiredLease {
		DesiredLease {
			release: None,
			lease: 7,
			generation: 0,
			kind: ImageKind::Oci,
			isolation: Isolation::Container,
			digest: [0; 32],
			reference: "image".into(),
			command: vec![],
			port: Some(80),
			cpu_millis: 1_500,
			memory_mib: 256,
			disk_mib: 0,
			parts: vec![],
			gpus: 0,
			opened_at: 1,
			endpoint: None,
			..Default::default()
		}
	}

	fn body_of(
		lease: &DesiredLease,
		gpus: Option<DeviceRequest>,
		volumes: &[String],
	) -> (ContainerCreateBody, HostConfig) {
		let spec = Spec {
			lease,
			image: "sha256:00".into(),
			network: "net",
			labels: HashMap::new(),
			public_address: "127.0.0.1",
			runtime: "runc",
			gpus,
			place: None,
			volumes,
		};
		let body = spec.body();
		let host = body.host_config.clone().unwrap();
		(body, host)
	}

	#[test]
	fn a_container_has_no_privileges_and_no_part_of_the_machine() {
		let (_, host) = body_of(&lease(), None, &[]);
		assert_eq!(host.cap_drop, Some(vec!["ALL".to_string()]));
		assert_eq!(host.cap_add, None);
		assert_eq!(host.security_opt, Some(vec!["no-new-privileges".into()]));
		assert_eq!(host.privileged, Some(false));
		assert_eq!(host.readonly_rootfs, Some(true));
		assert_eq!(host.network_mode.as_deref(), Some("net"));
		assert_eq!(host.ipc_mode.as_deref(), Some("private"));
		assert_eq!(
			(host.binds, host.devices, host.pid_mode, host.uts_mode),
			(None, None, None, None)
		);
		assert_eq!(host.volumes_from, None);
		assert_eq!(host.userns_mode, None);
	}

	#[test]
	fn a_container_gets_what_its_lease_bought_and_no_swap() {
		let (_, host) = body_of(&lease(), None, &[]);
		assert_eq!(host.memory, Some(256 << 20));
		assert_eq!(host.memory_swap, host.memory);
		assert_eq!(host.nano_cpus, Some(1_500_000_000));
		assert_eq!(host.pids_limit, Some(PIDS));
	}

	#[test]
	fn the_runtime_is_always_named_and_never_the_engines_default() {
		let (body, host) = body_of(&lease(), None, &[]);
		assert_eq!(host.runtime.as_deref(), Some("runc"));
		assert_eq!(
			body.env,
			Some(vec!["NVIDIA_VISIBLE_DEVICES=void".to_string()])
		);
		assert_eq!(host.device_requests, None);
	}

	#[test]
	fn what_a_container_writes_is_bounded_also_where_its_image_declares_a_volume() {
		let volumes = ["/var/lib/data".to_string()];
		let (_, host) = body_of(&lease(), None, &volumes);
		let tmpfs = host.tmpfs.unwrap();
		assert_eq!(tmpfs.len(), 2);
		for folder in ["/tmp", "/var/lib/data"] {
			assert!(tmpfs[folder].contains("size=64m"), "{folder}");
		}
		let log = host.log_config.unwrap().config.unwrap();
		assert_eq!(log["max-size"], LOG_FILE);
		assert_eq!(host.shm_size, Some(SHARED_MEMORY));
	}

	#[test]
	fn a_volume_over_what_the_engine_mounts_is_refused() {
		for volume in [
			"/",
			"/proc",
			"/proc/sys",
			"/sys/fs",
			"/dev/",
			"/run/secrets",
			"data",
			"/a/../proc",
		] {
			let found = check_volumes(vec![volume.to_string()]);
			assert!(found.is_err(), "{volume}");
		}
		let fine = vec!["/data".to_string(), "/devices".to_string()];
		assert_eq!(check_volumes(fine.clone()), Ok(fine));
		let many = (0..17).map(|number| format!("/v{number}")).collect();
		assert!(check_volumes(many).is_err());
	}
}
