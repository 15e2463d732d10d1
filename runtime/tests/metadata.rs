//! Is the snapshot of the metadata, from which the client's types are generated, this runtime's?

use std::{fs, path::Path};

/// The newest version of the format: it has the view functions and the associated types.
const VERSION: u32 = 16;

#[test]
fn the_clients_metadata_is_the_runtimes() {
	// Some constants are the state's: the periods of votes go at the pace of the chain.
	let current = sp_io::TestExternalities::default()
		.execute_with(|| usufruct_runtime::Runtime::metadata_at_version(VERSION))
		.unwrap();
	let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../client/metadata.scale");
	if std::env::var_os("UPDATE_METADATA").is_some() {
		fs::write(&path, &*current).unwrap();
	}
	let snapshot = fs::read(&path).unwrap_or_default();
	// Not `assert_eq!`: the difference of two binary files tells a person nothing.
	assert!(
		snapshot == *current,
		"{} is stale: run `cargo xtask metadata`",
		path.display()
	);
}
