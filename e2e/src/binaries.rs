//! Where the programs lie that are put to the test: beside the test itself, in one target folder.

use std::path::PathBuf;

use eyre::{bail, Result, WrapErr};

/// Overrides the folder in which the programs are looked for.
pub const FOLDER_VARIABLE: &str = "USUFRUCT_BIN_DIR";

/// The path of a built program of this workspace.
///
/// Looked for in `$USUFRUCT_BIN_DIR`, else in the folders above the running program: a test runs in
/// `deps` below the folder of the programs.
pub fn find(name: &str) -> Result<PathBuf> {
	if let Some(folder) = std::env::var_os(FOLDER_VARIABLE) {
		let path = PathBuf::from(folder).join(name);
		return if path.is_file() {
			Ok(path)
		} else {
			missing(name, &path)
		};
	}
	let own = std::env::current_exe().wrap_err("find the running program's own path")?;
	let found = own
		.ancestors()
		.skip(1)
		.take(3)
		.map(|folder| folder.join(name))
		.find(|p| p.is_file());
	match found {
		Some(path) => Ok(path),
		None => missing(name, &own.with_file_name(name)),
	}
}

fn missing(name: &str, path: &std::path::Path) -> Result<PathBuf> {
	bail!(
		"`{name}` is not built (looked at {}): run `cargo build --workspace --bins`",
		path.display()
	)
}

/// A file of this repository, by its path from the root.
pub fn repository_file(path: &str) -> PathBuf {
	PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(path)
}
