//! A component: WASI preview 2. One with `wasi:http/incoming-handler` answers requests, one with `wasi:cli/run` is a job; each
//! run is a fresh instance.

use std::{sync::Arc, time::Duration};

use axum::{
	body::Body,
	http::{Request, Response},
};
use http_body_util::BodyExt;
use tokio::sync::oneshot;
use usufruct_access::message::Channel;
use wasmtime::{
	component::{Component, Linker, ResourceTable},
	Engine, Store,
};
use wasmtime_wasi::{
	p2::bindings::{
		filesystem,
		sockets::{tcp_create_socket, udp_create_socket},
		CommandPre,
	},
	WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView,
};
use wasmtime_wasi_http::{
	bindings::{
		http::types::{ErrorCode, Scheme},
		ProxyPre,
	},
	body::{HostIncomingBody, HyperOutgoingBody},
	types::{
		HostFutureIncomingResponse, HostIncomingRequest, HostResponseOutparam,
		OutgoingRequestConfig, WasiHttpCtx, WasiHttpView,
	},
	HttpResult,
};

use super::{
	super::{log::Written, Failure},
	body::bounded,
	files::{Folder, HasFiles, Held, View},
	limits::{self, crashed, Limits},
	outgoing::Outgoing,
	sockets::NoSockets,
	Tenant,
};

/// Most that one run may hold of its host's things: streams, files, requests.
const MAX_RESOURCES: usize = 1_024;
/// Most bytes of the headers of one message, as they lie in memory.
const MAX_HEADERS: usize = 128 << 10;
/// Most random bytes at once.
const MAX_RANDOM: u64 = 1 << 20;
/// Longest that a request's next piece is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What comes back of a request: an answer, or why the component has none.
type Answer = Result<hyper::Response<HyperOutgoingBody>, ErrorCode>;

struct State {
	wasi: WasiCtx,
	http: WasiHttpCtx,
	/// Before `held`, so that files are closed before they are given back.
	table: ResourceTable,
	held: Held,
	folder: Option<Folder>,
	limits: Limits,
	outgoing: Outgoing,
}

impl State {
	fn files(&mut self) -> View<'_> {
		View {
			wasi: WasiCtxView {
				ctx: &mut self.wasi,
				table: &mut self.table,
			},
			folder: self.folder.as_ref(),
			held: &mut self.held,
		}
	}
}

impl WasiView for State {
	fn ctx(&mut self) -> WasiCtxView<'_> {
		WasiCtxView {
			ctx: &mut self.wasi,
			table: &mut self.table,
		}
	}
}

impl WasiHttpView for State {
	fn ctx(&mut self) -> &mut WasiHttpCtx {
		&mut self.http
	}

	fn table(&mut self) -> &mut ResourceTable {
		&mut self.table
	}

	fn send_request(
		&mut self,
		request: hyper::Request<HyperOutgoingBody>,
		config: OutgoingRequestConfig,
	) -> HttpResult<HostFutureIncomingResponse> {
		Ok(self.outgoing.send(request, config))
	}
}

/// A component, with what its lease gives it.
#[derive(Clone)]
pub(super) struct Program {
	kind: Kind,
	tenant: Arc<Tenant>,
	folder: Option<Folder>,
	outgoing: Outgoing,
}

#[derive(Clone)]
enum Kind {
	Job(CommandPre<State>),
	Service(ProxyPre<State>),
}

impl Program {
	/// Makes a component ready to run, as a service or as a job. Blocks for as long as it takes to compile.
	///
	/// # Errors
	///
	/// Where it is none that runs here: it wants something that nobody gives it, or does not have what it must.
	pub(super) fn new(
		engine: &Engine,
		bytes: &[u8],
		is_service: bool,
		tenant: Arc<Tenant>,
		folder: Option<Folder>,
		outgoing: Outgoing,
	) -> Result<Self, Failure> {
		let unfit =
			|what: &str, error: wasmtime::Error| Failure::Crashed(format!("{what}: {error:#}"));
		let component = Component::new(engine, bytes)
			.map_err(|error| unfit("not a component that runs here", error))?;
		let linker = linker(engine).map_err(|error| unfit("the engine", error))?;
		let ready = linker
			.instantiate_pre(&component)
			.map_err(|error| unfit("the component wants what it is not given", error))?;
		let kind = if is_service {
			ProxyPre::new(ready).map(Kind::Service).map_err(|error| {
				unfit(
					"a workspace with a port exports wasi:http/incoming-handler",
					error,
				)
			})?
		} else {
			CommandPre::new(ready)
				.map(Kind::Job)
				.map_err(|error| unfit("a workspace without a port exports wasi:cli/run", error))?
		};
		Ok(Self {
			kind,
			tenant,
			folder,
			outgoing,
		})
	}

	/// What its lease gives it.
	pub(super) fn tenant(&self) -> &Tenant {
		&self.tenant
	}

	fn store(&self) -> wasmtime::Result<Store<State>> {
		let tenant = &self.tenant;
		let mut builder = WasiCtxBuilder::new();
		builder
			.stdout(Written::new(tenant.log.clone(), Channel::Out))
			.stderr(Written::new(tenant.log.clone(), Channel::Err))
			// Not by the addresses alone: there is nobody to talk to.
			.allow_tcp(false)
			.allow_udp(false)
			.max_random_size(MAX_RANDOM)
			.arg("workspace")
			.args(&tenant.arguments)
			.envs(&tenant.variables);
		if let Some(folder) = &self.folder {
			folder.give(&mut builder)?;
		}
		let mut table = ResourceTable::new();
		table.set_max_capacity(MAX_RESOURCES);
		let mut http = WasiHttpCtx::new();
		http.set_field_size_limit(MAX_HEADERS);
		let state = State {
			wasi: builder.build(),
			http,
			table,
			held: Held::default(),
			folder: self.folder.clone(),
			limits: Limits::of_component(tenant.memory),
			outgoing: self.outgoing.clone(),
		};
		let engine = match &self.kind {
			Kind::Job(ready) => ready.engine(),
			Kind::Service(ready) => ready.engine(),
		};
		let mut store = Store::new(engine, state);
		store.limiter(|state| &mut state.limits);
		Ok(store)
	}

	/// Runs a job on this thread.
	///
	/// # Errors
	///
	/// [`Failure`].
	pub(super) fn run(&self) -> Result<(), Failure> {
		let Kind::Job(ready) = &self.kind else {
			return Err(Failure::Crashed("it is no job".into()));
		};
		let mut store = self.store().map_err(crashed)?;
		let ended = limits::run(&mut store, &self.tenant.account, async |store| {
			let command = ready.instantiate_async(&mut *store).await?;
			command.wasi_cli_run().call_run(store).await
		})?;
		match ended {
			Some(Err(())) => Err(Failure::Crashed("ended with status 1".into())),
			Some(Ok(())) | None => Ok(()),
		}
	}

	/// Has a request answered on this thread. The answer may come long before this returns, and what is left of its body after.
	///
	/// # Errors
	///
	/// [`Failure`].
	pub(super) fn answer(
		&self,
		request: Request<Body>,
		sender: oneshot::Sender<Answer>,
	) -> Result<(), Failure> {
		let Kind::Service(ready) = &self.kind else {
			return Err(Failure::Crashed("it is no service".into()));
		};
		let mut store = self.store().map_err(crashed)?;
		let (request, answer) = take(store.data_mut(), request, sender).map_err(crashed)?;
		limits::run(&mut store, &self.tenant.account, async |store| {
			let request = store.data_mut().table.push(request)?;
			let answer = store.data_mut().table.push(answer)?;
			let service = ready.instantiate_async(&mut *store).await?;
			let handler = service.wasi_http_incoming_handler();
			handler.call_handle(store, request, answer).await
		})?;
		Ok(())
	}
}

/// What a component sees of a request, and where it puts its answer.
fn take(
	state: &mut State,
	request: Request<Body>,
	result: oneshot::Sender<Answer>,
) -> wasmtime::Result<(HostIncomingRequest, HostResponseOutparam)> {
	let (parts, body) = request.into_parts();
	let broken = |error: axum::Error| ErrorCode::InternalError(Some(error.to_string()));
	let too_long = |most| ErrorCode::HttpRequestBodySize(Some(most));
	let body = bounded(body, broken, too_long).boxed();
	let body = HostIncomingBody::new(body, PATIENCE, MAX_HEADERS);
	let request = HostIncomingRequest::new(state, parts, Scheme::Http, Some(body), MAX_HEADERS)?;
	Ok((request, HostResponseOutparam { result }))
}

/// A component's answer, for whoever asked.
pub(super) fn passed_on(answer: hyper::Response<HyperOutgoingBody>) -> Response<Body> {
	let too_long = |most| ErrorCode::HttpResponseBodySize(Some(most));
	answer.map(|body| Body::new(bounded(body, |error| error, too_long)))
}

/// All that components are given.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
	let mut linker = Linker::new(engine);
	wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
	wasmtime_wasi_http::add_only_http_to_linker_async(&mut linker)?;
	// In the place of the library's own, which bound no bytes.
	linker.allow_shadowing(true);
	filesystem::types::add_to_linker::<State, HasFiles>(&mut linker, State::files)?;
	// It would make sockets that may not be used.
	tcp_create_socket::add_to_linker::<State, NoSockets>(&mut linker, |_| NoSockets)?;
	udp_create_socket::add_to_linker::<State, NoSockets>(&mut linker, |_| NoSockets)?;
	linker.allow_shadowing(false);
	Ok(linker)
}
