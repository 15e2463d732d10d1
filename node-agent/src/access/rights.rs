//! Who may use what, by the last finalized block; read again and again beside the reconciler, so that
//! neither a slow transaction nor an image that takes its time delays the end of a right.

use std::{
	collections::HashMap,
	sync::Arc,
	time::{Duration, Instant},
};

use tokio::sync::watch;
use usufruct_access::{
	message::{Code, Refusal},
	statement::{Ask, Place, MAX_LIFE},
};

use crate::{chain::Chain, config::Config};

/// Between two looks at the chain: a third of a slot.
const PAUSE: Duration = Duration::from_secs(1);
/// Between two attempts to tell the chain where the agent answers.
const ANNOUNCE: Duration = Duration::from_secs(60);
/// What is older is not trusted: who holds a right now is not known then.
pub const STALE: Duration = Duration::from_secs(120);

/// Who may use what on this machine, at one finalized block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
	/// The machine.
	pub node: u32,
	/// The block.
	pub block: u32,
	/// When it was seen first.
	pub seen: Instant,
	/// The rights in force, by lease.
	pub rights: HashMap<u64, Right>,
}

/// A use right in force, with a lease on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
	/// The lease's generation.
	pub generation: u32,
	/// Who holds it.
	pub holder: [u8; 32],
}

/// The newest view; none before the machine is registered.
pub type Views = watch::Receiver<Option<Arc<View>>>;

impl View {
	/// Whether it is too old at `now` to trust anybody by it.
	pub fn is_stale(&self, now: Instant) -> bool {
		now.saturating_duration_since(self.seen) > STALE
	}
}

/// Whether to grant what is asked for in the TLS session `session`.
///
/// # Errors
///
/// The refusal, in this order: the agent knows too little, the signature is not good for here, the
/// statement is not good any more or for too long, the lease is not here, somebody else holds it.
pub fn authorise(
	view: Option<&View>,
	chain: [u8; 32],
	session: [u8; 32],
	ask: &Ask,
	now: Instant,
) -> Result<Right, Refusal> {
	let refuse = |code, text: String| Err(Refusal::new(code, text));
	let Some(view) = view.filter(|view| !view.is_stale(now)) else {
		let text =
			"the agent has seen no finalized block for a while, so that it does not know who \
		            holds the right; try again when the chain goes on";
		return refuse(Code::NotReady, text.into());
	};
	let place = Place {
		chain,
		node: view.node,
		session,
	};
	if !ask.is_genuine(&place) {
		let text =
			"the signature is not good for this machine and session: a statement is signed anew \
		            for each request";
		return refuse(Code::BadSignature, text.into());
	}
	let last = view.block.saturating_add(MAX_LIFE);
	if ask.until < view.block || ask.until > last {
		return refuse(
			Code::Expired,
			format!(
				"the statement is good until block {}, and must be until one from {} to {last}; sign a \
				 new one, and look whether your node is in sync",
				ask.until, view.block
			),
		);
	}
	let (lease, generation) = (ask.lease, ask.generation);
	let Some(right) = view
		.rights
		.get(&lease)
		.filter(|right| right.generation == generation)
	else {
		return refuse(
			Code::NoLease,
			format!(
				"there is no right in force for lease {lease} in generation {generation} on this \
				 machine at block {}; `usufruct workspace leases` shows where it is",
				view.block
			),
		);
	};
	if right.holder != ask.account {
		let text = format!(
			"another account holds the use right of lease {lease}: sign with the key of its holder, \
			 whom `usufruct use-right list` shows"
		);
		return refuse(Code::NotHolder, text);
	}
	Ok(*right)
}

/// Follows the chain until all who listen are gone.
pub(super) async fn follow(
	config: Config,
	mut chain: Chain,
	machine: [u8; 32],
	views: watch::Sender<Option<Arc<View>>>,
) {
	let own = config.access_address();
	let mut announced: Option<Instant> = None;
	while !views.is_closed() {
		match look(&chain, machine, &views).await {
			Ok(Some((node, endpoint))) => {
				let due = announced.is_none_or(|when| when.elapsed() > ANNOUNCE);
				if endpoint != own && due {
					announced = Some(Instant::now());
					let (chain, own) = (chain.clone(), own.clone());
					tokio::spawn(async move {
						match chain.announce(node, &own).await {
							Ok(()) => tracing::info!(own, "the chain knows where tenants reach us"),
							Err(error) => tracing::warn!(
								error = format!("{error:#}"),
								"tenants do not find this agent yet; tried again"
							),
						}
					});
				}
			}
			Ok(None) => {}
			Err(error) => {
				tracing::debug!(error = format!("{error:#}"), "rights cannot be read");
				if let Ok(connected) = Chain::connect(&config, Duration::ZERO).await {
					chain = connected;
				}
			}
		}
		tokio::time::sleep(PAUSE).await;
	}
}

/// Takes a new finalized block over; gives the node and its endpoint.
async fn look(
	chain: &Chain,
	machine: [u8; 32],
	views: &watch::Sender<Option<Arc<View>>>,
) -> eyre::Result<Option<(u32, String)>> {
	let at = chain.finalized().await?;
	let known = views.borrow().as_ref().map(|view| view.block);
	if known == Some(Chain::number(&at)) {
		return Ok(None);
	}
	let Some((view, endpoint)) = chain.rights(&at, machine).await? else {
		return Ok(None);
	};
	let node = view.node;
	views.send_replace(Some(Arc::new(view)));
	Ok(Some((node, endpoint)))
}

#[cfg(test)]
mod tests {
	use usufruct_access::message::Request;

	use super::*;

	const CHAIN: [u8; 32] = [1; 32];
	const SESSION: [u8; 32] = [2; 32];

	fn key(name: &str) -> usufruct_client::Keypair {
		usufruct_client::keypair(name).unwrap()
	}

	fn view() -> View {
		let holder = key("//Alice").public_key().0;
		let right = Right {
			generation: 4,
			holder,
		};
		View {
			node: 3,
			block: 100,
			seen: Instant::now(),
			rights: HashMap::from([(7, right)]),
		}
	}

	fn ask(lease: u64, generation: u32, until: u32, who: &str) -> Ask {
		let place = Place {
			chain: CHAIN,
			node: 3,
			session: SESSION,
		};
		Ask::sign(
			&place,
			lease,
			generation,
			until,
			Request::Secrets,
			&key(who),
		)
	}

	fn code(view: Option<&View>, ask: &Ask, now: Instant) -> Option<Code> {
		authorise(view, CHAIN, SESSION, ask, now)
			.err()
			.map(|refusal| refusal.code)
	}

	#[test]
	fn the_holder_of_the_right_is_let_in_until_the_last_block_of_the_statement() {
		let view = view();
		for until in [100, 200] {
			assert_eq!(
				code(Some(&view), &ask(7, 4, until, "//Alice"), view.seen),
				None
			);
		}
		for until in [99, 201] {
			let found = code(Some(&view), &ask(7, 4, until, "//Alice"), view.seen);
			assert_eq!(found, Some(Code::Expired), "{until}");
		}
	}

	#[test]
	fn nobody_else_is_let_in_and_nobody_to_another_lease_or_generation() {
		let view = view();
		let cases = [
			(ask(7, 4, 120, "//Bob"), Code::NotHolder),
			(ask(8, 4, 120, "//Alice"), Code::NoLease),
			(ask(7, 5, 120, "//Alice"), Code::NoLease),
		];
		for (ask, expected) in cases {
			assert_eq!(code(Some(&view), &ask, view.seen), Some(expected));
		}
	}

	#[test]
	fn a_statement_of_another_session_or_machine_is_refused() {
		let mut view = view();
		let good = ask(7, 4, 120, "//Alice");
		let replayed = authorise(Some(&view), CHAIN, [9; 32], &good, view.seen);
		assert_eq!(replayed.unwrap_err().code, Code::BadSignature);
		view.node = 4;
		assert_eq!(
			code(Some(&view), &good, view.seen),
			Some(Code::BadSignature)
		);
	}

	#[test]
	fn an_agent_that_does_not_see_the_chain_trusts_nobody() {
		let view = view();
		let good = ask(7, 4, 120, "//Alice");
		assert_eq!(code(None, &good, view.seen), Some(Code::NotReady));
		assert_eq!(code(Some(&view), &good, view.seen + STALE), None);
		let later = view.seen + STALE + Duration::from_millis(1);
		assert_eq!(code(Some(&view), &good, later), Some(Code::NotReady));
	}
}
