//! A chain in memory that begins as one of the presets.

use frame_support::genesis_builder_helper::{build_state, get_preset};
use serde_json::Value;
use usufruct_runtime::{presets, RuntimeGenesisConfig};

/// Lays a preset's values over the default ones, as nodes do.
fn merge(under: &mut Value, over: Value) {
	match (under, over) {
		(Value::Object(under), Value::Object(over)) => {
			for (key, value) in over {
				merge(under.entry(key).or_insert(Value::Null), value);
			}
		}
		(under, over) => *under = over,
	}
}

/// Takes nothing for a runtime.
pub(crate) struct NoRuntime;

impl sp_core::traits::ReadRuntimeVersion for NoRuntime {
	fn read_runtime_version(
		&self,
		_: &[u8],
		_: &mut dyn sp_externalities::Externalities,
	) -> Result<Vec<u8>, String> {
		Err("it is no runtime".into())
	}
}

/// Runs a test in the state of a preset.
pub(crate) fn within(preset: &str, test: impl FnOnce()) {
	let default = get_preset::<RuntimeGenesisConfig>(&None, |_| None).expect("there are defaults");
	let mut config: Value = serde_json::from_slice(&default).expect("it is JSON");
	let patch = presets::get(&preset.into()).expect("the preset exists");
	merge(
		&mut config,
		serde_json::from_slice(&patch).expect("it is JSON"),
	);
	let mut ext = sp_io::TestExternalities::default();
	ext.register_extension(sp_core::traits::ReadRuntimeVersionExt::new(NoRuntime));
	ext.execute_with(|| {
		build_state::<RuntimeGenesisConfig>(config.to_string().into_bytes())
			.expect("the preset can be built");
		test();
	});
}
