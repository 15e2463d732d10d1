//! What the node answers beside the SDK's own methods: accounts, fees, BABE, GRANDPA.
//!
//! There is no namespace of our own: state is read by storage, view functions and runtime APIs,
//! which every client library knows.

use std::sync::Arc;

use jsonrpsee::RpcModule;
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use sc_consensus_babe::BabeWorkerHandle;
use sc_consensus_babe_rpc::{Babe, BabeApiServer};
use sc_consensus_grandpa::{
	FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState,
};
use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
use sc_rpc::SubscriptionTaskExecutor;
use sc_transaction_pool::TransactionPoolHandle;
use sp_keystore::KeystorePtr;
use substrate_frame_rpc_system::{System, SystemApiServer};
use usufruct_runtime::{opaque::Block, BlockNumber, Hash};

use crate::service::{FullBackend, FullClient, FullSelectChain};

/// What BABE's methods need.
pub(crate) struct BabeDeps {
	pub(crate) worker: BabeWorkerHandle<Block>,
	pub(crate) keystore: KeystorePtr,
}

/// What GRANDPA's methods need.
pub(crate) struct GrandpaDeps {
	pub(crate) voter_state: SharedVoterState,
	pub(crate) authority_set: SharedAuthoritySet<Hash, BlockNumber>,
	pub(crate) justifications: GrandpaJustificationStream<Block>,
	pub(crate) executor: SubscriptionTaskExecutor,
	pub(crate) proofs: Arc<FinalityProofProvider<FullBackend, Block>>,
}

/// All that the methods need.
pub(crate) struct FullDeps {
	pub(crate) client: Arc<FullClient>,
	pub(crate) pool: Arc<TransactionPoolHandle<Block, FullClient>>,
	pub(crate) select_chain: FullSelectChain,
	pub(crate) babe: BabeDeps,
	pub(crate) grandpa: GrandpaDeps,
}

/// The methods.
pub(crate) fn create_full(
	deps: FullDeps,
) -> Result<RpcModule<()>, Box<dyn std::error::Error + Send + Sync>> {
	let FullDeps {
		client,
		pool,
		select_chain,
		babe,
		grandpa,
	} = deps;
	let mut module = RpcModule::new(());
	module.merge(System::new(client.clone(), pool).into_rpc())?;
	module.merge(TransactionPayment::new(client.clone()).into_rpc())?;
	module.merge(Babe::new(client, babe.worker, babe.keystore, select_chain).into_rpc())?;
	module.merge(
		Grandpa::new(
			grandpa.executor,
			grandpa.authority_set,
			grandpa.voter_state,
			grandpa.justifications,
			grandpa.proofs,
		)
		.into_rpc(),
	)?;
	Ok(module)
}
