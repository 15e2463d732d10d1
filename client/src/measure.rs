//! Many transactions at once, and how long a block takes to execute: for who measures a chain.

use std::time::{Duration, Instant};

use codec::Encode;
use futures::{StreamExt, TryStreamExt};
use subxt::{
	config::{substrate::DigestItem, DefaultExtrinsicParamsBuilder, RpcConfigFor},
	rpcs::methods::legacy::Block,
	transactions::Payload,
	utils::{AccountId32, H256},
	PolkadotConfig,
};

use crate::{Client, Error, Keypair};

/// Transactions on their way to the node at once.
const IN_FLIGHT: usize = 64;

/// What one block holds, beside what its author put there by itself.
#[derive(Clone, Copy, Debug)]
pub struct BlockContent {
	/// Its hash.
	pub hash: H256,
	/// Its number.
	pub number: u64,
	/// Its extrinsics, inherents included.
	pub extrinsics: usize,
}

impl Client {
	/// The kind of the chain, such as `Development`.
	///
	/// # Errors
	///
	/// [`Error::Broken`].
	pub async fn chain_type(&self) -> Result<String, Error> {
		self.legacy()
			.system_chain_type()
			.await
			.map_err(Error::broken)
	}

	/// Signs calls with nonces in a row and hands all of them over; waits until a block holds the last.
	///
	/// Whether each did what it should is for the caller to see from the state.
	///
	/// # Errors
	///
	/// [`Error::NotTaken`] where the node refuses one; [`Error::Broken`] after `patience`.
	pub async fn burst<P: Payload>(
		&self,
		calls: &[P],
		key: &Keypair,
		patience: Duration,
	) -> Result<(), Error> {
		let account = AccountId32(key.public_key().0);
		let first = self.next_nonce(&account).await?;
		let at = self.finalized().await?;
		let transactions = at.transactions();
		let mut signed = Vec::with_capacity(calls.len());
		for (nonce, call) in (first..).zip(calls) {
			let params = DefaultExtrinsicParamsBuilder::<PolkadotConfig>::new()
				.nonce(nonce)
				.immortal()
				.build();
			let transaction = transactions
				.create_signable_offline(call, params)
				.and_then(|mut transaction| transaction.sign(key))
				.map_err(Error::incompatible)?;
			signed.push(transaction.into_encoded());
		}
		futures::stream::iter(&signed)
			.map(|bytes| self.legacy().author_submit_extrinsic(bytes))
			.buffered(IN_FLIGHT)
			.try_for_each(|_| futures::future::ready(Ok(())))
			.await
			.map_err(Error::not_taken)?;
		self.wait_for_nonce(&account, first.saturating_add(calls.len() as u64), patience)
			.await
	}

	async fn wait_for_nonce(
		&self,
		account: &AccountId32,
		wanted: u64,
		patience: Duration,
	) -> Result<(), Error> {
		let begun = Instant::now();
		loop {
			let best = self.best().await?;
			let address = crate::api::storage().system().account();
			let found = best
				.storage()
				.try_fetch(address, (*account,))
				.await
				.map_err(Error::incompatible)?;
			let nonce = match found {
				Some(value) => value.decode().map_err(Error::incompatible)?.nonce,
				None => 0,
			};
			if u64::from(nonce) >= wanted {
				return Ok(());
			}
			if begun.elapsed() > patience {
				return Err(Error::broken(format!(
					"{} of the transactions were in no block after {} s",
					wanted.saturating_sub(nonce.into()),
					patience.as_secs()
				)));
			}
			tokio::time::sleep(Duration::from_millis(300)).await;
		}
	}

	/// What the best chain's blocks after `from` hold, up to the newest.
	///
	/// # Errors
	///
	/// [`Error::Broken`].
	pub async fn blocks_after(&self, from: u64) -> Result<Vec<BlockContent>, Error> {
		let newest = self.best().await?.block_number();
		let mut blocks = Vec::new();
		for number in from.saturating_add(1)..=newest {
			let hash = self.hash_of(number).await?;
			let block = self.block(hash).await?;
			blocks.push(BlockContent {
				hash,
				number,
				extrinsics: block.extrinsics.len(),
			});
		}
		Ok(blocks)
	}

	async fn block(&self, hash: H256) -> Result<Block<RpcConfigFor<PolkadotConfig>>, Error> {
		let found = self.legacy().chain_get_block(Some(hash)).await;
		Ok(found
			.map_err(Error::broken)?
			.ok_or_else(|| Error::broken(format!("block {hash:?} is gone")))?
			.block)
	}

	/// Lets the node execute a block once more, on the state of its parent, and takes the time; what
	/// travelling and decoding cost is in it. Nothing is written.
	///
	/// # Errors
	///
	/// [`Error::Broken`] where the node does not have the block or its parent's state any more.
	pub async fn execute_again(&self, hash: H256) -> Result<Duration, Error> {
		let block = self.block(hash).await?;
		let parent = block.header.parent_hash;
		let mut header = block.header;
		// The author signs the block after it was executed.
		header
			.digest
			.logs
			.retain(|item| !matches!(item, DigestItem::Seal(..)));
		let mut bytes = header.encode();
		let extrinsics: Vec<Vec<u8>> = block.extrinsics.into_iter().map(|bytes| bytes.0).collect();
		// Each extrinsic carries its own length already.
		codec::Compact(extrinsics.len() as u32).encode_to(&mut bytes);
		extrinsics
			.iter()
			.for_each(|extrinsic| bytes.extend(extrinsic));
		let begun = Instant::now();
		self.legacy()
			.state_call("Core_execute_block", Some(&bytes), Some(parent))
			.await
			.map_err(Error::broken)?;
		Ok(begun.elapsed())
	}
}
