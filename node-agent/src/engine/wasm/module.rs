//! A core module: WASI preview 1, called as WAGI calls it. Each run is `_start` in a fresh instance, with a request's
//! body on standard input; standard output is the answer.

use std::sync::Arc;

use usufruct_access::message::Channel;
use wasmtime::{Engine, Linker, Module, Store};
use wasmtime_wasi::{
	p2::pipe::{MemoryInputPipe, MemoryOutputPipe},
	preview1::{self, WasiP1Ctx},
	WasiCtxBuilder,
};

use super::{
	super::{log::Written, Failure},
	limits::{self, crashed, Limits},
	Tenant,
};

/// Largest body of a request, and of an answer.
pub(super) const MAX_BODY: usize = 1 << 20;

struct State {
	wasi: WasiP1Ctx,
	limits: Limits,
}

/// A module, with what its lease gives it.
#[derive(Clone)]
pub(super) struct Program {
	module: Module,
	tenant: Arc<Tenant>,
}

impl Program {
	/// Makes a module ready to run. Blocks for as long as it takes to compile.
	///
	/// # Errors
	///
	/// Where it is none that runs here.
	pub(super) fn new(engine: &Engine, bytes: &[u8], tenant: Arc<Tenant>) -> Result<Self, Failure> {
		let module = Module::new(engine, bytes)
			.map_err(|error| Failure::Crashed(format!("not a module that runs here: {error:#}")))?;
		Ok(Self { module, tenant })
	}

	/// What its lease gives it.
	pub(super) fn tenant(&self) -> &Tenant {
		&self.tenant
	}

	/// Runs `_start` once in a fresh instance, on this thread.
	///
	/// # Errors
	///
	/// [`Failure`].
	pub(super) fn run(
		&self,
		input: Vec<u8>,
		environment: &[(&str, String)],
	) -> Result<Vec<u8>, Failure> {
		let engine = self.module.engine();
		let mut linker: Linker<State> = Linker::new(engine);
		preview1::add_to_linker_async(&mut linker, |state: &mut State| &mut state.wasi)
			.map_err(crashed)?;
		let output = MemoryOutputPipe::new(MAX_BODY);
		let mut builder = WasiCtxBuilder::new();
		builder
			.stdin(MemoryInputPipe::new(input))
			.stdout(output.clone())
			.stderr(Written::new(self.tenant.log.clone(), Channel::Err))
			.arg("workspace")
			.args(&self.tenant.arguments)
			.envs(&self.tenant.variables)
			.envs(environment);
		let state = State {
			wasi: builder.build_p1(),
			limits: Limits::of_module(self.tenant.memory),
		};
		let mut store = Store::new(engine, state);
		store.limiter(|state| &mut state.limits);
		limits::run(&mut store, &self.tenant.account, async |store| {
			let instance = linker.instantiate_async(&mut *store, &self.module).await?;
			let start = instance.get_typed_func::<(), ()>(&mut *store, "_start")?;
			start.call_async(store, ()).await
		})?;
		drop(store);
		Ok(output.contents().to_vec())
	}
}
