//! What a call changes, in words: shown before anybody signs or votes.

use usufruct_client::{amount, api, AtBlock};

use crate::{
	commands::{entry, storage, text},
	output::Failure,
};

use super::proposal::whitelisted_hash;

use api::runtime_types::{
	frame_system::pallet::Call as System,
	pallet_applications::pallet::Call as Applications,
	pallet_collective::pallet::Call as Committee,
	pallet_node_registry::{pallet::Call as Registry, types::Standing},
	pallet_parameters::pallet::Call as Parameters,
	pallet_pomc_rewards::{pallet::Call as Rewards, types::RewardRules},
	pallet_proof_of_compute::{
		epoch_types::EpochRules, pallet::Call as Proofs, types::ResourceClass,
	},
	pallet_referenda::pallet::Call as Referenda,
	pallet_treasury::pallet::Call as Treasury,
	pallet_utility::pallet::Call as Utility,
	pallet_validator_set::pallet::Call as Validators,
	pallet_whitelist::pallet::Call as Whitelist,
	sp_arithmetic::per_things::Permill,
	usufruct_proof::params::MemoryParams,
	usufruct_runtime::configs::parameters::{
		dynamic::{market, node_registry},
		RuntimeParameters,
	},
};

/// A sentence per change. What has no sentence is shown as the call that it is.
pub(crate) async fn of(at: &AtBlock, call: &api::Call) -> Result<Vec<String>, Failure> {
	let one = |sentence: String| Ok(vec![sentence]);
	match call {
		api::Call::ProofOfCompute(Proofs::set_class { id, class }) => {
			let known = entry!(at, storage().proof_of_compute().classes(), (*id,));
			Ok(of_class(*id, known.as_ref(), class))
		}
		api::Call::ProofOfCompute(Proofs::set_epoch_rules { rules }) => one(of_epochs(rules)),
		api::Call::PomcRewards(Rewards::set_rules { rules }) => one(of_rewards(rules)),
		api::Call::NodeRegistry(Registry::force_suspend { node }) => one(format!(
			"suspends machine {node} of {}: it may not enter the market",
			owner(at, *node).await?
		)),
		api::Call::NodeRegistry(Registry::force_reinstate { node }) => one(format!(
			"lets the suspended machine {node} of {} back",
			owner(at, *node).await?
		)),
		api::Call::NodeRegistry(Registry::set_standing { provider, standing }) => {
			one(match standing {
				Some(Standing::Admitted) => format!("admits {provider} as a provider"),
				Some(Standing::Barred) => format!("bars {provider} from providing"),
				None => format!("takes every decision about the provider {provider} back"),
			})
		}
		api::Call::Applications(Applications::set_barred { account, is_barred }) => {
			one(match is_barred {
				true => format!(
					"bars {account} from being a curator: its bond goes to the treasury, its verdicts count no more"
				),
				false => format!("lets {account} be a curator again"),
			})
		}
		api::Call::Parameters(Parameters::set_parameter { key_value }) => {
			one(of_parameter(key_value))
		}
		api::Call::ValidatorSet(Validators::force_add { who }) => {
			one(format!("admits {who} as a validator"))
		}
		api::Call::ValidatorSet(Validators::force_remove { who }) => {
			one(format!("takes {who} out of the validators"))
		}
		api::Call::TechnicalCommittee(Committee::set_members { new_members, .. }) => {
			let members: Vec<String> = new_members.iter().map(ToString::to_string).collect();
			one(format!(
				"makes these {} the technical committee: {}",
				members.len(),
				members.join(", ")
			))
		}
		api::Call::Treasury(Treasury::spend {
			amount,
			beneficiary,
			..
		}) => one(format!(
			"lets {beneficiary} have {} of the treasury",
			amount::show(*amount)
		)),
		api::Call::Referenda(Referenda::cancel { index }) => {
			one(format!("ends referendum {index}; its deposits return"))
		}
		api::Call::Referenda(Referenda::kill { index }) => one(format!(
			"ends referendum {index}; its deposits go to the treasury"
		)),
		api::Call::System(System::authorize_upgrade { code_hash }) => one(format!(
			"lets anybody install the runtime whose code has the hash {code_hash:?}"
		)),
		api::Call::Whitelist(Whitelist::dispatch_whitelisted_call_with_preimage {
			call: inner,
		}) => {
			let mut sentences = Box::pin(of(at, inner)).await?;
			let hash = whitelisted_hash(at, call)?.unwrap_or_default();
			sentences.push(format!(
				"as root, and only if the technical committee has whitelisted {hash:?}"
			));
			Ok(sentences)
		}
		api::Call::Utility(Utility::batch { calls } | Utility::batch_all { calls }) => {
			let mut sentences = Vec::new();
			for call in calls {
				sentences.extend(Box::pin(of(at, call)).await?);
			}
			Ok(sentences)
		}
		other => one(format!("calls {other:?}")),
	}
}

fn of_parameter(key_value: &RuntimeParameters) -> String {
	let default = "what it was at the beginning";
	match key_value {
		RuntimeParameters::NodeRegistry(node_registry::Parameters::HeartbeatPeriod(_, value)) => {
			match value {
				Some(blocks) => format!("machines send a heartbeat every {blocks} blocks"),
				None => format!("the period of heartbeats is {default}"),
			}
		}
		RuntimeParameters::NodeRegistry(node_registry::Parameters::OpenAdmission(_, value)) => {
			match value {
				Some(true) => "everybody may provide who is not barred".into(),
				Some(false) => "only who was admitted may provide".into(),
				None => format!("admission of providers is {default}"),
			}
		}
		RuntimeParameters::Market(market::Parameters::FeeShare(_, value)) => match value {
			Some(share) => format!(
				"the fee is {} % of all income that is settled from then on",
				percent(share)
			),
			None => format!("the fee is {default}"),
		},
		RuntimeParameters::Market(market::Parameters::MatcherShare(_, value)) => match value {
			Some(share) => format!(
				"matchers whose signed proposals were bound get {} % of the fee",
				percent(share)
			),
			None => format!("the matchers' part of the fee is {default}"),
		},
		RuntimeParameters::Market(market::Parameters::BurnShare(_, value)) => match value {
			Some(share) => format!("{} % of the fee is burned", percent(share)),
			None => format!("the part of the fee that is burned is {default}"),
		},
	}
}

/// A part as people read it.
fn percent(part: &Permill) -> f64 {
	f64::from(part.0) / 10_000.0
}

fn of_class(id: u16, known: Option<&ResourceClass>, class: &ResourceClass) -> Vec<String> {
	let name = text(&class.name.0);
	let rows = |class: &ResourceClass| {
		let p = &class.params;
		// All zero where there is no memory phase.
		let memory = |get: &dyn Fn(&MemoryParams) -> u64| p.memory.as_ref().map_or(0, get);
		[
			("m", u64::from(p.m)),
			("n", p.n.into()),
			("k", p.k.into()),
			("samples", p.samples.into()),
			("window", p.window.into()),
			("first_root", p.first_root.into()),
			("reveal", p.reveal.into()),
			("min_rounds", p.min_rounds.into()),
			("max_rounds", p.max_rounds.into()),
			("reference_ops", p.reference_ops),
			("kept_rounds", memory(&|m| m.kept_rounds.into())),
			("memory_samples", memory(&|m| m.samples.into())),
			("memory_window", memory(&|m| m.window.into())),
			("max_passes", memory(&|m| m.max_passes.into())),
			("reference_bytes", memory(&|m| m.reference_bytes)),
			("revenue_weight_ppm", class.revenue_weight_ppm.into()),
			("version", p.version.into()),
		]
	};
	let after = rows(class);
	let Some(known) = known else {
		let values: Vec<String> = after
			.iter()
			.map(|(key, value)| format!("{key} {value}"))
			.collect();
		return vec![format!(
			"adds resource class {id}, {name}: {}",
			values.join(", ")
		)];
	};
	let mut changes: Vec<String> = rows(known)
		.iter()
		.zip(&after)
		.filter(|(before, after)| before.1 != after.1)
		.map(|(before, after)| {
			format!("class {id}, {name}: {} {} → {}", after.0, before.1, after.1)
		})
		.collect();
	if known.name != class.name {
		changes.push(format!("class {id}: name {} → {name}", text(&known.name.0)));
	}
	changes.push(
		"challenges and epochs that are under way keep the parameters that they began with".into(),
	);
	changes
}

fn of_epochs(rules: &EpochRules) -> String {
	if rules.pause == 0 {
		return "ends epochs: after the one under way none begins, and scores lapse".into();
	}
	format!(
		"from the next epoch on: about {} blocks between epochs; hardware enters within {}; all is over \
		 after {}; audits can be forced for {} blocks after the reveals; about {} entries of each class \
		 are drawn",
		rules.pause, rules.entry, rules.span, rules.disputes, rules.audits
	)
}

fn of_rewards(rules: &RewardRules) -> String {
	if rules.era == 0 {
		return "ends rewards: after the era under way none begins; what was earned can be claimed"
			.into();
	}
	format!(
		"from the next era on, which has {} blocks: issues {} for hardware, {} for validators, and up to {} for \
		 paid use, which returns {} % of the market's fee, {} % of it to the provider and the rest to the \
		 tenant; rewards can be claimed in the {} eras after their own",
		rules.era,
		amount::show(rules.network),
		amount::show(rules.validators),
		amount::show(rules.tasks),
		percent(&rules.rebate),
		percent(&rules.provider),
		rules.claim_eras
	)
}

async fn owner(at: &AtBlock, node: u32) -> Result<String, Failure> {
	let record = entry!(at, storage().node_registry().nodes(), (node,));
	Ok(record.map_or_else(
		|| "nobody, as it is not registered".into(),
		|record| record.owner.to_string(),
	))
}
