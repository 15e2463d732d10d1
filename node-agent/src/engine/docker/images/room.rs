//! Room for images: what was used for longest ago goes.

use std::{collections::HashMap, fs, io, path::Path, time::SystemTime};

use bollard::query_parameters::RemoveImageOptions;

use super::{
	super::super::{
		download::{no_space, PART_LIFE},
		Failure,
	},
	Images, Source, PRIVATE, USED,
};

impl Images {
	/// Makes room for so many bytes more of an image: forgets what nobody fetches any more, and images that were
	/// used for longest ago and from which nothing runs.
	pub(super) async fn make_room(&self, source: &Source, bytes: u64) -> Result<(), Failure> {
		let _guard = self.0.clearing.lock().await;
		let quota = self.0.quota;
		let own = hex::encode(source.digest);
		let on_disk = sweep(&self.0.folder, &own);
		let on_disk = on_disk.map_err(|error| no_space(&self.0.folder, &error))?;
		let filter = HashMap::from([("reference".into(), vec![self.0.name.clone()])]);
		let mut kept: Vec<(SystemTime, u64, String)> = Vec::new();
		for (size, tags) in self.list(filter).await?.into_values() {
			for tag in tags {
				let digest = tag.split_once(':').map(|(_, digest)| digest.to_string());
				if let Some(digest) = digest.filter(|digest| *digest != own) {
					let used = fs::metadata(self.used(&digest)).and_then(|about| about.modified());
					kept.push((used.unwrap_or(SystemTime::UNIX_EPOCH), size, digest));
				}
			}
		}
		kept.sort();
		let known = |digest: &str| kept.iter().any(|(.., known)| known == digest);
		forget_notes(&self.0.folder, |digest| digest == own || known(digest));
		let mut sum = kept
			.iter()
			.fold(on_disk, |sum, (_, size, _)| sum.saturating_add(*size));
		for (_, size, digest) in kept {
			if !source.is_leased || sum.saturating_add(bytes) <= quota {
				break;
			}
			let tag = self.tag(&digest);
			let gone = RemoveImageOptions::default();
			// What a container is made of stays.
			if self
				.0
				.docker
				.remove_image(&tag, Some(gone), None)
				.await
				.is_ok()
			{
				tracing::info!(tag, "forgot an image to make room");
				sum = sum.saturating_sub(size);
				let _ = fs::remove_file(self.used(&digest));
				let _ = fs::remove_file(self.private(&digest));
			}
		}
		if sum.saturating_add(bytes) <= quota {
			return Ok(());
		}
		Err(Failure::NoSpace(format!(
			"the image needs {bytes} bytes, and of the {quota} that this machine keeps of all, {sum} are in use"
		)))
	}
}

/// Forgets what was noted of images that are gone, a day after it was noted: they may have come since it was looked.
pub(super) fn forget_notes(folder: &Path, is_known: impl Fn(&str) -> bool) {
	for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
		let name = entry.file_name();
		let digest = name.to_str().and_then(|name| {
			let used = name.strip_suffix(USED);
			used.or_else(|| name.strip_suffix(PRIVATE))
		});
		let noted = entry.metadata().and_then(|about| about.modified());
		let is_old = noted.is_ok_and(|noted| noted.elapsed().is_ok_and(|age| age > PART_LIFE));
		if is_old && digest.is_some_and(|digest| !is_known(digest)) {
			let _ = fs::remove_file(entry.path());
		}
	}
}

/// Forgets what was left in part long ago; says how many bytes lie in the folder, but for those of `own`.
pub(super) fn sweep(folder: &Path, own: &str) -> io::Result<u64> {
	let mut bytes = 0u64;
	for entry in fs::read_dir(folder)?.flatten() {
		let path = entry.path();
		if !path.is_dir() || entry.file_name() == *own {
			continue;
		}
		let (mut size, mut latest) = (0u64, SystemTime::UNIX_EPOCH);
		for file in fs::read_dir(&path)?.flatten() {
			let Ok(about) = file.metadata() else { continue };
			size = size.saturating_add(about.len());
			latest = latest.max(about.modified().unwrap_or(latest));
		}
		if latest.elapsed().is_ok_and(|age| age > PART_LIFE) {
			fs::remove_dir_all(&path)?;
		} else {
			bytes = bytes.saturating_add(size);
		}
	}
	Ok(bytes)
}
