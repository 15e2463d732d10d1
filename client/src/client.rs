//! A connection to a node.

use std::time::{Duration, Instant};

use subxt::{
	client::{ClientAtBlock, OnlineClientAtBlockImpl},
	config::{DefaultExtrinsicParamsBuilder, RpcConfigFor},
	error::DispatchError,
	events::Events,
	extrinsics::ExtrinsicEvents,
	rpcs::{client::RpcClient, LegacyRpcMethods},
	transactions::{Payload, TransactionProgress, TransactionStatus},
	utils::{AccountId32, H256},
	OnlineClient, PolkadotConfig,
};
use tokio::sync::Mutex;

use crate::{api, Error, Keypair};

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a transaction may take: its era is 64 blocks, this is less.
const SUBMIT_TIMEOUT: Duration = Duration::from_secs(150);
/// By then a subscription knows every block that the node has named.
const NEWS: Duration = Duration::from_secs(5);
/// Between two questions for a block.
const ASK_AGAIN: Duration = Duration::from_millis(50);
/// So often a transaction is signed anew because another took its nonce.
const ATTEMPTS: u32 = 16;

/// Held from reading a nonce until the pool has the transaction: of two tasks that read the same
/// nonce, one would displace the other's. For the whole process, since a key outlives a connection.
static TURN: Mutex<()> = Mutex::const_new(());

/// A connection to one block.
type Online = OnlineClientAtBlockImpl<PolkadotConfig>;

/// State at one block.
pub type AtBlock = ClientAtBlock<PolkadotConfig, Online>;

/// When a transaction counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wait {
	/// In a best block: fast, and on a fork it may happen again or not at all.
	InBlock,
	/// In a finalized block: never undone.
	#[default]
	Finalized,
}

/// A transaction that succeeded.
#[derive(Debug)]
pub struct Sent {
	/// What it caused.
	pub events: ExtrinsicEvents<PolkadotConfig>,
}

impl Sent {
	/// The first event of a kind.
	///
	/// # Errors
	///
	/// [`Error::Incompatible`] where there is none: the runtime is another than this program knows.
	pub fn event<E: subxt::events::DecodeAsEvent>(&self) -> Result<E, Error> {
		self.events
			.find_first::<E>()
			.ok_or_else(|| Error::incompatible("an expected event is missing"))?
			.map_err(Error::incompatible)
	}
}

/// A connection to a node.
#[derive(Clone, Debug)]
pub struct Client {
	online: OnlineClient<PolkadotConfig>,
	legacy: LegacyRpcMethods<RpcConfigFor<PolkadotConfig>>,
}

impl Client {
	/// Connects.
	///
	/// # Errors
	///
	/// [`Error::Unreachable`] after 15 seconds.
	pub async fn connect(url: &str) -> Result<Self, Error> {
		let unreachable = |error: String| Error::Unreachable {
			url: url.into(),
			error,
		};
		let connect = async {
			let rpc = RpcClient::from_insecure_url(url)
				.await
				.map_err(|e| e.to_string())?;
			let online = OnlineClient::<PolkadotConfig>::from_rpc_client(rpc.clone())
				.await
				.map_err(|e| e.to_string())?;
			Ok(Self {
				online,
				legacy: LegacyRpcMethods::new(rpc),
			})
		};
		tokio::time::timeout(CONNECT_TIMEOUT, connect)
			.await
			.map_err(|_| unreachable("no answer in 15 s".into()))?
			.map_err(unreachable)
	}

	/// The connection of the library underneath, for what has no method here.
	pub fn online(&self) -> &OnlineClient<PolkadotConfig> {
		&self.online
	}

	pub(crate) fn legacy(&self) -> &LegacyRpcMethods<RpcConfigFor<PolkadotConfig>> {
		&self.legacy
	}

	/// The nonce of an account's next transaction, those in the pool counted.
	pub(crate) async fn next_nonce(&self, account: &AccountId32) -> Result<u64, Error> {
		self.legacy
			.system_account_next_index(account)
			.await
			.map_err(Error::broken)
	}

	/// State at the last finalized block.
	///
	/// # Errors
	///
	/// [`Error::Broken`].
	pub async fn finalized(&self) -> Result<AtBlock, Error> {
		self.online.at_current_block().await.map_err(Error::broken)
	}

	/// State at a block of the best chain, as long as the node keeps it.
	///
	/// # Errors
	///
	/// [`Error::Broken`].
	pub async fn at(&self, number: u64) -> Result<AtBlock, Error> {
		let hash = self.hash_of(number).await?;
		self.online.at_block(hash).await.map_err(Error::broken)
	}

	/// State at the best block: newer, and on a fork it may be undone.
	///
	/// # Errors
	///
	/// [`Error::Broken`].
	pub async fn best(&self) -> Result<AtBlock, Error> {
		let begun = Instant::now();
		loop {
			let hash = self
				.legacy
				.chain_get_block_hash(None)
				.await
				.map_err(Error::broken)?
				.ok_or_else(|| Error::broken("the node knows no block"))?;
			// The subscription by which a block is read hears of a new one a moment later than this
			// call, and of one on a fork perhaps never.
			match self.online.at_block(hash).await {
				Err(_) if begun.elapsed() < NEWS => tokio::time::sleep(ASK_AGAIN).await,
				result => return result.map_err(Error::broken),
			}
		}
	}

	/// The hash of the first block, which tells one chain from another.
	///
	/// # Errors
	///
	/// [`Error::Broken`].
	pub async fn genesis(&self) -> Result<H256, Error> {
		self.hash_of(0).await
	}

	/// The hash of a block of the best chain.
	pub(crate) async fn hash_of(&self, number: u64) -> Result<H256, Error> {
		self.legacy
			.chain_get_block_hash(Some(number.into()))
			.await
			.map_err(Error::broken)?
			.ok_or_else(|| Error::broken(format!("block {number} is gone")))
	}

	/// The events of each block after `from` up to `to`, which are on the same branch; at most 256
	/// blocks.
	///
	/// # Errors
	///
	/// [`Error::Broken`].
	pub async fn events_between(
		&self,
		from: u64,
		to: u64,
	) -> Result<Vec<Events<PolkadotConfig>>, Error> {
		let mut found = Vec::new();
		for number in (from.saturating_add(1)..=to).take(256) {
			let hash = self.hash_of(number).await?;
			let at = self.online.at_block(hash).await.map_err(Error::broken)?;
			found.push(at.events().fetch().await.map_err(Error::broken)?);
		}
		Ok(found)
	}

	/// Signs, submits and waits; tells each step to `progress`.
	///
	/// # Errors
	///
	/// [`Error::NotTaken`] and [`Error::Refused`] say that nothing happened; [`Error::Broken`] that
	/// it is not known.
	pub async fn submit(
		&self,
		call: &impl Payload,
		key: &Keypair,
		wait: Wait,
		progress: impl Fn(&str),
	) -> Result<Sent, Error> {
		let submit = async {
			let (transaction, first) = self.enter_pool(call, key).await?;
			progress("in the pool");
			self.follow(transaction, first, wait, &progress).await
		};
		tokio::time::timeout(SUBMIT_TIMEOUT, submit)
			.await
			.map_err(|_| Error::broken("the transaction was in no block for 150 s"))?
	}

	/// What a transaction would cost now, in the smallest unit. Signs it, and submits nothing.
	///
	/// # Errors
	///
	/// [`Error::Broken`].
	pub async fn fee(&self, call: &impl Payload, key: &Keypair) -> Result<u128, Error> {
		let account = AccountId32(key.public_key().0);
		let params = DefaultExtrinsicParamsBuilder::<PolkadotConfig>::new()
			.nonce(self.next_nonce(&account).await?)
			.mortal(64)
			.build();
		self.finalized()
			.await?
			.transactions()
			.create_signed(call, key, params)
			.await
			.map_err(Error::broken)?
			.partial_fee_estimate()
			.await
			.map_err(Error::broken)
	}

	/// Signs and submits until the pool says something other than that the nonce is taken: another
	/// process may use the same key. Gives what the pool said first.
	async fn enter_pool(
		&self,
		call: &impl Payload,
		key: &Keypair,
	) -> Result<
		(
			TransactionProgress<PolkadotConfig, Online>,
			TransactionStatus<PolkadotConfig, Online>,
		),
		Error,
	> {
		let account = AccountId32(key.public_key().0);
		let _turn = TURN.lock().await;
		let mut nonce = self.next_nonce(&account).await?;
		let mut attempt = 0;
		loop {
			attempt += 1;
			let params = DefaultExtrinsicParamsBuilder::<PolkadotConfig>::new()
				.nonce(nonce)
				.mortal(64)
				.build();
			let mut transaction = self
				.finalized()
				.await?
				.transactions()
				.sign_and_submit_then_watch(call, key, params)
				.await
				.map_err(Error::not_taken)?;
			let first = transaction
				.next()
				.await
				.ok_or_else(Error::silent)?
				.map_err(Error::broken)?;
			let is_invalid = matches!(first, TransactionStatus::Invalid { .. });
			let next = match is_invalid && attempt < ATTEMPTS {
				true => self.next_nonce(&account).await?,
				false => nonce,
			};
			if next == nonce {
				return Ok((transaction, first));
			}
			tracing::debug!(nonce, next, "another transaction took this nonce");
			nonce = next;
		}
	}

	async fn follow(
		&self,
		mut transaction: TransactionProgress<PolkadotConfig, Online>,
		first: TransactionStatus<PolkadotConfig, Online>,
		wait: Wait,
		progress: &impl Fn(&str),
	) -> Result<Sent, Error> {
		let mut next = Some(Ok(first));
		while let Some(status) = next {
			match status.map_err(Error::broken)? {
				TransactionStatus::InBestBlock(_) if wait == Wait::Finalized => {
					progress("in a block, waiting for finality");
				}
				TransactionStatus::InBestBlock(block)
				| TransactionStatus::InFinalizedBlock(block) => {
					progress("done");
					let events = block.fetch_events().await.map_err(Error::broken)?;
					let at = block.at().await.map_err(Error::broken)?;
					return Self::verdict(events, at.metadata());
				}
				TransactionStatus::Error { message }
				| TransactionStatus::Invalid { message }
				| TransactionStatus::Dropped { message } => return Err(Error::not_taken(message)),
				_ => {}
			}
			next = transaction.next().await;
		}
		Err(Error::silent())
	}

	/// The events, or the error that they tell of: the call's own, or the one it made by proxy.
	fn verdict(
		events: ExtrinsicEvents<PolkadotConfig>,
		metadata: subxt::metadata::ArcMetadata,
	) -> Result<Sent, Error> {
		let refused = |bytes: Vec<u8>| {
			DispatchError::decode_from(bytes, metadata.clone())
				.map_or_else(Error::incompatible, |error| Error::refused(&error))
		};
		for event in events.iter() {
			let event = event.map_err(Error::incompatible)?;
			match (event.pallet_name(), event.event_name()) {
				("System", "ExtrinsicFailed") => return Err(refused(event.field_bytes().to_vec())),
				// A proxied or sudo call that failed leaves its transaction a success.
				("Proxy", "ProxyExecuted") | ("Sudo", "Sudid")
					if event.field_bytes().first() == Some(&1) =>
				{
					return Err(refused(event.field_bytes()[1..].to_vec()));
				}
				_ => {}
			}
		}
		Ok(Sent { events })
	}

	/// Acts for `owner` through the proxy that it gave to the key.
	///
	/// # Errors
	///
	/// As [`Self::submit`].
	pub async fn submit_for(
		&self,
		owner: &AccountId32,
		call: api::Call,
		key: &Keypair,
		wait: Wait,
		progress: impl Fn(&str),
	) -> Result<Sent, Error> {
		let proxied = api::transactions()
			.proxy()
			.proxy((*owner).into(), None, call);
		self.submit(&proxied, key, wait, progress).await
	}
}
