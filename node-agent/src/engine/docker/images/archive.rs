//! The layers of an image on disk: checked, and put together as the archive that `docker load` takes.

use std::{
	fs::File,
	io::{self, BufReader, Cursor, Read, Write},
	path::Path,
};

use flate2::bufread::MultiGzDecoder;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::registry::{text_of, Contents, Layer, Sha};

/// Bytes that are looked at to see how a layer is packed.
const MAGIC: usize = 4;

/// The file of a layer's blob.
pub(super) fn file_name(blob: &Sha) -> String {
	hex::encode(blob)
}

/// Hashes what is read, and counts it.
struct Counted<R> {
	inner: R,
	hash: Sha256,
	bytes: u64,
}

impl<R> Counted<R> {
	fn new(inner: R) -> Self {
		Self {
			inner,
			hash: Sha256::new(),
			bytes: 0,
		}
	}
}

impl<R: Read> Read for Counted<R> {
	fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
		let read = self.inner.read(buffer)?;
		self.hash.update(&buffer[..read]);
		self.bytes = self.bytes.saturating_add(read as u64);
		Ok(read)
	}
}

/// The archive in a blob, which may be packed by gzip or zstd.
fn unpacked<'a>(mut blob: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
	let mut magic = Vec::with_capacity(MAGIC);
	blob.by_ref().take(MAGIC as u64).read_to_end(&mut magic)?;
	let whole = Cursor::new(magic.clone()).chain(blob);
	Ok(match magic[..] {
		[0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(BufReader::new(whole))),
		[0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::Decoder::new(whole)?),
		_ => Box::new(whole),
	})
}

/// Whether a file is the blob.
///
/// # Errors
///
/// Where it cannot be read.
pub(super) fn is_blob(path: &Path, blob: &Sha) -> io::Result<bool> {
	let mut read = Counted::new(File::open(path)?);
	io::copy(&mut read, &mut io::sink())?;
	Ok(read.hash.finalize()[..] == blob[..])
}

/// What unpacking a layer's blob showed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unpacked {
	/// It is the archive that the configuration names, with so many bytes.
	Good(u64),
	/// It is another.
	Other,
	/// It has more bytes than were allowed, or is no archive.
	Refused(String),
}

/// Unpacks a layer, without keeping it, as far as `most` bytes: what is packed small may be as large as it likes.
///
/// # Errors
///
/// Where the file cannot be opened.
pub(super) fn unpack(path: &Path, layer: &Layer, most: u64) -> io::Result<Unpacked> {
	let file = File::open(path)?;
	let read = unpacked(file).and_then(|inner| {
		let mut read = Counted::new(inner.take(most.saturating_add(1)));
		io::copy(&mut read, &mut io::sink())?;
		Ok((read.bytes, read.hash.finalize()))
	});
	Ok(match read {
		Err(error) => Unpacked::Refused(error.to_string()),
		Ok((bytes, _)) if bytes > most => Unpacked::Refused(format!("more than {most} bytes")),
		Ok((bytes, hash)) if hash[..] == layer.archive[..] => Unpacked::Good(bytes),
		Ok(_) => Unpacked::Other,
	})
}

/// Writes an image for `docker load`, under a name. The layers' blobs lie in `folder`; the first `known` of them,
/// which the engine has, need not. `sizes` are those of the archives of the rest.
///
/// # Errors
///
/// Where a layer cannot be read, or the other end hung up.
pub(super) fn write(
	contents: &Contents,
	name: &str,
	folder: &Path,
	known: usize,
	sizes: &[u64],
	to: impl Write,
	tell: &dyn Fn(usize),
) -> io::Result<()> {
	let mut archive = tar::Builder::new(to);
	let paths: Vec<String> = (0..contents.layers.len())
		.map(|number| format!("{number}.tar"))
		.collect();
	let about = json!([{ "Config": "config.json", "RepoTags": [name], "Layers": paths }]);
	let about = about.to_string();
	let small = [
		("manifest.json", about.as_bytes()),
		("config.json", &contents.config),
	];
	for (path, bytes) in small {
		append(&mut archive, path, bytes, bytes.len() as u64)?;
	}
	let missing = contents.layers.iter().enumerate().skip(known);
	for ((number, layer), size) in missing.zip(sizes) {
		tell(number);
		let blob = File::open(folder.join(file_name(&layer.blob)))?;
		append(&mut archive, &paths[number], unpacked(blob)?, *size)?;
	}
	archive.into_inner()?.flush()
}

fn append(
	archive: &mut tar::Builder<impl Write>,
	path: &str,
	from: impl Read,
	size: u64,
) -> io::Result<()> {
	let mut header = tar::Header::new_ustar();
	header.set_size(size);
	header.set_mode(0o644);
	// What a file is by now is for the engine to check; that it is as long as it is said to be, for the archive.
	archive.append_data(&mut header, path, from.take(size))
}

/// The digest of a configuration, which is the engine's name for the image.
pub(super) fn identifier(config: &[u8]) -> String {
	text_of(&Sha256::digest(config).into())
}

#[cfg(test)]
pub(super) mod tests {
	use super::*;

	pub(in super::super) fn gzip(body: &[u8]) -> Vec<u8> {
		let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
		encoder.write_all(body).unwrap();
		encoder.finish().unwrap()
	}

	fn packed(how: &str, body: &[u8]) -> Vec<u8> {
		match how {
			"gzip" => gzip(body),
			"zstd" => zstd::encode_all(body, 1).unwrap(),
			_ => body.to_vec(),
		}
	}

	fn layer(blob: &[u8], archive: &[u8]) -> Layer {
		Layer {
			blob: Sha256::digest(blob).into(),
			size: blob.len() as u64,
			archive: Sha256::digest(archive).into(),
		}
	}

	#[test]
	fn a_layer_is_the_archive_that_its_configuration_names_however_it_is_packed() {
		let folder = tempfile::tempdir().unwrap();
		let body = vec![7; 100_000];
		for how in ["gzip", "zstd", "plain"] {
			let blob = packed(how, &body);
			let layer = layer(&blob, &body);
			let path = folder.path().join(how);
			std::fs::write(&path, &blob).unwrap();
			assert!(is_blob(&path, &layer.blob).unwrap(), "{how}");
			let good = unpack(&path, &layer, 100_000).unwrap();
			assert_eq!(good, Unpacked::Good(100_000), "{how}");
			let other = Layer {
				archive: layer.blob,
				..layer.clone()
			};
			if how != "plain" {
				assert_eq!(unpack(&path, &other, 100_000).unwrap(), Unpacked::Other);
			}
			let refused = unpack(&path, &layer, 99_999).unwrap();
			assert!(
				matches!(refused, Unpacked::Refused(_)),
				"{how}: {refused:?}"
			);
		}
	}

	#[test]
	fn a_small_blob_that_unpacks_to_much_is_not_unpacked_to_its_end() {
		let folder = tempfile::tempdir().unwrap();
		let body = vec![0; 64 << 20];
		let blob = packed("gzip", &body);
		assert!(blob.len() < 1 << 20);
		let path = folder.path().join("bomb");
		std::fs::write(&path, &blob).unwrap();
		let refused = unpack(&path, &layer(&blob, &body), 1 << 20).unwrap();
		assert_eq!(refused, Unpacked::Refused("more than 1048576 bytes".into()));
	}

	#[test]
	fn a_blob_that_ends_early_or_is_damaged_is_refused() {
		let folder = tempfile::tempdir().unwrap();
		let body: Vec<u8> = (0..100_000u32)
			.map(|n| (n.wrapping_mul(n) % 251) as u8)
			.collect();
		for how in ["gzip", "zstd"] {
			let blob = packed(how, &body);
			let path = folder.path().join(how);
			std::fs::write(&path, &blob[..blob.len() / 2]).unwrap();
			let refused = unpack(&path, &layer(&blob, &body), 1 << 20).unwrap();
			assert!(
				matches!(refused, Unpacked::Refused(_)),
				"{how}: {refused:?}"
			);
		}
	}

	#[test]
	fn an_archive_for_the_engine_has_the_layers_that_it_misses_unpacked() {
		let folder = tempfile::tempdir().unwrap();
		let bodies = [vec![1; 3_000], vec![2; 700]];
		let layers: Vec<Layer> = bodies
			.iter()
			.map(|body| {
				let blob = packed("gzip", body);
				let layer = layer(&blob, body);
				std::fs::write(folder.path().join(file_name(&layer.blob)), blob).unwrap();
				layer
			})
			.collect();
		std::fs::remove_file(folder.path().join(file_name(&layers[0].blob))).unwrap();
		let contents = Contents {
			config: b"{}".to_vec(),
			layers,
		};
		let mut written = Vec::new();
		write(
			&contents,
			"a:b",
			folder.path(),
			1,
			&[700],
			&mut written,
			&|_| {},
		)
		.unwrap();
		let mut archive = tar::Archive::new(&written[..]);
		let files: Vec<(String, Vec<u8>)> = archive
			.entries()
			.unwrap()
			.map(|entry| {
				let mut entry = entry.unwrap();
				let mut bytes = Vec::new();
				entry.read_to_end(&mut bytes).unwrap();
				(entry.path().unwrap().display().to_string(), bytes)
			})
			.collect();
		let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
		assert_eq!(names, ["manifest.json", "config.json", "1.tar"]);
		assert_eq!(files[2].1, bodies[1]);
		let about: serde_json::Value = serde_json::from_slice(&files[0].1).unwrap();
		assert_eq!(about[0]["Layers"], json!(["0.tar", "1.tar"]));
		assert_eq!(about[0]["RepoTags"], json!(["a:b"]));
	}
}
