//! With which state a chain begins: `development`, `local` and `staging`.

use alloc::{vec, vec::Vec};
use frame_support::build_struct_json_patch;
use hex_literal::hex;
use pallet_pomc_rewards::RewardRules;
use pallet_proof_of_compute::{EpochRules, ResourceClass};
use serde_json::Value;
use sp_consensus_babe::AuthorityId as BabeId;
use sp_consensus_grandpa::AuthorityId as GrandpaId;
use sp_core::crypto::UncheckedInto;
use sp_genesis_builder::PresetId;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::Permill;

use usufruct_primitives::{ClassId, HardwareKind};
use usufruct_proof::{ClassParams, MemoryParams};

use crate::{
	configs::pallet_accounts,
	constants::{
		currency::USU,
		time::{DAYS, MINUTES},
	},
	AccountId, BabeConfig, BalancesConfig, BlockNumber, DaoConfig, PomcRewardsConfig,
	ProofOfComputeConfig, RuntimeGenesisConfig, SessionConfig, SessionKeys, SudoConfig,
	TechnicalCommitteeConfig, ValidatorSetConfig, BABE_GENESIS_EPOCH_CONFIG,
};

/// One validator, a sudo key, rich well-known accounts: for `--dev`.
pub const DEVELOPMENT: &str = "development";
/// Four validators with well-known keys and no sudo: for networks on one machine.
pub const LOCAL: &str = "local";
/// Like a real network: no well-known account has money or authority but the first validators,
/// whose keys are replaced before it opens.
pub const STAGING: &str = "staging";

/// How much faster the DAO decides where nothing is at stake: a week takes a minute.
const TEST_PACE: BlockNumber = 10_000;

struct Validator {
	account: AccountId,
	babe: BabeId,
	grandpa: GrandpaId,
}

impl Validator {
	/// A validator whose keys everybody knows.
	fn well_known(account: Sr25519Keyring, grandpa: Ed25519Keyring) -> Self {
		Self {
			account: account.to_account_id(),
			babe: account.public().into(),
			grandpa: grandpa.public().into(),
		}
	}
}

/// The validators of `staging`: account, BABE key, GRANDPA key. Nobody kept their secrets: whoever
/// opens a network replaces them in the exported specification first.
const STAGING_VALIDATORS: [([u8; 32], [u8; 32], [u8; 32]); 4] = [
	(
		hex!("eee659b8bbebe742b0fb7121cc95c9d36ed397ba041aaa7ba6307ad510ce4c47"),
		hex!("b2c51c98707a446c2aba0c9917546b4981f01ce76fb5d08b235c23cae4abb61b"),
		hex!("125b30ae5dbc4fd7e9b9a87a2f593887d55d88e3400c7e712a981ec7981ab5da"),
	),
	(
		hex!("f8db7e9b07c43255bcf6ddf5c3fba93bf825cdbc74ab8b801297cf1581176835"),
		hex!("f6b21c35c7048f0242f287b2e8ebd80faff5ef9737d6acf1e3efed7031e42725"),
		hex!("140cffb1434a3a3e850fcca57eb251bbfb6a845584a2540776c91cda4c365065"),
	),
	(
		hex!("62c8be3d996bf02e8ff43bb761d7789e730262e91fb67906f01e43eae6a7c560"),
		hex!("40a53ea980b0021b744ccb541dc0cd429cc4267e30c881e183e565fae60d994e"),
		hex!("925d79bb287076c057d0ff55576a879b90e295764df5d2f3da7bacaacb2f9a27"),
	),
	(
		hex!("5e651d7888cb5170c38b1425db169795e31d78d366709a3f8d8611cb23ccfa34"),
		hex!("58a4a5fdf64fe7c8bd71f3ee2d10fd739d7079d0f6d3dfe9e6a536d6fab91a68"),
		hex!("eeef915d255ed1c6eb1f69cd0237ccac1154443f61d14195a8483b2da9147d9d"),
	),
];

/// Class of any 64-bit x86 processor.
pub const CPU_X86_64: ClassId = 1;
/// Class of any 64-bit ARM processor.
pub const CPU_AARCH64: ClassId = 2;
/// Class of an NVIDIA H200.
pub const H200: ClassId = 100;

/// The classes that every chain begins with; the DAO changes them. `any_processor_ppm` is the weight of the
/// classes of processors: their devices differ so much in speed that a fast one passes as several, so
/// where rewards are worth something they earn none.
fn classes(any_processor_ppm: u32) -> Vec<(ClassId, ResourceClass)> {
	let class = |name: &str, kind, params| ResourceClass {
		name: name.as_bytes().to_vec().try_into().unwrap_or_default(),
		kind,
		params,
		revenue_weight_ppm: match kind {
			HardwareKind::Cpu => any_processor_ppm,
			HardwareKind::Gpu => 1_000_000,
		},
	};
	// A round is 2·1024·1024·4096 operations; 20 Gop/s is one core of a common server.
	let cpu = ClassParams {
		m: 1_024,
		n: 1_024,
		k: 4_096,
		samples: 32,
		window: 12,
		first_root: 4,
		reveal: 10,
		min_rounds: 64,
		max_rounds: 512,
		reference_ops: 20_000_000_000,
		// 128 MiB, at what one core of a common server reads. 512 passes prove 7.6 GB/s at most.
		memory: Some(MemoryParams {
			kept_rounds: 64,
			samples: 8,
			window: 5,
			max_passes: 512,
			reference_bytes: 2_000_000_000,
		}),
		version: 1,
	};
	// A round is 2⁴⁷ operations; the reference is 60 % of the data sheet's 1,979 Top/s.
	let h200 = ClassParams {
		m: 32_768,
		n: 32_768,
		k: 65_536,
		samples: 32,
		window: 20,
		first_root: 6,
		reveal: 20,
		min_rounds: 56,
		max_rounds: 512,
		reference_ops: 1_187_000_000_000_000,
		// 112 of its 131 GiB, at 60 % of the data sheet's 4.8 TB/s.
		memory: Some(MemoryParams {
			kept_rounds: 56,
			samples: 8,
			window: 5,
			max_passes: 512,
			reference_bytes: 2_880_000_000_000,
		}),
		version: 1,
	};
	vec![
		(CPU_X86_64, class("CPU_X86_64", HardwareKind::Cpu, cpu)),
		(CPU_AARCH64, class("CPU_AARCH64", HardwareKind::Cpu, cpu)),
		(H200, class("H200", HardwareKind::Gpu, h200)),
	]
}

/// How epochs follow each other. On a test chain one begins as soon as somebody can take part.
fn epoch_rules(pace: BlockNumber) -> EpochRules {
	let test = EpochRules {
		pause: 5,
		entry: 9,
		span: 90,
		disputes: 2,
		audits: 100,
	};
	if pace > 1 {
		return test;
	}
	// About every fifty minutes; half of those five in which anybody may doubt.
	EpochRules {
		pause: 1_000,
		span: 200,
		disputes: 100,
		..test
	}
}

/// What is paid for. On a test chain an era is over while somebody watches.
fn reward_rules(pace: BlockNumber) -> RewardRules {
	let rules = RewardRules {
		era: DAYS,
		claim_eras: 28,
		network: 20_000 * USU,
		validators: 5_000 * USU,
		tasks: 10_000 * USU,
		rebate: Permill::from_percent(80),
		provider: Permill::from_percent(50),
	};
	if pace > 1 {
		return RewardRules {
			era: 2 * MINUTES,
			network: 100 * USU,
			validators: 25 * USU,
			tasks: 50 * USU,
			..rules
		};
	}
	rules
}

fn genesis(
	validators: Vec<Validator>,
	endowed: Vec<AccountId>,
	endowment: u128,
	sudo: Option<AccountId>,
	pace: BlockNumber,
) -> Value {
	let members: Vec<AccountId> = validators.iter().map(|v| v.account.clone()).collect();
	build_struct_json_patch!(RuntimeGenesisConfig {
		balances: BalancesConfig {
			balances: endowed
				.into_iter()
				.map(|account| (account, endowment))
				.chain(pallet_accounts().map(|account| (account, USU)))
				.collect::<Vec<_>>(),
		},
		proof_of_compute: ProofOfComputeConfig {
			classes: classes(if pace > 1 { 1_000_000 } else { 0 }),
			epoch_rules: Some(epoch_rules(pace)),
		},
		pomc_rewards: PomcRewardsConfig {
			rules: Some(reward_rules(pace)),
		},
		validator_set: ValidatorSetConfig {
			validators: validators
				.iter()
				.map(|v| v.account.clone())
				.collect::<Vec<_>>(),
		},
		babe: BabeConfig {
			epoch_config: BABE_GENESIS_EPOCH_CONFIG
		},
		session: SessionConfig {
			keys: validators
				.into_iter()
				.map(|v| {
					let keys = SessionKeys {
						babe: v.babe,
						grandpa: v.grandpa,
					};
					(v.account.clone(), v.account, keys)
				})
				.collect::<Vec<_>>(),
		},
		sudo: SudoConfig { key: sudo },
		// The first validators are the first committee; the DAO replaces it.
		technical_committee: TechnicalCommitteeConfig { members },
		dao: DaoConfig { pace },
	})
}

fn well_known_accounts() -> Vec<AccountId> {
	Sr25519Keyring::well_known()
		.map(|k| k.to_account_id())
		.collect()
}

fn development() -> Value {
	genesis(
		vec![Validator::well_known(
			Sr25519Keyring::Alice,
			Ed25519Keyring::Alice,
		)],
		well_known_accounts(),
		1_000_000 * USU,
		Some(Sr25519Keyring::Alice.to_account_id()),
		TEST_PACE,
	)
}

fn local() -> Value {
	genesis(
		vec![
			Validator::well_known(Sr25519Keyring::Alice, Ed25519Keyring::Alice),
			Validator::well_known(Sr25519Keyring::Bob, Ed25519Keyring::Bob),
			Validator::well_known(Sr25519Keyring::Charlie, Ed25519Keyring::Charlie),
			Validator::well_known(Sr25519Keyring::Dave, Ed25519Keyring::Dave),
		],
		well_known_accounts(),
		1_000_000 * USU,
		None,
		TEST_PACE,
	)
}

fn staging() -> Value {
	let validators: Vec<_> = STAGING_VALIDATORS
		.into_iter()
		.map(|(account, babe, grandpa)| Validator {
			account: account.into(),
			babe: babe.unchecked_into(),
			grandpa: grandpa.unchecked_into(),
		})
		.collect();
	let endowed = validators.iter().map(|v| v.account.clone()).collect();
	genesis(validators, endowed, 10_000 * USU, None, 1)
}

/// The state of the preset as a JSON patch of the default genesis; `None` for an unknown name.
pub fn get(id: &PresetId) -> Option<Vec<u8>> {
	let patch = match id.as_ref() {
		DEVELOPMENT => development(),
		LOCAL => local(),
		STAGING => staging(),
		_ => return None,
	};
	serde_json::to_string(&patch)
		.ok()
		.map(|json| json.into_bytes())
}

/// The presets' names.
pub fn names() -> Vec<PresetId> {
	[DEVELOPMENT, LOCAL, STAGING]
		.into_iter()
		.map(PresetId::from)
		.collect()
}
