//! What can be proposed, as the call that it is and the power that it needs.

use std::path::PathBuf;

use usufruct_client::{account_of, amount, api, encode_call, hash_call, AtBlock};
use usufruct_proof::RANDOMNESS_KEPT;

use crate::{
	commands::{entry, storage},
	output::Failure,
};

use api::runtime_types::{
	bounded_collections::bounded_vec::BoundedVec,
	frame_system::pallet::Call as System,
	pallet_applications::pallet::Call as Applications,
	pallet_collective::pallet::Call as Committee,
	pallet_dao::types::Power,
	pallet_node_registry::{pallet::Call as Registry, types::Standing},
	pallet_parameters::pallet::Call as Parameters,
	pallet_pomc_rewards::{pallet::Call as Rewards, types::RewardRules},
	pallet_proof_of_compute::{
		epoch_types::EpochRules, pallet::Call as Proofs, types::ResourceClass,
	},
	pallet_referenda::pallet::Call as Referenda,
	pallet_treasury::pallet::Call as Treasury,
	pallet_validator_set::pallet::Call as Validators,
	pallet_whitelist::pallet::Call as Whitelist,
	sp_arithmetic::per_things::Permill,
	usufruct_proof::params::MemoryParams,
	usufruct_runtime::{
		configs::parameters::{
			dynamic::{market, node_registry},
			RuntimeParameters,
		},
		OriginCaller,
	},
};

/// What can be proposed.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Proposal {
	/// Change the proofs of a resource class, or add a class; what is not given stays as it is
	Class(Box<Class>),
	/// Set how epochs follow each other, in which all hardware proves at once; what is not given stays
	Epochs(Epochs),
	/// Keep a machine out of the market
	Suspend {
		/// The machine
		node: u32,
	},
	/// Let a suspended machine back
	Reinstate {
		/// The machine
		node: u32,
	},
	/// Admit an account as a provider
	Admit {
		/// Its address
		provider: String,
	},
	/// Bar an account from providing
	Bar {
		/// Its address
		provider: String,
	},
	/// Take a decision about a provider back
	Forget {
		/// Its address
		provider: String,
	},
	/// Bar an account from being a curator of applications; its bond goes to the treasury
	BarCurator {
		/// Its address
		curator: String,
	},
	/// Let an account be a curator again
	UnbarCurator {
		/// Its address
		curator: String,
	},
	/// Say who may provide
	Admission {
		/// Everybody who is not barred, or only who was admitted
		who: Who,
	},
	/// Set the blocks between two heartbeats of a machine
	HeartbeatPeriod {
		/// 20 to 28,800 blocks: a minute to a day
		#[arg(value_parser = clap::value_parser!(u32).range(20..=28_800))]
		blocks: u32,
	},
	/// Set the market's fee, a part of all income
	Fee {
		/// In percent, 0 to 50
		#[arg(value_parser = clap::value_parser!(u32).range(0..=50))]
		percent: u32,
	},
	/// Set which part of the fee matchers get whose proposals were bound
	MatcherShare {
		/// In percent of the fee, 0 to 100
		#[arg(value_parser = clap::value_parser!(u32).range(0..=100))]
		percent: u32,
	},
	/// Set which part of the fee is burned; what matchers leave goes to the treasury
	BurnShare {
		/// In percent of the fee, 0 to 100
		#[arg(value_parser = clap::value_parser!(u32).range(0..=100))]
		percent: u32,
	},
	/// Set what an era issues, and for what; what is not given stays as it is
	Rewards(RewardsOfEra),
	/// Pay from the treasury
	Spend {
		/// How much, in USU
		#[arg(value_parser = amount::parse)]
		amount: u128,
		/// To whom
		to: String,
	},
	/// Admit a candidate as a validator
	AddValidator {
		/// Its address
		who: String,
	},
	/// Take a validator out of the set
	RemoveValidator {
		/// Its address
		who: String,
	},
	/// Replace the technical committee
	Committee {
		/// All its members from then on
		#[arg(required = true)]
		members: Vec<String>,
	},
	/// Replace the runtime, once the technical committee has whitelisted the call
	Upgrade {
		/// The runtime, as WebAssembly; anybody installs it after the vote
		runtime: PathBuf,
	},
	/// End a referendum; its deposits return
	Cancel {
		/// Its number
		referendum: u32,
	},
	/// End a harmful referendum; its deposits go to the treasury
	Kill {
		/// Its number
		referendum: u32,
	},
}

/// Who may provide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Who {
	/// Everybody who is not barred
	Open,
	/// Only who was admitted
	Closed,
}

/// A resource class's parameters.
#[derive(Debug, clap::Args)]
pub(crate) struct Class {
	/// Which class
	class: u16,
	/// Begin with this class's parameters: needed where the class is new
	#[arg(long)]
	like: Option<u16>,
	/// Its name
	#[arg(long)]
	name: Option<String>,
	/// Rows of A, a power of two
	#[arg(long)]
	m: Option<u32>,
	/// Columns of B, a power of two
	#[arg(long)]
	n: Option<u32>,
	/// Inner dimension, a multiple of 64
	#[arg(long)]
	k: Option<u32>,
	/// Samples opened per proof, 1 to 64
	#[arg(long)]
	samples: Option<u32>,
	/// Blocks from the seed to the commitment
	#[arg(long)]
	window: Option<u32>,
	/// Blocks from the seed to the first root
	#[arg(long)]
	first_root: Option<u32>,
	/// Blocks from the sampling randomness to the reveal
	#[arg(long)]
	reveal: Option<u32>,
	/// Fewest rounds that count
	#[arg(long)]
	min_rounds: Option<u32>,
	/// Most rounds that count, at most 512
	#[arg(long)]
	max_rounds: Option<u32>,
	/// Operations per second of the class's reference
	#[arg(long)]
	reference_ops: Option<u64>,
	/// Without a memory phase
	#[arg(long, conflicts_with_all = ["kept_rounds", "memory_samples", "memory_window", "max_passes", "reference_bytes"])]
	no_memory: bool,
	/// Rounds whose results the memory phase passes over, at most the fewest rounds
	#[arg(long)]
	kept_rounds: Option<u32>,
	/// Samples opened per proof of memory, 1 to 16
	#[arg(long)]
	memory_samples: Option<u32>,
	/// Blocks from the seed of the passes to their commitment
	#[arg(long)]
	memory_window: Option<u32>,
	/// Most passes that count, at most 512
	#[arg(long)]
	max_passes: Option<u32>,
	/// Bytes per second of the class's reference
	#[arg(long)]
	reference_bytes: Option<u64>,
	/// Weight of its income in rewards, parts per million
	#[arg(long)]
	revenue_weight_ppm: Option<u32>,
}

/// The rules of epochs. All but the first and the last are blocks.
#[derive(Debug, clap::Args)]
pub(crate) struct Epochs {
	/// Blocks on average from the end of an epoch to the next; 0 = no epochs
	#[arg(long)]
	pause: Option<u32>,
	/// From the beginning of an epoch until nobody can enter it any more
	#[arg(long)]
	entry: Option<u32>,
	/// From the beginning of an epoch until all of it is over, at most 1,024
	#[arg(long)]
	span: Option<u32>,
	/// After the reveals, in which anybody may force an audit
	#[arg(long)]
	disputes: Option<u32>,
	/// Entries of each class that are drawn and opened on average
	#[arg(long)]
	audits: Option<u32>,
}

/// What rewards are paid for, from the next era on.
#[derive(Debug, clap::Args)]
pub(crate) struct RewardsOfEra {
	/// Blocks of an era; 0 = no eras and no rewards
	#[arg(long)]
	era: Option<u32>,
	/// Eras after its own in which a reward can be claimed, 1 to 32
	#[arg(long)]
	claim_eras: Option<u32>,
	/// What all hardware shares by what it proved, in USU
	#[arg(long, value_parser = amount::parse)]
	hardware: Option<u128>,
	/// What validators share by their blocks, in USU
	#[arg(long, value_parser = amount::parse)]
	validators: Option<u128>,
	/// What paid use returns at most, in USU
	#[arg(long, value_parser = amount::parse)]
	paid_use: Option<u128>,
	/// The part of the market's fee that paid use returns, in percent, below 100
	#[arg(long, value_parser = clap::value_parser!(u32).range(0..100))]
	rebate: Option<u32>,
	/// The part of that which the provider gets, in percent; the tenant gets the rest
	#[arg(long, value_parser = clap::value_parser!(u32).range(0..=100))]
	provider: Option<u32>,
}

impl RewardsOfEra {
	async fn call(self, at: &AtBlock) -> Result<api::Call, Failure> {
		let known = entry!(at, storage().pomc_rewards().next_rules(), ());
		let mut rules = known.unwrap_or(RewardRules {
			era: 0,
			claim_eras: 1,
			network: 0,
			validators: 0,
			tasks: 0,
			rebate: Permill(0),
			provider: Permill(0),
		});
		rules.era = self.era.unwrap_or(rules.era);
		rules.claim_eras = self.claim_eras.unwrap_or(rules.claim_eras);
		for (to, given) in [
			(&mut rules.network, self.hardware),
			(&mut rules.validators, self.validators),
			(&mut rules.tasks, self.paid_use),
		] {
			*to = given.unwrap_or(*to);
		}
		for (to, given) in [
			(&mut rules.rebate, self.rebate),
			(&mut rules.provider, self.provider),
		] {
			if let Some(percent) = given {
				*to = permill(percent);
			}
		}
		let most = at
			.constants()
			.entry(api::constants().pomc_rewards().max_era_issuance())
			.map_err(crate::commands::unreadable)?;
		let all = [rules.network, rules.validators, rules.tasks];
		let all = all
			.into_iter()
			.try_fold(0u128, |sum, amount| sum.checked_add(amount));
		if !(1..=32).contains(&rules.claim_eras) || all.is_none_or(|all| all > most) {
			return Err(Failure::Usage(format!(
				"rewards can be claimed in 1 to 32 eras, and an era issues at most {}",
				amount::show(most)
			)));
		}
		Ok(api::Call::PomcRewards(Rewards::set_rules { rules }))
	}
}

impl Epochs {
	async fn call(self, at: &AtBlock) -> Result<api::Call, Failure> {
		let known = entry!(at, storage().proof_of_compute().next_epoch_rules(), ());
		let mut rules = known.unwrap_or(EpochRules {
			pause: 0,
			entry: 0,
			span: 0,
			disputes: 0,
			audits: 0,
		});
		for (to, given) in [
			(&mut rules.pause, self.pause),
			(&mut rules.entry, self.entry),
			(&mut rules.span, self.span),
			(&mut rules.disputes, self.disputes),
			(&mut rules.audits, self.audits),
		] {
			*to = given.unwrap_or(*to);
		}
		if rules.audits == 0 || rules.disputes == 0 || rules.span > RANDOMNESS_KEPT {
			return Err(Failure::Usage(format!(
				"epochs need at least one block for disputes and one audit, and a span of at most \
				 {RANDOMNESS_KEPT} blocks"
			)));
		}
		Ok(api::Call::ProofOfCompute(Proofs::set_epoch_rules { rules }))
	}
}

/// The chain's form of so many percent.
fn permill(percent: u32) -> Permill {
	Permill(percent * 10_000)
}

impl Proposal {
	/// The power that it needs, and the call.
	pub(crate) async fn call(self, at: &AtBlock) -> Result<(OriginCaller, api::Call), Failure> {
		let registry = |call| (Power::Membership, api::Call::NodeRegistry(call));
		let standing = |provider: &str, standing| -> Result<_, Failure> {
			Ok(registry(Registry::set_standing {
				provider: account_of(provider)?,
				standing,
			}))
		};
		let curator = |account: &str, is_barred| -> Result<_, Failure> {
			let account = account_of(account)?;
			let call = Applications::set_barred { account, is_barred };
			Ok((Power::Membership, api::Call::Applications(call)))
		};
		let parameter = |power, key_value| {
			let call = Parameters::set_parameter { key_value };
			(power, api::Call::Parameters(call))
		};
		let (power, call) = match self {
			Self::Class(class) => (Power::ProofParameters, class.call(at).await?),
			Self::Epochs(epochs) => (Power::ProofParameters, epochs.call(at).await?),
			Self::Suspend { node } => registry(Registry::force_suspend { node }),
			Self::Reinstate { node } => registry(Registry::force_reinstate { node }),
			Self::Admit { provider } => standing(&provider, Some(Standing::Admitted))?,
			Self::Bar { provider } => standing(&provider, Some(Standing::Barred))?,
			Self::Forget { provider } => standing(&provider, None)?,
			Self::BarCurator { curator: account } => curator(&account, true)?,
			Self::UnbarCurator { curator: account } => curator(&account, false)?,
			Self::Admission { who } => parameter(
				Power::Membership,
				RuntimeParameters::NodeRegistry(node_registry::Parameters::OpenAdmission(
					node_registry::OpenAdmission,
					Some(who == Who::Open),
				)),
			),
			Self::HeartbeatPeriod { blocks } => parameter(
				Power::MarketAdmin,
				RuntimeParameters::NodeRegistry(node_registry::Parameters::HeartbeatPeriod(
					node_registry::HeartbeatPeriod,
					Some(blocks),
				)),
			),
			Self::Fee { percent } => parameter(
				Power::MarketAdmin,
				RuntimeParameters::Market(market::Parameters::FeeShare(
					market::FeeShare,
					Some(permill(percent)),
				)),
			),
			Self::Rewards(rewards) => (Power::MarketAdmin, rewards.call(at).await?),
			Self::MatcherShare { percent } => parameter(
				Power::MarketAdmin,
				RuntimeParameters::Market(market::Parameters::MatcherShare(
					market::MatcherShare,
					Some(permill(percent)),
				)),
			),
			Self::BurnShare { percent } => parameter(
				Power::MarketAdmin,
				RuntimeParameters::Market(market::Parameters::BurnShare(
					market::BurnShare,
					Some(permill(percent)),
				)),
			),
			Self::Spend { amount, to } => {
				let spend = Treasury::spend {
					asset_kind: Box::new(()),
					amount,
					beneficiary: Box::new(account_of(&to)?),
					valid_from: None,
				};
				(Power::Treasury, api::Call::Treasury(spend))
			}
			Self::AddValidator { who } => {
				let who = account_of(&who)?;
				let call = Validators::force_add { who };
				(Power::Membership, api::Call::ValidatorSet(call))
			}
			Self::RemoveValidator { who } => {
				let who = account_of(&who)?;
				let call = Validators::force_remove { who };
				(Power::Membership, api::Call::ValidatorSet(call))
			}
			Self::Committee { members } => {
				let known = entry!(at, storage().technical_committee().members(), ());
				let mut new_members = Vec::new();
				for member in &members {
					new_members.push(account_of(member)?);
				}
				new_members.sort();
				new_members.dedup();
				let call = Committee::set_members {
					new_members,
					prime: None,
					old_count: known.map_or(0, |members| members.len() as u32),
				};
				(Power::Membership, api::Call::TechnicalCommittee(call))
			}
			Self::Upgrade { runtime } => (Power::Upgrade, upgrade(&runtime)?),
			Self::Cancel { referendum } => {
				let call = Referenda::cancel { index: referendum };
				(Power::Canceller, api::Call::Referenda(call))
			}
			Self::Kill { referendum } => {
				let call = Referenda::kill { index: referendum };
				(Power::Canceller, api::Call::Referenda(call))
			}
		};
		Ok((OriginCaller::Dao(power), call))
	}
}

/// Authorises a runtime by its hash, as root: the vote need not carry the code.
fn upgrade(path: &std::path::Path) -> Result<api::Call, Failure> {
	let unusable =
		|why: String| Failure::Configuration(format!("{} is no runtime: {why}", path.display()));
	let code = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
	// Plain WebAssembly, or compressed as the build leaves it.
	if !code.starts_with(b"\0asm") && !code.starts_with(&[0x52, 0xbc, 0x53, 0x76]) {
		return Err(unusable("it is neither WebAssembly nor compressed".into()));
	}
	let authorize = System::authorize_upgrade {
		code_hash: hash_call(&code),
	};
	Ok(api::Call::Whitelist(
		Whitelist::dispatch_whitelisted_call_with_preimage {
			call: Box::new(api::Call::System(authorize)),
		},
	))
}

/// The hash by which the technical committee whitelists what a call would dispatch as root.
pub(crate) fn whitelisted_hash(
	at: &AtBlock,
	call: &api::Call,
) -> Result<Option<usufruct_client::H256>, Failure> {
	let api::Call::Whitelist(Whitelist::dispatch_whitelisted_call_with_preimage { call }) = call
	else {
		return Ok(None);
	};
	Ok(Some(hash_call(&encode_call(at, call)?)))
}

impl Class {
	/// The memory phase, like this one but for what is given.
	fn memory(&self, known: Option<MemoryParams>) -> Option<MemoryParams> {
		let is_given = self.kept_rounds.is_some()
			|| self.memory_samples.is_some()
			|| self.memory_window.is_some()
			|| self.max_passes.is_some()
			|| self.reference_bytes.is_some();
		if self.no_memory || !(is_given || known.is_some()) {
			return None;
		}
		// What a new phase lacks is out of its bounds, and refused.
		let known = known.unwrap_or(MemoryParams {
			kept_rounds: 0,
			samples: 0,
			window: 0,
			max_passes: 0,
			reference_bytes: 0,
		});
		Some(MemoryParams {
			kept_rounds: self.kept_rounds.unwrap_or(known.kept_rounds),
			samples: self.memory_samples.unwrap_or(known.samples),
			window: self.memory_window.unwrap_or(known.window),
			max_passes: self.max_passes.unwrap_or(known.max_passes),
			reference_bytes: self.reference_bytes.unwrap_or(known.reference_bytes),
		})
	}

	async fn call(self, at: &AtBlock) -> Result<api::Call, Failure> {
		let classes = || storage().proof_of_compute().classes();
		let known: Option<ResourceClass> = entry!(at, classes(), (self.class,));
		let like: Option<ResourceClass> = match self.like {
			Some(like) => Some(
				entry!(at, classes(), (like,))
					.ok_or_else(|| Failure::Gone(format!("there is no class {like}")))?,
			),
			None => None,
		};
		let version = known.as_ref().map_or(0, |class| class.params.version) + 1;
		let Some(mut class) = like.or(known) else {
			return Err(Failure::Usage(format!(
				"class {} is new: give the class that it is like with --like, and a --name",
				self.class
			)));
		};
		if let Some(name) = &self.name {
			class.name = BoundedVec(name.clone().into_bytes());
		}
		let p = &mut class.params;
		for (to, given) in [
			(&mut p.m, self.m),
			(&mut p.n, self.n),
			(&mut p.k, self.k),
			(&mut p.samples, self.samples),
			(&mut p.window, self.window),
			(&mut p.first_root, self.first_root),
			(&mut p.reveal, self.reveal),
			(&mut p.min_rounds, self.min_rounds),
			(&mut p.max_rounds, self.max_rounds),
			(&mut class.revenue_weight_ppm, self.revenue_weight_ppm),
		] {
			*to = given.unwrap_or(*to);
		}
		p.reference_ops = self.reference_ops.unwrap_or(p.reference_ops);
		p.memory = self.memory(p.memory.take());
		p.version = version;
		sound(&class)?;
		Ok(api::Call::ProofOfCompute(Proofs::set_class {
			id: self.class,
			class,
		}))
	}
}

/// Says what the chain would refuse before anybody pays for a vote on it.
fn sound(class: &ResourceClass) -> Result<(), Failure> {
	let params = usufruct_proof::ClassParams::from(&class.params);
	params.validate().map_err(|error| {
		Failure::Usage(format!(
			"these parameters are out of their bounds: {error:?}"
		))
	})
}
