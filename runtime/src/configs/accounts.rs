//! Acting for others: proxies, multisignatures, batches, and the development key.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::{ConstU128, ConstU32, InstanceFilter};
use scale_info::TypeInfo;
use sp_runtime::traits::BlakeTwo256;

use crate::{
	constants::currency::deposit, Balances, OriginCaller, Runtime, RuntimeCall, RuntimeEvent,
	System,
};

impl pallet_utility::Config for Runtime {
	type PalletsOrigin = OriginCaller;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_utility::weights::SubstrateWeight<Self>;
}

/// What one account may do for another.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum ProxyType {
	/// Everything.
	#[default]
	Any,
	/// What leaves money and rights where they are: neither sells, buys, gives, nor says who is paid.
	NonTransfer,
	/// What `usufruct-agent` does for its owner: keep the machine registered and alive, report
	/// leases, prove compute. Its key is hot: whoever steals it gets neither money nor rights.
	NodeAgent,
	/// Votes, proposals and delegation, and what the technical committee does. Locks money and pays
	/// deposits, and moves none.
	Dao,
}

/// Whether a call leaves its caller's money and rights where they are, or returns them to the caller. What is not
/// named here does not: a new call is refused to proxies until somebody thought about it.
fn moves_nothing(call: &RuntimeCall) -> bool {
	use pallet_applications::Call as Applications;
	use pallet_market::Call as Market;
	use pallet_pomc_rewards::Call as Rewards;
	use pallet_revenue_rights::Call as Revenue;
	use pallet_use_rights::Call as Rights;
	use pallet_workspaces::Call as Workspaces;
	match call {
		// Not `proxy`: what the owner may do for a third account would pass without this filter.
		RuntimeCall::System(frame_system::Call::remark { .. })
		| RuntimeCall::Utility(..)
		| RuntimeCall::Session(..)
		| RuntimeCall::ValidatorSet(..)
		| RuntimeCall::NodeRegistry(..)
		| RuntimeCall::ProofOfCompute(..) => true,
		// Not `list`: a right that is sold to a friend for nothing is given away.
		RuntimeCall::Market(call) => matches!(
			call,
			Market::delist { .. }
				| Market::cancel { .. }
				| Market::accrue { .. }
				| Market::close { .. }
				| Market::withdraw_sublet { .. }
				| Market::end_sublet { .. }
		),
		RuntimeCall::UseRights(call) => !matches!(call, Rights::transfer { .. }),
		RuntimeCall::RevenueRights(call) => {
			matches!(call, Revenue::settle { .. } | Revenue::settle_for { .. })
		}
		RuntimeCall::PomcRewards(call) => {
			matches!(call, Rewards::claim {} | Rewards::claim_for { .. })
		}
		// Not `request`: it buys. Not `run` nor `update`: what runs is whoever's who chose it.
		RuntimeCall::Workspaces(call) => !matches!(
			call,
			Workspaces::request { .. } | Workspaces::run { .. } | Workspaces::update { .. }
		),
		// Not `transfer_application` nor `accept_application`: what leases pay goes to the author.
		RuntimeCall::Applications(call) => !matches!(
			call,
			Applications::transfer_application { .. } | Applications::accept_application { .. }
		),
		_ => false,
	}
}

impl InstanceFilter<RuntimeCall> for ProxyType {
	fn filter(&self, call: &RuntimeCall) -> bool {
		match self {
			Self::Any => true,
			Self::NonTransfer => {
				Self::NodeAgent.filter(call) || Self::Dao.filter(call) || moves_nothing(call)
			}
			Self::NodeAgent => matches!(
				call,
				RuntimeCall::NodeRegistry(
					pallet_node_registry::Call::register { .. }
						| pallet_node_registry::Call::add_hardware { .. }
						| pallet_node_registry::Call::heartbeat { .. }
						| pallet_node_registry::Call::go_offline { .. }
						| pallet_node_registry::Call::set_endpoint { .. },
				) | RuntimeCall::Workspaces(pallet_workspaces::Call::report_progress { .. })
					| RuntimeCall::ProofOfCompute(
						pallet_proof_of_compute::Call::commit_first { .. }
							| pallet_proof_of_compute::Call::commit { .. }
							| pallet_proof_of_compute::Call::commit_memory { .. }
							| pallet_proof_of_compute::Call::reveal { .. }
							| pallet_proof_of_compute::Call::enter { .. }
							| pallet_proof_of_compute::Call::commit_entry { .. }
							| pallet_proof_of_compute::Call::commit_entry_memory { .. }
							| pallet_proof_of_compute::Call::reveal_entry { .. }
							| pallet_proof_of_compute::Call::conclude { .. }
							| pallet_proof_of_compute::Call::excuse { .. },
					)
			),
			Self::Dao => matches!(
				call,
				RuntimeCall::ConvictionVoting(..)
					| RuntimeCall::Referenda(..)
					| RuntimeCall::Preimage(..)
					| RuntimeCall::TechnicalCommittee(..)
			),
		}
	}

	fn is_superset(&self, other: &Self) -> bool {
		match (self, other) {
			(Self::Any, _) => true,
			(_, Self::Any) => false,
			(Self::NonTransfer, _) => true,
			(own, other) => own == other,
		}
	}
}

impl pallet_proxy::Config for Runtime {
	type AnnouncementDepositBase = ConstU128<{ deposit(1, 8) }>;
	type AnnouncementDepositFactor = ConstU128<{ deposit(0, 66) }>;
	type BlockNumberProvider = System;
	type CallHasher = BlakeTwo256;
	type Currency = Balances;
	type MaxPending = ConstU32<32>;
	type MaxProxies = ConstU32<32>;
	type ProxyDepositBase = ConstU128<{ deposit(1, 8) }>;
	type ProxyDepositFactor = ConstU128<{ deposit(0, 33) }>;
	type ProxyType = ProxyType;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_proxy::weights::SubstrateWeight<Self>;
}

impl pallet_multisig::Config for Runtime {
	type BlockNumberProvider = System;
	type Currency = Balances;
	type DepositBase = ConstU128<{ deposit(1, 88) }>;
	type DepositFactor = ConstU128<{ deposit(0, 32) }>;
	type MaxSignatories = ConstU32<20>;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_multisig::weights::SubstrateWeight<Self>;
}

impl pallet_sudo::Config for Runtime {
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_sudo::weights::SubstrateWeight<Self>;
}
