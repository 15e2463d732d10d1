//! Puts the node together: database, pool, network, consensus, off-chain workers, RPC.

use std::sync::Arc;

use futures::FutureExt;
use sc_client_api::{Backend, BlockBackend};
use sc_consensus_babe::{BabeLink, BabeWorkerHandle, SlotProportion};
use sc_consensus_grandpa::SharedVoterState;
use sc_network::{service::traits::NetworkService, NetworkBackend, NotificationService};
use sc_service::{
	error::Error as ServiceError, Configuration, PartialComponents, RpcHandlers, TaskManager,
	WarpSyncConfig,
};
use sc_telemetry::{Telemetry, TelemetryHandle, TelemetryWorker};
use sc_transaction_pool::TransactionPoolHandle;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use usufruct_runtime::{apis::RuntimeApi, opaque::Block};

use crate::rpc;

/// What the runtime may call of its host: the SDK's own functions and no others.
type HostFunctions = sp_io::SubstrateHostFunctions;
type Executor = sc_executor::WasmExecutor<HostFunctions>;
pub(crate) type FullClient = sc_service::TFullClient<Block, RuntimeApi, Executor>;
pub(crate) type FullBackend = sc_service::TFullBackend<Block>;
pub(crate) type FullSelectChain = sc_consensus::LongestChain<FullBackend, Block>;
type GrandpaBlockImport =
	sc_consensus_grandpa::GrandpaBlockImport<FullBackend, Block, FullClient, FullSelectChain>;
type GrandpaLink = sc_consensus_grandpa::LinkHalf<Block, FullClient, FullSelectChain>;

/// Gives a block its inherents: the slot and the time that belongs to it.
type CreateInherents = sc_consensus_babe_inherents::Provider;
type BabeImport = sc_consensus_babe::BabeBlockImport<
	Block,
	FullClient,
	GrandpaBlockImport,
	CreateInherents,
	FullSelectChain,
>;

/// Blocks between two GRANDPA justifications that are kept although nobody asked.
const JUSTIFICATION_PERIOD: u32 = 512;

mod sc_consensus_babe_inherents {
	//! A nameable provider of BABE's inherents: closures cannot be written down as types.

	use sp_consensus_babe::inherents::InherentDataProvider as Slot;
	use sp_inherents::CreateInherentDataProviders;
	use sp_timestamp::InherentDataProvider as Timestamp;
	use usufruct_runtime::{opaque::Block, Hash};

	/// See the module.
	#[derive(Clone)]
	pub(super) struct Provider {
		pub(super) slot_duration: sp_consensus_babe::SlotDuration,
	}

	#[async_trait::async_trait]
	impl CreateInherentDataProviders<Block, ()> for Provider {
		type InherentDataProviders = (Slot, Timestamp);

		async fn create_inherent_data_providers(
			&self,
			_parent: Hash,
			(): (),
		) -> Result<Self::InherentDataProviders, Box<dyn std::error::Error + Send + Sync>> {
			let timestamp = Timestamp::from_system_time();
			let slot = Slot::from_timestamp_and_slot_duration(*timestamp, self.slot_duration);
			Ok((slot, timestamp))
		}
	}
}

/// Consensus's parts between their creation and their start.
pub(crate) struct Consensus {
	block_import: BabeImport,
	grandpa_link: GrandpaLink,
	babe_link: BabeLink<Block>,
	babe_worker: BabeWorkerHandle<Block>,
	inherents: CreateInherents,
	telemetry: Option<Telemetry>,
}

/// The parts that every subcommand needs.
pub(crate) type Partial = PartialComponents<
	FullClient,
	FullBackend,
	FullSelectChain,
	sc_consensus::DefaultImportQueue<Block>,
	TransactionPoolHandle<Block, FullClient>,
	Consensus,
>;

/// Opens the database and creates the parts that every subcommand needs.
pub(crate) fn new_partial(config: &Configuration) -> Result<Partial, ServiceError> {
	let telemetry = config
		.telemetry_endpoints
		.clone()
		.filter(|endpoints| !endpoints.is_empty())
		.map(|endpoints| -> Result<_, sc_telemetry::Error> {
			let worker = TelemetryWorker::new(16)?;
			let telemetry = worker.handle().new_telemetry(endpoints);
			Ok((worker, telemetry))
		})
		.transpose()?;
	let executor = sc_service::new_wasm_executor::<HostFunctions>(&config.executor);
	let (client, backend, keystore_container, task_manager) =
		sc_service::new_full_parts::<Block, RuntimeApi, _>(
			config,
			telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
			executor,
			Vec::new(),
		)?;
	let client = Arc::new(client);
	let telemetry = telemetry.map(|(worker, telemetry)| {
		task_manager
			.spawn_handle()
			.spawn("telemetry", None, worker.run());
		telemetry
	});
	let select_chain = sc_consensus::LongestChain::new(backend.clone());
	let transaction_pool = Arc::from(
		sc_transaction_pool::Builder::new(
			task_manager.spawn_essential_handle(),
			client.clone(),
			config.role.is_authority().into(),
		)
		.with_options(config.transaction_pool.clone())
		.with_prometheus(config.prometheus_registry())
		.build(),
	);

	let (grandpa_import, grandpa_link) = sc_consensus_grandpa::block_import(
		client.clone(),
		JUSTIFICATION_PERIOD,
		&client,
		select_chain.clone(),
		telemetry.as_ref().map(Telemetry::handle),
	)?;
	let babe_config = sc_consensus_babe::configuration(&*client)?;
	let slot_duration = babe_config.slot_duration();
	let inherents = CreateInherents { slot_duration };
	let (block_import, babe_link) = sc_consensus_babe::block_import(
		babe_config,
		grandpa_import.clone(),
		client.clone(),
		inherents.clone(),
		select_chain.clone(),
		OffchainTransactionPoolFactory::new(transaction_pool.clone()),
	)?;
	let (import_queue, babe_worker) =
		sc_consensus_babe::import_queue(sc_consensus_babe::ImportQueueParams {
			link: babe_link.clone(),
			block_import: block_import.clone(),
			justification_import: Some(Box::new(grandpa_import)),
			client: client.clone(),
			slot_duration,
			spawner: &task_manager.spawn_essential_handle(),
			registry: config.prometheus_registry(),
			telemetry: telemetry.as_ref().map(Telemetry::handle),
		})?;

	Ok(PartialComponents {
		client,
		backend,
		task_manager,
		keystore_container,
		select_chain,
		import_queue,
		transaction_pool,
		other: Consensus {
			block_import,
			grandpa_link,
			babe_link,
			babe_worker,
			inherents,
			telemetry,
		},
	})
}

/// Starts a full node: a validator where the configuration says so.
pub(crate) fn new_full(config: Configuration) -> Result<TaskManager, ServiceError> {
	match config.network.network_backend {
		sc_network::config::NetworkBackendType::Libp2p => {
			start::<sc_network::NetworkWorker<_, _>>(config)
		}
		sc_network::config::NetworkBackendType::Litep2p => {
			start::<sc_network::Litep2pNetworkBackend>(config)
		}
	}
}

fn start<N: NetworkBackend<Block, <Block as sp_runtime::traits::Block>::Hash>>(
	config: Configuration,
) -> Result<TaskManager, ServiceError> {
	let PartialComponents {
		client,
		backend,
		mut task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other:
			Consensus {
				block_import,
				grandpa_link,
				babe_link,
				babe_worker,
				inherents,
				mut telemetry,
			},
	} = new_partial(&config)?;

	let registry = config.prometheus_registry().cloned();
	let metrics = N::register_notification_metrics(registry.as_ref());
	let mut net_config = sc_network::config::FullNetworkConfiguration::<_, _, N>::new(
		&config.network,
		registry.clone(),
	);
	let genesis = client
		.block_hash(0)?
		.ok_or_else(|| ServiceError::Other("the database has no genesis block".into()))?;
	let grandpa_protocol =
		sc_consensus_grandpa::protocol_standard_name(&genesis, &config.chain_spec);
	let (grandpa_peers, grandpa_notifications) =
		sc_consensus_grandpa::grandpa_peers_set_config::<_, N>(
			grandpa_protocol.clone(),
			metrics.clone(),
			net_config.peer_store_handle(),
		);
	net_config.add_notification_protocol(grandpa_peers);
	let warp_sync = Arc::new(sc_consensus_grandpa::warp_proof::NetworkProvider::new(
		backend.clone(),
		grandpa_link.shared_authority_set().clone(),
		Vec::new(),
	));
	let (network, system_rpc_tx, tx_handler_controller, sync_service, _bitswap) =
		sc_service::build_network(sc_service::BuildNetworkParams {
			config: &config,
			net_config,
			client: client.clone(),
			transaction_pool: transaction_pool.clone(),
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			import_queue,
			block_announce_validator_builder: None,
			warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
			block_relay: None,
			metrics,
			gap_sync_body_policy: None,
		})?;

	if config.offchain_worker.enabled {
		spawn_offchain_workers(
			&config,
			&task_manager,
			&client,
			&backend,
			&transaction_pool,
			&network,
			&keystore_container,
		)?;
	}

	let role = config.role;
	let force_authoring = config.force_authoring;
	let name = config.network.node_name.clone();
	let enable_grandpa = !config.disable_grandpa;
	let voter_state = SharedVoterState::empty();

	let rpc_builder = {
		let (client, pool, select_chain) = (
			client.clone(),
			transaction_pool.clone(),
			select_chain.clone(),
		);
		let keystore = keystore_container.keystore();
		let (authority_set, justifications, voter_state) = (
			grandpa_link.shared_authority_set().clone(),
			grandpa_link.justification_stream(),
			voter_state.clone(),
		);
		let proofs = sc_consensus_grandpa::FinalityProofProvider::new_for_service(
			backend.clone(),
			Some(authority_set.clone()),
		);
		Box::new(move |executor: sc_rpc::SubscriptionTaskExecutor| {
			rpc::create_full(rpc::FullDeps {
				client: client.clone(),
				pool: pool.clone(),
				select_chain: select_chain.clone(),
				babe: rpc::BabeDeps {
					worker: babe_worker.clone(),
					keystore: keystore.clone(),
				},
				grandpa: rpc::GrandpaDeps {
					voter_state: voter_state.clone(),
					authority_set: authority_set.clone(),
					justifications: justifications.clone(),
					executor,
					proofs: proofs.clone(),
				},
			})
			.map_err(Into::into)
		})
	};
	let _handlers: RpcHandlers = sc_service::spawn_tasks(sc_service::SpawnTasksParams {
		config,
		client: client.clone(),
		backend,
		task_manager: &mut task_manager,
		keystore: keystore_container.keystore(),
		transaction_pool: transaction_pool.clone(),
		rpc_builder,
		network: network.clone(),
		system_rpc_tx,
		tx_handler_controller,
		sync_service: sync_service.clone(),
		telemetry: telemetry.as_mut(),
		tracing_execute_block: None,
	})?;
	let telemetry = telemetry.as_ref().map(Telemetry::handle);

	if role.is_authority() {
		let proposer = sc_basic_authorship::ProposerFactory::new(
			task_manager.spawn_handle(),
			client.clone(),
			transaction_pool.clone(),
			registry.as_ref(),
			telemetry.clone(),
		);
		let babe = sc_consensus_babe::start_babe(sc_consensus_babe::BabeParams {
			keystore: keystore_container.keystore(),
			client,
			select_chain,
			env: proposer,
			block_import,
			sync_oracle: sync_service.clone(),
			justification_sync_link: sync_service.clone(),
			create_inherent_data_providers: inherents,
			force_authoring,
			backoff_authoring_blocks: Some(
				sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging::default(),
			),
			babe_link,
			block_proposal_slot_portion: SlotProportion::new(0.5),
			max_block_proposal_slot_portion: None,
			telemetry: telemetry.clone(),
		})?;
		// Essential: a validator that stops authoring must be seen to have stopped.
		task_manager
			.spawn_essential_handle()
			.spawn_blocking("babe", Some("block-authoring"), babe);
	}
	if enable_grandpa {
		let config = sc_consensus_grandpa::Config {
			gossip_duration: std::time::Duration::from_millis(333),
			justification_generation_period: JUSTIFICATION_PERIOD,
			name: Some(name),
			observer_enabled: false,
			keystore: role.is_authority().then(|| keystore_container.keystore()),
			local_role: role,
			telemetry: telemetry.clone(),
			protocol_name: grandpa_protocol,
		};
		spawn_grandpa(
			&task_manager,
			config,
			grandpa_link,
			network,
			sync_service,
			grandpa_notifications,
			voter_state,
			registry,
			telemetry,
			transaction_pool,
		)?;
	}
	Ok(task_manager)
}

/// The workers that run after each imported block; the market's matching is one of them.
fn spawn_offchain_workers(
	config: &Configuration,
	task_manager: &TaskManager,
	client: &Arc<FullClient>,
	backend: &Arc<FullBackend>,
	pool: &Arc<TransactionPoolHandle<Block, FullClient>>,
	network: &Arc<dyn NetworkService>,
	keystore: &sc_service::KeystoreContainer,
) -> Result<(), ServiceError> {
	let workers = sc_offchain::OffchainWorkers::new(sc_offchain::OffchainWorkerOptions {
		runtime_api_provider: client.clone(),
		is_validator: config.role.is_authority(),
		keystore: Some(keystore.keystore()),
		offchain_db: backend.offchain_storage(),
		transaction_pool: Some(OffchainTransactionPoolFactory::new(pool.clone())),
		network_provider: Arc::new(network.clone()),
		// Matching reads the chain alone.
		enable_http_requests: false,
		custom_extensions: |_| Vec::new(),
	})?;
	task_manager.spawn_handle().spawn(
		"offchain-workers-runner",
		"offchain-worker",
		workers
			.run(client.clone(), task_manager.spawn_handle())
			.boxed(),
	);
	Ok(())
}

#[allow(clippy::too_many_arguments)]
fn spawn_grandpa(
	task_manager: &TaskManager,
	config: sc_consensus_grandpa::Config,
	link: GrandpaLink,
	network: Arc<dyn NetworkService>,
	sync: Arc<sc_network_sync::SyncingService<Block>>,
	notification_service: Box<dyn NotificationService>,
	shared_voter_state: SharedVoterState,
	prometheus_registry: Option<substrate_prometheus_endpoint::Registry>,
	telemetry: Option<TelemetryHandle>,
	pool: Arc<TransactionPoolHandle<Block, FullClient>>,
) -> Result<(), ServiceError> {
	let voter = sc_consensus_grandpa::run_grandpa_voter(sc_consensus_grandpa::GrandpaParams {
		config,
		link,
		network,
		sync: Arc::new(sync),
		notification_service,
		voting_rule: sc_consensus_grandpa::VotingRulesBuilder::default().build(),
		prometheus_registry,
		shared_voter_state,
		telemetry,
		offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(pool),
	})?;
	// Essential: a validator that stops voting must be seen to have stopped.
	task_manager
		.spawn_essential_handle()
		.spawn_blocking("grandpa-voter", Some("finality"), voter);
	Ok(())
}
