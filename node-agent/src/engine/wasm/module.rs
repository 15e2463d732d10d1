//! A core module: WASI preview 1, called as WAGI calls it. Each run is `_start` in a fresh instance, with a request's
//! body on standard input; standard output is the answer.

use std::sync::Arc;

use wasmtime::{Engine, Linker, Module, Store, StoreLimits, StoreLimitsBuilder, Trap};
use wasmtime_wasi::{
	p2::pipe::{MemoryInputPipe, MemoryOutputPipe},
	preview1::{self, WasiP1Ctx},
	I32Exit, WasiCtxBuilder,
};

use super::{
	super::{
		log::{Log, Written},
		Failure,
	},
	FUEL, LONGEST, MAX_BODY, TICKS,
};

struct State {
	wasi: WasiP1Ctx,
	limits: StoreLimits,
}

/// A module with the memory that it may use.
#[derive(Clone)]
pub(super) struct Program {
	pub(super) engine: Engine,
	pub(super) module: Module,
	pub(super) memory: usize,
	pub(super) arguments: Vec<String>,
	/// The tenant's variables, which may be secret.
	pub(super) variables: Vec<(String, String)>,
	pub(super) log: Arc<Log>,
}

impl Program {
	/// Runs `_start` once in a fresh instance.
	pub(super) fn run(
		&self,
		input: Vec<u8>,
		environment: &[(&str, String)],
	) -> Result<Vec<u8>, Failure> {
		let crashed = |error: wasmtime::Error| Failure::Crashed(format!("{error:#}"));
		let mut linker: Linker<State> = Linker::new(&self.engine);
		preview1::add_to_linker_async(&mut linker, |state: &mut State| &mut state.wasi)
			.map_err(crashed)?;
		let output = MemoryOutputPipe::new(MAX_BODY);
		let mut builder = WasiCtxBuilder::new();
		builder
			.stdin(MemoryInputPipe::new(input))
			.stdout(output.clone())
			.stderr(Written::new(self.log.clone()))
			.arg("workspace");
		builder.args(&self.arguments);
		for (name, value) in &self.variables {
			builder.env(name, value);
		}
		for (name, value) in environment {
			builder.env(name, value);
		}
		let limits = StoreLimitsBuilder::new()
			.memory_size(self.memory)
			.instances(1)
			.memories(1)
			.tables(4)
			.table_elements(100_000)
			.trap_on_grow_failure(true)
			.build();
		let mut store = Store::new(
			&self.engine,
			State {
				wasi: builder.build_p1(),
				limits,
			},
		);
		store.limiter(|state| &mut state.limits);
		store.set_fuel(FUEL).map_err(crashed)?;
		store.set_epoch_deadline(TICKS);
		let run = async {
			let instance = linker.instantiate_async(&mut store, &self.module).await?;
			let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
			start.call_async(&mut store, ()).await
		};
		let run = tokio::time::timeout(LONGEST, run);
		let too_long =
			|| Failure::LimitExceeded(format!("more than {} seconds", LONGEST.as_secs()));
		// This thread is for one run alone: see `spawn_blocking` where it is called.
		let result = tokio::runtime::Handle::current().block_on(run);
		match result.map_err(|_| too_long())? {
			Ok(()) => {}
			Err(error) => match (
				error.downcast_ref::<I32Exit>(),
				error.downcast_ref::<Trap>(),
			) {
				(Some(I32Exit(0)), _) => {}
				(Some(I32Exit(code)), _) => {
					return Err(Failure::Crashed(format!("ended with status {code}")))
				}
				(_, Some(Trap::OutOfFuel)) => {
					return Err(Failure::LimitExceeded(format!(
						"more than {FUEL} instructions"
					)))
				}
				(_, Some(Trap::Interrupt)) => return Err(too_long()),
				_ => {
					let text = format!("{error:#}");
					// The limiter's refusal is not a trap of its own.
					return Err(if text.contains("forcing trap when growing memory") {
						Failure::LimitExceeded(format!("more than {} bytes of memory", self.memory))
					} else {
						Failure::Crashed(text)
					});
				}
			},
		}
		drop(store);
		Ok(output.contents().to_vec())
	}
}
