//! What does whatever anybody calls, in whatever order, do to the runtime?
//!
//! Nothing that its rules do not say. Bytes say who calls what over how many blocks, with pauses between them; the real
//! runtime runs it, native, from a chain with a few machines, rights and offers. Nothing may panic; no money may be
//! made or forgotten ([`books`]); every pallet's invariants hold after each block with a call; and nothing takes longer than its
//! weight says ([`clock`]).
//!
//! `cargo test` runs the corpus and random bytes; `fuzz/guided` looks for what no bytes did before. With `STORY` set,
//! each call is told as it is made.

mod blocks;
mod books;
mod calls;
mod clock;
mod steps;

#[path = "../../../runtime/tests/chain/mod.rs"]
mod chain;

use std::sync::OnceLock;

use sp_core::{storage::Storage, traits::ReadRuntimeVersionExt};
use sp_state_machine::BasicExternalities;
use usufruct_runtime::presets;

#[cfg(test)]
mod tests;

/// The target: whatever these bytes say happens, and the books stay in order.
///
/// # Panics
///
/// If the runtime does, or its books are not in order.
pub fn calls(bytes: &[u8]) {
	clock::in_time(|| in_a_block(|| steps::take_all(bytes)));
}

/// Runs it in a block of a populated chain, and whatever blocks it adds.
fn in_a_block(run: impl FnOnce()) {
	static POPULATED: OnceLock<Storage> = OnceLock::new();
	let state = POPULATED.get_or_init(populated);
	let mut chain = BasicExternalities::new(state.clone());
	chain.register_extension(ReadRuntimeVersionExt::new(chain::NoRuntime));
	chain.execute_with(|| {
		books::open();
		blocks::begin_next();
		run();
		blocks::end();
		books::invariants();
	});
}

/// The state of a chain with something on it, between two blocks.
fn populated() -> Storage {
	let mut state = Storage::default();
	// No master key: who has it may do anything.
	chain::within(presets::LOCAL, || {
		books::open();
		blocks::begin_next();
		calls::populate();
		blocks::end();
		let mut key = Vec::new();
		while let Some(next) = sp_io::storage::next_key(&key) {
			let value = sp_io::storage::get(&next).map(|value| value.to_vec());
			state.top.insert(next.clone(), value.unwrap_or_default());
			key = next;
		}
	});
	state
}
