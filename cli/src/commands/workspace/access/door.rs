//! The way to the agent of a lease: where it is, whether it is the right one, and a signed request.

use std::time::{Duration, Instant};

use usufruct_access::{
	identity::Identity,
	link::{Link, LinkError, TlsReader, TlsWriter},
	message::{Code, FromAgent, Refusal, Request},
	statement::LIFE,
	DEFAULT_PORT,
};
use usufruct_client::{api, AccountId32};

use super::super::{entry, storage, text};
use crate::{context::Context, output::Failure};

/// The agent believes finalized blocks alone, which come a little later than the newest.
const FINALITY: Duration = Duration::from_secs(60);
/// Longest text of an agent that is shown.
const MAX_TEXT: usize = 2_000;

/// Both ends of a granted request.
pub(super) type Ends = (TlsReader, TlsWriter);

/// An agent's text without what would steer a terminal.
pub(super) fn clean(text: &str) -> String {
	let plain = |c: char| if c.is_control() { ' ' } else { c };
	text.chars().take(MAX_TEXT).map(plain).collect()
}

/// A refusal as people read it.
pub(super) fn refused(refusal: &Refusal) -> Failure {
	Failure::Gone(format!("the agent refused: {}", clean(&refusal.text)))
}

/// Asks for something; gives both ends once it is granted.
pub(super) async fn request(
	context: &Context,
	lease: u64,
	request: Request,
) -> Result<Ends, Failure> {
	request_with(context, lease, |_, _| Ok(request.clone())).await
}

/// Asks for something that is done at once; gives names where names were asked for.
pub(super) async fn at_once(
	context: &Context,
	lease: u64,
	asked: Request,
) -> Result<Vec<String>, Failure> {
	answer(request(context, lease, asked).await?).await
}

/// The answer to what is done at once.
pub(super) async fn answer((mut reader, _writer): Ends) -> Result<Vec<String>, Failure> {
	let mut found = Vec::new();
	loop {
		match super::next(&mut reader).await? {
			FromAgent::Names(names) => found = names.iter().map(|name| clean(name)).collect(),
			FromAgent::Done { .. } => return Ok(found),
			_ => {}
		}
	}
}

/// As [`request`], with a request that depends on who the agent is, and on the lease's generation.
pub(super) async fn request_with(
	context: &Context,
	lease: u64,
	request: impl Fn(&Identity, u32) -> Result<Request, Failure>,
) -> Result<Ends, Failure> {
	let key = context.key()?;
	let begun = Instant::now();
	loop {
		let at = context.state().await?;
		let record = entry!(at, storage().workspaces().leases(), (lease,))
			.ok_or_else(|| Failure::Gone(format!("there is no lease {lease}: it ended")))?;
		let right = entry!(at, storage().use_rights().use_rights(), (record.uid,));
		let own = AccountId32(key.public_key().0);
		if let Some(right) = right.filter(|right| right.holder != own) {
			return Err(Failure::Gone(format!(
				"lease {lease} is {}'s, who holds use right {}: sign with that account's key",
				right.holder, record.uid
			)));
		}
		let link = open(context, record.node).await?;
		let finalized = context.client.finalized().await?.block_number();
		let until = u32::try_from(finalized)
			.unwrap_or(u32::MAX)
			.saturating_add(LIFE);
		let generation = record.generation;
		let request = request(&link.identity, generation)?;
		let statement = (lease, generation, until);
		match link.request(record.node, statement, request, &key).await {
			Ok(ends) => return Ok(ends),
			Err(LinkError::Refused(refusal)) => {
				let early = matches!(
					refusal.code,
					Code::NoLease | Code::NotHolder | Code::NotReady
				);
				if !early || begun.elapsed() > FINALITY {
					return Err(refused(&refusal));
				}
				// What is in a block that is not final yet is unknown to the agent.
			}
			Err(error) => return Err(Failure::Gone(error.to_string())),
		}
		tokio::time::sleep(Duration::from_secs(1)).await;
	}
}

/// A connection to the machine's agent, which has proved to be it.
async fn open(context: &Context, node: u32) -> Result<Link, Failure> {
	use api::runtime_types::usufruct_runtime::configs::accounts::ProxyType;
	let at = context.state().await?;
	let record = entry!(at, storage().node_registry().nodes(), (node,))
		.ok_or_else(|| Failure::Gone(format!("there is no node {node}")))?;
	let address = address(&text(&record.endpoint.0));
	let link = Link::open(&address).await.map_err(|error| {
		Failure::Gone(format!(
			"{error}. `usufruct node show {node}` says when the machine was last heard of"
		))
	})?;
	if link.identity.chain != context.client.genesis().await?.0 {
		return Err(Failure::Gone(format!(
			"the agent at {address} follows another chain"
		)));
	}
	let agent = AccountId32(link.identity.agent);
	let proxies = entry!(at, storage().proxy().proxies(), (record.owner,));
	let may_act = proxies.is_some_and(|(list, _)| {
		list.0.iter().any(|proxy| {
			let enough = matches!(proxy.proxy_type, ProxyType::Any | ProxyType::NodeAgent);
			proxy.delegate == agent && enough && proxy.delay == 0
		})
	});
	if agent != record.owner && !may_act {
		return Err(Failure::Gone(format!(
			"what answers at {address} is not the agent of node {node}: {agent} does not act for its \
			 owner {}. Nothing was sent to it",
			record.owner
		)));
	}
	Ok(link)
}

/// Where a machine's agent answers, by what the chain says.
fn address(endpoint: &str) -> String {
	let bare_v6 = endpoint.matches(':').count() > 1 && !endpoint.starts_with('[');
	match endpoint.rsplit_once(':') {
		Some((_, port)) if !bare_v6 && port.parse::<u16>().is_ok() => endpoint.into(),
		_ if bare_v6 => format!("[{endpoint}]:{DEFAULT_PORT}"),
		_ => format!("{endpoint}:{DEFAULT_PORT}"),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_endpoint_without_a_port_has_the_usual_one() {
		assert_eq!(address("203.0.113.7"), "203.0.113.7:9617");
		assert_eq!(address("203.0.113.7:1234"), "203.0.113.7:1234");
		assert_eq!(address("host.example"), "host.example:9617");
		assert_eq!(address("2001:db8::1"), "[2001:db8::1]:9617");
		assert_eq!(address("[2001:db8::1]:5"), "[2001:db8::1]:5");
		assert_eq!(address("[2001:db8::1]"), "[2001:db8::1]:9617");
	}

	#[test]
	fn an_agents_text_cannot_steer_a_terminal() {
		assert_eq!(clean("a\x1b[2Jb\nc"), "a [2Jb c");
		assert_eq!(clean(&"x".repeat(5_000)).len(), MAX_TEXT);
	}
}
